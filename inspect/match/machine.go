package match

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"
	"unsafe"
)

// A machine runs the dfas of several expressions in lockstep, from a common
// start, for the price of one: its states are the tuples of theirs that occur.
type machine struct {
	members []*expr           // at most maxMembers
	index   [maxMembers]int32 // theirs
	ascii   [utf8.RuneSelf]uint8
	starts  []rune // as in dfa
	classes []uint8
	pages   pages       // of what starts and classes say
	width   int         // classes; a row of next has one entry more: see beyond
	next    []uint32    // by row+class: the next state's row <<8 | set of members that matched before this character
	sets    []uint32    // members by bit; set 0 is empty
	begin   uint32      // the row at the start of the text
	start   [256]uint32 // and elsewhere, by the byte before
	first   byteSet     // the bytes at pivots of members
	bytes   [256]uint32 // class<<8 of a byte, as walks have it: see beyond
}

const (
	maxMembers = 16
	maxSets    = 255
	// again is a set that says no more than that a walk has met a character beyond
	// ASCII and must be done again character by character.
	again   = 1 << 31
	againID = maxSets
	// maxProduct is the greatest table of a machine of several, in entries:
	// larger ones would push the text out of the cache.
	maxProduct = 1 << 15
)

// machineOf is the machine of one expression.
func machineOf(e *expr) *machine {
	d := e.dfa
	m := &machine{members: []*expr{e}, ascii: d.ascii, starts: d.starts, classes: d.classes, width: d.width, sets: []uint32{0, 1}}
	m.index[0] = int32(e.index)
	m.next = make([]uint32, len(d.next))
	for i, x := range d.next {
		m.next[i] = (x>>1)*uint32(d.width)<<8 | x&1
	}
	for c := range m.start {
		m.start[c] = d.start[priorOf(rune(c))] * uint32(d.width) // bytes beyond ASCII are no words and no lines
	}
	m.begin = d.start[priorNone] * uint32(d.width)
	m.first = e.first
	return m
}

// product returns a machine that does what a and b do, or nil if it would be
// too large.
func product(a, b *machine) *machine {
	if len(a.members)+len(b.members) > maxMembers {
		return nil
	}
	m := &machine{members: append(slices.Clone(a.members), b.members...)}
	m.index = a.index
	copy(m.index[len(a.members):], b.index[:])
	pairs := m.classify(a, b)
	if pairs == nil {
		return nil
	}
	type pair struct{ a, b uint32 }
	rows := map[pair]uint32{{}: 0}
	todo := []pair{{}}
	row := func(p pair) uint32 {
		r, ok := rows[p]
		if !ok {
			r = uint32(len(todo) * m.width)
			rows[p] = r
			todo = append(todo, p)
		}
		return r
	}
	m.begin = row(pair{a.begin, b.begin})
	for c := range m.start {
		m.start[c] = row(pair{a.start[c], b.start[c]})
	}
	m.first = a.first
	m.first.join(&b.first)
	sets := map[uint32]uint32{0: 0}
	m.sets = []uint32{0}
	for k := 0; k < len(todo); k++ {
		if len(todo)*m.width > maxProduct {
			return nil
		}
		p := todo[k]
		for _, c := range pairs {
			x, y := a.next[p.a+uint32(c.a)], b.next[p.b+uint32(c.b)]
			set := a.sets[x&0xff] | b.sets[y&0xff]<<len(a.members)
			id, ok := sets[set]
			if !ok {
				if id = uint32(len(m.sets)); id == maxSets {
					return nil
				}
				sets[set] = id
				m.sets = append(m.sets, set)
			}
			m.next = append(m.next, row(pair{x >> 8, y >> 8})<<8|id)
		}
	}
	return m
}

// classPair is a class of each factor.
type classPair struct{ a, b uint8 }

// classify sets m's classes, which are the pairs of a's and b's that occur, and
// lists them. It returns nil if they are too many.
func (m *machine) classify(a, b *machine) []classPair {
	var pairs []classPair
	ids := map[classPair]uint8{}
	class := func(p classPair) uint8 {
		id, ok := ids[p]
		if !ok {
			id = uint8(len(pairs))
			ids[p] = id
			pairs = append(pairs, p)
		}
		return id
	}
	for c := range m.ascii {
		m.ascii[c] = class(classPair{a.ascii[c], b.ascii[c]})
	}
	m.starts = append(slices.Clone(a.starts), b.starts...)
	slices.Sort(m.starts)
	m.starts = slices.Compact(m.starts)
	for _, r := range m.starts {
		if len(pairs) > 250 {
			return nil
		}
		m.classes = append(m.classes, class(classPair{classIn(a.starts, a.classes, r), classIn(b.starts, b.classes, r)}))
	}
	pairs = append(pairs, classPair{uint8(a.width - 1), uint8(b.width - 1)}) // the end of text
	m.width = len(pairs)
	return pairs
}

