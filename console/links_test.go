package console

import (
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/release"
)

// linked is a house where approvers get links.
func linked(t *testing.T, people map[string][]account.Role) *house {
	h := newHouse(t, people)
	h.cfg.Links, h.cfg.Origin = true, "https://dlp.example.jp"
	return h
}

// link is the token of the link that an approver is sent.
func (h *house) link(id, user string, approve bool) string {
	h.t.Helper()
	yes, no := h.Links(id, user)
	if !approve {
		yes = no
	}
	u, err := url.Parse(yes)
	if err != nil || yes != "" && !strings.HasPrefix(yes, "https://dlp.example.jp/console/decide?") {
		h.t.Fatalf("%q %v", yes, err)
	}
	return u.Query().Get("token")
}

func (b *browser) decide(token, why string) (int, string) {
	b.h.t.Helper()
	form := url.Values{"token": {token}, "why": {why}}
	status, text, _ := b.do("POST", "/console/decide", strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
	return status, text
}

func TestDecisionsByLink(t *testing.T) {
	approver := []account.Role{account.Approver}
	h := linked(t, map[string][]account.Role{"anna": approver, "ben": approver, "carl": approver, "eve": {account.Auditor}})
	k := h.ask("anna")
	state := func() *release.Case {
		k, err := h.cases.Get(k.ID)
		if err != nil {
			t.Fatal(err)
		}
		return &k
	}
	if h.link(k.ID, "anna", true) != "" || h.link(k.ID, "eve", true) != "" || h.link(k.ID, "nobody", true) != "" {
		t.Error("who cannot decide is sent a link")
	}
	yes, no := h.link(k.ID, "ben", true), h.link(k.ID, "ben", false)
	b := h.browser()
	for range 3 { // a mail program looks at it
		if status, text := b.get("/console/decide?token=" + yes); status != http.StatusOK || !strings.Contains(text, "4***-****-****-***4") || !strings.Contains(text, "for the audit") {
			t.Fatalf("the page: %d\n%s", status, text)
		}
	}
	if len(state().Votes) != 0 {
		t.Fatal("looking decides")
	}
	if status, _ := b.decide(yes, "  "); status != http.StatusConflict {
		t.Errorf("without a reason: %d", status)
	}
	if status, _ := h.as("anna").decide(yes, "mine"); status != http.StatusForbidden {
		t.Errorf("the one who asks uses another's link: %d", status)
	}
	if status, _ := h.as("carl").decide(yes, "fine"); status != http.StatusForbidden {
		t.Errorf("another approver uses it: %d", status)
	}
	if status, text := b.decide(yes, "fine"); status != http.StatusOK || state().Agreed() != 1 || state().State != release.Waiting {
		t.Errorf("the first of two: %d %+v\n%s", status, state(), text)
	}
	for _, token := range []string{yes, no} {
		if status, _ := b.decide(token, "again"); status != http.StatusGone || len(state().Votes) != 1 {
			t.Errorf("used again: %d %+v", status, state())
		}
	}
	// Where the name here is another than the proxy's, the proxy's is known.
	if status, _ := b.decide(h.link(k.ID, "user-carl", true), "fine"); status != http.StatusOK || state().State != release.Approved {
		t.Errorf("the second: %d %+v", status, state())
	}
	if got := h.acted("release-link"); len(got) != 2 || got[0].User != "ben" || got[0].Details["decision"] != "approve" || got[0].Details["release"] != k.ID {
		t.Errorf("recorded %+v", got)
	}

	k = h.ask("dora")
	no = h.link(k.ID, "ben", false)
	if err := h.accounts.Disable("nobody", "ben", func() error { return nil }); err == nil {
		t.Fatal("nobody disables")
	}
	forged := func(change func(l *release.Link)) string {
		text, sum, _ := strings.Cut(no, ".")
		raw, err := base64.RawURLEncoding.DecodeString(text)
		var l release.Link
		if err == nil {
			err = json.Unmarshal(raw, &l)
		}
		if err != nil {
			t.Fatal(err)
		}
		change(&l)
		raw, _ = json.Marshal(l)
		return base64.RawURLEncoding.EncodeToString(raw) + "." + sum
	}
	for what, token := range map[string]string{
		"no token": "", "no signature": strings.Split(no, ".")[0], "half a signature": no[:len(no)-3],
		"the other decision": forged(func(l *release.Link) { l.Approve = true }), "another person": forged(func(l *release.Link) { l.By = "carl" }),
		"longer": forged(func(l *release.Link) { l.Until = l.Until.Add(time.Hour) }), "very long": strings.Repeat("a", 5000),
	} {
		if status, _ := b.decide(token, "fine"); status != http.StatusNotFound {
			t.Errorf("%s: %d", what, status)
		}
	}
	h.cases.Now = func() time.Time { return time.Now().Add(release.LinkFor + time.Hour) }
	if status, _ := b.decide(no, "late"); status != http.StatusNotFound {
		t.Errorf("after its time: %d", status)
	}
	h.cases.Now = time.Now
	h.record.mu.Lock()
	h.record.full = true
	h.record.mu.Unlock()
	if status, _ := b.decide(no, "no disk"); status != http.StatusServiceUnavailable || len(state().Votes) != 0 {
		t.Errorf("without a record: %d %+v", status, state())
	}
	h.record.mu.Lock()
	h.record.full = false
	h.record.mu.Unlock()
	if status, _ := b.decide(no, "not needed"); status != http.StatusOK || state().State != release.Denied {
		t.Errorf("refused: %d %+v", status, state())
	}
	h.cfg.Links = false
	k = h.ask("dora")
	if h.link(k.ID, "ben", true) != "" {
		t.Error("there are links although they are off")
	}
}

// TestNobodyReleasesAloneByAnyWay: no sequence of calls by one person, on the
// pages and by whatever links that person is sent, under either of two accounts,
// makes what takes two people pass, or anything of the person's own.
func TestNobodyReleasesAloneByAnyWay(t *testing.T) {
	approver := []account.Role{account.Approver}
	h := linked(t, map[string][]account.Role{"second": approver, "dora": approver, "carl": approver})
	r := rand.New(rand.NewPCG(11, 7))
	theirs := []release.Case{h.ask("anna"), h.ask("dora")} // of another; of the person's own
	own, other := h.as("dora"), h.as("second")             // of one person, see newHouse
	nobody := h.browser()
	for n := range 200 {
		k := theirs[r.IntN(2)]
		b := []*browser{own, other, nobody}[r.IntN(3)]
		switch r.IntN(5) {
		case 0:
			b.post("/console/releases/"+k.ID+"/decide", url.Values{"do": {"approve"}, "why": {"yes"}})
		case 1, 2:
			if token := h.link(k.ID, []string{"dora", "second", "DORA"}[r.IntN(3)], true); token != "" {
				b.decide(token, "yes")
			}
		case 3:
			// A link that is shown for one request does nothing for another.
			token, err := h.cases.Sign(release.Link{Case: k.ID, By: []string{"dora", "second", "Second", "nobody"}[r.IntN(4)], Approve: true})
			if err == nil {
				b.decide(token, "yes")
			}
		case 4:
			day := time.Now().UTC().Format(time.DateOnly)
			b.post("/console/delegations", url.Values{"do": {"set"}, "to": {[]string{"user-carl", "dora"}[r.IntN(2)]}, "from": {day}, "until": {day}})
		}
		for _, k := range theirs {
			if _, ok := h.cases.Allowed(k.Subject); ok {
				now, _ := h.cases.Get(k.ID)
				t.Fatalf("after %d calls one person alone made %s pass: %+v", n, k.ID, now)
			}
		}
		h.guesses.Forgive("link 127.0.0.1", "127.0.0.1")
	}
	if now, _ := h.cases.Get(theirs[1].ID); len(now.Votes) != 0 {
		t.Errorf("votes on one's own: %+v", now.Votes)
	}
	now, _ := h.cases.Get(theirs[0].ID)
	if len(now.Votes) != 1 {
		t.Fatalf("the person's one vote: %+v", now.Votes)
	}
	// Another person makes it two.
	if status, text := nobody.decide(h.link(now.ID, "user-carl", true), "fine"); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	if _, ok := h.cases.Allowed(now.Subject); !ok {
		t.Errorf("two people: %+v", now)
	}
}
