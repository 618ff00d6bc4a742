package decode

import (
	"iter"
	"math/bits"
)

// wordMarks finds where words may begin. It may find more: what is found is to be
// compared.
type wordMarks struct {
	wide  wideMarks
	pairs [2][4][16]byte // like pairs: of the first two bytes, and of the two behind them
}

// wideMarks tell by the low six bits of each of a word's first bytes which words it
// may be, a bit for one or several of them: by the first one of ASCII or beyond, and
// by those behind it.
type wideMarks [2 + wordBehind][64]byte

// wordBehind is how many bytes are looked at behind the first.
const wordBehind = 5

// newWordMarks makes the marks of words of two bytes or more, with the bit of
// the i-th.
func newWordMarks(words [][]byte, bit func(i int) byte) *wordMarks {
	t := &wordMarks{}
	for i, word := range words {
		bit := bit(i)
		t.wide[word[0]>>7][word[0]&63] |= bit
		for place := 1; place <= wordBehind; place++ {
			for c := range byte(64) {
				if place >= len(word) || word[place]&63 == c { // anything may follow
					t.wide[place+1][c] |= bit
				}
			}
		}
		for place := range 4 {
			high, low := &t.pairs[place/2][place%2*2], &t.pairs[place/2][place%2*2+1]
			for half := range byte(16) {
				if place >= len(word) || word[place]>>4 == half {
					high[half] |= bit
				}
				if place >= len(word) || word[place]&15 == half {
					low[half] |= bit
				}
			}
		}
	}
	return t
}

// in goes through the offsets in b[from:to] where a word may begin.
func (t *wordMarks) in(b []byte, from, to int) iter.Seq[int] {
	return func(yield func(int) bool) {
		var found [glimpse / 64]uint64
		for from < to {
			blocks := t.mark(b[from:], min((to-from+63)/64, len(found)), &found)
			if blocks == 0 {
				break
			}
			for k, m := range found[:blocks] {
				for ; m != 0; m &= m - 1 {
					if i := from + k*64 + bits.TrailingZeros64(m); i >= to || !yield(i) {
						return
					}
				}
			}
			from += 64 * blocks
		}
		for ; from < to; from++ {
			if !yield(from) {
				return
			}
		}
	}
}

// mark marks blocks of 64 bytes of b, at most so many, and returns how many.
func (t *wordMarks) mark(b []byte, blocks int, out *[glimpse / 64]uint64) int {
	switch n := (len(b) - wordBehind) / 64; {
	case !useVectors:
		return 0
	case n > 0:
		blocks = min(blocks, n)
	default:
		var rest [2*64 + wordBehind]byte
		copy(rest[:], b)
		b, blocks = rest[:], 2
	}
	if useWide {
		wordBlocks(&b[0], blocks, &t.wide, &out[0])
		return blocks
	}
	var first, second [len(out) + 1][2]uint64
	pairBlocks(&b[1], blocks, &t.pairs[0], &first[0])
	pairBlocks(&b[1], blocks, &t.pairs[1], &second[0])
	second[blocks] = [2]uint64{^uint64(0), ^uint64(0)} // out of sight
	for k := range blocks {
		f, s, next := &first[k], &second[k], &second[k+1]
		out[k] = f[0]&(s[0]>>2|next[0]<<62) | f[1]&(s[1]>>2|next[1]<<62)
	}
	return blocks
}
