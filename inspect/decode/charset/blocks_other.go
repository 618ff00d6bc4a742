//go:build !amd64 || purego

package charset

var useBlocks, wideBlocks = false, false

func split(*byte, int, ranges, *uint16) int { panic("no vectors") }

func spell(*uint16, int, *plane, *byte, *byte) (int, int) { panic("no vectors") }

func utf16(*byte, int, bool, *byte, *byte) (int, int) { panic("no vectors") }
