package image

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
)

// Image resources of Photoshop that hold text.
const (
	resourceIPTC = 0x0404
	resourceEXIF = 0x0422
	resourceXMP  = 0x0424
	resourceURL  = 0x040b
)

// resources reads image resource blocks (Adobe Photoshop File Formats).
func (f *file) resources(b []byte) {
	for len(b) > 12 && bytes.HasPrefix(b, []byte("8BIM")) {
		kind := binary.BigEndian.Uint16(b[4:])
		name := 1 + int(b[6])
		name += name & 1
		if 6+name+4 > len(b) {
			return
		}
		n := int64(binary.BigEndian.Uint32(b[6+name:]))
		b = b[6+name+4:]
		if n > int64(len(b)) {
			n = int64(len(b))
		}
		content := b[:n]
		switch kind {
		case resourceIPTC:
			f.iptc(content)
		case resourceEXIF:
			f.exif(content, -1)
		case resourceXMP:
			f.xmp(content)
		case resourceURL:
			f.child("URL", "", content)
		}
		b = b[min(n+n&1, int64(len(b))):]
	}
}

// iptcLabels names datasets of record 2 (IPTC-NAA Information Interchange
// Model, version 4).
var iptcLabels = map[byte]string{5: "Title", 15: "Category", 25: "Keywords", 40: "Instructions",
	55: "DateCreated", 80: "By-line", 85: "By-lineTitle", 90: "City", 92: "Sublocation", 95: "Province",
	101: "Country", 105: "Headline", 110: "Credit", 115: "Source", 116: "Copyright", 118: "Contact",
	120: "Caption", 122: "Writer"}

// iptc reads the datasets of records 2 and on.
func (f *file) iptc(b []byte) {
	var out []byte
	declared := ""
	for len(b) >= 5 && b[0] == 0x1c {
		record, set := b[1], b[2]
		n := int(binary.BigEndian.Uint16(b[3:]))
		b = b[5:]
		if n >= 0x8000 { // an extended length
			k := n & 0x7fff
			if k > 4 || k > len(b) {
				break
			}
			n = 0
			for _, c := range b[:k] {
				n = n<<8 | int(c)
			}
			b = b[k:]
		}
		n = min(n, len(b))
		value := b[:n]
		b = b[n:]
		if record == 1 && set == 90 && string(value) == "\x1b%G" {
			declared = "utf-8"
		}
		if record < 2 || set == 0 || len(value) == 0 {
			continue
		}
		label, ok := iptcLabels[set]
		if !ok || record != 2 {
			label = fmt.Sprintf("%d:%d", record, set)
		}
		out = appendField(out, label, plain(value, declared))
	}
	f.text("IPTC", out)
}

// appendField appends a line with a label and a value.
func appendField(dst []byte, label, value string) []byte {
	dst = append(append(dst, label...), ": "...)
	for i := range len(value) {
		c := value[i]
		if c < ' ' {
			c = ' '
		}
		dst = append(dst, c)
	}
	return append(dst, '\n')
}

// plain reads a value in whatever encoding it is in.
func plain(b []byte, hint string) string {
	b = bytes.Trim(b, "\x00 ")
	return charset.Text(b, charset.Detect(b, true, false, hint).Charset)
}

func isPSD(head []byte) bool { return bytes.HasPrefix(head, []byte("8BPS\x00\x01")) }

// psd reads the image resources of a Photoshop file.
func (f *file) psd() {
	h := f.bytes(26, 4)
	if len(h) < 4 {
		return
	}
	at := 30 + int64(binary.BigEndian.Uint32(h))
	h = f.bytes(at, 4)
	if len(h) < 4 {
		return
	}
	n := int64(binary.BigEndian.Uint32(h))
	f.took(at+4, n)
	f.resources(f.bytes(at+4, n))
}
