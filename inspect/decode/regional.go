package decode

import (
	"bytes"
	"context"
	"io"
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// regional reads text in the encodings of Japan's neighbours that no
// declaration names: bytes that no other reader takes for text and that are
// valid in EUC-KR, GB 18030 or Big5. The same bytes may be so in several; the
// text is then read in each.
type regional struct{}

func (regional) Name() string { return "regional" }

// regions are the encodings in their order of trial.
var regions = []struct {
	name string
	encoding.Encoding
}{
	{"euc-kr", korean.EUCKR},
	{"gb18030", simplifiedchinese.GB18030},
	{"big5", traditionalchinese.Big5},
}

// minRegional is the least number of characters beyond ASCII in such a text's
// start; maxRegional is how much of it is read in all encodings that fit.
const (
	minRegional = 12
	maxRegional = 1 << 20
)

func (regional) Match(p *part.Part, head []byte) bool {
	if !p.Role.Content() || len(head) < minSpelled || sniff(head) != nil || slices.ContainsFunc(head, func(c byte) bool { return control[c] && c != substitute }) {
		return false
	}
	for i := range regions {
		if fitsRegion(regions[i].Encoding, head) {
			return true
		}
	}
	return false
}

// substitute stands where an encoder did not have a character.
const substitute = 0x1a

// fitsRegion reports whether head is text in an encoding.
func fitsRegion(c encoding.Encoding, head []byte) bool {
	if len(head) == part.HeadSize { // which may end within a character
		head = head[:bytes.LastIndexFunc(head, func(r rune) bool { return r < 0x80 })+1]
	}
	out, err := c.NewDecoder().Bytes(head)
	if err != nil {
		return false
	}
	n := 0
	for _, r := range string(out) {
		switch {
		case r == utf8.RuneError, r >= 0xE000 && r < 0xF900, r >= 0x80 && !unicode.IsPrint(r) && !unicode.IsSpace(r):
			return false
		case r >= 0x80:
			n++
		}
	}
	return n >= minRegional
}

func (regional) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("regional", "")
	start, err := io.ReadAll(io.LimitReader(p.Body, maxRegional))
	if err != nil {
		return part.Stop(ctx, e, err, false)
	}
	rest := p.Body
	for i := range regions {
		c := regions[i]
		if !fitsRegion(c.Encoding, start[:min(len(start), part.HeadSize)]) {
			continue
		}
		body := io.Reader(newBytesReader(start))
		if rest != nil {
			body, rest = io.MultiReader(body, rest), nil
		}
		m := part.NewMeter(ctx, b, c.name, c.NewDecoder().Reader(body))
		if err := e.Child(part.Part{Path: c.name, MediaType: "text/plain; charset=utf-8", Role: p.Role, Body: m, Size: -1}); err != nil {
			return err
		}
	}
	return nil
}
