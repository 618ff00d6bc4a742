//go:build unix

package console

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/release"
)

var (
	benchEvents = flag.Int("console.events", 1_000_000, "events of the record that BenchmarkPages asks")
	benchRounds = flag.Int("console.rounds", 40, "how often BenchmarkPages asks for each page")
)

// invented is a record of a year that is made up as it is read, each event by its
// number: a company of 2,000 people that sends to 1,500 sites, few of them most of
// the time; of seventeen uploads one is noted by a rule, and officers look after
// some of those. What is appended comes after it.
type invented struct {
	n     uint64
	begin time.Time
	step  time.Duration

	mu   sync.Mutex
	more []audit.Event
}

func newInvented(n int) *invented {
	const year = 364 * 24 * time.Hour
	return &invented{n: uint64(n), begin: time.Now().Add(-year), step: year / time.Duration(n)}
}

// few gives a number below n, the small ones much more often.
func few(r *rand.Rand, n int) int {
	x := r.Float64()
	return int(x * x * x * float64(n))
}

func (m *invented) event(seq uint64) audit.Event {
	if seq > m.n {
		return m.more[seq-m.n-1]
	}
	r := rand.New(rand.NewPCG(seq, 11))
	at := m.begin.Add(time.Duration(seq) * m.step)
	if seq%50 == 0 { // an officer's act
		ev := audit.Event{Kind: "console", Time: at, Action: "view", User: fmt.Sprintf("officer%d", r.IntN(6)), Address: "192.0.2.9",
			Details: map[string]string{"record": fmt.Sprint(1 + r.Uint64N(seq))}}
		if r.IntN(4) == 0 {
			ev.Action, ev.Reason, ev.Details["state"] = "note", "asked the sender", states[r.IntN(len(states))]
		}
		return ev
	}
	ev := audit.Event{Kind: "decision", Time: at, User: fmt.Sprintf("user%04d", few(r, 2000)), Host: fmt.Sprintf("host%04d.example", few(r, 1500)),
		Classes: []string{[]string{"web-mail", "cloud-storage", "file-transfer", "unknown"}[r.IntN(4)]}, Action: "allow", Bytes: int64(r.IntN(1_000_000)),
		Coverage: map[string]any{"inspected": 1.0}}
	if r.IntN(5) == 0 {
		ev.User = "anonymous"
	}
	switch r.IntN(50) {
	case 0, 1, 2:
		ev.Action, ev.Severity = []string{"log", "log", "warn", "warn", "hold", "block"}[r.IntN(6)], "high"
		ev.Rule, ev.Incident, ev.Records = fmt.Sprintf("rule-%02d", few(r, 40)), fmt.Sprintf("SK-%08d", seq), 1+r.IntN(200)
		ev.Clause = "findings: 12 (needs at least 1 validated CARD, confidence 0.80)"
		ev.Counts = map[string]int{"NAME": ev.Records, "PHONE": 1 + r.IntN(9), "CARD": 1}
		ev.Matches = []map[string]any{{"rule": ev.Rule, "action": ev.Action, "clause": ev.Clause}, {"rule": "other", "action": "warn", "clause": "x", "shadow": true}}
		var found []map[string]any
		for i := range 50 {
			found = append(found, map[string]any{"type": "NAME", "masked": "佐***", "in": fmt.Sprintf("list%d.csv", i%4), "line": i, "confidence": 0.95})
		}
		ev.Findings = found
	case 3:
		ev.Coverage = map[string]any{"not": 1.0, "reasons": map[string]any{"encrypted": 1.0, "too-large": float64(1 + r.IntN(3))}}
	case 4, 5:
		ev.Counts = map[string]int{"EMAIL": 1}
	}
	return ev
}

func (m *invented) record(seq uint64) audit.Record {
	r := audit.Record{Seq: seq, Event: m.event(seq)}
	for i := range 8 {
		r.Hash[i] = byte(seq >> (8 * i))
	}
	return r
}

func (m *invented) Append(_ context.Context, ev audit.Event) (audit.Receipt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.more = append(m.more, ev)
	return audit.Receipt{Seq: m.n + uint64(len(m.more))}, nil
}

func (m *invented) Acknowledged() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.n + uint64(len(m.more))
}

func (m *invented) Read(from uint64, fn func(audit.Record) error) error {
	for seq := from; seq <= m.n; seq++ { // what was appended is for no page here
		if err := fn(m.record(seq)); err != nil {
			return err
		}
	}
	return nil
}

func (m *invented) Get(seq uint64) (audit.Record, bool, error) {
	if seq == 0 || seq > m.n {
		return audit.Record{}, false, nil
	}
	r := m.record(seq)
	raw, err := json.Marshal(r.Event)
	if err != nil {
		return audit.Record{}, false, err
	}
	r.Raw = raw
	return r, true, json.Unmarshal(raw, &r.Event)
}

func (m *invented) Verify(func(done, total int64)) (audit.Result, error) {
	return audit.Result{Records: m.n}, nil
}

