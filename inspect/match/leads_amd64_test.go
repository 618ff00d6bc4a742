//go:build !purego

package match

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestConfirmEqualsGo looks up every offset of texts made of literals, in groups of
// every size, up to the text's end, behind which there are zeros as in a scan.
func TestConfirmEqualsGo(t *testing.T) {
	r := seeded(11)
	for _, c := range []struct {
		name   string
		prefix string
		fold   bool
	}{
		{"kanji", "東京", false},
		{"kanji, folded", "東京", true},
		{"ASCII", "Prefix", false},
		{"ASCII, folded", "Prefix", true},
		{"short", "", false},
		{"short, folded", "", true},
	} {
		for _, n := range []int{1, 2, 4, 5, 8, 9, 30, maxFew, maxFew + 1, 100} {
			var lits []string
			for len(lits) < n {
				lit := c.prefix
				for range 1 + r.IntN(max(1, n/6)+3) {
					lit += []string{"a", "B", "c", "Z", "都", "会", "ア", "1", "@", "[", "\x00"}[r.IntN(11)]
				}
				lits = append(lits, lit)
			}
			p := literals(c.fold, lits...)
			p = append(p, Pattern{Literal: lits[0] + "X", Fold: !c.fold}, Pattern{Literal: "よそ"})
			var text strings.Builder
			for text.Len() < 3000 {
				lit := lits[r.IntN(n)]
				if r.IntN(3) == 0 {
					lit = strings.ToLower(lit)
				}
				text.WriteString(lit[:len(lit)-r.IntN(2)])
			}
			whole := []byte(text.String())
			for _, size := range []int{len(whole), len(whole) - 1, len(whole) - 4, 3, 1} {
				t.Run(fmt.Sprintf("%s/%d/%d", c.name, n, size), func(t *testing.T) {
					confirmEqualsGo(t, newTable(p), whole[:size:size])
				})
			}
		}
	}
}

func confirmEqualsGo(t *testing.T, table *table, text []byte) {
	part := append(slices.Clone(text), make([]byte, slack)...)
	const base = 1 << 12
	var found []uint32
	for i := range text {
		found = append(found, uint32(base+i))
	}
	whole := append(make([]byte, base), text...) // where the text stands
	for _, k := range vectors {
		var s scratch
		first := []lead{{1, 2}} // what is there already stays
		s.leads = k.leads(table, slices.Clone(first), found, part, base)
		if want := table.leads(first, found, part, base); !slices.Equal(s.leads, want) {
			t.Fatalf("%T: leads %v, want %v", k, s.leads, want)
		}
		s.leads = s.leads[1:]
		before := []Hit{{1, 2, 3}}
		got := k.confirm(table, &s, slices.Clone(before), whole, part, base)
		if want := table.confirmAll(before, s.leads, whole, part, base); !slices.Equal(got, want) {
			t.Fatalf("%T: hits %v, want %v", k, got, want)
		}
	}
}
