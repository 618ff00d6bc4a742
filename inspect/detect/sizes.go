package detect

import (
	"encoding/binary"
	"math/bits"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// A text full of digits has a run in every twenty bytes, of which a detector can
// use hardly any. What decides that is found out once for all of them: sets of
// runs, a bit each, that detectors join to the set of those that they look at.

// runSet says what a set of runs has in common.
type runSet uint8

// The sets. Those below size20 are by size, but for that of all; sizes 14 to 19 are one, and so are those
// from twenty on.
const (
	anyRun      runSet = 0
	size14      runSet = 14
	size20      runSet = 15
	startsZero  runSet = iota + size20 - 2 // with 0
	startsOne                              // with 1
	behindPlus                             // behind + or (
	behindUpper                            // behind a capital
	behindWide                             // behind a blank or a character beyond ASCII
	beforeDate                             // before what can follow the first number of a date
	inWord                                 // within a word or number, so that no telephone number begins
	runSets
)

// runWord holds 64 runs in all sets.
type runWord [runSets]uint64

// longRun is the size from which runs are all the same.
const longRun = 20

// setOfSize is the set of the runs of a size.
var setOfSize = [longRun + 1]uint8{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 14, 14, 14, 14, 14, 15}

// What the byte right before a run, its first digit and the byte right behind it
// say of it, a bit each.
const (
	edgeZero  = 1 << iota // the first digit is 0
	edgeOne               // or 1
	edgePlus              // before: + or (
	edgeUpper             // before: a capital
	edgeWide              // before: a blank or beyond ASCII
	edgeDate              // behind: dateNext
	edgeIn                // before: a letter that ends no label of a telephone number; behind: one that begins no extension
	edgeTie               // before: - . or :, which a digit before makes edgeIn
)

var edgeBefore, edgeFirst, edgeBehind = func() (before, first, behind [256]uint8) {
	set := func(t *uint8, bit uint8, is bool) {
		if is {
			*t |= bit
		}
	}
	for i := range before {
		c := byte(i)
		set(&before[i], edgePlus, c == '+' || c == '(')
		set(&before[i], edgeUpper, isUpper(c))
		set(&before[i], edgeWide, c == ' ' || c >= 0x80)
		set(&before[i], edgeTie, c == '-' || c == '.' || c == ':')
		switch c | 0x20 {
		case 'l', 'x', 't', 'f', 'm', 'e':
		default:
			set(&before[i], edgeIn, isLetter(c))
		}
		set(&behind[i], edgeIn, isLetter(c) && c|0x20 != 'x' && c|0x20 != 'e')
		set(&behind[i], edgeDate, dateNext[c])
	}
	first['0'], first['1'] = edgeZero, edgeOne
	return before, first, behind
}()

// sortRuns appends the sets that runs, those of text, belong to.
func sortRuns(words []runWord, text []byte, runs []match.Run) []runWord {
	for len(runs) > 0 {
		words = append(words, runWord{})
		w := &words[len(words)-1]
		n := min(len(runs), 64)
		w[anyRun] = ^uint64(0) >> (64 - n)
		var edges [64]uint8
		for k, r := range runs[:n] {
			i, j := int(r.Start), int(r.End)
			e := edgeFirst[text[i]]
			if i < 2 || j >= len(text) {
				e |= edgeOf(text, i, j)
			} else {
				before := edgeBefore[text[i-1]]
				tied := before / edgeTie & digit[text[i-2]] // no branch: it goes either way
				e |= before | edgeBehind[text[j]] | tied*edgeIn
			}
			edges[k&63] = e
			w[setOfSize[min(j-i, longRun)]&15] |= 1 << (uint(k) & 63)
		}
		for at := 0; at < n; at += 8 {
			// The bits of eight bytes, turned: those at one place in each, together.
			x := binary.LittleEndian.Uint64(edges[at:])
			for bit := range len(setOfEdge) {
				w[setOfEdge[bit]] |= x >> bit & 0x0101010101010101 * 0x0102040810204080 >> 56 << at
			}
		}
		runs = runs[n:]
	}
	return words
}

// edgeOf is what is beside a run at the start or end of text.
func edgeOf(text []byte, i, j int) (e uint8) {
	if i > 0 {
		e = edgeBefore[text[i-1]]
		if e&edgeTie != 0 && i >= 2 && isDigit(text[i-2]) {
			e |= edgeIn
		}
	}
	if j < len(text) {
		e |= edgeBehind[text[j]]
	}
	return e
}

// digit is 1 for what isDigit reports.
var digit = func() (t [256]uint8) {
	for c := '0'; c <= '9'; c++ {
		t[c] = 1
	}
	return t
}()

// setOfEdge is the set for each bit of what is beside a run.
var setOfEdge = [...]runSet{startsZero, startsOne, behindPlus, behindUpper, behindWide, beforeDate, inWord}

// runWords returns the sets of the block's runs, 64 to an element.
func (b *Block) runWords() []runWord {
	if b.sizes == 0 {
		b.sizes = sizesSet
		b.words = sortRuns(b.words[:0], b.Text, b.Runs)
		for k := range b.words {
			for size := runSet(1); size <= size20; size++ {
				if b.words[k][size] != 0 {
					b.sizes |= 1 << size
				}
			}
		}
	}
	return b.words
}

// of returns the runs of the k-th word that are in one of the sets.
func of(words []runWord, k int, sets ...runSet) (in uint64) {
	w := &words[k]
	for _, s := range sets {
		in |= w[s]
	}
	return in
}

// then returns the runs of the k-th word whose n-th further one is in a set.
func then(words []runWord, k, n int, set runSet) uint64 {
	in := words[k][set] >> n
	if k+1 < len(words) {
		in |= words[k+1][set] << (64 - n)
	}
	return in
}

// chosen walks the runs of a block that a detector looks at.
type chosen struct {
	words  []runWord
	choose chooser
	near   []uint64 // by word, those of which a label may speak; nil: of none
	k      int      // of the next word
	set    uint64   // of the word before it, not walked yet
}

// chooser returns the runs of words[k] that a detector looks at. A label may speak
// of those in near.
type chooser func(words []runWord, k int, near uint64) uint64

// choose walks the runs that f chooses. h is that of the label that may speak of
// them, if f asks for one.
func (b *Block) choose(h *hint, f chooser) chosen {
	c := chosen{words: b.runWords(), choose: f}
	if h != nil && !h.none() {
		b.near = h.governed(b.near, b.Runs)
		c.near = b.near
	}
	return c
}

// next returns the index of the next run, from one on; -1 if there is none.
func (c *chosen) next(from int) int {
	for {
		for c.set == 0 {
			if c.k == len(c.words) {
				return -1
			}
			near := uint64(0)
			if c.near != nil {
				near = c.near[c.k]
			}
			c.set = c.choose(c.words, c.k, near)
			c.k++
		}
		i := (c.k-1)<<6 + bits.TrailingZeros64(c.set)
		if c.set &= c.set - 1; i >= from {
			return i
		}
	}
}
