package match

import (
	"math/bits"
	"slices"
)

// An index finds the slot of a key in one probe, without a loop: hash and
// displace (Belazzougui, Botelho, Dietzfelbinger 2009). Keys fall into small
// buckets; each bucket has a seed with which its keys reach slots of their own.
// It takes ten to twenty bytes a key, so that names by the ten thousand stay in
// the second-level cache.
type index struct {
	seeds     []uint16
	slots     []slot
	seedShift uint // 64 - log2(len(seeds))
	slotShift uint // 64 - log2(len(slots))
}

// slot holds what a key leads to. A key that is not in the index leads to a
// slot too, of which the tag tells nearly always.
type slot struct {
	tag uint32
	ref uint32 // never 0 in a slot that is taken
}

// mix is a bijection that spreads a key over all bits.
func mix(key uint64) uint64 {
	key *= 0x9e3779b97f4a7c15
	key ^= key >> 32
	return key * 0xd6e8feb86659fd93
}

// slot returns where h may be. That shifts stay below 64 spares asking.
func (x *index) slot(h uint64) *slot {
	return &x.slots[x.place(h, x.seeds[h>>(x.seedShift&63)])]
}

func (x *index) place(h uint64, seed uint16) uint64 {
	return (h ^ uint64(seed)*0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd >> (x.slotShift & 63)
}

// find returns what mixed key h leads to, or 0 if it is not in the index. One
// in four billion strange keys is mistaken for one of the index.
func (x *index) find(h uint64) uint32 {
	if s := x.slot(h); s.tag == uint32(h) {
		return s.ref
	}
	return 0
}

// newIndex builds an index of distinct mixed keys, which lead to refs.
func newIndex(keys []uint64, refs []uint32) *index {
	for size := len(keys) + len(keys)/8 + 1; ; size *= 2 {
		if x := tryIndex(keys, refs, size); x != nil {
			return x
		}
	}
}

// tryIndex builds an index with at least size slots, or returns nil if some
// bucket finds no seed.
func tryIndex(keys []uint64, refs []uint32, size int) *index {
	logSlots := max(bits.Len(uint(size-1)), 2)
	logSeeds := max(bits.Len(uint(len(keys)/4)), 1)
	x := &index{
		seeds:     make([]uint16, 1<<logSeeds, 1<<logSeeds+1), // vectors read one beyond
		slots:     make([]slot, 1<<logSlots),
		seedShift: uint(64 - logSeeds),
		slotShift: uint(64 - logSlots),
	}
	// Buckets as runs of order, the largest first: they are the hardest to place.
	starts := make([]int32, len(x.seeds)+1)
	for _, h := range keys {
		starts[h>>x.seedShift+1]++
	}
	largest := int32(0)
	for b, n := range starts[1:] {
		largest = max(largest, n)
		starts[b+1] += starts[b]
	}
	order := make([]int32, len(keys))
	fill := slices.Clone(starts)
	for i, h := range keys {
		order[fill[h>>x.seedShift]] = int32(i)
		fill[h>>x.seedShift]++
	}
	bySize := make([][]int32, largest+1)
	for b := range x.seeds {
		n := starts[b+1] - starts[b]
		bySize[n] = append(bySize[n], int32(b))
	}
	taken := make([]uint64, len(x.slots)/64+1) // a bit a slot: it stays in the first-level cache
	for n := largest; n > 0; n-- {
		for _, b := range bySize[n] {
			members := order[starts[b]:starts[b+1]]
			if !x.settle(b, members, keys, taken) {
				return nil
			}
			for _, i := range members {
				*x.slot(keys[i]) = slot{uint32(keys[i]), refs[i]}
			}
		}
	}
	return x
}

// settle finds a seed for bucket b with which all its members reach slots that are
// not taken, and takes them.
func (x *index) settle(b int32, members []int32, keys []uint64, taken []uint64) bool {
	for seed := range uint16(1<<16 - 1) {
		placed := 0
		for _, i := range members {
			s := x.place(keys[i], seed)
			if taken[s/64]>>(s%64)&1 != 0 {
				break
			}
			taken[s/64] |= 1 << (s % 64)
			placed++
		}
		if placed == len(members) {
			x.seeds[b] = seed
			return true
		}
		for _, i := range members[:placed] {
			s := x.place(keys[i], seed)
			taken[s/64] &^= 1 << (s % 64)
		}
	}
	return false
}

func (x *index) size() int { return len(x.seeds)*2 + len(x.slots)*8 }
