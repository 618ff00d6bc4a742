package office

import (
	"bytes"
	"math"
	"strconv"

	"github.com/sekimori-dlp/sekimori/inspect/extract/numfmt"
)

// sheet reads a worksheet of xlsx as a table: numbers and dates as shown, hidden
// rows and columns like others, of formulas their results. What else it holds
// (headers, hints, conditions, the texts within formulas) is put aside.
type sheet struct {
	grid
	x     *scanner
	book  *workbook
	aside aside

	next    int  // row of the next row element without a number
	rowNow  int  //
	columns int  // column of the next cell without a reference
	cells   bool // within sheetData
	value   []byte
	formula []byte
}

// cellRef is what a cell's tag says.
type cellRef struct {
	row, column, style int
	kind               byte // n, s, t (text), b, e, d
}

func (s *sheet) more() error { return s.drain(s.x, s.take, new(bool)) }

// take reads one token outside of cells.
func (s *sheet) take(kind token, name []byte) {
	switch kind {
	case tokenText, tokenRemark:
		if !blank(s.x.text) {
			s.aside.add(headerText(s.x.text))
		}
		return
	case tokenClose:
		if string(name) == "sheetData" {
			s.cells = false
		}
		return
	}
	switch string(name) {
	case "sheetData":
		s.cells = kind == tokenOpen
	case "row":
		s.rowNow = s.next
		if n := s.x.number("r", 0); n > 0 && n <= maxRows {
			s.rowNow = n - 1
		}
		s.next, s.columns = s.rowNow+1, 0
	case "c":
		c := s.reference()
		s.columns = c.column + 1
		if kind == tokenOpen {
			s.cell(c)
		}
	default:
		if !s.cells {
			s.attributes()
		}
	}
}

// attributes puts aside what the attributes of a tag say to people.
func (s *sheet) attributes() {
	for rest := s.x.tag; ; {
		key, value, more, ok := cutAttribute(rest)
		if !ok {
			return
		}
		rest = more
		switch string(key) {
		case "val", "name", "text", "prompt", "promptTitle", "error", "errorTitle", "display", "tooltip",
			"location", "comment", "user", "title", "alt", "descr", "altText", "altTextSummary", "linkedCell":
			s.aside.add(appendUnescaped(nil, value))
		}
	}
}

// reference reads the tag of a cell.
func (s *sheet) reference() cellRef {
	c := cellRef{row: s.rowNow, column: s.columns, kind: 'n'}
	for rest := s.x.tag; ; {
		key, value, more, ok := cutAttribute(rest)
		if !ok {
			return c
		}
		rest = more
		if len(key) != 1 || len(value) == 0 {
			continue
		}
		switch key[0] {
		case 'r':
			if row, column, ok := cellOf(value); ok {
				c.row, c.column = row, column
			}
		case 's':
			c.style, _ = strconv.Atoi(string(value))
		case 't':
			switch c.kind = value[0]; {
			case c.kind == 'i', len(value) == 3: // inlineStr, str
				c.kind = 't'
			}
		}
	}
}

// cellOf reads a reference such as "C12", counting from 0.
func cellOf(ref []byte) (row, column int, ok bool) {
	for len(ref) > 0 && ref[0]-'A' < 26 {
		if column = column*26 + int(ref[0]-'A') + 1; column > maxColumns {
			return 0, 0, false
		}
		ref = ref[1:]
	}
	for _, d := range ref {
		if d < '0' || d > '9' {
			return 0, 0, false
		}
		if row = row*10 + int(d-'0'); row > maxRows {
			return 0, 0, false
		}
	}
	return row - 1, column - 1, row > 0 && column > 0
}

