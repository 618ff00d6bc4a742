package decode

import (
	"bufio"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
)

// brotliCoding reads Brotli (RFC 7932), whose windows are 16 MiB at most. It
// has no magic, so it must be declared.
var brotliCoding = coding{name: "br", open: openBrotli}

var brotlis = sync.Pool{New: func() any { return brotli.NewReader(nil) }}

func openBrotli(src *bufio.Reader) (io.Reader, func(), error) {
	r := brotlis.Get().(*brotli.Reader)
	err := r.Reset(src)
	return r, func() { brotlis.Put(r) }, err
}
