//go:build !amd64 || purego

package decode

import "github.com/sekimori-dlp/sekimori/inspect/normal"

var useVectors, useWide, useRows = false, false, false

func pairBlocks(*byte, int, *[4][16]byte, *[2]uint64) { panic("no vectors") }

func bothPairBlocks(_ *byte, _ int, _, _ *[2]uint64) { panic("no vectors") }

func rowsOf(*[2]uint64, int, *rowShifts, *uint64) { panic("no vectors") }

func sumGroups(*normal.Structure, int, *sum) { panic("no vectors") }

func unbase64Blocks(_, _ *byte, _ int) int { panic("no vectors") }

func prefixBlocks(*byte, int, *asciiSet) int { panic("no vectors") }
