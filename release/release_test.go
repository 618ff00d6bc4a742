package release

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

var epoch = time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)

// desk is a store with a clock of its own.
type desk struct {
	*Store
	t     *testing.T
	dir   string
	now   time.Time
	steps []string
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, dir: t.TempDir(), now: epoch}
	d.open()
	return d
}

func (d *desk) open() {
	d.t.Helper()
	s, err := Open(d.dir, Config{
		Now:     func() time.Time { return d.now },
		Manager: func(user string) string { return map[string]string{"asker": "boss", "boss": "chief"}[user] },
		Record:  func(s Step) error { d.steps = append(d.steps, s.What); return nil },
	})
	if err != nil {
		d.t.Fatal(err)
	}
	d.Store = s
	d.t.Cleanup(func() { s.Close() })
}

func subject(n int) Subject {
	return Subject{Sender: "user asker", User: "asker", Host: "www.dropbox.com", Rule: "customer-list-outside", Content: fmt.Sprint(n)}
}

func approver(user string, groups ...string) Approver {
	return Approver{User: user, Groups: groups, Approves: true}
}

func (d *desk) ask(n int, t Terms) Case {
	d.t.Helper()
	c, err := d.Ask(subject(n), "SK-0000-0000", "the customer asked for it", t)
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

func TestAReleasePasses(t *testing.T) {
	d := newDesk(t)
	c := d.ask(1, Terms{By: []string{"security"}, People: 2, For: time.Hour})
	if again := d.ask(1, Terms{}); again.ID != c.ID {
		t.Error("asking twice makes two requests")
	}
	if _, ok := d.Allowed(subject(1)); ok {
		t.Fatal("it passes before anybody agreed")
	}
	for i, by := range []string{"sato", "ito"} {
		got, err := d.Decide(c.ID, approver(by, "security"), true, "checked with the customer")
		if err != nil || got.Agreed() != i+1 || (got.State == Approved) != (i == 1) {
			t.Fatalf("%+v %v", got, err)
		}
	}
	other := subject(1)
	for _, change := range []func(){
		func() { other.Host = "firestorage.jp" }, func() { other.Sender = "user other" },
		func() { other.Content = "2" }, func() { other.Rule = "card-outside" },
	} {
		other = subject(1)
		change()
		if _, ok := d.Allowed(other); ok {
			t.Errorf("%+v passes too", other)
		}
	}
	if _, ok := d.Allowed(subject(1)); !ok {
		t.Fatal("it does not pass")
	}
	if err := d.Passed(c.ID); err != nil {
		t.Fatal(err)
	}
	d.Store.Close()
	d.open()
	if got, ok := d.Allowed(subject(1)); !ok || got.Passed != 1 || len(got.Votes) != 2 {
		t.Fatalf("after a restart: %+v %v", got, ok)
	}
	d.now = d.now.Add(time.Hour)
	if _, ok := d.Allowed(subject(1)); ok {
		t.Error("it passes after its time")
	}
	if got, _ := d.Get(c.ID); got.State != Expired {
		t.Errorf("it is %s", got.State)
	}
	want := []string{"asked", "agreed", "approved", "passed"}
	if !slices.Equal(d.steps, want) {
		t.Errorf("recorded %v, want %v", d.steps, want)
	}
}

func TestWhoMayDecide(t *testing.T) {
	for name, c := range map[string]struct {
		by   Approver
		with []string
		want error
	}{
		"a member":                 {approver("sato", "security"), []string{"security"}, nil},
		"one of two groups":        {approver("sato", "sales"), []string{"security", "sales"}, nil},
		"the manager":              {approver("boss"), []string{Manager}, nil},
		"another's manager":        {approver("chief"), []string{Manager}, ErrNotYours},
		"a group called manager":   {approver("sato", "manager"), []string{Manager}, ErrNotYours},
		"anybody":                  {approver("sato"), nil, nil},
		"the asker":                {approver("asker", "security"), []string{"security"}, ErrOwn},
		"a stranger":               {approver("sato", "sales"), []string{"security"}, ErrNotYours},
		"an account that does not": {Approver{User: "sato", Groups: []string{"security"}}, []string{"security"}, ErrNotYours},
		"nobody":                   {approver(""), nil, ErrNotYours},
	} {
		d := newDesk(t)
		k := d.ask(1, Terms{By: c.with})
		if _, err := d.Decide(k.ID, c.by, true, "it is fine"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if _, err := d.Emergency(k.ID, c.by, "at once"); c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s, in an emergency: %v, want %v", name, err, c.want)
		}
	}
}

func TestDelegation(t *testing.T) {
	d := newDesk(t)
	if err := d.Delegate(Delegation{Of: "sato", Groups: []string{"security"}, To: "ito", From: epoch, Until: epoch.Add(24 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	c := d.ask(1, Terms{By: []string{"security"}, People: 2})
	got, err := d.Decide(c.ID, approver("ito"), true, "for sato")
	if err != nil || got.Votes[0].For != "sato" {
		t.Fatalf("%+v %v", got, err)
	}
	// Neither of the two makes a second person.
	for _, by := range []string{"ito", "sato"} {
		if _, err := d.Decide(c.ID, approver(by, "security"), true, "again"); !errors.Is(err, ErrAgain) {
			t.Errorf("%s: %v", by, err)
		}
	}
	// The asker's own power does not come back through another.
	if err := d.Delegate(Delegation{Of: "asker", Groups: []string{"security"}, To: "kato", From: epoch, Until: epoch.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Decide(c.ID, approver("kato"), true, "for the asker"); !errors.Is(err, ErrOwn) {
		t.Error(err)
	}
	d.now = d.now.Add(25 * time.Hour)
	c = d.ask(2, Terms{By: []string{"security"}})
	if _, err := d.Decide(c.ID, approver("ito"), true, "for sato"); !errors.Is(err, ErrNotYours) {
		t.Error("a delegation outlives its end:", err)
	}
}

func TestEnds(t *testing.T) {
	d := newDesk(t)
	denied := d.ask(1, Terms{People: 2})
	if got, err := d.Decide(denied.ID, approver("sato"), false, "not needed"); err != nil || got.State != Denied {
		t.Fatal(got, err)
	}
	if _, err := d.Decide(denied.ID, approver("ito"), true, "but it is"); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if again := d.ask(1, Terms{}); again.ID == denied.ID {
		t.Error("what was denied cannot be asked for again")
	}
	mine := d.ask(2, Terms{})
	if _, err := d.Withdraw(mine.ID, "user other"); !errors.Is(err, ErrUnknown) {
		t.Error("others withdraw it:", err)
	}
	if got, err := d.Withdraw(mine.ID, "user asker"); err != nil || got.State != Withdrawn {
		t.Error(got, err)
	}
	late := d.ask(3, Terms{})
	d.now = d.now.Add(73 * time.Hour)
	if _, err := d.Decide(late.ID, approver("sato"), true, "late"); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := d.Decide("RL-0000-0000", approver("sato"), true, "what"); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	if _, err := d.Ask(subject(4), "", " \n", Terms{}); !errors.Is(err, ErrReason) {
		t.Error(err)
	}
	quick := d.ask(5, Terms{People: 3})
	if got, err := d.Emergency(quick.ID, approver("sato"), "the line is down"); err != nil || got.State != Approved || !got.Votes[0].Emergency {
		t.Error(got, err)
	}
	for i := range maxOwn {
		d.ask(100+i, Terms{})
	}
	if _, err := d.Ask(subject(999), "", "one more", Terms{}); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
}

// What cannot be recorded does not happen, and a crash loses nothing that did.
func TestNothingWithoutRecord(t *testing.T) {
	d := newDesk(t)
	c := d.ask(1, Terms{})
	d.Store.Record = func(Step) error { return errors.New("disk full") }
	if _, err := d.Decide(c.ID, approver("sato"), true, "fine"); err == nil {
		t.Error("decided without a record")
	}
	if _, ok := d.Allowed(subject(1)); ok {
		t.Error("it passes")
	}
	d.Store.Record = nil
	if _, err := d.Decide(c.ID, approver("sato"), true, "fine"); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(d.dir, "releases.jsonl")
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range whole { // a crash at any byte
		if err := os.WriteFile(name, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		d.open()
		lines := 0
		for _, b := range whole[:cut] {
			if b == '\n' {
				lines++
			}
		}
		if _, ok := d.Allowed(subject(1)); ok {
			t.Fatalf("approved after %d bytes, %d lines", cut, lines)
		}
		if got := len(d.List()); got != min(lines, 1) {
			t.Fatalf("%d requests after %d whole lines", got, lines)
		}
		d.Store.Close()
	}
	if err := os.WriteFile(name, append([]byte("{]\n"), whole...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(d.dir, Config{}); err == nil {
		t.Error("a damaged file is taken for a whole one")
	}
}

// No sequence of calls by one account makes its own upload pass, nor anybody's
// where two people are asked for.
func TestNobodyReleasesAlone(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 7))
		d := newDesk(t)
		d.Store.Record = nil
		alone := []string{"asker", "sato"}[r.IntN(2)]
		people := 1 + r.IntN(2)
		if alone != "asker" {
			people = 2
		}
		groups := [][]string{{"security"}, {"security", Manager}, nil}[r.IntN(3)]
		c := d.ask(1, Terms{By: groups, People: people})
		for range 25 {
			a := Approver{User: alone, Groups: []string{"security", Manager, "sales"}, Approves: true}
			switch r.IntN(6) {
			case 0:
				d.Decide(c.ID, a, true, "yes")
			case 1:
				d.Ask(subject(1), "", "again", Terms{By: groups, People: people})
			case 2:
				d.Delegate(Delegation{Of: alone, Groups: a.Groups, To: []string{"ito", alone, "kato"}[r.IntN(3)], From: d.now, Until: d.now.Add(time.Hour)})
			case 3:
				d.Withdraw(c.ID, "user "+alone)
			case 4:
				d.now = d.now.Add(time.Duration(r.IntN(30)) * time.Minute)
			case 5:
				d.Store.Close()
				d.open()
				d.Store.Record = nil
			}
			if last, ok := d.Latest(subject(1)); ok {
				c = last
			}
			if _, ok := d.Allowed(subject(1)); ok {
				t.Fatalf("seed %d: %s alone made it pass: %+v", seed, alone, c)
			}
		}
	}
}
