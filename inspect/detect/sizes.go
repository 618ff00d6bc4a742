package detect

import (
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

// What a byte right before or right behind a run says of it, a bit each.
const (
	edgePlus  = 1 << edgePlusAt  // before: + or (
	edgeUpper = 1 << edgeUpperAt // before: a capital
	edgeWide  = 1 << edgeWideAt  // before: a blank or beyond ASCII
	edgeDate  = 1 << edgeDateAt  // behind: dateNext
	edgeTie   = 16               // before: - . or :
	edgeGlue  = 32               // before: a letter that ends no label of a telephone number
	edgeStop  = 64               // behind: a letter that begins no extension

	edgePlusAt, edgeUpperAt, edgeWideAt, edgeDateAt = 0, 1, 2, 3
)

var runEdges = func() (t [256]uint8) {
	for i := range t {
		c := byte(i)
		set := func(bit uint8, is bool) {
			if is {
				t[i] |= bit
			}
		}
		set(edgePlus, c == '+' || c == '(')
		set(edgeUpper, isUpper(c))
		set(edgeWide, c == ' ' || c >= 0x80)
		set(edgeTie, c == '-' || c == '.' || c == ':')
		switch c | 0x20 {
		case 'l', 'x', 't', 'f', 'm', 'e':
		default:
			set(edgeGlue, isLetter(c))
		}
		set(edgeStop, isLetter(c) && c|0x20 != 'x' && c|0x20 != 'e')
		set(edgeDate, dateNext[c])
	}
	return t
}()

// sortRuns appends the sets that runs, those of text, belong to.
func sortRuns(words []runWord, text []byte, runs []match.Run) []runWord {
	for len(runs) > 0 {
		words = append(words, runWord{})
		w := &words[len(words)-1]
		n := min(len(runs), 64)
		w[anyRun] = ^uint64(0) >> (64 - n)
		// Each set is shifted in from the top, a bit a run, and stays in a register.
		var zero, first, plus, upper, wide, date, within uint64
		for k, r := range runs[:n] {
			i, j := int(r.Start), int(r.End)
			var left, right uint64
			if i > 0 {
				left = uint64(runEdges[text[i-1]])
				if left&edgeTie != 0 && (i < 2 || !isDigit(text[i-2])) {
					left &^= edgeTie
				}
			}
			if j < len(text) {
				right = uint64(runEdges[text[j]])
			}
			w[setOfSize[min(j-i, longRun)]&15] |= 1 << (uint(k) & 63)
			zero = zero>>1 | one(text[i] == '0')<<63
			first = first>>1 | one(text[i] == '1')<<63
			plus = plus>>1 | left&edgePlus<<(63-edgePlusAt)
			upper = upper>>1 | left&edgeUpper<<(63-edgeUpperAt)
			wide = wide>>1 | left&edgeWide<<(63-edgeWideAt)
			date = date>>1 | right&edgeDate<<(63-edgeDateAt)
			within = within>>1 | one(left&(edgeTie|edgeGlue)|right&edgeStop != 0)<<63
		}
		rest := uint(64-n) & 63
		w[startsZero], w[startsOne] = zero>>rest, first>>rest
		w[behindPlus], w[behindUpper], w[behindWide] = plus>>rest, upper>>rest, wide>>rest
		w[beforeDate], w[inWord] = date>>rest, within>>rest
		runs = runs[n:]
	}
	return words
}

// one is 1 for true. It compiles to no branch.
func one(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

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
	hinted bool
	k      int    // of the next word
	set    uint64 // of the word before it, not walked yet
}

// chooser returns the runs of words[k] that a detector looks at. hinted says that
// a label may speak of its values.
type chooser func(words []runWord, k int, hinted bool) uint64

func (b *Block) choose(hinted bool, f chooser) chosen {
	return chosen{words: b.runWords(), choose: f, hinted: hinted}
}

// next returns the index of the next run, from one on; -1 if there is none.
func (c *chosen) next(from int) int {
	for {
		for c.set == 0 {
			if c.k == len(c.words) {
				return -1
			}
			c.set = c.choose(c.words, c.k, c.hinted)
			c.k++
		}
		i := (c.k-1)<<6 + bits.TrailingZeros64(c.set)
		if c.set &= c.set - 1; i >= from {
			return i
		}
	}
}
