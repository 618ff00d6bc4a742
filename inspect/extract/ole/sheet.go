package ole

import (
	"encoding/binary"
	"io"
	"math"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/extract/runs"
)

// sheetRows writes the cells of one sheet out as a table while it is read, and
// gathers its notes. Cells are put in order within windows of many thousand:
// files have them row by row, as a rule.
type sheetRows struct {
	book  *book
	r     *biff
	depth int // of streams within streams
	done  bool
	cells []cell
	next  int    // of cells, to be written
	ready int    // cells that can be written
	arena []byte // text of the cells that are no shared strings
	out   []byte
	read  int
	row   int // that the next line of out is
	notes []byte

	astray bool // the first record is none that begins a sheet
}

type cell struct {
	row, column uint16
	kind        byte
	xf          int
	value       uint64 // number, index of a string, or place in arena
}

// Kinds of cells.
const (
	numberCell = iota
	sharedCell
	textCell // value: start<<32 | length, in arena
)

const (
	window    = 1 << 15 // cells put in order at once
	maxColumn = 255
)

// Read implements io.Reader.
func (s *sheetRows) Read(p []byte) (int, error) {
	for s.read == len(s.out) {
		s.out, s.read = s.out[:0], 0
		if s.next == s.ready {
			if s.done && s.next == len(s.cells) {
				if err := s.r.err; err != nil && err != io.EOF {
					return 0, err
				}
				return 0, io.EOF
			}
			s.fill()
		}
		for s.next < s.ready && len(s.out) < 32<<10 {
			s.write()
		}
	}
	n := copy(p, s.out[s.read:])
	s.read += n
	return n, nil
}

// fill drops the cells that were written, reads records until a window is full,
// and puts its cells in order. Its last row may go on and is not ready.
func (s *sheetRows) fill() {
	rest := s.cells[s.next:]
	var arena []byte
	for i := range rest {
		if c := &rest[i]; c.kind == textCell {
			at := uint64(len(arena))
			arena = append(arena, s.text(c)...)
			c.value = at<<32 | c.value&math.MaxUint32
		}
	}
	s.arena = append(s.arena[:0], arena...)
	s.cells, s.next = append(s.cells[:0], rest...), 0
	for !s.done && len(s.cells) < window && len(s.arena) < 4<<20 {
		if s.done = !s.r.next(); !s.done {
			s.record()
		}
	}
	compare := func(a, b cell) int {
		return int(a.row)<<16 + int(a.column) - int(b.row)<<16 - int(b.column)
	}
	if !slices.IsSortedFunc(s.cells, compare) {
		slices.SortStableFunc(s.cells, compare)
	}
	s.ready = len(s.cells)
	if !s.done {
		for last := s.cells[s.ready-1].row; s.ready > 0 && s.cells[s.ready-1].row == last; {
			s.ready--
		}
		if s.ready == 0 {
			s.ready = len(s.cells)
		}
	}
}

func (s *sheetRows) text(c *cell) []byte {
	return s.arena[c.value>>32:][:c.value&math.MaxUint32]
}

// write puts one row out, line n being row n as long as rows come in order.
func (s *sheetRows) write() {
	row := s.cells[s.next].row
	for ; s.row < int(row); s.row++ {
		s.out = append(s.out, '\n')
	}
	for column := 0; s.next < s.ready && s.cells[s.next].row == row; s.next++ {
		c := &s.cells[s.next]
		gap := int(c.column) - column
		if c.column > maxColumn {
			gap = min(gap, 1) // no sheet is so wide
		}
		for range gap {
			s.out = append(s.out, '\t')
		}
		column = max(column, int(c.column))
		switch from := len(s.out); c.kind {
		case sharedCell:
			s.out = append(s.out, s.book.strings.get(uint32(c.value))...)
		case textCell:
			s.out = clean(append(s.out, s.text(c)...), from)
		default:
			s.out = clean(s.book.number(s.out, math.Float64frombits(c.value), c.xf), from)
		}
	}
	s.out = append(s.out, '\n')
	s.row = int(row) + 1
}

func (s *sheetRows) put(row, column, xf int, kind byte, value uint64) {
	s.cells = append(s.cells, cell{uint16(row), uint16(column), kind, xf, value})
}

func (s *sheetRows) putText(row, column int, text string) {
	if text == "" {
		return
	}
	at := uint64(len(s.arena))
	s.arena = append(s.arena, text...)
	s.put(row, column, 0, textCell, at<<32|uint64(len(text)))
}

// note keeps text that is no cell's.
func (s *sheetRows) note(text string) {
	if text != "" && len(s.notes) < maxStructure {
		s.notes = append(append(s.notes, text...), '\n')
	}
}

