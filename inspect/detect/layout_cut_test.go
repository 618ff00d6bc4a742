package detect

import (
	"math/rand/v2"
	"testing"
)

// A block of a table is cut behind the last line end that stands in no quotes.
func TestRowCut(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	v := &view{mode: rows}
	v.table.known = true
	for range 5000 {
		text := []byte{'"'}
		for range r.IntN(60) {
			text = append(text, "aaaa,,\"\"\n"[r.IntN(9)])
		}
		hi := r.IntN(len(text) + 1)
		want := 0
		for i := 0; i < hi; i++ {
			if text[i] == '\n' {
				want = i + 1
			} else if end, ok := quoteEnd(text, i); ok && text[i] == '"' {
				i = end
			}
		}
		if got := v.rowCut(text, 0, hi); got != want {
			t.Fatalf("%q is cut at %d, want %d", text[:hi], got, want)
		}
	}
}
