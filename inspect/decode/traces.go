package decode

import (
	"math/bits"
	"slices"
)

// traces tells where in a file text, or the mark of an archive put into it, may be.
// Most of a file shows nothing and needs no second look.
type traces struct {
	blocks int   // of 64 bytes, 0 without vectors
	narrow track // by pairs: text in UTF-8, in CP932
	wide   track // by tracePairs: usual characters in UTF-16LE, marks
}

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

// of makes m those of b; without vectors there are none.
func (m *traces) of(b []byte) {
	const block = 64
	if m.blocks = 0; !useVectors || len(b) == 0 {
		return
	}
	n := (len(b) - 1) / block
	m.blocks = n + 1
	m.narrow.begin(m.blocks)
	m.wide.begin(m.blocks)
	if n > 0 {
		bothPairBlocks(&b[1], n, &m.narrow.pairs[0], &m.wide.pairs[0])
	}
	var rest [block + 1]byte
	copy(rest[:], b[n*block:])
	bothPairBlocks(&rest[1], 1, &m.narrow.pairs[n], &m.wide.pairs[n])
	m.narrow.find(&narrowShifts)
	m.wide.find(&wideShifts)
}

// text returns the first offset from i on at which minText bytes may be text, one
// past all if there is none.
func (m *traces) text(i int) int { return m.narrow.first(i, &narrowShifts, 3) }

// wideText returns the first offset from i on at which minText characters of
// UTF-16LE may stand; one past all if there is none.
func (m *traces) wideText(i int) int { return m.wide.first(i, &wideShifts, 1) }

// embed returns the first offset from i on at which the mark of an archive may
// stand, one past all if there is none.
func (m *traces) embed(i int) int { return m.wide.first(i, &wideShifts, 2) }

// around returns the stretch of bytes in b that may follow each other around i,
// from at on.
func (m *traces) around(b []byte, at, i int) (s textRun) {
	s.start, s.end = at, len(b)
	from := ^uint64(0) << (i & 63)
	for k := i >> 6; k < m.blocks; k++ {
		if w := ^(m.narrow.pairs[k][0] | m.narrow.pairs[k][1]) & from; w != 0 {
			s.end = min(s.end, k<<6+bits.TrailingZeros64(w)+1)
			break
		}
		from = ^uint64(0)
	}
	from = 1<<(i&63) - 1
	for k := i >> 6; k >= at>>6; k-- {
		if w := ^(m.narrow.pairs[k][0] | m.narrow.pairs[k][1]) & from; w != 0 {
			s.start = max(s.start, k<<6+bits.Len64(w))
			break
		}
		from = ^uint64(0)
	}
	return s
}

// track holds two bits for each byte of blocks of 64, of the pair that it makes
// with the next, and where enough of them stand in a row.
type track struct {
	pairs [][2]uint64
	rows  []uint64 // two bits a block, those of 32 in a word: a row begins in it
}

const (
	rowBlocks = 4 // are looked at together
	rowAhead  = 1 // is there behind them
)

// rowShifts are by how many bits each of the two is shifted and joined with itself, so
// that a bit is left of as many in a row as the shifts make together, and one more.
type rowShifts [4][2]uint64

var (
	narrowShifts = rowShifts{{1, 1}, {2, 2}, {4, 4}, {minText - 9, minText - 9}} // minText bytes are one pair less
	wideShifts   = rowShifts{{2}, {4}, {8}, {2*minText - 16}}                    // of characters; a mark is alone
)

// begin makes room for the pairs of so many blocks.
func (t *track) begin(blocks int) {
	padded := (blocks+rowBlocks-1)/rowBlocks*rowBlocks + rowAhead
	t.pairs = slices.Grow(t.pairs[:0], padded)[:padded]
	clear(t.pairs[blocks:])
}

// find finds the rows.
func (t *track) find(by *rowShifts) {
	blocks := len(t.pairs) - rowAhead
	words := (blocks + 31) / 32
	t.rows = slices.Grow(t.rows[:0], words)[:words]
	clear(t.rows)
	if useVectors {
		rowsOf(&t.pairs[0], blocks/rowBlocks, by, &t.rows[0])
		return
	}
	for k := range blocks {
		for i := range 2 {
			if t.row(k, i, by) != 0 {
				t.rows[k/32] |= 1 << (2*(k%32) + i)
			}
		}
	}
}

// row returns where in a block rows of one of the two bits begin.
func (t *track) row(block, i int, by *rowShifts) uint64 {
	here, next := t.pairs[block][i], t.pairs[block+1][i]
	switch { // the usual ones, by numbers that the compiler knows
	case by == &narrowShifts:
		here, next = here&(here>>1|next<<63), next&(next>>1)
		here, next = here&(here>>2|next<<62), next&(next>>2)
		here, next = here&(here>>4|next<<60), next&(next>>4)
		return here & (here>>(minText-9) | next<<(64-minText+9))
	case by == &wideShifts && i == 1:
		return here
	}
	for s := range by {
		n := by[s][i]
		here, next = here&(here>>n|next<<(64-n)), next&(next>>n)
	}
	return here
}

// first returns the first offset from i on at which a row begins, of which bits is
// told by two bits; one past all if there is none.
func (t *track) first(i int, by *rowShifts, which uint64) int {
	const blocks = 32 // of a word
	block, from := i>>6, ^uint64(0)<<(i&63)
	for k := block / blocks; k < len(t.rows); k++ {
		w := t.rows[k] & (which * 0x5555_5555_5555_5555)
		if k == block/blocks {
			w &= ^uint64(0) << (2 * (block % blocks))
		}
		for w != 0 {
			at := k*blocks + bits.TrailingZeros64(w)/2
			w &^= 3 << (2 * (at % blocks))
			m := uint64(0)
			for i := range 2 {
				if which>>i&1 != 0 {
					m |= t.row(at, i, by)
				}
			}
			if at == block {
				m &= from
			}
			if m != 0 {
				return at<<6 + bits.TrailingZeros64(m)
			}
		}
	}
	return len(t.pairs) << 6
}
