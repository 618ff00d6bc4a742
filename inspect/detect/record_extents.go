package detect

import (
	"bytes"
	"cmp"
	"math/bits"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// In JSON a name stands beside something else only if both are in one object, or if
// an object around them puts them together. Names in an object that is an element
// of an array, or of the text, and holds nothing else are on their own. Such objects
// are known before names are looked for, and need not be followed to make records.

// extent is a stretch of a block that begins and ends with objects side by side.
type extent struct {
	start, end int32
	commas     int32 // between the objects
}

// Bounds of extents.
const (
	leastExtent = 64      // bytes: smaller ones are not worth an exception
	largeObject = 2 << 10 // bytes: larger objects with company are looked into
	maxAround   = 24      // levels around an element, and in it, that are followed
)

// quiet finds the objects of a block that names are on their own in.
type quiet struct {
	extents []extent // ascending, none within another
	next    int      // of extents, where a walk is
	large   []extent // objects with company that are to be looked into
	near    []spot   // what was found, ascending
	known   bool     // the block was asked about, and its structure is known

	brackets []normal.Brackets // scratch

	// What is open where the walk is: a string, and how many brackets, of which
	// the braces have a bit each, the outermost the lowest.
	within uint64
	depth  int
	braces uint64
	lost   bool // there are more levels than are followed
}

// silence leaves in j.quiet the extents of the block in which there is no company
// among near, which is ascending. An element of an array within an object is in one
// only if it holds nothing at all, since its findings may belong to a name further
// out; and none is that is a key and its value, as forms have them. What is open at
// the end is looked into, as company may follow.
func (j *jsonGrouper) silence(text []byte, own, cut int, near []spot, gap bool) {
	q := &j.quiet
	*q = quiet{extents: q.extents[:0], large: q.large[:0], brackets: q.brackets[:0], near: near, known: !gap && (j.on || own == 0)}
	if !q.known {
		return // in the middle of what is not known
	}
	if j.on {
		for i := 1; i < len(j.stack); i++ {
			q.push(!j.stack[i].array)
		}
		if j.quote {
			q.within = ^uint64(0)
		}
	}
	for at := own; at >= 0; {
		at = j.elements(text, at, cut)
	}
	q.trim()
	n := len(q.extents)
	for _, l := range q.large {
		k, _ := slices.BinarySearchFunc(near, int(l.start), func(s spot, i int) int { return cmp.Compare(s.start, i) })
		q.near, q.within, q.depth, q.braces = near[k:], 0, 1, 1
		j.elements(text, int(l.start)+1, int(l.end)-1)
		q.trim()
	}
	if len(q.extents) > n {
		slices.SortFunc(q.extents, func(a, b extent) int { return cmp.Compare(a.start, b.start) })
	}
	if q.lost {
		q.extents = q.extents[:0]
	}
}

// push opens an object or array.
func (q *quiet) push(brace bool) {
	q.lost = q.lost || q.depth >= maxAround
	q.braces &^= 1 << q.depth
	if brace {
		q.braces |= 1 << q.depth
	}
	q.depth++
}

// elements tells q of the elements that are whole between two offsets of text. It
// returns where the content of the one begins that is open at the end, which is
// what is open now; -1 if there is none.
func (j *jsonGrouper) elements(text []byte, from, to int) int {
	q := &j.quiet
	j.bracketsOf(text, from, to)
	inner, start := 0, 0 // brackets open in an element; its start
	pair := from - 1     // the first from some stretch on, if it is not before that
	for k := range q.brackets {
		m, at := &q.brackets[k], from+k*normal.Stretch
		opens, closes := m.Opens, m.Closes
		if n := bits.OnesCount64(closes); n < inner {
			inner += bits.OnesCount64(opens) - n
			q.lost = q.lost || inner > maxAround
			continue
		}
		for b := opens | closes; b != 0; b &= b - 1 {
			i := at + bits.TrailingZeros64(b)
			switch {
			case opens&b&-b != 0:
				switch {
				case inner > 0:
					inner++
					q.lost = q.lost || inner > maxAround
				case text[i] == '{' && !q.inObject():
					inner, start = 1, i
				default:
					q.push(text[i] == '{')
				}
			case inner > 0:
				if inner--; inner == 0 {
					// In a stretch with it, which may be more than is in it.
					first := start - (start-from)%normal.Stretch
					if pair < first {
						pair = nextPair(text[:to], first)
					}
					q.element(text, start, i+1, pair < min(at+normal.Stretch, to))
				}
			case q.depth > 0:
				q.depth--
			}
		}
	}
	if inner == 0 {
		return -1
	}
	q.push(true)
	q.within = 0
	return start + 1
}

// bracketsOf leaves in j.quiet the brackets between two offsets of text.
func (j *jsonGrouper) bracketsOf(text []byte, from, to int) {
	q := &j.quiet
	q.brackets = q.brackets[:0]
	for at := from; at < to; at += normal.Stretch {
		n := len(q.brackets)
		q.brackets, q.within = normal.BracketsOf(q.brackets, text[at:min(len(text), to+1)], q.within)
		if at += (len(q.brackets) - n) * normal.Stretch; at >= to {
			return
		}
		// A string that is looked at twice, or the last stretch.
		j.marks = normal.StructureOf(j.marks, text[at:min(len(text), at+normal.Stretch)])
		m, here := &j.marks[0], ^uint64(0)
		if to-at < normal.Stretch {
			here = 1<<(to-at) - 1
		}
		in := inStrings(text, at, m, m.Quotes&here, q.within)
		q.within = normal.Open(in)
		q.brackets = append(q.brackets, normal.Brackets{Opens: m.Opens & here &^ in, Closes: m.Closes & here &^ in})
	}
}

// inObject reports whether the innermost bracket that is open is a brace.
func (q *quiet) inObject() bool { return q.braces<<1>>q.depth&1 != 0 }

// element takes an object that is whole, an element of an array or of the text.
func (q *quiet) element(text []byte, start, end int, pairs bool) {
	for len(q.near) > 0 && q.near[0].start < start {
		q.near = q.near[1:]
	}
	found, company := false, false
	for ; len(q.near) > 0 && q.near[0].start < end; q.near = q.near[1:] {
		found, company = true, company || q.near[0].company
	}
	alone := q.braces&(1<<q.depth-1) == 0 // no object around it
	switch {
	case pairs || found && !alone:
		return
	case company:
		if end-start >= largeObject {
			q.large = append(q.large, extent{start: int32(start), end: int32(end)})
		}
		return
	}
	if n := len(q.extents) - 1; n >= 0 {
		if l := &q.extents[n]; int(l.end) <= start && start-int(l.end) <= 16 {
			if commas, ok := separated(text[l.end:start]); ok {
				l.end, l.commas = int32(end), l.commas+commas
				return
			}
		}
	}
	q.trim()
	q.extents = append(q.extents, extent{start: int32(start), end: int32(end)})
}

// trim drops the last extent if it is small.
func (q *quiet) trim() {
	if n := len(q.extents) - 1; n >= 0 && q.extents[n].end-q.extents[n].start < leastExtent {
		q.extents = q.extents[:n]
	}
}

// separated reports whether t holds commas and white space only, and how many commas.
func separated(t []byte) (commas int32, ok bool) {
	for _, c := range t {
		if c == ',' {
			commas++
		} else if !space(c) {
			return 0, false
		}
	}
	return commas, true
}

// nextPair returns the offset of the first colon of text from i on that stands before
// the value of a key beside it, the length of text if there is none. It may take one
// in a string for such a colon.
func nextPair(text []byte, i int) int {
	for ; ; i++ {
		if i = pairEnds.Next(text, i); i == len(text) {
			return i
		}
		if key, at, _ := keyBefore(text, i+1); isPairValue(key) && pairLabel(text, at) != 0 {
			return i
		}
	}
}

// openObjects leaves in s.windows what is not quiet.
func (s *Session) openObjects(cut int) {
	j, text, at := &s.group.json, s.block.Text, 0
	j.silence(text, s.own, cut, s.near, s.skipped)
	for _, e := range j.quiet.extents {
		s.openQuoted(at, int(e.start), int(e.start))
		at = int(e.end)
	}
	if at < cut {
		s.openQuoted(at, cut, len(text))
	}
}

// openQuoted appends a window that ends at offset end, if there are strings in it.
func (s *Session) openQuoted(start, to, end int) {
	if bytes.IndexByte(s.block.Text[start:to], '"') >= 0 {
		s.windows = append(s.windows, window{start, end})
	}
}
