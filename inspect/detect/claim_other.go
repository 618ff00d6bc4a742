//go:build !amd64 || purego

package detect

func shapeCells(*cellShape, *byte, *cell, int) { panic("no vectors") }
