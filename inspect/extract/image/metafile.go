package image

import (
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/extract/codepage"
)

// Metafiles are drawings as a list of calls of Windows' graphics functions
// ([MS-EMF], [MS-EMFPLUS], [MS-WMF]): what programs put into documents when cells or
// a chart are pasted as a picture. The texts are in them as such.

func isEMF(head []byte) bool {
	return len(head) > 44 && string(head[:4]) == "\x01\x00\x00\x00" && string(head[40:44]) == " EMF"
}

func isWMF(head []byte) bool {
	if bytes.HasPrefix(head, []byte(placeable)) && len(head) > placeableSize {
		head = head[placeableSize:]
	}
	if len(head) < 18 || head[0] != 1 && head[0] != 2 {
		return false
	}
	return string(head[1:5]) == "\x00\x09\x00\x00" && (head[5] == 1 || head[5] == 3)
}

const (
	placeable     = "\xd7\xcd\xc6\x9a" // a header that says how large the drawing is
	placeableSize = 22
	maxCalls      = 1 << 20 // that are looked at
)

// Records of EMF (2.1.1), of EMF+ (2.1.1.1) and of WMF (2.1.1.1).
const (
	emfEOF, emfComment                           = 14, 70
	emfText8, emfText, emfPoly8, emfPoly         = 83, 84, 96, 97
	emfSmallText                                 = 108
	plusString, plusDriverString                 = 0x401c, 0x4036
	wmfEOF, wmfFont, wmfText, wmfExtText, maxWMF = 0, 0x02fb, 0x0521, 0x0a32, 1 << 20
)

// Options of texts: glyphs of a font in place of characters; no rectangle before
// the text, and characters of one byte, in small ones.
const (
	textGlyphs = 0x10
	textNoRect = 0x100
	textSmall  = 0x200
)

// drawing gathers the texts of a metafile: those at one height make a line.
type drawing struct {
	f     *file
	calls int
	out   []byte
	any   bool
	y     int32
	last  int // how many characters the text before had
	page  int // of texts in bytes
}

// next counts a call and reports whether to go on.
func (d *drawing) next() bool {
	d.calls++
	return d.calls < maxCalls && (d.calls%256 != 0 || !d.f.stopped()) && len(d.out) < maxField
}

func (d *drawing) text(y int32, s string) {
	n := utf8.RuneCountInString(s)
	if n == 0 {
		return
	}
	switch {
	case !d.any:
	case y != d.y:
		d.out = append(d.out, '\n')
	case n > 1 || d.last > 1: // else it is put down letter by letter
		d.out = append(d.out, '\t')
	}
	d.out = append(d.out, s...)
	d.any, d.y, d.last = true, y, n
}

func (d *drawing) tell() { d.f.text("text", append(d.out, '\n')) }

var le = binary.LittleEndian

func utf16le(b []byte) string { return charset.Text(b[:len(b)&^1], charset.UTF16LE) }

// emf reads an enhanced metafile.
func (f *file) emf() {
	d := &drawing{f: f}
	var head [8]byte
	for at := int64(0); d.next(); {
		if _, err := f.at.ReadAt(head[:], at); err != nil && err != io.EOF {
			f.err = err
			return
		}
		kind, size := le.Uint32(head[:]), int64(le.Uint32(head[4:]))
		if size < 8 || at+size > f.size || kind == emfEOF {
			break
		}
		switch kind {
		case emfText8, emfText, emfPoly8, emfPoly, emfSmallText, emfComment:
			b := f.bytes(at, size)
			if int64(len(b)) < size {
				return
			}
			if d.record(kind, b) {
				f.took(at, size)
			}
		}
		at += size
	}
	d.tell()
}

// record reads one that may hold text, and reports whether it did.
func (d *drawing) record(kind uint32, b []byte) bool {
	before := len(d.out)
	switch kind {
	case emfText8, emfText:
		d.placed(b, 36, kind == emfText8)
	case emfPoly8, emfPoly:
		const head, each = 40, 40
		for at := head; len(b) >= head && at+each <= len(b) && at < head+each*int(min(le.Uint32(b[36:]), 1<<16)); at += each {
			d.placed(b, at, kind == emfPoly8)
		}
	case emfSmallText:
		if len(b) < 36 {
			break
		}
		n, options, text := int(min(le.Uint32(b[16:]), 1<<24)), le.Uint32(b[20:]), b[36:]
		if options&textNoRect == 0 {
			text = text[min(16, len(text)):]
		}
		switch {
		case options&textGlyphs != 0:
		case options&textSmall != 0:
			d.text(int32(le.Uint32(b[12:])), codepage.Text(d.page, text[:min(n, len(text))]))
		default:
			d.text(int32(le.Uint32(b[12:])), utf16le(text[:min(2*n, len(text))]))
		}
	case emfComment:
		if len(b) > 16 && string(b[12:16]) == "EMF+" {
			d.plus(b[16:min(len(b), 12+int(min(le.Uint32(b[8:]), 1<<30)))])
		}
	}
	return len(d.out) > before
}

