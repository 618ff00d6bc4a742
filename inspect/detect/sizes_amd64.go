//go:build !purego

package detect

import (
	"golang.org/x/sys/cpu"

	"github.com/sekimori-dlp/sekimori/inspect/match"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// bestVectors are the instructions that this processor has.
var bestVectors = func() vectors {
	switch {
	case cpu.X86.HasAVX512VBMI && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ:
		return avx512Vectors
	case cpu.X86.HasAVX2:
		return avx2Vectors
	}
	return noVectors
}()

// runVectors are those in use; tests choose others.
var runVectors = bestVectors

// sortVector writes the sets of those of all runs at runs that are in take, of which each
// has two bytes of text before it and one behind. Those in take stand together.
func sortVector(w *runWord, text *byte, runs *match.Run, take, all uint64) {
	if runVectors == avx512Vectors {
		sortRunsAVX512(w, text, runs, take, &sides, all)
	} else if take != 0 {
		sortRunsAVX2(w, text, runs, take, &joined, all)
	}
}

//go:noescape
func sortRunsAVX512(w *runWord, text *byte, runs *match.Run, take uint64, t *sideTables, all uint64)

//go:noescape
func sortRunsAVX2(w *runWord, text *byte, runs *match.Run, take uint64, t *joinedSides, all uint64)

// wordMask tells which of the 64 bytes at b are of base64, a bit each.
func wordMask(b *byte) uint64 {
	if runVectors == avx512Vectors {
		return wordMaskAVX512(b, (*[128]uint8)(normal.Sextet[:]))
	}
	return wordMaskAVX2(b)
}

//go:noescape
func wordMaskAVX512(b *byte, t *[128]uint8) uint64

//go:noescape
func wordMaskAVX2(b *byte) uint64
