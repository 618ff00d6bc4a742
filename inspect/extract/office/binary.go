package office

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/extract/numfmt"
	"github.com/sekimori-dlp/sekimori/inspect/extract/table"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// records walks through the records of a part of an xlsb workbook ([MS-XLSB]
// 2.1.4).
type records struct {
	src  *bufio.Reader
	body []byte // of the last record, valid until the next
	err  error
}

// maxRecord bounds one record; a cell's text has up to 32,767 characters.
const maxRecord = 1 << 20

func newRecords(r io.Reader) *records { return &records{src: bufio.NewReaderSize(r, window)} }

// next returns the type of the next record, -1 at the end.
func (r *records) next() int {
	kind, size := 0, 0
	for i := range 2 {
		c, err := r.src.ReadByte()
		if err != nil {
			if r.err = err; i > 0 {
				r.err = io.ErrUnexpectedEOF
			}
			return -1
		}
		kind |= int(c&0x7f) << (7 * i)
		if c < 0x80 {
			break
		}
	}
	for i := range 4 {
		c, err := r.src.ReadByte()
		if err != nil {
			r.err = io.ErrUnexpectedEOF
			return -1
		}
		size |= int(c&0x7f) << (7 * i)
		if c < 0x80 {
			break
		}
	}
	keep := min(size, maxRecord)
	if cap(r.body) < keep {
		r.body = make([]byte, keep)
	}
	r.body = r.body[:keep]
	if _, err := io.ReadFull(r.src, r.body); err != nil {
		r.err = err
		return -1
	}
	if _, err := r.src.Discard(size - keep); err != nil {
		r.err = err
		return -1
	}
	return kind
}

// fault tells why the records ended early, nil if they did not.
func (r *records) fault() error {
	if r.err == io.EOF {
		return nil
	}
	return part.Decoding("xlsb", r.err)
}

// The records that are read ([MS-XLSB] 2.3.1).
const (
	brtRow        = 0
	brtCellRk     = 2
	brtCellError  = 3
	brtCellBool   = 4
	brtCellReal   = 5
	brtCellText   = 6
	brtCellShared = 7
	brtFmlaText   = 8
	brtFmlaNumber = 9
	brtFmlaBool   = 10
	brtFmlaError  = 11
	brtShortBlank = 12 // the short forms of 1 to 7 follow, without a column
	brtShortLast  = 18
	brtSSTItem    = 19
	brtFmt        = 44
	brtXF         = 47
	brtCellRich   = 62
	brtWbProp     = 153
	brtBundleSh   = 156
	brtBeginXFs   = 617
	brtEndXFs     = 618
)

// wide appends the string that stands at the start of b, behind its length in
// characters, and returns what follows it. It reports false if there is none.
func wide(dst, b []byte) (_, rest []byte, ok bool) {
	if len(b) < 4 {
		return dst, nil, false
	}
	n := binary.LittleEndian.Uint32(b)
	if b = b[4:]; n == math.MaxUint32 { // null
		return dst, b, true
	}
	if uint64(n)*2 > uint64(len(b)) {
		return dst, nil, false
	}
	return appendUTF16(dst, b[:2*n]), b[2*n:], true
}

// appendUTF16 appends UTF-16LE on one line.
func appendUTF16(dst, b []byte) []byte {
	for ; len(b) >= 2; b = b[2:] {
		r := rune(binary.LittleEndian.Uint16(b))
		if r&0xfc00 == 0xd800 && len(b) >= 4 {
			if low := rune(binary.LittleEndian.Uint16(b[2:])); low&0xfc00 == 0xdc00 {
				r = (r-0xd800)<<10 + low - 0xdc00 + 0x10000
				b = b[2:]
			}
		}
		dst = utf8.AppendRune(dst, max(r, ' '))
	}
	return dst
}

