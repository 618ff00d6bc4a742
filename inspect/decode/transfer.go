package decode

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// transferName returns a declared transfer encoding (RFC 2045, section 6) as
// mailers mean it, "" if it changes nothing.
func transferName(declared string) string {
	s, _, _ := strings.Cut(strings.ToLower(declared), ";")
	s, _, _ = strings.Cut(s, "(")
	s = strings.Trim(s, " \t\r\n\"'")
	switch s {
	case "identity", "7bit", "8bit", "binary", "7-bit", "8-bit", "7 bit", "8 bit", "7bits", "8bits", "none",
		"us-ascii", "ascii", "utf-8", "utf8", "plain", "text", "text/plain", "raw":
		return ""
	case "quoted/printable", "quoted printable", "quotedprintable", "qp", "q":
		return "quoted-printable"
	case "base-64", "base 64", "b", "b64":
		return "base64"
	case "x-uue", "uue", "x-uuencode", "uuencode", "uu":
		return "x-uuencode"
	}
	return s
}

// transferred hands on child, whose Body is src in the transfer encoding of that
// name, decoded. What stands within base64 and is plainly none is text of its
// own; a body that is not what it is said to be is handed on as it stands.
func transferred(ctx context.Context, child part.Part, name string, src *bufio.Reader, e part.Emitter, b *part.Budget) error {
	var r io.Reader
	var lines *base64Lines
	switch name {
	case "":
		child.Body = src
		return e.Child(child)
	case "quoted-printable":
		r = &quotedReader{src: src}
	case "base64":
		head, _ := src.Peek(part.HeadSize)
		if !looksBase64(head) {
			e.Skip(part.DecodeError, true, "not base64 as declared")
			child.Body = src
			return e.Child(child)
		}
		if !mixed(head) { // numbers, perhaps
			plain := part.Part{Path: "undecoded", MediaType: "text/plain", Body: newBytesReader(bytes.Clone(head)), Size: int64(len(head))}
			if err := e.Child(plain); err != nil {
				return err
			}
		}
		lines = &base64Lines{src: src}
		r = &base64Reader{src: lines}
	case "x-uuencode":
		return inline(ctx, child, src, e, b)
	default:
		child.Encodings = append(child.Encodings, name)
		child.Body = src
		return e.Child(child)
	}
	m := part.NewMeter(ctx, b, name, r)
	child.Body = m
	if err := e.Child(child); err != nil {
		return err
	}
	if err := part.Drain(ctx, b, m); err != nil {
		return part.Stop(ctx, e, err, true)
	}
	if lines == nil || len(lines.stray) == 0 {
		return nil
	}
	if lines.lost {
		e.Skip(part.DecodeError, true, "much within base64 that is none")
	}
	return e.Child(part.Part{Path: "outside base64", Body: newBytesReader(lines.stray), Size: int64(len(lines.stray))})
}

// base64Share judges one line: how many of its bytes are base64, and how many
// are not. White space at its ends does not count; the other alphabet's marks
// are taken for hyphens, which numbers have.
func base64Share(line []byte) (good, bad int) {
	line = bytes.TrimSpace(line)
	n := normal.SextetPrefix(line)
	for _, c := range line[n:] {
		if sextet[c] != outside || c == '=' {
			good++
		} else {
			bad++
		}
	}
	marks := bytes.Count(line, []byte("-")) + bytes.Count(line, []byte("_"))
	return good + n - marks, bad + marks
}

// stray reports whether a line of such shares is none of base64: damage leaves
// most of it.
func stray(good, bad int) bool { return bad*8 > good }

// looksBase64 reports whether the first line of head may be base64, or most of
// it.
func looksBase64(head []byte) bool {
	kept, left := 0, 0
	for line := range bytes.Lines(head) {
		if good, bad := base64Share(line); stray(good, bad) {
			left += good + bad
		} else if kept += good; left == 0 && good > 0 {
			return true
		}
	}
	return left <= kept
}

// base64Lines reads base64 with whatever else is in it left out, as RFC 2045
// wants it: bytes within lines are dropped, whole lines kept in stray.
type base64Lines struct {
	src   *bufio.Reader
	have  []byte // of the line at hand
	line  []byte // storage for one that had to be changed
	stray []byte
	lost  bool // stray is not all of it
	err   error
}

const maxStray = 256 << 10

func (r *base64Lines) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(r.have) == 0 {
			if r.err != nil || n > 0 && r.src.Buffered() == 0 {
				break
			}
			r.next()
			continue
		}
		k := copy(p[n:], r.have)
		n, r.have = n+k, r.have[k:]
	}
	if n == 0 && r.err != nil {
		return 0, r.err
	}
	return n, nil
}

// next takes the next line.
func (r *base64Lines) next() {
	line, err := r.src.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		r.err = err
	}
	good, bad := base64Share(line)
	switch {
	case bad == 0:
		r.have = bytes.TrimSpace(line)
	case !stray(good, bad):
		r.line = r.line[:0]
		for _, c := range line {
			if sextet[c] != outside || c == '=' {
				r.line = append(r.line, c)
			}
		}
		r.have = r.line
	case len(r.stray)+len(line) > maxStray:
		r.lost = true
	default:
		r.stray = append(r.stray, line...)
	}
}
