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
// out of their start is text or a known format.
type guessed struct{}

func (guessed) Name() string { return "guessed" }

func (guessed) Match(p *part.Part, head []byte) bool {
	return p.Role.Content() && guess(head) != nil
}

// markless are the encodings without a mark.
var markless = []*codec.Codec{&codec.Deflate, &codec.Brotli}

// guess returns the encoding that head is the start of, nil if it is of none.
func guess(head []byte) *codec.Codec {
	if len(head) < minSpelled || sniff(head) != nil {
		return nil
	}
	for _, c := range markless {
		var probe [512]byte
		r, release, err := c.Open(bufio.NewReader(bytes.NewReader(head)))
		n := 0
		if err == nil {
			n, err = io.ReadFull(r, probe[:])
		}
		if release != nil {
			release()
		}
		broken := err != nil && err != io.EOF && err != io.ErrUnexpectedEOF
		if out := probe[:n]; !broken && n >= minSpelled && (magical(out) || worthwhile(out, false) && !hasControls(out)) {
			return c
		}
	}
	return nil
}

func (guessed) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	src := bufio.NewReaderSize(p.Body, part.HeadSize)
	head, _ := src.Peek(part.HeadSize)
	c := guess(head)
	if c == nil {
		return (opaque{}).Read(ctx, p, e, b)
	}
	return undo(ctx, c, part.Part{Name: p.Name, Role: p.Role, Body: src, Size: -1}, e, b)
}
