package decode

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"sync"

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
		if (c != &codec.Deflate || inflates(head)) && comesOf(c, head) {
			return c, 0
		}
	}
	for at := 1; at <= min(maxLost, len(head)-minSpelled); at++ {
		if inflates(head[at:]) && comesOf(&codec.Deflate, head[at:]) {
			return &codec.Deflate, at
		}
	}
	return nil, 0
}

// inflates reports whether something worthwhile may come of b as deflate, by the
// header of its first block and by the first bytes that come of it.
func inflates(b []byte) bool {
	if !codec.Deflates(b) {
		return false
	}
	var start [minSpelled]byte
	for _, size := range [...]int{minSpelled / 4, minSpelled} {
		n, ok := codec.Glimpse(start[:size], b)
		if !ok || !mayOpen(start[:n]) {
			return false
		}
		if n < size {
			break
		}
	}
	return true
}

// mayOpen reports whether b may be the start of text or of a known format.
func mayOpen(b []byte) bool {
	k := 0
	for k < len(b) && !control[b[k]] {
		k++
	}
	if k == len(b) || k > 0 && !hasControls(bytes.TrimLeft(b[k:], "\x00")) {
		return true // the latter as the name of a file in a tar, whose mark stands far behind
	}
	for _, f := range byFirst[b[0]] {
		if n := min(len(b), len(f.magic)); string(b[:n]) == f.magic[:n] {
			return true
		}
	}
	for _, at := range byOffset {
		for _, f := range at.formats {
			n := min(len(b)-f.offset, len(f.magic))
			if n > 0 && string(b[f.offset:f.offset+n]) == f.magic[:n] || n <= 0 && f.mayStart(b) {
				return true
			}
		}
	}
	return false
}

// mayStart reports whether b may be the start, before its magic, of a format.
func (f *format) mayStart(b []byte) bool {
	switch f.name {
	case "emf":
		const start = "\x01\x00\x00\x00"
		n := min(len(b), len(start))
		return string(b[:n]) == start[:n]
	case "tar", "iso9660": // mayOpen knows the former; the latter is out of sight
		return false
	}
	return true
}

// probe is what it takes to look at what a decoder makes of some bytes.
type probe struct {
	from bytes.Reader
	src  *bufio.Reader
	out  [512]byte
}

var probes = sync.Pool{New: func() any { return &probe{src: bufio.NewReaderSize(nil, 512)} }}

// comesOf reports whether text or a known format comes of b.
func comesOf(c *codec.Codec, b []byte) bool {
	p := probes.Get().(*probe)
	defer probes.Put(p)
	p.from.Reset(b)
	p.src.Reset(&p.from)
	r, release, err := c.Open(p.src)
	n := 0
	if err == nil {
		n, err = io.ReadFull(r, p.out[:])
	}
	if release != nil {
		release()
	}
	p.from.Reset(nil)
	broken := err != nil && err != io.EOF && err != io.ErrUnexpectedEOF
	out := p.out[:n]
	return !broken && n >= minSpelled && (magical(out) || !hasControls(out) && worthwhile(out, false))
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