// record takes in the record that was just read.
func (s *sheetRows) record() {
	r, b := s.r, s.r.body
	s.astray = s.astray || s.depth == 0 && !isBOF(r.id)
	if s.cellRecord(b) {
		return
	}
	switch r.id {
	case recEOF:
		if s.depth--; s.depth <= 0 {
			s.done = true
			r.err = nil
		}
	case recHeader, recFooter:
		width := 1
		if r.version == 8 {
			width = 2
		}
		s.note(r.text(b, width))
	case recNote:
		if r.version < 8 && len(b) > 6 {
			s.note(r.text(b[4:], 2))
		} else if len(b) > 8 {
			s.note(r.text(b[8:], 2)) // the author; the text is a TXO's
		}
	case recTXO:
		s.drawingText()
	case recSeriesText:
		if len(b) > 3 {
			s.note(r.text(b[2:], 1))
		}
	case recFilePass, recFormat, recFormatOld:
	default:
		if isBOF(r.id) {
			s.depth++
		} else if !noText(r.id) && len(s.notes) < maxStructure {
			s.notes = runs.Append(s.notes, b, r.page)
		}
	}
}

// cellRecord takes in a record of cells.
func (s *sheetRows) cellRecord(b []byte) bool {
	r := s.r
	old := r.version == 2 // cells have three bytes of attributes for an index
	if len(b) < 6 {
		return false
	}
	row, column := int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:]))
	xf, rest := int(binary.LittleEndian.Uint16(b[4:])), b[6:]
	if old && len(b) >= 7 {
		xf, rest = int(b[4]&0x3f), b[7:]
	}
	switch {
	case r.id == recRK && len(rest) >= 4:
		s.put(row, column, xf, numberCell, math.Float64bits(rk(binary.LittleEndian.Uint32(rest))))
	case r.id == recMulRK:
		for rest := b[4:]; len(rest) >= 8; rest = rest[6:] {
			v := rk(binary.LittleEndian.Uint32(rest[2:]))
			s.put(row, column, int(binary.LittleEndian.Uint16(rest)), numberCell, math.Float64bits(v))
			column++
		}
	case (r.id == recNumber || r.id == 3 && old) && len(rest) >= 8:
		s.put(row, column, xf, numberCell, binary.LittleEndian.Uint64(rest))
	case r.id == 2 && old && len(rest) >= 2:
		s.put(row, column, xf, numberCell, math.Float64bits(float64(binary.LittleEndian.Uint16(rest))))
	case r.id == recLabelSST && len(rest) >= 4:
		s.put(row, column, xf, sharedCell, uint64(binary.LittleEndian.Uint32(rest)))
	case r.id == 4 && old:
		s.putText(row, column, r.text(rest, 1))
	case r.id == recLabel || r.id == recRString:
		s.putText(row, column, r.text(rest, 2))
	case r.id == recBoolErr && len(rest) >= 2 && rest[1] == 0 && r.version != 2:
		s.putText(row, column, truth(rest[0]))
	case r.id == recFormula2 || r.id == recFormula3 || r.id == recFormula4:
		if len(rest) < 8 {
			return true
		}
		if rest[6] != 0xff || rest[7] != 0xff {
			s.put(row, column, xf, numberCell, binary.LittleEndian.Uint64(rest))
		} else if rest[0] == 1 {
			s.putText(row, column, truth(rest[2]))
		} else if rest[0] == 0 {
			s.formula(row, column)
		}
	default:
		return false
	}
	return true
}

func truth(v byte) string {
	if v != 0 {
		return "TRUE"
	}
	return "FALSE"
}

// rk decodes a number of four bytes ([MS-XLS] 2.5.217).
func rk(v uint32) float64 {
	f := math.Float64frombits(uint64(v&^3) << 32)
	if v&2 != 0 {
		f = float64(int32(v) >> 2)
	}
	if v&1 != 0 {
		f /= 100
	}
	return f
}

// formula reads the text that a formula has as its result, in a record soon after
// it.
func (s *sheetRows) formula(row, column int) {
	r := s.r
	for range 3 {
		switch id := r.follows(); {
		case id == recString || id == 7 && r.version == 2:
			if r.next() {
				s.putText(row, column, s.formulaText(id))
			}
			return
		case id == 0x04bc || id == 0x0221 || id == 0x0236 || id == 0x0021: // shared and array formulas, tables
			r.next()
		default:
			return
		}
	}
}

func (s *sheetRows) formulaText(id int) string {
	r := s.r
	switch {
	case id == 7 || r.version == 2:
		return r.text(r.body, 1)
	case r.version < 8 || len(r.body) < 3:
		return r.text(r.body, 2)
	}
	p := &pieces{r: r, b: r.body}
	h := p.take(3)
	return string(p.characters(nil, int(binary.LittleEndian.Uint16(h)), h[2]))
}

// drawingText reads the text of a comment or a shape, which stands in the records
// that continue its own.
func (s *sheetRows) drawingText() {
	r := s.r
	if len(r.body) < 12 || r.version < 8 {
		return
	}
	n := int(binary.LittleEndian.Uint16(r.body[10:]))
	if n == 0 {
		return
	}
	s.note(string((&pieces{r: r}).characters(nil, n, 0)))
}
