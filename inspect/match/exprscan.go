package match

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"sync"
	"unicode/utf8"
)

// exprScan is one run of expressions over a text.
type exprScan struct {
	*exprs
	text    []byte
	base    int // what stands before has been looked at for pivots
	found   []uint32
	mine    []uint32    // what of found a machine or an expression is run from
	state   []exprState // by expression
	matches []Hit       // in order; the payload is the expression's number
	ends    ends
	mark    int   // matches from here on are not merged with those before
	late    []Hit // for merge
	// All is to be sorted in the end, because package regexp had to help.
	unsorted bool
	walk     *walk // nil until a vector kernel needs it
	block    [1 + blockSize + slack]byte
}

func compareHits(m, n Hit) int {
	return cmp.Or(cmp.Compare(m.Start, n.Start), cmp.Compare(m.End, n.End), cmp.Compare(m.Payload, n.Payload))
}

// after reports whether m comes after n, as compareHits has it.
func after(m, n Hit) bool {
	if m.Start != n.Start {
		return m.Start > n.Start
	}
	return m.End > n.End || m.End == n.End && m.Payload > n.Payload
}

var exprScans = sync.Pool{New: func() any { return new(exprScan) }}

// exprState is how far an expression has got.
type exprState struct {
	from  int32 // starts before this are decided
	done  bool  // the whole text is decided
	spent int   // bytes looked at
}

// An expression may look at patience times the text's bytes, and thrift more,
// before it is left to package regexp, whose time is linear. This bounds what
// a hostile text can cost.
const (
	patience = 8
	thrift   = 4 << 10
)

// begin starts a run over text, which is not empty, whose matches are to go to dst,
// which is.
func (x *exprs) begin(text []byte, dst []Hit) *exprScan {
	s := exprScans.Get().(*exprScan)
	s.exprs, s.text, s.matches, s.unsorted = x, text, dst, false
	s.state = slices.Grow(s.state[:0], len(x.all))[:len(x.all)]
	clear(s.state)
	s.base, s.found = 0, s.found[:0]
	return s
}

// advance looks at offsets up to about limit.
func (s *exprScan) advance(k kernels, limit int) {
	if s.base == 0 { // a zero before the first block
		s.step(k, 0)
		s.base = blockSize
	}
	for limit = min(limit, len(s.text)-slack); s.base+blockSize <= limit; {
		n := min(chunkSize, (limit-s.base)/blockSize*blockSize)
		s.found = k.shapes(s.found, &s.marks, &s.fine, s.text[s.base-1:], n/blockSize, s.base)
		s.base += n
		s.turn(k)
	}
}

// turn looks at the offsets that passed the marks, if they are worth it.
func (s *exprScan) turn(k kernels) {
	if len(s.found) >= batchSize/2 {
		s.pivots(k)
	}
}

// end looks at what is left, less than a block and its slack with zeros behind
// it, and returns the matches of all expressions.
func (s *exprScan) end(k kernels) []Hit {
	s.advance(k, len(s.text))
	for ; s.base < len(s.text); s.base += blockSize {
		s.step(k, s.base)
	}
	s.pivots(k)
	dst := s.result()
	s.exprs, s.text, s.matches = nil, nil, nil
	exprScans.Put(s)
	return dst
}

// result returns the matches with their payloads.
func (s *exprScan) result() []Hit {
	if s.unsorted {
		slices.SortFunc(s.matches, compareHits)
	}
	for i := range s.matches {
		m := &s.matches[i]
		m.Payload = s.all[m.Payload].payload
	}
	return s.matches
}

// step marks one block through a copy.
func (s *exprScan) step(k kernels, base int) {
	clear(s.block[:])
	if base > 0 {
		s.block[0] = s.text[base-1]
	}
	copy(s.block[1:], s.text[base:])
	s.found = k.shapes(s.found, &s.marks, &s.fine, s.block[:], 1, base)
	for n := len(s.found); n > 0 && int(s.found[n-1]) >= len(s.text); n-- {
		s.found = s.found[:n-1]
	}
}

// pivots looks at the offsets that passed the marks, and forgets them. Each
// machine adds its matches in order; they are merged with those before.
func (s *exprScan) pivots(k kernels) {
	walker, _ := k.(walker)
	if len(s.found) < walkWorth {
		walker = nil
	}
	for _, m := range s.ahead {
		s.mark = len(s.matches)
		switch {
		case s.done(m):
		case walker != nil:
			s.walkAhead(walker, m)
		default:
			for _, i := range s.found {
				if m.first.has(s.text[i]) {
					s.run(m, int(i))
				}
			}
		}
		s.merge()
	}
	for _, e := range s.back {
		s.mark = len(s.matches)
		if walker != nil && e.lead == leadRun && e.single {
			s.walkBack(walker, e)
		} else {
			for _, i := range s.found {
				if e.first.has(s.text[i]) {
					s.goBack(e, int(i))
				}
			}
		}
		s.merge()
	}
	s.found = s.found[:0]
}

