package data

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// contentLine is a line of a vCard or calendar, unfolded (RFC 5545, section
// 3.1), its value as it was before it was escaped.
type contentLine struct {
	name   string            // upper case, without the group of vCard
	params map[string]string // by upper-case name
	raw    []byte            // the value, still escaped, in UTF-8
	binary []byte            // the value, if it is base64
}

// lineReader reads lines that may go on over several: those that begin with
// white space, and, in vCard 2.1, those behind a soft line break.
type lineReader struct {
	src    *bufio.Reader
	offset int64 // of src
	line   []byte
}

// maxContent bounds an unfolded line: a photograph may be one.
const maxContent = 16 << 20

// next returns the next unfolded line, valid until the one after it, and false
// at the end of what can be read.
func (r *lineReader) next() ([]byte, error) {
	r.line = r.line[:0]
	for {
		for {
			piece, err := r.src.ReadSlice('\n')
			r.offset += int64(len(piece))
			if len(r.line)+len(piece) <= maxContent {
				r.line = append(r.line, piece...)
			}
			if err == bufio.ErrBufferFull {
				continue
			}
			if err != nil && (len(r.line) == 0 || err != io.EOF) {
				return nil, err
			}
			break
		}
		r.line = bytes.TrimRight(r.line, "\r\n")
		if bytes.HasSuffix(r.line, []byte("=")) && quoted(r.line) {
			if c, err := r.src.Peek(1); err == nil && c[0] != '\r' && c[0] != '\n' {
				r.line = append(r.line, "\r\n"...)
				continue
			}
		}
		c, err := r.src.Peek(1)
		if err != nil || c[0] != ' ' && c[0] != '\t' || len(r.line) == 0 {
			return r.line, nil
		}
		r.src.Discard(1)
		r.offset++
	}
}

// quoted reports whether a line says that its value is quoted-printable.
func quoted(line []byte) bool {
	head, _, ok := bytes.Cut(line[:min(len(line), 256)], []byte(":"))
	return ok && bytes.Contains(bytes.ToUpper(head), []byte("QUOTED-PRINTABLE"))
}

// maxParams bounds the name and parameters of a line.
const maxParams = 32 << 10

// parseContent takes a line apart. ok is false if it is none.
func parseContent(line []byte) (c contentLine, ok bool) {
	end, quote := -1, false
	for i, b := range line {
		if b == '"' {
			quote = !quote
		}
		if b == ':' && !quote {
			end = i
			break
		}
	}
	if end <= 0 || end > maxParams {
		return c, false
	}
	head, value := line[:end], line[end+1:]
	fields := splitUnquoted(text(head), ';')
	c.name = strings.ToUpper(fields[0])
	if k := strings.LastIndexByte(c.name, '.'); k >= 0 {
		c.name = c.name[k+1:]
	}
	c.params = map[string]string{}
	for _, f := range fields[1:] {
		k, v, has := strings.Cut(f, "=")
		if k = strings.ToUpper(k); !has { // vCard 2.1 leaves the name out
			switch k {
			case "QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT":
				k, v = "ENCODING", k
			default:
				k, v = "TYPE", k
			}
		}
		if old := c.params[k]; old != "" {
			v = old + "," + v
		}
		c.params[k] = strings.Trim(v, `"`)
	}
	switch strings.ToUpper(c.params["ENCODING"]) {
	case "QUOTED-PRINTABLE":
		if b, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(value))); err == nil {
			value = b
		}
	case "BASE64", "B":
		clean := bytes.Join(bytes.Fields(value), nil)
		b := make([]byte, base64.StdEncoding.DecodedLen(len(clean)))
		n, _ := base64.StdEncoding.Decode(b, clean)
		c.binary = b[:n]
		return c, true
	}
	if named, ok := charset.Named(c.params["CHARSET"]); ok && named != charset.UTF8 {
		if s := charset.Text(value, named); !strings.ContainsRune(s, '\ufffd') {
			c.raw = []byte(s)
			return c, true
		}
	}
	c.raw = []byte(text(value))
	return c, true
}

// splitUnquoted splits s at sep where that is not within quotation marks.
func splitUnquoted(s string, sep byte) []string {
	var out []string
	quote, from := false, 0
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quote = !quote
		case s[i] == sep && !quote:
			out, from = append(out, s[from:i]), i+1
		}
	}
	return append(out, s[from:])
}

// split returns the components of a structured value, each without escapes.
func (c contentLine) split(sep byte) []string {
	var out []string
	var b []byte
	for i := 0; i < len(c.raw); i++ {
		switch {
		case c.raw[i] == '\\' && i+1 < len(c.raw):
			i++
			if k := c.raw[i]; k == 'n' || k == 'N' {
				b = append(b, '\n')
			} else {
				b = append(b, k)
			}
		case sep != 0 && c.raw[i] == sep:
			out, b = append(out, strings.TrimSpace(string(b))), b[:0]
		default:
			b = append(b, c.raw[i])
		}
	}
	return append(out, strings.TrimSpace(string(b)))
}

// text returns the value without escapes.
func (c contentLine) text() string { return c.split(0)[0] }

// writer hands on text that stands for stretches of a part, one after another.
type writer struct {
	e      part.Emitter
	layout part.Layout
	buf    []byte
	m      normal.Map
}

// put writes s for the n bytes at offset at of the part.
func (w *writer) put(s []byte, at, n int64) error {
	for len(s) > 0 {
		k := len(s)
		if most := 60 << 10; k > most {
			k = max(normal.Border(s[:most]), 1)
		}
		if len(w.buf)+k > 64<<10 {
			if err := w.flush(); err != nil {
				return err
			}
		}
		if len(w.buf) == 0 {
			w.m.Reset(at)
		}
		w.m.Step(len(w.buf), at, k, int(n))
		w.buf = append(w.buf, s[:k]...)
		if s = s[k:]; len(s) > 0 {
			at, n = at+n, 0
		}
	}
	return nil
}

func (w *writer) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	err := w.e.Text(part.Text{Bytes: w.buf, Map: &w.m, Layout: w.layout})
	w.buf = w.buf[:0]
	return err
}

// tellLines hands on a part that is made of lines. tell writes each as it is to
// be read, or gives the nested part that it holds.
func tellLines(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget, tell func(line []byte) (out string, nested *part.Part)) error {
	src, release := open(p)
	defer release()
	r := &lineReader{src: src}
	w := &writer{e: e}
	for {
		from := r.offset
		line, err := r.next()
		if err != nil {
			if flushed := w.flush(); flushed != nil {
				return flushed
			}
			if err != io.EOF {
				return part.Stop(ctx, e, err, true)
			}
			return nil
		}
		if over := b.Spend(ctx, 0); over != nil {
			w.flush()
			return part.Stop(ctx, e, over, true)
		}
		out, nested := tell(line)
		if nested == nil {
			err = w.put([]byte(out), from, r.offset-from)
		} else if err = w.flush(); err == nil {
			err = e.Child(*nested)
		}
		if err != nil {
			return err
		}
	}
}
