package match

import (
	"math/bits"
	"slices"
)

// A walker runs one machine from many pivots side by side. What it does is defined
// by machine.match.
type walker interface {
	// walk runs m from starts[from:to], at least one, each of which has at least
	// one byte of text before it and walkMost+lanes behind. Behind starts[to:] it may
	// read as many again as it takes at a time, 4*lanes. It leaves what matched
	// in w: matched, which is clear, ends and touched. Those that go on for
	// walkMost characters, or nearly, it leaves in slot.
	walk(w *walk, m *machine, text []byte, starts []uint32, from, to int)
	// choose does what the function does.
	choose(dst, found []uint32, text []byte, set *byteSet) []uint32
}

const (
	batchSize = 256 // pivots at a time
	walkStep  = 4   // characters at a time
	walkFirst = 7   // and at most at first
	walkMost  = 47  // characters after which a pivot still alive is run again by itself
	walkWorth = 8   // pivots from which on a walk pays
	lanes     = 16
)

// walk is a batch of pivots under way. Lists have room for what a kernel reads or
// writes at a time beyond their last element.
type walk struct {
	live int // how many there are in slot

	// Of each pivot under way: offset, row, number in the batch, from the second
	// byte on, and from the third how many characters it has taken.
	at, row, slot [batchSize + 4*lanes]uint32
	// What matched before a character: as in slot, and in the first byte the set.
	event [batchSize*walkFirst + lanes]uint32

	start   [batchSize]uint32 // by slot, if not as in the batch: where to start
	pivot   [batchSize]uint32 // for walkBack: the pivot
	matched [batchSize]uint32 // by slot: the members that matched there, or again
	ends    [batchSize]ends   // and where
	touched slots             // something in matched

	//lint:ignore U1000 the assembly's own
	entry [batchSize*walkStep + lanes]uint32 // of next, that lanes have come by; for AVX2
}

// slots is a set of slots.
type slots [batchSize / 64]uint64

func (s *slots) add(slot uint32) { s[slot/64%(batchSize/64)] |= 1 << (slot & 63) }

// walkAhead runs m from the pivots. Those of expressions that it does not have
// die at once.
func (s *exprScan) walkAhead(k walker, m *machine) {
	w := s.batch()
	for batch := range slices.Chunk(s.found, batchSize) {
		if len(s.ahead) > 1 {
			s.mine = k.choose(s.mine[:0], batch, s.text, &m.first)
			if batch = s.mine; len(batch) == 0 {
				continue
			}
		}
		w.run(k, m, s.text, batch)
		for part, set := range w.touched {
			for ; set != 0; set &= set - 1 {
				slot := part*64 + bits.TrailingZeros64(set)
				if i, matched := int(batch[slot]), w.matched[slot]; matched&again != 0 {
					s.run(m, i)
				} else {
					s.take(m, i, matched, &w.ends[slot])
				}
			}
		}
	}
}

// walkBack runs the machine of an expression with a single run before its pivot
// from the start of that run, for all its pivots.
func (s *exprScan) walkBack(k walker, e *expr) {
	st := &s.state[e.index]
	w := s.batch()
	n := 0
	s.mine = k.choose(s.mine[:0], s.found, s.text, &e.first)
	for _, i := range s.mine {
		if int(st.from) > int(i) {
			continue
		}
		floor, before := int(st.from), -1
		if n > 0 {
			before = int(w.pivot[n-1])
		}
		start := s.runStart(e, max(floor, before), int(i))
		if start == before { // the run goes on beyond the pivot before this
			start = int(w.start[n-1])
		}
		w.start[n], w.pivot[n] = uint32(start), i
		if n++; n == batchSize {
			s.walkRuns(k, e, n)
			n = 0
		}
	}
	if n > 0 {
		s.walkRuns(k, e, n)
	}
}

// choose appends to dst those of the offsets at found whose byte is in set. No
// branch depends on which they are.
func choose(dst, found []uint32, text []byte, set *byteSet) []uint32 {
	dst = slices.Grow(dst, len(found))
	n := len(dst)
	all := dst[:n+len(found)]
	for _, i := range found {
		c := text[i]
		all[n] = i
		n += int(set[c>>6] >> (c & 63) & 1)
	}
	return all[:n]
}

// walkRuns does the batch that walkBack has collected.
func (s *exprScan) walkRuns(k walker, e *expr, n int) {
	st := &s.state[e.index]
	w := s.walk
	w.run(k, e.machine, s.text, w.start[:n])
	for slot, i := range w.pivot[:n] {
		start := int32(w.start[slot])
		switch {
		case st.done:
			return
		case w.matched[slot]&again != 0 || start < st.from: // a match before it reaches into the run
			s.goBack(e, int(i))
		case w.matched[slot] == 0:
			st.from = max(st.from, int32(i)+1)
		default:
			s.add(Hit{start, w.ends[slot][0], uint32(e.index)})
			st.from = w.ends[slot][0]
			s.goBack(e, int(i)) // if it ended before the pivot
		}
	}
}

func (s *exprScan) batch() *walk {
	if s.walk == nil {
		s.walk = new(walk)
	}
	return s.walk
}

// run runs m from the starts, which are ascending.
func (w *walk) run(k walker, m *machine, text []byte, starts []uint32) {
	clear(w.matched[:])
	w.touched, w.live = slots{}, 0
	from, to := 0, len(starts)
	for from < to && starts[from] == 0 {
		from++
	}
	for to > from && int(starts[to-1])+walkMost+lanes > len(text) {
		to--
	}
	if from < to {
		k.walk(w, m, text, starts, from, to)
	}
	for slot := range from {
		w.redo(slot)
	}
	for slot := to; slot < len(starts); slot++ {
		w.redo(slot)
	}
	for _, slot := range w.slot[:w.live] {
		w.redo(int(slot >> 8 & 0xff))
	}
}

// redo says that a slot is to be run again by itself.
func (w *walk) redo(slot int) {
	w.matched[slot] |= again
	w.touched.add(uint32(slot))
}