// openBinary reads what the sheets of an xlsb workbook refer to.
func (d *pack) openBinary(main *file) {
	book := &workbook{}
	read := func(f *file, take func(kind int, b []byte) error) {
		d.look(f, func(r io.Reader) error {
			records := newRecords(r)
			for kind := records.next(); kind >= 0; kind = records.next() {
				if err := take(kind, records.body); err != nil {
					return err
				}
			}
			return records.fault()
		})
	}
	read(main, func(kind int, b []byte) error { book.binarySheet(kind, b); return nil })
	links := d.relations(main.name())
	own, inCells := map[int]*numfmt.Format{}, false
	read(d.linked(links, "styles", "xl/styles.bin"), func(kind int, b []byte) error {
		switch {
		case kind == brtBeginXFs:
			inCells = true
		case kind == brtEndXFs:
			inCells = false
		case kind == brtFmt && len(b) >= 6 && len(own) < maxFormats:
			code, _, _ := wide(nil, b[2:])
			own[int(binary.LittleEndian.Uint16(b))] = numfmt.Compile(string(code))
		case kind == brtXF && inCells && len(b) >= 4 && len(book.formats) < maxFormats:
			book.addFormat(own, int(binary.LittleEndian.Uint16(b[2:])))
		}
		return nil
	})
	d.shared = d.linked(links, "sharedStrings", "xl/sharedstrings.bin")
	read(d.shared, book.binaryString)
	book.texts.done()
	d.nameSheets(book, links)
	if !d.failed {
		d.book = book
	}
}

// binarySheet takes the name of a sheet from the workbook.
func (w *workbook) binarySheet(kind int, b []byte) {
	switch {
	case kind == brtWbProp && len(b) > 0:
		w.date1904 = b[0]&1 != 0
	case kind == brtBundleSh && len(b) > 8:
		if id, rest, ok := wide(nil, b[8:]); ok {
			title, _, _ := wide(nil, rest)
			w.titles = append(w.titles, sheetTitle{string(id), string(title)})
		}
	}
}

// binaryString takes in a shared string: its text, and its reading.
func (w *workbook) binaryString(kind int, b []byte) error {
	if kind != brtSSTItem {
		return nil
	}
	if len(b) == 0 {
		return w.texts.add(nil)
	}
	s, rest, _ := wide(nil, b[1:])
	if b[0]&1 != 0 && len(rest) >= 4 { // runs
		n := uint64(binary.LittleEndian.Uint32(rest)) * 4
		rest = rest[min(uint64(len(rest)), 4+n):]
	}
	if w.over = w.over || len(w.reading) >= maxReading; b[0]&2 != 0 && !w.over {
		w.reading, _, _ = wide(w.reading, rest)
		w.reading = append(w.reading, '\n')
	}
	return w.texts.add(s)
}

// binaryRecords reports whether a member of an xlsb workbook holds records.
func (d *pack) binaryRecords(name string) bool {
	return d.format == "xlsb" && strings.HasPrefix(name, "xl/") && strings.HasSuffix(name, ".bin") &&
		!strings.Contains(name, "printersettings") && !strings.Contains(name, "vbaproject") &&
		!strings.Contains(name, "/embeddings/") && !strings.Contains(name, "/activex/")
}

// binary hands on a member of an xlsb workbook: its cells as a table, its other
// texts as notes.
func (d *pack) binary(p part.Part) error {
	s := &binarySheet{rec: newRecords(p.Body), book: d.book, col: -1}
	s.ctx, s.b, s.grid.more = d.ctx, d.b, s.more
	for len(s.out) == 0 && s.err == nil {
		s.err = s.more()
	}
	if len(s.out) > 0 || s.err != io.EOF {
		if err := d.e.Child(part.Part{Path: p.Path, MediaType: table.Type, Body: &s.written, Size: -1}); err != nil {
			return err
		}
	}
	return s.aside.tell(d.e, p.Path+" notes")
}

// binarySheet reads the cells of a sheet in xlsb.
type binarySheet struct {
	grid
	rec   *records
	book  *workbook
	aside aside
	at    int // row of the cells that come
	col   int // column of the last cell
	value []byte
}

func (s *binarySheet) more() error {
	for len(s.out) < enough {
		kind := s.rec.next()
		if kind < 0 {
			s.finish()
			if err := s.rec.fault(); err != nil {
				return err
			}
			return io.EOF
		}
		s.take(kind, s.rec.body)
		if s.err != nil {
			return s.err
		}
	}
	return nil
}

// take reads one record.
func (s *binarySheet) take(kind int, b []byte) {
	le := binary.LittleEndian
	switch {
	case kind == brtRow && len(b) >= 4:
		s.at, s.col = int(min(le.Uint32(b), maxRows-1)), -1
	case kind >= 1 && kind <= brtFmlaError || kind == brtCellRich:
		if len(b) >= 8 {
			s.col = int(min(le.Uint32(b), maxColumns-1))
			s.cell(kind, int(le.Uint32(b[4:])&0xffffff), b[8:])
		}
	case kind >= brtShortBlank && kind <= brtShortLast:
		if len(b) >= 4 {
			s.col = min(s.col+1, maxColumns-1)
			s.cell(kind-brtShortBlank+1, int(le.Uint32(b)&0xffffff), b[4:])
		}
	case kind != brtSSTItem:
		s.texts(b)
	}
}

