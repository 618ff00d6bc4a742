package corpus

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// gen draws what a document is made of. Equal seeds draw equal documents, on
// every machine and with every release of Go.
type gen struct {
	r    *rand.Rand
	used map[string]bool // names given in this document
}

func newGen(seed uint64, kind string, n int) *gen {
	h := seed
	for _, b := range []byte(kind) {
		h = (h ^ uint64(b)) * 1099511628211 // FNV-1a
	}
	return &gen{r: rand.New(rand.NewPCG(h, uint64(n))), used: map[string]bool{}}
}

// n returns a number from lo to hi, both included.
func (g *gen) n(lo, hi int) int { return lo + g.r.IntN(hi-lo+1) }

func (g *gen) chance(p float64) bool { return g.r.Float64() < p }

func (g *gen) pick(from ...string) string { return from[g.r.IntN(len(from))] }

// word picks one of the words of a list with spaces between.
func (g *gen) word(list string) string { return g.pick(strings.Fields(list)...) }

// line picks one of the lines of a list.
func (g *gen) line(list string) string {
	return strings.TrimSpace(g.pick(strings.Split(strings.TrimSpace(list), "\n")...))
}

func (g *gen) from(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[g.r.IntN(len(alphabet))]
	}
	return string(b)
}

func (g *gen) digits(n int) string  { return g.from("0123456789", n) }
func (g *gen) letters(n int) string { return g.from("ABCDEFGHJKLMNPQRSTUVWXYZ", n) }
func (g *gen) hex(n int) string     { return g.from("0123456789abcdef", n) }

// shuffle orders n things anew.
func (g *gen) shuffle(n int, swap func(i, j int)) { g.r.Shuffle(n, swap) }

func (g *gen) amount() string {
	n := g.n(1, 9999) * 10
	if n >= 1000 {
		return fmt.Sprintf("%d,%03d", n/1000, n%1000)
	}
	return fmt.Sprint(n)
}

// recent returns a day of the last years, which is no birth date.
func (g *gen) recent(layout string) string {
	return fmt.Sprintf(layout, g.n(2019, 2026), g.n(1, 12), g.n(1, 28))
}

// month returns a month of the last years.
func (g *gen) month() string { return fmt.Sprintf("%d/%02d", g.n(2019, 2026), g.n(1, 12)) }

func (g *gen) clock() string { return fmt.Sprintf("%02d:%02d", g.n(7, 22), g.n(0, 59)) }

func (g *gen) stamp() string {
	return g.recent("%d-%02d-%02d") + "T" + g.clock() + fmt.Sprintf(":%02d.%03dZ", g.n(0, 59), g.n(0, 999))
}
