package decode

import (
	"bufio"
	"bytes"
	"context"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// quotedReader decodes quoted-printable (RFC 2045, section 6.7). What is not
// valid stays as it is.
type quotedReader struct{ src *bufio.Reader }

func (r *quotedReader) Read(p []byte) (int, error) {
	o := 0
	for o < len(p) {
		if o > 0 && r.src.Buffered() < 3 {
			return o, nil
		}
		b, err := r.src.Peek(3)
		if len(b) == 0 {
			return o, err
		}
		if b[0] != '=' {
			p[o] = b[0]
			o++
			r.src.Discard(1)
			continue
		}
		switch {
		case len(b) == 3 && unhex[b[1]] < 16 && unhex[b[2]] < 16:
			p[o] = unhex[b[1]]<<4 | unhex[b[2]]
			o++
			r.src.Discard(3)
		case len(b) == 3 && b[1] == '\r' && b[2] == '\n':
			r.src.Discard(3)
		case len(b) >= 2 && b[1] == '\n':
			r.src.Discard(2)
		default:
			p[o] = '='
			o++
			r.src.Discard(1)
		}
	}
	return o, nil
}

// unhex holds the value of each hexadecimal digit, outside where there is none.
var unhex = func() (t [256]byte) {
	for i := range t {
		t[i] = outside
	}
	for i := range byte(10) {
		t['0'+i] = i
	}
	for i := range byte(6) {
		t['a'+i], t['A'+i] = 10+i, 10+i
	}
	return t
}()

// quoted reads a body that is quoted-printable without being declared so: it
// has several characters of two or more bytes written that way, or lines that
// end softly.
type quoted struct{}

func (quoted) Name() string { return "quoted-printable" }

func (quoted) Match(p *part.Part, head []byte) bool {
	if !p.Role.Content() {
		return false
	}
	high, soft := 0, 0
	for i := bytes.IndexByte(head, '='); i >= 0 && i+2 < len(head); {
		c, d := head[i+1], head[i+2]
		switch {
		case unhex[c] >= 8 && unhex[c] < 16 && unhex[d] < 16 && i+5 < len(head) && head[i+3] == '=' && unhex[head[i+4]] < 16:
			high++
		case c == '\n' || c == '\r' && d == '\n':
			soft++
		}
		k := bytes.IndexByte(head[i+1:], '=')
		if k < 0 {
			break
		}
		i += 1 + k
	}
	return high >= 4 || soft >= 2 && high >= 1
}

func (quoted) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	return codings["quoted-printable"].read(ctx, part.Part{Name: p.Name, MediaType: p.MediaType, Body: p.Body, Size: -1}, e, b)
}
