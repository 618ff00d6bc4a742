//go:build !amd64 || purego

package normal

func partingBlocks(*byte, int, byte, *Parting) { panic("no vectors") }
