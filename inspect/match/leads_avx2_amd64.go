//go:build !purego

package match

import (
	"slices"
	"unsafe"
)

func (avx2) leads(t *table, dst []lead, found []uint32, part []byte, base int) []lead {
	if len(found) == 0 || len(t.classes) > 2 {
		return t.leads(dst, found, part, base)
	}
	p := t.probe()
	dst = slices.Grow(dst, len(found)*len(t.classes)+1)
	n := leadsAVX2(&found[0], len(found), &part[0], base, &p, (*lead)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(dst)), 8*len(dst))))
	return dst[:len(dst)+n]
}

// leadsAVX2 is leadsAVX512 with room for one lead more than there may be.
//
//go:noescape
func leadsAVX2(found *uint32, n int, part *byte, base int, p *probe, dst *lead) int

func (avx2) confirm(t *table, s *scratch, dst []Hit, text, part []byte, base int) []Hit {
	fold := t.foldBits()
	for leads := s.leads; len(leads) > 0; {
		done, n := expandAVX2(&leads[0], len(leads), &part[0], base, &t.ninth[0], &t.items[0], fold, &s.pairs)
		leads = leads[done:]
		if n > 0 {
			dst = slices.Grow(dst, n)
			from := len(dst)
			size, extras := confirmAVX2(&s.pairs[0], n, &part[0], base, len(text), &t.items[0], fold, (*Hit)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(dst)), 12*from)))
			if dst = dst[:from+size/12]; extras != 0 {
				dst = t.confirmExtras(dst, from, s, text)
			}
		}
		if len(leads) > 0 && leads[0].ref&maxFew == 0 {
			at := part[int(leads[0].at)-base:][:16]
			dst = t.confirm(dst, text, int(leads[0].at), leads[0].ref, load(at), load(at[8:]))
			leads = leads[1:]
		}
	}
	return dst
}

// expandAVX2 is expandAVX512 without those items, of groups of more than four,
// whose ninth byte is not the text's.
//
//go:noescape
func expandAVX2(leads *lead, n int, part *byte, base int, ninth *byte, items *item, fold uint64, pairs *[pairRoom]lead) (done, np int)

// confirmAVX2 is confirmAVX512, one pair after the other: it writes no hit beyond
// those there may be.
//
//go:noescape
func confirmAVX2(pairs *lead, n int, part *byte, base, limit int, items *item, fold uint64, dst *Hit) (size, extras int)
