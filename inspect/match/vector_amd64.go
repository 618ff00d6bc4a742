//go:build !purego

package match

import (
	"math/bits"
	"slices"
	"unsafe"

	"golang.org/x/sys/cpu"
)

// vectors are the vector kernels that this machine can run, the best first.
var vectors = func() (k []kernels) {
	if cpu.X86.HasAVX512VBMI && cpu.X86.HasAVX512VBMI2 && cpu.X86.HasAVX512BW && cpu.X86.HasPOPCNT {
		k = append(k, avx512{})
	}
	if cpu.X86.HasAVX2 {
		k = append(k, avx2{})
	}
	return k
}()

// avx512 needs the byte permutations and compressions of Ice Lake and Zen 4.
type avx512 struct{}

func (avx512) mark(s *scratch, ev *Evidence, f *filter, text []byte, blocks, base int) {
	_ = text[blocks*blockSize+slack-1]
	// A run's Start and End are the offsets where being a digit changes, in
	// order: the kernel writes them as one list of int32 into Runs.
	n := 2 * len(ev.Runs)
	if s.digit {
		n--
	}
	ev.Runs = slices.Grow(ev.Runs, blocks*blockSize/2+blockSize)
	edges := unsafe.Add(unsafe.Pointer(unsafe.SliceData(ev.Runs)), 4*n)
	s.found = slices.Grow(s.found, blocks*blockSize+blockSize)
	var carry uint64
	if s.digit {
		carry = 1
	}
	nf, ne := markAVX512(&text[0], blocks, base, &f.marks, unsafe.SliceData(s.found), (*int32)(edges), &s.ats, carry)
	s.found = s.found[:nf]
	s.digit = (n+ne)%2 != 0
	ev.Runs = ev.Runs[:(n+ne+1)/2]
	s.listAts(ev, blocks, base)
}

// listAts turns the masks in s.ats into offsets.
func (s *scratch) listAts(ev *Evidence, blocks, base int) {
	for k, w := range s.ats[:blocks] {
		for ; w != 0; w &= w - 1 {
			ev.Ats = append(ev.Ats, int32(base+k*blockSize+bits.TrailingZeros64(w)))
		}
	}
}

func (avx512) sift(s *scratch, f *filter, part []byte, base int) {
	if len(s.found) == 0 {
		return
	}
	var short *uint32
	if f.short.used {
		short = &f.short.words[0]
	}
	n := siftAVX512(&s.found[0], len(s.found), &part[0], base, &f.long.words[0], f.long.shift, short, f.short.shift, uint32(f.fold))
	s.found = s.found[:n]
}

// markAVX512 marks blocks (at least one) of text. It appends to found and to
// edges, beyond whose ends it may write one block's worth, and returns how many
// it appended; ats gets a mask a block. carry is 1 if a digit stands before
// text, else 0.
//
//go:noescape
func markAVX512(text *byte, blocks, base int, m *marks, found *uint32, edges *int32, ats *[chunkSize / blockSize]uint64, carry uint64) (nf, ne int)

// siftAVX512 keeps those of the n offsets (at least one) at found that pass
// the bit sets, and returns how many. It reads and writes found up to the next
// multiple of 16. short is nil if the short set is empty.
//
//go:noescape
func siftAVX512(found *uint32, n int, part *byte, base int, long *uint32, longShift uint32, short *uint32, shortShift, fold uint32) int

// avx2 has half the width, looks up four bits a byte instead of six, and
// leaves the second stage to Go.
type avx2 struct{ portable }

func (avx2) mark(s *scratch, ev *Evidence, f *filter, text []byte, blocks, base int) {
	_ = text[blocks*blockSize+slack-1]
	var found, digits [chunkSize / blockSize]uint64
	markAVX2(&text[0], blocks, &f.marks, &found, &digits, &s.ats)
	for k, w := range found[:blocks] {
		for ; w != 0; w &= w - 1 {
			s.found = append(s.found, uint32(base+k*blockSize+bits.TrailingZeros64(w)))
		}
	}
	for k, d := range digits[:blocks] {
		edges := d ^ d<<1
		if s.digit {
			edges ^= 1
		}
		for ; edges != 0; edges &= edges - 1 {
			s.edge(ev, base+k*blockSize+bits.TrailingZeros64(edges), !s.digit)
		}
	}
	s.listAts(ev, blocks, base)
}

// markAVX2 marks blocks (at least one) of text: a mask a block of the offsets
// that pass the marks, of the digits, of "@".
//
//go:noescape
func markAVX2(text *byte, blocks int, m *marks, found, digits, ats *[chunkSize / blockSize]uint64)
