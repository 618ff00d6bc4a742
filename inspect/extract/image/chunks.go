package image

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"io"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func isPNG(head []byte) bool { return bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")) }

// png reads the chunks that hold text (PNG specification, third edition,
// section 11.3.3).
func (f *file) png() {
	seen := false // of the pixels
	for at := int64(8); !f.stopped(); {
		h := f.bytes(at, 8)
		if len(h) < 8 {
			return
		}
		n, kind := int64(binary.BigEndian.Uint32(h)), string(h[4:])
		if n > 1<<31-1 {
			return
		}
		switch kind {
		case "IEND":
			return
		case "tEXt", "zTXt", "iTXt":
			b := f.bytes(at+8, n)
			f.took(at+8, n)
			f.pngText(kind, b)
		case "eXIf":
			f.exif(f.bytes(at+8, n), at+8)
		case "iCCP":
			f.colours(f.bytes(at+8, n))
		case "IDAT":
			if !seen {
				seen = true
				f.pixels(at)
				f.surplus(at)
			}
		}
		at += 12 + n
	}
}

// pixels hands on a picture's pixels if they are text or a known file: a
// picture is a way to carry bytes that no eye tells from noise. Colours and
// filters do not matter, as long as the bytes stand in their order.
func (f *file) pixels(at int64) {
	head := f.bytes(16, 10)
	if len(head) < 10 || head[8] != 0 && head[8] != 8 && head[8] != 16 {
		head = nil
	}
	z, err := zlib.NewReader(&imageData{f: f, at: at})
	if err != nil || len(head) == 0 {
		return
	}
	rows := &pixelRows{z: z, line: rowSize(head)}
	if rows.line < 1 || rows.line > maxField {
		return
	}
	var probe [512]byte
	n, err := io.ReadFull(rows, probe[:])
	if err != nil && err != io.ErrUnexpectedEOF || !Carries(probe[:n]) {
		return
	}
	body := io.MultiReader(bytes.NewReader(probe[:n]), part.NewMeter(f.ctx, f.b, "pixels", rows))
	f.emitted = f.e.Child(part.Part{Path: "pixels", Body: body, Size: -1})
}

// colours hands on what stands in the place of a profile of colours and is none
// (ICC.1, 7.2).
func (f *file) colours(b []byte) {
	_, packed, _ := bytes.Cut(b, []byte{0})
	if len(packed) < 2 {
		return
	}
	const mark, at = "acsp", 36
	if profile := f.inflate(packed[1:]); len(profile) < at+len(mark) || string(profile[at:at+len(mark)]) != mark {
		f.hidden("profile", profile)
	}
}

// maxPlain is the most bytes of pixels behind which more is looked for.
const maxPlain = 256 << 10

// surplus hands on what is packed with the pixels of a small picture, behind them.
func (f *file) surplus(at int64) {
	head := f.bytes(16, 13)
	if len(head) < 13 || head[12] != 0 {
		return
	}
	size := int64(rowSize(head)+1) * int64(binary.BigEndian.Uint32(head[4:]))
	z, err := zlib.NewReader(&imageData{f: f, at: at})
	if err != nil || size > maxPlain {
		return
	}
	if _, err := io.CopyN(io.Discard, z, size); err != nil {
		return
	}
	more, _ := io.ReadAll(io.LimitReader(part.NewMeter(f.ctx, f.b, "pixels", z), maxField)) // what there is
	f.hidden("behind the pixels", more)
}

// hidden hands on bytes that no format has there.
func (f *file) hidden(what string, b []byte) {
	if len(b) > 0 && f.emitted == nil {
		f.emitted = f.e.Child(part.Part{Path: what, Body: bytes.NewReader(b), Size: int64(len(b))})
	}
}

// rowSize is the bytes of a row of pixels, by the header from the width on.
func rowSize(head []byte) int {
	bits := map[byte]int{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[head[9]] * int(head[8])
	return (int(binary.BigEndian.Uint32(head)&(1<<24-1))*bits + 7) / 8
}

// Carries reports whether the first of a picture's pixels, some hundred bytes, are no
// picture: text, or a file.
func Carries(b []byte) bool {
	if len(b) < 64 {
		return false
	}
	for _, mark := range []string{"PK\x03\x04", "\x1f\x8b\x08", "7z\xbc\xaf", "Rar!", "%PDF-"} {
		if bytes.HasPrefix(b, []byte(mark)) {
			return true
		}
	}
	g := charset.Detect(b, false, true, "")
	seen := map[byte]bool{}
	for _, c := range b {
		if seen[c] = true; c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != 0 {
			return false
		}
	}
	return g.Sure >= 0.6 && len(seen) >= 16
}

// pixelRows reads the rows of a picture without the byte of a filter before each.
type pixelRows struct {
	z    io.Reader
	line int
	left int // of the row
}

func (r *pixelRows) Read(p []byte) (int, error) {
	if r.left == 0 {
		var filter [1]byte
		if _, err := io.ReadFull(r.z, filter[:]); err != nil {
			return 0, err
		}
		r.left = r.line
	}
	n, err := r.z.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}

// imageData reads the IDAT chunks from that at offset at on, one after the other.
type imageData struct {
	f    *file
	at   int64 // of the chunk that comes next
	left []byte
}

func (d *imageData) Read(p []byte) (int, error) {
	for len(d.left) == 0 {
		h := d.f.bytes(d.at, 8)
		if len(h) < 8 || string(h[4:]) != "IDAT" {
			return 0, io.EOF
		}
		n := int64(binary.BigEndian.Uint32(h))
		d.left = d.f.bytes(d.at+8, n)
		if int64(len(d.left)) < n {
			d.at = d.f.size
		}
		d.at += 12 + n
	}
	n := copy(p, d.left)
	d.left = d.left[n:]
	return n, nil
}

// pngText reads a chunk of text: a keyword and a value, perhaps compressed.
func (f *file) pngText(kind string, b []byte) {
	word, value, ok := bytes.Cut(b, []byte{0})
	if !ok {
		word, value = nil, b
	}
	packed := kind == "zTXt"
	if kind == "iTXt" && len(value) > 2 {
		packed = value[0] == 1
		_, value, _ = bytes.Cut(value[2:], []byte{0}) // the language
		_, value, _ = bytes.Cut(value, []byte{0})     // the keyword in it
	} else if packed && len(value) > 1 {
		value = value[1:]
	}
	if packed {
		value = f.inflate(value)
	}
	keyword := plain(word, "")
	switch {
	case keyword == "XML:com.adobe.xmp":
		f.xmp(value)
	case strings.HasPrefix(keyword, "Raw profile type "):
		f.profile(strings.TrimPrefix(keyword, "Raw profile type "), value)
	default:
		if keyword == "" {
			keyword = "text"
		}
		f.text("text", appendField(nil, keyword, plain(value, "")))
	}
}

// profile reads a profile as ImageMagick writes it: its name, its length, and
// its bytes in hex.
func (f *file) profile(name string, b []byte) {
	fields := bytes.Fields(b)
	if len(fields) < 3 {
		return
	}
	joined := bytes.Join(fields[2:], nil)
	raw := make([]byte, len(joined)/2)
	n, _ := hex.Decode(raw, joined[:len(joined)&^1])
	raw = raw[:n]
	switch name {
	case "exif", "APP1":
		if bytes.HasPrefix(raw, []byte(exifMark)) && len(raw) > 6 {
			f.exif(raw[6:], -1)
		} else {
			f.xmp(bytes.TrimPrefix(raw, []byte(xmpMark)))
		}
	case "xmp":
		f.xmp(raw)
	case "iptc", "8bim":
		f.resources(raw)
	}
}

// inflate undoes zlib, up to maxField bytes.
func (f *file) inflate(b []byte) []byte {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	out, err := io.ReadAll(io.LimitReader(part.NewMeter(f.ctx, f.b, "zlib", z), maxField))
	if err != nil {
		if f.err == nil {
			f.err = err
		}
	}
	return out
}

func isGIF(head []byte) bool {
	return bytes.HasPrefix(head, []byte("GIF87a")) || bytes.HasPrefix(head, []byte("GIF89a"))
}

// gif reads comments, plain text and XMP in extensions (GIF89a specification).
func (f *file) gif() {
	h := f.bytes(10, 1)
	if len(h) < 1 {
		return
	}
	at := 13 + colors(h[0])
	for !f.stopped() {
		h := f.bytes(at, 2)
		switch {
		case len(h) > 0 && h[0] == 0x3b:
			return
		case len(h) < 2:
			return
		case h[0] == 0x2c: // an image
			d := f.bytes(at+9, 1)
			if len(d) < 1 {
				return
			}
			at = f.blocks(at+11+colors(d[0]), nil)
		case h[0] == 0x21:
			at = f.extension(h[1], at+2)
		default:
			return
		}
	}
}

// colors returns the size of a color table by the flags of its owner.
func colors(flags byte) int64 {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

func (f *file) extension(kind byte, at int64) (next int64) {
	const xmpApplication = "XMP DataXMP"
	var text []byte
	switch kind {
	case 0xfe:
		next = f.blocks(at, &text)
		f.took(at, next-at)
		f.child("comment", "", text)
	case 0x01:
		next = f.blocks(at+13, &text)
		f.took(at, next-at)
		f.child("text", "", text)
	case 0xff:
		if b := f.bytes(at, 12); len(b) == 12 && string(b[1:]) == xmpApplication {
			next = f.blocks(at+12, nil)
			packet := f.bytes(at+12, next-at-12)
			f.took(at+12, next-at-12)
			if k := bytes.LastIndexByte(packet, '>'); k >= 0 { // before the trailer
				f.xmp(packet[:k+1])
			}
			return next
		}
		next = f.blocks(at, nil)
	default:
		next = f.blocks(at, nil)
	}
	return next
}

// blocks passes the sub-blocks at offset at, keeping their bytes in text unless
// it is nil, and returns where they end.
func (f *file) blocks(at int64, text *[]byte) int64 {
	const window = 32 << 10
	var buf []byte
	start := at
	for {
		k := at - start
		if k >= int64(len(buf)) || k+256 > int64(len(buf)) && start+int64(len(buf)) < f.size {
			if buf = f.bytes(at, window); len(buf) == 0 {
				return f.size
			}
			start, k = at, 0
		}
		n := int64(buf[k])
		if n == 0 {
			return at + 1
		}
		if text != nil && len(*text) < maxField {
			*text = append(*text, buf[k+1:min(k+1+n, int64(len(buf)))]...)
		}
		at += 1 + n
	}
}

func isWebP(head []byte) bool {
	return len(head) > 15 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP"
}

// webp reads the metadata chunks (RFC 9649, section 2.7.1.5).
func (f *file) webp() {
	for at := int64(12); at < f.size && !f.stopped(); {
		h := f.bytes(at, 8)
		if len(h) < 8 {
			return // what is behind the last chunk
		}
		n := int64(binary.LittleEndian.Uint32(h[4:]))
		switch string(h[:4]) {
		case "EXIF":
			b := f.bytes(at+8, n)
			if skip := len(exifMark) + 1; bytes.HasPrefix(b, []byte(exifMark)) && len(b) > skip {
				f.exif(b[skip:], at+8+int64(skip))
			} else {
				f.exif(b, at+8)
			}
		case "XMP ":
			f.took(at+8, n)
			f.xmp(f.bytes(at+8, n))
		case "VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP":
		default:
			return
		}
		at += 8 + n + n&1
	}
}