// classIn returns the class of a character beyond ASCII.
func classIn(starts []rune, classes []uint8, r rune) uint8 {
	k, found := slices.BinarySearch(starts, r)
	if !found {
		k-- // RuneSelf is the first
	}
	return classes[k]
}

// pages hold the classes of the basic plane: which of the lists, of 64 each, is
// that of a character.
type pages struct {
	of    [1 << 10]uint8
	lists [][64]uint8
}

// finish prepares a machine that is to be run.
func (m *machine) finish() {
	m.paginate()
	m.beyond()
}

// beyond adds a class to each row of next, for walks: all that is beyond ASCII,
// where no such character goes on and all match the same; else again.
func (m *machine) beyond() {
	row := func(r uint32) uint32 { return r + r/uint32(m.width) }
	next := make([]uint32, 0, len(m.next)/m.width*(m.width+1))
	for r := 0; r < len(m.next); r += m.width {
		all := m.next[r+int(m.classes[0])]
		for c := range m.width {
			x := m.next[r+c]
			next = append(next, row(x>>8)<<8|x&0xff)
		}
		for _, c := range m.classes {
			if x := m.next[r+int(c)]; x != all || x>>8 != 0 {
				all = againID
			}
		}
		next = append(next, all)
	}
	m.next, m.begin = next, row(m.begin)
	for c := range m.start {
		m.start[c] = row(m.start[c])
	}
	for c := range m.bytes {
		m.bytes[c] = uint32(m.width) << 8
		if c < utf8.RuneSelf {
			m.bytes[c] = uint32(m.ascii[c]) << 8
		}
	}
	for len(m.sets) < againID {
		m.sets = append(m.sets, 0)
	}
	m.sets = append(m.sets, again)
}

// paginate makes the pages. They stay empty if they would be too many.
func (m *machine) paginate() {
	m.pages.lists = nil
	var list [64]uint8
	k := 0
	for r := rune(utf8.RuneSelf); r < 1<<16; r++ {
		for k+1 < len(m.starts) && m.starts[k+1] <= r {
			k++
		}
		if list[r&63] = m.classes[k]; r&63 < 63 {
			continue
		}
		page := slices.Index(m.pages.lists, list)
		if page < 0 {
			if page = len(m.pages.lists); page > math.MaxUint8 {
				m.pages.lists = nil
				return
			}
			m.pages.lists = append(m.pages.lists, list)
		}
		m.pages.of[r>>6] = uint8(page)
	}
}

// classOf is classIn for the machine's own classes.
func (m *machine) classOf(r rune) uint8 {
	if r < 1<<16 && len(m.pages.lists) > 0 {
		return m.pages.lists[m.pages.of[r>>6]][r&63]
	}
	return classIn(m.starts, m.classes, r)
}

// decode is utf8.DecodeRune with a short way for characters of three bytes but
// those after E0 and ED, which have forbidden ranges.
func decode(b []byte) (rune, int) {
	if len(b) > 3 {
		if v := binary.LittleEndian.Uint32(b); v&0xc0c0f0 == 0x8080e0 && v&15 != 0 && v&15 != 13 {
			return rune(v&15<<12 | v>>8&63<<6 | v>>16&63), 3
		}
	}
	return utf8.DecodeRune(b)
}

// rowAt returns the row to start from at text[i:].
func (m *machine) rowAt(text []byte, i int) uint32 {
	if i == 0 {
		return m.begin
	}
	return m.start[text[i-1]]
}

// ends are where the matches of a machine's members end.
type ends [maxMembers]int32

// match runs the machine from text[i:]. It returns the members that match
// there, by bit, whose ends it sets, and how many bytes it looked at.
func (m *machine) match(text []byte, i int, ends *ends) (matched uint32, looked int) {
	row := m.rowAt(text, i)
	at := i
	next := m.next
	for {
		var class uint32
		size := 1
		if at >= len(text) {
			class, size = uint32(m.width-1), 0
		} else if c := text[at]; c < utf8.RuneSelf {
			class = uint32(m.ascii[c])
		} else {
			var r rune
			r, size = decode(text[at:])
			class = uint32(m.classOf(r))
		}
		e := next[row+class]
		if e&0xff != 0 {
			set := m.sets[e&0xff]
			matched |= set
			for ; set != 0; set &= set - 1 {
				ends[bits.TrailingZeros32(set)&(maxMembers-1)] = int32(at)
			}
		}
		at += size
		if row = e >> 8; row == 0 || size == 0 {
			return matched, at - i
		}
	}
}

func (m *machine) size() int {
	return int(unsafe.Sizeof(*m)) + len(m.pages.lists)*64 + len(m.next)*4 + len(m.sets)*4 + len(m.starts)*5
}
