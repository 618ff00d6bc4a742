package console

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/release"
)

// TestEveryAddressAsEveryRole walks the table of addresses as each role, as an
// account without one, and as nobody.
func TestEveryAddressAsEveryRole(t *testing.T) {
	h := newHouse(t, map[string][]account.Role{"none": nil, "operator": {account.Operator}, "author": {account.Author},
		"approver": {account.Approver}, "auditor": {account.Auditor}})
	h.propose("author")
	h.ask("somebody")
	who := map[string]*browser{"nobody": h.browser(), "none": h.as("none")}
	for _, r := range account.Roles {
		who[string(r)] = h.as(string(r))
	}
	h.makeReport(who["auditor"])
	walked := 0
	for _, rt := range h.routes() {
		if strings.HasSuffix(rt.pattern, "logout") {
			continue
		}
		for name, b := range who {
			method, path := h.address(rt.pattern)
			var acc *account.Account
			if name != "nobody" {
				a, _ := h.accounts.Get(name)
				acc = &a
			}
			var status int
			var text string
			var head http.Header
			if method == "GET" {
				status, text, head = b.do("GET", path, nil)
			} else {
				status, text, head = b.post(path, url.Values{})
			}
			walked++
			h.follow() // the index may have been told to begin anew
			forbidden := status == http.StatusForbidden || status == http.StatusUnauthorized
			to := head.Get("Location")
			switch {
			case allows(rt.who, acc):
				if forbidden && !slices.Contains(rt.who, public) && !strings.HasSuffix(path, "/decide") {
					t.Errorf("%s as %s: %d, though the role allows it", rt.pattern, name, status)
				}
				if method == "GET" && status != http.StatusOK && !slices.Contains(rt.who, public) {
					t.Errorf("%s as %s: %d\n%s", rt.pattern, name, status, text)
				}
			case method == "POST" && !forbidden, method == "GET" && !forbidden && !strings.HasPrefix(to, "/console/login") && to != "/console/me":
				t.Errorf("%s as %s: %d to %q", rt.pattern, name, status, to)
			}
			if status >= 500 {
				t.Errorf("%s as %s: %d", rt.pattern, name, status)
			}
			if strings.Contains(text, "⟨") || strings.Contains(text, "%!") {
				t.Errorf("%s as %s: a word is missing", rt.pattern, name)
			}
			if head.Get("Content-Security-Policy") != policy || head.Get("Cache-Control") != "no-store" || head.Get("X-Frame-Options") != "DENY" {
				t.Errorf("%s: headers %v", rt.pattern, head)
			}
		}
	}
	if status, _ := who["auditor"].get("/console/nowhere"); status != http.StatusNotFound {
		t.Errorf("an unknown address: %d", status)
	}
	t.Logf("%d requests", walked)
}

func TestPagesDrawInBothLanguages(t *testing.T) {
	h := newHouse(t, map[string][]account.Role{"author": {account.Author}, "most": {account.Operator, account.Approver, account.Auditor}})
	h.propose("author")
	h.ask("somebody")
	b := h.as("most")
	h.makeReport(b)
	for _, lang := range []string{"ja", "en", "fr"} {
		for _, path := range []string{"/console/", "/console/incidents", "/console/incidents?user=user0&days=30", "/console/incidents/1", "/console/incidents/2",
			"/console/people", "/console/person?name=user0", "/console/destinations?by=bytes", "/console/destination?name=upload.example", "/console/types?days=365",
			"/console/rules", "/console/rules/rule?id=card-outside", "/console/rules/try", "/console/rules/changes", "/console/rules/changes/1", "/console/log",
			"/console/acts", "/console/health", "/console/alarms", "/console/alarms/grave-1", "/console/alarms/system-3", "/console/delegations", "/console/reports",
			"/console/reports/" + aMonth, "/console/reports/2001-02-03", "/console/checklist", "/console/releases", "/console/releases/" + h.cases.List()[0].ID, "/console/accounts", "/console/me"} {
			status, text, _ := b.do("GET", path, nil, "Accept-Language", lang)
			want := map[string]string{"ja": `<html lang="ja">`, "en": `<html lang="en">`, "fr": `<html lang="en">`}[lang]
			if status != http.StatusOK || !strings.Contains(text, want) || strings.Contains(text, "⟨") || strings.Contains(text, "ZgotmplZ") || strings.Contains(text, "<no value>") {
				t.Errorf("%s in %s: %d\n%s", path, lang, status, text)
			}
		}
	}
	// Numbers on the page are those of the record.
	_, text := b.get("/console/?days=30")
	for _, want := range []string{">60<", ">12<"} {
		if !strings.Contains(text, want) {
			t.Errorf("the overview does not show %s", want)
		}
	}
	status, text := b.get("/console/incidents/1")
	for _, want := range []string{"SK-0000", "4***-****-****-***4", "list.csv", "card-outside", "other", "300 of 1000 bytes (30 %)"} {
		if status != 200 || !strings.Contains(text, want) {
			t.Errorf("the incident does not tell %q", want)
		}
	}
	if status, _ := b.get("/console/incidents/99999"); status != http.StatusNotFound {
		t.Errorf("no such incident: %d", status)
	}
}

