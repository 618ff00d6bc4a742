//go:build !purego

package charset

import "golang.org/x/sys/cpu"

// useBlocks may be switched off in tests.
var useBlocks = cpu.X86.HasAVX512VBMI2 && cpu.X86.HasAVX512BW && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT

// split cuts the n bytes (at least one) at src into characters of one or two bytes and
// leaves their indexes into a plane's entries at units, where room for 64 more
// must be. It returns how many there are. A byte more than n must be readable;
// it may be the second of the last character.
func split(src *byte, n int, r ranges, units *uint16) int { return splitAVX512(src, n, r, units) }

//go:noescape
func splitAVX512(src *byte, n int, r ranges, units *uint16) int

// spell writes the n characters (at least one) at units, as p has them, to dst,
// and their kinds to kinds. It ends before one that p does not have, or some
// before it. It returns how many characters it wrote and what they take at dst.
// There must be room for 64 bytes more at dst and for 16 at kinds, and 16 more
// units must be readable.
func spell(units *uint16, n int, p *plane, dst, kinds *byte) (done, size int) {
	return spellAVX512(units, n, p, dst, kinds)
}

//go:noescape
func spellAVX512(units *uint16, n int, p *plane, dst, kinds *byte) (done, size int)

// utf16 is spell for the n units of UTF-16 at src. It leaves out what is less
// than 16 at the end, and ends before surrogates.
func utf16(src *byte, n int, big bool, dst, kinds *byte) (done, size int) {
	return utf16AVX512(src, n, big, dst, kinds)
}

//go:noescape
func utf16AVX512(src *byte, n int, big bool, dst, kinds *byte) (done, size int)
