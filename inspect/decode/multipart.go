package decode

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
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

// boundaryOf returns the boundary that a body really has, "" if none: the
// declared one if it is there, else the first line if headers follow it.
func boundaryOf(p *part.Part, head []byte) string {
	const family = "multipart/"
	if kind := strings.TrimSpace(p.MediaType); len(kind) > len(family) && strings.EqualFold(kind[:len(family)], family) {
		_, params, err := mime.ParseMediaType(kind)
		if b := params["boundary"]; err == nil && b != "" && len(b) <= 256 && bytes.Contains(head, []byte("--"+b)) {
			return b
		}
	}
	if !bytes.HasPrefix(head, []byte("--")) {
		return ""
	}
	line, rest, _ := bytes.Cut(head, []byte("\n"))
	line = bytes.TrimRight(line[2:], "\r \t")
	if len(line) == 0 || len(line) > 256 || bytes.ContainsAny(line, " \t") ||
		len(rest) < 8 || !bytes.EqualFold(rest[:8], []byte("content-")) {
		return ""
	}
	return string(line)
}

// maxHeader bounds the headers of one part.
const maxHeader = 64 << 10

func (multipart) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	src := buffers.Get().(*bufio.Reader)
	src.Reset(p.Body)
	defer func() { src.Reset(nil); buffers.Put(src) }()
	head, _ := src.Peek(part.HeadSize)
	kind, _, _ := mime.ParseMediaType(p.MediaType)
	r := &multipartReader{
		ctx: ctx, e: e, b: b,
		form: kind == "" || kind == "multipart/form-data",
		s:    sections{src: src, delim: []byte("--" + boundaryOf(p, head)), line: true},
	}
	e.Format("multipart", "")
	if err := r.outside("preamble"); err != nil {
		return err
	}
	for n := 1; r.s.next(); n++ {
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
	if r.s.err != nil {
		if r.s.err != io.EOF {
			return part.Stop(ctx, e, r.s.err, true)
		}
		e.Skip(part.Truncated, true, "no closing boundary")
		return nil
	}
	return r.outside("epilogue")
}

type multipartReader struct {
	ctx     context.Context
	e       part.Emitter
	b       *part.Budget
	s       sections
	form    bool
	header  []byte
	stopped bool // told by Skip
}

