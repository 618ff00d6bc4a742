package console

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
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

	"github.com/sekimori-dlp/sekimori/alarm"
	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/audit/report"
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

const password = "correct horse battery"

// builtin are the built-in rules, compiled once.
var builtin = sync.OnceValues(func() (*rules.Set, error) { return rules.Load(nil, rules.Options{Untested: true}) })

// house is a console that is served.
type house struct {
	*Console
	t      *testing.T
	record *memory
	cases  *release.Store
	alarms *alarms
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
	set, err := builtin()
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
			ev.Details = map[string]string{"left": "300 of 1000 bytes (30 %)"}
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
	h.alarms = &alarms{all: []alarm.Alert{{ID: "system-3", Alarm: "system", Kind: "reload", What: "failed", Severity: "high", Count: 1, First: now, Last: now, Seq: 3},
		{ID: "grave-1", Alarm: "grave", Kind: "decision", What: "block", User: "user0", Host: "upload.example", Rule: "card-outside", Count: 4, First: now, Last: now, Seq: 1,
			Incidents: []string{"SK-0000"}, Clause: "findings: 1 (needs at least 1 validated CARD, confidence 0.80)", Escalated: now}}}
	h.Console, err = New(Config{Alarms: h.alarms, Report: h.report, Evidence: func(i string) (int64, time.Time, bool) { return 1234, now, i == "SK-0000" },
		Accounts: map[string]string{"Carl": "user-carl", "second": "dora"}, Installation: func() Installation { return Installation{Mode: "enforce", LogIns: []string{"htpasswd"}} },
		Dir: h.path, RuleDir: filepath.Join(h.path, "rules"), Record: m, Recorder: m, Rules: bench{set}, Releases: h.cases,
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
	if h.alarms != nil && len(h.alarms.all) > 0 {
		path = strings.Replace(path, "alarms/{id}", "alarms/"+h.alarms.all[0].ID, 1)
	}
	path = strings.Replace(path, "reports/{id}", "reports/"+aMonth, 1)
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

// alarms are in memory.
type alarms struct {
	mu  sync.Mutex
	all []alarm.Alert
}

func (a *alarms) List() []alarm.Alert {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.all)
}

func (a *alarms) Get(id string) (alarm.Alert, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, x := range a.all {
		if x.ID == id {
			return x, true
		}
	}
	return alarm.Alert{}, false
}

func (a *alarms) Acknowledge(id, by string) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.all {
		if x := &a.all[i]; x.ID == id && x.Open() {
			x.AckBy, x.AckAt = by, time.Now()
			return true, nil
		}
	}
	return false, nil
}

func (a *alarms) Status() []alarm.Status {
	return []alarm.Status{{To: "soc", Sent: 3}, {To: "room", Waiting: 1, Err: fmt.Errorf("it answered 500")}}
}

// aMonth has a report.
var aMonth = time.Now().UTC().Format("2006-01")

// report counts what is in memory, with the first uploads as the sample.
func (h *house) report(p report.Period, sample int) (*report.Report, error) {
	r := &report.Report{Period: p, Made: time.Now(), First: 1, Last: h.record.Acknowledged()}
	err := h.record.Read(1, func(rec audit.Record) error {
		if rec.Event.Kind == "decision" && len(r.Sample) < sample {
			r.Sample = append(r.Sample, report.Line{Seq: rec.Seq, Hash: rec.Hash.String(), Record: rec.Event})
		}
		return nil
	})
	return r, err
}

// makeReport makes that of aMonth.
func (h *house) makeReport(b *browser) {
	h.t.Helper()
	if status, text, _ := b.post("/console/reports", url.Values{"period": {aMonth}}); status != http.StatusSeeOther {
		h.t.Fatalf("make a report: %d\n%s", status, text)
	}
	for range 200 {
		if p, ok := h.period(aMonth); ok {
			if m, err := h.madeFor(p); err == nil && m.Report != nil {
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	h.t.Fatal("no report")
}
