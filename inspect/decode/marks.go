package decode

import (
	"math/bits"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// marks tells where in a text the characters are that matter to a reader of
// JSON.
type marks []normal.Structure

// next returns the first offset from i on where a string may end or has an
// escape, or one past the end of all.
func (m marks) next(i int) int {
	k := i >> 6
	if k >= len(m) {
		return i
	}
	if w := (m[k].Quotes | m[k].Backslashes) >> (i & 63); w != 0 {
		return i + bits.TrailingZeros64(w)
	}
	for k++; k < len(m); k++ {
		if w := m[k].Quotes | m[k].Backslashes; w != 0 {
			return k<<6 + bits.TrailingZeros64(w)
		}
	}
	return k << 6
}

// between returns the first offset from i on, which is between strings, where a
// string begins or structure is, or one past the end of all.
func (m marks) between(i int) int {
	from := ^uint64(0) << (i & 63)
	for k := i >> 6; k < len(m); k++ {
		s := &m[k]
		if w := (s.Quotes | s.Opens | s.Closes | s.Commas | s.Colons) & from; w != 0 {
			return k<<6 + bits.TrailingZeros64(w)
		}
		from = ^uint64(0)
	}
	return max(i, len(m)<<6)
}

// skip returns the offset up to which nothing in text from i on, which is between
// strings, needs a look: there are no escapes, and no strings that may be
// documents or go on for long. It is between strings, or where one begins.
func (m marks) skip(text []byte, i int) int {
	first, from := i>>6, ^uint64(0)<<(i&63)
	k, quoted := first, first // the last stretch with a quotation mark
	within := uint64(0)
	for ; k+1 < len(m); k++ {
		s, next := &m[k], &m[k+1]
		quotes := s.Quotes & from
		if s.Backslashes&from != 0 || within != 0 && k-quoted > maxString/2/64 {
			break
		}
		if mayHold(s, next, quotes) {
			if p := m.opening(text, k, quotes&normal.Within(quotes, within)); p >= 0 {
				return p
			}
		}
		if quotes != 0 {
			quoted = k
		}
		within ^= -uint64(bits.OnesCount64(quotes) & 1)
		from = ^uint64(0)
	}
	if within == 0 {
		return max(i, k<<6)
	}
	last := m[quoted].Quotes
	if quoted == first {
		last &= ^uint64(0) << (i & 63)
	}
	return quoted<<6 + 63 - bits.LeadingZeros64(last)
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

// mayHold reports whether one of the quotation marks of s may open a string that
// dense is true of: there is a long row of what is dense, or "<" or a colon at its
// place. next is what follows s.
func mayHold(s, next *normal.Structure, quotes uint64) bool {
	const ones, highs, first = 0x0101010101010101, 0x8080808080808080, 0x80
	less := s.Less>>1 | next.Less<<63
	colons := s.Colons>>5 | next.Colons<<59
	short := s.Quotes>>4 | next.Quotes<<60
	// Bytes of the masks that are all ones: of those that minValue characters in a
	// row make, two stand together.
	here, behind := (^s.Dense-ones)&s.Dense&highs, (^next.Dense-ones)&next.Dense&highs
	rows := here&(here>>8|behind<<56) | behind&(behind>>8)&first
	return quotes&(less|colons&^short)|rows != 0
}

// opening returns the offset of the first of opens, marks of stretch k, that opens a
// string to be looked at, -1 if none does.
func (m marks) opening(text []byte, k int, opens uint64) int {
	quotes, next := m[k].Quotes, m[k+1].Quotes
	long := gap(quotes, next) >> 1 // the marks that minValue characters without one follow
	if next&(1<<minValue-1) == 0 {
		long |= 1 << 63
	}
	for w := opens & long; w != 0; w &= w - 1 {
		p := k<<6 + bits.TrailingZeros64(w)
		if rest := text[p+1:]; len(rest) < minValue || !isUUID(rest) && dense(rest) {
			return p
		}
	}
	return -1
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
