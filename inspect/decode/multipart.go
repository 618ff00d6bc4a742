package decode

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// multipart reads multipart/form-data (RFC 7578) and its kin (RFC 2046), also
// where it is not declared or declared with another boundary. What stands
// before the first part and behind the last is handed on as well.
type multipart struct{}

func (multipart) Name() string { return "multipart" }

func (multipart) Match(p *part.Part, head []byte) bool {
	return p.Role.Content() && boundaryOf(p, head) != ""
}

const maxBoundary = 256

// boundaryOf returns the boundary that a body really has, "" if none: the
// declared one if it is there or may yet come, else that of the first line that
// looks like a delimiter and has fields of a part behind it.
func boundaryOf(p *part.Part, head []byte) string {
	const family = "multipart/"
	kind := strings.TrimSpace(p.MediaType)
	declared := len(kind) > len(family) && strings.EqualFold(kind[:len(family)], family)
	if !declared {
		if !bytes.HasPrefix(head, []byte("--")) {
			return ""
		}
		return delimiter(head)
	}
	b, pieced := "", false
	if strings.IndexByte(kind, '*') >= 0 {
		b, pieced = extended([]byte(kind), "boundary")
	}
	if !pieced {
		v, _ := rawParameter([]byte(kind), "boundary")
		b = string(v)
	}
	if b = strings.TrimRight(b, " \t"); len(b) > maxBoundary {
		b = ""
	}
	if b != "" && bytes.Contains(head, []byte("--"+b)) {
		return b
	}
	for rest := head; len(rest) > 0; {
		if found := delimiter(rest); found != "" {
			return found
		}
		k := bytes.Index(rest, []byte("\n--"))
		if k < 0 {
			break
		}
		rest = rest[k+1:]
	}
	if len(head) < part.HeadSize {
		return ""
	}
	return b // behind a long preamble
}

// delimiter returns the boundary if b begins with a delimiter and a field of a
// part (RFC 2046, section 5.1) behind it.
func delimiter(b []byte) string {
	if !bytes.HasPrefix(b, []byte("--")) {
		return ""
	}
	line, rest, ok := bytes.Cut(b, []byte("\n"))
	if !ok {
		line, rest, _ = bytes.Cut(b, []byte("\r"))
	}
	line = bytes.TrimRight(line[2:], "\r \t")
	if len(line) == 0 || len(line) > maxBoundary || bytes.ContainsAny(line, " \t") ||
		len(rest) < 8 || !bytes.EqualFold(rest[:8], []byte("content-")) {
		return ""
	}
	return string(line)
}

func (multipart) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	src := buffers.Get().(*bufio.Reader)
	defer func() { src.Reset(nil); buffers.Put(src) }()
	openLines(src, p.Body)
	head, _ := src.Peek(part.HeadSize)
	e.Format("multipart", "")
	kind := kindOf(p.MediaType)
	return readMultipart(ctx, src, boundaryOf(p, head), kind == "" || kind == "multipart/form-data", e, b)
}

// readMultipart reads src, a body in parts. form says that they are fields of a
// form, unless they have file names.
func readMultipart(ctx context.Context, src *bufio.Reader, boundary string, form bool, e part.Emitter, b *part.Budget) (err error) {
	r := &multipartReader{
		ctx: ctx, e: e, b: b, form: form,
		s: sections{src: src, delim: []byte("--" + boundary), line: true},
	}
	if err := r.outside("preamble"); err != nil {
		return err
	}
	defer func() {
		if err == nil && !r.stopped {
			err = r.listNames()
		}
	}()
	n := 1
	for ; r.s.next(); n++ {
		if over := b.Spend(ctx, 0); over != nil {
			return part.Stop(ctx, e, over, true)
		}
		if err := r.part(n); err != nil {
			return err
		}
		if r.stopped {
			return ctx.Err()
		}
	}
	switch {
	case r.s.err == nil:
		return r.outside("epilogue")
	case r.s.err != io.EOF:
		return part.Stop(ctx, e, r.s.err, true)
	case n > 1:
		e.Skip(part.Truncated, true, "no closing boundary")
	}
	return nil // what is not in parts was all read as the preamble
}

