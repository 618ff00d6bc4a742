package release

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// Whatever the order in which the nodes of a fleet learn what happened, and
// however often, all of them make the same of it, and nothing passes with fewer
// people than it needs.
func TestNewsComeInAnyOrder(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 3))
		var nodes []*desk
		told := make([][][]byte, 3)
		now := epoch
		for i := range 3 {
			d := &desk{t: t, dir: t.TempDir(), now: epoch}
			s, err := Open(d.dir, Config{Now: func() time.Time { return now }, Key: make([]byte, 32), Node: string(rune('a' + i)),
				Share: func(b []byte) { told[i] = append(told[i], b) }})
			if err != nil {
				t.Fatal(err)
			}
			d.Store = s
			t.Cleanup(func() { s.Close() })
			nodes = append(nodes, d)
		}
		k := nodes[0].ask(1, Terms{People: 2, For: time.Hour})
		for _, d := range nodes[1:] {
			if err := d.Take(told[0][0]); err != nil {
				t.Fatal(err)
			}
		}
		people := map[string]bool{}
		denied := false
		for i, by := range []string{"sato", "ito", "kato"} { // all at once, each on a node
			now = now.Add(time.Second)
			yes := r.IntN(4) > 0
			if _, err := nodes[i].Decide(k.ID, approver(by), yes, "looked at it"); err != nil {
				t.Fatal(err)
			}
			denied = denied || !yes
			people[by] = yes
		}
		for i, d := range nodes {
			var all [][]byte
			for j := range told {
				if i != j {
					all = append(append(all, told[j]...), told[j]...)
				}
			}
			r.Shuffle(len(all), func(a, b int) { all[a], all[b] = all[b], all[a] })
			for _, b := range all {
				if err := d.Take(b); err != nil {
					t.Fatal(err)
				}
			}
		}
		want, _ := nodes[0].Get(k.ID)
		if want.State != Approved && !denied || denied && want.State != Denied || len(want.Votes) != 3 {
			t.Fatalf("seed %d: %+v", seed, want)
		}
		for _, d := range nodes[1:] {
			got, _ := d.Get(k.ID)
			if got.State != want.State || !got.Ends.Equal(want.Ends) || !reflect.DeepEqual(voters(got), voters(want)) {
				t.Fatalf("seed %d:\n%+v\n%+v", seed, got, want)
			}
		}
	}
}

func voters(c Case) (all []string) {
	for _, v := range c.Votes {
		all = append(all, v.By)
	}
	return all
}

// What one store tells anew makes another, which was not there, the same.
func TestRetell(t *testing.T) {
	var told [][]byte
	open := func(share func([]byte)) *desk {
		d := &desk{t: t, dir: t.TempDir(), now: epoch}
		s, err := Open(d.dir, Config{Now: func() time.Time { return d.now }, Key: make([]byte, 32), Node: d.dir, Share: share})
		if err != nil {
			t.Fatal(err)
		}
		d.Store = s
		t.Cleanup(func() { s.Close() })
		return d
	}
	a := open(func(b []byte) { told = append(told, b) })
	k := a.ask(1, Terms{People: 2, For: time.Hour})
	for _, by := range []string{"sato", "ito"} {
		a.now = a.now.Add(time.Minute)
		if _, err := a.Decide(k.ID, approver(by), true, "fine"); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Passed(k.ID); err != nil {
		t.Fatal(err)
	}
	w := a.ask(2, Terms{})
	if _, err := a.Withdraw(w.ID, "user asker"); err != nil {
		t.Fatal(err)
	}
	if err := a.Delegate(Delegation{Of: "sato", To: "ito", From: epoch, Until: epoch.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	told = nil
	a.Retell()
	b := open(nil)
	for range 2 {
		for _, n := range told {
			if err := b.Take(n); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, id := range []string{k.ID, w.ID} {
		x, _ := a.Get(id)
		y, err := b.Get(id)
		if err != nil || x.State != y.State || !x.Ends.Equal(y.Ends) || x.Passed != y.Passed || len(x.Votes) != len(y.Votes) {
			t.Errorf("%+v\n%+v %v", x, y, err)
		}
	}
	if _, ok := b.Allowed(subject(1)); !ok || len(b.Delegations()) != 1 {
		t.Error("it does not pass there")
	}
	if err := b.Take([]byte("{")); err == nil {
		t.Error("nonsense is taken")
	}
}

// A delegation that was ended or changed is so on every node, whoever tells first.
func TestDelegationsEndEverywhere(t *testing.T) {
	now := epoch
	var told [2][][]byte
	var nodes [2]*Store
	for i := range nodes {
		s, err := Open(t.TempDir(), Config{Now: func() time.Time { return now }, Key: make([]byte, 32), Node: string(rune('a' + i)),
			Share: func(b []byte) { told[i] = append(told[i], b) }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		nodes[i] = s
	}
	var all [][]byte
	exchange := func(to string) {
		t.Helper()
		all = append(append(all, told[0]...), told[1]...)
		for _, s := range nodes {
			for range 2 { // also what is told late
				for _, b := range all {
					if err := s.Take(b); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		for i, s := range nodes {
			if ds := s.Delegations(); to == "" && len(ds) != 0 || to != "" && (len(ds) != 1 || ds[0].To != to) {
				t.Errorf("node %d has %+v, want one to %q", i, ds, to)
			}
		}
	}
	day := 24 * time.Hour
	for _, d := range []Delegation{
		{To: "ito", From: epoch.Add(2 * day), Until: epoch.Add(9 * day)},
		{To: "kato", From: epoch, Until: epoch.Add(3 * day)}, // begins earlier
		{}, // is over
		{To: "ito", From: epoch, Until: epoch.Add(day)},
		{},
	} {
		now = now.Add(time.Minute)
		d.Of = "sato"
		if err := nodes[0].Delegate(d); err != nil {
			t.Fatal(err)
		}
		exchange(d.To)
		for _, s := range nodes {
			s.Retell()
		}
		exchange(d.To)
	}
}
