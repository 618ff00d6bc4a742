package decode

import (
	"bytes"
	"encoding/binary"
	"io"
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
	in   []byte
	have []byte // of in, not decoded yet
	bits uint32
	n    int // sextets in bits
	err  error
}

func (r *base64Reader) Read(p []byte) (int, error) {
	o := 0
	for o+3 <= len(p) {
		if len(r.have) == 0 {
			if r.err != nil {
				break
			}
			if o > 0 {
				return o, nil
			}
			if r.in == nil {
				r.in = make([]byte, 8<<10)
			}
			var n int
			n, r.err = r.src.Read(r.in)
			r.have = r.in[:n]
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
	if o == 0 && len(p) > 0 && len(p) < 3 {
		return r.short(p)
	}
	return o, nil
}

// short serves reads of one or two bytes.
func (r *base64Reader) short(p []byte) (int, error) {
	var buf [3]byte
	n, err := r.Read(buf[:])
	k := copy(p, buf[:n])
	if k < n { // put the rest back as what it was decoded from
		rest := append([]byte(nil), encodeGroup(buf[k:n])...)
		r.have = append(rest, r.have...)
		r.bits, r.n = 0, 0
		return k, nil
	}
	return k, err
}

// encodeGroup writes one or two bytes as a padded group.
func encodeGroup(b []byte) []byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	x := uint32(b[0]) << 16
	if len(b) == 1 {
		return []byte{alphabet[x>>18], alphabet[x>>12&63], '='}
	}
	x |= uint32(b[1]) << 8
	return []byte{alphabet[x>>18], alphabet[x>>12&63], alphabet[x>>6&63], '='}
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
// characters. Each such stretch holds all of a look, of which most text fails the
// first test.
func findRun(b []byte) (run, bool) {
	const look, step = 16, minRun - 16
	for i := 0; i+look <= len(b); {
		if !base64ish(b[i:]) || normal.SextetPrefix(b[i:i+look]) < look {
			i += step
			continue
		}
		start := i
		for start > 0 && sextet[b[start-1]] != outside {
			start--
		}
		end := i + look + normal.SextetPrefix(b[i+look:])
		if end-start < minRun || !mixed(b[start:end]) {
			i = end + 1
			continue
		}
		r := run{start: start, end: end}
		r.extend(b)
		return r, true
	}
	return run{}, false
}

// base64ish reports whether the first 16 bytes of b are all ASCII from "+" on:
// that leaves out spaces, line ends, quotation marks and brackets.
func base64ish(b []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	b = b[:16]
	x, y := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	return ((x-'+'*ones)|(y-'+'*ones)|x|y)&highs == 0
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

// runReader reads a stretch of base64 that stands at the start of a window and
// goes beyond it. It consumes it, except for a last line that is shorter than
// the others: that may be text as well, so it is read and also left.
type runReader struct {
	w    *window
	line int    // length of the lines, 0 if it is one line
	last []byte // what is left of the last line
	done bool
}

func (r *runReader) Read(p []byte) (int, error) {
	if r.done {
		n := copy(p, r.last)
		r.last = r.last[n:]
		if n == 0 {
			return 0, io.EOF
		}
		return n, nil
	}
	r.w.fill(chunk)
	b := r.w.text
	if r.line == 0 {
		n := copy(p, b[:base64Prefix(b[:min(len(b), len(p))])])
		r.w.consume(n)
		if n == 0 {
			r.done = true
			return 0, io.EOF
		}
		return n, nil
	}
	n, taken := 0, 0
	for n+r.line <= len(p) && taken < len(b) {
		end := taken + base64Prefix(b[taken:min(len(b), taken+r.line+1)])
		next := lineEnd(b, end)
		if end-taken != r.line || next == end {
			if end == len(b) && r.w.err == nil {
				break // the line goes on beyond what is here
			}
			r.done = true
			r.last = bytes.Clone(b[taken:min(end, taken+r.line)])
			break
		}
		n += copy(p[n:], b[taken:end])
		taken = next
	}
	r.w.consume(taken)
	if n == 0 && !r.done {
		if taken == 0 && len(p) < r.line {
			return 0, io.ErrShortBuffer
		}
		r.done = true
	}
	if n == 0 {
		return r.Read(p)
	}
	return n, nil
}

// newBytesReader returns a body that is in memory.
func newBytesReader(b []byte) *bytes.Reader { return bytes.NewReader(b) }
