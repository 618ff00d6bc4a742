//go:build !amd64 || purego

package detect

var nameVectors = false

func capitalBlocks(*byte, int, *uint64) { panic("no vectors") }

func katakanaBlocks(*byte, int, *uint64) { panic("no vectors") }

func letteringBlocks(*byte, int, *marks, *marks, *marks) { panic("no vectors") }
