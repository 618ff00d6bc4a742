package match

import (
	"encoding/binary"
	"unsafe"
)

// load returns the first eight bytes of b, little endian, zeros past its end.
func load(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.LittleEndian.Uint64(b)
	}
	var x uint64
	for i, c := range b {
		x |= uint64(c) << (8 * i)
	}
	return x
}

// view returns the bytes of s, which must not be changed.
func view(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// lowerByte folds an ASCII letter to lower case and leaves the rest alone.
func lowerByte(c byte) byte {
	if c-'A' < 26 {
		c |= 0x20
	}
	return c
}

func lower(b []byte) {
	for i, c := range b {
		b[i] = lowerByte(c)
	}
}

// lowerWord is lowerByte on eight bytes at once.
func lowerWord(x uint64) uint64 {
	low := x & (0x7f * ones)
	atLeastA := low + (0x80-'A')*ones
	aboveZ := low + (0x7f-'Z')*ones
	return x | (atLeastA&^aboveZ&^x&(0x80*ones))>>2
}

func hasLetter(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c-'a' < 26 {
			return true
		}
	}
	return false
}
