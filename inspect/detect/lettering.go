package detect

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Labels are looked for before each value, so the letters before it are looked at
// eight at a time.

// marks is a set of offsets below 256.
type marks [4]uint64

func (m *marks) set(i int)      { m[i>>6] |= 1 << (i & 63) }
func (m *marks) has(i int) bool { return m[i>>6]&(1<<(i&63)) != 0 }

// next returns the first offset in m from i on, 256 if there is none.
func (m *marks) next(i int) int {
	for k := i >> 6; k < len(m); k++ {
		if w := m[k] >> (i & 63) << (i & 63); w != 0 {
			return k<<6 + bits.TrailingZeros64(w)
		}
		i = 0
	}
	return 256
}

// maxLettering is the most bytes that a lettering has.
const maxLettering = 256

// lettering is a text in lower case, and where words are in it.
type lettering struct {
	buf    [maxLettering + 8]byte // zero behind the text
	n      int
	starts marks // words in Latin letters, and other characters
	stops  marks // where a word in Latin letters cannot go on
}

// six is as six is of the bytes from i on.
func (t *lettering) six(i int) uint64 {
	return binary.LittleEndian.Uint64(t.buf[i:]) << 16 >> 16
}

// of makes t the lettering of s, cut at its capacity.
func (t *lettering) of(s []byte) {
	n := copy(t.buf[:maxLettering], s)
	t.n = n
	blocks := (n + 63) / 64
	clear(t.buf[n : 64*blocks+8])
	var upper, letters, others marks
	switch {
	case blocks == 0:
	case nameVectors:
		letteringBlocks(&t.buf[0], blocks, &upper, &letters, &others)
	default:
		markLetters(t.buf[:64*blocks], &upper, &letters, &others)
	}
	var l, u uint64 // of the byte before
	for k := blocks; k < len(t.starts); k++ {
		t.starts[k], t.stops[k] = 0, ^uint64(0)
	}
	for k := range blocks {
		here, up := letters[k], upper[k]
		ahead, upAhead := here>>1, up>>1
		if k+1 < len(letters) {
			ahead |= letters[k+1] << 63
			upAhead |= upper[k+1] << 63
		}
		// A word begins inside a run of letters where an upper-case letter stands
		// after a lower-case one, or before one.
		camel := up & (^(up<<1 | u) | ahead&^upAhead)
		t.starts[k] = here&(^(here<<1|l)|camel) | others[k]
		t.stops[k] = ^here | camel
		l, u = here>>63, up>>63
	}
}

const (
	eightOnes = 0x0101010101010101
	tops      = 0x80 * eightOnes
)

// between8 returns the top bits of the bytes of x from lo to hi, both ASCII.
func between8(x uint64, lo, hi byte) uint64 {
	low := x &^ tops
	return (low + eightOnes*uint64(0x80-lo)) &^ (low + eightOnes*uint64(0x7f-hi)) &^ x & tops
}

// equal8 returns the top bits of the bytes of x that are c.
func equal8(x uint64, c byte) uint64 {
	x ^= eightOnes * uint64(c)
	return ^((x&^tops + ^uint64(tops)) | x) & tops
}

// gather8 puts the top bits of the bytes of x, which has no others, side by side.
func gather8(x uint64) uint64 { return x >> 7 * 0x0102040810204080 >> 56 }

// markLetters puts b, of which the size is a multiple of eight, in lower case, and marks
// what were capitals, what are letters and what is 11xxxxxx.
func markLetters(b []byte, upper, letters, others *marks) {
	for i := 0; i < len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		u := between8(x, 'A', 'Z')
		x |= u >> 2
		binary.LittleEndian.PutUint64(b[i:], x)
		upper[i>>6] |= gather8(u) << (i & 63)
		letters[i>>6] |= gather8(between8(x, 'a', 'z')) << (i & 63)
		others[i>>6] |= gather8(x&(x<<1)&tops) << (i & 63)
	}
}

// lower copies s to dst in lower case, at most len(dst) bytes of it, and marks
// where upper-case letters stood.
func lower(dst, s []byte, upper *marks) []byte {
	n := min(len(dst), len(s))
	dst, s = dst[:n], s[:n]
	i := 0
	for ; i+8 <= n; i += 8 {
		x := binary.LittleEndian.Uint64(s[i:])
		u := between8(x, 'A', 'Z')
		binary.LittleEndian.PutUint64(dst[i:], x|u>>2)
		upper[i>>6] |= gather8(u) << (i & 63)
	}
	for ; i < n; i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
			upper.set(i)
		}
		dst[i] = c
	}
	return dst
}

// lastNewline returns where the last line end of b is, -1 if there is none.
func lastNewline(b []byte) int { return lastByte(b, '\n') }

// lastByte is bytes.LastIndexByte, eight bytes at a time.
func lastByte(b []byte, c byte) int {
	i := len(b)
	for ; i >= 8; i -= 8 {
		if z := equal8(binary.LittleEndian.Uint64(b[i-8:]), c); z != 0 {
			return i - 1 - bits.LeadingZeros64(z)>>3
		}
	}
	return bytes.LastIndexByte(b[:i], c)
}

// allASCII reports whether b is.
func allASCII(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&tops != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
