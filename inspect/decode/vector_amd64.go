//go:build !purego

package decode

import (
	"unsafe"

	"golang.org/x/sys/cpu"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// useVectors, useWide, for vectors of 64 bytes, and useRows, for rows and sums in such,
// may be switched off in tests.
var (
	useVectors = cpu.X86.HasAVX2
	useWide    = cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VBMI
	useRows    = useWide && cpu.X86.HasAVX512VBMI2 && cpu.X86.HasAVX512VPOPCNTDQ
)

// pairBlocks sets a bit in out for each byte in blocks of 64 at b, before which
// one more is, that t, a table like pairs, lets follow the one before it: in the
// first word of a block by the low three bits, in the second by the others.
func pairBlocks(b *byte, blocks int, t *[4][16]byte, out *[2]uint64) {
	if useWide {
		pairsAVX512(b, blocks, t, out)
		return
	}
	pairsAVX2(b, blocks, t, out)
}

//go:noescape
func pairsAVX512(b *byte, blocks int, t *[4][16]byte, out *[2]uint64)

//go:noescape
func pairsAVX2(b *byte, blocks int, t *[4][16]byte, out *[2]uint64)

// bothPairBlocks is pairBlocks with pairs and with tracePairs.
func bothPairBlocks(b *byte, blocks int, narrow, wide *[2]uint64) {
	if useWide {
		bothPairsAVX512(b, blocks, &bothPairs, narrow, wide)
		return
	}
	bothPairsAVX2(b, blocks, &bothPairs, narrow, wide)
}

var bothPairs = [2][4][16]byte{pairs, tracePairs}

//go:noescape
func bothPairsAVX512(b *byte, blocks int, t *[2][4][16]byte, narrow, wide *[2]uint64)

//go:noescape
func bothPairsAVX2(b *byte, blocks int, t *[2][4][16]byte, narrow, wide *[2]uint64)

// rowsOf sets the bits of track.rows for groups of rowBlocks blocks.
func rowsOf(pairs *[2]uint64, groups int, by *rowShifts, rows *uint64) {
	if useRows {
		rowsAVX512(pairs, groups, by, rows)
		return
	}
	if by == &wideShifts {
		wideRowsAVX2(pairs, groups, by, rows)
		return
	}
	rowsAVX2(pairs, groups, by, rows)
}

//go:noescape
func wideRowsAVX2(pairs *[2]uint64, groups int, by *rowShifts, rows *uint64)

//go:noescape
func rowsAVX512(pairs *[2]uint64, groups int, by *rowShifts, rows *uint64)

//go:noescape
func rowsAVX2(pairs *[2]uint64, groups int, by *rowShifts, rows *uint64)

// sumGroups sums up groups of sumGroup stretches, which one more follows.
func sumGroups(m *normal.Structure, groups int, sums *sum) {
	if useRows {
		sumAVX512(m, groups, sums)
		return
	}
	sumAVX2(m, groups, sums)
}

//go:noescape
func sumAVX512(m *normal.Structure, groups int, sums *sum)

//go:noescape
func sumAVX2(m *normal.Structure, groups int, sums *sum)

// unbase64Blocks decodes blocks of 32 characters to 24 bytes each, until one
// holds something else, and returns how many. Of dst it writes 8 bytes more.
func unbase64Blocks(dst, src *byte, blocks int) int {
	n := 0
	if useWide && blocks > 1 {
		n = 2 * unbase64AVX512(dst, src, blocks/2, &wideSextets)
	}
	if n < blocks {
		n += unbase64AVX2((*byte)(unsafe.Add(unsafe.Pointer(dst), 24*n)), (*byte)(unsafe.Add(unsafe.Pointer(src), 32*n)), blocks-n)
	}
	return n
}

// sextetTables are what unbase64AVX512 looks up: the value of each character of
// ASCII, with the highest bit set where there is none, and the order of the bytes
// that it puts out.
type sextetTables struct {
	value [128]byte
	order [64]byte
}

var wideSextets = func() (t sextetTables) {
	for c := range t.value {
		if t.value[c] = sextet[c]; t.value[c] == outside {
			t.value[c] = 0x80
		}
	}
	for i := range 48 {
		t.order[i] = byte(i/3*4 + 2 - i%3)
	}
	return t
}()

//go:noescape
func unbase64AVX512(dst, src *byte, blocks int, t *sextetTables) int

//go:noescape
func unbase64AVX2(dst, src *byte, blocks int) int

// prefixBlocks returns how many bytes from b on are in s, of blocks of 32, at least
// one.
func prefixBlocks(b *byte, blocks int, s *asciiSet) int { return prefixAVX2(b, blocks, s) }

//go:noescape
func prefixAVX2(b *byte, blocks int, s *asciiSet) int
