package normal

import "slices"

// Structure tells where in 64 bytes of text the characters stand by which JSON
// is parted, a bit for each byte, the first one's the lowest. What stands in a
// string is marked like what stands between strings.
type Structure struct {
	Quotes, Backslashes uint64
	Opens, Closes       uint64 // braces and brackets
	Commas, Colons      uint64
	Dense, Less         uint64 // base64 in either alphabet and "%"; "<"
}

// Stretch is how many bytes a Structure speaks of.
const Stretch = 64

// StructureOf returns the structures of b, in m's storage: one for each stretch
// and one for what is left, which may be nothing.
func StructureOf(m []Structure, b []byte) []Structure {
	n := len(b) / Stretch
	m = slices.Grow(m[:0], n+1)[:n+1]
	structures(b[:n*Stretch], m)
	var rest [Stretch]byte
	copy(rest[:], b[n*Stretch:])
	structures(rest[:], m[n:])
	return m
}

// structures fills m for the whole stretches of b.
func structures(b []byte, m []Structure) {
	n := len(b) / Stretch
	if n > 0 && useVectors {
		structureBlocks(&b[0], n, &m[0])
		return
	}
	for k := range n {
		m[k] = structureOf(b[k*Stretch:][:Stretch])
	}
}

// structureOf is the structure of a stretch, byte by byte.
func structureOf(b []byte) (s Structure) {
	for i, c := range b {
		bit := uint64(1) << i
		switch c {
		case '"':
			s.Quotes |= bit
		case '\\':
			s.Backslashes |= bit
		case '{', '[':
			s.Opens |= bit
		case '}', ']':
			s.Closes |= bit
		case ',':
			s.Commas |= bit
		case ':':
			s.Colons |= bit
		case '<':
			s.Less |= bit
		}
		if isDense(c) {
			s.Dense |= bit
		}
	}
	return s
}

func isDense(c byte) bool { return Sextet[c] != 0 || c == '%' }

// Within returns the bytes that stand in strings, from the quotation mark that
// opens one to the byte before that which closes it, given the marks that do
// either. within is all ones if a string is open before the first byte, else 0.
func Within(quotes, within uint64) uint64 {
	quotes ^= quotes << 1
	quotes ^= quotes << 2
	quotes ^= quotes << 4
	quotes ^= quotes << 8
	quotes ^= quotes << 16
	quotes ^= quotes << 32
	return quotes ^ within
}

// Open is what within is for the next stretch: all ones if in's last bit is set.
func Open(in uint64) uint64 { return -(in >> 63) }
