package normal

import "encoding/binary"

// Sextet is 1 for the characters of base64 and base64url (RFC 4648).
var Sextet = func() (t [256]uint8) {
	for i := range t {
		switch c := byte(i); {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9', c == '+', c == '/', c == '-', c == '_':
			t[i] = 1
		}
	}
	return t
}()

// SextetPrefix returns how many characters of base64 or base64url b begins with.
func SextetPrefix(b []byte) int {
	i := 0
	for i < min(8, len(b)) { // most words end here
		if Sextet[b[i]] == 0 {
			return i
		}
		i++
	}
	if n := (len(b) - i) / wideSize; n > 0 && useWide {
		k := sextetWide(&b[i], n)
		if i += k; k < n*wideSize {
			return i
		}
	}
	if n := (len(b) - i) / vectorSize; n > 0 && useVectors {
		k := sextetBlocks(&b[i], n)
		if i += k; k < n*vectorSize {
			return i
		}
	}
	if last := len(b) - vectorSize; last >= 0 && useVectors && sextetBlocks(&b[last], 1) == vectorSize {
		return len(b)
	}
	for i < len(b) && Sextet[b[i]] != 0 {
		i++
	}
	return i
}

// SextetSpan is how many bytes a word of SextetWords speaks of.
const SextetSpan = 512

// SextetWords sets a bit of words for each eight bytes of b, the first one's the
// lowest, that are all characters of base64 or base64url. It returns the words of b,
// of which there must be enough; what b has beyond a multiple of 64 bytes counts as
// if others followed.
func SextetWords(words []uint64, b []byte) []uint64 {
	words = words[:(len(b)+SextetSpan-1)/SextetSpan]
	clear(words)
	n := len(b) / wideSize
	sextetWords(b[:n*wideSize], words, 0)
	if n*wideSize < len(b) {
		var rest [wideSize]byte
		copy(rest[:], b[n*wideSize:])
		sextetWords(rest[:], words, n)
	}
	return words
}

// sextetWords is SextetWords of whole blocks of 64 bytes, of which words tells from
// block at on.
func sextetWords(b []byte, words []uint64, at int) {
	if useVectors && len(b) > 0 {
		sextetWordBlocks(&b[0], len(b)/wideSize, &words[at/8], at%8)
		return
	}
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for i := 0; i < len(b); i += 8 {
		c := b[i : i+8 : i+8]
		x := binary.LittleEndian.Uint64(c)
		if ((x-'+'*ones)|x)&highs != 0 { // spaces, line ends, quotation marks, brackets
			continue
		}
		all := Sextet[c[0]] & Sextet[c[1]] & Sextet[c[2]] & Sextet[c[3]] & Sextet[c[4]] & Sextet[c[5]] & Sextet[c[6]] & Sextet[c[7]]
		k := at*8 + i/8
		words[k/64] |= uint64(all) << (k % 64)
	}
}
