//go:build !purego

package match

import (
	"slices"
	"unsafe"
)

// The kernels of expressions: marks, and walks from what they leave.

func (avx512) shapes(found []uint32, m *marks, _ *fine, text []byte, blocks, base int) []uint32 {
	_ = text[blocks*blockSize+markBytes-1]
	found = slices.Grow(found, blocks*blockSize+blockSize)
	n := shapesAVX512(&text[0], blocks, base, m, (*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(found)), 4*len(found))))
	return found[:len(found)+n]
}

// shapesAVX512 is markAVX512 for the marks of expressions, without the shapes
// of digits and "@". text starts one byte before the first offset.
//
//go:noescape
func shapesAVX512(text *byte, blocks, base int, m *marks, found *uint32) int

func (avx512) walk(w *walk, m *machine, text []byte, starts []uint32, from, to int) {
	w.live = walkAVX512(&text[0], w, &starts[0], from, to, m)
}

// walkAVX512 walks from starts[from:to], at least one, each with walkMost+lanes
// bytes of text behind it and one before, and returns how many are left in the end.
//
//go:noescape
func walkAVX512(text *byte, w *walk, starts *uint32, from, to int, m *machine) int

func (avx512) choose(dst, found []uint32, text []byte, set *byteSet) []uint32 {
	n := len(found)
	for n > 0 && int(found[n-1])+4 > len(text) { // the kernel reads words
		n--
	}
	if dst = slices.Grow(dst, len(found)+4*lanes); n > 0 { // and walks read beyond
		dst = dst[:len(dst)+chooseAVX512(&found[0], n, &text[0], set, (*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(dst)), 4*len(dst))))]
	}
	return choose(dst, found[n:], text, set)
}

// chooseAVX512 writes those of the n offsets (at least one) at found whose byte is in
// set to dst, which has room for all and 16 more, and returns how many.
//
//go:noescape
func chooseAVX512(found *uint32, n int, text *byte, set *byteSet, dst *uint32) int

func (avx2) shapes(found []uint32, m *marks, f *fine, text []byte, blocks, base int) []uint32 {
	_ = text[blocks*blockSize+fineBytes-2]
	found = slices.Grow(found, blocks*blockSize+blockSize)
	from := len(found)
	found = found[:from+shapesAVX2(&text[0], blocks, base, m, (*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(found)), 4*from)))]
	return f.keep(found, from, text, base)
}

// shapesAVX2 lists the offsets of blocks (at least one) of text, whose first byte is the
// one before offset base, that pass m by four bits. found has room for all and 8 more.
//
//go:noescape
func shapesAVX2(text *byte, blocks, base int, m *marks, found *uint32) int

// keep drops those of found[from:] that f rules out. They may be no more than a mixture of
// shapes. text starts one byte before offset base; found has room for 8 more.
func (f *fine) keep(found []uint32, from int, text []byte, base int) []uint32 {
	if from == len(found) {
		return found
	}
	return found[:from+fineAVX2(&found[from], len(found)-from, &text[0], base, f)]
}

// fineAVX2 is fine.keep for the n offsets (at least one) at found, and returns how many it
// keeps.
//
//go:noescape
func fineAVX2(found *uint32, n int, text *byte, base int, f *fine) int

func (avx2) both(s *scratch, f *filter, x *exprScan, text []byte, blocks, base int) {
	_ = text[base+blocks*blockSize+slack-1]
	s.found = slices.Grow(s.found, blocks*blockSize+blockSize)
	x.found = slices.Grow(x.found, blocks*blockSize+blockSize)
	from := len(x.found)
	nf, ns := bothAVX2(&text[base], blocks, base, f.halves, &x.marks, unsafe.SliceData(s.found), (*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(x.found)), 4*from)))
	s.found = s.found[:nf]
	x.found = x.fine.keep(x.found[:from+ns], from, text[base-1:], base)
	x.base = base + blocks*blockSize
}

// bothAVX2 is literalsAVX2 and shapesAVX2 in one, of which the second writes to starts:
// half of their work is to take bytes apart. text starts at base.
//
//go:noescape
func bothAVX2(text *byte, blocks, base int, h *halfMarks, m *marks, found, starts *uint32) (nf, ns int)

func (avx2) walk(w *walk, m *machine, text []byte, starts []uint32, from, to int) {
	w.live = walkAVX2(&text[0], w, &starts[0], from, to, m)
}

// walkAVX2 is walkAVX512, one lane after the other.
//
//go:noescape
func walkAVX2(text *byte, w *walk, starts *uint32, from, to int, m *machine) int

func (avx2) choose(dst, found []uint32, text []byte, set *byteSet) []uint32 {
	if len(found) == 0 {
		return dst
	}
	_ = text[found[len(found)-1]]
	dst = slices.Grow(dst, len(found))
	return dst[:len(dst)+chooseAVX2(&found[0], len(found), &text[0], set, (*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(dst)), 4*len(dst))))]
}

// chooseAVX2 is chooseAVX512, but dst needs room for all n only.
//
//go:noescape
func chooseAVX2(found *uint32, n int, text *byte, set *byteSet, dst *uint32) int
