//go:build !purego

package normal

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// useVectors and useWide may be switched off in tests.
var (
	useVectors = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT
	useWide    = cpu.X86.HasAVX512VBMI && cpu.X86.HasAVX512VBMI2 && cpu.X86.HasAVX512BW && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT
)

// useCarryless is whether there is a product without carries.
var useCarryless = useVectors && cpu.X86.HasPCLMULQDQ

// plainBlocks returns the offset in blocks of vectorSize bytes at b, behind which
// two more are, of the first character that may not be plain, or where they end.
func plainBlocks(b *byte, blocks int) int { return plainAVX2(b, blocks) }

//go:noescape
func plainAVX2(b *byte, blocks int) int

// foldBlocks folds of the n bytes at src, wideSize+wideAhead at least, what it knows
// to fold, up to a character that may need more or to where less than that is left,
// perhaps amid a character that is plain. It returns how many bytes it read and
// wrote, the latter with wideSize to spare, and in how many blocks it made
// characters narrow: it ends, too, when it has told of them all that narrow takes.
func foldBlocks(dst, src *byte, n int, narrow *[maxNarrow]narrowBlock) (read, written, blocks int) {
	if useWide {
		return foldAVX512(dst, src, n, &foldSets, &narrow[0], maxNarrow)
	}
	return foldAVX2(dst, src, n, &foldSets, &keeps, &narrow[0], maxNarrow)
}

//go:noescape
func foldAVX2(dst, src *byte, n int, t *foldTables, keep *[257]uint64, narrow *narrowBlock, most int) (read, written, blocks int)

// keeps tells for each set of eight bytes where the first of them are, the second
// and so on. Eight bytes more may be read.
var keeps = func() (t [257]uint64) {
	for set := range t[:256] {
		k := 0
		for i := range 8 {
			if set>>i&1 != 0 {
				t[set] |= uint64(i) << (8 * k)
				k++
			}
		}
	}
	return t
}()

//go:noescape
func foldAVX512(dst, src *byte, n int, t *foldTables, narrow *narrowBlock, most int) (read, written, blocks int)

// signBlocks returns the signs in blocks of vectorSize bytes at b, at least one.
func signBlocks(b *byte, blocks int) Signs { return Signs(signsAVX2(b, blocks, &signTables)) }

//go:noescape
func signsAVX2(b *byte, blocks int, t *[4][16]byte) uint16

// sextetBlocks returns how many bytes of base64 b begins with, of so many blocks
// of vectorSize bytes, at least one.
func sextetBlocks(b *byte, blocks int) int { return sextetsAVX2(b, blocks) }

//go:noescape
func sextetsAVX2(b *byte, blocks int) int

// structureBlocks marks blocks of 64 bytes at b, at least one.
func structureBlocks(b *byte, blocks int, out *Structure) {
	if useWide {
		structureAVX512(b, blocks, &notDense, out)
		return
	}
	structureAVX2(b, blocks, out)
}

// bracketBlocks marks blocks of 64 bytes at b, at least one and with a byte behind, as
// BracketsOf does, and returns how many it could.
func bracketBlocks(b *byte, blocks int, out *Brackets, within uint64) (done int, open uint64) {
	return bracketsAVX2(b, blocks, out, within)
}

//go:noescape
func bracketsAVX2(b *byte, blocks int, out *Brackets, within uint64) (done int, open uint64)

// notDense has the highest bit set for the characters that are not dense.
var notDense = func() (t [128]byte) {
	for c := range t {
		if !isDense(byte(c)) {
			t[c] = 0x80
		}
	}
	return t
}()

//go:noescape
func structureAVX512(b *byte, blocks int, t *[128]byte, out *Structure)

//go:noescape
func structureAVX2(b *byte, blocks int, out *Structure)

// keyBlocks returns the offset in blocks of wideSize bytes at b, at least one, of the
// first byte that KeyEnds.Next may tell of, or where they end. Four bytes are before b.
func keyBlocks(b *byte, blocks int, k *KeyEnds) int {
	if useWide {
		return keysAVX512(b, blocks, &k.ends)
	}
	return keysAVX2(b, blocks, &k.halves)
}

//go:noescape
func keysAVX2(b *byte, blocks int, halves *[3][2][16]byte) int

//go:noescape
func keysAVX512(b *byte, blocks int, ends *[3][128]byte) int

// sextetWide is sextetBlocks for blocks of wideSize bytes.
func sextetWide(b *byte, blocks int) int { return sextetsAVX512(b, blocks, &noSextets) }

//go:noescape
func sextetsAVX512(b *byte, blocks int, t *[128]byte) int

// sextetWordBlocks sets the bits of SextetWords for blocks of wideSize bytes at b, at
// least one, from that of the block skip of words on.
func sextetWordBlocks(b *byte, blocks int, words *uint64, skip int) {
	out := (*byte)(unsafe.Add(unsafe.Pointer(words), skip))
	if useWide {
		sextetWordsAVX512(b, blocks, &noSextets, out)
		return
	}
	sextetWordsAVX2(b, blocks, out)
}

//go:noescape
func sextetWordsAVX2(b *byte, blocks int, out *byte)

//go:noescape
func sextetWordsAVX512(b *byte, blocks int, t *[128]byte, out *byte)

// noSextets has the highest bit set for the characters that are none of base64.
var noSextets = func() (t [128]byte) {
	for c := range t {
		t[c] = 0x80 * (1 - Sextet[c])
	}
	return t
}()
