//go:build !purego

package normal

import "golang.org/x/sys/cpu"

// useVectors may be switched off in tests.
var useVectors = cpu.X86.HasAVX2

// plainBlocks returns the offset in blocks of vectorSize bytes at b, behind which
// two more are, of the first character that may not be plain, or where they end.
func plainBlocks(b *byte, blocks int) int { return plainAVX2(b, blocks) }

//go:noescape
func plainAVX2(b *byte, blocks int) int
