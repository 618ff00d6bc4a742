package codec

import (
	"bufio"
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

// zlibHeader reports whether b begins with a header of zlib: deflate, a window
// of at most 32 KiB, no dictionary, the check bits.
func zlibHeader(b []byte) bool {
	return len(b) >= 2 && b[0]&0x0f == 8 && b[0]>>4 <= 7 && b[1]&0x20 == 0 && (uint(b[0])<<8|uint(b[1]))%31 == 0
}
