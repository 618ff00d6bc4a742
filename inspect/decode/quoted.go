package decode

import (
	"bufio"
	"bytes"
	"context"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// quotedReader decodes quoted-printable (RFC 2045, section 6.7). White space
// behind the "=" of a soft line break is passed over, as the RFC wants; what is
// not valid stays as it is.
type quotedReader struct{ src *bufio.Reader }

func (r *quotedReader) Read(p []byte) (int, error) {
	o := 0
	for o < len(p) {
		b, _ := r.src.Peek(r.src.Buffered())
		n, used := unquote(p[o:], b)
		r.src.Discard(used)
		if o += n; used > 0 {
			continue
		}
		if o > 0 && len(b) < 3 {
			return o, nil
		}
		b, err := r.src.Peek(3)
		switch {
		case len(b) == 0:
			return o, err
		case b[0] != '=' || len(b) == 3 && unhex[b[1]] < 16 && unhex[b[2]] < 16: // the buffer was empty
		default:
			n := r.soft()
			if n == 0 {
				p[o] = '='
				o, n = o+1, 1
			}
			r.src.Discard(n)
		}
	}
	return o, nil
}

// unquote decodes src into dst as far as both go and what is in src is beyond
// doubt.
func unquote(dst, src []byte) (n, used int) {
	for n < len(dst) && used < len(src) {
		rest := src[used:]
		if rest[0] != '=' {
			k := bytes.IndexByte(rest, '=')
			if k < 0 {
				k = len(rest)
			}
			k = copy(dst[n:], rest[:k])
			n, used = n+k, used+k
			continue
		}
		switch {
		case len(rest) < 3:
			return n, used
		case unhex[rest[1]] < 16 && unhex[rest[2]] < 16:
			dst[n] = unhex[rest[1]]<<4 | unhex[rest[2]]
			n, used = n+1, used+3
		case rest[1] == '\n':
			used += 2
		case rest[1] == '\r' && rest[2] == '\n':
			used += 3
		default:
			return n, used
		}
	}
	return n, used
}

// maxPadding bounds the white space behind the "=" of a soft line break.
const maxPadding = 128

// soft returns the length of the soft line break that src stands at, 0 if it is
// none. The end of the body is one too.
func (r *quotedReader) soft() int {
	b, err := r.src.Peek(4)
	if len(b) > 1 && (b[1] == ' ' || b[1] == '\t') {
		b, err = r.src.Peek(maxPadding)
	}
	n := 1
	for n < len(b) && (b[n] == ' ' || b[n] == '\t') {
		n++
	}
	if end := lineEnd(b, n); end > n && b[end-1] == '\n' {
		return end
	}
	if n == len(b) && err != nil {
		return n
	}
	return 0
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
	high, soft, shifts := 0, 0, 0
	for i := bytes.IndexByte(head, '='); i >= 0 && i+2 < len(head); {
		c, d := head[i+1], head[i+2]
		switch {
		case unhex[c] >= 8 && unhex[c] < 16 && unhex[d] < 16 && i+5 < len(head) && head[i+3] == '=' && unhex[head[i+4]] < 16:
			high++
		case c == '\n' || c == '\r' && d == '\n':
			soft++
		case c == '1' && d == 'B': // ISO-2022-JP
			shifts++
		}
		k := bytes.IndexByte(head[i+1:], '=')
		if k < 0 {
			break
		}
		i += 1 + k
	}
	return high >= 4 || shifts >= 4 || soft >= 2 && high+shifts >= 1
}

func (quoted) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	return undo(ctx, codings["quoted-printable"], part.Part{Name: p.Name, MediaType: p.MediaType, Body: p.Body, Size: -1}, e, b)
}