type multipartReader struct {
	ctx     context.Context
	e       part.Emitter
	b       *part.Budget
	s       sections
	form    bool
	header  []byte
	names   []byte // of files, one a line
	named   int
	stopped bool // told by Skip
	first   [512]byte
}

// outside hands on what stands before or behind the parts, unless it is only
// white space.
func (r *multipartReader) outside(name string) error {
	r.s.clean = 0
	for {
		n, err := r.s.Read(r.first[:])
		if len(bytes.TrimSpace(r.first[:n])) > 0 {
			body := io.MultiReader(bytes.NewReader(r.first[:n]), &r.s)
			if err := r.e.Child(part.Part{Path: name, Body: body, Size: -1}); err != nil {
				return err
			}
			return r.drain()
		}
		if err != nil {
			return nil
		}
	}
}

func (r *multipartReader) drain() error {
	if err := part.Drain(r.ctx, r.b, &r.s); err != nil {
		r.stopped = true
		return part.Stop(r.ctx, r.e, err, true)
	}
	return nil
}

// part reads one part: its headers, the name of its file, its body.
func (r *multipartReader) part(n int) error {
	var whole bool
	var err error
	r.header, whole, err = readHeader(r.header[:0], r.s.src, r.s.delim)
	r.s.line = !whole && len(r.header) < maxHeader
	if err != nil {
		r.stopped = true
		return part.Stop(r.ctx, r.e, err, true)
	}
	h := parseHeader(r.header)
	if !whole {
		r.e.Skip(part.DecodeError, true, "part headers over 64 KiB or without an end")
	}
	if !whole || h.telling {
		err := r.e.Child(part.Part{
			Path: "headers", Role: part.Header,
			Body: bytes.NewReader(r.header), Size: int64(len(r.header)),
		})
		if err != nil {
			return err
		}
	}
	if err := fileName(h, r.e); err != nil {
		return err
	}
	if h.fileName != "" && len(r.names) < maxHeader {
		r.names = append(append(r.names, strings.TrimSuffix(h.fileName, path.Ext(h.fileName))...), '\n')
		r.named++
	}
	child := part.Part{
		Path: h.fileName, Name: h.fileName, MediaType: h.mediaType,
		Encodings: h.encodings, Size: -1,
	}
	if child.Path == "" {
		if child.Path = h.name; child.Path == "" {
			child.Path = fmt.Sprintf("part %d", n)
		}
		if r.form {
			child.Role = part.Field
		}
	}
	if err := r.body(child, h.transfer); err != nil {
		return err
	}
	return r.drain()
}

// body hands on the current section as child.
func (r *multipartReader) body(child part.Part, transfer string) error {
	text := !r.form && len(child.Encodings) == 0 && plainText(child.MediaType)
	if transfer == "" && !text {
		child.Body = &r.s
		return r.e.Child(child)
	}
	src := buffers.Get().(*bufio.Reader)
	src.Reset(&r.s)
	defer func() { src.Reset(nil); buffers.Put(src) }()
	if transfer == "" {
		return inline(r.ctx, child, src, r.e, r.b)
	}
	return transferred(r.ctx, child, transfer, src, r.e, r.b)
}

// minNames is how many names of files are taken for a list of their own.
const minNames = 8

// listNames hands on the names of all files together, if they are many: one
// name is no sure place for a person's, a list of them is a list.
func (r *multipartReader) listNames() error {
	if r.named < minNames {
		return nil
	}
	return r.e.Child(part.Part{Path: "file names", MediaType: decodedType, Body: newBytesReader(r.names), Size: int64(len(r.names))})
}

// fileName hands on the name that a part's headers give.
func fileName(h header, e part.Emitter) error {
	if h.fileName == "" {
		return nil
	}
	return e.Child(part.Part{
		Path: "filename", Role: part.FileName,
		Body: strings.NewReader(h.fileName), Size: int64(len(h.fileName)),
	})
}
