package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/proxy/framing"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/rules"
)

type scanFunc func(ctx context.Context, roots []part.Part) *inspect.Report

func (f scanFunc) Scan(ctx context.Context, roots []part.Part, _ inspect.ScanOptions) *inspect.Report {
	return f(ctx, roots)
}

type decideFunc func(rules.Transaction) rules.Verdict

func (f decideFunc) Decide(t rules.Transaction) rules.Verdict { return f(t) }
func (decideFunc) Digest() string                             { return "digest" }
func (decideFunc) Release(string) (rules.Release, bool)       { return rules.Release{People: 2}, true }

type memory struct {
	mu  sync.Mutex
	err error
	evs []audit.Event
}

func (m *memory) Append(_ context.Context, ev audit.Event) (audit.Receipt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return audit.Receipt{}, m.err
	}
	m.evs = append(m.evs, ev)
	return audit.Receipt{}, nil
}

func (m *memory) last() audit.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.evs) == 0 {
		return audit.Event{}
	}
	return m.evs[len(m.evs)-1]
}

type seen []Decision

func (s *seen) Decided(d Decision) { *s = append(*s, d) }

// readAll reports what it was given and finds nothing.
func readAll(_ context.Context, roots []part.Part) *inspect.Report {
	r := &inspect.Report{}
	for _, p := range roots {
		n, _ := io.Copy(io.Discard, p.Body)
		r.Parts = append(r.Parts, inspect.PartReport{Path: p.Path, Bytes: n, State: inspect.Inspected})
		r.Coverage.Bytes += n
	}
	return r
}

func always(a rules.Action) decideFunc {
	return func(rules.Transaction) rules.Verdict { return rules.Verdict{Action: a, Rule: "r"} }
}

type fixture struct {
	*Gate
	log    *memory
	seen   *seen
	spool  *hold.Spool
	policy *Policy
}