// outside hands on what stands before or behind the parts, unless it is only
// white space.
func (r *multipartReader) outside(name string) error {
	r.s.clean = 0
	var first [512]byte
	for {
		n, err := r.s.Read(first[:])
		if len(bytes.TrimSpace(first[:n])) > 0 {
			body := io.MultiReader(bytes.NewReader(first[:n]), &r.s)
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
	if h.fileName != "" {
		err := r.e.Child(part.Part{
			Path: "filename", Role: part.FileName,
			Body: strings.NewReader(h.fileName), Size: int64(len(h.fileName)),
		})
		if err != nil {
			return err
		}
	}
	child := part.Part{
		Path: h.fileName, Name: h.fileName, MediaType: h.mediaType,
		Encodings: h.encodings, Body: &r.s, Size: -1,
	}
	if child.Path == "" {
		if child.Path = h.name; child.Path == "" {
			child.Path = fmt.Sprintf("part %d", n)
		}
		if r.form {
			child.Role = part.Field
		}
	}
	if err := r.e.Child(child); err != nil {
		return err
	}
	return r.drain()
}

// readHeader appends the headers that src stands at to buf, and reports false if
// they do not end where they should: the rest is then read as the body. delim
// is a delimiter that ends them, too, nil if there is none.
func readHeader(buf []byte, src *bufio.Reader, delim []byte) (raw []byte, whole bool, err error) {
	for len(buf) < maxHeader {
		if delim != nil {
			if ahead, _ := src.Peek(len(delim)); bytes.Equal(ahead, delim) {
				return buf, false, nil
			}
		}
		line, err := src.ReadSlice('\n')
		buf = append(buf, line...)
		switch {
		case err == bufio.ErrBufferFull:
		case err == io.EOF:
			return buf, false, nil
		case err != nil:
			return buf, false, err
		case len(bytes.TrimRight(line, "\r\n")) == 0:
			return buf, true, nil
		}
	}
	return buf, false, nil
}

// header is what matters of a part's headers.
type header struct {
	name, fileName, mediaType string
	encodings                 []string
	telling                   bool // they may hold more than names of fields and types
}

func parseHeader(raw []byte) header {
	var h header
	unfolded := bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n "), []byte(" "))
	unfolded = bytes.ReplaceAll(unfolded, []byte("\n\t"), []byte(" "))
	var transfer string
	for line := range bytes.Lines(unfolded) {
		key, value, ok := bytes.Cut(bytes.TrimRight(line, "\n"), []byte(":"))
		if !ok {
			h.telling = h.telling || len(bytes.TrimSpace(line)) > 0
			continue
		}
		value = bytes.TrimSpace(value)
		switch strings.ToLower(string(bytes.TrimSpace(key))) {
		case "content-disposition":
			h.fileName = parameter(value, "filename")
			h.name = parameter(value, "name")
			h.telling = h.telling || !bland([]byte(h.name))
		case "content-type":
			h.mediaType = string(value)
			if h.fileName == "" {
				h.fileName = parameter(value, "name")
			}
			h.telling = h.telling || !bland(value)
		case "content-transfer-encoding":
			transfer = strings.ToLower(string(value))
		case "content-encoding":
			for enc := range strings.SplitSeq(strings.ToLower(string(value)), ",") {
				h.encodings = append(h.encodings, strings.TrimSpace(enc))
			}
		case "content-length":
			h.telling = h.telling || len(value) > 11
		default:
			h.telling = true
		}
	}
	if !none(transfer) {
		h.encodings = append(h.encodings, transfer)
	}
	return h
}

// bland reports whether a value is a short identifier or type that cannot hold
// anything to be found.
func bland(b []byte) bool {
	digits := 0
	for _, c := range b {
		switch {
		case c-'0' < 10:
			if digits++; digits > 6 {
				return false
			}
		case c == '@' || c >= 0x80 || c < ' ':
			return false
		}
	}
	return len(b) <= 100
}

// parameter returns a parameter of a header in UTF-8: plain, quoted, in RFC 2231
// or RFC 2047 form, percent-encoded, or as raw bytes of any encoding.
func parameter(value []byte, name string) string {
	if bytes.IndexByte(value, '*') >= 0 {
		if _, params, err := mime.ParseMediaType(string(value)); err == nil && params[name] != "" {
			return params[name]
		}
		if v, ok := rawParameter(value, name+"*"); ok { // a charset that mime does not know
			parts := bytes.SplitN(v, []byte("'"), 3)
			return toUTF8(unpercent(nil, parts[len(parts)-1], '+'), string(parts[0]))
		}
	}
	v, ok := rawParameter(value, name)
	if !ok {
		return ""
	}
	return decodeWords(toUTF8(v, ""))
}

// rawParameter finds name=value. A quoted value ends at a quote that ends the
// parameter, so that the bytes of other encodings pass: in CP932 a backslash
// may be half of a character.
func rawParameter(value []byte, name string) ([]byte, bool) {
	lower := lowerASCII(value)
	for from := 0; ; {
		k := bytes.Index(lower[from:], []byte(name))
		if k < 0 {
			return nil, false
		}
		k += from
		from = k + len(name)
		rest := bytes.TrimLeft(value[from:], " \t")
		if k > 0 && value[k-1] != ' ' && value[k-1] != ';' && value[k-1] != '\t' || len(rest) == 0 || rest[0] != '=' {
			continue
		}
		rest = bytes.TrimLeft(rest[1:], " \t")
		if len(rest) == 0 || rest[0] != '"' {
			v, _, _ := bytes.Cut(rest, []byte(";"))
			return bytes.TrimSpace(v), true
		}
		rest = rest[1:]
		for i, c := range rest {
			if c != '"' {
				continue
			}
			if after := bytes.TrimLeft(rest[i+1:], " \t"); len(after) == 0 || after[0] == ';' {
				return bytes.ReplaceAll(rest[:i], []byte(`\"`), []byte(`"`)), true
			}
		}
		return rest, true
	}
}

// lowerASCII returns b with its ASCII letters in lower case and everything else,
// offsets too, as it is.
func lowerASCII(b []byte) []byte {
	out := bytes.Clone(b)
	for i, c := range out {
		out[i] = lowerCase(c)
	}
	return out
}

func lowerCase(c byte) byte {
	if c-'A' < 26 {
		return c | 0x20
	}
	return c
}

// toUTF8 reads a short value in whatever encoding it is in.
func toUTF8(b []byte, hint string) string {
	g := charset.Detect(b, true, false, hint)
	return charset.Text(b, g.Charset)
}

var words = mime.WordDecoder{CharsetReader: func(label string, r io.Reader) (io.Reader, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxHeader))
	c, ok := charset.Named(label)
	if !ok {
		c = charset.Detect(b, true, false, "").Charset
	}
	return strings.NewReader(charset.Text(b, c)), err
}}

// decodeWords decodes the encoded words of RFC 2047 in s.
func decodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		return s
	}
	if d, err := words.DecodeHeader(s); err == nil {
		return d
	}
	return s
}
