package index

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

// memory is a record in memory.
type memory struct {
	all []audit.Record
}

func (m *memory) Acknowledged() uint64 { return uint64(len(m.all)) }

func (m *memory) Read(from uint64, fn func(audit.Record) error) error {
	for i := int(max(from, 1)) - 1; i < len(m.all); i++ {
		if err := fn(m.all[i]); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) add(ev audit.Event) uint64 {
	r := audit.Record{Seq: uint64(len(m.all)) + 1, Event: ev}
	r.Hash[0], r.Hash[1] = byte(r.Seq), byte(r.Seq>>8)
	m.all = append(m.all, r)
	return r.Seq
}

var jst = time.FixedZone("JST", 9*3600)

// decision invents one; r decides all.
func decision(r *rand.Rand, at time.Time) audit.Event {
	ev := audit.Event{Kind: "decision", Time: at, User: fmt.Sprintf("user%03d", r.IntN(300)), Host: fmt.Sprintf("host%03d.example", r.IntN(500)),
		Classes: []string{[]string{"web-mail", "cloud-storage", "unknown"}[r.IntN(3)]}, Action: "allow", Bytes: int64(r.IntN(100_000)),
		Coverage: map[string]any{"inspected": 1.0}}
	if r.IntN(3) == 0 {
		ev.User = "anonymous"
	}
	switch r.IntN(20) {
	case 0:
		ev.Action, ev.Rule, ev.Severity = Actions[2+r.IntN(4)], fmt.Sprintf("rule-%d", r.IntN(12)), "high"
		ev.Incident, ev.Records = fmt.Sprintf("SK-%08d", r.IntN(1e8)), 1+r.IntN(200)
		ev.Counts = map[string]int{"NAME": ev.Records, "PHONE": 1 + r.IntN(9)}
	case 1:
		ev.Coverage = map[string]any{"not": 1.0, "reasons": map[string]any{"encrypted": 1.0, "too-large": float64(1 + r.IntN(3))}}
	case 2:
		ev.Counts = map[string]int{"EMAIL": 1}
	}
	return ev
}

func invent(n int) *memory {
	r := rand.New(rand.NewPCG(1, 2))
	m := &memory{}
	at := time.Date(2026, 11, 21, 20, 0, 0, 0, jst)
	for i := range n {
		m.add(decision(r, at.Add(-time.Duration(n-i)*(30*24*time.Hour/time.Duration(n)))))
	}
	return m
}

func open(t testing.TB, m Source, path string) *Index {
	t.Helper()
	x, err := Open(path, m, jst)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	if err := x.Feed(context.Background()); err != nil {
		t.Fatal(err)
	}
	return x
}

var (
	from = time.Date(2026, 10, 1, 0, 0, 0, 0, jst)
	to   = time.Date(2026, 11, 30, 0, 0, 0, 0, jst)
)

// TestSumsReconcile compares every number with a count over the record itself.
func TestSumsReconcile(t *testing.T) {
	m := invent(9000)
	x := open(t, m, filepath.Join(t.TempDir(), "index"))
	ctx := context.Background()
	for _, dim := range []Dim{Total, User, Host, Class, Rule, Type, Reason} {
		want := map[string]Sum{}
		for _, r := range m.all {
			ev := r.Event
			put := func(key string, people int) {
				s := want[key]
				s.Key = key
				s.add(actionNumber(ev.Action), 1, ev.Bytes, int64(people))
				want[key] = s
			}
			switch dim {
			case Total:
				put("", ev.Records)
			case User:
				put(ev.User, ev.Records)
			case Host:
				put(ev.Host, ev.Records)
			case Class:
				put(ev.Classes[0], ev.Records)
			case Rule:
				if ev.Rule != "" {
					put(ev.Rule, ev.Records)
				}
			case Type:
				for k, n := range ev.Counts {
					put(k, n)
				}
			case Reason:
				for k, n := range gaps(ev.Coverage) {
					put(k, n)
				}
			}
		}
		got, err := x.Top(ctx, dim, "", from, to, ByNumber, 10_000, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Errorf("dimension %d has %d keys, want %d", dim, len(got), len(want))
		}
		for _, g := range got {
			if g != want[g.Key] {
				t.Errorf("dimension %d: %+v, want %+v", dim, g, want[g.Key])
			}
		}
	}
	days, err := x.Days(ctx, Total, "", from, to)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range days {
		n := int64(0)
		for _, r := range m.all {
			if !r.Event.Time.Before(d.Date) && r.Event.Time.Before(d.Date.AddDate(0, 0, 1)) {
				n++
			}
		}
		if d.N != n {
			t.Errorf("%s has %d, want %d", d.Date.Format(time.DateOnly), d.N, n)
		}
	}
}

// TestFindIsTheNaiveSearch pages through searches and compares with a walk
// over the record.
func TestFindIsTheNaiveSearch(t *testing.T) {
	m := invent(6000)
	x := open(t, m, filepath.Join(t.TempDir(), "index"))
	ctx := context.Background()
	half := time.Date(2026, 11, 6, 12, 0, 0, 0, jst)
	for _, f := range []Filter{
		{}, {Quiet: true}, {User: "anonymous"}, {User: "anonymous", Quiet: true}, {User: "user01"}, {Host: "host001.example", Quiet: true},
		{Action: "block"}, {Rule: "rule-3", Action: "hold"}, {Type: "PHONE"}, {Type: "EMAIL", Quiet: true}, {Type: "PHONE", User: "anonymous"},
		{From: half}, {To: half, Action: "warn"}, {From: half, To: half.Add(48 * time.Hour), Quiet: true}, {Reason: true, Quiet: true},
		{User: "nobody"}, {Incident: m.all[0].Event.Incident, Quiet: true}, {State: "new"}, {State: "closed"},
	} {
		var want []uint64
		for i := len(m.all) - 1; i >= 0; i-- {
			if naive(f, m.all[i].Event) {
				want = append(want, m.all[i].Seq)
			}
		}
		var got []uint64
		for after, more := (Cursor{}), true; more; {
			rows, next, err := x.Find(ctx, f, after, 97)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				got, after = append(got, r.Seq), r.Cursor()
			}
			more = next
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%+v: %d found, want %d", f, len(got), len(want))
		}
		if n, err := x.Count(ctx, f, 1e6); err != nil || n != len(want) {
			t.Errorf("%+v: %d counted, want %d (%v)", f, n, len(want), err)
		}
	}
}

