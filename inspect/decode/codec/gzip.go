package codec

import (
	"bufio"
	"bytes"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// Gzip is RFC 1952, with any number of members.
var Gzip = Codec{Name: "gzip", First: "\x1f", Open: openGzip, Rest: true, Match: func(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\x1f\x8b\x08"))
}}

var gzips sync.Pool

func openGzip(src *bufio.Reader) (io.Reader, func(), error) {
	z, _ := gzips.Get().(*gzip.Reader)
	if z == nil {
		z = new(gzip.Reader)
	}
	release := func() { gzips.Put(z) }
	if err := z.Reset(src); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, release, err
	}
	z.Multistream(false)
	return &members{src: src, z: z}, release, nil
}

// members reads the members of a gzip file one after another and stops before
// what is none, which the library takes for an error.
type members struct {
	src *bufio.Reader
	z   *gzip.Reader
}

func (m *members) Read(p []byte) (int, error) {
	for {
		n, err := m.z.Read(p)
		if err != io.EOF {
			return n, err
		}
		if head, _ := m.src.Peek(3); string(head) != "\x1f\x8b\x08" {
			return n, io.EOF
		}
		if err := m.z.Reset(m.src); err != nil {
			return n, err
		}
		m.z.Multistream(false)
		if n > 0 {
			return n, nil
		}
	}
}
