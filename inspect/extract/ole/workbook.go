package ole

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/extract/codepage"
	"github.com/sekimori-dlp/sekimori/inspect/extract/mapi"
	"github.com/sekimori-dlp/sekimori/inspect/extract/numfmt"
	"github.com/sekimori-dlp/sekimori/inspect/extract/runs"
	"github.com/sekimori-dlp/sekimori/inspect/extract/table"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// book is a workbook of Excel 2 to 2003.
type book struct {
	*scope
	at      io.ReaderAt
	size    int64
	version int
	page    int
	epoch   bool // dates count from 1904
	strings stringTable
	formats map[int]*numfmt.Format
	xfs     []int // number of the number format, by index of cell format
	oldIDs  int   // formats given without a number so far
	sheets  []sheetPlace
	notes   []byte // other text of the workbook
}

type sheetPlace struct {
	name   string
	offset int64
}

// bareBIFF reads workbooks of Excel 2 to 5 without a container, and those whose
// container was taken away.
type bareBIFF struct{}

func (bareBIFF) Name() string { return "xls" }

// Starts implements part.Marked.
func (bareBIFF) Starts() string { return "\x09" }

func (bareBIFF) Match(p *part.Part, head []byte) bool {
	return len(p.Encodings) == 0 && p.Role.Content() && version(head) > 0
}

func (bareBIFF) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("xls", "")
	at, size, err := part.Anywhere(p, 0)
	if at == nil {
		return part.Stop(ctx, e, err, false)
	}
	f := &file{ctx: ctx, b: b, given: p.Passwords}
	s := &scope{file: f, e: e}
	broken := s.sheetsOf(at, size)
	if broken != nil {
		return f.stop(e, broken)
	}
	if err != nil {
		return part.Stop(ctx, e, err, true)
	}
	return nil
}

// version returns the version of BIFF that head begins a stream of, 0 if of none.
func version(head []byte) int {
	if len(head) < 8 || head[0] != 9 || head[3] != 0 || head[2] < 4 || head[2] > 16 {
		return 0
	}
	if kind := int(head[6]) | int(head[7])<<8; kind != 5 && kind != 6 && kind != 0x10 && kind != 0x20 && kind != 0x40 && kind != 0x100 {
		return 0
	}
	switch head[1] {
	case 0, 2, 4:
		return 2 + int(head[1])/2
	case 8:
		if head[5] == 6 {
			return 8
		}
		return 5
	}
	return 0
}

// workbook reads the stream of that name.
func (s *scope) workbook() error {
	n := s.dir.find("Workbook")
	if n == nil {
		n = s.dir.find("Book")
	}
	stream := s.c.stream(n)
	err := s.sheetsOf(stream, stream.size)
	n.taken = err != errNoWorkbook // else rest hands it on as it is
	if err != nil {
		return err
	}
	return stream.err
}

// pivots takes the text of the caches of pivot tables, which are copies of what
// they were made from.
func (s *scope) pivots(dir *node) error {
	for _, n := range dir.nodes {
		if n.storage {
			continue // rest comes to it
		}
		n.taken = true
		stream := s.c.stream(n)
		r := newBIFF(stream, 0, stream.size)
		r.version = 8
		for r.next() {
			if err := s.b.Spend(s.ctx, 0); err != nil {
				return err
			}
			if r.id == recCacheString {
				s.other = append(append(s.other, r.text(r.body, 2)...), '\n')
			} else if err := s.strays(r.body, codepage.Unknown); err != nil {
				return err
			}
		}
	}
	return nil
}

// sheetsOf reads a workbook's stream.
func (s *scope) sheetsOf(at io.ReaderAt, size int64) error {
	w := &book{scope: s, at: at, size: size, formats: map[int]*numfmt.Format{}}
	if err := w.globals(); err != nil {
		return err
	}
	for i, sheet := range w.sheets {
		if err := w.sheet(sheet, i); err != nil {
			return err
		}
	}
	if rest := w.strings.unused(); len(rest) > 0 {
		if err := s.child(part.Part{Path: "other strings", MediaType: table.Type, Body: bytes.NewReader(rest), Size: int64(len(rest))}); err != nil {
			return err
		}
	}
	return s.text("notes of the workbook", w.notes)
}

// Kinds of streams, as their first records tell.
const (
	bofGlobals   = 5
	bofWorkspace = 0x100 // of version 4: sheets one behind the other
)

var errNoWorkbook = &part.Fault{Reason: part.DecodeError, Detail: "workbook has no first record"}

var errEncrypted = &part.Fault{Reason: part.Encrypted, Detail: "a password is needed"}

