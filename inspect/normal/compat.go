package normal

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// compatible applies NFKC (UAX #15) where it only changes the looks: ㈱ to
// (株), ㍻ to 平成, ℡ to TEL, Ⅳ to IV, Kangxi radicals and CJK compatibility
// ideographs to the usual characters, mathematical letters to ASCII.
// Elsewhere, as for Hangul, Arabic and accented Latin, text is left as it is.
func compatible(t *table) {
	for _, span := range [][2]rune{
		{0x2070, 0x209c}, {0x2100, 0x214f}, {0x2160, 0x217f}, {0x2460, 0x24ff},
		{0x2e80, 0x2fdf}, {0x3200, 0x321e}, {0x3220, 0x325f}, {0x3280, 0x33ff},
		{0xf900, 0xfaff}, {0xfb00, 0xfb06}, {0xfe10, 0xfe19}, {0xfe30, 0xfe6f},
		{0x1d400, 0x1d7ff}, {0x1f100, 0x1f1ff}, {0x1f200, 0x1f251},
		{0x2f800, 0x2fa1d},
	} {
		for r := span[0]; r <= span[1]; r++ {
			from := string(r)
			if to, ok := t.plain(norm.NFKC.String(from)); ok && to != from {
				t.set(r, replace, to)
			}
		}
	}
}

// plain folds what NFKC gave by the entries made so far, and reports false if
// what comes out would depend on what stands beside it.
func (t *table) plain(s string) (string, bool) {
	var b strings.Builder
	for _, r := range s {
		switch e := t.of(r); {
		case r < ' ', e.kind != same && e.kind != replace:
			return "", false
		case e.kind == replace:
			b.WriteString(e.to)
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), b.Len() > 0
}
