//go:build !purego

package charset

const (
	useVectors = true // each arm64 has NEON
	vectorSize = 32
)

// validBlocks looks at the first of size bytes at b, vectorSize at least, before
// which three more are. It returns how many stand before the first block in which
// something is wrong, or before what is no whole block, and whether there may be
// control characters. A character may be cut by the end of what is returned.
func validBlocks(b *byte, size int) (n int, controls bool) { return validNEON(b, size/vectorSize) }

//go:noescape
func validNEON(b *byte, blocks int) (n int, controls bool)

// asciiBlocks returns how many blocks of 64 bytes b begins with, of at most so many,
// that are ASCII.
func asciiBlocks(b *byte, blocks int) int { return asciiNEON(b, blocks) }

//go:noescape
func asciiNEON(b *byte, blocks int) int
