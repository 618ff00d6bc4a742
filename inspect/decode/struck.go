package decode

import (
	"bytes"
	"context"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// struck reads text with backspaces, as printers and terminals do: each takes
// away the character before it.
type struck struct{}

func (struck) Name() string { return "struck" }

// minStruck is how many backspaces make such a text, with as little else that
// text does not have.
const minStruck = 8

func (struck) Match(p *part.Part, head []byte) bool {
	if !p.Role.Content() {
		return false
	}
	n := bytes.Count(head, []byte{'\b'})
	if n < minStruck || head[0] == '\b' {
		return false
	}
	for _, c := range head {
		if c < ' ' && c != '\b' && (c < '\t' || c > '\r') && c != 0x1b {
			return false
		}
	}
	return utf8.Valid(head) || len(head) == part.HeadSize && utf8.Valid(head[:len(head)-utf8.UTFMax+1]) || worthwhile(bytes.ReplaceAll(head, []byte{'\b'}, nil), false)
}

func (struck) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	return recode(ctx, func([]byte) (string, recoding) { return "struck", strike }, p, e, b)
}

func strike(dst, src []byte, last bool) ([]byte, int) {
	i := 0
	for i < len(src) {
		_, size := utf8.DecodeRune(src[i:])
		if i+size+1 > len(src) && !last {
			break // a backspace may follow
		}
		if src[i] != '\b' {
			if i+size < len(src) && src[i+size] == '\b' {
				size++
			} else {
				dst = append(dst, src[i:i+size]...)
			}
		}
		i += size
	}
	return dst, i
}
