package decode

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/bits"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/decode/codec"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// sextet holds the value of each character of base64 and base64url (RFC 4648),
// outside where there is none.
const outside = 0xff

var sextet = func() (t [256]byte) {
	for i := range t {
		t[i] = outside
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = byte(i)
	}
	t['-'], t['_'] = 62, 63
	return t
}()

// base64Reader decodes either alphabet, with padding or without. White space is
// skipped; what is no base64 ends a group of four as padding does, so that one
// bad byte does not hide what follows.
type base64Reader struct {
	src  io.Reader
	run  *runReader // in place of src
	in   []byte
	have []byte // read, not decoded yet
	bits uint32
	n    int // sextets in bits
	err  error
	over [3]byte // decoded, for the next Read
	left int     // bytes in over
}

func (r *base64Reader) Read(p []byte) (int, error) {
	o := copy(p, r.over[:r.left])
	r.left = copy(r.over[:], r.over[o:r.left])
	n, err := r.decode(p[o:])
	if o += n; err != nil || len(p)-o >= 3 || o == len(p) {
		return o, err
	}
	var group [3]byte // which is more than there is room for
	n, err = r.decode(group[:])
	k := copy(p[o:], group[:n])
	if r.left = copy(r.over[:], group[k:n]); r.left > 0 {
		err = nil // comes again
	}
	return o + k, err
}

// decode is Read without the bytes of a group that p has no room for. It returns
// io.EOF, or what else ends src, if there is room for one.
func (r *base64Reader) decode(p []byte) (int, error) {
	o := 0
	for o+3 <= len(p) {
		if len(r.have) == 0 {
			if r.err != nil {
				break
			}
			if r.run != nil && r.n == 0 {
				if n := r.run.straight(p[o:], o == 0); n > 0 {
					o += n
					continue
				}
			}
			if o > 0 {
				return o, nil
			}
			r.have, r.err = r.more()
			continue
		}
		if r.n == 0 {
			n, used := decodeGroups(p[o:], r.have)
			o, r.have = o+n, r.have[used:]
			if used > 0 {
				continue
			}
		}
		c := r.have[0]
		r.have = r.have[1:]
		switch v := sextet[c]; {
		case v != outside:
			r.bits, r.n = r.bits<<6|uint32(v), r.n+1
			if r.n == 4 {
				p[o], p[o+1], p[o+2] = byte(r.bits>>16), byte(r.bits>>8), byte(r.bits)
				o, r.bits, r.n = o+3, 0, 0
			}
		case c == '\r' || c == '\n' || c == ' ' || c == '\t':
		default:
			o += r.rest(p[o:])
		}
	}
	if r.err != nil && len(r.have) == 0 && o+3 <= len(p) {
		o += r.rest(p[o:])
		return o, r.err
	}
	return o, nil
}

// more returns what is to be decoded next.
func (r *base64Reader) more() ([]byte, error) {
	if r.run != nil {
		return r.run.next()
	}
	if r.in == nil {
		r.in = make([]byte, 8<<10)
	}
	n, err := r.src.Read(r.in)
	return r.in[:n], err
}

// rest puts out the whole bytes of an unfinished group.
func (r *base64Reader) rest(p []byte) int {
	o := 0
	switch r.n {
	case 2:
		p[0], o = byte(r.bits>>4), 1
	case 3:
		p[0], p[1], o = byte(r.bits>>10), byte(r.bits>>2), 2
	}
	r.bits, r.n = 0, 0
	return o
}

// sextets holds the characters' values at their places in a group of four, as a
// big-endian number of three bytes, with the lowest byte set where there is none.
var sextets = func() (t [4][256]uint32) {
	for c, v := range sextet {
		for i := range t {
			if t[i][c] = uint32(v) << (26 - 6*i); v == outside {
				t[i][c] = 1
			}
		}
	}
	return t
}()

// decodeGroups decodes whole groups of four until one holds something else.
func decodeGroups(dst, src []byte) (n, used int) {
	if useVectors && len(src) >= 32 && len(dst) >= 32 {
		k := unbase64Blocks(&dst[0], &src[0], min(len(src)/32, (len(dst)-8)/24))
		n, used = 24*k, 32*k
	}
	for len(src)-used >= 8 && len(dst)-n >= 8 {
		s := src[used : used+8 : used+8]
		x := sextets[0][s[0]] | sextets[1][s[1]] | sextets[2][s[2]] | sextets[3][s[3]]
		y := sextets[0][s[4]] | sextets[1][s[5]] | sextets[2][s[6]] | sextets[3][s[7]]
		if (x|y)&1 != 0 {
			break
		}
		binary.BigEndian.PutUint64(dst[n:], uint64(x)<<32|uint64(y)<<8)
		n, used = n+6, used+8
	}
	for len(src)-used >= 4 && len(dst)-n >= 3 {
		s := src[used : used+4 : used+4]
		x := sextets[0][s[0]] | sextets[1][s[1]] | sextets[2][s[2]] | sextets[3][s[3]]
		if x&1 != 0 {
			break
		}
		dst[n], dst[n+1], dst[n+2] = byte(x>>24), byte(x>>16), byte(x>>8)
		n, used = n+3, used+4
	}
	return n, used
}

