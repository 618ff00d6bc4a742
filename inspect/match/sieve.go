package match

import "sync"

// A sieve runs text through a filter, block by block while it is in the
// processor's cache, and confirms what is left with the table.
type sieve struct {
	table   *table
	filter  *filter
	kernels kernels
	opts    Options
}

// kernels are the inner loops of a sieve.
type kernels interface {
	// mark looks at all offsets of the first blocks*blockSize bytes of text,
	// which start at offset base of the whole and have at least slack more
	// behind them. It appends the offsets that pass the marks to s.found, and
	// what it sees of the shapes to ev.
	mark(s *scratch, ev *Evidence, f *filter, text []byte, blocks, base int)
	// literals is mark for the offsets alone, into s.found, which is empty.
	literals(s *scratch, f *filter, text []byte, blocks, base int)
	// sift drops those of s.found that the bit sets rule out. part is the
	// text that was marked.
	sift(s *scratch, f *filter, part []byte, base int)
	// leads appends to dst where the table's index knows the prefix, of the
	// offsets at found.
	leads(t *table, dst []lead, found []uint32, part []byte, base int) []lead
	// confirm appends the hits at s.leads.
	confirm(t *table, s *scratch, dst []Hit, text, part []byte, base int) []Hit
	// shapes appends the offsets, among those of the first blocks of text,
	// that pass the marks of expressions. text starts one byte before base.
	shapes(found []uint32, m *marks, f *fine, text []byte, blocks, base int) []uint32
}

// preparer is of kernels that have marks of literals of their own.
type preparer interface {
	prepare(f *filter, t *table)
}

// pairer is of kernels that mark literals alone and expressions together. text, all of it,
// has a byte before base, up to which x has been marked.
type pairer interface {
	both(s *scratch, f *filter, x *exprScan, text []byte, blocks, base int)
}

const (
	blockSize = 64      // bytes that a vector kernel marks at a time
	chunkSize = 4 << 10 // bytes that go through all stages together
	// Bytes of literals after which expressions have their turn. They find the
	// text in the cache; the processor has other branches to learn.
	turnSize = 64 << 10
	slack    = 16 // readable bytes that each offset in a block must have, itself included
)

// pairCount is how many items are compared in one go, at least; pairRoom is what
// the last lead may bring besides.
const (
	pairCount = 256
	pairRoom  = pairCount + maxFew + 1
)

// scratch is what a scan needs besides its result.
type scratch struct {
	found []uint32 // offsets that may start a literal
	leads []lead
	// For a kernel that confirms: items that leads lead to, and hits aside.
	pairs [pairRoom]lead
	hits  []Hit
	digit bool // the last byte marked was a digit
	// What a kernel marks in a chunk: offsets that may start a literal (of
	// kernels that do not list them themselves), digits (likewise), "@".
	starts, digits, ats masks
	tail                [2*blockSize + slack]byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func (v *sieve) scan(text []byte, ev *Evidence) { v.scanWith(text, ev, nil) }

// scanWith takes expressions, if there are any, along, so that they find the text
// in the processor's cache. What it leaves to them is their end.
func (v *sieve) scanWith(text []byte, ev *Evidence, x *exprScan) {
	if len(v.table.items) == 0 && v.opts.NoRuns && v.opts.NoAts {
		return // nothing to be found
	}
	s := scratches.Get().(*scratch)
	s.digit = false
	var pair pairer
	if x != nil && v.opts.NoRuns && v.opts.NoAts {
		pair, _ = v.kernels.(pairer)
	}
	// whole blocks, the last of which can be read beyond by slack bytes
	whole := max(len(text)-slack, 0) / blockSize * blockSize
	for base := 0; base < whole; base += chunkSize {
		n := min(chunkSize, whole-base)
		if pair != nil && base > 0 {
			s.found = s.found[:0]
			x.advance(v.kernels, base)
			pair.both(s, v.filter, x, text, n/blockSize, base)
			v.confirm(s, ev, text, text[base:], base)
		} else {
			v.step(s, ev, text, text[base:], n/blockSize, base)
		}
		if x != nil && (base+n)%turnSize == 0 {
			x.advance(v.kernels, base+n)
			x.turn(v.kernels)
		}
	}
	// The rest, at most blockSize+slack-1 bytes, gets zeros behind it, and at
	// least one within its blocks to end a run of digits.
	clear(s.tail[copy(s.tail[:], text[whole:]):])
	v.step(s, ev, text, s.tail[:], (len(text)-whole)/blockSize+1, whole)
	scratches.Put(s)
	if v.opts.NoRuns {
		ev.Runs = ev.Runs[:0]
	}
	if v.opts.NoAts {
		ev.Ats = ev.Ats[:0]
	}
}

// step takes blocks from part, which holds text from offset base on.
func (v *sieve) step(s *scratch, ev *Evidence, text, part []byte, blocks, base int) {
	s.found = s.found[:0]
	if v.opts.NoRuns && v.opts.NoAts {
		v.kernels.literals(s, v.filter, part, blocks, base)
	} else {
		v.kernels.mark(s, ev, v.filter, part, blocks, base)
	}
	v.confirm(s, ev, text, part, base)
}

// confirm takes the offsets that a chunk's marks left.
func (v *sieve) confirm(s *scratch, ev *Evidence, text, part []byte, base int) {
	v.kernels.sift(s, v.filter, part, base)
	s.leads = v.kernels.leads(v.table, s.leads[:0], s.found, part, base)
	ev.Hits = v.kernels.confirm(v.table, s, ev.Hits, text, part, base)
}
