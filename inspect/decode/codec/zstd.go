package codec

import (
	"bufio"
	"bytes"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Zstd is RFC 8878, with any number of frames.
var Zstd = Codec{Name: "zstd", Open: openZstd, Match: func(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")) || skippable(head)
}}

// skippable reports whether head begins a frame that Zstandard and LZ4 pass over.
func skippable(head []byte) bool {
	return len(head) > 4 && head[0]&0xf0 == 0x50 && bytes.HasPrefix(head[1:], []byte("\x2a\x4d\x18"))
}

var zstds = sync.Pool{New: func() any {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(MaxWindow), zstd.WithDecoderMaxMemory(2*MaxWindow))
	if err != nil {
		panic("codec: options of the zstd decoder: " + err.Error())
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
		return ErrWindow
	}
	return err
}