// base64Prefix is normal.SextetPrefix with padding.
func base64Prefix(b []byte) int {
	i := normal.SextetPrefix(b)
	for i < len(b) && b[i] == '=' {
		i++
		i += normal.SextetPrefix(b[i:])
	}
	return i
}

// unbase64 decodes b as base64Reader would, into dst[:0].
func unbase64(dst, b []byte) []byte {
	dst = dst[:0]
	r := base64Reader{have: b, err: io.EOF}
	for {
		if cap(dst)-len(dst) < 64 {
			dst = append(dst, make([]byte, len(b)+64)...)[:len(dst)]
		}
		n, err := r.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if err != nil {
			return dst
		}
	}
}

// The shortest base64 that is looked into: in a value of its own, and within
// running text, where identifiers and paths look like it.
const (
	minValue = 24
	minRun   = 40
)

// run is a stretch of base64 within text.
type run struct {
	start, end int
	line       int  // length of its lines, 0 if it is one line
	open       bool // it reaches the end of the text and may go on
}

// findRun returns the first stretch of base64 in b of at least minRun
// characters. Each such stretch has four times eight characters in a row at
// multiples of eight, as hardly anything else has.
func findRun(b []byte) (run, bool) {
	const many = 4
	var storage [many]uint64
	before, end := uint64(0), 0 // end of the last stretch that was none
	for base := 0; base < len(b); base += many * normal.SextetSpan {
		words := normal.SextetWords(storage[:], b[base:min(base+many*normal.SextetSpan, len(b))])
		for k, w := range words {
			rows := w & (w<<1 | before>>63) & (w<<2 | before>>62) & (w<<3 | before>>61)
			before = w
			for ; rows != 0; rows &= rows - 1 {
				at := base + k*normal.SextetSpan + 8*bits.TrailingZeros64(rows)
				if at < end {
					continue
				}
				start := at
				for start > end && sextet[b[start-1]] != outside {
					start--
				}
				end = at + normal.SextetPrefix(b[at:])
				if end-start >= minRun && mixed(b[start:end]) {
					r := run{start: start, end: end}
					r.extend(b)
					return r, true
				}
			}
		}
	}
	return run{}, false
}

// extend takes in padding and further lines of the same length.
func (r *run) extend(b []byte) {
	width := r.end - r.start
	for width <= 1000 && (r.start == 0 || b[r.start-1] == '\n' || r.line > 0) {
		next := lineEnd(b, r.end)
		if next == r.end || next >= len(b) {
			break
		}
		end := next
		for end < len(b) && end-next < width && sextet[b[end]] != outside {
			end++
		}
		if end == next {
			break
		}
		whole := end-next == width && (end == len(b) || b[end] == '\r' || b[end] == '\n' || b[end] == '=')
		r.line = width
		if !whole {
			if end == len(b) || b[end] == '=' || b[end] == '\r' || b[end] == '\n' {
				r.end = end
			}
			break
		}
		r.end = end
	}
	for r.end < len(b) && b[r.end] == '=' {
		r.end++
	}
	r.open = r.end == len(b) || r.line > 0 && lineEnd(b, r.end) == len(b)
}

// lineEnd returns the offset after the line end at i, i if there is none.
func lineEnd(b []byte, i int) int {
	if i < len(b) && b[i] == '\r' {
		i++
	}
	if i < len(b) && b[i] == '\n' {
		i++
	}
	return i
}

// mixed reports whether b begins like encoded data, with letters of both cases,
// unlike digests in hex, numbers and rulers.
func mixed(b []byte) bool {
	upper, lower := false, false
	for _, c := range b[:min(len(b), minRun)] {
		upper = upper || c-'A' < 26
		lower = lower || c-'a' < 26
	}
	return upper && lower
}

// worthwhile reports whether decoded bytes, of which b is the start or the
// whole, are something to be inspected: text or a known format, rather than
// what any identifier decodes to.
func worthwhile(b []byte, whole bool) bool {
	if f := sniff(b); f != nil && len(f.magic) >= 3 {
		return true
	}
	if len(b) < 12 {
		return false
	}
	return charset.IsLikely(b, whole) || len(b) >= minSpelled && deflated(b)
}

