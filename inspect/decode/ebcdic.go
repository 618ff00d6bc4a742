package decode

import (
	"bytes"
	"context"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"golang.org/x/text/encoding/charmap"
)

// ebcdic reads text in EBCDIC, as mainframes give it, in the code pages of
// Western languages (37, 500, 1047, which differ in signs only). It is known by
// its spaces, its letters, and what it lacks: all that ASCII has its spaces,
// digits and signs at.
type ebcdic struct{}

func (ebcdic) Name() string { return "ebcdic" }

func (ebcdic) Match(p *part.Part, head []byte) bool {
	if !p.Role.Content() || len(head) < 64 || bytes.IndexByte(head[:64], 0x40) < 0 {
		return false
	}
	spaces := bytes.Count(head, []byte{0x40})
	if spaces*16 < len(head) {
		return false // noise has less
	}
	words, stray := 0, 0
	for _, c := range head {
		switch {
		case c >= 0x81 && c <= 0xA9 && c&0xF <= 9, c >= 0xC1 && c <= 0xE9 && c&0xF <= 9, c >= 0xF0 && c <= 0xF9:
			words++
		case c == 0x05, c == 0x0D, c == 0x15, c == 0x25, c == '\n', c >= 0x40:
		default:
			stray++
		}
	}
	return stray*64 <= len(head) && words*5 >= len(head) && (spaces+words)*4 >= 3*len(head)
}

func (ebcdic) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	return recode(ctx, func([]byte) (string, recoding) { return "ebcdic", fromEBCDIC }, p, e, b)
}

func fromEBCDIC(dst, src []byte, _ bool) ([]byte, int) {
	for _, c := range src {
		switch c {
		case 0x15, 0x25, '\n':
			dst = append(dst, '\n')
		default:
			dst = append(dst, string(charmap.CodePage037.DecodeByte(c))...)
		}
	}
	return dst, len(src)
}
