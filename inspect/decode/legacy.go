package decode

import (
	"bufio"
	"bytes"
	"context"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// legacy reads text that is declared in an encoding which package charset does
// not know (GB 18030, Big5, EUC-KR, those of Europe), or in ISO 8859-1, unless
// its bytes are plainly something else: declarations are often wrong.
type legacy struct{}

func (legacy) Name() string { return "legacy-text" }

func (legacy) Match(p *part.Part, head []byte) bool {
	if !p.Role.Content() || len(p.MediaType) < len("text/x;") || !strings.EqualFold(p.MediaType[:len("text/")], "text/") {
		return false
	}
	whole := len(head) < part.HeadSize
	if valid := charset.ValidPrefix(head); valid == len(head) || !whole && valid+utf8.UTFMax > len(head) {
		return false
	}
	if legacyEncoding(p.MediaType) == nil || hasControls(head) {
		return false
	}
	g := charset.Detect(head, whole, true, "")
	return g.Charset == charset.Latin1 || g.Sure < 0.8 || g.Ambiguous
}

func legacyEncoding(mediaType string) encoding.Encoding {
	label := charsetParameter(mediaType)
	if c, ok := charset.Named(label); label == "" || ok && c != charset.Latin1 {
		return nil
	}
	e, err := htmlindex.Get(label)
	if err != nil {
		return nil
	}
	if name, _ := htmlindex.Name(e); strings.HasPrefix(name, "utf-") || name == "replacement" {
		return nil
	}
	return e
}

func (legacy) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	name := charsetParameter(p.MediaType)
	e.Format("legacy-text", printableName(strings.ToLower(name)))
	src := buffers.Get().(*bufio.Reader)
	src.Reset(p.Body)
	defer func() { src.Reset(nil); buffers.Put(src) }()
	head, _ := src.Peek(part.HeadSize)
	head = bytes.Clone(head)
	err := e.Child(part.Part{
		Path: "utf-8", Name: p.Name, MediaType: kindOf(p.MediaType) + "; charset=utf-8", Role: p.Role,
		Body: part.NewMeter(ctx, b, "text", legacyEncoding(p.MediaType).NewDecoder().Reader(src)), Size: -1,
	})
	if err != nil {
		return err
	}
	if g := charset.Detect(head, len(head) < part.HeadSize, true, ""); g.Charset == charset.Latin1 || g.Sure < charset.Doubtful {
		return nil
	}
	// It reads as something else too. If it is long, that is known for sure
	// and this reader is not asked, so its start is enough.
	return e.Child(part.Part{Path: "as found", Role: p.Role, Body: newBytesReader(head), Size: int64(len(head))})
}
