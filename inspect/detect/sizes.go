package detect

import (
	"encoding/binary"
	"math/bits"
	"slices"

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
	behindEra                              // behind the last byte of an era, of 年 or of 元, a blank or sign between
	beforeDate                             // before what can follow the first number of a date
	beforeMore                             // before what can lead to another group of digits
	inWord                                 // within a word or number, so that no telephone number begins
	amid                                   // between two letters
	closeBy                                // with another one at most runReach behind it, or that may be
	elsewise                               // a cell of a column that says that it holds no telephone numbers; see rest.note
	runSets
)

// runReach is the greatest distance in bytes, but for dates in words, between two runs
// of one value: of the class and the number on a plate.
const runReach = 16

// runWord holds 64 runs in all sets.
type runWord [runSets]uint64

// longRun is the size from which runs are all the same.
const longRun = 20

// setOfSize is the set of the runs of a size.
var setOfSize = [longRun + 1]uint8{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 14, 14, 14, 14, 14, 15}

// What stands beside a run says of it: a bit for each set from behindPlus on. Two
// need a second look, which ends with the digit or letter before the byte before.
const (
	sidePlus  = 1 << iota // before: + or (
	sideUpper             // before: a capital
	sideWide              // before: a blank or beyond ASCII
	sideEra               // before: the last byte of an era
	sideDate              // behind: dateNext
	sideMore              // behind: what can lead to another group
	sideIn                // before: a letter that ends no label of a telephone number; behind: one that begins no extension
	sideAmid              // a letter

	sideGap = sideDate // before: a blank or sign that an era may stand before
	sideTie = sideMore // before: - . or :, which makes sideIn of a digit before
)

// sideTables tell the sides of a run by the byte before it, the one before that and
// the one behind.
type sideTables struct{ before, second, behind [256]uint8 }

var sides = func() (t sideTables) {
	set := func(t *uint8, bit uint8, is bool) {
		if is {
			*t |= bit
		}
	}
	for i := range 256 {
		c := byte(i)
		set(&t.before[i], sidePlus, c == '+' || c == '(')
		set(&t.before[i], sideUpper, isUpper(c))
		set(&t.before[i], sideWide, c == ' ' || c >= 0x80)
		set(&t.before[i], sideEra, eraTails[c])
		set(&t.before[i], sideGap, eraGap(c))
		set(&t.before[i], sideTie, c == '-' || c == '.' || c == ':')
		switch c | 0x20 {
		case 'l', 'x', 't', 'f', 'm', 'e':
		default:
			set(&t.before[i], sideIn, isLetter(c))
		}
		set(&t.before[i], sideAmid, isLetter(c))
		set(&t.second[i], sideGap, eraTails[c])
		set(&t.second[i], sideTie, isDigit(c))
		set(&t.behind[i], sideDate, dateNext[c])
		set(&t.behind[i], sideMore, separatorOf[c] != 0 || c == 0xE3 || c == 0xC2)
		set(&t.behind[i], sideIn, isLetter(c) && c|0x20 != 'x' && c|0x20 != 'e')
		set(&t.behind[i], sideAmid, isLetter(c))
	}
	return t
}()

// sideOf joins what the bytes beside a run say.
func sideOf(before, second, behind uint8) uint8 {
	tie := before & second
	return before&(sidePlus|sideUpper|sideWide|sideEra|sideIn) | behind&(sideDate|sideMore|sideIn) |
		tie>>1&sideEra | tie<<1&sideIn | before&behind&sideAmid
}

// joinedSides are sides such that the sum of the three entries, of the byte before a run,
// the one before that and the one behind, holds sideOf of them: where two bytes have to
// agree, their bits carry into the next.
type joinedSides struct{ before, second, behind [256]uint16 }

var joined = func() (t joinedSides) {
	const (
		in   = 6 // and 7, of the byte behind
		era  = 8 // carries to 9, which says sideEra too
		tie  = 10
		amid = 12
	)
	for i := range 256 {
		before, second, behind := uint16(sides.before[i]), uint16(sides.second[i]), uint16(sides.behind[i])
		t.before[i] = before&(sidePlus|sideUpper|sideWide|sideEra|sideIn) |
			before&sideGap>>4<<era | before&sideTie>>5<<tie | before&sideAmid>>7<<amid
		t.second[i] = second&sideGap>>4<<era | second&sideTie>>5<<tie
		t.behind[i] = behind&(sideDate|sideMore) | behind&sideIn>>6<<(in+1) | behind&sideAmid>>7<<amid
	}
	return t
}()

// vectors is a kind of instructions, of those that a processor may have.
type vectors uint8

const (
	noVectors vectors = iota
	avx2Vectors
	avx512Vectors
)

