package office

import (
	"bytes"
	"context"

	"github.com/sekimori-dlp/sekimori/inspect/extract/table"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// tellSheets hands on the sheets of an OpenDocument spreadsheet, whose tag was
// just read.
func tellSheets(ctx context.Context, e part.Emitter, b *part.Budget, x *scanner, path string) error {
	rest := &openSheet{x: x} // what stands between sheets
	for {
		kind, name := x.next()
		switch {
		case kind == tokenEnd, kind == tokenClose && string(name) == "spreadsheet":
			return rest.aside.tell(e, path+" notes")
		case kind == tokenOpen && string(name) == "table":
			s := &openSheet{x: x}
			s.ctx, s.b, s.grid.more = ctx, b, s.more
			title := x.said("name")
			if title == "" {
				title = path
			}
			s.attributes()
			if err := e.Child(part.Part{Path: title, MediaType: table.Type, Body: &s.written, Size: -1}); err != nil {
				return err
			}
			for s.err == nil {
				s.out = s.out[:0]
				s.err = s.more()
			}
			if err := s.aside.tell(e, title+" notes"); err != nil {
				return err
			}
		default:
			rest.take(kind, name)
		}
	}
}

// openSheet reads a table of an OpenDocument spreadsheet: cells as they are
// shown. Annotations, drawings and the texts within formulas are put aside.
type openSheet struct {
	grid
	x     *scanner
	aside aside

	done  bool
	at    int // row of the next row element
	after int // rows that the present one stands for
	col   int // column of the next cell
	depth int // of tables within cells

	cell   bool // within a cell
	beside int  // depth of annotations and drawings
	repeat int
	kind   string // value-type
	worth  []byte // value
	value  []byte // text
	note   []byte // text beside
}

func (s *openSheet) more() error { return s.drain(s.x, s.take, &s.done) }

// take reads one token of a table.
func (s *openSheet) take(kind token, name []byte) {
	switch kind {
	case tokenText:
		switch {
		case s.cell && s.beside == 0 && s.depth == 0:
			s.value = append(s.value, flatten(s.x.text)...)
		default:
			s.note = append(s.note, flatten(s.x.text)...)
			if len(s.note) > maxAside {
				s.flush()
			}
		}
	case tokenRemark:
		s.aside.add(s.x.text)
	case tokenOpen:
		s.begin(name)
	case tokenEmpty:
		s.begin(name)
		s.end(name)
	case tokenClose:
		s.end(name)
	}
}

func (s *openSheet) begin(name []byte) {
	switch string(name) {
	case "table":
		s.depth++
	case "table-row":
		if s.depth == 0 {
			s.after = max(1, s.x.number("number-rows-repeated", 1))
			s.col = 0
		}
	case "table-cell", "covered-table-cell":
		if s.depth > 0 {
			return
		}
		s.cell, s.beside = true, 0
		s.value = s.value[:0]
		s.repeat = min(max(1, s.x.number("number-columns-repeated", 1)), maxColumns)
		s.read()
		return
	case "annotation", "shapes", "frame", "custom-shape", "g", "change-info":
		s.beside++
	case "s":
		s.value = append(s.value, bytes.Repeat([]byte{' '}, min(max(1, s.x.number("c", 1)), maxSpan))...)
	case "tab", "line-break":
		s.value = append(s.value, ' ')
	}
	s.attributes()
}

// read reads the tag of a cell.
func (s *openSheet) read() {
	s.kind, s.worth = "", s.worth[:0]
	for rest := s.x.tag; ; {
		key, value, more, ok := cutAttribute(rest)
		if !ok {
			return
		}
		rest = more
		switch string(key) {
		case "value-type":
			s.kind = string(value)
		case "value", "date-value", "time-value", "boolean-value", "string-value":
			s.worth = appendUnescaped(s.worth[:0], value)
		case "formula":
			s.aside.literals(appendUnescaped(nil, value))
		}
	}
}

func (s *openSheet) attributes() {
	for rest := s.x.tag; ; {
		key, value, more, ok := cutAttribute(rest)
		if !ok {
			return
		}
		rest = more
		if said(key, value) {
			s.aside.add(appendUnescaped(nil, value))
		}
	}
}

func (s *openSheet) end(name []byte) {
	switch string(name) {
	case "table":
		if s.depth--; s.depth < 0 {
			s.flush()
			s.done = true
		}
	case "table-row":
		if s.depth == 0 {
			s.at = min(s.at+s.after, maxRows)
		}
	case "table-cell", "covered-table-cell":
		if s.depth == 0 {
			s.flush()
			s.put()
			s.cell = false
		}
	case "annotation", "shapes", "frame", "custom-shape", "g", "change-info":
		s.beside = max(0, s.beside-1)
		s.flush()
	case "creator", "date":
		s.flush()
	case "p":
		if s.beside == 0 && s.cell && s.depth == 0 {
			s.value = append(s.value, ' ')
		} else {
			s.flush()
		}
	}
}

// flush puts aside what was read beside the cells.
func (s *openSheet) flush() {
	s.aside.add(s.note)
	s.note = s.note[:0]
}

// maxRepeat bounds how often a cell that stands for several is written.
const maxRepeat = 64

// put writes out the cell that has ended.
func (s *openSheet) put() {
	col := s.col
	s.col = min(s.col+s.repeat, maxColumns)
	shown := bytes.TrimSpace(s.value)
	if len(shown) == 0 && len(s.worth) == 0 {
		return
	}
	for i := range min(s.repeat, maxRepeat) {
		s.place(s.at, col+i)
		from := len(s.out)
		s.out = appendCell(s.out, shown)
		if s.hides(shown) {
			if len(shown) > 0 {
				s.out = append(s.out, ' ')
			}
			s.out = appendCell(s.out, s.worth)
		}
		s.text += len(s.out) - from
	}
}

// hides reports whether what is shown of a value leaves some of it out: digits,
// the year.
func (s *openSheet) hides(shown []byte) bool {
	switch {
	case len(s.worth) == 0:
		return false
	case len(shown) == 0:
		return true
	case s.kind == "float":
		return bytes.Contains(shown, []byte("E+")) || bytes.Contains(shown, []byte("##"))
	case s.kind == "date" && len(s.worth) >= 4:
		return !bytes.Contains(shown, s.worth[:4])
	case s.kind == "string":
		return !bytes.Contains(squeeze(shown), squeeze(s.worth))
	}
	return false
}
