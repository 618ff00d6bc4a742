package decode

import (
	"bufio"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// maxWindow is the most memory that a zstd frame may ask for. RFC 9659 allows
// 8 MiB in a content encoding; files go higher, by default up to 8 MiB, too.
const maxWindow = 32 << 20

// zstdCoding reads Zstandard (RFC 8878) with any number of frames.
var zstdCoding = coding{name: "zstd", open: openZstd}

var errWindow = &part.Fault{Reason: part.TooLarge, Detail: "zstd window over 32 MiB"}

var zstds = sync.Pool{New: func() any {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(2*maxWindow))
	if err != nil {
		panic("decode: options of the zstd decoder: " + err.Error())
	}
	return d
}}

type zstdReader struct{ d *zstd.Decoder }

func openZstd(src *bufio.Reader) (io.Reader, func(), error) {
	d := zstds.Get().(*zstd.Decoder)
	release := func() {
		d.Reset(nil)
		zstds.Put(d)
	}
	if err := d.Reset(src); err != nil {
		return nil, release, reasonZstd(err)
	}
	return zstdReader{d}, release, nil
}

func (r zstdReader) Read(p []byte) (int, error) {
	n, err := r.d.Read(p)
	return n, reasonZstd(err)
}

func reasonZstd(err error) error {
	if err == zstd.ErrWindowSizeExceeded || err == zstd.ErrDecoderSizeExceeded {
		return errWindow
	}
	return err
}