func newFixture(t testing.TB, mend func(*Config)) *fixture {
	t.Helper()
	f := &fixture{log: &memory{}, seen: &seen{}, policy: &Policy{Scanner: scanFunc(readAll), Rules: always(rules.Allow)}}
	var err error
	if f.spool, err = hold.Open(hold.Config{Dir: t.TempDir(), Max: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	c := Config{Policy: func() *Policy { return f.policy }, Hold: f.spool, Audit: f.log, Observer: f.seen}
	if mend != nil {
		mend(&c)
	}
	if f.Gate, err = New(c); err != nil {
		t.Fatal(err)
	}
	return f
}

func upload(body string) *Transaction {
	return &Transaction{
		Principal:   rules.Principal{User: "alice", Address: netip.MustParseAddr("192.0.2.1")},
		Destination: rules.Destination{Scheme: "https", Host: "a.example", Port: 443, Method: "POST", Path: "/up", Classes: []string{"paste"}},
		Body:        strings.NewReader(body), Length: int64(len(body)),
	}
}

// What cannot be read back any more cannot be put on record, and stays.
func TestBodyThatCannotBeReadBack(t *testing.T) {
	f := newFixture(t, nil)
	f.policy.Rules = always(rules.Log)
	tx := upload("")
	var err error
	if tx.Held, err = f.spool.Hold(t.Context(), strings.NewReader("x"), hold.Options{}); err != nil {
		t.Fatal(err)
	}
	f.policy.Scanner = scanFunc(func(ctx context.Context, roots []part.Part) *inspect.Report {
		defer tx.Held.Close()
		return readAll(ctx, roots)
	})
	o := f.Check(t.Context(), tx)
	if ev := f.log.last(); o.Passes() || o.Failure != Engine || ev.Action != "block" || ev.Content != "" {
		t.Errorf("passes: %v, failure %q, recorded %+v", o.Passes(), o.Failure, ev)
	}
}

func TestOnlyAllowAndLogPass(t *testing.T) {
	for a := rules.Action(0); a < 12; a++ {
		f := newFixture(t, nil)
		f.policy.Rules = always(a)
		o := f.Check(context.Background(), upload("x"))
		want := a == rules.Allow || a == rules.Log
		if o.Passes() != want {
			t.Errorf("%v passes: %v", a, o.Passes())
		}
		if !regexp.MustCompile(`^SK-[2-9A-Z]{4}-[2-9A-Z]{4}$`).MatchString(o.Incident) {
			t.Errorf("%v: incident %q", a, o.Incident)
		}
		ev := f.log.last()
		if ev.Kind != "decision" || ev.Incident != o.Incident || ev.User != "alice" || ev.Bytes != 1 || ev.RuleSet != "digest" || len(ev.Content) != 64 {
			t.Errorf("%v: recorded %+v", a, ev)
		}
		if a > rules.Block || a == rules.Invalid {
			if ev.Action != "block" || o.Failure != Engine {
				t.Errorf("%v: recorded as %s, failure %q", a, ev.Action, o.Failure)
			}
		} else if ev.Action != a.String() {
			t.Errorf("%v: recorded as %s", a, ev.Action)
		}
		if (o.Confirm != "") != (a == rules.Warn) {
			t.Errorf("%v: token %q", a, o.Confirm)
		}
		o.Close()
		if st := f.spool.Stats(); st.Bodies != 0 {
			t.Errorf("%v: still held", a)
		}
	}
	if (&Outcome{}).Passes() {
		t.Error("the zero Outcome passes")
	}
}

func TestFailures(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		want Failure
		mend func(f *fixture, tr *Transaction)
	}{
		"no rules":         {NoRules, func(f *fixture, _ *Transaction) { f.policy = nil }},
		"scanner panics":   {Engine, func(f *fixture, _ *Transaction) { f.policy.Scanner = scanFunc(nil) }},
		"scanner is mute":  {Engine, func(f *fixture, _ *Transaction) { f.policy.Scanner = scanFunc(mute) }},
		"rules panic":      {Engine, func(f *fixture, _ *Transaction) { f.policy.Rules = decideFunc(nil) }},
		"log broken":       {Unrecorded, func(f *fixture, _ *Transaction) { f.log.err = broken }},
		"log broken, warn": {Unrecorded, func(f *fixture, _ *Transaction) { f.log.err = broken; f.policy.Rules = always(rules.Warn) }},
		"too large":        {TooLarge, func(_ *fixture, tr *Transaction) { tr.Length = 2 << 20 }},
		"too large, unannounced": {TooLarge, func(_ *fixture, tr *Transaction) {
			tr.Length, tr.Body = -1, io.LimitReader(zeros{}, 2<<20)
		}},
		"framing wrong":  {Malformed, func(_ *fixture, tr *Transaction) { tr.Body = iotest.ErrReader(framing.Error("chunk")) }},
		"reading fails":  {Malformed, func(_ *fixture, tr *Transaction) { tr.Body = iotest.ErrReader(broken) }},
		"client is gone": {Aborted, func(_ *fixture, tr *Transaction) { tr.Body = iotest.ErrReader(io.ErrUnexpectedEOF) }},
		"client stalls":  {Stalled, func(_ *fixture, tr *Transaction) { stall(tr) }},
	} {
		f := newFixture(t, nil)
		tr := upload("hello")
		c.mend(f, tr)
		o := f.Check(context.Background(), tr)
		if o.Failure != c.want || o.Passes() || o.Confirm != "" {
			t.Errorf("%s: %+v", name, o)
		}
		if o.Failure != Aborted && o.Incident == "" {
			t.Errorf("%s: no incident number", name)
		}
		if len(*f.seen) != 1 || (*f.seen)[0].Failure != c.want {
			t.Errorf("%s: observed %+v", name, *f.seen)
		}
		if recorded := f.log.last().Kind != ""; recorded != (c.want != Unrecorded && c.want != Aborted) {
			t.Errorf("%s: recorded %v", name, recorded)
		}
		o.Close()
	}
}

func mute(context.Context, []part.Part) *inspect.Report { return nil }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func stall(t *Transaction) {
	r, w := io.Pipe()
	t.Body, t.Idle, t.Interrupt = r, 50*time.Millisecond, func() { w.CloseWithError(errors.New("interrupted")) }
}

// After Check has returned, nobody reads from the client any more.
func TestNoReadsAfterAFailure(t *testing.T) {
	f := newFixture(t, nil)
	tr := upload("")
	stall(tr)
	r := &tracked{Reader: tr.Body}
	tr.Body = r
	o := f.Check(context.Background(), tr)
	if o.Failure != Stalled {
		t.Fatalf("%+v", o)
	}
	if r.reading.Load() || r.reads.Load() != 1 {
		t.Errorf("%d reads, one going on: %t", r.reads.Load(), r.reading.Load())
	}
}

type tracked struct {
	io.Reader
	reading atomic.Bool
	reads   atomic.Int32
}

func (r *tracked) Read(p []byte) (int, error) {
	r.reads.Add(1)
	r.reading.Store(true)
	defer r.reading.Store(false)
	return r.Reader.Read(p)
}

func TestClientLeavingDuringTheScanPassesNothing(t *testing.T) {
	f := newFixture(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	f.policy.Scanner = scanFunc(func(ctx context.Context, roots []part.Part) *inspect.Report {
		cancel()
		return readAll(ctx, roots)
	})
	if o := f.Check(ctx, upload("x")); o.Failure != Aborted || o.Passes() {
		t.Errorf("%+v", o)
	}
}

// A large scan does not keep small ones waiting, and a full queue refuses.
func TestTurns(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Scans, c.Queue = 1, 50*time.Millisecond })
	running, release := make(chan bool), make(chan bool)
	f.policy.Scanner = scanFunc(func(ctx context.Context, roots []part.Part) *inspect.Report {
		if roots[0].Size > smallBody {
			running <- true
			<-release
		}
		return readAll(ctx, roots)
	})
	f.Observer = nil
	large := strings.Repeat("a", smallBody+1)
	done := make(chan Outcome, 1)
	go func() { done <- f.Check(context.Background(), upload(large)) }()
	<-running
	if o := f.Check(context.Background(), upload("small")); !o.Passes() {
		t.Errorf("small: %+v", o)
	}
	if o := f.Check(context.Background(), upload(large)); o.Failure != Busy {
		t.Errorf("second large one: %+v", o)
	}
	close(release)
	if o := <-done; !o.Passes() {
		t.Errorf("first large one: %+v", o)
	}
}

