// Package codec decompresses: gzip, zlib and deflate, Brotli, Zstandard, bzip2,
// xz, LZMA, lzip, LZ4, compress, Deflate64. All stream, and none takes more
// memory than MaxWindow and what its library needs besides, whatever the data
// asks for.
package codec

import (
	"bufio"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// MaxWindow is the largest window, dictionary or model that a decoder may ask
// for, in bytes. What asks for more ends in a part.Fault TooLarge.
const MaxWindow = 64 << 20

// ErrWindow is that fault.
var ErrWindow = &part.Fault{Reason: part.TooLarge, Detail: "needs a window over 64 MiB"}

// Codec is one way to compress a stream.
type Codec struct {
	Name string
	// Open returns a reader of what src stands for, and a function that takes
	// it back, which may be nil and is to be called even if there is an error.
	Open func(src *bufio.Reader) (io.Reader, func(), error)
	// Match reports whether head begins something so compressed, by its mark
	// alone. nil if there is none.
	Match func(head []byte) bool
	// First holds the first bytes of its marks; empty: any.
	First string
	// Rest says that the reader takes no more of src than belongs to it.
	Rest bool
}

// Found lists the codecs that can be told by a mark, in order of trial.
func Found() []*Codec {
	return []*Codec{&Gzip, &Zstd, &Zlib, &Bzip2, &XZ, &LZ4, &Lzip, &Compress, &LZMA}
}