func TestActsAreRecordedOrNotDone(t *testing.T) {
	h := newHouse(t, map[string][]account.Role{"rev": {account.Auditor}})
	b := h.browser()
	if status, text, _ := b.post("/console/login", url.Values{"name": {"Rev"}, "password": {password}}); status != http.StatusSeeOther {
		t.Fatalf("no log-in: %d %s", status, text)
	}
	if status, _, _ := h.browser().post("/console/login", url.Values{"name": {"rev"}, "password": {"wrong"}}); status != http.StatusUnauthorized {
		t.Errorf("a wrong password: %d", status)
	}
	b.get("/console/incidents?user=user1")
	b.get("/console/incidents/1")
	if status, _, _ := b.post("/console/incidents/1/notes", url.Values{"text": {"asked the sender"}, "state": {"waiting"}}); status != http.StatusSeeOther {
		t.Errorf("note: %d", status)
	}
	_, text := b.get("/console/incidents/1")
	if !strings.Contains(text, "asked the sender") || !strings.Contains(text, "state-waiting") {
		t.Error("the note is not shown")
	}
	got := strings.Join(h.record.acts(), " ")
	if want := "log-in log-in-failed search view note view"; got != want {
		t.Errorf("recorded %q, want %q", got, want)
	}
	h.record.mu.Lock()
	h.record.full = true
	h.record.mu.Unlock()
	for _, path := range []string{"/console/incidents?user=user1", "/console/incidents/1", "/console/person?name=user1"} {
		if status, text := b.get(path); status != http.StatusServiceUnavailable || strings.Contains(text, "4***") {
			t.Errorf("%s without a record: %d", path, status)
		}
	}
	if status, _, _ := h.browser().post("/console/login", url.Values{"name": {"rev"}, "password": {password}}); status != http.StatusServiceUnavailable {
		t.Errorf("log-in without a record: %d", status)
	}
	if status, _, _ := b.post("/console/logout", url.Values{}); status != http.StatusSeeOther {
		t.Errorf("log-out without a record: %d", status)
	}
	if status, _ := b.get("/console/incidents"); status != http.StatusSeeOther {
		t.Errorf("after the log-out: %d", status)
	}
}