// sortRuns appends the sets that runs, those of text, belong to.
func sortRuns(words []runWord, text []byte, runs []match.Run) []runWord {
	for len(runs) > 0 {
		words = append(words, runWord{})
		w := &words[len(words)-1]
		n := min(len(runs), 64)
		all := ^uint64(0) >> (64 - n)
		left := all
		if runVectors != noVectors {
			left = 0
			if runs[0].Start < 2 {
				left = 1
			}
			if int(runs[n-1].End) == len(text) {
				left |= 1 << (n - 1)
			}
			sortVector(w, &text[0], &runs[0], all&^left, all)
		}
		w[anyRun] = all
		w.sort(text, runs[:n], left)
		w[closeBy] |= 1 << (n - 1) // the next may be dropped yet
		runs = runs[n:]
	}
	return words
}

// sort adds those of at most 64 runs that are in which.
func (w *runWord) sort(text []byte, runs []match.Run, which uint64) {
	var beside [64]uint8
	for m := which; m != 0; m &= m - 1 {
		k := bits.TrailingZeros64(m)
		i, j := int(runs[k].Start), int(runs[k].End)
		var before, second, behind uint8
		if i > 0 {
			before = sides.before[text[i-1]]
		}
		if i > 1 {
			second = sides.second[text[i-2]]
		}
		if j < len(text) {
			behind = sides.behind[text[j]]
		}
		beside[k&63] = sideOf(before, second, behind)
		if k+1 < len(runs) && runs[k+1].Start-runs[k].End <= runReach {
			w[closeBy] |= 1 << (uint(k) & 63)
		}
		w[setOfSize[min(j-i, longRun)]&15] |= 1 << (uint(k) & 63)
		if d := text[i] - '0'; d < 2 {
			w[startsZero+runSet(d)] |= 1 << (uint(k) & 63)
		}
	}
	for at := bits.TrailingZeros64(which) &^ 7; at < 64-bits.LeadingZeros64(which); at += 8 {
		// The bits of eight bytes, turned: those at one place in each, together.
		x := binary.LittleEndian.Uint64(beside[at:])
		for bit := range runSet(8) {
			w[behindPlus+bit] |= x >> bit & 0x0101010101010101 * 0x0102040810204080 >> 56 << at
		}
	}
}

// runWords returns the sets of the block's runs, 64 to an element.
func (b *Block) runWords() []runWord {
	if b.sizes == 0 {
		b.words = sortRuns(b.words[:0], b.Text, b.Runs)
		b.survey()
	}
	return b.words
}

// survey finds out which sets are empty.
func (b *Block) survey() {
	var all runWord
	for k := range b.words {
		for set, in := range &b.words[k] {
			all[set] |= in
		}
	}
	b.sizes = sizesSet
	for set, in := range &all {
		if in != 0 {
			b.sizes |= 1 << set
		}
	}
}

// span is 64 runs, with those behind them.
type span struct{ runs, more *runWord }

// in returns the runs that are in a set.
func (s span) in(set runSet) uint64 { return s.runs[set] }

// sized returns the runs of sizes lo to hi.
func (s span) sized(lo, hi runSet) (in uint64) {
	for _, of := range s.runs[lo : hi+1] {
		in |= of
	}
	return in
}

// then returns the runs whose n-th further one is in a set.
func (s span) then(n int, set runSet) uint64 { return s.runs[set]>>n | s.more[set]<<(64-n) }

// chooser returns the runs of s that a detector looks at. A label may speak of those
// in near.
type chooser func(s span, near uint64) uint64

// chosen walks the runs of a block that a detector looks at.
type chosen struct {
	sets []uint64 // by word, but for the one that is being walked
	at   int      // index of its first run
	set  uint64   // of it, not walked yet
}

var noRuns runWord

// choose walks the runs that f chooses. h is that of the label that may speak of
// them, if f asks for one. One walk at a time.
func (b *Block) choose(h *hint, f chooser) chosen {
	words := b.runWords()
	near := h != nil && !h.none()
	if near {
		b.picked = h.governed(b.picked, b.Runs)
	} else {
		b.picked = slices.Grow(b.picked[:0], len(words))[:len(words)]
	}
	s := span{more: &noRuns}
	for k := len(words) - 1; k >= 0; k-- {
		s.runs = &words[k]
		said := uint64(0)
		if near {
			said = b.picked[k]
		}
		b.picked[k] = f(s, said)
		s.more = s.runs
	}
	return chosen{sets: b.picked, at: -64}
}

// next returns the index of the next run, from one on; -1 if there is none.
func (c *chosen) next(from int) int {
	for {
		for c.set == 0 {
			if len(c.sets) == 0 {
				return -1
			}
			c.set, c.sets = c.sets[0], c.sets[1:]
			c.at += 64
		}
		i := c.at + bits.TrailingZeros64(c.set)
		if c.set &= c.set - 1; i >= from {
			return i
		}
	}
}
