package detect

import (
	"math/rand/v2"
	"testing"
	"unicode/utf8"
)

// Characters are counted as far as a record reaches.
func TestChars(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	all := []rune("ab é関\n😀")
	for range 3000 {
		var text []byte
		for n, kinds := r.IntN(900), 1+r.IntN(len(all)); len(text) < n; {
			text = utf8.AppendRune(text, all[r.IntN(kinds)])
		}
		got, want := chars(text), utf8.RuneCount(text)
		if got != want && (got <= recordReach || want <= recordReach) {
			t.Fatalf("%q has %d characters, want %d", text, got, want)
		}
	}
}
