// Package data reads formats that programs exchange and store data in: address
// books (vCard, LDIF), calendars, databases and their dumps (SQLite, SQL), and
// what services send (Protocol Buffers, gRPC, MessagePack, CBOR, property lists,
// web archives).
//
// What is a list of people becomes a table with a header row, or JSON with one
// object a record, so that the detectors see which values belong together.
package data

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"sync"

	"golang.org/x/text/encoding/unicode"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Readers returns the readers in order of trial.
func Readers() []part.Reader {
	return []part.Reader{sqlite{}, vcard{}, ical{}, ldif{}, warc{}, sql{}, escaped{}, grpc{}, plist, msgpack, cbor, protobuf}
}

var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 32<<10) }}

// open returns a buffered reader of p's body, in UTF-8 where a byte order mark
// says UTF-16. Give it back with its function.
func open(p *part.Part) (*bufio.Reader, func()) {
	src := buffers.Get().(*bufio.Reader)
	src.Reset(p.Body)
	release := func() { src.Reset(nil); buffers.Put(src) }
	if b, _ := src.Peek(3); len(b) == 3 {
		switch {
		case b[0] == 0xff && b[1] == 0xfe, b[0] == 0xfe && b[1] == 0xff:
			wide := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(src)
			return bufio.NewReader(wide), release
		case string(b) == "\xef\xbb\xbf":
			src.Discard(3)
		}
	}
	return src, release
}

// start returns the start of a text without a byte order mark and white space,
// in ASCII also where it is UTF-16.
func start(head []byte) []byte {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		head = bytes.ReplaceAll(head[2:], []byte{0}, nil)
	}
	return bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
}

// starts reports whether the text begins with prefix, in whatever case.
func starts(head []byte, prefix string) bool {
	wide := bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff"))
	if wide {
		head = head[2:]
	}
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	if k := ink(head); k == len(head) || head[k]|0x20 != prefix[0]|0x20 {
		return false
	}
	n := 0
	for _, c := range head {
		switch {
		case n == len(prefix):
			return true
		case c == 0 && wide:
		case n == 0 && (c == ' ' || c == '\t' || c == '\r' || c == '\n'):
		case c == prefix[n] || c|0x20 == prefix[n]|0x20 && c|0x20 >= 'a' && c|0x20 <= 'z':
			n++
		default:
			return false
		}
	}
	return n == len(prefix)
}

// ink returns where in b the first byte above the space stands.
func ink(b []byte) int {
	i := 0
	for i+8 <= len(b) {
		if x := binary.LittleEndian.Uint64(b[i:]); (x|(x+0x5f5f5f5f5f5f5f5f))&0x8080808080808080 != 0 {
			break
		}
		i += 8
	}
	for i < len(b) && b[i] <= ' ' {
		i++
	}
	return i
}

// content reports whether p may be a document of these formats.
func content(p *part.Part) bool { return p.Role.Content() && len(p.Encodings) == 0 }

// text reads a short value in whatever encoding it is in.
func text(b []byte) string {
	if charset.ValidPrefix(b) == len(b) && charset.Escape(b) < 0 {
		return string(b)
	}
	return charset.Text(b, charset.Detect(b, true, false, "").Charset)
}

// appendCell appends a value as one cell of a table.
func appendCell(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if c < ' ' {
			c = ' '
		}
		dst = append(dst, c)
	}
	return dst
}

// child is a nested part whose bytes are in memory.
func child(path, mediaType string, b []byte) part.Part {
	return part.Part{Path: path, MediaType: mediaType, Body: bytes.NewReader(b), Size: int64(len(b))}
}

// whole reads a body of at most most bytes into memory. Beyond that it gives a
// Fault.
func whole(p *part.Part, most int) ([]byte, error) {
	if h, ok := p.Body.(part.Held); ok {
		if b, ok := h.Bytes(); ok {
			return b, nil
		}
	}
	b, err := io.ReadAll(io.LimitReader(p.Body, int64(most)+1))
	if len(b) > most {
		return nil, &part.Fault{Reason: part.TooLarge, Detail: "too large to be read as a whole"}
	}
	return b, err
}
