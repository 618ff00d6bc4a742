//go:build !purego

package charset

import "golang.org/x/sys/cpu"

// useVectors and useWide may be switched off in tests.
var (
	useVectors = cpu.X86.HasAVX2
	useWide    = cpu.X86.HasAVX512VBMI && cpu.X86.HasAVX512BW && cpu.X86.HasBMI1
)

const vectorSize = 32

// validBlocks looks at the first of size bytes at b, vectorSize at least, before
// which three more are. It returns how many stand before the first block in which
// something is wrong, or before what is no whole block, and whether there may be
// control characters. A character may be cut by the end of what is returned.
func validBlocks(b *byte, size int) (n int, controls bool) {
	const wide, enough = 64, 256
	if useWide && size >= enough {
		return validAVX512(b, size/wide)
	}
	return validAVX2(b, size/vectorSize)
}

//go:noescape
func validAVX2(b *byte, blocks int) (n int, controls bool)

//go:noescape
func validAVX512(b *byte, blocks int) (n int, controls bool)

// asciiBlocks returns how many blocks of 64 bytes b begins with, of at most so many,
// that are ASCII.
func asciiBlocks(b *byte, blocks int) int { return asciiAVX2(b, blocks) }

//go:noescape
func asciiAVX2(b *byte, blocks int) int
