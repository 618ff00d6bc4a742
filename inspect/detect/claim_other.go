//go:build !amd64 || purego

package detect

func shapeSigns(*cellShape, *byte, *cell, *int32, int) { panic("no vectors") }

func shapeNames(*cellShape, *byte, *cell, *int32, int) { panic("no vectors") }
