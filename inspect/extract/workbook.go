package extract

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// workbook is what sheets refer to: their names, the strings they share, which
// cell formats are dates.
type workbook struct {
	titles  map[string]string // by the path of the sheet
	ids     map[string]string // of relations to sheets: titles
	epoch   int               // 1904 where dates count from there
	dates   []bool            // by index of cell format
	text    []byte            // of all shared strings
	ends    []uint32          // of each in text
	seen    []uint64          // which were shown, one bit each
	reading []byte            // phonetic readings, one a line
}

// maxStrings bounds the shared strings of one workbook.
const maxStrings = 256 << 20

// readSheets reads xl/workbook.xml.
func (w *workbook) readSheets(x *xmlScanner) error {
	w.ids, w.titles = map[string]string{}, map[string]string{}
	for {
		switch kind, name := x.next(); {
		case kind == tokenEnd:
			return x.fault()
		case kind == tokenText || kind == tokenClose:
		case string(name) == "sheet":
			title := string(appendUnescaped(nil, x.attribute("name")))
			if id := x.attribute("r:id"); id != nil {
				w.ids[string(id)] = title
			} else if id := x.attribute("id"); id != nil {
				w.ids[string(id)] = title
			}
		case string(name) == "workbookPr":
			if v := x.attribute("date1904"); string(v) == "1" || string(v) == "true" {
				w.epoch = 1904
			}
		}
	}
}

// readTargets reads the relations of the workbook.
func (w *workbook) readTargets(x *xmlScanner) error {
	for {
		kind, name := x.next()
		if kind == tokenEnd {
			return x.fault()
		}
		if string(name) != "Relationship" {
			continue
		}
		if title, ok := w.ids[string(x.attribute("Id"))]; ok {
			target := strings.ToLower(string(x.attribute("Target")))
			if rooted, ok := strings.CutPrefix(target, "/"); ok {
				target = rooted
			} else {
				target = "xl/" + target
			}
			w.titles[target] = title
		}
	}
}

// readStyles reads which cell formats show dates (ECMA-376 part 1, 18.8.30).
func (w *workbook) readStyles(x *xmlScanner) error {
	custom := map[string]bool{}
	inCells := false
	for {
		kind, name := x.next()
		switch {
		case kind == tokenEnd:
			return x.fault()
		case string(name) == "cellXfs":
			inCells = kind == tokenOpen
		case kind == tokenClose || kind == tokenText:
		case string(name) == "numFmt":
			custom[string(x.attribute("numFmtId"))] = isDateFormat(x.attribute("formatCode"))
		case string(name) == "xf" && inCells && len(w.dates) < 1<<16:
			id := string(x.attribute("numFmtId"))
			n, _ := strconv.Atoi(id)
			w.dates = append(w.dates, custom[id] ||
				n >= 14 && n <= 17 || n == 22 || n >= 27 && n <= 31 || n == 36 || n >= 50 && n <= 54 || n == 57 || n == 58)
		}
	}
}

// isDateFormat reports whether a number format shows years or days.
func isDateFormat(f []byte) bool {
	quoted, bracket := false, false
	for i, c := range f {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted || i > 0 && f[i-1] == '\\':
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case bracket:
		case c == 'y' || c == 'd' || c == 'e' || c == 'Y' || c == 'D':
			return !bytes.Contains(f, []byte("General")) || c != 'e'
		case c == '&': // &quot;
			quoted = quoted != bytes.HasPrefix(f[i:], []byte("&quot;"))
		}
	}
	return false
}

// readStrings reads xl/sharedStrings.xml. Phonetic readings (rPh) are no part of
// what a cell shows and are kept aside.
func (w *workbook) readStrings(x *xmlScanner) error {
	phonetic, inText := false, false
	for {
		kind, name := x.next()
		switch {
		case kind == tokenEnd:
			w.ends = append(w.ends, uint32(len(w.text))) // one that was cut off
			w.seen = make([]uint64, len(w.ends)/64+1)
			return x.fault()
		case kind == tokenText:
			if !inText {
				continue
			}
			if phonetic {
				w.reading = appendCell(w.reading, x.text)
			} else {
				w.text = appendCell(w.text, x.text)
			}
			if len(w.text)+len(w.reading) > maxStrings {
				return &part.Fault{Reason: part.TooLarge, Detail: "shared strings over 256 MiB"}
			}
		case string(name) == "t":
			inText = kind == tokenOpen
		case string(name) == "rPh":
			phonetic = kind == tokenOpen
			if kind == tokenClose {
				w.reading = append(w.reading, ' ')
			}
		case string(name) == "si" && kind != tokenOpen:
			w.ends = append(w.ends, uint32(len(w.text)))
			if n := len(w.reading); n > 0 && w.reading[n-1] == ' ' {
				w.reading[n-1] = '\n'
			}
		}
	}
}

// shared returns a shared string and notes that it was shown.
func (w *workbook) shared(i int) []byte {
	if i < 0 || i >= len(w.ends) {
		return nil
	}
	w.seen[i/64] |= 1 << (i % 64)
	from := uint32(0)
	if i > 0 {
		from = w.ends[i-1]
	}
	return w.text[from:w.ends[i]]
}

// unused returns the strings never shown and the readings, one a line.
func (w *workbook) unused() []byte {
	var out []byte
	from := uint32(0)
	for i, end := range w.ends {
		if end > from && w.seen[i/64]>>(i%64)&1 == 0 {
			out = append(append(out, w.text[from:end]...), '\n')
		}
		from = end
	}
	return append(out, w.reading...)
}

// appendCell appends text on one line and without tabs.
func appendCell(dst, text []byte) []byte {
	from := len(dst)
	dst = append(dst, text...)
	for i, c := range dst[from:] {
		if c < ' ' && c < utf8.RuneSelf {
			dst[from+i] = ' '
		}
	}
	return dst
}
