package console

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/console/change"
	"github.com/sekimori-dlp/sekimori/release"
	"github.com/sekimori-dlp/sekimori/rules"
)

// memory is a record in memory.
type memory struct {
	mu   sync.Mutex
	all  []audit.Record
	full bool // nothing can be written
}

func (m *memory) Append(_ context.Context, ev audit.Event) (audit.Receipt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.full {
		return audit.Receipt{}, audit.ErrDiskFull
	}
	raw, err := json.Marshal(ev)
	if err != nil {
		return audit.Receipt{}, err
	}
	r := audit.Record{Seq: uint64(len(m.all)) + 1, Raw: raw}
	if err := json.Unmarshal(raw, &r.Event); err != nil {
		return audit.Receipt{}, err
	}
	m.all = append(m.all, r)
	return audit.Receipt{Seq: r.Seq}, nil
}

func (m *memory) Acknowledged() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return uint64(len(m.all))
}

func (m *memory) Read(from uint64, fn func(audit.Record) error) error {
	m.mu.Lock()
	all := slices.Clone(m.all)
	m.mu.Unlock()
	for i := int(from) - 1; i < len(all); i++ {
		if err := fn(all[i]); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Get(seq uint64) (audit.Record, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if seq == 0 || seq > uint64(len(m.all)) {
		return audit.Record{}, false, nil
	}
	return m.all[seq-1], true, nil
}

func (m *memory) Verify(progress func(done, total int64)) (audit.Result, error) {
	progress(1, 1)
	return audit.Result{Records: m.Acknowledged(), Segments: 1}, nil
}

// acts lists the officers' acts that were recorded.
func (m *memory) acts() (all []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.all {
		if r.Event.Kind == "console" {
			all = append(all, r.Event.Action)
		}
	}
	return all
}

// bench is rules without an inspection.
type bench struct{ set *rules.Set }

func (b bench) Set() *rules.Set      { return b.set }
func (b bench) Status() rules.Status { return rules.Status{Digest: b.set.Digest()} }
func (b bench) With(folder string) (*rules.Set, error) {
	return rules.Load([]string{folder}, rules.Options{NoDefaults: true})
}
func (b bench) Try(_ context.Context, set *rules.Set, s Sample) (Trial, error) {
	return Trial{Explanation: set.Explain(rules.Transaction{}), Host: s.To}, nil
}
func (b bench) Past(set *rules.Set, r audit.Record) (string, string) {
	if len(set.List()) == 1 && r.Event.Action == "allow" {
		return "warn", set.List()[0].ID
	}
	return r.Event.Action, r.Event.Rule
}

const password = "correct horse battery"

// house is a console that is served.
type house struct {
	*Console
	t      *testing.T
	record *memory
	cases  *release.Store
	url    string
	path   string
}

var aRule = `[[rule]]
id = "one"
title = "One"
action = "warn"
[rule.what]
findings = { types = "CARD", at_least = 1 }
`

func newHouse(t *testing.T, people map[string][]account.Role) *house {
	t.Helper()
	set, err := rules.Load(nil, rules.Options{Untested: true})
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{}
	now := time.Now()
	for i := range 60 {
		ev := audit.Event{Kind: "decision", Time: now.Add(-time.Duration(60-i) * time.Hour), User: fmt.Sprintf("user%d", i%3), Host: "upload.example",
			Classes: []string{"cloud-storage"}, Action: "allow", Bytes: 1000, Coverage: map[string]any{"inspected": 1}}
		if i%5 == 0 {
			ev.Action, ev.Rule, ev.Incident, ev.Severity = "block", "card-outside", fmt.Sprintf("SK-%04d", i), "high"
			ev.Clause, ev.Counts, ev.Records = "findings: 1 (needs at least 1 validated CARD, confidence 0.80)", map[string]int{"CARD": 1}, 1
			ev.Matches = []map[string]any{{"rule": "card-outside", "action": "block", "clause": ev.Clause}, {"rule": "other", "action": "warn", "clause": "x", "shadow": true}}
			ev.Findings = []map[string]any{{"type": "CARD", "masked": "4***-****-****-***4", "in": "list.csv", "line": 3, "confidence": 0.95, "validated": true}}
		}
		if _, err := m.Append(context.Background(), ev); err != nil {
			t.Fatal(err)
		}
	}
	h := &house{t: t, record: m, path: t.TempDir()}
	accounts(t, filepath.Join(h.path, "accounts.json"), people)
	h.cases, err = release.Open(filepath.Join(t.TempDir(), "releases"), release.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.cases.Close() })
	h.Console, err = New(Config{Dir: h.path, RuleDir: filepath.Join(h.path, "rules"), Record: m, Recorder: m, Rules: bench{set}, Releases: h.cases,
		Checks: []Check{{"audit", func() error { return nil }}}, Location: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	h.follow()
	srv := httptest.NewServer(h.Console)
	h.url = srv.URL
	t.Cleanup(func() {
		srv.Close()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// follow takes in what was recorded.
func (h *house) follow() {
	h.t.Helper()
	if err := h.index.Feed(context.Background()); err != nil {
		h.t.Fatal(err)
	}
}

// hash is that of password, made once: it takes long by design.
var hash = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "console-test-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	s, err := account.Open(filepath.Join(dir, "accounts"))
	if err != nil {
		return "", err
	}
	secret, _, err := s.Found()
	if err != nil {
		return "", err
	}
	a, err := s.Redeem(secret, "anybody", []account.Role{account.Operator}, password, func(account.Account) error { return nil })
	return a.Hash, err
})

// accounts writes the file of accounts.
func accounts(t *testing.T, path string, people map[string][]account.Role) {
	t.Helper()
	h, err := hash()
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Accounts []account.Account `json:"accounts"`
	}
	for name, roles := range people {
		file.Accounts = append(file.Accounts, account.Account{Name: name, Roles: roles, Hash: h})
	}
	data, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// browser is somebody's.
type browser struct {
	h *house
	http.Client
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &browser{h, http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) do(method, path string, body io.Reader, header ...string) (int, string, http.Header) {
	b.h.t.Helper()
	req, err := http.NewRequest(method, b.h.url+path, body)
	if err != nil {
		b.h.t.Fatal(err)
	}
	req.Header.Set("Accept-Language", "en")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := b.Do(req)
	if err != nil {
		b.h.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.h.t.Fatal(err)
	}
	return res.StatusCode, string(text), res.Header
}

func (b *browser) get(path string) (int, string) {
	b.h.t.Helper()
	status, text, _ := b.do("GET", path, nil)
	return status, text
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// post sends a form with the session's token.
func (b *browser) post(path string, form url.Values) (int, string, http.Header) {
	b.h.t.Helper()
	if form.Get("csrf") == "" {
		if _, text := b.get("/console/me"); csrfField.MatchString(text) {
			form.Set("csrf", csrfField.FindStringSubmatch(text)[1])
		}
	}
	return b.do("POST", path, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

// as is a browser in which name is logged in.
func (h *house) as(name string) *browser {
	h.t.Helper()
	b := h.browser()
	cookie, _ := h.sessions.Begin(name, "127.0.0.1")
	u, err := url.Parse(h.url)
	if err != nil {
		h.t.Fatal(err)
	}
	b.Jar.SetCookies(u, []*http.Cookie{{Name: sessionCookie, Value: cookie, Path: "/console/"}})
	return b
}

// address gives a pattern's address with something in its wildcards.
func (h *house) address(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	if all := h.cases.List(); len(all) > 0 {
		path = strings.Replace(path, "releases/{id}", "releases/"+all[0].ID, 1)
	}
	path = strings.NewReplacer("{$}", "", "{seq}", "1", "{id}", "1").Replace(path)
	switch path {
	case "/console/person":
		path += "?name=user0"
	case "/console/destination":
		path += "?name=upload.example"
	case "/console/rules/rule":
		path += "?id=card-outside"
	}
	return method, path
}

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

// propose makes change 1.
func (h *house) propose(by string) {
	h.t.Helper()
	if _, err := h.changes.Propose(by, "one.toml", aRule, "why", func(change.Change) error { return nil }); err != nil {
		h.t.Fatal(err)
	}
}

// ask makes a request for a release that takes two people.
func (h *house) ask(user string) release.Case {
	h.t.Helper()
	k, err := h.cases.Ask(release.Subject{Sender: user, User: user, Host: "upload.example", Rule: "card-outside", Content: "00"}, "SK-0000", "for the audit",
		release.Terms{People: 2, For: time.Hour})
	if err != nil {
		h.t.Fatal(err)
	}
	return k
}

func TestPagesDrawInBothLanguages(t *testing.T) {
	h := newHouse(t, map[string][]account.Role{"author": {account.Author}, "most": {account.Operator, account.Approver, account.Auditor}})
	h.propose("author")
	h.ask("somebody")
	b := h.as("most")
	for _, lang := range []string{"ja", "en", "fr"} {
		for _, path := range []string{"/console/", "/console/incidents", "/console/incidents?user=user0&days=30", "/console/incidents/1", "/console/incidents/2",
			"/console/people", "/console/person?name=user0", "/console/destinations?by=bytes", "/console/destination?name=upload.example", "/console/types?days=365",
			"/console/rules", "/console/rules/rule?id=card-outside", "/console/rules/try", "/console/rules/changes", "/console/rules/changes/1", "/console/log",
			"/console/acts", "/console/health", "/console/releases", "/console/releases/" + h.cases.List()[0].ID, "/console/accounts", "/console/me"} {
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
	for _, want := range []string{"SK-0000", "4***-****-****-***4", "list.csv", "card-outside", "other"} {
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
	if _, text = ben.get(at); !strings.Contains(text, "<strong>48</strong>") {
		t.Errorf("the dry run does not tell of 48 warnings:\n%s", text)
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