// placed reads the text that an EmrText at that offset of a record describes.
func (d *drawing) placed(b []byte, at int, bytewise bool) {
	if at+20 > len(b) {
		return
	}
	y, n, from, options := int32(le.Uint32(b[at+4:])), int64(le.Uint32(b[at+8:])), int64(le.Uint32(b[at+12:])), le.Uint32(b[at+16:])
	if options&textGlyphs != 0 || from > int64(len(b)) {
		return
	}
	rest := b[from:]
	if bytewise {
		d.text(y, codepage.Text(d.page, rest[:min(n, int64(len(rest)))]))
		return
	}
	d.text(y, utf16le(rest[:min(2*n, int64(len(rest)))]))
}

// plus reads records of EMF+, which stand in comments.
func (d *drawing) plus(b []byte) {
	for len(b) >= 12 && d.next() {
		kind, size := le.Uint16(b), int64(le.Uint32(b[4:]))
		if size < 12 || size > int64(len(b)) {
			return
		}
		data := b[12:size]
		switch {
		case kind == plusString && len(data) >= 28:
			n := int64(le.Uint32(data[8:]))
			d.text(int32(le.Uint32(data[16:])), utf16le(data[28:28+min(2*n, int64(len(data)-28))]))
		case kind == plusDriverString && len(data) >= 16 && data[4]&1 != 0: // characters, not glyphs
			n := int64(le.Uint32(data[12:]))
			d.text(0, utf16le(data[16:16+min(2*n, int64(len(data)-16))]))
		}
		b = b[size:]
	}
}

// wmf reads a metafile of 16-bit Windows. Its texts are in the code page of a
// font, which is taken to be the same for all.
func (f *file) wmf() {
	d := &drawing{f: f}
	var head [18]byte
	start := int64(0)
	if f.at.ReadAt(head[:], 0); string(head[:4]) == placeable {
		start = placeableSize
	}
	for _, fonts := range []bool{true, false} {
		d.calls = 0
		for at := start + 18; d.next(); {
			if n, err := f.at.ReadAt(head[:6], at); n < 6 && err != io.EOF {
				f.err = err
				return
			} else if n < 6 {
				break
			}
			size, kind := 2*int64(le.Uint32(head[:])), le.Uint16(head[4:])
			if size < 6 || at+size > f.size || kind == wmfEOF {
				break
			}
			if (kind == wmfFont) == fonts && (fonts || kind == wmfText || kind == wmfExtText) && size < maxWMF {
				b := f.bytes(at, size)
				if int64(len(b)) < size {
					return
				}
				if d.call(kind, b[6:]) {
					f.took(at, size)
				}
			}
			at += size
		}
	}
	d.tell()
}

// call reads a record of WMF from its parameters on, and reports whether there was
// text in it.
func (d *drawing) call(kind uint16, b []byte) bool {
	before := len(d.out)
	switch {
	case kind == wmfFont && len(b) > 13:
		if set := int(b[13]); set != 0 { // else it says nothing
			d.page = codepage.OfFont(set)
		}
	case kind == wmfText && len(b) > 2:
		n := int(le.Uint16(b))
		text := b[2:min(2+n, len(b))]
		y := int32(0)
		if at := 2 + n + n&1; at+2 <= len(b) {
			y = int32(int16(le.Uint16(b[at:])))
		}
		d.text(y, codepage.Text(d.page, text))
	case kind == wmfExtText && len(b) >= 8:
		const rectangle = 2 | 4
		n, options, text := int(le.Uint16(b[4:])), le.Uint16(b[6:]), b[8:]
		if options&rectangle != 0 {
			text = text[min(8, len(text)):]
		}
		if options&textGlyphs == 0 {
			d.text(int32(int16(le.Uint16(b))), codepage.Text(d.page, text[:min(n, len(text))]))
		}
	}
	return len(d.out) > before
}
