package decode

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// coding is a content encoding (RFC 9110, section 8.4) or a transfer encoding
// of mail (RFC 2045). open returns a reader of what src stands for, and a
// function that gives it back; the reader must not take more of src than
// belongs to it if rest is set.
type coding struct {
	name string
	open func(src *bufio.Reader) (io.Reader, func(), error)
	rest bool // what follows in src can be read on
}

// codings holds the encodings by their declared names.
var codings = map[string]*coding{
	"gzip": &gzipCoding, "x-gzip": &gzipCoding,
	"deflate": &deflateCoding,
	"br":      &brotliCoding,
	"zstd":    &zstdCoding,
	"base64":  {name: "base64", open: func(src *bufio.Reader) (io.Reader, func(), error) { return &base64Reader{src: src}, nil, nil }},
	"quoted-printable": {name: "quoted-printable", open: func(src *bufio.Reader) (io.Reader, func(), error) {
		return &quotedReader{src: src}, nil, nil
	}},
}

// none reports whether an encoding changes nothing.
func none(name string) bool {
	switch name {
	case "", "identity", "7bit", "8bit", "binary":
		return true
	}
	return false
}

// declaredEncoding undoes the content encoding that was applied last. The
// others are undone by the same reader on the child.
type declaredEncoding struct{}

func (declaredEncoding) Name() string { return "encoding" }

func (declaredEncoding) Match(p *part.Part, _ []byte) bool { return len(p.Encodings) > 0 }

func (declaredEncoding) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	rest := p.Encodings
	for len(rest) > 0 && none(rest[len(rest)-1]) {
		rest = rest[:len(rest)-1]
	}
	child := part.Part{Name: p.Name, MediaType: p.MediaType, Role: p.Role, Body: p.Body, Size: -1, Path: "identity"}
	if len(rest) == 0 {
		e.Format("identity", "")
		child.Size = p.Size
		return e.Child(child)
	}
	name := rest[len(rest)-1]
	child.Encodings = rest[:len(rest)-1]
	c := codings[name]
	if c == nil {
		e.Format("encoding", "")
		e.Skip(part.UnknownFormat, true, "content encoding "+printableName(name))
		child.Path = "undecoded"
		return e.Child(child)
	}
	return c.read(ctx, child, e, b)
}

// printableName is a declared name fit for a report.
func printableName(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '?'
		}
		return r
	}, s[:min(len(s), 32)])
}

// foundEncoding undoes an encoding that was not declared, known by its magic.
type foundEncoding struct{ c *coding }

func (f foundEncoding) Name() string { return f.c.name }

func (f foundEncoding) Match(_ *part.Part, head []byte) bool {
	switch f.c {
	case &gzipCoding:
		return bytes.HasPrefix(head, []byte("\x1f\x8b\x08"))
	case &zstdCoding:
		return bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")) ||
			len(head) > 4 && head[0]&0xf0 == 0x50 && bytes.HasPrefix(head[1:], []byte("\x2a\x4d\x18"))
	}
	return zlibHeader(head) && f.c.plausible(head)
}

func (f foundEncoding) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	name := p.Name
	for _, suffix := range []string{".gz", ".zst", ".zz", ".z"} {
		if n := len(name) - len(suffix); n > 0 && strings.EqualFold(name[n:], suffix) {
			name = name[:n]
			break
		}
	}
	return f.c.read(ctx, part.Part{Name: name, Role: p.Role, Body: p.Body, Size: -1}, e, b)
}

var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, chunk) }}

// read hands on what child's Body stands for.
func (c *coding) read(ctx context.Context, child part.Part, e part.Emitter, b *part.Budget) error {
	e.Format(c.name, "")
	src := buffers.Get().(*bufio.Reader)
	src.Reset(child.Body)
	defer func() { src.Reset(nil); buffers.Put(src) }()

	if head, err := src.Peek(part.HeadSize); !c.plausible(head) {
		if len(head) == 0 && err == io.EOF {
			return nil
		}
		// Not what it is said to be: a server may yet take it as it is.
		e.Skip(part.DecodeError, true, "not "+c.name+" as declared")
		child.Path, child.Body = "undecoded", src
		return e.Child(child)
	}
	r, release, err := c.open(src)
	if release != nil {
		defer release()
	}
	if err != nil {
		return part.Stop(ctx, e, part.Decoding(c.name, err), false)
	}
	s := part.NewMeter(ctx, b, c.name, r)
	child.Path, child.Body = c.name, s
	if child.Name != "" && child.Encodings == nil {
		child.Path = child.Name
	}
	if err := e.Child(child); err != nil {
		return err
	}
	if s.Err() == nil {
		if err := part.Drain(ctx, b, s); err != nil {
			return part.Stop(ctx, e, err, true)
		}
	} else if s.Err() != io.EOF {
		return part.Stop(ctx, e, s.Err(), true)
	}
	if c.rest {
		return trailer(ctx, e, src)
	}
	return nil
}

// trailer hands on what stands behind the end of encoded data, unless it is
// padding.
func trailer(ctx context.Context, e part.Emitter, src *bufio.Reader) error {
	for {
		head, err := src.Peek(1)
		if len(head) == 0 {
			if err != io.EOF {
				return part.Stop(ctx, e, err, true)
			}
			return nil
		}
		if head[0] != 0 {
			return e.Child(part.Part{Path: "trailing data", Body: src, Size: -1})
		}
		src.Discard(1)
	}
}

// plausible reports whether head begins something in this encoding.
func (c *coding) plausible(head []byte) bool {
	if c.name == "base64" || c.name == "quoted-printable" {
		return true
	}
	if len(head) == 0 {
		return false
	}
	r, release, err := c.open(bufio.NewReader(bytes.NewReader(head)))
	if release != nil {
		defer release()
	}
	if err == nil {
		var probe [512]byte
		_, err = r.Read(probe[:])
	}
	return err == nil || err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errWindow)
}
