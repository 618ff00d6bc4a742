package match

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// randomExpr makes an expression of the kinds that matter to pivots: runs,
// alternatives, borders, classes, optional parts, kanji.
func randomExpr(r *rand.Rand, depth int) string {
	atoms := []string{`a`, `b`, `1`, `@`, `-`, `漢`, `字`, `\d`, `\w`, `[ab@]`, `[^a]`, `.`, `[a-z]`, `ab`, `1-`, `[あ-ん]`, `\s`, `(?i)K`}
	if depth == 0 {
		return pick(r, atoms)
	}
	sub := func() string { return randomExpr(r, depth-1) }
	switch r.IntN(12) {
	case 0:
		return `(?:` + sub() + `)+`
	case 1:
		return `(?:` + sub() + `)` + pick(r, []string{`*`, `?`, `{2}`, `{1,3}`, `{2,}`, `+?`, `*?`})
	case 2:
		return `(?:` + sub() + `|` + sub() + `)`
	case 3:
		return pick(r, []string{`\b`, `\B`, `(?m:^)`, `(?m:$)`}) + sub()
	case 4:
		return `(` + sub() + `)` + sub()
	case 5:
		return sub()
	default:
		return sub() + sub()
	}
}

func randomText(r *rand.Rand, n int) []byte {
	pieces := []string{"a", "b", "1", "@", "-", "漢", "字", "あ", " ", "\n", "k", "K", "\u212a", "\xff", "\xe6", "\xe6\xbc", "ab", "1-1", "a@b", "aaaa", "1111"}
	var b strings.Builder
	for b.Len() < n {
		piece := pick(r, pieces)
		b.WriteString(strings.Repeat(piece, 1+r.IntN(3)*r.IntN(8)))
	}
	return []byte(b.String())
}

func TestRandomExpressions(t *testing.T) {
	r := seeded(5)
	for round := range rounds {
		var src []string
		for len(src) < 1+round%4 {
			e := randomExpr(r, 1+r.IntN(3))
			if _, err := newExprs(exprsOf(e)); err == nil {
				src = append(src, e)
			}
		}
		exprAgree(t, src, randomText(r, 10), randomText(r, 100), randomText(r, 600), randomText(r, 6000))
		if t.Failed() {
			return
		}
	}
}

func TestRandomLiterals(t *testing.T) {
	r := seeded(6)
	for range rounds {
		var p []Pattern
		for i := range uint32(1 + r.IntN(60)) {
			lit := randomText(r, 1+r.IntN(1+r.IntN(24)))
			p = append(p, Pattern{string(lit[:1+r.IntN(len(lit))]), r.IntN(2) == 0, i})
		}
		agree(t, p, randomText(r, 10), randomText(r, 200), randomText(r, 6000))
		if t.Failed() {
			return
		}
	}
}

// rounds is how many random sets are tried.
const rounds = 60
