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
	out := through(once, head, false)
	wide := 0
	for len(out) > 0 {
		r, size := utf8.DecodeRune(out)
		if r == utf8.RuneError && utf8.FullRune(out) {
			return false
		}
		if r >= 0x3000 {
			wide++
		}
		out = out[size:]
	}
	return wide >= 4
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
