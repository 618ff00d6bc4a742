//go:build !purego

package decode

import "golang.org/x/sys/cpu"

// useVectors may be switched off in tests.
var useVectors = cpu.X86.HasAVX2

// pairBlocks sets a bit in out for each byte in blocks of 64 at b, before which
// one more is, that t, a table like pairs, lets follow the one before it: in the
// first word of a block by the low three bits, in the second by the others.
func pairBlocks(b *byte, blocks int, t *[4][16]byte, out *[2]uint64) { pairsAVX2(b, blocks, t, out) }

//go:noescape
func pairsAVX2(b *byte, blocks int, t *[4][16]byte, out *[2]uint64)

// markBlocks marks the whole blocks of 64 bytes in b, at least one.
func markBlocks(b []byte, m marks) {
	if !useVectors {
		markEach(b, m)
		return
	}
	markAVX2(&b[0], len(b)/64, &m[0])
}

//go:noescape
func markAVX2(b *byte, blocks int, out *[2]uint64)

// unbase64Blocks decodes blocks of 32 characters to 24 bytes each, until one
// holds something else, and returns how many. Of dst it writes 8 bytes more.
func unbase64Blocks(dst, src *byte, blocks int) int { return unbase64AVX2(dst, src, blocks) }

//go:noescape
func unbase64AVX2(dst, src *byte, blocks int) int

// prefixBlocks returns how many bytes from b on are in s, of blocks of 32, at least
// one.
func prefixBlocks(b *byte, blocks int, s *asciiSet) int { return prefixAVX2(b, blocks, s) }

//go:noescape
func prefixAVX2(b *byte, blocks int, s *asciiSet) int
