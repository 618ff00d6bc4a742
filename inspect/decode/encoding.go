package decode

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/sekimori-dlp/sekimori/inspect/decode/codec"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// codings holds the content encodings (RFC 9110, section 8.4) and the transfer
// encodings of mail (RFC 2045) by their declared names.
var codings = map[string]*codec.Codec{
	"gzip": &codec.Gzip, "x-gzip": &codec.Gzip,
	"deflate": &codec.Zlib,
	"br":      &codec.Brotli,
	"zstd":    &codec.Zstd,
	"bzip2":   &codec.Bzip2, "x-bzip2": &codec.Bzip2,
	"xz": &codec.XZ, "x-xz": &codec.XZ,
	"lzma": &codec.LZMA, "x-lzma": &codec.LZMA,
	"lz4":      &codec.LZ4,
	"compress": &codec.Compress, "x-compress": &codec.Compress,
	"base64": {Name: "base64", Open: func(src *bufio.Reader) (io.Reader, func(), error) { return &base64Reader{src: src}, nil, nil }},
	"quoted-printable": {Name: "quoted-printable", Open: func(src *bufio.Reader) (io.Reader, func(), error) {
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
	return undo(ctx, c, child, e, b)
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

// foundEncoding undoes an encoding that was not declared, known by its mark.
type foundEncoding struct{ c *codec.Codec }

// foundEncodings returns a reader for each codec that has a mark.
func foundEncodings() []part.Reader {
	var all []part.Reader
	for _, c := range codec.Found() {
		all = append(all, foundEncoding{c})
	}
	return all
}

func (f foundEncoding) Name() string { return f.c.Name }

// Starts implements part.Marked.
func (f foundEncoding) Starts() string { return f.c.First }

func (f foundEncoding) Match(_ *part.Part, head []byte) bool {
	return f.c.Match(head) && plausibly(f.c, head)
}

func (f foundEncoding) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	return undo(ctx, f.c, part.Part{Name: unpacked(p.Name), Role: p.Role, Body: p.Body, Size: -1}, e, b)
}

// suffixes lists the endings of the names of compressed files, and what the
// names of what is in them end in instead.
var suffixes = []struct{ packed, plain string }{
	{".gz", ""}, {".zst", ""}, {".zz", ""}, {".z", ""}, {".bz2", ""}, {".bz", ""}, {".xz", ""},
	{".lzma", ""}, {".lz", ""}, {".lz4", ""}, {".br", ""},
	{".tgz", ".tar"}, {".tbz2", ".tar"}, {".tbz", ".tar"}, {".txz", ".tar"}, {".tlz", ".tar"}, {".tzst", ".tar"}, {".taz", ".tar"},
	{".svgz", ".svg"}, {".emz", ".emf"}, {".wmz", ".wmf"},
}

// unpacked is the name of what is in a compressed file.
func unpacked(name string) string {
	for _, s := range suffixes {
		if n := len(name) - len(s.packed); n > 0 && strings.EqualFold(name[n:], s.packed) {
			return name[:n] + s.plain
		}
	}
	return name
}

var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, chunk) }}

// undo hands on what child's Body stands for.
func undo(ctx context.Context, c *codec.Codec, child part.Part, e part.Emitter, b *part.Budget) error {
	e.Format(c.Name, "")
	src := buffers.Get().(*bufio.Reader)
	src.Reset(child.Body)
	defer func() { src.Reset(nil); buffers.Put(src) }()

	if err := asides(ctx, c.Name, src, e, b); err != nil {
		return err
	}
	if head, err := src.Peek(part.HeadSize); !plausibly(c, head) {
		if len(head) == 0 && err == io.EOF {
			return nil
		}
		// Not what it is said to be: a server may yet take it as it is.
		e.Skip(part.DecodeError, true, "not "+c.Name+" as declared")
		child.Path, child.Body = "undecoded", src
		return e.Child(child)
	}
	r, release, err := c.Open(src)
	if release != nil {
		defer release()
	}
	if err != nil {
		return part.Stop(ctx, e, part.Decoding(c.Name, err), false)
	}
	s := part.NewMeter(ctx, b, c.Name, r)
	child.Path, child.Body = c.Name, s
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
	if c.Rest {
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

// plausibly reports whether head begins something in an encoding.
func plausibly(c *codec.Codec, head []byte) bool {
	if c.Name == "base64" || c.Name == "quoted-printable" {
		return true
	}
	if len(head) == 0 {
		return false
	}
	if c == &codec.Gzip || c == &codec.Zlib {
		// All of it would be decoded, of which the first bytes tell enough: a
		// block's header is shorter.
		head = head[:min(len(head), 1024)]
	}
	p := probes.Get().(*probe)
	defer probes.Put(p)
	p.from.Reset(head)
	p.src.Reset(&p.from)
	r, release, err := c.Open(p.src)
	if err == nil {
		_, err = r.Read(p.out[:])
	}
	if release != nil {
		release()
	}
	p.from.Reset(nil)
	return err == nil || err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, codec.ErrWindow)
}
