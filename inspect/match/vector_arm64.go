//go:build !purego

package match

import (
	"slices"
	"unsafe"
)

// vectors are the vector kernels that this machine can run: each arm64 has NEON.
var vectors = []kernels{neon{}}

// neon has kernels for the steps that look at every byte. What those leave is done by
// portable.
type neon struct{ portable }

func (neon) mark(s *scratch, ev *Evidence, f *filter, text []byte, blocks, base int) {
	_ = text[blocks*blockSize+slack-1]
	edges, n := s.roomFor(ev, blocks)
	nf, ne, seen := markNEON(&text[0], blocks, base, &f.marks, unsafe.SliceData(s.found), edges, &s.ats, s.carry())
	s.marked(ev, nf, n+ne, seen, blocks, base)
}

func (neon) literals(s *scratch, f *filter, text []byte, blocks, base int) {
	_ = text[blocks*blockSize+slack-1]
	s.found = slices.Grow(s.found, blocks*blockSize+blockSize)
	n := literalsNEON(&text[0], blocks, base, &f.marks, unsafe.SliceData(s.found))
	s.found = s.found[:n]
}

// shapes marks by four bits, and keeps of that what f has: no branch depends on which
// they are.
func (neon) shapes(found []uint32, m *marks, f *fine, text []byte, blocks, base int) []uint32 {
	_ = text[blocks*blockSize+markBytes-1]
	found = slices.Grow(found, blocks*blockSize+blockSize)
	n := len(found)
	coarse := found[n:][:shapesNEON(&text[0], blocks, base, m, (*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(found)), 4*n)))]
	kept := 0
	for _, i := range coarse {
		coarse[kept] = i
		kept += 1 - zero(f.at(text[int(i)-base:]))
	}
	return found[:n+kept]
}

// markNEON marks blocks (at least one) of text. It appends to found and to edges,
// beyond whose ends it may write seven more, and returns how many it appended; ats
// gets a mask a block, and seen is 0 if they are empty. carry is 1 if a digit stands
// before text, else 0.
//
//go:noescape
func markNEON(text *byte, blocks, base int, m *marks, found *uint32, edges *int32, ats *masks, carry uint64) (nf, ne int, seen uint64)

// literalsNEON is markNEON for offsets that pass the marks alone.
//
//go:noescape
func literalsNEON(text *byte, blocks, base int, m *marks, found *uint32) int

// shapesNEON lists the offsets of blocks (at least one) of text, whose first byte is
// the one before offset base, that pass m by four bits. It may write seven more than it
// returns.
//
//go:noescape
func shapesNEON(text *byte, blocks, base int, m *marks, found *uint32) int