func TestWhatIsInspected(t *testing.T) {
	f := newFixture(t, nil)
	var got []string
	f.policy.Scanner = scanFunc(func(_ context.Context, roots []part.Part) *inspect.Report {
		for _, p := range roots {
			b, _ := io.ReadAll(p.Body)
			got = append(got, fmt.Sprintf("%s|%s|%d|%d|%s", p.Path, p.Name, p.Role, p.Size, b))
		}
		return &inspect.Report{}
	})
	tr := upload("hello")
	tr.Query, tr.FileNames, tr.Destination.Path = "a=b", []string{"f.csv"}, "/顧客"
	tr.Headers = []Header{{"X-A", "a value"}, {"X-B", "token-1"}}
	tr.Trailer = func() []Header { return []Header{{"Sum", "1"}} }
	if o := f.Check(context.Background(), tr); !o.Passes() {
		t.Fatalf("%+v", o)
	}
	want := []string{"body|f.csv|0|5|hello", "query||1|3|a=b", "path|path|3|7|/顧客", "header X-A|X-A|2|7|a value", "trailer Sum|Sum|2|1|1",
		"path|path|3|7|/顧客"} // to be masked in the record
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestEmptyRequestsAreDecidedButNotScanned(t *testing.T) {
	f := newFixture(t, nil)
	f.policy.Scanner = scanFunc(func(context.Context, []part.Part) *inspect.Report { t.Error("scanned"); return nil })
	f.policy.Rules = decideFunc(func(tr rules.Transaction) rules.Verdict {
		if tr.Destination.Host == "bad.example" {
			return rules.Verdict{Action: rules.Block, Rule: "host"}
		}
		return rules.Verdict{Action: rules.Allow}
	})
	get := &Transaction{Destination: rules.Destination{Host: "a.example", Path: "/index.html"}}
	if o := f.Check(context.Background(), get); !o.Passes() || o.Incident != "" || f.log.last().Kind != "" {
		t.Errorf("%+v, recorded %+v", o, f.log.last())
	}
	get.Destination.Host = "bad.example"
	if o := f.Check(context.Background(), get); o.Passes() || f.log.last().Rule != "host" {
		t.Errorf("%+v, recorded %+v", o, f.log.last())
	}
}

func TestOpaqueProtocolsAreShownToTheRules(t *testing.T) {
	f := newFixture(t, nil)
	var reasons map[part.Reason]int
	f.policy.Rules = decideFunc(func(tr rules.Transaction) rules.Verdict {
		reasons = tr.Report.Coverage.Reasons
		return rules.Verdict{Action: rules.Block}
	})
	for _, query := range []string{"", "a=b"} {
		o := f.Check(context.Background(), &Transaction{Query: query, Opaque: "websocket"})
		if o.Passes() || reasons[part.UnknownFormat] != 1 || o.Report.Parts[len(o.Report.Parts)-1].Path != "websocket" {
			t.Errorf("%v %+v", reasons, o.Report)
		}
	}
}

// The path of an event shows nothing that was found in it.
func TestMaskedPath(t *testing.T) {
	f := newFixture(t, nil)
	f.policy.Scanner = scanFunc(func(_ context.Context, roots []part.Part) *inspect.Report {
		r := &inspect.Report{}
		for i, p := range roots {
			r.Parts = append(r.Parts, inspect.PartReport{Path: p.Path})
			b, _ := io.ReadAll(p.Body)
			if at := strings.Index(string(b), "0901234"); at >= 0 {
				r.Findings = append(r.Findings, inspect.Finding{Part: i, Start: int64(at), End: int64(at) + 11})
			}
		}
		return r
	})
	for in, want := range map[string]string{
		"/u/09012345678/x":                  "/u/***********/x",
		"/plain":                            "/plain",
		"/" + strings.Repeat("あ", 300):      "/" + strings.Repeat("あ", 166) + "…",
		"/顧客/09012345678":                   "/顧客/***********",
		"/09012345678" + "/" + "0901234567": "/***********/0901234567",
	} {
		tr := upload("x")
		tr.Destination.Path = in
		f.Check(context.Background(), tr)
		if got := f.log.last().Path; got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	// What was not inspected is not shown either.
	f.policy = nil
	tr := upload("x")
	tr.Destination.Path = "/u/09012345678.txt"
	f.Check(context.Background(), tr)
	if got := f.log.last().Path; got != "/*/***********.***" {
		t.Errorf("not inspected: %s", got)
	}
}

// An event names the file of a finding, unless something was found in the name
// of a file.
func TestPlaces(t *testing.T) {
	r := &inspect.Report{
		Parts:    []inspect.PartReport{{Path: "body » list.csv", Format: "csv"}, {Path: "body » filename", Format: "text"}, {Path: "body » a.zip » 山田.txt", Format: "text"}},
		Findings: []inspect.Finding{{Part: 0, Type: "CARD"}, {Part: 2, Type: "NAME"}},
	}
	if p := places(r); p[0].In != "body » list.csv" || p[1].In != "body » a.zip » 山田.txt" || p[0].Type != "CARD" {
		t.Errorf("%+v", p)
	}
	r.Findings = append(r.Findings, inspect.Finding{Part: 1})
	if p := places(r); p[0].In != "body » csv" || p[1].In != "body » text" {
		t.Errorf("%+v", p)
	}
	r.Findings = make([]inspect.Finding, inspect.MaxFindings)
	if p := places(r); len(p) != shownFindings || p[0].In != "body » csv" {
		t.Errorf("%d: %+v", len(p), p[0])
	}
}

func TestIncidentNumbersDiffer(t *testing.T) {
	n := map[string]bool{}
	for range 10000 {
		n[newIncident()] = true
	}
	if len(n) != 10000 {
		t.Errorf("%d different ones of 10000", len(n))
	}
}

func BenchmarkCheck(b *testing.B) {
	f := newFixture(b, nil)
	f.Observer = nil
	body := strings.Repeat("x", 10<<10)
	b.ReportAllocs()
	for b.Loop() {
		o := f.Check(context.Background(), upload(body))
		if !o.Passes() {
			b.Fatal(o)
		}
		o.Close()
		f.log.evs = f.log.evs[:0]
	}
}

// Each field alone, so that none is forgotten that is added later.
func TestCoverageEncodesItselfAsTheStandardDoes(t *testing.T) {
	var all inspect.Coverage
	v := reflect.ValueOf(&all).Elem()
	for i := range v.NumField() {
		var c inspect.Coverage
		for _, f := range []reflect.Value{v.Field(i), reflect.ValueOf(&c).Elem().Field(i)} {
			if f.Kind() == reflect.Map {
				f.Set(reflect.MakeMap(f.Type()))
				f.SetMapIndex(reflect.ValueOf(part.Bomb), reflect.ValueOf(7).Convert(f.Type().Elem()))
			} else {
				f.SetInt(int64(i) + 1)
			}
		}
		for _, c := range []inspect.Coverage{c, all} {
			want, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			if got := coverage(c).AppendJSON(nil); string(got) != string(want) {
				t.Errorf("%s, want %s", got, want)
			}
		}
	}
}

func TestPatienceIsShared(t *testing.T) {
	var p patience
	start := time.Now()
	first := p.context(start)
	if p.context(start.Add(recordTime-1)) != first {
		t.Error("two contexts within the time of one")
	}
	second := p.context(start.Add(recordTime))
	if second == first {
		t.Error("never another context")
	}
	for _, ctx := range []context.Context{first, second} {
		if end, ok := ctx.Deadline(); !ok || end.Sub(start) < 2*recordTime {
			t.Errorf("ends after %v", end.Sub(start))
		}
	}
}
