//go:build !purego

package detect

import "golang.org/x/sys/cpu"

// nameVectors may be switched off in tests.
var nameVectors = cpu.X86.HasAVX2

// capitalBlocks is markCapitals for blocks of 64 bytes at b.
func capitalBlocks(b *byte, blocks int, marks *uint64) { capitalsAVX2(b, blocks, marks) }

//go:noescape
func capitalsAVX2(b *byte, blocks int, out *uint64)

// katakanaBlocks is markKatakana for blocks of 64 bytes at b, behind which two more
// are.
func katakanaBlocks(b *byte, blocks int, marks *uint64) { katakanaAVX2(b, blocks, marks) }

//go:noescape
func katakanaAVX2(b *byte, blocks int, out *uint64)

// letteringBlocks is lettering.blocks for blocks of 64 bytes at b.
func letteringBlocks(b *byte, blocks int, upper, letters, others *marks) {
	letteringAVX2(b, blocks, upper, letters, others)
}

//go:noescape
func letteringAVX2(b *byte, blocks int, upper, letters, others *marks)