// globals reads what belongs to the whole workbook and where its sheets are. A
// workbook without globals is a single sheet.
func (w *book) globals() error {
	var head [8]byte
	if _, err := w.at.ReadAt(head[:], 0); err != nil && err != io.EOF {
		return err
	}
	if w.version = version(head[:]); w.version == 0 {
		return errNoWorkbook
	}
	r := newBIFF(w.at, 0, w.size)
	r.version = w.version
	r.next()
	kind := short(head[:], 6)
	single := kind != bofGlobals && kind != bofWorkspace
	if single {
		w.sheets = []sheetPlace{{"Sheet1", 0}}
	}
	for depth := 0; r.next(); {
		if over := w.b.Spend(w.ctx, 0); over != nil {
			return over
		}
		switch {
		case r.id == recFilePass:
			for password := range w.b.Tries(w.ctx, w.passwords(), 1) {
				if key, ok := openKey(r.body, w.version, password); ok {
					w.key, r.key = key, key
					break
				}
			}
			if w.key == nil {
				return errEncrypted
			}
		case isBOF(r.id):
			depth++
		case r.id == recSheetHeader && w.version == 4 && len(r.body) > 4 && len(w.sheets) < maxFormats:
			w.sheets = append(w.sheets, sheetPlace{r.text(r.body[4:], 1), r.offset})
		case r.id == recEOF && !single:
			if depth--; depth < 0 {
				return nil
			}
		default:
			r.page = w.page
			if err := w.global(r, single); err != nil {
				return err
			}
		}
	}
	if r.err != nil && !errors.Is(r.err, io.EOF) && len(w.sheets) == 0 {
		return r.err
	}
	return nil
}

// global takes in one record. In a single sheet it leaves the text to sheet.
func (w *book) global(r *biff, single bool) error {
	b := r.body
	switch r.id {
	case recCodePage:
		if len(b) >= 2 {
			w.page = int(binary.LittleEndian.Uint16(b))
			if w.page == 0x8001 {
				w.page = codepage.Western
			}
		}
	case recDate1904:
		w.epoch = len(b) >= 2 && b[0] == 1
	case recFormat, recFormatOld:
		w.format(r)
	case recXF:
		if len(b) >= 4 && len(w.xfs) < maxFormats {
			w.xfs = append(w.xfs, int(binary.LittleEndian.Uint16(b[2:])))
		}
	case recXF3, recXF4:
		if len(b) >= 2 && len(w.xfs) < maxFormats {
			w.xfs = append(w.xfs, int(b[1]))
		}
	case recXF2:
		if len(b) >= 3 && len(w.xfs) < maxFormats {
			w.xfs = append(w.xfs, int(b[2]&0x3f))
		}
	case recBoundSheet:
		if len(b) >= 8 && len(w.sheets) < maxFormats {
			w.sheets = append(w.sheets, sheetPlace{r.text(b[6:], 1), int64(binary.LittleEndian.Uint32(b))})
		}
	case recSST:
		return w.strings.read(w.file, r)
	case recDrawingGroup:
		all := r.continued(maxStructure)
		if err := w.pictures(all, "drawings"); err != nil {
			return err
		}
		w.notes = runs.Append(w.notes, all, w.page)
	default:
		if !single && !noText(r.id) && len(w.notes) < maxStructure {
			w.notes = runs.Append(w.notes, b, w.page)
		}
	}
	return nil
}

// maxFormats bounds the formats and sheets of a workbook.
const maxFormats = 1 << 16

// format takes in a number format. Those of old versions are numbered in the
// order they come in.
func (w *book) format(r *biff) {
	b := r.body
	id, width := w.oldIDs, 1
	switch {
	case r.id == recFormat && w.version >= 5 && len(b) >= 2:
		id = int(binary.LittleEndian.Uint16(b))
		if b = b[2:]; w.version == 8 {
			width = 2
		}
	case r.id == recFormat && len(b) >= 2:
		b = b[2:]
	}
	w.oldIDs++
	if code := r.text(b, width); code != "" && len(w.formats) < maxFormats && len(code) < 1024 {
		if code == "General" || code == "GENERAL" {
			return
		}
		w.formats[id] = numfmt.Compile(code)
	}
}

// number appends a number as the cell format shows it.
func (w *book) number(dst []byte, v float64, xf int) []byte {
	if xf < 0 || xf >= len(w.xfs) {
		return numfmt.AppendGeneral(dst, v)
	}
	f := w.formats[w.xfs[xf]]
	if f == nil && w.version >= 5 {
		f = numfmt.Builtin(w.xfs[xf])
	}
	return f.Append(dst, v, w.epoch)
}

// sheet hands on one sheet as a table, then its notes and other text.
func (w *book) sheet(at sheetPlace, i int) error {
	if at.offset >= w.size {
		w.e.Skip(part.DecodeError, true, "a sheet is not where the workbook says")
		return nil
	}
	name := strings.TrimSpace(at.name)
	if name == "" {
		name = fmt.Sprintf("Sheet%d", i+1)
	}
	r := newBIFF(w.at, at.offset, w.size)
	r.version, r.page = w.version, w.page
	if w.key != nil {
		r.key = &fileKey{xor: w.key.xor, block: w.key.block, size: w.key.size}
	}
	rows := &sheetRows{book: w, r: r}
	body := part.NewMeter(w.ctx, w.b, "xls", rows)
	if err := w.child(part.Part{Path: name, MediaType: table.Type, Body: body, Size: -1}); err != nil {
		return err
	}
	if err := part.Drain(w.ctx, w.b, body); err != nil {
		if reason, _ := part.ReasonOf(err); reason == part.TimedOut {
			return err
		}
	}
	if rows.astray {
		w.e.Skip(part.DecodeError, true, "a sheet is not where the workbook says")
	}
	return ended(mapi.Prose(w.e, name+" notes", rows.notes))
}
