//go:build !purego && (amd64 || arm64)

package match

import (
	"slices"
	"unsafe"
)

// roomFor makes room for what a kernel appends to s.found, which is empty, and to the
// edges of runs of digits, of which there are n. A run's Start and End are the offsets
// where being a digit changes, in order: as one list of int32 they are Runs as it lies
// in memory.
func (s *scratch) roomFor(ev *Evidence, blocks int) (edges *int32, n int) {
	n = 2*len(ev.Runs) - int(s.carry())
	ev.Runs = slices.Grow(ev.Runs, blocks*blockSize/2+blockSize)
	s.found = slices.Grow(s.found, blocks*blockSize+blockSize)
	return (*int32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(ev.Runs)), 4*n)), n
}

// carry returns 1 if a digit stands before what is to be marked, else 0.
func (s *scratch) carry() uint64 {
	if s.digit {
		return 1
	}
	return 0
}

// marked takes over what a kernel wrote: offsets found, and what makes edges in all. seen
// is 0 if s.ats is empty.
func (s *scratch) marked(ev *Evidence, found, edges int, seen uint64, blocks, base int) {
	s.found = s.found[:found]
	s.digit = edges%2 != 0
	ev.Runs = ev.Runs[:(edges+1)/2]
	if seen != 0 {
		s.listAts(ev, blocks, base)
	}
}
