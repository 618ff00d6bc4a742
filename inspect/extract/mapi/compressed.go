package mapi

import (
	"encoding/binary"
	"errors"
	"io"
)

// What the window of the compression holds at the start ([MS-OXRTFCP] 2.1.2.1).
const prefilled = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}" +
	"{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript " +
	"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n" +
	"\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

const (
	compressed   = 0x75465a4c // "LZFu"
	uncompressed = 0x414c454d // "MELA"
)

var errCompressedRTF = errors.New("no compressed RTF")

// Decompress reads RTF that was compressed as messages have it ([MS-OXRTFCP]).
// One that is cut off gives what there is and then io.ErrUnexpectedEOF. The
// checksum is not looked at.
func Decompress(src []byte) io.Reader {
	r := &rtfReader{}
	if len(src) < 16 {
		r.err = io.ErrUnexpectedEOF
		return r
	}
	switch binary.LittleEndian.Uint32(src[8:]) {
	case compressed:
		r.src = src[16:]
		r.at = copy(r.window[:], prefilled)
	case uncompressed:
		r.out, r.err = src[16:], io.EOF
	default:
		r.err = errCompressedRTF
	}
	return r
}

type rtfReader struct {
	src    []byte
	window [4096]byte
	at     int // in window
	out    []byte
	buf    []byte
	err    error
}

func (r *rtfReader) Read(p []byte) (int, error) {
	if len(r.out) == 0 && r.err == nil {
		r.buf = r.buf[:0]
		for len(r.buf) < 16<<10 && r.err == nil {
			r.err = r.run()
		}
		r.out = r.buf
	}
	if len(r.out) == 0 {
		return 0, r.err
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// run decodes one control byte and the eight tokens that it tells of.
func (r *rtfReader) run() error {
	if len(r.src) == 0 {
		return io.ErrUnexpectedEOF
	}
	flags := r.src[0]
	r.src = r.src[1:]
	for range 8 {
		if flags&1 == 0 {
			if len(r.src) == 0 {
				return io.ErrUnexpectedEOF
			}
			r.put(r.src[0])
			r.src = r.src[1:]
		} else {
			if len(r.src) < 2 {
				return io.ErrUnexpectedEOF
			}
			token := int(r.src[0])<<8 | int(r.src[1])
			r.src = r.src[2:]
			from := token >> 4
			if from == r.at {
				return io.EOF
			}
			for i := range token&15 + 2 {
				r.put(r.window[(from+i)&4095])
			}
		}
		flags >>= 1
	}
	return nil
}

func (r *rtfReader) put(c byte) {
	r.buf = append(r.buf, c)
	r.window[r.at] = c
	r.at = (r.at + 1) & 4095
}
