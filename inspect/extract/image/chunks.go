package image

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"io"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func isPNG(head []byte) bool { return bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")) }

// png reads the chunks that hold text (PNG specification, third edition,
// section 11.3.3).
func (f *file) png() {
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
		}
		at += 12 + n
	}
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