// cell reads the cell whose tag was just read.
func (s *sheet) cell(c cellRef) {
	s.value, s.formula = s.value[:0], s.formula[:0]
	var in byte // v, t, f
	phonetic := false
	for {
		kind, name := s.x.next()
		switch {
		case kind == tokenEnd, kind == tokenClose && string(name) == "c":
			s.put(c)
			return
		case kind == tokenText:
			switch {
			case in == 'f':
				s.formula = append(s.formula, s.x.text...)
			case in == 0 || phonetic:
				s.aside.add(s.x.text)
			default:
				s.value = append(s.value, s.x.text...)
			}
		case kind == tokenRemark:
			s.aside.add(s.x.text)
		case kind == tokenClose:
			if in = 0; string(name) == "rPh" {
				phonetic = false
			}
		case kind == tokenEmpty:
		case len(name) == 1 && (name[0] == 'v' || name[0] == 't' || name[0] == 'f'):
			in = name[0]
		case string(name) == "rPh":
			phonetic = true
		case string(name) == "row", string(name) == "c": // one that did not end
			s.put(c)
			s.take(kind, name)
			return
		}
	}
}

// put writes out a cell.
func (s *sheet) put(c cellRef) {
	if len(s.formula) > 0 {
		s.aside.literals(s.formula)
		if len(s.value) == 0 { // never calculated
			s.place(c.row, c.column)
			s.out = appendCell(append(s.out, '='), bytes.ReplaceAll(s.formula, []byte(`"&"`), nil)) // texts joined
			return
		}
	}
	if len(s.value) == 0 {
		return
	}
	s.place(c.row, c.column)
	from := len(s.out)
	switch c.kind {
	case 's':
		if i, err := strconv.Atoi(string(bytes.TrimSpace(s.value))); err == nil {
			s.out = s.book.format(c.style).AppendText(s.out, s.book.texts.get(i))
		}
	case 'n':
		s.out = appendNumber(s.out, s.value, s.book.format(c.style), s.book.date1904)
	case 'b':
		s.out = appendBool(s.out, s.value[0] == '1' || s.value[0] == 't')
	default:
		s.out = appendText(s.out, s.value)
	}
	s.text += len(s.out) - from
}

// literals puts aside the texts within a formula, which its result need not
// show.
func (a *aside) literals(formula []byte) {
	for {
		k := bytes.IndexByte(formula, '"')
		if k < 0 {
			return
		}
		end := bytes.IndexByte(formula[k+1:], '"')
		if end < 0 {
			return
		}
		if end > 2 {
			a.add(formula[k+1 : k+1+end])
		}
		formula = formula[k+end+2:]
	}
}

func appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, "TRUE"...)
	}
	return append(dst, "FALSE"...)
}

// appendNumber writes a number, given as text, as it is shown.
func appendNumber(dst, text []byte, f *numfmt.Format, date1904 bool) []byte {
	plain := f.Plain()
	if plain && len(text) < 24 && whollyDigits(text) {
		return append(dst, text...)
	}
	v, err := strconv.ParseFloat(string(bytes.TrimSpace(text)), 64)
	switch {
	case err != nil || math.IsInf(v, 0):
		return appendText(dst, text)
	case plain:
		return numfmt.AppendGeneral(dst, v)
	}
	return f.Append(dst, v, date1904)
}

func whollyDigits(b []byte) bool {
	for _, c := range b {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}

// headerText leaves out the codes of a header or footer (18.3.1.46): &L, &C and
// &R begin its parts, &"font", &12 and &K colour set fonts.
func headerText(b []byte) []byte {
	if bytes.IndexByte(b, '&') < 0 {
		return b
	}
	var out []byte
	for i := 0; i < len(b); i++ {
		if b[i] != '&' || i+1 == len(b) {
			out = append(out, b[i])
			continue
		}
		i++
		switch c := b[i]; {
		case c == '&':
			out = append(out, '&')
		case c == 'L' || c == 'C' || c == 'R':
			out = append(out, ' ')
		case c == '"':
			if k := bytes.IndexByte(b[i+1:], '"'); k >= 0 {
				i += k + 1
			}
		case c == 'K':
			i = min(i+6, len(b)-1)
		case c-'0' < 10:
			for n := 0; n < 2 && i+1 < len(b) && b[i+1]-'0' < 10; n++ {
				i++
			}
		}
	}
	return out
}
