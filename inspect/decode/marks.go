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
// documents or go on for long. It is between strings, or where one begins, and
// below limit.
func (m marks) skip(text []byte, i, limit int) int {
	from, within := ^uint64(0)<<(i&63), uint64(0)
	for k := i >> 6; k+1 < len(m) && (k+1)<<6 < limit; k++ {
		s, at := &m[k], k<<6
		if s.Backslashes&from != 0 || within != 0 && at-i > maxString/2 {
			break
		}
		quotes, next := s.Quotes&from, m[k+1].Quotes
		in := normal.Within(quotes, within)
		opens := quotes & in
		// The marks that minValue characters without one follow.
		long := gap(quotes, next) >> 1
		if next&(1<<minValue-1) == 0 {
			long |= 1 << 63
		}
		for w := opens & long; w != 0; w &= w - 1 {
			p := at + bits.TrailingZeros64(w)
			if rest := text[p+1:]; len(rest) < minValue || !isUUID(rest) && dense(rest) {
				return p
			}
		}
		from, within = ^uint64(0), normal.Open(in)
		if within == 0 {
			i = at + 64
		} else if opens != 0 {
			i = at + 63 - bits.LeadingZeros64(opens)
		}
	}
	return i
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
