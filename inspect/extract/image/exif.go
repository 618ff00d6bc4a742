package image

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
)

func isTIFF(head []byte) bool {
	return bytes.HasPrefix(head, []byte("II*\x00")) || bytes.HasPrefix(head, []byte("MM\x00*"))
}

// tiff reads the directories of a TIFF file (TIFF 6.0), of which EXIF is one.
func (f *file) tiff() {
	d := f.directories(0, f.size)
	d.put()
}

// exif reads EXIF (CIPA DC-008): a TIFF file without a picture. b is its bytes,
// at is where it stands in the file, -1 if nowhere in one piece.
func (f *file) exif(b []byte, at int64) {
	if !isTIFF(b) || f.depth >= maxDepth {
		return
	}
	inner := &file{ctx: f.ctx, b: f.b, e: f.e, at: bytes.NewReader(b), size: int64(len(b)), depth: f.depth + 1}
	inner.directories(0, inner.size).put()
	if at >= 0 {
		for _, s := range inner.read {
			f.took(at+s.from, s.to-s.from)
		}
	}
	if f.err == nil {
		f.err = inner.err
	}
	f.emitted = inner.emitted
}

// maxDepth bounds metadata within metadata, which nobody needs.
const maxDepth = 3

// maxText bounds one value that is a line, and all of them.
const (
	maxText   = 1 << 20
	maxFields = 8 << 20
)

// directory gathers what the directories of a file say.
type directory struct {
	f      *file
	order  binary.ByteOrder
	seen   map[int64]bool
	fields []byte
	place  bool // the directory at hand tells where a picture was taken
}

// Tags that lead elsewhere or hold text in a form of their own.
const (
	tagXMP         = 700
	tagSubIFDs     = 330
	tagIPTC        = 33723
	tagResources   = 34377
	tagExif        = 34665
	tagGPS         = 34853
	tagInterop     = 40965
	tagUserComment = 37510
	tagXPFirst     = 40091 // Windows' title, comment, author, keywords, subject
	tagXPLast      = 40095
)

var tagLabels = map[uint16]string{269: "DocumentName", 270: "ImageDescription", 271: "Make", 272: "Model",
	285: "PageName", 305: "Software", 306: "DateTime", 315: "Artist", 316: "HostComputer", 33432: "Copyright",
	36867: "DateTimeOriginal", 36868: "DateTimeDigitized", 42032: "CameraOwnerName", 42033: "BodySerialNumber",
	42035: "LensMake", 42036: "LensModel", 42037: "LensSerialNumber", 37510: "UserComment",
	40091: "Title", 40092: "Comment", 40093: "Author", 40094: "Keywords", 40095: "Subject"}

var gpsLabels = map[uint16]string{1: "GPSLatitudeRef", 2: "GPSLatitude", 3: "GPSLongitudeRef", 4: "GPSLongitude",
	27: "GPSProcessingMethod", 28: "GPSAreaInformation", 29: "GPSDateStamp"}

// maxDirectories bounds the directories of one file: a page each.
const maxDirectories = 1000

// directories reads the directories of the TIFF file that stands at base.
func (f *file) directories(base, size int64) *directory {
	d := &directory{f: f, order: binary.LittleEndian, seen: map[int64]bool{}}
	h := f.bytes(base, 8)
	if len(h) < 8 {
		return d
	}
	if h[0] == 'M' {
		d.order = binary.BigEndian
	}
	d.chain(int64(d.order.Uint32(h[4:])), 0)
	return d
}

// put hands on the fields.
func (d *directory) put() { d.f.text("EXIF", d.fields) }

// chain reads a directory and those behind it.
func (d *directory) chain(at int64, depth int) {
	for at != 0 && depth < 8 && len(d.seen) < maxDirectories && !d.f.stopped() {
		if d.seen[at] {
			return
		}
		d.seen[at] = true
		h := d.f.bytes(at, 2)
		if len(h) < 2 {
			return
		}
		n := int64(d.order.Uint16(h))
		entries := d.f.bytes(at+2, n*12+4)
		for len(entries) >= 12 && n > 0 {
			d.entry(entries[:12], depth)
			entries, n = entries[12:], n-1
		}
		if len(entries) < 4 || n > 0 || depth > 0 { // inner ones have none behind them
			return
		}
		at = int64(d.order.Uint32(entries))
	}
}

