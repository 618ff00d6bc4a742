package detect

import (
	"math/bits"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// jsonGrouper groups findings by JSON object. An object with a name is a
// record, together with the nameless objects in it: {"name":…, "address":{…}}.
// An object with a name under a key lends what it holds to the object around it,
// if that has no name yet: {"profile":{"name":…}, "contact":{…}}. An array's elements are records of their own unless the object
// around the array has a name and they have none.
type jsonGrouper struct {
	stack []frame // [0] is what stands around the text
	pos   int     // in block offsets: structure is known up to here
	quote bool    // pos is inside a string
	on    bool    // stack and pos are valid

	marks  []normal.Structure // of the text of the block
	marked int                // from this offset on
	sight  int                // whole stretches in marks

	quiet quiet // what need not be followed, if it was asked for
}

// glance is how many stretches of text are marked at a time.
const glance = 32

// frame is an open object or array.
type frame struct {
	array bool
	keyed bool
	at    int      // where it opens in the block's text; -1: keyed and the key are known
	own   *group   // findings directly in it
	kids  []*group // what closed children left
	step
}

// maxDepth bounds the stack; deeper structure counts as its parent's.
const maxDepth = 64

// maxKids is how many nameless elements may wait for their parent's name.
const maxKids = 16

func (j *jsonGrouper) reset() { j.stack, j.on, j.quote = j.stack[:0], false, false }

// busy reports whether findings wait for their object's end.
func (j *jsonGrouper) busy() bool {
	if !j.on {
		return false
	}
	for i := range j.stack {
		if j.stack[i].own != nil || len(j.stack[i].kids) > 0 {
			return true
		}
	}
	return false
}

// block takes the findings of a block.
func (j *jsonGrouper) block(g *grouper) {
	b := &g.blk
	j.marked, j.sight = 0, 0
	switch {
	case !j.on || b.gap:
		j.finish(g)
		j.on = true
		j.push(true, -1)
		j.pos, j.quote = b.own, false
		if b.own > 0 && len(b.found) > 0 {
			j.locate(b.text, b.found[0].Start)
		}
	default:
		j.pos = b.own
	}
	j.quiet.next = 0
	for i := range b.found {
		f := &b.found[i]
		j.walk(g, f.Start)
		top := &j.stack[len(j.stack)-1]
		if top.own == nil {
			top.own = g.get()
		}
		top.own = g.add(top.own, f)
		top.own.paired = top.own.paired || !top.array && paired(b.text, f.Start)
	}
	j.walk(g, b.cut)
	j.name(g) // while the text is there
	j.quiet.extents, j.quiet.known = j.quiet.extents[:0], false
}

// push opens an object or array.
func (j *jsonGrouper) push(array bool, at int) *frame {
	if n := len(j.stack); n < cap(j.stack) {
		j.stack = j.stack[:n+1]
		f := &j.stack[n]
		f.array, f.keyed, f.at, f.own, f.kids = array, false, at, nil, f.kids[:0]
		f.size, f.index = 0, 0
		return f
	}
	j.stack = append(j.stack, frame{array: array, at: at})
	return &j.stack[len(j.stack)-1]
}

// name finds out under which keys the open objects and arrays stand.
func (j *jsonGrouper) name(g *grouper) {
	for i := range j.stack {
		j.stack[i].resolve(g)
	}
}

// resolve finds out whether f stands under a key, and under which.
func (f *frame) resolve(g *grouper) {
	if f.at < 0 {
		return
	}
	if f.keyed = keyedAt(g.blk.text, f.at); f.keyed && g.placed < maxPlaced {
		f.name(g.blk.text, f.at)
	}
	f.at = -1
}

// locate finds the objects around offset i, for a start in the middle of a
// text.
func (j *jsonGrouper) locate(text []byte, i int) {
	var open [8]int
	n := 0
	for at := i; n < len(open); n++ {
		if at = enclosing(text, at); at < 0 {
			break
		}
		open[n] = at
	}
	for n--; n >= 0; n-- {
		j.push(text[open[n]] == '[', open[n]).index = -1
	}
	q := lastQuote(text, i)
	j.pos, j.quote = i, q >= 0 && opens(text, q)
}

// keyedAt reports whether the bracket at i opens the value of a key.
func keyedAt(text []byte, i int) bool {
	for i--; i >= 0; i-- {
		if !space(text[i]) {
			return text[i] == ':'
		}
	}
	return false
}

// walk goes to offset to and follows the structure but where nothing was found.
func (j *jsonGrouper) walk(g *grouper, to int) {
	for q := &j.quiet; q.next < len(q.extents) && int(q.extents[q.next].end) <= to; q.next++ {
		e := &q.extents[q.next]
		if int(e.start) < j.pos {
			continue
		}
		if j.follow(g, int(e.start)); j.quote {
			continue // the text is not JSON
		}
		j.pos = int(e.end)
		if top := &j.stack[len(j.stack)-1]; top.index >= 0 {
			top.index += int(e.commas)
		}
	}
	j.follow(g, to)
}

// follow follows the structure up to offset to. Nothing was found on the way: what
// opens and closes there is only counted, and what is open at the end is gone into.
func (j *jsonGrouper) follow(g *grouper, to int) {
	for j.pos < to {
		if at := j.pass(g, to); at >= 0 {
			j.push(g.blk.text[at] == '[', at)
			j.pos, j.quote = at+1, false
		}
	}
}

// maxPass is how many bytes of an object or array are passed before it is gone into.
const maxPass = 4 << 10

// pass is follow up to where an object or array opens that is to be gone into, whose
// offset it returns; -1 if there is none.
func (j *jsonGrouper) pass(g *grouper, to int) int {
	text, within := g.blk.text, uint64(0)
	if j.quote {
		within = ^within
	}
	inner, start := 0, 0 // brackets open in what is passed, and where that begins
	for j.pos < to {
		k := (j.pos - j.marked) / normal.Stretch
		if k >= j.sight || j.pos < j.marked {
			j.sight = min(glance, (to-j.pos)/normal.Stretch+1)
			j.marks = normal.StructureOf(j.marks, text[j.pos:min(len(text), j.pos+j.sight*normal.Stretch)])
			j.marked, k = j.pos, 0
		}
		m, at := &j.marks[k], j.marked+k*normal.Stretch
		here := ^uint64(0) << (j.pos - at)
		j.pos = at + normal.Stretch
		if j.pos > to {
			here &= 1<<(to-at) - 1
			j.pos = to
		}
		in := inStrings(text, at, m, m.Quotes&here, within)
		within = normal.Open(in)
		if j.pos < at+normal.Stretch { // what is open there
			within = -(in >> (j.pos - at - 1) & 1)
		}
		here &^= in
		opens, closes := m.Opens&here, m.Closes&here
		if n := bits.OnesCount64(closes); n < inner {
			inner += bits.OnesCount64(opens) - n
		} else {
			commas := m.Commas & here
			for b := opens | closes; b != 0; b &= b - 1 {
				bit := b & -b
				switch {
				case inner > 0 && opens&bit != 0:
					inner++
				case inner > 0:
					if inner--; inner == 0 {
						j.passed(g, start)
						commas &^= bit - 1
					}
				default:
					j.count(commas & (bit - 1))
					commas &^= bit - 1
					if opens&bit == 0 {
						j.leave(g)
					} else if len(j.stack) < maxDepth {
						inner, start = 1, at+bits.TrailingZeros64(bit)
					}
				}
				if inner > 0 && len(j.stack)+inner > maxDepth {
					return start
				}
			}
			if inner == 0 {
				j.count(commas)
			}
		}
		if inner > 0 && (j.pos-start > maxPass || len(j.stack)+inner > maxDepth) {
			return start
		}
	}
	if inner > 0 {
		return start
	}
	j.quote = within != 0
	return -1
}

// leave closes what is open.
func (j *jsonGrouper) leave(g *grouper) {
	n := len(j.stack) - 1
	if n == 0 {
		j.flush(g, &j.stack[0])
		return
	}
	j.stack = j.stack[:n]
	j.close(g, &j.stack[:n+1][n])
}

// passed takes an object or array that holds nothing.
func (j *jsonGrouper) passed(g *grouper, at int) {
	if top := &j.stack[len(j.stack)-1]; len(top.kids) > maxKids && g.blk.text[at] == '[' {
		j.push(true, at)
		j.leave(g)
	}
}

// count counts elements that end with commas, for paths.
func (j *jsonGrouper) count(commas uint64) {
	if top := &j.stack[len(j.stack)-1]; top.index >= 0 {
		top.index += bits.OnesCount64(commas)
	}
}

// inStrings returns the bytes of the stretch at offset at that stand in strings, as
// normal.Within does, where a mark closes a string only if closes says so.
func inStrings(text []byte, at int, m *normal.Structure, quotes, within uint64) uint64 {
	closing := (m.Commas | m.Colons | m.Closes) >> 1 // what stands before these
	for {
		in := normal.Within(quotes, within)
		doubtful := quotes &^ in &^ closing
		if doubtful == 0 {
			return in
		}
		if bit := doubtful & -doubtful; closes(text, at+bits.TrailingZeros64(bit)+1) {
			closing |= bit
		} else {
			quotes &^= bit
		}
	}
}

// named reports whether there is a name in f yet, or in what it holds.
func (f *frame) named() bool {
	for _, k := range f.kids {
		if k.names > 0 {
			return true
		}
	}
	return f.own != nil && f.own.names > 0
}

// closes reports whether a quote that ends at i closes a string: escapes are
// resolved, so a string may hold quotes of its own.
func closes(text []byte, i int) bool {
	for i < len(text) && space(text[i]) {
		i++
	}
	if i >= len(text) {
		return true
	}
	switch text[i] {
	case ',', ':', '}', ']':
		return true
	}
	return false
}

// close ends the object or array f, which is off the stack.
func (j *jsonGrouper) close(g *grouper, f *frame) {
	parent := &j.stack[len(j.stack)-1]
	if f.own == nil && len(f.kids) == 0 && (!f.array || len(parent.kids) <= maxKids) {
		return
	}
	f.resolve(g)
	if f.array {
		if f.own != nil {
			if f.own.names > 1 && f.own.names == len(f.own.found) {
				g.each(f.own) // a list of names
			} else if f.own.names > 0 && len(f.own.found) > 1 {
				g.emit(f.own) // a row
			} else {
				f.own.keyed = f.keyed
				parent.kids = append(parent.kids, f.own)
			}
		}
		parent.kids = append(parent.kids, f.kids...)
		if len(parent.kids) > maxKids || len(j.stack) == 1 {
			for _, k := range parent.kids {
				g.emit(k)
			}
			parent.kids = parent.kids[:0]
		}
		return
	}
	own := f.own
	if own == nil {
		own = g.get()
	}
	// A name lent by a keyed child: {"name":{"first":…,"last":…},"tel":…}.
	named := own.names > 0
	for i, k := range f.kids {
		if !named && k.keyed && k.names > 0 {
			named = true
			own = g.move(own, k)
			f.kids[i] = nil
		}
	}
	rest := f.kids[:0]
	for _, k := range f.kids {
		switch {
		case k == nil:
		case k.keyed && k.names == 0, named && k.names == 0:
			own = g.move(own, k)
		case k.names > 0:
			g.emit(k)
		default:
			rest = append(rest, k)
		}
	}
	onlyNames := true
	for i := range own.found {
		onlyNames = onlyNames && own.found[i].Type == Name
	}
	own.keyed = f.keyed
	switch {
	case len(own.found) == 0:
		g.put(own)
	case own.paired && parent.array:
		if parent.own == nil { // [{"key":"氏名","value":…},{"key":"電話","value":…}]
			parent.own = g.get()
		}
		parent.own = g.move(parent.own, own)
	case named && !(f.keyed && (onlyNames || !parent.array && !parent.named())):
		g.emit(own)
	case len(j.stack) == 1 && parent.array:
		g.emit(own) // nothing around it to wait for
	default:
		parent.kids = append(parent.kids, own)
	}
	parent.kids = append(parent.kids, rest...)
	if parent.array && len(parent.kids) > maxKids || len(j.stack) == 1 {
		for _, k := range parent.kids {
			g.emit(k)
		}
		parent.kids = parent.kids[:0]
	}
}

// each makes every finding of p a record.
func (g *grouper) each(p *group) {
	for i := range p.found {
		q := g.get()
		f := p.found[i]
		q.arena = append(q.arena, p.arena[f.lo:f.hi]...)
		f.lo, f.hi = 0, len(q.arena)
		q.found = append(q.found, f)
		g.emit(q)
	}
	g.put(p)
}

// flush emits all that waits in f, each group for itself.
func (j *jsonGrouper) flush(g *grouper, f *frame) {
	g.emit(f.own)
	for _, k := range f.kids {
		g.emit(k)
	}
	f.own, f.kids = nil, f.kids[:0]
}

// finish ends the text.
func (j *jsonGrouper) finish(g *grouper) {
	for i := len(j.stack) - 1; i >= 0; i-- {
		j.flush(g, &j.stack[i])
	}
	j.reset()
}
