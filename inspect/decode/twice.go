package decode

import (
	"context"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"golang.org/x/text/encoding/charmap"
)

// twice reads text that is UTF-8 two times: each byte was taken for a character
// of windows-1252 or ISO 8859-1 and encoded again.
type twice struct{}

func (twice) Name() string { return "utf-8 twice" }

func (twice) Match(p *part.Part, head []byte) bool {
	if !p.Role.Content() {
		return false
	}
	head = head[charset.ASCIIPrefix(head):]
	if len(head) < 8 || head[0] < 0xC3 || head[0] > 0xC5 { // which would be U+00C2 and up
		return false
	}
	if !mayBeWide(head) {
		return false
	}
	out := through(once, head, false)
	had, _ := wideRunes(head)
	has, ok := wideRunes(out)
	return ok && has >= had+minWide // or those stand there as they are
}

// minWide is how many characters of East Asian scripts such a text has at least.
const minWide = 4

// mayBeWide reports whether enough bytes of b are or stand for the first one of a
// character of East Asian scripts.
func mayBeWide(b []byte) bool {
	n := 0
	for i, c := range b {
		// U+00E3 and up, with another beyond ASCII behind it.
		if c >= 0xE3 || c == 0xC3 && i+2 < len(b) && b[i+1] >= 0xA3 && b[i+2] >= utf8.RuneSelf {
			if n++; n == minWide {
				return true
			}
		}
	}
	return false
}

// wideRunes counts the characters of East Asian scripts in b; ok is false if it is no
// UTF-8.
func wideRunes(b []byte) (n int, ok bool) {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && utf8.FullRune(b) {
			return n, false
		}
		if r >= 0x3000 {
			n++
		}
		b = b[size:]
	}
	return n, true
}

func (twice) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	return recode(ctx, func([]byte) (string, recoding) { return "utf-8 twice", once }, p, e, b)
}

// once makes a byte of each character; those that stand for none are kept.
func once(dst, src []byte, last bool) ([]byte, int) {
	i := 0
	for i < len(src) && (last || utf8.FullRune(src[i:])) {
		r, size := utf8.DecodeRune(src[i:])
		b, ok := charmap.Windows1252.EncodeRune(r)
		switch {
		case r <= 0xFF && r != utf8.RuneError:
			dst = append(dst, byte(r))
		case ok:
			dst = append(dst, b)
		default:
			dst = append(dst, src[i:i+size]...)
		}
		i += size
	}
	return dst, i
}
