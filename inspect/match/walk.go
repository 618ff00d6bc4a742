package match

import (
	"math/bits"
	"slices"
)

// A walker runs one machine from many pivots side by side. What it does is defined
// by machine.match.
type walker interface {
	// walk runs m from starts[from:to], at least one, each of which has at least
	// one byte of text before it and walkMost+lanes behind. It leaves what matched
	// in w: matched, which is clear, ends and touched. Of those that it meets a
	// character beyond ASCII with, or that go on for more than walkMost
	// characters, it leaves the slots in redoes and slot.
	walk(w *walk, m *machine, text []byte, starts []uint32, from, to int)
}

const (
	batchSize = 256 // pivots at a time
	walkStep  = 4   // characters at a time
	walkMost  = 47  // characters after which a pivot still alive is run again by itself
	walkWorth = 8   // pivots from which on a walk pays
	lanes     = 16
)

// walk is a batch of pivots under way. The arrays that are written as lists have
// room for one vector beyond their last element.
type walk struct {
	live, redo int // how many there are in slot and redoes

	// Of each pivot under way: offset, row, number in the batch, from the second
	// byte on, and from the third how many characters it has taken.
	at, row, slot [batchSize + lanes]uint32
	// What matched before a character: as in slot, and in the first byte the set.
	event  [batchSize*walkStep + lanes]uint32
	redoes [batchSize + lanes]uint32 // as in slot

	start   [batchSize]uint32 // by slot, if not as in the batch: where to start
	pivot   [batchSize]uint32 // for walkBack: the pivot
	matched [batchSize]uint32 // by slot: the members that matched there
	ends    [batchSize]ends   // and where
	touched slots             // something matched
	again   slots             // to be run again by itself
}

// slots is a set of slots.
type slots [batchSize / 64]uint64

func (s *slots) add(slot uint32) { s[slot/64%(batchSize/64)] |= 1 << (slot & 63) }

func (s *slots) has(slot int) bool { return s[slot/64%(batchSize/64)]>>(slot&63)&1 != 0 }

// walkAhead runs m from the pivots. Those of expressions that it does not have
// die at once.
func (s *exprScan) walkAhead(k walker, m *machine) {
	w := s.batch()
	for batch := range slices.Chunk(s.found, batchSize) {
		if len(s.ahead) > 1 {
			mine := w.start[:0]
			for _, i := range batch {
				if m.first.has(s.text[i]) {
					mine = append(mine, i)
				}
			}
			if batch = mine; len(batch) == 0 {
				continue
			}
		}
		w.run(k, m, s.text, batch)
		for part, set := range w.touched {
			for set |= w.again[part]; set != 0; set &= set - 1 {
				slot := part*64 + bits.TrailingZeros64(set)
				if i := int(batch[slot]); w.again.has(slot) {
					s.run(m, i)
				} else {
					s.take(m, i, w.matched[slot], &w.ends[slot])
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
	for _, i := range s.chosen(e) {
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

// chosen returns those of the pivots that may be e's. No branch depends on
// which they are.
func (s *exprScan) chosen(e *expr) []uint32 {
	s.mine = slices.Grow(s.mine[:0], len(s.found))
	mine, n := s.mine[:len(s.found)], 0
	for _, i := range s.found {
		c := s.text[i]
		mine[n] = i
		n += int(e.first[c>>6] >> (c & 63) & 1)
	}
	return mine[:n]
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
		case w.again.has(slot) || start < st.from: // a match before it reaches into the run
			s.goBack(e, int(i))
		case w.matched[slot] == 0:
			st.from = max(st.from, int32(i)+1)
		default:
			s.add(exprMatch{start, w.ends[slot][0], int32(e.index)})
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
	w.touched, w.again = slots{}, slots{}
	w.live, w.redo = 0, 0
	from, to := 0, len(starts)
	for ; from < to && starts[from] == 0; from++ {
		w.again.add(uint32(from))
	}
	for ; to > from && int(starts[to-1])+walkMost+lanes > len(text); to-- {
		w.again.add(uint32(to - 1))
	}
	if from < to {
		k.walk(w, m, text, starts, from, to)
	}
	for _, slot := range w.slot[:w.live] {
		w.again.add(slot >> 8)
	}
	for _, slot := range w.redoes[:w.redo] {
		w.again.add(slot >> 8)
	}
}
