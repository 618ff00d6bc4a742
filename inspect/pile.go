package inspect

import "math/bits"

// pile keeps values, as entries of a set, until there are many that belong close
// together, sorted by their highest bits: a set of millions of values is asked for
// one stretch after the other, not all over the memory.
type pile struct {
	heaps []uint64          // pileHeaps times pileHeight
	n     [pileHeaps]uint16 // how many stand in each
	some  uint64            // the heaps in which any are, by bits
	all   int               // how many there are at most
}

// A pile has pileHeaps heaps, and a heap pileHeight values when it is counted. A
// set below pileFrom slots is close together as it is.
const (
	pileHeaps  = 64
	pileHeight = 1 << 10
	pileFrom   = 1 << 14
)

// reset empties the pile, and keeps its storage.
func (p *pile) reset() {
	p.some, p.all = 0, 0
	clear(p.n[:])
}

// pileUp puts the values that wait on the pile, if the set is large and will not be
// full soon.
func (b *bank) pileUp(t *tally) bool {
	p := &b.pile
	if b.values.slots < pileFrom || b.firsts.over {
		return false
	}
	if p.heaps == nil {
		p.heaps = make([]uint64, pileHeaps*pileHeight)
	}
	p.all += len(b.valued)
	for _, w := range b.valued {
		k := w >> 58
		p.heaps[k*pileHeight+uint64(p.n[k])] = w
		p.some |= 1 << k
		if p.n[k]++; p.n[k] == pileHeight {
			b.clearHeap(t, k)
		}
	}
	return true
}

// clearHeap counts the values of a heap.
func (b *bank) clearHeap(t *tally, k uint64) {
	p := &b.pile
	b.values.room(p.all) // the others are as high: a stretch fills evenly with the rest
	n := p.n[k]
	p.n[k] = 0
	p.some &^= 1 << k
	p.all -= int(n)
	b.take(t, p.heaps[k*pileHeight:][:n])
}

// clearPile counts all values of the pile.
func (b *bank) clearPile(t *tally) {
	for b.pile.some != 0 {
		b.clearHeap(t, uint64(bits.TrailingZeros64(b.pile.some)))
	}
	for i := range b.hits {
		b.settle(t, &b.hits[i])
	}
}
