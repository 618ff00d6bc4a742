package decode

import (
	"math/bits"
	"slices"
)

// marks tells where in a text the characters are that matter to a reader of
// JSON: a bit for each byte, 64 to an element, under inString for what may end a
// string or be an escape, under betweenStrings for quotation marks and
// structure. A few control characters pass for structure.
type marks [][2]uint64

const (
	inString = iota
	betweenStrings
)

// of makes m those of b.
func (m marks) of(b []byte) marks {
	const block = 64
	n := len(b) / block
	m = slices.Grow(m[:0], n+1)[:n+1]
	if n > 0 {
		markBlocks(b[:n*block], m)
	}
	var rest [block]byte
	copy(rest[:], b[n*block:])
	markBlocks(rest[:], m[n:])
	return m
}

// next returns the first offset from i on where a bit of the kind is set, or
// one past the end of all.
func (m marks) next(kind, i int) int {
	k := i >> 6
	if k >= len(m) {
		return i
	}
	w := m[k][kind] >> (i & 63)
	if w != 0 {
		return i + bits.TrailingZeros64(w)
	}
	for k++; k < len(m); k++ {
		if w := m[k][kind]; w != 0 {
			return k<<6 + bits.TrailingZeros64(w)
		}
	}
	return k << 6
}

// dull returns the offset up to which nothing from i on, which is between
// strings, needs a look: there are no escapes, and no strings of minValue bytes.
// It is between strings, or where one begins.
func (m marks) dull(i int) int {
	from := ^uint64(0) << (i & 63)
	in := false
	for k := i >> 6; k+1 < len(m); k++ {
		w := m[k][inString] & from
		if w&^m[k][betweenStrings] != 0 || gap(w|^from, m[k+1][inString]) != 0 {
			break
		}
		from = ^uint64(0)
		if in = in != (bits.OnesCount64(w)&1 != 0); !in {
			i = (k + 1) << 6
		} else if w != 0 {
			i = k<<6 + 63 - bits.LeadingZeros64(w)
		}
	}
	return i
}

// gap returns where in m, which next follows, minValue bits in a row are clear.
func gap(m, next uint64) uint64 {
	m, next = ^m, ^next
	m, next = m&(m>>1|next<<63), next&(next>>1)
	m, next = m&(m>>2|next<<62), next&(next>>2)
	m, next = m&(m>>4|next<<60), next&(next>>4)
	m, next = m&(m>>8|next<<56), next&(next>>8)
	return m & (m>>8 | next<<56)
}

// markEach is markBlocks, byte by byte.
func markEach(b []byte, m marks) {
	for k := range len(b) / 64 {
		var in, out uint64
		for i, c := range b[64*k : 64*k+64] {
			f := uint64(markOf[c])
			in |= f & 1 << i
			out |= f >> 1 << i
		}
		m[k] = [2]uint64{in, out}
	}
}

// markOf holds what each byte is marked as: 1 in strings, 2 between them.
var markOf = func() (t [256]uint8) {
	for _, c := range "\":,{}[]\x1a\x0c" {
		t[c] = 2
	}
	t['"'] |= 1
	t['\\'] |= 1
	return t
}()
