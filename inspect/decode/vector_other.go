//go:build !amd64 || purego

package decode

var useVectors = false

func pairBlocks(*byte, int, *[4][16]byte, *[2]uint64) { panic("no vectors") }

func markBlocks(b []byte, m marks) { markEach(b, m) }

func unbase64Blocks(_, _ *byte, _ int) int { panic("no vectors") }

func prefixBlocks(*byte, int, *asciiSet) int { panic("no vectors") }
