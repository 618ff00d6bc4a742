package detect

import (
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// Asking for a label costs far more than looking at a run of digits. Detectors
// whose numbers are nothing without one therefore have hint words looked for,
// and ask only near them, or where the layout governs the whole block.

// hintReach is how far behind a hint word, in bytes, its label may govern a
// value; hintAhead how far before it.
const (
	hintReach = 240
	hintAhead = 48
)

// hintWords makes patterns of the words that announce values of label l, ASCII
// letters in both cases.
func hintWords(l Label, words ...string) []match.Pattern {
	list := make([]match.Pattern, len(words))
	for i, w := range words {
		list[i] = match.Pattern{Literal: w, Fold: true, Payload: Payload(ClassHint, bitOf(l))}
	}
	return list
}

func bitOf(l Label) uint32 {
	var n uint32
	for l > 1 {
		l >>= 1
		n++
	}
	return n
}

// hint tells, for ascending offsets of one block, whether a label of one kind
// may govern the value there. It may say yes where there is none.
type hint struct {
	hits []match.Hit
	bit  uint32
	last int32 // start of the last hint word seen
	all  bool
}

// overall is implemented by contexts that know what the layout says of all
// values in a block: columns tells the labels of a table's columns or of a
// single field, and whether the text is a table.
type overall interface {
	columns() (labels Label, table bool)
}

func (b *Block) hint(l Label) hint {
	h := hint{bit: Payload(ClassHint, bitOf(l)), last: -1 << 20}
	if b.hints()&l != 0 {
		h.hits = b.Hits
	}
	if o, ok := b.context.(overall); ok {
		labels, table := o.columns()
		// A word in a table may be a header further up in this block.
		h.all = labels&l != 0 || table && len(h.hits) > 0
	}
	return h
}

// hintsSet says that Block.hinted is known.
const hintsSet Label = 1 << 63

// hints returns the labels that hint words stand for in the block.
func (b *Block) hints() Label {
	if b.hinted == 0 {
		b.hinted = hintsSet
		for i := range b.Hits {
			if c, n := Unpack(b.Hits[i].Payload); c == ClassHint {
				b.hinted |= 1 << n
			}
		}
	}
	return b.hinted
}

// none reports that no offset from now on is governed.
func (h *hint) none() bool { return !h.all && len(h.hits) == 0 && h.last < 0 }

// at answers for offset i, which is not below that of the call before.
func (h *hint) at(i int32) bool { return h.all || h.within(i, hintReach) }

// within answers like at for hint words at most reach bytes back.
func (h *hint) within(i, reach int32) bool {
	for len(h.hits) > 0 && h.hits[0].Start <= i+hintAhead {
		if h.hits[0].Payload == h.bit {
			h.last = h.hits[0].Start
		}
		h.hits = h.hits[1:]
	}
	return i-h.last <= reach
}

// governed returns the runs that are governed, a bit each, in set's storage. h is
// asked for the first time.
func (h *hint) governed(set []uint64, runs []match.Run) []uint64 {
	n := (len(runs) + 63) / 64
	set = slices.Grow(set[:0], n)[:n]
	if h.all {
		for i := range set {
			set[i] = ^uint64(0)
		}
		return set
	}
	clear(set)
	end := 0 // of the runs that hits before govern, or that are before them
	for _, hit := range h.hits {
		if hit.Payload != h.bit {
			continue
		}
		at := runAt(runs, end, hit.Start-hintAhead)
		if end = runAt(runs, at, hit.Start+hintReach+1); end > at {
			setBits(set, at, end)
		}
	}
	return set
}

// runAt returns the index of the first run, from the i-th on, that begins at offset at
// or behind, which is not far most often; how many there are if none does.
func runAt(runs []match.Run, i int, at int32) int {
	step := 4
	for i+step < len(runs) && runs[i+step].Start < at {
		i += step
		step *= 2
	}
	lo, hi := i, min(i+step, len(runs))
	for lo < hi {
		if m := int(uint(lo+hi) >> 1); runs[m].Start < at {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// setBits sets bits lo to hi-1 of set, one at least.
func setBits(set []uint64, lo, hi int) {
	first, last := lo>>6, (hi-1)>>6
	from, to := ^uint64(0)<<(lo&63), ^uint64(0)>>(-hi&63)
	if first == last {
		set[first] |= from & to
		return
	}
	set[first] |= from
	for k := first + 1; k < last; k++ {
		set[k] = ^uint64(0)
	}
	set[last] |= to
}

// columns implements overall.
func (v *view) columns() (labels Label, table bool) {
	switch v.mode {
	case single:
		return v.single, false
	case rows:
		for i := range v.table.cols {
			labels |= v.table.cols[i].label
		}
		return labels, true
	}
	return 0, false
}
