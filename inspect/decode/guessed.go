package decode

import (
	"bufio"
	"bytes"
	"context"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/decode/codec"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// guessed reads bytes of no known format that are bare deflate (RFC 1951) or
// Brotli (RFC 7932), which have no mark: they are taken for that if what comes
// out of their start is text or a known format. Deflate is looked for behind a
// header, too, that was damaged or cut: of gzip, zlib or a member of a ZIP file.
type guessed struct{}

func (guessed) Name() string { return "guessed" }

func (guessed) Match(p *part.Part, head []byte) bool {
	c, _ := guess(head)
	return p.Role.Content() && c != nil
}

// markless are the encodings without a mark.
var markless = []*codec.Codec{&codec.Deflate, &codec.Brotli}

// maxLost is the longest header that deflate is looked for behind.
const maxLost = 128

// guess returns the encoding that head is in from an offset on, nil if it is in
// none.
func guess(head []byte) (*codec.Codec, int) {
	if len(head) < minSpelled || sniff(head) != nil {
		return nil, 0
	}
	for _, c := range markless {
		if (c != &codec.Deflate || codec.Deflates(head)) && comesOf(c, head) {
			return c, 0
		}
	}
	for at := 1; at <= min(maxLost, len(head)-minSpelled); at++ {
		if codec.Deflates(head[at:]) && comesOf(&codec.Deflate, head[at:]) {
			return &codec.Deflate, at
		}
	}
	return nil, 0
}

// comesOf reports whether text or a known format comes of b.
func comesOf(c *codec.Codec, b []byte) bool {
	var probe [512]byte
	r, release, err := c.Open(bufio.NewReader(bytes.NewReader(b)))
	n := 0
	if err == nil {
		n, err = io.ReadFull(r, probe[:])
	}
	if release != nil {
		release()
	}
	broken := err != nil && err != io.EOF && err != io.ErrUnexpectedEOF
	out := probe[:n]
	return !broken && n >= minSpelled && (magical(out) || worthwhile(out, false) && !hasControls(out))
}

func (guessed) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	src := bufio.NewReaderSize(p.Body, part.HeadSize)
	head, _ := src.Peek(part.HeadSize)
	c, at := guess(head)
	if c == nil {
		return (opaque{}).Read(ctx, p, e, b)
	}
	src.Discard(at)
	return undo(ctx, c, part.Part{Name: p.Name, Role: p.Role, Body: src, Size: -1}, e, b)
}