// BenchmarkPages builds the index of a year of a million events, then asks for
// each page that shows them, as a person with all of the reviewers' roles, and
// tells the median and the 99th percentile in milliseconds, and the processor's
// time, which counts where others use the machine too. The first round is part of
// them: nothing is warmed up but the page before. Run it with
//
//	go test -run '^$' -bench Pages -benchtime 1x ./console
func BenchmarkPages(b *testing.B) {
	m := newInvented(*benchEvents)
	set, err := builtin()
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	cases, err := release.Open(filepath.Join(dir, "releases"), release.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cases.Close() })
	c, err := New(Config{Dir: dir, RuleDir: filepath.Join(dir, "rules"), Record: m, Recorder: m, Rules: bench{set}, Releases: cases, Location: time.UTC})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := c.Close(); err != nil {
			b.Error(err)
		}
	})
	began := time.Now()
	if err := c.index.Feed(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d events, index built in %v", m.n, time.Since(began).Round(time.Second))
	if _, err := c.accounts.Admit("anna", "bench", []account.Role{account.Approver, account.Auditor}, func(account.Account, []account.Role, bool) error { return nil }); err != nil {
		b.Fatal(err)
	}
	cookie, _ := c.sessions.Begin("anna", "127.0.0.1")
	get := func(path string) (int, *bytes.Buffer) {
		req := httptest.NewRequest("GET", path, nil)
		req.RemoteAddr = "127.0.0.1:4242"
		req.AddCookie(&http.Cookie{Name: sessionCookie, Value: cookie})
		w := httptest.NewRecorder()
		c.ServeHTTP(w, req)
		return w.Code, w.Body
	}
	day := func(back int) string { return time.Now().UTC().AddDate(0, 0, -back).Format(time.DateOnly) }
	noted := m.n // the last one that a rule noted
	for ; noted > 1 && m.event(noted).Incident == ""; noted-- {
	}
	deep := fmt.Sprintf("%d-%d", time.Now().AddDate(0, -6, 0).UnixMilli(), m.n/2)
	for _, page := range []string{
		"/console/", "/console/?days=7", "/console/?days=90", "/console/?days=365",
		"/console/incidents", "/console/incidents?after=" + deep, "/console/incidents?quiet=1", "/console/incidents?quiet=1&after=" + deep,
		"/console/incidents?user=user0000", "/console/incidents?user=user1990", "/console/incidents?user=user", "/console/incidents?user=user&quiet=1",
		"/console/incidents?user=user19&quiet=1&host=host14", "/console/incidents?user=nobody",
		"/console/incidents?user=anonymous&host=host1490.example&quiet=1", "/console/incidents?user=anonymous&rule=rule-39", "/console/incidents?user=anonymous&host=host0000.example&rule=rule-39&action=block",
		"/console/incidents?host=host0000.example", "/console/incidents?host=example&action=block", "/console/incidents?host=host1490.example&quiet=1",
		"/console/incidents?rule=rule-00", "/console/incidents?rule=rule-39&action=block", "/console/incidents?action=kept", "/console/incidents?action=allow",
		"/console/incidents?type=CARD", "/console/incidents?type=EMAIL", "/console/incidents?type=PHONE&user=user1990", "/console/incidents?type=NAME&action=hold&host=host1490.example",
		"/console/incidents?state=new", "/console/incidents?state=closed", "/console/incidents?state=waiting&quiet=1", "/console/incidents?state=closed&user=user1990",
		"/console/incidents?gaps=1", "/console/incidents?gaps=1&quiet=1", "/console/incidents?gaps=1&quiet=1&host=host1490.example",
		"/console/incidents?from=" + day(200) + "&to=" + day(190), "/console/incidents?from=" + day(360) + "&to=" + day(300) + "&quiet=1&user=user1990",
		"/console/incidents?incident=" + m.event(noted).Incident, "/console/incidents?incident=SK-NONE",
		fmt.Sprintf("/console/incidents/%d", noted), "/console/incidents/1",
		"/console/people", "/console/people?days=365", "/console/people?days=365&by=bytes&at=1000", "/console/people?q=user1&days=365",
		"/console/person?name=anonymous", "/console/person?name=anonymous&days=365", "/console/person?name=user0000&days=365", "/console/person?name=user1990",
		"/console/destinations?days=365", "/console/destination?name=host0000.example&days=365", "/console/types?days=365",
		"/console/acts", "/console/acts?by=officer1&action=note", "/console/acts?action=nothing",
		"/console/rules", "/console/rules/rule?id=card-outside", "/console/checklist", "/console/log", "/console/health",
	} {
		b.Run(cmp.Or(strings.TrimPrefix(page, "/console/"), "overview"), func(b *testing.B) {
			for b.Loop() {
				var took []float64
				used := processor(b)
				for range *benchRounds {
					began := time.Now()
					status, body := get(page)
					took = append(took, float64(time.Since(began).Microseconds())/1000)
					if status != http.StatusOK {
						b.Fatalf("%d\n%s", status, body)
					}
				}
				b.ReportMetric((processor(b)-used).Seconds()*1000/float64(len(took)), "cpu-ms")
				slices.Sort(took)
				b.ReportMetric(took[len(took)/2], "p50-ms")
				b.ReportMetric(took[len(took)*99/100], "p99-ms")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// processor is the time that this process has had of it.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
