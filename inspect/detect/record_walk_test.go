package detect

import (
	"math/rand/v2"
	"testing"
)

// TestJSONWalk compares the structure that is followed by marks with that which is
// followed character by character, in text with all faults.
func TestJSONWalk(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const chars = `""""{}[]{}[],,:: ab関` + "\n"
	for n := range 300 {
		var text []byte
		for len(text) < 100+n*20 {
			if c := []rune(chars)[r.IntN(20)]; c != '"' || r.IntN(3) > 0 {
				text = append(text, string(c)...)
			} else {
				text = append(text, `"in a string",`...)
			}
		}
		type open struct {
			array bool
			index int
		}
		want, quote := []open{{array: true}}, false
		step := func(i int) {
			top := &want[len(want)-1]
			switch c := text[i]; {
			case c == '"' && !quote:
				quote = true
			case c == '"':
				quote = !closes(text, i+1)
			case quote:
			case c == ',':
				top.index++
			case (c == '{' || c == '[') && len(want) < maxDepth:
				want = append(want, open{array: c == '['})
			case (c == '}' || c == ']') && len(want) > 1:
				want = want[:len(want)-1]
			}
		}
		g := &grouper{blk: groupBlock{text: text}}
		j := &g.json
		j.push(true, -1)
		for at := 0; at < len(text); {
			to := min(len(text), at+r.IntN(300))
			for ; at < to; at++ {
				step(at)
			}
			j.walk(g, to)
			if j.pos != to || j.quote != quote || len(j.stack) != len(want) {
				t.Fatalf("up to %d of %q: at %d, in a string: %v, %d levels, want %v and %d", to, text, j.pos, j.quote, len(j.stack), quote, len(want))
			}
			for k, o := range want {
				if f := &j.stack[k]; f.array != o.array || f.index != o.index {
					t.Fatalf("up to %d of %q: level %d is %v, element %d, want %v", to, text, k, f.array, f.index, o)
				}
			}
		}
	}
}
