package office

import (
	"bytes"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/extract/numfmt"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// workbook is what sheets refer to: the strings they share and the formats of
// their cells.
type workbook struct {
	date1904 bool
	formats  []*numfmt.Format // by index of cell format
	texts    texts
	reading  []byte // phonetic readings of the shared strings, a string a line
	over     bool   // there are more of them than are kept
	titles   []sheetTitle
}

// sheetTitle is the name of the sheet that a relation leads to.
type sheetTitle struct{ id, title string }

// format returns the format of a cell, nil (General) if it has none.
func (w *workbook) format(style int) *numfmt.Format {
	if style < 0 || style >= len(w.formats) {
		return nil
	}
	return w.formats[style]
}

// readSheets reads xl/workbook.xml.
func (w *workbook) readSheets(x *scanner) error {
	for {
		switch kind, name := x.next(); {
		case kind == tokenEnd:
			return x.fault()
		case kind != tokenOpen && kind != tokenEmpty:
		case string(name) == "sheet":
			// The relation's id has a prefix, the sheet's own has another name.
			w.titles = append(w.titles, sheetTitle{x.said("id"), x.said("name")})
		case string(name) == "workbookPr":
			v := x.said("date1904")
			w.date1904 = v == "1" || v == "true"
		}
	}
}

// maxFormats bounds the formats of one workbook; Excel allows some 64,000.
const maxFormats = 1 << 16

// readStyles reads the number formats of cells (ECMA-376 part 1, 18.8.30).
func (w *workbook) readStyles(x *scanner) error {
	own := map[int]*numfmt.Format{}
	inCells := false
	for {
		kind, name := x.next()
		switch {
		case kind == tokenEnd:
			return x.fault()
		case string(name) == "cellXfs":
			inCells = kind == tokenOpen
		case kind != tokenOpen && kind != tokenEmpty:
		case string(name) == "numFmt" && len(own) < maxFormats:
			own[x.number("numFmtId", -1)] = numfmt.Compile(x.said("formatCode"))
		case string(name) == "xf" && inCells && len(w.formats) < maxFormats:
			w.addFormat(own, x.number("numFmtId", 0))
		}
	}
}

func (w *workbook) addFormat(own map[int]*numfmt.Format, id int) {
	f := own[id]
	if f == nil {
		f = numfmt.Builtin(id)
	}
	w.formats = append(w.formats, f)
}

// maxReading bounds the phonetic readings of one workbook.
const maxReading = 16 << 20

// readStrings reads xl/sharedStrings.xml. Phonetic readings (rPh) are no part of
// what a cell shows and are kept apart.
func (w *workbook) readStrings(x *scanner) error {
	defer w.texts.done()
	var s []byte
	phonetic, inText, inString := false, false, false
	for {
		kind, name := x.next()
		switch {
		case kind == tokenEnd:
			if inString { // one that was cut off
				if err := w.texts.add(s); err != nil {
					return err
				}
			}
			return x.fault()
		case kind == tokenText:
			switch {
			case !inText:
			case phonetic:
				if w.over = len(w.reading) >= maxReading; !w.over {
					w.reading = appendCell(w.reading, x.text)
				}
			default:
				s = appendText(s, x.text)
			}
		case string(name) == "t":
			inText = kind == tokenOpen
		case string(name) == "rPh":
			if phonetic = kind == tokenOpen; !phonetic && !w.over {
				w.reading = append(w.reading, ' ')
			}
		case string(name) == "si":
			if inString = kind == tokenOpen; inString {
				s = s[:0]
				continue
			}
			if kind == tokenEmpty {
				s = s[:0]
			}
			if err := w.texts.add(s); err != nil {
				return err
			}
			if n := len(w.reading); n > 0 && w.reading[n-1] == ' ' {
				w.reading[n-1] = '\n'
			}
		}
	}
}

// rest is the shared strings that no cell showed, and the readings, a string a
// line.
type rest struct {
	written
	book *workbook
	at   int // of the next string
}

// unused hands them on.
func (w *workbook) unused(e part.Emitter) error {
	r := &rest{book: w}
	r.written.more = r.more
	r.err = r.more()
	if w.over {
		e.Skip(part.TooLarge, true, "phonetic readings over 16 MiB")
	}
	if len(r.out) == 0 {
		return nil
	}
	return e.Child(prose("other strings", &r.written, -1))
}

func (r *rest) more() error {
	for len(r.out) < enough {
		i := r.at
		if r.at++; i >= r.book.texts.count {
			n := min(len(r.book.reading), enough)
			if k := bytes.LastIndexByte(r.book.reading[:n], '\n'); k >= 0 {
				n = k + 1
			}
			r.out = appendValid(r.out, r.book.reading[:n])
			if r.book.reading = r.book.reading[n:]; len(r.book.reading) == 0 {
				return io.EOF
			}
		} else if s := r.book.texts.unused(i); len(s) > 0 {
			r.out = append(appendValid(r.out, s), '\n')
		}
	}
	return nil
}

// appendText appends the text of a cell on one line, with its escapes (_x000D_,
// ST_Xstring) resolved.
func appendText(dst, text []byte) []byte {
	for {
		k := bytes.Index(text, []byte("_x"))
		if k < 0 || len(text) < k+7 || text[k+6] != '_' {
			if k < 0 {
				return appendCell(dst, text)
			}
			dst, text = appendCell(dst, text[:k+2]), text[k+2:]
			continue
		}
		r, ok := entity("#x" + string(text[k+2:k+6]))
		if !ok {
			dst, text = appendCell(dst, text[:k+2]), text[k+2:]
			continue
		}
		dst = appendCell(dst, text[:k])
		dst = appendCell(dst, []byte(string(r)))
		text = text[k+7:]
	}
}
