//go:build !amd64 || purego

package decode

var useVectors, useWide = false, false

func pairBlocks(*byte, int, *[4][16]byte, *[2]uint64) { panic("no vectors") }

func unbase64Blocks(_, _ *byte, _ int) int { panic("no vectors") }

func prefixBlocks(*byte, int, *asciiSet) int { panic("no vectors") }
