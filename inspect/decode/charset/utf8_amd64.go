//go:build !purego

package charset

import "golang.org/x/sys/cpu"

// useVectors may be switched off in tests.
var useVectors = cpu.X86.HasAVX2

const vectorSize = 32

// validBlocks looks at blocks of vectorSize bytes at b, before which three more
// are. It returns how many bytes stand in those before the first in which
// something is wrong, and whether there may be control characters. A character
// may be cut by the end of what is returned.
func validBlocks(b *byte, blocks int) (n int, controls bool) { return validAVX2(b, blocks) }

//go:noescape
func validAVX2(b *byte, blocks int) (n int, controls bool)

// asciiBlocks returns how many blocks of 64 bytes b begins with, of at most so many,
// that are ASCII.
func asciiBlocks(b *byte, blocks int) int { return asciiAVX2(b, blocks) }

//go:noescape
func asciiAVX2(b *byte, blocks int) int
