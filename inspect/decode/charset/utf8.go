package charset

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

const highs = 0x8080808080808080

// ASCIIPrefix returns the length of the ASCII at b's start.
func ASCIIPrefix(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if x := binary.LittleEndian.Uint64(b[i:]) & highs; x != 0 {
			return i + bits.TrailingZeros64(x)>>3
		}
	}
	for i < len(b) && b[i] < 0x80 {
		i++
	}
	return i
}

// ValidPrefix returns the length of the longest prefix of b that is valid
// UTF-8, ending with a whole character.
func ValidPrefix(b []byte) int {
	i := 0
	for i < len(b) {
		if b[i] < 0x80 {
			i += ASCIIPrefix(b[i:])
			continue
		}
		// Three-byte characters but those after E0 and ED, which have
		// forbidden ranges: nearly all of Japanese.
		for i+4 <= len(b) {
			v := binary.LittleEndian.Uint32(b[i:])
			if v&0xc0c0f0 != 0x8080e0 || v&15 == 0 || v&15 == 13 {
				break
			}
			i += 3
		}
		if i < len(b) && b[i] >= 0x80 {
			r, n := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && n <= 1 {
				return i
			}
			i += n
		}
	}
	return i
}

// incomplete reports whether b is the beginning of a character, cut short.
func incomplete(b []byte) bool { return len(b) > 0 && !utf8.FullRune(b) }
