//go:build !amd64 || purego

package decode

import "github.com/sekimori-dlp/sekimori/inspect/normal"

func surveyBlocks(*byte, int, *stretches, int) (normal.Signs, uint64) {
	panic("no vectors")
}

func wordBlocks(*byte, int, *wordMarks, *uint64) { panic("no vectors") }

func glanceBlock(*byte, *glance) { panic("no vectors") }
