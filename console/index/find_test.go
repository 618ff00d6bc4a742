package index

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/sekimori-dlp/sekimori/audit"
)

// TestWhateverLeadsTheSearch does as TestFindIsTheNaiveSearch with any filters
// together, whichever column leads the search.
func TestWhateverLeadsTheSearch(t *testing.T) {
	m := invent(4000)
	r := rand.New(rand.NewPCG(8, 8))
	state := map[uint64]string{}
	for range 300 {
		seq, s := 1+r.Uint64N(4000), []string{"open", "closed"}[r.IntN(2)]
		state[seq] = s
		m.add(audit.Event{Kind: "console", Action: "note", Time: to, Details: map[string]string{"record": fmt.Sprint(seq), "state": s}})
	}
	x := open(t, m, filepath.Join(t.TempDir(), "index"))
	defer func(n int) { few = n }(few)
	maybe := func(n int, word string) string {
		if r.IntN(n) > 0 {
			return ""
		}
		return word
	}
	searches := 200
	if testing.Short() {
		searches = 20
	}
	for range searches {
		few = []int{20_000, 15, 0}[r.IntN(3)]
		at := m.all[r.IntN(4000)].Event
		f := Filter{User: maybe(2, at.User), Host: maybe(3, at.Host), Rule: maybe(3, fmt.Sprintf("rule-%d", r.IntN(12))), Type: maybe(3, []string{"NAME", "PHONE", "EMAIL"}[r.IntN(3)]),
			Action: maybe(3, []string{"block", "allow", "warn"}[r.IntN(3)]), State: maybe(3, []string{"new", "open", "closed"}[r.IntN(3)]),
			Reason: r.IntN(5) == 0, Quiet: r.IntN(2) == 0}
		if r.IntN(8) == 0 {
			f.User = "user0"
		}
		if r.IntN(3) == 0 {
			f.From, f.To = to.AddDate(0, 0, -30), to.AddDate(0, 0, -15)
		}
		var want []uint64
		for i, rec := range slices.Backward(m.all[:4000]) {
			got, plain := state[uint64(i)+1], f
			plain.State = ""
			if naive(plain, rec.Event) && (f.State == "" || f.State == got || f.State == "new" && got == "") {
				want = append(want, rec.Seq)
			}
		}
		var got []uint64
		var after Cursor
		for more := true; more; {
			var rows []Row
			var err error
			if rows, more, err = x.Find(context.Background(), f, after, 7); err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				got = append(got, row.Seq)
				after = row.Cursor()
			}
			if len(got) > len(want) {
				break
			}
			if len(got) > 40 { // the rest is as these
				want = want[:len(got)]
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("few %d, %+v:\nfound %v\nwant  %v", few, f, got, want)
		}
		if n, err := x.Count(context.Background(), f, 5000); err != nil || n < len(want) || len(want) <= 40 && n != len(want) {
			t.Fatalf("few %d, %+v: counted %d of %d, %v", few, f, n, len(want), err)
		}
	}
}
