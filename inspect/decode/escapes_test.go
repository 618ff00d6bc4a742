package decode

import (
	"math/rand/v2"
	"testing"
	"unicode/utf8"
)

// Escapes side by side stand for what each of them does, wherever a text is cut.
func TestPlainUnitsEqualEach(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	pieces := []string{`\u95a2`, `\u30C6`, `\u0041`, `\u00e9`, `\u07ff`, `\u0800`, `\u0000`, `\uffff`, `\ud83d\ude00`, `\ud83d`, `\u12`, `\u{1f600}`, `\x41`, `&lt;`, `%41`, `\`, "a", " words ", "U+95A2"}
	for range 2000 {
		var text []byte
		for n := r.IntN(60); len(text) < n; {
			for k, p := r.IntN(4), pieces[r.IntN(len(pieces))]; k >= 0; k-- {
				text = append(text, p...)
			}
		}
		var want []byte
		for i := 0; i < len(text); {
			c, used, isByte := readEscape(text[i:])
			switch {
			case !leads[text[i]] || used == 0:
				want, used = append(want, text[i]), 1
			case isByte:
				want = append(want, byte(c))
			default:
				want = utf8.AppendRune(want, c)
			}
			i += used
		}
		if got, used := unescapes(nil, text, true); string(got) != string(want) || used != len(text) {
			t.Fatalf("%q is %q, want %q", text, got, want)
		}
		head, used := unescapes(nil, text, false)
		if rest, _ := unescapes(nil, text[used:], true); string(head)+string(rest) != string(want) {
			t.Fatalf("%q is %q and %q, want %q", text, head, rest, want)
		}
		n, size := 0, 0
		for i := 0; i < len(text); i++ {
			if _, used, _ := readEscape(text[i:]); used > 0 && leads[text[i]] {
				n, size, i = n+1, size+used, i+used-1
			}
		}
		if len(text) <= veinStep && manyEscapes(text, 0, len(text)) != (n >= minEscapes && size*8 >= escapeShare*len(text)) {
			t.Fatalf("%q has %d escapes of %d bytes", text, n, size)
		}
	}
}
