//go:build !purego

package charset

import (
	"bytes"
	"unsafe"

	"golang.org/x/sys/cpu"
)

// useBlocks and wideBlocks, for vectors of 64 bytes, may be switched off in tests.
var (
	useBlocks  = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT
	wideBlocks = useBlocks && cpu.X86.HasAVX512VBMI2 && cpu.X86.HasAVX512BW
)

// split cuts the n bytes (at least 64) at src, or fewer at their end, into characters
// of one or two bytes and leaves their indexes into a plane's entries at units, where
// room for 64 more must be. It returns how many there are. A byte more than n must be
// readable; it may be the second of the last character.
func split(src *byte, n int, r ranges, units *uint16) int {
	if wideBlocks {
		return splitAVX512(src, n, r, units)
	}
	return splitAVX2(src, n/64, r, &kept, units)
}

//go:noescape
func splitAVX512(src *byte, n int, r ranges, units *uint16) int

//go:noescape
func splitAVX2(src *byte, blocks int, r ranges, t *[256][16]byte, units *uint16) int

// kept is by which of eight words are kept where their bytes are.
var kept = func() (t [256][16]byte) {
	for which := range t {
		k := 0
		for i := range byte(8) {
			if which>>i&1 != 0 {
				t[which][k], t[which][k+1] = 2*i, 2*i+1
				k += 2
			}
		}
	}
	return t
}()

// spell writes the n characters (at least one) at units, as p has them, to dst,
// and their kinds to kinds. It ends before one that p does not have, or some
// before it. It returns how many characters it wrote and what they take at dst.
// There must be room for 64 bytes more at dst and for 16 at kinds, and 16 more
// units must be readable.
func spell(units *uint16, n int, p *plane, dst, kinds *byte) (done, size int) {
	if wideBlocks {
		return spellAVX512(units, n, p, dst, kinds)
	}
	size = spellAVX2(units, n, p, &laid, dst, kinds)
	all := unsafe.Slice(kinds, n)
	if done = bytes.IndexByte(all, 0); done < 0 {
		return n, size
	}
	size = 0
	for _, k := range all[:done] {
		size += int(k & 3)
	}
	return done, size
}

//go:noescape
func spellAVX512(units *uint16, n int, p *plane, dst, kinds *byte) (done, size int)

// spellAVX2 is spell of all: what p does not have takes nothing and is of kind 0.
//
//go:noescape
func spellAVX2(units *uint16, n int, p *plane, t *[256][16]byte, dst, kinds *byte) (size int)

// laid is where the bytes are of four characters, as packed has them, in dwords: by a
// bit for each that takes two or three bytes, and four above for each that takes one or
// three. The last is how many there are.
var laid = func() (t [256][16]byte) {
	for which := range t {
		to := t[which][:0]
		for i := range 4 {
			for k := range which>>i&1<<1 | which>>(4+i)&1 {
				to = append(to, byte(4*i+k))
			}
		}
		t[which][15] = byte(len(to))
	}
	return t
}()

// utf16 is spell for the n units of UTF-16 at src, at least 16. It leaves out what is
// less than 16 at the end, and ends before surrogates.
func utf16(src *byte, n int, big bool, dst, kinds *byte) (done, size int) {
	if wideBlocks {
		return utf16AVX512(src, n, big, dst, kinds)
	}
	return utf16AVX2(src, n/16, big, &spelled, dst, kinds)
}

//go:noescape
func utf16AVX512(src *byte, n int, big bool, dst, kinds *byte) (done, size int)

//go:noescape
func utf16AVX2(src *byte, blocks int, big bool, t *[256][16]byte, dst, kinds *byte) (done, size int)

// spelled is where the bytes are of four characters in dwords: by a bit for each that
// has less than three, and four above for each that has one, which has both. Of two,
// the second stands third.
var spelled = func() (t [256][16]byte) {
	for which := range t {
		to := t[which][:0]
		for i := range byte(4) {
			switch at := 4 * i; {
			case which>>(4+i)&1 != 0:
				to = append(to, at)
			case which>>i&1 != 0:
				to = append(to, at, at+2)
			default:
				to = append(to, at, at+1, at+2)
			}
		}
	}
	return t
}()