// sizes holds the sizes of the field types, 0 where there is none.
var sizes = [14]int64{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4}

// entry reads one field.
func (d *directory) entry(b []byte, depth int) {
	tag, kind := d.order.Uint16(b), d.order.Uint16(b[2:])
	count := int64(d.order.Uint32(b[4:]))
	if int(kind) >= len(sizes) || sizes[kind] == 0 {
		return
	}
	n := count * sizes[kind]
	value := b[8:12]
	at := int64(-1)
	text := kind == 2 || tag == tagUserComment || tag >= tagXPFirst && tag <= tagXPLast ||
		tag == tagXMP || tag == tagIPTC || tag == tagResources || d.place && gpsLabels[tag] != ""
	leads := tag == tagExif || tag == tagGPS || tag == tagInterop || tag == tagSubIFDs
	if !text && !leads {
		return
	}
	if n > 4 {
		at = int64(d.order.Uint32(value))
		if tag != tagXMP && tag != tagIPTC && tag != tagResources {
			n = min(n, maxText)
		}
		value = d.f.bytes(at, n)
	} else {
		value = value[:n]
	}
	if leads {
		for range min(count, 16) {
			if len(value) < 4 {
				break
			}
			was := d.place
			d.place = tag == tagGPS
			d.chain(int64(d.order.Uint32(value)), depth+1)
			d.place = was
			value = value[4:]
		}
		return
	}
	if len(d.fields) > maxFields {
		return // it stays in the picture
	}
	if at >= 0 {
		d.f.took(at, int64(len(value)))
	}
	d.field(tag, kind, value)
}

// field writes a field that holds text.
func (d *directory) field(tag, kind uint16, value []byte) {
	switch {
	case d.place:
		if label := gpsLabels[tag]; label != "" {
			d.fields = appendField(d.fields, label, d.position(tag, kind, value))
		}
		return
	case tag == tagXMP:
		d.f.xmp(value)
		return
	case tag == tagIPTC:
		d.f.iptc(value)
		return
	case tag == tagResources:
		d.f.resources(value)
		return
	}
	label := tagLabels[tag]
	if label == "" {
		label = fmt.Sprintf("tag %d", tag)
	}
	s := ""
	switch {
	case tag == tagUserComment:
		s = d.comment(value)
	case tag >= tagXPFirst && tag <= tagXPLast:
		s = strings.TrimRight(charset.Text(value, charset.UTF16LE), "\x00")
	default:
		s = plain(value, "")
	}
	if strings.TrimSpace(s) != "" {
		d.fields = appendField(d.fields, label, s)
	}
}

// comment reads a value with its character code in the first eight bytes.
func (d *directory) comment(b []byte) string {
	if len(b) < 8 {
		return ""
	}
	code, b := string(bytes.TrimRight(b[:8], "\x00 ")), b[8:]
	switch code {
	case "UNICODE":
		c := charset.UTF16BE
		if d.order == binary.LittleEndian {
			c = charset.UTF16LE
		}
		if s := strings.TrimRight(charset.Text(b, c), "\x00 "); !strings.ContainsRune(s, '\ufffd') && !strings.ContainsRune(s, 0) {
			return s
		}
	case "JIS":
		if charset.Escape(b) < 0 { // JIS X 0208 without the sequences around it
			b = append(append([]byte("\x1b$B"), b...), "\x1b(B"...)
		}
	}
	return plain(b, "")
}

// position writes the fields of a place: letters, or degrees, minutes and
// seconds.
func (d *directory) position(tag, kind uint16, b []byte) string {
	switch {
	case kind == 2:
		return plain(b, "")
	case tag == 27 || tag == 28:
		return d.comment(b)
	case kind != 5:
		return ""
	}
	degrees, unit := 0.0, 1.0
	for ; len(b) >= 8; b = b[8:] {
		num, den := float64(d.order.Uint32(b)), float64(d.order.Uint32(b[4:]))
		if den != 0 {
			degrees += num / den / unit
		}
		unit *= 60
	}
	return strconv.FormatFloat(math.Round(degrees*1e6)/1e6, 'f', -1, 64)
}
