package ole

import (
	"bufio"
	"encoding/binary"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/extract/codepage"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Records of BIFF that have text ([MS-XLS] 2.3; numbers that older versions use
// for the same thing stand beside).
const (
	recFormula2     = 0x0006 // of versions 2, 5 and 8
	recEOF          = 0x000a
	recHeader       = 0x0014
	recFooter       = 0x0015
	recName         = 0x0018
	recNote         = 0x001c
	recFormatOld    = 0x001e // versions 2 and 3
	recDate1904     = 0x0022
	recFilePass     = 0x002f
	recContinue     = 0x003c
	recCodePage     = 0x0042
	recXF2          = 0x0043
	recBoundSheet   = 0x0085
	recSheetHeader  = 0x008f // of version 4
	recMulRK        = 0x00bd
	recRString      = 0x00d6
	recCacheString  = 0x00cd
	recXF           = 0x00e0
	recDrawingGroup = 0x00eb
	recSST          = 0x00fc
	recLabelSST     = 0x00fd
	recTXO          = 0x01b6
	recNumber       = 0x0203
	recLabel        = 0x0204
	recBoolErr      = 0x0205
	recString       = 0x0207
	recFormula3     = 0x0206
	recXF3          = 0x0243
	recRK           = 0x027e
	recFormula4     = 0x0406
	recFormat       = 0x041e
	recXF4          = 0x0443
	recBOF          = 0x0809
	recSeriesText   = 0x100d
)

// isBOF reports whether records of that number begin a stream or a sheet.
func isBOF(id int) bool { return id == 0x0009 || id == 0x0209 || id == 0x0409 || id == recBOF }

// noText reports whether records of that number hold nothing but numbers, or
// names that the program gave. In all others text is looked for.
func noText(id int) bool {
	switch id {
	case 0x0012, 0x0013, 0x0019, 0x001a, 0x001b, 0x001d, 0x0026, 0x0027, 0x0028, 0x0029, // protection, page breaks, selection, margins
		0x0031, 0x0231, // fonts
		0x004d,         // printer's settings
		0x007d, 0x0055, // widths
		0x0086, 0x008c, 0x0092, // palette and so on
		0x00a1, 0x00be, 0x00d7, 0x00e5, 0x00ff, // setup, blank cells, index of cells and strings, merged cells
		0x0200, 0x0201, 0x0208, 0x020b, 0x0221, 0x0225, 0x0236, 0x023d, 0x023e, 0x0293, 0x04bc,
		0x01af, 0x01bc, 0x01c0, 0x01c1, 0x00e1, 0x00e2, 0x0160, 0x0161,
		0x0850, 0x0851, 0x0852, 0x0853, // of charts
		0x0862, 0x0863, 0x087c, 0x087d, 0x088b, 0x088e, 0x088f, 0x0890, 0x0892, 0x0896, 0x089a, 0x089b: // styles and themes
		return true
	}
	return id >= 0x1001 && id <= 0x1066 && id != recSeriesText && id != 0x1015 && id != 0x1025
}

// biff reads records one by one.
type biff struct {
	src     *bufio.Reader
	offset  int64 // of the next record
	version int   // 2, 3, 4, 5 or 8
	page    int
	key     *fileKey // nil if not encrypted

	id   int
	body []byte
	head [4]byte
	buf  []byte
	err  error
}

func newBIFF(at io.ReaderAt, from, size int64) *biff {
	return &biff{src: bufio.NewReaderSize(io.NewSectionReader(at, from, size-from), 32<<10), offset: from}
}

// next reads the next record, without those that continue it. It returns false
// at the end and on errors.
func (r *biff) next() bool {
	if r.err != nil {
		return false
	}
	if _, err := io.ReadFull(r.src, r.head[:]); err != nil {
		r.err = err
		return false
	}
	r.id = int(binary.LittleEndian.Uint16(r.head[:]))
	size := int(binary.LittleEndian.Uint16(r.head[2:]))
	if cap(r.buf) < size {
		r.buf = make([]byte, 64<<10)
	}
	r.body = r.buf[:size]
	n, err := io.ReadFull(r.src, r.body)
	r.offset += 4
	if r.key != nil {
		r.key.decrypt(r.id, r.offset, r.body[:n])
	}
	r.offset += int64(size)
	if err != nil {
		r.body, r.err = r.body[:n], &part.Fault{Reason: part.Truncated, Detail: "workbook ends within a record"}
	}
	return err == nil || n > 0
}

// follows returns the identifier of the next record.
func (r *biff) follows() int {
	if b, err := r.src.Peek(2); err == nil {
		return int(binary.LittleEndian.Uint16(b))
	}
	return -1
}

// continued returns the record with those that continue it.
func (r *biff) continued(limit int) []byte {
	all := append([]byte(nil), r.body...)
	for r.follows() == recContinue && len(all) < limit && r.next() {
		all = append(all, r.body...)
	}
	return all
}

// characters decodes n characters as BIFF8 flags them, and returns how many bytes
// they took.
func characters(b []byte, n int, flags byte) (string, int) {
	if flags&1 == 0 {
		n = min(n, len(b))
		return latin(b[:n]), n
	}
	n = min(2*n, len(b)&^1)
	return charset.Text(b[:n], charset.UTF16LE), n
}

// latin decodes characters whose high byte was left out.
func latin(b []byte) string {
	if charset.ASCIIPrefix(b) == len(b) {
		return string(b)
	}
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

// text decodes a string at the start of b whose length has the given number of
// bytes: with flags in version 8, in the code page before.
func (r *biff) text(b []byte, width int) string {
	if len(b) < width+1 {
		return ""
	}
	n := int(b[0])
	if width == 2 {
		n |= int(b[1]) << 8
	}
	b = b[width:]
	if r.version < 8 {
		return codepage.Text(r.page, b[:min(n, len(b))])
	}
	flags := b[0]
	b = b[1:]
	if flags&8 != 0 && len(b) >= 2 {
		b = b[2:]
	}
	if flags&4 != 0 && len(b) >= 4 {
		b = b[4:]
	}
	s, _ := characters(b, n, flags)
	return s
}
