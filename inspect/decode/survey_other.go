//go:build !amd64 || purego

package decode

import "github.com/sekimori-dlp/sekimori/inspect/normal"

func surveyBlocks(*byte, int, *surveyTables, *stretches, int) (normal.Signs, uint64) {
	panic("no vectors")
}

func wordBlocks(*byte, int, *wideMarks, *uint64) { panic("no vectors") }

func glanceBlock(*byte, *glanceTables, *glance) { panic("no vectors") }
