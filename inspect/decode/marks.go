package decode

import (
	"math/bits"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// marks tells where in a text the characters are that matter to a reader of
// JSON.
type marks struct {
	of   []normal.Structure // one more than the text has whole stretches
	sums []sum
}

// sum tells of 64 stretches, a bit each, what it takes to pass them.
type sum struct {
	look   uint64 // there is an escape, or a string that is to be looked at may begin
	quoted uint64 // there is a quotation mark
	odd    uint64 // and an odd number of them
}

// read makes m the marks of text.
func (m *marks) read(text []byte) {
	m.of = normal.StructureOf(m.of, text)
	whole := len(m.of) - 1
	words := (whole + 63) / 64
	m.sums = slices.Grow(m.sums[:0], words)[:words]
	clear(m.sums)
	k := 0
	if useVectors && whole >= sumGroup {
		k = whole &^ (sumGroup - 1)
		sumGroups(&m.of[0], whole/sumGroup, &m.sums[0])
	}
	for ; k < whole; k++ {
		s, sum, bit := &m.of[k], &m.sums[k>>6], uint64(1)<<(k&63)
		if s.Backslashes|s.Quotes&mayHold(s, &m.of[k+1]) != 0 {
			sum.look |= bit
		}
		if s.Quotes != 0 {
			sum.quoted |= bit
		}
		if bits.OnesCount64(s.Quotes)&1 != 0 {
			sum.odd |= bit
		}
	}
}

// sumGroup is how many stretches are summed up together.
const sumGroup = 8

// stringEnd returns the length of the string whose text is at offset from, of which
// it looks at most bytes, whether it has escapes, and whether it ends there.
func (m *marks) stringEnd(from, most int) (n int, escaped, closed bool) {
	here := ^uint64(0) << (from & 63)
	for k := from >> 6; k < len(m.of); k++ {
		s := &m.of[k]
		w := (s.Quotes | s.Backslashes) & here
		here = ^uint64(0)
		for w != 0 {
			bit := w & -w
			n = k<<6 + bits.TrailingZeros64(bit) - from
			if n >= most {
				return most, escaped, false
			}
			if s.Quotes&bit != 0 {
				return n, escaped, true
			}
			escaped = true
			w &^= bit | bit<<1 // and what is escaped
			here = ^(bit >> 63)
		}
		if (k+1)<<6-from >= most {
			break
		}
	}
	return most, escaped, false
}

// between returns the first offset from i on, which is between strings, where a
// string begins or structure is, or one past the end of all.
func (m *marks) between(i int) int {
	from := ^uint64(0) << (i & 63)
	for k := i >> 6; k < len(m.of); k++ {
		s := &m.of[k]
		if w := (s.Quotes | s.Opens | s.Closes | s.Commas | s.Colons) & from; w != 0 {
			return k<<6 + bits.TrailingZeros64(w)
		}
		from = ^uint64(0)
	}
	return max(i, len(m.of)<<6)
}

// skip returns the offset up to which nothing in text from i on, which is between
// strings, needs a look: there are no escapes, and no strings that may be
// documents or go on for long. It is between strings, or where one begins.
func (m *marks) skip(text []byte, i int) int {
	first, from := i>>6, ^uint64(0)<<(i&63)
	k, quoted := first, first // the last stretch with a quotation mark
	within := uint64(0)       // all ones in a string
	whole := len(m.of) - 1
	for k < whole {
		s := &m.of[k]
		quotes := s.Quotes & from
		if s.Backslashes&from != 0 {
			break
		}
		if w := quotes & mayHold(s, &m.of[k+1]); w != 0 {
			if p := m.opening(text, k, w&normal.Within(quotes, within)); p >= 0 {
				return p
			}
		}
		if quotes != 0 {
			quoted = k
		}
		within ^= -uint64(bits.OnesCount64(quotes) & 1)
		k, from = k+1, ^uint64(0)
		for k < whole { // what needs no look
			s, here := &m.sums[k>>6], ^uint64(0)<<(k&63)
			look := s.look & here
			if look != 0 {
				here &= look&-look - 1
			}
			if w := s.quoted & here; w != 0 {
				quoted = k&^63 + 63 - bits.LeadingZeros64(w)
			} else if within != 0 && k|63 > quoted+maxString/2/64 {
				whole = k // the string is long
				break
			}
			within ^= -uint64(bits.OnesCount64(s.odd&here) & 1)
			if look != 0 {
				k = k&^63 + bits.TrailingZeros64(look)
				break
			}
			k = min(k&^63+64, whole)
		}
	}
	if within == 0 {
		return max(i, k<<6)
	}
	last := m.of[quoted].Quotes
	if quoted == first {
		last &= ^uint64(0) << (i & 63)
	}
	return quoted<<6 + 63 - bits.LeadingZeros64(last)
}

// mayHold returns where in s quotation marks may open a string that dense is true
// of: minValue characters that are dense follow, or "<" or a colon at its place.
// next is what follows s.
func mayHold(s, next *normal.Structure) uint64 {
	less := s.Less>>1 | next.Less<<63
	colons := s.Colons>>5 | next.Colons<<59
	short := s.Quotes>>4 | next.Quotes<<60
	here, behind := row(s.Dense, next.Dense)
	return s.Quotes & (less | colons&^short | here>>1 | behind<<63)
}

// opening returns the offset of the first of opens, marks of stretch k, that opens a
// string to be looked at, -1 if none does.
func (m *marks) opening(text []byte, k int, opens uint64) int {
	long, behind := row(^m.of[k].Quotes, ^m.of[k+1].Quotes)
	for w := opens & (long>>1 | behind<<63); w != 0; w &= w - 1 {
		p := k<<6 + bits.TrailingZeros64(w)
		if rest := text[p+1:]; len(rest) < minValue || !isUUID(rest) && dense(rest) {
			return p
		}
	}
	return -1
}

// row returns where in m, which next follows, minValue bits in a row are set, and
// where in next, as if nothing followed that.
func row(m, next uint64) (here, behind uint64) {
	m, next = m&(m>>1|next<<63), next&(next>>1)
	m, next = m&(m>>2|next<<62), next&(next>>2)
	m, next = m&(m>>4|next<<60), next&(next>>4)
	m, next = m&(m>>8|next<<56), next&(next>>8)
	return m & (m>>8 | next<<56), next & (next >> 8)
}

// isUUID reports whether the string that b begins with is a UUID (RFC 9562). Most
// long values without spaces are; none is a document: base64 has letters of both
// cases, and no text has a dash at the ninth character of its base64.
func isUUID(b []byte) bool {
	if len(b) <= uuidSize || b[uuidSize] != '"' || b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
		return false
	}
	return uuidLower.prefix(b[:uuidSize]) == uuidSize || uuidUpper.prefix(b[:uuidSize]) == uuidSize
}

const uuidSize = 36

var uuidLower, uuidUpper = &chars("0123456789abcdef", "-").all, &chars("0123456789ABCDEF", "-").all

// unescaped returns the quotation marks of s, from those in from on, but for
// those that are escaped in a string. within says that a string is open before
// it, after that its first character is escaped; last, that the one behind it is.
func unescaped(s *normal.Structure, from, within uint64, first bool) (quotes uint64, last bool) {
	in := within != 0
	w := (s.Quotes | s.Backslashes) & from
	if first {
		w &^= 1
	}
	for ; w != 0; w &= w - 1 {
		bit := w & -w
		switch {
		case s.Quotes&bit != 0:
			quotes |= bit
			in = !in
		case in:
			w &^= bit << 1
			last = bit<<1 == 0
		}
	}
	return quotes, last
}
