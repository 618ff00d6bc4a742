package ole

import (
	"sort"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/extract/codepage"
)

// wordText writes the characters of a document out, section by section.
type wordText struct {
	d      *wordDocument
	pieces []piece
	out    []byte
}

// Characters with a meaning of their own ([MS-DOC] 2.4.1 and following).
const (
	charPicture   = 0x01
	charNote      = 0x02
	charComment   = 0x05
	charCell      = 0x07
	charDrawing   = 0x08
	charLine      = 0x0b
	charPage      = 0x0c
	charParagraph = 0x0d
	charColumn    = 0x0e
	charField     = 0x13
	charResult    = 0x14
	charFieldEnd  = 0x15
	charHyphen    = 0x1e
	charSoft      = 0x1f
)

// give hands on the next n characters under that name.
func (w *wordText) give(name string, n int) error {
	w.out = w.out[:0]
	for n > 0 && len(w.pieces) > 0 {
		p := &w.pieces[0]
		k := min(n, p.n)
		if p.wide {
			w.wide(p.at, k)
			p.at += 2 * k
		} else {
			w.narrow(p.at, k)
			p.at += k
		}
		n -= k
		if p.n -= k; p.n == 0 {
			w.pieces = w.pieces[1:]
		}
		if err := w.d.b.Spend(w.d.ctx, k); err != nil {
			return err
		}
	}
	return w.d.text(name, w.out)
}

func (w *wordText) wide(at, n int) {
	b := w.d.main
	for end := at + 2*n; at < end; at += 2 {
		u := rune(b[at]) | rune(b[at+1])<<8
		if utf16.IsSurrogate(u) && at+4 <= end {
			if r := utf16.DecodeRune(u, rune(b[at+2])|rune(b[at+3])<<8); r != utf8.RuneError {
				w.out = utf8.AppendRune(w.out, r)
				at += 2
				continue
			}
		}
		if u < ' ' {
			w.special(byte(u), at)
		} else {
			w.out = utf8.AppendRune(w.out, u)
		}
	}
}

// narrow writes characters of a byte each: of Windows-1252 from Word 97 on, of
// the document's own code page before.
func (w *wordText) narrow(at, n int) {
	b := w.d.main[at : at+n]
	from := 0
	for i, c := range b {
		if c < ' ' {
			w.out = append(w.out, codepage.Text(w.d.page, b[from:i])...)
			w.special(c, at+i)
			from = i + 1
		}
	}
	w.out = append(w.out, codepage.Text(w.d.page, b[from:])...)
}

// special writes out what a control character stands for.
func (w *wordText) special(c byte, at int) {
	switch c {
	case charCell:
		// Without formats, the end of a row is known by the end of its last
		// cell before it.
		_, ends := w.d.inTable(at)
		if n := len(w.out); ends || len(w.d.tables) == 0 && n > 0 && w.out[n-1] == '\t' {
			w.out = append(w.out, '\n')
		} else {
			w.out = append(w.out, '\t')
		}
	case charParagraph, charLine, charPage, charColumn, '\n':
		end := byte('\n')
		if in, _ := w.d.inTable(at); in { // a cell is one line
			end = ' '
		}
		w.out = append(w.out, end)
	case '\t', charField:
		w.out = append(w.out, '\t')
	case charResult, charFieldEnd:
		w.out = append(w.out, ' ')
	case charHyphen:
		w.out = append(w.out, '-')
	case charSoft, charPicture, charNote, charComment, charDrawing:
	}
}

// span is a paragraph of a table: a run of bytes in the main stream.
type span struct {
	from, to int
	ends     bool // it ends a row
}

// findTables reads from the formats of paragraphs which of them stand in tables
// and which end rows of them ([MS-DOC] 2.8.6, 2.9.174): the same character ends
// cells.
func (d *wordDocument) findTables(from, size int, late bool) {
	if from < 0 || size < 8 || from > len(d.table) {
		return
	}
	b := d.table[from:min(len(d.table), from+size)]
	width := 2 // of a page's number
	if late {
		width = 4
	}
	n := (len(b) - 4) / (4 + width)
	for i := range min(max(n, 0), len(d.main)/512) {
		page := short(b, 4*(n+1)+width*i)
		if late {
			page = int(word(b, 4*(n+1)+width*i) & 0x3fffff)
		}
		if at := page * 512; at+512 <= len(d.main) && len(d.tables) < 1<<20 {
			d.paragraphs(d.main[at:at+512], late)
		}
	}
	sort.Slice(d.tables, func(i, j int) bool { return d.tables[i].from < d.tables[j].from })
}

// paragraphs reads one page of formats.
func (d *wordDocument) paragraphs(page []byte, late bool) {
	runs := int(page[511])
	width := 7
	if late {
		width = 13
	}
	for i := range runs {
		entry := 4*(runs+1) + width*i
		if entry >= 511 {
			return
		}
		at := 2 * int(page[entry])
		if at == 0 || at >= 510 {
			continue
		}
		size := 2 * int(page[at])
		at++
		if late && size == 0 {
			size = 2*int(page[at]) + 1
			at++
		}
		start, end := at+2, min(at+size-1, 511) // behind the style
		if start >= end {
			continue
		}
		formats := page[start:end]
		tell := inTable6
		if late {
			tell = inTable97
		}
		if in, ends := tell(formats); in || ends {
			d.tables = append(d.tables, span{int(word(page, 4*i)), int(word(page, 4*i+4)), ends})
		}
	}
}

// inTable97 looks for sprmPFInTable and sprmPFTtp among formats ([MS-DOC] 2.6.2).
func inTable97(b []byte) (in, ends bool) {
	for len(b) >= 3 {
		kind := short(b, 0)
		switch kind {
		case 0x2416:
			in = b[2] != 0
		case 0x2417:
			ends = b[2] != 0
		}
		var size int
		switch kind >> 13 {
		case 0, 1:
			size = 1
		case 2, 4, 5:
			size = 2
		case 3:
			size = 4
		case 7:
			size = 3
		case 6:
			if size = int(b[2]) + 1; kind == 0xd608 && len(b) >= 4 {
				size = short(b, 2) + 1
			}
		}
		b = b[min(2+size, len(b)):]
	}
	return in, ends
}

// inTable6 looks for the same in Word 6, where formats have numbers of one byte
// and lengths of their own: the second stands behind the first.
func inTable6(b []byte) (in, ends bool) {
	for i := 0; i+1 < len(b); i++ {
		if b[i] == 24 && b[i+1] == 1 {
			return true, i+3 < len(b) && b[i+2] == 25 && b[i+3] == 1
		}
	}
	return false, false
}

// inTable returns whether the character at that place stands in a table, and
// whether it ends a row.
func (d *wordDocument) inTable(at int) (in, ends bool) {
	i := sort.Search(len(d.tables), func(i int) bool { return d.tables[i].to > at })
	if i < len(d.tables) && d.tables[i].from <= at {
		return true, d.tables[i].ends
	}
	return false, false
}
