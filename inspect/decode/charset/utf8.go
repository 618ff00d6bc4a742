package charset

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// ASCIIPrefix returns the length of the ASCII at b's start.
func ASCIIPrefix(b []byte) int {
	i := 0
	if useVectors && len(b) >= 256 {
		i = 64 * asciiBlocks(&b[0], len(b)/64)
	}
	for ; i+32 <= len(b); i += 32 {
		w := b[i : i+32 : i+32]
		if (binary.LittleEndian.Uint64(w)|binary.LittleEndian.Uint64(w[8:])|
			binary.LittleEndian.Uint64(w[16:])|binary.LittleEndian.Uint64(w[24:]))&highs != 0 {
			break
		}
	}
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
	n, _ := valid(b)
	return n
}

// valid is ValidPrefix. controls is false if there is no control character in
// the prefix, other than white space.
func valid(b []byte) (n int, controls bool) {
	const before = 3 // bytes that the vectors look back
	if !useVectors || len(b) < before+2*vectorSize {
		n = validFrom(b, 0)
		return n, hasControls(b[:n])
	}
	for n < before {
		r, size := utf8.DecodeRune(b[n:])
		if r == utf8.RuneError && size <= 1 {
			return n, hasControls(b[:n])
		}
		n += size
	}
	start := n
	done, controls := validBlocks(&b[start], len(b)-start)
	n = charBefore(b[:start+done])
	from := n
	n = validFrom(b, from)
	return n, controls || hasControls(b[:start]) || hasControls(b[from:n])
}

// charBefore returns where the last character of b, all of it valid, begins if
// it may go on beyond b, else len(b).
func charBefore(b []byte) int {
	for k := 1; k < utf8.UTFMax && k <= len(b); k++ {
		if c := b[len(b)-k]; c >= 0xc0 {
			return len(b) - k
		} else if c < 0x80 {
			break
		}
	}
	return len(b)
}

// validFrom is ValidPrefix, known to hold up to i.
func validFrom(b []byte, i int) int {
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

// hasControls reports whether b holds control characters, other than white
// space.
func hasControls(b []byte) bool {
	const space = 0x2020202020202020
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		// A borrow may add false ones above a true one, and white space is
		// meant by most.
		if (x-space)&^x&highs != 0 && countControls(b[i:i+8]) > 0 {
			return true
		}
	}
	return countControls(b[i:]) > 0
}

func countControls(b []byte) int {
	n := 0
	for _, c := range b {
		if c < ' ' && (c < '\t' || c > '\r') {
			n++
		}
	}
	return n
}

// incomplete reports whether b is the beginning of a character, cut short.
func incomplete(b []byte) bool { return len(b) > 0 && !utf8.FullRune(b) }
