package release

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// ends is a desk whose record outlives its restarts.
type ends struct {
	*desk
	record []Step
	fail   bool // the record takes a step and then says that it did not
	looked int
}

func newEnds(t *testing.T) *ends {
	e := &ends{desk: &desk{t: t, dir: t.TempDir(), now: epoch}}
	e.restart()
	return e
}

func (e *ends) restart() {
	e.t.Helper()
	if e.Store != nil {
		e.Store.Close()
	}
	s, err := Open(e.dir, Config{Now: func() time.Time { return e.now },
		Record: func(st Step) error {
			e.record = append(e.record, st)
			if e.fail {
				return errors.New("no answer")
			}
			return nil
		},
		Recorded: func(st Step, since time.Time) (bool, error) {
			e.looked++
			if e.now.Before(since) {
				e.t.Errorf("looks from %v on, which is to come", since)
			}
			return slices.ContainsFunc(e.record, func(o Step) bool {
				return o.What == st.What && o.Case.ID == st.Case.ID && o.Case.Lapsed == st.Case.Lapsed
			}), nil
		}})
	if err != nil {
		e.t.Fatal(err)
	}
	e.Store = s
	e.t.Cleanup(func() { s.Close() })
}

// expired gives the recorded ends, as number and the state that ended.
func (e *ends) expired() (all []string) {
	for _, st := range e.record {
		if st.What == "expired" {
			if st.Case.State != Expired || st.By != "" {
				e.t.Errorf("recorded %+v", st)
			}
			all = append(all, st.Case.ID+" "+string(st.Case.Lapsed))
		}
	}
	return all
}

func (e *ends) expire() {
	e.t.Helper()
	if err := e.Expire(); err != nil {
		e.t.Fatal(err)
	}
}

func TestEndsAreRecordedOnce(t *testing.T) {
	e := newEnds(t)
	waits, passes, denied, back := e.ask(1, Terms{}), e.ask(2, Terms{For: time.Hour}), e.ask(3, Terms{}), e.ask(4, Terms{})
	for id, yes := range map[string]bool{passes.ID: true, denied.ID: false} {
		if _, err := e.Decide(id, approver("sato"), yes, "looked at it"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Withdraw(back.ID, "user asker"); err != nil {
		t.Fatal(err)
	}
	want := []string{passes.ID + " approved", waits.ID + " waiting"}
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 0}, {time.Hour - 1, 0}, {1, 1}, {time.Hour, 1}, {70*time.Hour - 1, 1}, {1, 2}, {24 * time.Hour, 2}, {200 * 24 * time.Hour, 2}} {
		e.now = e.now.Add(step.after)
		for range 2 { // as it runs, and after a restart
			e.expire()
			e.expire()
			if got := e.expired(); !slices.Equal(got, want[:step.want]) {
				t.Fatalf("%v after the beginning: recorded %v, want %v", e.now.Sub(epoch), got, want[:step.want])
			}
			e.restart()
		}
	}
	if e.looked > 0 {
		t.Errorf("looked into the record %d times without need", e.looked)
	}
	if all := e.List(); len(all) != 0 {
		t.Errorf("kept for ever: %+v", all)
	}
}

// What ends while the program is off is recorded at the next start, however late
// that is, in the order in which it ended.
func TestEndsAreRecordedLate(t *testing.T) {
	e := newEnds(t)
	var want []string
	for n := range 5 {
		c := e.ask(n, Terms{})
		want = append(want, c.ID+" waiting")
		e.now = e.now.Add(time.Minute)
	}
	e.now = e.now.Add(2 * keep)
	e.restart()
	e.expire()
	if got := e.expired(); !slices.Equal(got, want) {
		t.Errorf("recorded %v, want %v", got, want)
	}
}

