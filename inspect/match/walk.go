package match

import (
	"math/bits"
	"slices"
)

// A walker runs one machine from many pivots side by side, a few steps at a
// time. What it does is defined by machine.match.
type walker interface {
	// step moves each of the walk's n live pivots on by walkStep characters.
	// It drops those that come to an end or, into w.redo, to a character
	// beyond ASCII, and leaves in w.events what matched.
	step(w *walk, m *machine, text []byte)
}

const (
	batchSize = 256 // pivots at a time
	walkStep  = 4
	walkMost  = 48 // characters after which a pivot still alive is run again by itself
	walkWorth = 8  // pivots from which on a walk pays
	lanes     = 16
)

// walk is a batch of pivots under way. The arrays have room for one vector
// beyond their last element.
type walk struct {
	n, events, redo int // live pivots, events and redos of the last step

	at, row, slot [batchSize + lanes]uint32             // of each live pivot: offset, row, number in the batch
	event         [3][batchSize*walkStep + lanes]uint32 // slot, offset, set
	redoes        [batchSize + lanes]uint32             // slots

	start   [batchSize]uint32 // by slot, if not as in the batch: where to start
	pivot   [batchSize]uint32 // for walkBack: the pivot
	matched [batchSize]uint32 // by slot: the members that matched there
	ends    [batchSize]ends   // and where
	touched slots             // something matched, or it is again
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
			for ; set != 0; set &= set - 1 {
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
		if int(st.from) > int(i) || st.done {
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
	clear(w.matched[:len(starts)])
	w.touched, w.again = slots{}, slots{}
	w.n = 0
	for slot, i := range starts {
		if i == 0 || int(i)+walkMost+lanes > len(text) { // at an end of the text
			w.touched.add(uint32(slot))
			w.again.add(uint32(slot))
			continue
		}
		w.at[w.n], w.row[w.n], w.slot[w.n] = i, m.start[text[i-1]], uint32(slot)
		w.n++
	}
	for steps := 0; w.n > 0 && steps < walkMost; steps += walkStep {
		k.step(w, m, text)
		slots, ats, sets := w.event[0][:w.events], w.event[1][:w.events], w.event[2][:w.events]
		for j, slot := range slots {
			set := m.sets[sets[j]]
			w.touched.add(slot)
			w.matched[slot&(batchSize-1)] |= set
			for ; set != 0; set &= set - 1 {
				w.ends[slot&(batchSize-1)][bits.TrailingZeros32(set)&(maxMembers-1)] = int32(ats[j])
			}
		}
		for _, slot := range w.redoes[:w.redo] {
			w.touched.add(slot)
			w.again.add(slot)
		}
	}
	for _, slot := range w.slot[:w.n] {
		w.touched.add(slot)
		w.again.add(slot)
	}
}
