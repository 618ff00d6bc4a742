package detect

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The grid of a whole text is that of its rows, one after the other.
func TestGridOfAllRows(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	parts := []string{",", ",", "\n", "\n", "\r\n", "\"", "\"\"", ",\"", "\"a,\n\",", "a", "東京 ", "  ", "\t", "longer than the others are, and again so\t"}
	for range 3000 {
		var text []byte
		for range r.IntN(200) {
			p := parts[r.IntN(len(parts))]
			if p[0] == '"' && r.IntN(5) > 0 {
				continue
			}
			text = append(text, p...)
		}
		for _, wide := range []bool{false, true} {
			var all, each table
			for _, x := range []*table{&all, &each} {
				x.open(',', wide)
				x.cols = make([]column, 1) // lines without a delimiter do not end it
			}
			from := r.IntN(1 + len(text))
			all.build(text, from, 0)
			each.quotes = true
			for i := from; i < len(text); {
				each.rows = append(each.rows, row{int32(i), int32(len(each.cells))})
				i = each.parseRow(text, i)
			}
			if !slices.Equal(all.rows, each.rows) || !slices.Equal(all.cells, each.cells) {
				t.Fatalf("%q (wide %v):\n%v %v\n%v %v", text[from:], wide, all.rows, all.cells, each.rows, each.cells)
			}
		}
	}
}
