//go:build !purego

package detect

import (
	"golang.org/x/sys/cpu"

	"github.com/sekimori-dlp/sekimori/inspect/match"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// useVectors may be switched off in tests.
var useVectors = cpu.X86.HasAVX512VBMI && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ

// sortVector writes the sets of those of all runs at runs that are in take, of which each
// has two bytes of text before it and one behind.
func sortVector(w *runWord, text *byte, runs *match.Run, take, all uint64) {
	sortRunsAVX512(w, text, runs, take, &sides, all)
}

//go:noescape
func sortRunsAVX512(w *runWord, text *byte, runs *match.Run, take uint64, t *sideTables, all uint64)

// wordMask tells which of the 64 bytes at b are of base64, a bit each.
func wordMask(b *byte) uint64 { return wordMaskAVX512(b, (*[128]uint8)(normal.Sextet[:])) }

//go:noescape
func wordMaskAVX512(b *byte, t *[128]uint8) uint64
