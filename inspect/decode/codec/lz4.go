package codec

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"

	"github.com/pierrec/lz4/v4"
)

// LZ4 is the frame format of LZ4 1.6, with any number of frames, skippable and
// legacy ones among them. Its blocks are 8 MiB at most.
var LZ4 = Codec{Name: "lz4", First: "\x04\x02", Open: openLZ4, Match: lz4Header}

func lz4Header(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\x04\x22\x4d\x18")) || bytes.HasPrefix(head, []byte("\x02\x21\x4c\x18"))
}

func openLZ4(src *bufio.Reader) (io.Reader, func(), error) {
	return &lz4Frames{src: src, r: lz4.NewReader(src)}, nil, nil
}

type lz4Frames struct {
	src   *bufio.Reader
	r     *lz4.Reader
	begun bool
}

func (l *lz4Frames) Read(p []byte) (int, error) {
	for {
		if !l.begun {
			if err := l.next(); err != nil {
				return 0, err
			}
		}
		n, err := l.r.Read(p)
		if err != io.EOF {
			return n, err
		}
		l.begun = false
		l.r.Reset(l.src)
		if n > 0 {
			return n, nil
		}
	}
}

// next passes skippable frames and stops before what is no frame.
func (l *lz4Frames) next() error {
	for {
		head, err := l.src.Peek(8)
		switch {
		case skippable(head):
			if err != nil {
				return io.ErrUnexpectedEOF
			}
			size := int64(binary.LittleEndian.Uint32(head[4:])) + 8
			if n, _ := io.CopyN(io.Discard, l.src, size); n < size {
				return io.ErrUnexpectedEOF
			}
		case lz4Header(head):
			l.begun = true
			return nil
		default:
			if len(head) == 0 && err != io.EOF {
				return err
			}
			return io.EOF
		}
	}
}
