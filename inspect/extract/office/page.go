package office

import (
	"bytes"
	"io"
	"strconv"

	"github.com/sekimori-dlp/sekimori/inspect/extract/table"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// page puts a document's text together from its tokens: runs joined, paragraphs
// as lines, each table of two rows and columns or more as a part of its own, so
// that its header is known for one. What stands beside a paragraph's text goes
// behind the paragraph: text boxes, readings, field codes, and the paragraph as
// it was before a tracked change.
type page struct {
	written
	x    *scanner
	take func(token, []byte) // reads one token

	table  *pageTable // nil outside of one
	ended  bool       // the document has ended
	tables int        // handed on as parts

	side    []byte // what goes behind the paragraph
	box     int    // depth of text boxes
	field   []byte // code of the field being read
	ruby    []byte // reading and base of the ruby being read
	inRuby  bool
	reading bool
	choices []choice

	line     int    // where the paragraph begins
	deleted  int    // depth of deletions
	inserted int    // depth of insertions
	revised  bool   // before holds the paragraph as it was
	before   []byte //
}

// choice is an mc:AlternateContent: several forms of one content, of which one
// is shown.
type choice struct {
	first, other []byte
	fallback     bool
}

// pageTable is a table as it is read: cells set apart by tabs, rows by line
// ends. Until it is known whether it is one for readers of tables, what stands
// in a cell keeps its own marks.
type pageTable struct {
	text          []byte
	depth         int // of tables within tables
	rows, columns int
	column        int  // cells in this row
	closed        bool // it has ended
}

const (
	maxChoice  = 64 << 10
	maxUnknown = 256 << 10 // of a table whose shape is not known yet
	maxSide    = 1 << 20
	maxTables  = 500 // of one document, as parts of their own
	maxSpan    = 64

	markParagraph = '\v' // end of a paragraph in a cell
	markCell      = 0x1c // end of a cell of a table in a cell
	markRow       = 0x1d //
)

// tell hands on the document in pieces: prose, and tables.
func (p *page) tell(e part.Emitter, path string) error {
	for {
		p.begin(p.moreProse)
		for blank(p.out) && p.err == nil {
			p.out = p.out[:0]
			p.err = p.moreProse()
		}
		if !blank(p.out) || p.err != io.EOF {
			if err := p.hand(e, prose(path, &p.written, -1)); err != nil {
				return err
			}
		}
		if p.table == nil {
			return nil
		}
		p.tables++
		p.begin(p.moreTable)
		title := path + " table"
		if p.tables > 1 {
			title += " " + strconv.Itoa(p.tables)
		}
		if err := p.hand(e, part.Part{Path: title, MediaType: table.Type, Body: &p.written, Size: -1}); err != nil {
			return err
		}
		p.table = nil
	}
}

func (p *page) begin(more func() error) {
	p.written = written{out: p.out[:0], more: more}
}

// hand hands on a piece and reads it to its end.
func (p *page) hand(e part.Emitter, piece part.Part) error {
	if err := e.Child(piece); err != nil {
		return err
	}
	for p.err == nil {
		p.out = p.out[:0]
		p.err = p.more()
	}
	return nil
}

// token reads one token.
func (p *page) token() {
	kind, name := p.x.next()
	if kind == tokenEnd {
		p.ended = true
		if p.revised || len(p.field) > 0 || len(*p.dst()) > p.line {
			p.closeParagraph()
		}
		if p.table != nil {
			p.table.closed = true
		}
		return
	}
	p.take(kind, name)
}

// moreProse reads to a table of the kind that is handed on, or to the end.
func (p *page) moreProse() error {
	p.line = 0
	if p.table == nil {
		p.flushSide()
	}
	for len(p.out) < enough {
		if p.ended {
			p.flushSide()
			if err := p.x.fault(); err != nil {
				return err
			}
			return io.EOF
		}
		p.token()
		t := p.table
		if t == nil || !t.closed && len(t.text) < maxUnknown {
			continue
		}
		if t.rows >= 2 && t.columns >= 2 && p.tables < maxTables {
			return io.EOF
		}
		p.out = t.asProse(p.out)
		if t.text = t.text[:0]; t.closed {
			p.table = nil
			p.flushSide()
		}
		p.line = len(p.out)
	}
	return nil
}

// moreTable reads of the table to its end.
func (p *page) moreTable() error {
	t := p.table
	for !t.closed && len(t.text) < enough {
		p.token()
	}
	p.out = t.asTable(p.out)
	t.text, p.line = t.text[:0], 0
	if t.closed {
		return io.EOF
	}
	return nil
}

// asTable appends what was read of the table, each row on one line.
func (t *pageTable) asTable(dst []byte) []byte {
	for _, c := range t.text {
		if c < ' ' && c != '\t' && c != '\n' {
			c = ' '
		}
		dst = append(dst, c)
	}
	return dst
}

// asProse appends it as the document shows it.
func (t *pageTable) asProse(dst []byte) []byte {
	for _, c := range t.text {
		switch c {
		case markParagraph, markRow:
			c = '\n'
		case markCell:
			c = '\t'
		}
		dst = append(dst, c)
	}
	return dst
}

// hidden reports whether what comes is another form of what was read already.
func (p *page) hidden() bool {
	for i := range p.choices {
		if p.choices[i].fallback {
			return true
		}
	}
	return false
}

// put takes in text.
func (p *page) put(text []byte) {
	if p.forms(text) {
		return
	}
	if p.inRuby {
		if p.ruby = appendValid(p.ruby, text); p.reading {
			return
		}
	}
	if p.box > 0 {
		p.beside(text)
		return
	}
	if (p.deleted > 0 || p.inserted > 0) && !p.revised {
		p.revised = true
		dst := *p.dst()
		p.before = append(p.before[:0], dst[min(p.line, len(dst)):]...)
	}
	if p.revised && p.inserted == 0 {
		p.before = appendValid(p.before, text)
	}
	if p.deleted == 0 {
		p.show(text)
	}
}

// show appends text in its place.
func (p *page) show(text []byte) {
	if p.table == nil {
		p.out = appendValid(p.out, text)
		return
	}
	from := len(p.table.text)
	p.table.text = appendValid(p.table.text, text)
	for i, c := range p.table.text[from:] {
		if c < ' ' {
			p.table.text[from+i] = ' '
		}
	}
}

func (p *page) dst() *[]byte {
	if p.table != nil {
		return &p.table.text
	}
	return &p.out
}

// beside takes in text that goes behind the paragraph.
func (p *page) beside(text []byte) {
	if len(p.side)+len(text) > maxSide {
		p.show(p.side)
		p.side = p.side[:0]
	}
	p.side = appendValid(p.side, text)
}

// note takes in a text that stands for itself, behind the paragraph.
func (p *page) note(text []byte) {
	if !blank(text) && !p.forms(text) {
		p.beside(text)
		p.beside(lineEnd)
	}
}

var lineEnd = []byte{'\n'}

// brk ends a line within a paragraph, or a paragraph.
func (p *page) brk() {
	switch {
	case p.forms(lineEnd):
	case p.box > 0:
		p.beside(lineEnd)
	case p.table != nil:
		p.table.text = append(p.table.text, markParagraph)
	default:
		p.out = append(p.out, '\n')
	}
}

// openParagraph begins a paragraph.
func (p *page) openParagraph() {
	if p.box == 0 && !p.hidden() {
		p.line = len(*p.dst())
	}
}

// closeParagraph ends a paragraph and puts behind it what stands beside it.
func (p *page) closeParagraph() {
	p.brk()
	if p.hidden() {
		return
	}
	if len(p.field) > 0 {
		p.beside(p.field)
		p.beside(lineEnd)
		p.field = p.field[:0]
	}
	if p.box > 0 {
		return
	}
	if p.revised {
		p.beside(p.before)
		p.beside(lineEnd)
		p.revised = false
	}
	if p.table == nil {
		p.flushSide()
	}
	p.line = len(*p.dst())
}

func (p *page) flushSide() {
	p.out = append(p.out, p.side...)
	p.side = p.side[:0]
}

// closeRuby ends a ruby and puts its reading with its base behind the paragraph.
func (p *page) closeRuby() {
	p.inRuby, p.reading = false, false
	p.note(p.ruby)
	p.ruby = p.ruby[:0]
}

// openTable begins a table, which may stand in another.
func (p *page) openTable() {
	switch {
	case p.hidden() || p.box > 0:
	case p.table == nil:
		p.table = &pageTable{depth: 1}
	case !p.table.closed:
		p.table.depth++
	}
}

func (p *page) inTable() bool { return p.table != nil && p.box == 0 && !p.hidden() }

// closeCell ends a cell that takes span columns.
func (p *page) closeCell(span int) {
	if !p.inTable() {
		p.brk()
		return
	}
	t := p.table
	t.text = bytes.TrimRight(t.text, string(rune(markParagraph)))
	if t.depth > 1 {
		t.text = append(t.text, markCell)
		return
	}
	for range min(max(span, 1), maxSpan) {
		t.text = append(t.text, '\t')
		t.column++
	}
	t.columns = max(t.columns, t.column)
	p.line = len(t.text)
}

// closeRow ends a row.
func (p *page) closeRow() {
	if !p.inTable() {
		return
	}
	t := p.table
	if t.depth > 1 {
		t.text = append(t.text, markRow)
		return
	}
	if n := len(t.text); n > 0 && t.text[n-1] == '\t' {
		t.text = t.text[:n-1]
	}
	t.text = append(t.text, '\n')
	t.rows++
	t.column = 0
	p.line = len(t.text)
}

// closeTable ends a table.
func (p *page) closeTable() {
	if !p.inTable() {
		return
	}
	if p.table.depth--; p.table.depth == 0 {
		p.table.closed = true
	}
}

// openChoice begins content of several forms, fallback the other form of it.
func (p *page) openChoice() {
	if len(p.choices) < 16 {
		p.choices = append(p.choices, choice{})
	}
}

func (p *page) setFallback(on bool) {
	if n := len(p.choices); n > 0 {
		p.choices[n-1].fallback = on
	}
}

// closeChoice puts the other form behind the paragraph if it says anything else.
func (p *page) closeChoice() {
	n := len(p.choices)
	if n == 0 {
		return
	}
	c := p.choices[n-1]
	p.choices = p.choices[:n-1]
	if len(c.other) > 0 && !bytes.Equal(squeeze(c.first), squeeze(c.other)) {
		p.note(c.other)
	}
}

// forms takes in text for the forms that it belongs to, and reports whether it
// is shown nowhere else.
func (p *page) forms(text []byte) (hidden bool) {
	for i := range p.choices {
		c := &p.choices[i]
		if !c.fallback {
			if len(c.first) < maxChoice {
				c.first = append(c.first, text...)
			}
			continue
		}
		if hidden = true; len(c.other)+len(text) > maxChoice {
			p.beside(c.other)
			c.other = c.other[:0]
		}
		c.other = append(c.other, text...)
	}
	return hidden
}

// squeeze leaves out white space.
func squeeze(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		if c > ' ' {
			out = append(out, c)
		}
	}
	return out
}