// deflated reports whether b is in zlib or bare deflate, whose mark is too short to be
// believed, and something comes of it.
func deflated(b []byte) bool {
	return codec.Zlib.Match(b) && comesOf(&codec.Zlib, b) || inflates(b) && comesOf(&codec.Deflate, b)
}

// minReversed is the length from which base64 that stands for nothing is read
// from its end, too.
const minReversed = 128

// reversedProbe is how much of it is read so first.
const reversedProbe = 1 << 10

// base64Child returns the part that b, which is base64 in all, stands for, if
// it is worthwhile. scratch is storage for the decoded bytes.
func base64Child(scratch, b []byte) (part.Part, []byte, bool) {
	if !mixed(b) {
		return part.Part{}, scratch, false
	}
	scratch = unbase64(scratch, b)
	if !worthwhile(scratch, true) {
		if len(b) < minReversed {
			return part.Part{}, scratch, false
		}
		r := bytes.Clone(b[max(0, len(b)-reversedProbe):])
		slices.Reverse(r)
		if scratch = unbase64(scratch, bytes.TrimLeft(r, "=")); len(r) < len(b) {
			if !worthwhile(scratch, false) {
				return part.Part{}, scratch, false
			}
			r = bytes.Clone(b)
			slices.Reverse(r)
		}
		if scratch = unbase64(scratch, bytes.TrimLeft(r, "=")); !worthwhile(scratch, true) {
			return part.Part{}, scratch, false
		}
	}
	return part.Part{Path: "base64", Body: newBytesReader(scratch), Size: int64(len(scratch))}, scratch, true
}

// isBase64 reports whether b, a value of its own, is base64 in all, white space
// apart.
func isBase64(b []byte) bool {
	n := 0
	for i := 0; i < len(b); i++ {
		k := normal.SextetPrefix(b[i:])
		if n, i = n+k, i+k; i == len(b) {
			break
		}
		switch c := b[i]; {
		case c == '\n' || c == '\r' || c == ' ':
		case c == '=' && i >= len(b)-4:
		default:
			return false
		}
	}
	return n >= minValue
}

// runReader hands out a stretch of base64 that stands at the start of a window and
// goes beyond it. It consumes it, except for a last line that is shorter than
// the others: that may be text as well, so it is read and also left.
type runReader struct {
	w     *window
	line  int // length of the lines, 0 if it is one line
	given int // of the window's text, by the last piece
	done  bool

	ahead bool // there is a piece that the window has read, and not decoded
	used  int  // of that, by straight
}

// straight decodes what comes next to dst, as far as it is whole groups, before the
// window has looked at it: what stands in base64 is ASCII, so the window would hand
// it on as it is. A piece that is used up is consumed; another one is begun if more
// is wanted.
func (r *runReader) straight(dst []byte, more bool) int {
	w := r.w
	if r.line > 0 || r.done || w.decided || !w.started {
		return 0
	}
	if !r.ahead {
		if !more {
			return 0
		}
		w.consume(r.given)
		r.given, r.used = 0, 0
		if len(w.text) > 0 || w.err != nil {
			return 0
		}
		w.read()
		r.ahead = true
	}
	n, used := decodeGroups(dst, w.raw[r.used:])
	if r.used += used; r.used == len(w.raw) {
		w.keep(r.used)
		w.consume(r.used)
		r.ahead = false
	}
	return n
}

// next returns what comes next, which is valid until the next call.
func (r *runReader) next() ([]byte, error) {
	if r.w.consume(r.given); r.done {
		return nil, io.EOF
	}
	used := 0
	if r.ahead {
		used, r.ahead = r.used, false
		r.w.decode()
	}
	r.w.fill(chunk)
	b := r.w.text
	if r.line == 0 {
		r.given = base64Prefix(b)
		r.done = r.given == 0
		return b[min(used, r.given):r.given], nil
	}
	for r.given = 0; r.given < len(b); {
		line := b[r.given:min(len(b), r.given+r.line+1)]
		end := r.given + base64Prefix(line)
		next := lineEnd(b, end)
		if end-r.given != r.line || next == end {
			if end == len(b) && r.w.err == nil {
				break // the line goes on beyond what is here
			}
			r.done = true
			return b[:min(end, r.given+r.line)], nil
		}
		r.given = next
	}
	r.done = r.given == 0
	return b[:r.given], nil
}

// newBytesReader returns a body that is in memory.
func newBytesReader(b []byte) *bytes.Reader { return bytes.NewReader(b) }
