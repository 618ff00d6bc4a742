package decode

import (
	"bufio"
	"encoding/binary"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// binHexEnclosure is a Macintosh file in BinHex 4.0 (RFC 1741, appendix A):
// between two colons, six bits a character, runs of bytes shortened, with a
// header before the file's two forks.
var binHexEnclosure = enclosureKind{"binhex", "(This file must be converted with BinHex", nil, openBinHex}

// binHexDigits holds the value of each of the 64 characters, outside for others.
var binHexDigits = func() (t [256]byte) {
	for i := range t {
		t[i] = outside
	}
	for i, c := range []byte("!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr") {
		t[c] = byte(i)
	}
	return t
}()

func openBinHex(_ string, src *bufio.Reader) (part.Part, io.Reader) {
	d := &binHex{}
	return part.Part{Name: "file"}, &linesOf{src: src, name: "binhex", decode: d.line}
}

// binHex is what is known between two lines.
type binHex struct {
	open   bool // the first colon was met
	bits   uint32
	n      int    // bits that are left
	head   []byte // up to its end
	past   bool   // the header
	last   byte   // for runs
	repeat bool   // a run's length comes next
}

// line decodes one line. more is false behind the last colon.
func (d *binHex) line(dst, line []byte) (out []byte, more bool) {
	for _, c := range line {
		if c == ':' {
			if d.open {
				return dst, false
			}
			d.open = true
			continue
		}
		v := binHexDigits[c]
		if !d.open || v == outside {
			continue
		}
		d.bits, d.n = d.bits<<6|uint32(v), d.n+6
		if d.n >= 8 {
			d.n -= 8
			dst = d.expand(dst, byte(d.bits>>d.n))
		}
	}
	return dst, true
}

// expand takes the next byte before runs are written out.
func (d *binHex) expand(dst []byte, c byte) []byte {
	const mark = 0x90
	switch {
	case d.repeat && c == 0:
		d.repeat, d.last = false, mark
		return d.put(dst, mark)
	case d.repeat:
		d.repeat = false
		for range c - 1 {
			dst = d.put(dst, d.last)
		}
		return dst
	case c == mark:
		d.repeat = true
		return dst
	}
	d.last = c
	return d.put(dst, c)
}

// put takes the next byte of the file. Its header ends with the sizes of the
// forks and a check sum.
func (d *binHex) put(dst []byte, c byte) []byte {
	if d.past {
		return append(dst, c)
	}
	d.head = append(d.head, c)
	const longest = 63 // name, as the file system has it
	if d.head[0] > longest {
		d.past = true
		return append(dst, d.head...)
	}
	const behindName = 1 + 4 + 4 + 2 + 4 + 4 + 2
	if name := int(d.head[0]); len(d.head) == 1+name+behindName {
		d.past = true
		// What claims to have no data is handed on with its header.
		if binary.BigEndian.Uint32(d.head[1+name+1+4+4+2:]) == 0 {
			return append(dst, d.head...)
		}
	}
	return dst
}
