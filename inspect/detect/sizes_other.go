//go:build !amd64 || purego

package detect

import "github.com/sekimori-dlp/sekimori/inspect/match"

const bestVectors = noVectors

var runVectors = bestVectors

func sortVector(*runWord, *byte, *match.Run, uint64, uint64) { panic("no vectors") }

func wordMask(*byte) uint64 { panic("no vectors") }
