package decode

import (
	"iter"
	"math/bits"
)

// wordMarks finds where words may begin. It may find more: what is found is to be
// compared.
type wordMarks struct {
	wide   wideMarks
	halves halfMarks
	plain  plainMarks
}

// wideMarks tell by the low six bits of each of a word's first bytes which words it
// may be, a bit for one or several of them: by the first one of ASCII or beyond, and
// by those behind it.
type wideMarks [2 + wordBehind][64]byte

// halfMarks tell the same of the first few bytes, by the high and by the low half of
// each.
type halfMarks [2 * wordStart][16]byte

// plainMarks tell the same by the bytes themselves, with a bit for each word.
type plainMarks [wordStart][256]uint32

const (
	wordStart  = 4 // of a word's bytes; the others may be anything
	wordBehind = 5 // bytes are looked at behind the first
)

// newWordMarks makes the marks of words of two bytes or more, at most 32, with the
// bits of the i-th in wideMarks and in halfMarks.
func newWordMarks(words [][]byte, wide, half func(i int) byte) *wordMarks {
	t := &wordMarks{}
	for i, word := range words {
		bit := wide(i)
		t.wide[word[0]>>7][word[0]&63] |= bit
		for place := 1; place <= wordBehind; place++ {
			for c := range byte(64) {
				if place >= len(word) || word[place]&63 == c { // anything may follow
					t.wide[place+1][c] |= bit
				}
			}
		}
		bit = half(i)
		for place := range wordStart {
			for c := range 256 {
				if c := byte(c); place >= len(word) || word[place] == c {
					t.halves[2*place][c>>4] |= bit
					t.halves[2*place+1][c&15] |= bit
					t.plain[place][c] |= 1 << i
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
			for k, m := range found[:blocks] {
				for ; m != 0; m &= m - 1 {
					if i := from + k*64 + bits.TrailingZeros64(m); i >= to || !yield(i) {
						return
					}
				}
			}
			from += 64 * blocks
		}
	}
}

// mark marks blocks of 64 bytes of b, at most so many, and returns how many.
func (t *wordMarks) mark(b []byte, blocks int, out *[glimpse / 64]uint64) int {
	var rest [2*64 + wordBehind]byte
	if n := (len(b) - wordBehind) / 64; n > 0 {
		blocks = min(blocks, n)
	} else {
		copy(rest[:], b)
		b, blocks = rest[:], 2
	}
	if useVectors {
		wordBlocks(&b[0], blocks, t, &out[0])
		return blocks
	}
	for k := range blocks {
		out[k] = t.plain.of((*[64 + wordStart - 1]byte)(b[64*k:]))
	}
	return blocks
}

// of marks a block of 64 bytes, behind which those of one more word are.
func (t *plainMarks) of(b *[64 + wordStart - 1]byte) (marks uint64) {
	for i := range 64 {
		if m := t[0][b[i]] & t[1][b[i+1]]; m != 0 && m&t[2][b[i+2]]&t[3][b[i+3]] != 0 {
			marks |= 1 << i
		}
	}
	return marks
}
