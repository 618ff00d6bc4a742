package index

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"
)

func TestCover(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 2000 {
		first := r.IntN(40_000) - 20_000
		last := first + r.IntN(1000) - 2
		at, rows := first, 0
		for _, s := range cover(first, last) {
			if s.first*s.size != at || s.last < s.first {
				t.Fatalf("%d to %d: at %d comes %+v of %v", first, last, at, s, cover(first, last))
			}
			at = (s.last + 1) * s.size
			rows += s.last - s.first + 1
		}
		if at != max(first, last+1) {
			t.Fatalf("%d to %d ends before %d", first, last, at)
		}
		if most := 2*7 + 2*7 + 1000/64; rows > most {
			t.Fatalf("%d to %d: %d rows", first, last, rows)
		}
	}
}

// Whatever the time, sums by key are those of its days.
func TestTopIsTheSumOfDays(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	m := &memory{}
	begin := time.Date(2025, 11, 30, 0, 0, 0, 0, jst)
	for range 3000 { // in no order: nodes tell late
		m.add(decision(r, begin.Add(time.Duration(r.IntN(366*24))*time.Hour)))
	}
	x := open(t, m, filepath.Join(t.TempDir(), "index"))
	ctx := context.Background()
	spans := 20
	if testing.Short() {
		spans = 3
	}
	for range spans {
		from := begin.AddDate(0, 0, r.IntN(366))
		to := from.AddDate(0, 0, r.IntN(366))
		for _, dim := range []Dim{Total, User, Rule, Type} {
			sums, err := x.Top(ctx, dim, "", from, to, ByNumber, 5, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, got := range sums {
				days, err := x.Days(ctx, dim, got.Key, from, to)
				if err != nil {
					t.Fatal(err)
				}
				want := Sum{Key: got.Key}
				for _, d := range days {
					want.N += d.N
					want.Bytes += d.Bytes
					want.People += d.People
					for a, n := range d.ByAction {
						want.ByAction[a] += n
					}
				}
				if got != want {
					t.Fatalf("dimension %d from %v to %v: %+v, by days %+v", dim, from, to, got, want)
				}
			}
		}
	}
	if all, err := x.Top(ctx, Total, "", begin, begin.AddDate(0, 0, -1), ByNumber, 5, 0); err != nil || len(all) != 0 {
		t.Errorf("of no time: %v %v", all, err)
	}
}
