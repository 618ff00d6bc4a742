package codec

import (
	"bufio"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
)

// Brotli is RFC 7932, whose windows are 16 MiB at most. It has no mark.
var Brotli = Codec{Name: "br", Open: openBrotli}

var brotlis = sync.Pool{New: func() any { return brotli.NewReader(nil) }}

func openBrotli(src *bufio.Reader) (io.Reader, func(), error) {
	r := brotlis.Get().(*brotli.Reader)
	err := r.Reset(src)
	return r, func() { brotlis.Put(r) }, err
}
