package detect

import "bytes"

// jsonGrouper groups findings by JSON object. An object with a name is a
// record, together with the nameless objects in it: {"name":…, "address":{…}}.
// An object that holds nothing but a name under a key lends it to the object
// around it. An array's elements are records of their own unless the object
// around the array has a name and they have none.
type jsonGrouper struct {
	stack []frame // [0] is what stands around the text
	pos   int     // in block offsets: structure is known up to here
	quote bool    // pos is inside a string
	on    bool    // stack and pos are valid
}

// frame is an open object or array.
type frame struct {
	array bool
	keyed bool
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
	switch {
	case !j.on || b.gap:
		j.finish(g)
		j.on = true
		j.stack = append(j.stack[:0], frame{array: true})
		j.pos, j.quote = b.own, false
		if b.own > 0 && len(b.found) > 0 {
			j.locate(b.text, b.found[0].Start)
		}
	default:
		j.pos = b.own
	}
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
		j.stack = append(j.stack, frame{array: text[open[n]] == '[', keyed: keyedAt(text, open[n]), step: step{index: -1}})
		j.stack[len(j.stack)-1].name(text, open[n])
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

// walk follows the structure up to offset to.
func (j *jsonGrouper) walk(g *grouper, to int) {
	text := g.blk.text
	i := j.pos
	counting := g.placed < maxPlaced // of elements, for paths
	for i < to {
		if j.quote {
			for near := min(to, i+shortString); i < near && text[i] != '"'; {
				i++
			}
			if i < to && text[i] != '"' {
				k := bytes.IndexByte(text[i:to], '"')
				if k < 0 {
					i = to
					break
				}
				i += k
			}
			if i < to {
				i++
				j.quote = !closes(text, i)
			}
			continue
		}
		for i < to && !bracket[text[i]] && (!counting || text[i] != ',') {
			i++
		}
		if i == to {
			break
		}
		c := text[i]
		i++
		switch c {
		case '"':
			j.quote = true
		case '{', '[':
			if len(j.stack) < maxDepth {
				j.stack = append(j.stack, frame{array: c == '[', keyed: keyedAt(text, i-1)})
				if top := &j.stack[len(j.stack)-1]; top.keyed {
					top.name(text, i-1)
				}
			}
		case ',':
			if top := &j.stack[len(j.stack)-1]; top.index >= 0 {
				top.index++
			}
		case '}', ']':
			if n := len(j.stack) - 1; n > 0 {
				f := j.stack[n]
				j.stack = j.stack[:n]
				j.close(g, &f)
			} else {
				j.flush(g, &j.stack[0])
			}
		}
	}
	j.pos = max(i, to)
}

// shortString is the length up to which a string's end is looked for byte by byte.
const shortString = 24

// bracket are the bytes at which the structure of JSON changes.
var bracket = [256]bool{'"': true, ',': true, '{': true, '}': true, '[': true, ']': true}

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
		if len(f.kids) == 0 {
			return
		}
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
	case named && !(onlyNames && f.keyed):
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
