package detect

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// What is found out eight bytes at a time is what each byte says.
func TestLetteringEqualsEach(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	words := []string{"phone", "Phone", "URLofHost", "X", "-", "_", " ", "\n", "電話", "0", "@[`{", "\x7f", "é", "IDs"}
	for range 3000 {
		var s []byte
		for n := r.IntN(270); len(s) < n; {
			s = append(s, words[r.IntN(len(words))]...)
		}
		var got lettering
		defer func(v bool) { nameVectors = v }(nameVectors)
		for _, nameVectors = range []bool{false, nameVectors} {
			var again lettering
			if again.of(s); got.n > 0 && again != got {
				t.Fatalf("%q is %v with vectors %v, %v without", s, again, nameVectors, got)
			}
			got = again
		}
		var upper marks
		text := bytes.Clone(s[:min(len(s), 256)])
		for i, c := range text {
			if c >= 'A' && c <= 'Z' {
				text[i] |= 0x20
				upper.set(i)
			}
		}
		if !bytes.Equal(got.buf[:got.n], text) {
			t.Fatalf("%q in small letters is %q", s, got.buf[:got.n])
		}
		for i, c := range text {
			inside := i > 0 && isLetter(text[i-1]) && !camelBorder(&upper, text, i)
			if start := isLetter(c) && !inside || c >= 0xC0; got.starts.has(i) != start {
				t.Fatalf("%q at %d: start %v", s, i, !start)
			}
			if stop := !isLetter(c) || i > 0 && camelBorder(&upper, text, i); i > 0 && got.stops.has(i) != stop {
				t.Fatalf("%q at %d: stop %v", s, i, !stop)
			}
		}
		if got, want := lastNewline(s), bytes.LastIndexByte(s, '\n'); got != want {
			t.Fatalf("the last line end of %q is at %d, want %d", s, got, want)
		}
		if got, want := allASCII(s), bytes.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0; got != want {
			t.Fatalf("%q is all ASCII: %v", s, got)
		}
	}
}
