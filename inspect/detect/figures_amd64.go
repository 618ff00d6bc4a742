//go:build !purego

package detect

import "golang.org/x/sys/cpu"

// figureVectors may be switched off in tests.
var figureVectors = cpu.X86.HasAVX2

// kindBlocks is kindsOf for blocks of 64 bytes at b.
func kindBlocks(b *byte, blocks int, digits, capitals, gaps *uint64) {
	kindsAVX2(b, blocks, digits, capitals, gaps)
}

//go:noescape
func kindsAVX2(b *byte, blocks int, digits, capitals, gaps *uint64)

// figureBlocks is figuresOf for four blocks at a time, so many times. A word stands
// before those of each kind, and figureAhead behind.
func figureBlocks(digits, capitals, gaps *uint64, fours int, marks *uint64) {
	figuresAVX2(digits, capitals, gaps, fours, marks)
}

//go:noescape
func figuresAVX2(digits, capitals, gaps *uint64, fours int, marks *uint64)