// cell writes out a cell whose value stands at the start of b.
func (s *binarySheet) cell(kind, style int, b []byte) {
	le := binary.LittleEndian
	f := s.book.format(style)
	s.value = s.value[:0]
	used := 0
	switch kind {
	case brtCellRk:
		if len(b) >= 4 {
			s.value, used = s.number(f, rk(le.Uint32(b))), 4
		}
	case brtCellReal, brtFmlaNumber:
		if len(b) >= 8 {
			s.value, used = s.number(f, math.Float64frombits(le.Uint64(b))), 8
		}
	case brtCellBool, brtFmlaBool:
		if len(b) >= 1 {
			s.value, used = appendBool(s.value, b[0] != 0), 1
		}
	case brtCellError, brtFmlaError:
		if len(b) >= 1 {
			s.value, used = append(s.value, errorName(b[0])...), 1
		}
	case brtCellText, brtFmlaText:
		var rest []byte
		s.value, rest, _ = wide(s.value, b)
		used = len(b) - len(rest)
	case brtCellRich:
		if len(b) >= 1 {
			s.value, _, _ = wide(s.value, b[1:])
			used = len(b)
		}
	case brtCellShared:
		if len(b) >= 4 {
			s.value, used = f.AppendText(s.value, s.book.texts.get(int(le.Uint32(b)))), 4
		}
	}
	if len(s.value) > 0 {
		s.place(s.at, s.col)
		s.out = append(s.out, s.value...)
		s.text += len(s.value)
	}
	if kind >= brtFmlaText && kind <= brtFmlaError {
		s.literals(b[used:])
	}
}

func (s *binarySheet) number(f *numfmt.Format, v float64) []byte {
	return f.Append(s.value, v, s.book.date1904)
}

// rk reads a number of 30 bits ([MS-XLSB] 2.5.123).
func rk(n uint32) float64 {
	var v float64
	if n&2 != 0 {
		v = float64(int32(n) >> 2)
	} else {
		v = math.Float64frombits(uint64(n&^3) << 32)
	}
	if n&1 != 0 {
		v /= 100
	}
	return v
}

func errorName(c byte) string {
	switch c {
	case 0x00:
		return "#NULL!"
	case 0x07:
		return "#DIV/0!"
	case 0x0f:
		return "#VALUE!"
	case 0x17:
		return "#REF!"
	case 0x1d:
		return "#NAME?"
	case 0x24:
		return "#NUM!"
	case 0x2a:
		return "#N/A"
	}
	return "#ERROR!"
}

// literals puts aside the texts within a formula: what looks like a PtgStr, its
// mark, its length and as many characters.
func (s *binarySheet) literals(b []byte) {
	const ptgStr = 0x17
	for i := 0; i+3 < len(b); i++ {
		if b[i] != ptgStr {
			continue
		}
		n := int(binary.LittleEndian.Uint16(b[i+1:]))
		if end := i + 3 + 2*n; n > 2 && n <= 255 && end <= len(b) && printable(b[i+3:end]) {
			s.aside.add(appendUTF16(nil, b[i+3:end]))
			i = end - 1
		}
	}
}

// texts puts aside the strings in a record that is no cell: what looks like a
// length and as many characters.
func (s *binarySheet) texts(b []byte) {
	looked := 0 // at characters, so that no record costs more than its size
	for i := 0; i+8 <= len(b) && looked < 16*len(b); i++ {
		n := uint64(binary.LittleEndian.Uint32(b[i:]))
		if n >= 2 && n*2 <= uint64(len(b)) {
			looked += int(n)
		}
		if n < 2 || n*2 > uint64(len(b)-i-4) || !printable(b[i+4:i+4+2*int(n)]) {
			continue
		}
		s.aside.add(appendUTF16(nil, b[i+4:i+4+2*int(n)]))
		i += 3 + 2*int(n)
	}
}

// printable reports whether UTF-16LE is text.
func printable(b []byte) bool {
	for ; len(b) >= 2; b = b[2:] {
		if c := binary.LittleEndian.Uint16(b); c < ' ' && c != '\t' && c != '\n' && c != '\r' || c >= 0xfffe {
			return false
		}
	}
	return true
}