// A password that somebody has without the second factor is on record.
func TestHalfALogInIsRecorded(t *testing.T) {
	h := newHouse(t, map[string][]account.Role{"rev": {account.Auditor}})
	secret := account.NewSecret()
	code := func(ahead int64) string { // RFC 6238
		key, _ := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
		mac := hmac.New(sha1.New, key)
		binary.Write(mac, binary.BigEndian, time.Now().Unix()/30+ahead)
		sum := mac.Sum(nil)
		return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
	}
	if err := h.accounts.Enrol("rev", password, secret, code(0), func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	logIn := func(name, password, code string) int {
		status, _, _ := h.browser().post("/console/login", url.Values{"name": {name}, "password": {password}, "code": {code}})
		return status
	}
	for _, c := range []struct {
		name, password, code string
		status               int
	}{
		{"rev", password, "", http.StatusUnauthorized}, {"rev", password, "000000x", http.StatusUnauthorized},
		{"rev", "wrong", "", http.StatusUnauthorized}, {"nobody", password, "", http.StatusUnauthorized},
		{"rev", password, code(1), http.StatusSeeOther},
	} {
		if status := logIn(c.name, c.password, c.code); status != c.status {
			t.Errorf("%+v: %d", c, status)
		}
	}
	var got []string
	for _, r := range h.record.all {
		got = append(got, fmt.Sprint(r.Event.Action, " ", r.Event.User, " ", r.Event.Details["missing"], r.Event.Details["wrong"]))
	}
	want := []string{"log-in-half rev code", "log-in-failed rev code", "log-in-failed rev ", "log-in-failed unknown ", "log-in rev "}
	if !slices.Equal(got[len(got)-len(want):], want) {
		t.Errorf("recorded %q", got)
	}
	h.record.full = true
	if status := logIn("rev", password, ""); status != http.StatusServiceUnavailable {
		t.Errorf("what cannot be recorded was answered %d", status)
	}
}

func TestForgedRequestsAreRefused(t *testing.T) {
	h := newHouse(t, map[string][]account.Role{"op": {account.Operator}})
	b := h.as("op")
	form := func() url.Values { return url.Values{"name": {"mallory"}} }
	bad := form()
	bad.Set("csrf", "forged")
	if status, _, _ := b.post("/console/accounts/invite", bad); status != http.StatusForbidden {
		t.Errorf("a forged token: %d", status)
	}
	f := form()
	_, text := b.get("/console/me")
	f.Set("csrf", csrfField.FindStringSubmatch(text)[1])
	for _, head := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		head = append(head, "Content-Type", "application/x-www-form-urlencoded")
		if status, _, _ := b.do("POST", "/console/accounts/invite", strings.NewReader(f.Encode()), head...); status != http.StatusForbidden {
			t.Errorf("%v: %d", head, status)
		}
	}
	if _, ok := h.accounts.Get("mallory"); ok {
		t.Error("made all the same")
	}
	res := httptest.NewRecorder()
	req := httptest.NewRequest("GET", "/console/login", nil)
	req.RemoteAddr = "10.1.2.3:999"
	h.ServeHTTP(res, req)
	if res.Code != http.StatusForbidden {
		t.Errorf("in clear over a network: %d", res.Code)
	}
	for _, to := range []string{"https://evil.example/", "//evil.example/console/", `/console/\evil`, "javascript:alert(1)", "/elsewhere"} {
		if got := local(to); got != "/console/" {
			t.Errorf("would go to %q", got)
		}
	}
	for range 11 {
		h.browser().post("/console/login", url.Values{"name": {"op"}, "password": {"guess"}})
	}
	if status, _, _ := h.browser().post("/console/login", url.Values{"name": {"op"}, "password": {password}}); status != http.StatusTooManyRequests {
		t.Errorf("after eleven guesses: %d", status)
	}
}

// TestTwoPeopleChangeARule goes through the pages.
func TestTwoPeopleChangeARule(t *testing.T) {
	h := newHouse(t, map[string][]account.Role{"anna": {account.Author, account.Approver}, "ben": {account.Approver}})
	anna, ben := h.as("anna"), h.as("ben")
	form := url.Values{"file": {"one.toml"}, "text": {"[[rule]]\nid = 7\n"}, "why": {"because"}, "do": {"propose"}}
	if status, text, _ := anna.post("/console/rules/propose", form); status != http.StatusBadRequest || !strings.Contains(text, "one.toml:2:") {
		t.Errorf("faults: %d\n%s", status, text)
	}
	form.Set("text", aRule)
	form.Set("do", "check")
	if status, text, _ := anna.post("/console/rules/propose", form); status != http.StatusOK || !strings.Contains(text, "No faults") {
		t.Errorf("check: %d\n%s", status, text)
	}
	form.Set("do", "propose")
	status, text, head := anna.post("/console/rules/propose", form)
	at := head.Get("Location")
	if status != http.StatusSeeOther || at != "/console/rules/changes/1" {
		t.Fatalf("propose: %d %q\n%s", status, at, text)
	}
	if status, _, _ := ben.post(at+"/dry", url.Values{}); status != http.StatusSeeOther {
		t.Errorf("dry run: %d", status)
	}
	if _, text = ben.get(at); !strings.Contains(text, "<strong>12</strong>") || !strings.Contains(text, "card-outside") || !strings.Contains(text, "upload.example") || !strings.Contains(text, "user0") {
		t.Errorf("the dry run does not tell of 12 warnings, by whom and where to:\n%s", text)
	}
	seen := regexp.MustCompile(`name="seen" value="([0-9a-f]+)"`).FindStringSubmatch(text)
	if seen == nil {
		t.Fatal("no form to decide")
	}
	decide := func() url.Values { return url.Values{"do": {"approve"}, "why": {"fine"}, "seen": {seen[1]}} }
	if status, _, _ := anna.post(at+"/decide", decide()); status != http.StatusForbidden {
		t.Errorf("anna approved her own: %d", status)
	}
	if status, text, _ := ben.post(at+"/decide", decide()); status != http.StatusSeeOther {
		t.Errorf("approve: %d\n%s", status, text)
	}
	if got, err := h.changes.Text("one.toml"); err != nil || got != aRule {
		t.Errorf("the file has %q, %v", got, err)
	}
	if _, text = anna.get("/console/rules/propose?back=1"); !strings.Contains(text, "Roll back #1") {
		t.Error("no way back")
	}
}

