package detect

import (
	"bytes"
	"math/bits"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// Found is a finding within its record.
type Found struct {
	Type       Type
	Detector   string
	Confidence float32
	Validated  bool
	Canon      string
	From, To   int64  // byte offsets in the part's own bytes, half open
	Line       int    // from 1
	Column     int    // of the cell in a table, from 1; 0 if it is none or not known
	Path       string // in JSON, of the value; "" if it is none or not known
	Tag        int    // the session's, when it was written
	Own        Label  // the label that governed it
	Piece      bool   // continues the name or address before it (名 after 姓)
	Text       []byte // folded; valid during the call

	lo, hi int // Text in the arena
}

// Record is the findings that belong to one person, row or object.
type Record struct {
	Found []Found
}

// MaxRecord is the greatest number of findings in one record. A row or object
// that has more goes on in further records.
const MaxRecord = 256

// group is a record in the making.
type group struct {
	found  []Found
	arena  []byte
	names  int  // names in it, pieces of one counted once
	keyed  bool // JSON: the object is a key's value, not an array's element
	paired bool // JSON: the object is a key and its value, not a person
}

// groupBlock is what one block gives to group.
type groupBlock struct {
	text     []byte
	own, cut int
	origin   *normal.Map
	found    []Finding // ascending, starting in [own, cut)
	view     *view
	claims   *claims // which stand beside found in rows of their own; nil if there are none
	gap      bool    // the block before was not looked at
	tag      int
}

// grouper puts findings together to records, across blocks.
type grouper struct {
	sink Sink
	rec  Record
	free []*group

	blk    groupBlock
	lineAt int // lines are counted up to here
	lineNo int // the line there; the session sets both to own
	placed int // findings told by their cell or key
	cursor normal.Cursor
	cells  []Found // of the row that is made a record
	drawn  []int32 // columns and kinds of the claims that the first cells were made from

	lines lineGrouper
	json  jsonGrouper
	all   *group // fields: the one record
	known acquaintances
	held  []held    // records of nothing but a surname or given name
	sides nameSides // of the names held
}

func (g *grouper) reset(sink Sink) {
	g.sink = sink
	g.lines.open, g.all = nil, nil
	g.placed = 0
	g.known.forget()
	g.held = g.held[:0]
	g.json.reset()
}

// pending reports whether a record is open that the text may close.
func (g *grouper) pending() bool { return g.lines.open != nil || g.all != nil || g.json.busy() }

func (g *grouper) get() *group {
	if n := len(g.free); n > 0 {
		p := g.free[n-1]
		g.free = g.free[:n-1]
		return p
	}
	return &group{}
}

func (g *grouper) put(p *group) {
	clear(p.found) // lets go of the strings
	p.found, p.arena, p.names, p.keyed, p.paired = p.found[:0], p.arena[:0], 0, false, false
	if cap(p.arena) < 1<<16 && len(g.free) < 64 {
		g.free = append(g.free, p)
	}
}

// emit closes p as a record.
func (g *grouper) emit(p *group) {
	if p == nil {
		return
	}
	if len(p.found) > 0 {
		for i := range p.found {
			f := &p.found[i]
			f.Text = p.arena[f.lo:f.hi]
		}
		g.rec.Found = p.found
		g.sink.Record(&g.rec)
		g.rec.Found = nil
	}
	g.put(p)
}

// held is a record that waits, and the ends of its name.
type held struct {
	*group
	ends nameEnds
}

// maxHeld is how many records of one name wait for the whole name.
const maxHeld = 16

// hold closes p, or lets it wait if it is nothing but part of a name: its whole
// may stand further on, 田中太郎 in the signature below 田中です.
func (g *grouper) hold(p *group) {
	if len(p.found) != 1 || p.found[0].Type != Name || len(p.found[0].Canon) > 12 || len(g.held) == maxHeld {
		g.emit(p)
		return
	}
	ends := endsOf(p.found[0].Canon)
	g.sides.set(len(g.held), ends)
	g.held = append(g.held, held{p, ends})
}

// introduce tells the records that wait of a name that was met.
func (g *grouper) introduce(canon string) {
	if len(g.held) == 0 {
		return
	}
	ends := endsOf(canon)
	for set := g.sides.alike(ends) & (1<<len(g.held) - 1); set != 0; set &= set - 1 {
		i := bits.TrailingZeros32(set)
		h := &g.held[i]
		if h.ends.mayBePart(ends) && partOf(h.found[0].Canon, canon) {
			h.found[0].Canon, h.ends = canon, ends
			g.sides.set(i, ends)
		}
	}
}

// block takes the findings of one block.
func (g *grouper) block(b groupBlock) {
	g.blk = b
	g.cursor = b.origin.Cursor()
	switch b.view.mode {
	case object:
		g.json.block(g)
	case fields:
		if g.all == nil {
			g.all = g.get()
		}
		for i := range b.found {
			g.all = g.add(g.all, &b.found[i])
		}
	case rows:
		g.rowsBlock()
	default:
		g.lines.block(g, b.found)
	}
	g.blk.found, g.blk.text = nil, nil
	g.cursor = normal.Cursor{}
}

// byLines reports whether lines decide what belongs together, for want of rows with
// columns that are known.
func (t *table) byLines() bool { return t.form || t.wide && !t.header }

// rowsBlock makes each row of a table a record. Where no column has a label the
// table may be a form: there lines decide.
func (g *grouper) rowsBlock() {
	b := &g.blk
	t := &b.view.table
	if t.byLines() {
		g.lines.block(g, b.found)
		return
	}
	g.lines.close(g)
	if b.claims != nil {
		g.claimedRows()
	} else {
		g.rowsOf(b.found, false)
	}
	clear(g.cells[:cap(g.cells)]) // lets go of the strings
	g.drawn = g.drawn[:0]
}

// rowsOf is rowsBlock for some of the findings. more tells that others follow.
func (g *grouper) rowsOf(found []Finding, more bool) {
	b := &g.blk
	b.found = found
	t := &b.view.table
	for i := 0; i < len(b.found); {
		f := &b.found[i]
		r, _, ok := t.at(b.text, f.Start)
		if ok {
			i = g.row(r, i)
			continue
		}
		// Above the table or below it.
		k := i + 1
		for k < len(b.found) && (b.found[k].Start < t.from) == (f.Start < t.from) {
			k++
		}
		g.lines.block(g, b.found[i:k])
		if k < len(b.found) || more {
			g.lines.close(g)
		}
		i = k
	}
}

// row makes the findings in row r, the first of which is the block's finding i, a
// record, and returns the first finding behind it.
func (g *grouper) row(r, i int) int {
	b := &g.blk
	t := &b.view.table
	limit := t.to
	if r+1 < len(t.rows) {
		limit = min(limit, int(t.rows[r+1].start))
	}
	start := max(g.lineAt, int(t.rows[r].start))
	g.lineNo += bytes.Count(b.text[g.lineAt:start], newline)
	g.lineAt = start
	c, first := 0, int(t.rows[r].cell)
	row := t.cells[first : first+t.width(r)]
	g.cells, g.drawn = g.cells[:0], g.drawn[:0]
	for ; i < len(b.found) && b.found[i].Start < limit; i++ {
		f := &b.found[i]
		if len(g.cells) == MaxRecord {
			g.emitCells()
		}
		for c+1 < len(row) && int(row[c+1].start) <= f.Start {
			c++
		}
		if t.quotes { // there may be line ends in cells
			g.lineNo += bytes.Count(b.text[g.lineAt:f.Start], newline)
			g.lineAt = f.Start
		}
		own := Label(0)
		if c < len(t.cols) {
			own = t.cols[c].label
		}
		if own == 0 {
			own = b.view.ownLabel(f.Start)
		}
		n := len(g.cells)
		if n == cap(g.cells) {
			g.cells = slices.Grow(g.cells, 16)
		}
		g.cells = g.cells[:n+1]
		e := &g.cells[n] // filled in where it is: to copy it takes twice as long
		e.Type, e.Detector, e.Confidence, e.Validated, e.Canon = f.Type, f.Detector, f.Confidence, f.Validated, f.Canon
		e.Line, e.Column, e.Path, e.Tag, e.Own = g.lineNo, 0, "", b.tag, own&^weak
		e.Text, e.lo, e.hi = b.text[f.Start:f.End], 0, 0
		e.From, e.To = g.cursor.Span(f.Start, f.End)
		g.place(f, e)
		e.Piece = continues(g.cells[:n], e)
	}
	g.emitCells()
	return i
}

// emitCells closes the record of a row.
func (g *grouper) emitCells() {
	g.rec.Found = g.cells
	g.sink.Record(&g.rec)
	g.rec.Found = nil
	g.cells = g.cells[:0]
}

// add puts f into p, or into a new group if p is full, and returns the group.
func (g *grouper) add(p *group, f *Finding) *group {
	if len(p.found) >= MaxRecord {
		g.emit(p)
		p = g.get()
	}
	b := &g.blk
	g.lineNo += bytes.Count(b.text[g.lineAt:f.Start], newline)
	g.lineAt = f.Start
	own := b.view.ownLabel(f.Start)
	lo := len(p.arena)
	p.arena = append(p.arena, b.text[f.Start:f.End]...)
	k := len(p.found)
	if k == cap(p.found) {
		p.found = slices.Grow(p.found, 2)
	}
	p.found = p.found[:k+1]
	n := &p.found[k] // filled in where it is: to copy it takes twice as long
	n.Type, n.Detector, n.Confidence, n.Validated, n.Canon = f.Type, f.Detector, f.Confidence, f.Validated, f.Canon
	n.Line, n.Column, n.Path, n.Tag, n.Own = g.lineNo, 0, "", b.tag, own
	n.Text, n.lo, n.hi = nil, lo, len(p.arena)
	n.From, n.To = g.cursor.Span(f.Start, f.End)
	g.place(f, n)
	n.Piece = continues(p.found[:k], n)
	if n.Type == Name && !n.Piece {
		p.names++
		if b.view.mode != rows {
			n.Canon = g.known.whole(n.Canon)
			g.introduce(n.Canon)
		}
	}
	return p
}

// continues reports whether f is a further piece of the name or address that
// the last finding of its type in found began: 名 after 姓, 番地 after 市区町村.
func continues(found []Found, f *Found) bool {
	if f.Type != Name && f.Type != Address {
		return false
	}
	for i := len(found) - 1; i >= 0; i-- {
		l := &found[i]
		switch {
		case l.Type != f.Type:
		case f.Type == Name:
			return l.Own&LSurname != 0 && f.Own&LGiven != 0 && l.Own&LKana == f.Own&LKana ||
				l.Own&LGiven != 0 && f.Own&LSurname != 0 && l.Own&LKana == f.Own&LKana && !l.Piece
		default:
			const parts = LAddress | LPrefecture | LCity | LStreet
			return l.Own&parts != 0 && f.Own&parts != 0
		}
	}
	return false
}

// move puts the findings of q behind those of p and gives q back.
func (g *grouper) move(p, q *group) *group {
	for i := range q.found {
		if len(p.found) >= MaxRecord {
			g.emit(p)
			p = g.get()
		}
		f := q.found[i]
		n := len(p.arena)
		p.arena = append(p.arena, q.arena[f.lo:f.hi]...)
		f.lo, f.hi = n, len(p.arena)
		f.Piece = continues(p.found, &f)
		if f.Type == Name && !f.Piece {
			p.names++
		}
		p.found = append(p.found, f)
	}
	g.put(q)
	return p
}

// advance says that the first n bytes of the block are gone.
func (g *grouper) advance(n int) {
	g.lines.end -= n
}

// end closes a text. Single values that follow one another may belong together.
func (g *grouper) end(one bool) {
	g.emit(g.all)
	g.all = nil
	g.json.finish(g)
	if !one {
		g.lines.close(g)
	}
	for _, h := range g.held {
		g.emit(h.group)
	}
	g.held = g.held[:0]
	g.lines.end = 0
}

// finish closes everything.
func (g *grouper) finish() {
	g.end(false)
}
