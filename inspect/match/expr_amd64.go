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
	n := shapesAVX2(&text[0], blocks, base, m, f, (*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(found)), 4*len(found))))
	return found[:len(found)+n]
}

// shapesAVX2 lists the offsets of blocks (at least one) of text, whose first byte is the
// one before offset base, that pass m by four bits, and keeps of those what passes f.
// found has room for all and 8 more.
//
//go:noescape
func shapesAVX2(text *byte, blocks, base int, m *marks, f *fine, found *uint32) int

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