func TestSamplesAreTried(t *testing.T) {
	h := newHouse(t, map[string][]account.Role{"ann": {account.Author}})
	b := h.as("ann")
	_, text := b.get("/console/me")
	csrf := csrfField.FindStringSubmatch(text)[1]
	send := func(size int) (int, string) {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		_ = w.WriteField("csrf", csrf)
		_ = w.WriteField("to", "https://upload.example/")
		f, err := w.CreateFormFile("file", "list.csv")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.Write(make([]byte, size))
		w.Close()
		status, text, _ := b.do("POST", "/console/rules/try", &body, "Content-Type", w.FormDataContentType())
		return status, text
	}
	if status, text := send(1000); status != http.StatusOK || !strings.Contains(text, "list.csv") {
		t.Errorf("%d\n%s", status, text)
	}
	if status, _ := send(maxSample + 3*maxForm); status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", status)
	}
}

// TestReleasesTakeOthers goes through the pages: the sender decides nothing,
// two people agree, one alone raises an alarm.
func TestReleasesTakeOthers(t *testing.T) {
	approver := []account.Role{account.Approver}
	h := newHouse(t, map[string][]account.Role{"anna": approver, "ben": approver, "carl": approver, "eve": {account.Auditor}})
	k := h.ask("Anna")
	at := "/console/releases/" + k.ID
	vote := func(name, do, why string) int {
		status, _, _ := h.as(name).post(at+"/decide", url.Values{"do": {do}, "why": {why}})
		return status
	}
	state := func() release.State {
		k, err := h.cases.Get(k.ID)
		if err != nil {
			t.Fatal(err)
		}
		return k.State
	}
	if _, text := h.as("ben").get(at); !strings.Contains(text, "4***-****-****-***4") || !strings.Contains(text, `value="approve"`) {
		t.Errorf("ben is not shown what it is about:\n%s", text)
	}
	for _, do := range []string{"approve", "refuse", "emergency", "withdraw"} {
		if got := vote("anna", do, "mine"); got != http.StatusForbidden {
			t.Errorf("anna decides on her own (%s): %d", do, got)
		}
		if got := vote("eve", do, "looking"); got != http.StatusForbidden {
			t.Errorf("an auditor decides (%s): %d", do, got)
		}
	}
	if got := vote("ben", "approve", " "); got != http.StatusConflict {
		t.Errorf("without a reason: %d", got)
	}
	if got := vote("ben", "approve", "fine"); got != http.StatusSeeOther || state() != release.Waiting {
		t.Errorf("the first of two: %d, %s", got, state())
	}
	if got := vote("ben", "approve", "fine again"); got != http.StatusConflict || state() != release.Waiting {
		t.Errorf("the same again: %d, %s", got, state())
	}
	if got := vote("carl", "approve", "fine"); got != http.StatusSeeOther || state() != release.Approved {
		t.Errorf("the second: %d, %s", got, state())
	}
	k = h.ask("dora")
	at = "/console/releases/" + k.ID
	if got := vote("ben", "emergency", "no time"); got != http.StatusConflict || state() != release.Waiting {
		t.Errorf("an emergency by mistake: %d, %s", got, state())
	}
	form := url.Values{"do": {"emergency"}, "why": {"no time"}, "sure": {"1"}}
	if status, _, _ := h.as("ben").post(at+"/decide", form); status != http.StatusSeeOther || state() != release.Approved {
		t.Errorf("an emergency: %d, %s", status, state())
	}
	alarms := 0
	_ = h.record.Read(1, func(r audit.Record) error {
		if r.Event.Kind == "alarm" && r.Event.User == "ben" && r.Event.Details["release"] == k.ID {
			alarms++
		}
		return nil
	})
	if alarms != 1 {
		t.Errorf("%d alarms", alarms)
	}
}