// Wherever a crash or a failure of the record comes, the end is recorded once.
func TestEndsAreRecordedOnceOverCrashes(t *testing.T) {
	e := newEnds(t)
	c := e.ask(1, Terms{For: time.Hour})
	if _, err := e.Decide(c.ID, approver("sato"), true, "fine"); err != nil {
		t.Fatal(err)
	}
	e.now = e.now.Add(time.Hour)
	name := filepath.Join(e.dir, "releases.jsonl")
	before, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	e.expire()
	after, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	// A crash left any part of what was written since; of the record, which comes
	// in between, nothing is there before the first line is whole.
	first := slices.Index(after[len(before):], '\n') + 1
	if first <= 0 || first == len(after)-len(before) {
		t.Fatalf("one line for the end:\n%s", after[len(before):])
	}
	whole := e.record
	for _, recorded := range []bool{false, true} {
		for n := len(before); n <= len(after); n++ {
			// Of lines that are not whole, a few do: nothing of them counts.
			if k := n - len(before) - first; n%97 != 0 && n > len(before) && k != -1 && k != 0 && n < len(after)-1 {
				continue
			}
			if there := n >= len(before)+first; recorded && !there || !recorded && n == len(after) {
				continue
			}
			e.Store.Close()
			e.record = slices.Clone(whole)
			if !recorded {
				e.record = e.record[:len(whole)-1]
			}
			if err := os.WriteFile(name, after[:n], 0o600); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				e.restart()
				e.expire()
			}
			if got := e.expired(); !slices.Equal(got, []string{c.ID + " approved"}) {
				t.Fatalf("crash after %d bytes, recorded %v: then %v", n-len(before), recorded, got)
			}
		}
	}
	// The record took it and said that it did not; something else happens, and
	// the next tries find it.
	d := e.ask(2, Terms{For: time.Hour})
	if _, err := e.Decide(d.ID, approver("sato"), true, "fine"); err != nil {
		t.Fatal(err)
	}
	e.now = e.now.Add(time.Hour)
	e.fail = true
	if err := e.Expire(); err == nil {
		t.Fatal("no error")
	}
	e.fail = false
	if err := e.Passed(d.ID); err != nil { // its upload was under way
		t.Fatal(err)
	}
	e.restart()
	e.expire()
	e.expire()
	if got := e.expired(); !slices.Equal(got, []string{c.ID + " approved", d.ID + " approved"}) {
		t.Errorf("after a failure: %v", got)
	}
}

// Of several stores, the one that was asked records the end; a decision that was
// made in time elsewhere and comes late has an end of its own.
func TestEndsAmongStores(t *testing.T) {
	now := epoch
	told, recorded := map[string][][]byte{}, map[string][]string{}
	open := func(node string) *Store {
		s, err := Open(t.TempDir(), Config{Now: func() time.Time { return now }, Key: make([]byte, 32), Node: node,
			Share: func(b []byte) { told[node] = append(told[node], b) },
			Record: func(st Step) error {
				if st.What == "expired" {
					recorded[node] = append(recorded[node], string(st.Case.Lapsed))
				}
				return nil
			}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	a, b := open("a"), open("b")
	c, err := a.Ask(subject(1), "SK-0000-0000", "why", Terms{For: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	take := func(to *Store, from string) {
		t.Helper()
		for _, n := range told[from] {
			if err := to.Take(n); err != nil {
				t.Fatal(err)
			}
		}
	}
	expire := func() {
		t.Helper()
		for _, s := range []*Store{a, b} {
			if err := s.Expire(); err != nil {
				t.Fatal(err)
			}
		}
	}
	take(b, "a")
	now = c.Ends.Add(-time.Minute)
	if _, err := b.Decide(c.ID, approver("sato"), true, "fine"); err != nil {
		t.Fatal(err)
	}
	now = c.Ends
	expire()
	if len(recorded["a"]) != 1 || len(recorded["b"]) != 0 {
		t.Errorf("recorded %v", recorded)
	}
	take(a, "b")
	if _, ok := a.Allowed(subject(1)); !ok {
		t.Error("what was approved in time does not pass")
	}
	now = c.Ends.Add(time.Hour)
	expire()
	a.Retell()
	take(b, "a")
	expire()
	if got := recorded["a"]; !slices.Equal(got, []string{"waiting", "approved"}) || len(recorded["b"]) != 0 {
		t.Errorf("recorded %v", recorded)
	}
}
