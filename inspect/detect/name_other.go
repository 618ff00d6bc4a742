//go:build !amd64 || purego

package detect

var capitalVectors = false

func capitalBlocks(*byte, int, *uint64) { panic("no vectors") }
