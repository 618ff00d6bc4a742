//go:build !purego

package detect

import "golang.org/x/sys/cpu"

// capitalVectors may be switched off in tests.
var capitalVectors = cpu.X86.HasAVX2

// capitalBlocks is markCapitals for blocks of 64 bytes at b.
func capitalBlocks(b *byte, blocks int, marks *uint64) { capitalsAVX2(b, blocks, marks) }

//go:noescape
func capitalsAVX2(b *byte, blocks int, out *uint64)
