//go:build !amd64 || purego

package decode

func percentBlocks(_, _ *byte, _ int) int { panic("no vectors") }