// run runs a machine whose members all start at i.
func (s *exprScan) run(m *machine, i int) {
	if s.done(m) || !utf8.RuneStart(s.text[i]) && insideRune(s.text, i) {
		return
	}
	matched, looked := m.match(s.text, i, &s.ends)
	if matched != 0 {
		s.take(m, i, matched, &s.ends)
	}
	st := &s.state[m.members[0].index] // keeps the account for all
	if st.spent += looked; st.spent > patience*len(s.text)+thrift {
		for _, e := range m.members {
			s.whole(e)
		}
	}
}

// done reports whether package regexp has decided for a machine's members.
func (s *exprScan) done(m *machine) bool { return s.state[m.members[0].index].done }

// take adds the matches at i of those members, at least one, that have got no
// further.
func (s *exprScan) take(m *machine, i int, matched uint32, ends *ends) {
	if matched&(matched-1) == 0 && len(s.matches) < cap(s.matches) { // nearly always: no branch on whether it counts
		k := bits.TrailingZeros32(matched) & (maxMembers - 1)
		st, n := &s.state[m.index[k]], len(s.matches)
		s.matches = s.matches[:n+1]
		s.matches[n] = Hit{int32(i), ends[k], uint32(m.index[k])}
		counts := (int64(i) - int64(st.from)) >> 63
		st.from = st.from&int32(counts) | ends[k]&^int32(counts)
		s.matches = s.matches[:n+1+int(counts)]
		return
	}
	for ; matched != 0; matched &= matched - 1 {
		k := bits.TrailingZeros32(matched)
		e := m.members[k]
		if st := &s.state[e.index]; int(st.from) <= i {
			s.add(Hit{int32(i), ends[k], uint32(e.index)})
			st.from = ends[k]
		}
	}
}

// goBack looks for a match of an expression around its pivot at i.
func (s *exprScan) goBack(e *expr, i int) {
	st := &s.state[e.index]
	if int(st.from) > i {
		return
	}
	start := i
	switch e.lead {
	case leadAny:
		s.whole(e)
		return
	case leadWindow:
		start = max(i-e.reach, int(st.from))
	case leadRun:
		start = s.runStart(e, int(st.from), i)
	}
	for ; start <= i; start = max(start+1, int(st.from)) {
		if !utf8.RuneStart(s.text[start]) && insideRune(s.text, start) {
			continue
		}
		matched, looked := e.machine.match(s.text, start, &s.ends)
		if st.spent += looked; st.spent > patience*len(s.text)+thrift {
			s.whole(e)
			return
		}
		switch {
		case matched != 0:
			s.add(Hit{int32(start), s.ends[0], uint32(e.index)})
			st.from = s.ends[0]
		case e.lead == leadRun && e.single:
			st.from = int32(i) + 1 // what fails from the run's start fails from inside it
		default:
			st.from = int32(start) + 1
		}
	}
}

// runStart returns where the run of bytes before the pivot at i begins, at
// floor at the earliest.
func (s *exprScan) runStart(e *expr, floor, i int) int {
	for i > floor && e.run.has(s.text[i-1]) {
		i--
	}
	return i
}

// add inserts a match in order among those since s.mark. Only matches with the
// same start have to be passed.
func (s *exprScan) add(m Hit) {
	s.matches = append(s.matches, m)
	k := len(s.matches) - 1
	for ; k > s.mark && after(s.matches[k-1], m); k-- {
		s.matches[k] = s.matches[k-1]
	}
	s.matches[k] = m
}

// merge brings the matches since s.mark in order with those before.
func (s *exprScan) merge() {
	if s.unsorted || s.mark == 0 || s.mark == len(s.matches) || after(s.matches[s.mark], s.matches[s.mark-1]) {
		return
	}
	s.late = append(s.late[:0], s.matches[s.mark:]...)
	i, k := s.mark-1, len(s.matches)-1
	for j := len(s.late) - 1; j >= 0; k-- {
		if i >= 0 && after(s.matches[i], s.late[j]) {
			s.matches[k] = s.matches[i]
			i--
		} else {
			s.matches[k] = s.late[j]
			j--
		}
	}
}

// insideRune reports whether a character of text goes on at i, a continuation
// byte: package regexp never starts there.
func insideRune(text []byte, i int) bool {
	for back := 1; back < utf8.UTFMax && i-back >= 0; back++ {
		if utf8.RuneStart(text[i-back]) {
			_, size := utf8.DecodeRune(text[i-back:])
			return size > back
		}
	}
	return false
}

// whole searches all of the text with package regexp.
func (s *exprScan) whole(e *expr) {
	s.state[e.index].done, s.state[e.index].from = true, math.MaxInt32
	s.matches = slices.DeleteFunc(s.matches, func(m Hit) bool { return int(m.Payload) == e.index })
	for _, m := range e.re.FindAllIndex(s.text, -1) {
		s.matches = append(s.matches, Hit{int32(m[0]), int32(m[1]), uint32(e.index)})
	}
	s.mark, s.unsorted = len(s.matches), true
}

// scanWhole is scan by package regexp alone.
func (x *exprs) scanWhole(dst []Hit, text []byte) []Hit {
	s := exprScan{exprs: x, text: text, matches: dst, state: make([]exprState, len(x.all))}
	for _, e := range x.all {
		s.whole(e)
	}
	return s.result()
}
