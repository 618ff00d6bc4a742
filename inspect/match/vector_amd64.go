//go:build !purego

package match

import (
	"slices"
	"unsafe"

	"golang.org/x/sys/cpu"
)

// vectors are the vector kernels that this machine can run, the best first.
var vectors = func() (k []kernels) {
	if cpu.X86.HasAVX512VBMI && cpu.X86.HasAVX512VBMI2 && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT {
		k = append(k, avx512{})
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT {
		k = append(k, avx2{})
	}
	return k
}()

// avx512 needs the byte permutations and compressions of Ice Lake and Zen 4.
type avx512 struct{}

func (avx512) mark(s *scratch, ev *Evidence, f *filter, text []byte, blocks, base int) {
	_ = text[blocks*blockSize+slack-1]
	edges, n := s.roomFor(ev, blocks)
	nf, ne, seen := markAVX512(&text[0], blocks, base, &f.marks, unsafe.SliceData(s.found), edges, &s.ats, s.carry())
	s.marked(ev, nf, n+ne, seen, blocks, base)
}

func (avx512) literals(s *scratch, f *filter, text []byte, blocks, base int) {
	_ = text[blocks*blockSize+slack-1]
	s.found = slices.Grow(s.found, blocks*blockSize+blockSize)
	n := literalsAVX512(&text[0], blocks, base, &f.marks, unsafe.SliceData(s.found))
	s.found = s.found[:n]
}

func (avx512) sift(s *scratch, f *filter, part []byte, base int) {
	if len(s.found) == 0 {
		return
	}
	var short *uint32
	if f.short.used {
		short = &f.short.words[0]
	}
	s.found = slices.Grow(s.found, 16)
	n := siftAVX512(&s.found[0], len(s.found), &part[0], base, &f.long.words[0], f.long.shift, short, f.short.shift, uint32(f.fold))
	s.found = s.found[:n]
}

// probe is what kernels that look up leads need of a table: the masks of at most
// two classes, what each adds to a key, and what lowers a letter.
type probe struct {
	seeds                *uint16
	slots                *slot
	items                *item
	seedShift, slotShift uint64
	cut, class           [2]uint64
	fold, second         uint64
}

// probe returns the probe of a table of at most two classes.
func (t *table) probe() probe {
	x := t.index
	p := probe{seeds: &x.seeds[0], slots: &x.slots[0], items: &t.items[0], seedShift: uint64(x.seedShift), slotShift: uint64(x.slotShift), fold: t.foldBits()}
	for i, k := range t.classes {
		p.cut[i], p.class[i] = classMask(k)
	}
	if len(t.classes) == 2 {
		p.second = 0xaaaa
	}
	return p
}

// foldBits returns what lowers the letters of a word, if the table folds.
func (t *table) foldBits() uint64 {
	if t.fold {
		return 0x20 * ones
	}
	return 0
}

func (avx512) leads(t *table, dst []lead, found []uint32, part []byte, base int) []lead {
	if len(found) == 0 || len(t.classes) > 2 {
		return t.leads(dst, found, part, base)
	}
	p := t.probe()
	dst = slices.Grow(dst, len(found)*len(t.classes)+16)
	n := leadsAVX512(&found[0], len(found), &part[0], base, &p, (*lead)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(dst)), 8*len(dst))))
	return dst[:len(dst)+n]
}

// leadsAVX512 writes the leads at the n offsets (at least one) at found to dst and
// returns how many there are. dst has room for all there may be and 16 more;
// behind a table's seeds two bytes are readable.
//
//go:noescape
func leadsAVX512(found *uint32, n int, part *byte, base int, p *probe, dst *lead) int

func (avx512) confirm(t *table, s *scratch, dst []Hit, text, part []byte, base int) []Hit {
	fold := t.foldBits()
	for leads := s.leads; len(leads) > 0; {
		done, n := expandAVX512(&leads[0], len(leads), &s.pairs)
		leads = leads[done:]
		if n > 0 {
			dst = slices.Grow(dst, n+lanes)
			from := len(dst)
			size, extras := confirmAVX512(&s.pairs[0], n, &part[0], base, len(text), &t.items[0], fold, (*Hit)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(dst)), 12*from)))
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

// expandAVX512 writes a pair for each item of the groups of the n leads (at least
// one). It stops at a large group, and when pairs has no more room. It returns
// for how many leads, and how many pairs.
//
//go:noescape
func expandAVX512(leads *lead, n int, pairs *[pairRoom]lead) (done, np int)

// confirmAVX512 writes to dst the hits of the n pairs (at least one), and tells how
// many bytes they take, and whether extras must be looked at yet (not 0): those have
// the sign bit of End set and their number as payload. It writes up to eight hits
// beyond.
//
//go:noescape
func confirmAVX512(pairs *lead, n int, part *byte, base, limit int, items *item, fold uint64, dst *Hit) (size, extras int)

// markAVX512 marks blocks (at least one) of text. It appends to found and to
// edges, beyond whose ends it may write one block's worth, and returns how many
// it appended; ats gets a mask a block, and seen is 0 if they are empty. carry is 1 if
// a digit stands before text, else 0.
//
//go:noescape
func markAVX512(text *byte, blocks, base int, m *marks, found *uint32, edges *int32, ats *masks, carry uint64) (nf, ne int, seen uint64)

// literalsAVX512 is markAVX512 for offsets that pass the marks alone.
//
//go:noescape
func literalsAVX512(text *byte, blocks, base int, m *marks, found *uint32) int

// siftAVX512 keeps those of the n offsets (at least one) at found that pass
// the bit sets, and returns how many. It reads and writes found up to the next
// multiple of 16. short is nil if the short set is empty.
//
//go:noescape
func siftAVX512(found *uint32, n int, part *byte, base int, long *uint32, longShift uint32, short *uint32, shortShift, fold uint32) int
