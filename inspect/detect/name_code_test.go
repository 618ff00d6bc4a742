package detect

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// Candidates of one text are told by the pages around them as they are by all of
// their surroundings.
func TestCodePagesAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	words := []string{"Taylor ", "and ", "the ", "山田 ", "\n", "retur", ") ", "(", "func", "x = 1 "}
	in, out := 0, 0
	for range 40 {
		var text []byte
		for len(text) < 4000 {
			if r.IntN(30) == 0 {
				text = append(text, codeMarks[r.IntN(len(codeMarks))]...)
			} else {
				text = append(text, words[r.IntN(len(words))]...)
			}
		}
		var pages codePages
		for start := 0; start+6 < len(text); start += 1 + r.IntN(60) {
			near := text[max(0, start-240):min(len(text), start+6+160)]
			n := 0
			for _, m := range codeMarks {
				if len(m) > longestMark {
					t.Fatalf("%q is longer than longestMark", m)
				}
				if bytes.Contains(near, []byte(m)) {
					n++
				}
			}
			if got := pages.around(text, start, start+6); got != (n >= 3) || inCode(text, start, start+6) != got {
				t.Fatalf("%v with %d marks near", got, n)
			}
			if n >= 3 {
				in++
			} else {
				out++
			}
		}
	}
	if in < 100 || out < 100 {
		t.Fatalf("%d in code and %d not: not much was tried", in, out)
	}
}
