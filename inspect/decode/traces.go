package decode

import (
	"math/bits"
	"slices"
)

// traces tells where in a file text in UTF-16LE, or the mark of an archive put
// into it, may be: a bit for each byte but the last, 64 to an element, under
// ofWide for what may be a character of usual text, under ofEmbeds for the first
// two bytes of a mark. Most of a file shows neither and needs no second look.
type traces [][2]uint64

const (
	ofWide = iota
	ofEmbeds
)

// tracePairs are like pairs, of bytes of which the second may be the high byte of
// a character in UTF-16LE (the low three bits) or of which a mark of embeds
// begins (the others).
var tracePairs = func() (t [4][16]byte) {
	all := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	for bit, p := range [...]struct{ before, itself, low []int }{
		{append(all[2:8:8], 0), all[:1], all[:1]}, // ASCII
		{all, all[5:10], all},                     // kanji
		{all, []int{3, 4, 15}, []int{0, 14, 15}},  // kana, full width, the first kanji
	} {
		for k, halves := range [4][]int{p.before, all, p.itself, p.low} {
			for _, h := range halves {
				t[k][h] |= 1 << bit
			}
		}
	}
	for i := range embeds {
		bit := byte(1) << (3 + i%5)
		for k, c := range [2]byte{embeds[i].mark[0], embeds[i].mark[1]} {
			t[2*k][c>>4] |= bit
			t[2*k+1][c&15] |= bit
		}
	}
	return t
}()

// of makes m those of b, in what storage m has; without vectors there are none.
func (m traces) of(b []byte) traces {
	const block = 64
	if !useVectors || len(b) == 0 {
		return m[:0]
	}
	n := (len(b) - 1) / block
	m = slices.Grow(m[:0], n+1)[:n+1]
	if n > 0 {
		pairBlocks(&b[1], n, &tracePairs, &m[0])
	}
	var rest [block + 1]byte
	copy(rest[:], b[n*block:])
	pairBlocks(&rest[1], 1, &tracePairs, &m[n])
	return m
}

// wide returns the first offset from i on at which minText characters of
// UTF-16LE may stand; one past all if there is none.
func (m traces) wide(i int) int {
	k := i >> 6
	if k >= len(m) {
		return len(m) << 6
	}
	w, from := m[k][ofWide], ^uint64(0)<<(i&63)
	for here := eightWide(w); ; k++ {
		next := uint64(0)
		if k+1 < len(m) {
			next = m[k+1][ofWide]
		}
		there := eightWide(next)
		if here|there != 0 {
			if r := longWide(w, next) & from; r != 0 {
				return k<<6 + bits.TrailingZeros64(r)
			}
		}
		if k+1 >= len(m) {
			return len(m) << 6
		}
		w, here, from = next, there, ^uint64(0)
	}
}

// eightWide is not 0 if eight characters stand in a row in one of the aligned
// sixteen bits, as they do in any row of minText.
func eightWide(m uint64) uint64 {
	m &= m >> 2
	m &= m >> 4
	return m & (m >> 8) & 0x0003_0003_0003_0003
}

// longWide returns where in m, which next follows, minText characters begin.
func longWide(m, next uint64) uint64 {
	m, next = m&(m>>2|next<<62), next&(next>>2)
	m, next = m&(m>>4|next<<60), next&(next>>4)
	m, next = m&(m>>8|next<<56), next&(next>>8)
	return m & (m>>16 | next<<48)
}

// embed returns the first offset from i on at which the mark of an archive may
// stand, -1 if there is none.
func (m traces) embed(i int) int {
	from := ^uint64(0) << (i & 63)
	for k := i >> 6; k < len(m); k++ {
		if w := m[k][ofEmbeds] & from; w != 0 {
			return k<<6 + bits.TrailingZeros64(w)
		}
		from = ^uint64(0)
	}
	return -1
}
