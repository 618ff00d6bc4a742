//go:build !amd64 || purego

package detect

var figureVectors = false

func kindBlocks(*byte, int, *uint64, *uint64, *uint64) { panic("no vectors") }

func figureBlocks(*uint64, *uint64, *uint64, int, *uint64) { panic("no vectors") }
