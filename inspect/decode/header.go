package decode

import (
	"context"
	"io"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// headers reads header fields and file names that hold encoded words (RFC 2047)
// or percent-encoding (RFC 8187): as they stand, and decoded as a nested part.
type headers struct{}

func (headers) Name() string { return "header" }

func (headers) Match(p *part.Part, head []byte) bool {
	if p.Role != part.Header && p.Role != part.FileName {
		return false
	}
	s := string(head)
	return strings.Contains(s, "=?") || strings.Count(s, "%") > 2
}

func (headers) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	raw, err := io.ReadAll(io.LimitReader(p.Body, 16*maxHeader))
	if err != nil {
		return part.Stop(ctx, e, err, false)
	}
	decoded := decodeWords(toUTF8(unpercent(nil, []byte(toUTF8(raw, "")), '+'), ""))
	if decoded != string(raw) {
		err := e.Child(part.Part{
			Path: "decoded", Role: p.Role,
			Body: strings.NewReader(decoded), Size: int64(len(decoded)),
		})
		if err != nil {
			return err
		}
	}
	whole := *p
	whole.Body = io.MultiReader(newBytesReader(raw), p.Body)
	return text{}.Read(ctx, &whole, e, b)
}
