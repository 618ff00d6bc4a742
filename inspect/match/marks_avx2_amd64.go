//go:build !purego

package match

import (
	"slices"
	"unsafe"
)

// avx2 has half the width of avx512 and looks up four bits at a time, six only with
// four times the work.
type avx2 struct{}

func (avx2) prepare(f *filter, t *table) { f.halves = newHalfMarks(t) }

func (avx2) mark(s *scratch, ev *Evidence, f *filter, text []byte, blocks, base int) {
	_ = text[blocks*blockSize+slack-1]
	edges, n := s.roomFor(ev, blocks)
	nf, ne, seen := markAVX2(&text[0], blocks, base, f.halves, unsafe.SliceData(s.found), edges, &s.ats, s.carry())
	s.marked(ev, nf, n+ne, seen, blocks, base)
}

func (avx2) literals(s *scratch, f *filter, text []byte, blocks, base int) {
	_ = text[blocks*blockSize+slack-1]
	s.found = slices.Grow(s.found, blocks*blockSize+blockSize)
	n := literalsAVX2(&text[0], blocks, base, f.halves, unsafe.SliceData(s.found))
	s.found = s.found[:n]
}

func (avx2) sift(s *scratch, f *filter, part []byte, base int) {
	if len(s.found) == 0 {
		return
	}
	var short *uint32
	if f.short.used {
		short = &f.short.words[0]
	}
	s.found = slices.Grow(s.found, 8)
	n := siftAVX2(&s.found[0], len(s.found), &part[0], base, &f.long.words[0], f.long.shift, short, f.short.shift, uint32(f.fold), &lanesOf)
	s.found = s.found[:n]
}

// lanesOf lists, for each mask of eight lanes, the lanes in it, a byte each.
var lanesOf = func() (c [256]uint64) {
	for mask := range c {
		n := 0
		for lane := range 8 {
			if mask>>lane&1 != 0 {
				c[mask] |= uint64(lane) << n
				n += 8
			}
		}
	}
	return c
}()

// markAVX2 is markAVX512 with other marks.
//
//go:noescape
func markAVX2(text *byte, blocks, base int, m *halfMarks, found *uint32, edges *int32, ats *masks, carry uint64) (nf, ne int, seen uint64)

// literalsAVX2 is markAVX2 for offsets that pass the marks alone.
//
//go:noescape
func literalsAVX2(text *byte, blocks, base int, m *halfMarks, found *uint32) int

// siftAVX2 is siftAVX512 by eights: it writes found up to eight beyond its end.
//
//go:noescape
func siftAVX2(found *uint32, n int, part *byte, base int, long *uint32, longShift uint32, short *uint32, shortShift, fold uint32, lanes *[256]uint64) int