func naive(f Filter, ev audit.Event) bool {
	has := func(part, s string, whole bool) bool {
		return part == "" || s == part || !whole && len(s) > len(part) && contains(s, part)
	}
	noted := ev.Incident != "" || ev.Rule != "" || ev.Action != "allow"
	return (f.Quiet || noted) && has(f.User, ev.User, f.User == "anonymous") && has(f.Host, ev.Host, false) && has(f.Rule, ev.Rule, true) &&
		has(f.Action, ev.Action, true) && (f.Incident == "" || f.Incident == ev.Incident) && (f.Type == "" || ev.Counts[f.Type] > 0) &&
		(f.From.IsZero() || !ev.Time.Before(f.From)) && (f.To.IsZero() || ev.Time.Before(f.To)) &&
		(!f.Reason || len(gaps(ev.Coverage)) > 0) && (f.State == "" || f.State == "new")
}

func contains(s, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		if s[i:i+len(part)] == part {
			return true
		}
	}
	return false
}

func TestIndexFollowsAndSurvives(t *testing.T) {
	m := invent(500)
	path := filepath.Join(t.TempDir(), "console", "index")
	ctx := context.Background()
	x := open(t, m, path)
	count := func(x *Index) (n int) {
		n, err := x.Count(ctx, Filter{Quiet: true}, 1e6)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(x); n != 500 {
		t.Fatalf("%d at first", n)
	}
	seq := m.add(audit.Event{Kind: "decision", Action: "block", Time: to})
	m.add(audit.Event{Kind: "console", Action: "note", Time: to, User: "sato", Reason: "asked", Details: map[string]string{"record": fmt.Sprint(seq), "state": "closed"}})
	if err := x.Feed(ctx); err != nil {
		t.Fatal(err)
	}
	if n := count(x); n != 501 {
		t.Errorf("%d after growth", n)
	}
	if s, err := x.State(ctx, seq); s != "closed" || err != nil {
		t.Errorf("state %q, %v", s, err)
	}
	acts, _, err := x.Acts(ctx, ActFilter{Record: seq}, 10)
	if err != nil || len(acts) != 1 || acts[0].By != "sato" || acts[0].Text != "asked" {
		t.Errorf("acts %+v, %v", acts, err)
	}
	x.Close()

	// Opened again it goes on where it was, without reading again.
	x = open(t, m, path)
	if n := count(x); n != 501 {
		t.Errorf("%d after opening again", n)
	}
	x.Close()

	for what, harm := range map[string]func() error{
		"deleted": func() error { return os.Remove(path) },
		"garbage": func() error { return os.WriteFile(path, []byte("this is no database, nor was it ever one"), 0o600) },
	} {
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		x = open(t, m, path)
		if n := count(x); n != 501 {
			t.Errorf("%s: %d", what, n)
		}
		x.Close()
	}

	// Another record in the first one's place.
	other := invent(700)
	for i := range other.all {
		other.all[i].Hash[31] = 1
	}
	x = open(t, other, path)
	if n := count(x); n != 700 {
		t.Errorf("%d of another record", n)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}
