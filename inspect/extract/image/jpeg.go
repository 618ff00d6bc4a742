package image

import (
	"bytes"
	"encoding/binary"
)

func isJPEG(head []byte) bool { return bytes.HasPrefix(head, []byte("\xff\xd8\xff")) }

// What application segments begin with.
const (
	exifMark     = "Exif\x00"
	xmpMark      = "http://ns.adobe.com/xap/1.0/\x00"
	xmpMoreMark  = "http://ns.adobe.com/xmp/extension/\x00"
	resourceMark = "Photoshop 3.0\x00"
)

// jpeg goes through the segments up to the picture (ITU-T T.81, annex B).
func (f *file) jpeg() {
	var more []byte // extended XMP, whose segments come in order
	var resources []byte
	for at := int64(2); !f.stopped(); {
		h := f.bytes(at, 4)
		if len(h) < 4 || h[0] != 0xff {
			break
		}
		kind := h[1]
		switch {
		case kind == 0xff: // fill
			at++
			continue
		case kind == 0x01 || kind >= 0xd0 && kind <= 0xd7:
			at += 2
			continue
		}
		if kind == 0xda || kind == 0xd9 {
			break
		}
		n := int64(binary.BigEndian.Uint16(h[2:]))
		if n < 2 {
			break
		}
		b := f.bytes(at+4, n-2)
		switch {
		case kind == 0xc4 || kind == 0xdb:
			f.took(at+4, n-2) // tables of numbers, which read as letters
		case kind == 0xfe:
			f.took(at+4, n-2)
			f.child("comment", "", b)
		case kind == 0xe1 && bytes.HasPrefix(b, []byte(exifMark)) && len(b) > 6:
			f.exif(b[6:], at+10)
		case kind == 0xe1 && bytes.HasPrefix(b, []byte(xmpMark)):
			f.took(at+4, n-2)
			f.xmp(b[len(xmpMark):])
		case kind == 0xe1 && bytes.HasPrefix(b, []byte(xmpMoreMark)) && len(b) > len(xmpMoreMark)+40:
			f.took(at+4, n-2)
			if len(more) < maxField {
				more = append(more, b[len(xmpMoreMark)+40:]...)
			}
		case kind == 0xed && bytes.HasPrefix(b, []byte(resourceMark)):
			f.took(at+4, n-2)
			if len(resources) < maxField {
				resources = append(resources, b[len(resourceMark):]...)
			}
		}
		at += 2 + n
	}
	f.xmp(more)
	f.resources(resources)
}
