package codec

import (
	"bufio"
	"encoding/binary"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zlib"
)

// Zlib is RFC 1950, which HTTP calls deflate, and the bare deflate (RFC 1951)
// that some clients send under the name. Only the former has a mark.
var Zlib = Codec{Name: "deflate", First: "\x08\x18\x28\x38\x48\x58\x68\x78", Open: openZlibOrDeflate, Rest: true, Match: zlibHeader}

// Deflate is RFC 1951.
var Deflate = Codec{Name: "deflate", Open: openDeflate, Rest: true}

var inflaters, zlibs sync.Pool

func openZlibOrDeflate(src *bufio.Reader) (io.Reader, func(), error) {
	if head, _ := src.Peek(2); zlibHeader(head) {
		return openZlib(src)
	}
	return openDeflate(src)
}

func openDeflate(src *bufio.Reader) (io.Reader, func(), error) {
	r, _ := inflaters.Get().(io.ReadCloser)
	if r == nil {
		r = flate.NewReader(src)
	} else if err := r.(flate.Resetter).Reset(src, nil); err != nil {
		return nil, nil, err
	}
	return r, func() { inflaters.Put(r) }, nil
}

func openZlib(src *bufio.Reader) (io.Reader, func(), error) {
	r, _ := zlibs.Get().(io.ReadCloser)
	var err error
	if r == nil {
		r, err = zlib.NewReader(src)
	} else {
		err = r.(zlib.Resetter).Reset(src, nil)
	}
	if err != nil {
		return nil, nil, err
	}
	return r, func() { zlibs.Put(r) }, nil
}

// Deflates reports whether b may begin with a block of deflate, by the block's
// header: a length and its complement, or a set of code lengths that makes a
// prefix code. One place in four of noise looks like it. (RFC 1951, section 3.2.)
func Deflates(b []byte) bool {
	if len(b) < 10 {
		return true
	}
	switch b[0] >> 1 & 3 {
	case 0:
		return b[1] == ^b[3] && b[2] == ^b[4]
	case 1:
		return true
	case 2:
		v := binary.LittleEndian.Uint64(b)
		if v>>3&31 > 29 || v>>8&31 > 29 {
			return false
		}
		n := int(v>>13&15) + 4
		lengths := v>>17 | uint64(b[8])<<47 | uint64(b[9])<<55 // of up to 19 codes, three bits each
		left, used := 1<<7, 0
		for range n {
			if l := lengths & 7; l > 0 {
				left -= 1 << (7 - l)
				used++
			}
			lengths >>= 3
		}
		return left == 0 || used == 1
	}
	return false
}

// zlibHeader reports whether b begins with a header of zlib: deflate, a window
// of at most 32 KiB, no dictionary, the check bits.
func zlibHeader(b []byte) bool {
	return len(b) >= 2 && b[0]&0x0f == 8 && b[0]>>4 <= 7 && b[1]&0x20 == 0 && (uint(b[0])<<8|uint(b[1]))%31 == 0
}
