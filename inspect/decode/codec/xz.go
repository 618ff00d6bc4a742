package codec

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/mikelolasagasti/xz"
)

// XZ is the .xz format 1.2, with any number of streams and all filters that xz
// has but those for IA-64 code and the newest ones.
var XZ = Codec{Name: "xz", First: xzMagic[:1], Open: openXZ, Rest: true, Match: xzHeader}

const xzMagic = "\xfd7zXZ\x00"

func xzHeader(head []byte) bool { return bytes.HasPrefix(head, []byte(xzMagic)) }

func openXZ(src *bufio.Reader) (io.Reader, func(), error) {
	x := &xzStreams{src: src}
	return x, nil, x.next()
}

// xzStreams reads streams one after another and stops before what is none.
type xzStreams struct {
	src *bufio.Reader
	r   *xz.Reader
}

func (x *xzStreams) next() error {
	var err error
	one := &xzStream{src: x.src}
	if x.r == nil {
		x.r, err = xz.NewReader(one, MaxWindow)
	} else {
		err = x.r.Reset(one)
	}
	return reasonXZ(err)
}

func (x *xzStreams) Read(p []byte) (int, error) {
	for {
		n, err := x.r.Read(p)
		if err != io.EOF {
			return n, reasonXZ(err)
		}
		for { // padding
			if b, _ := x.src.Peek(4); string(b) != "\x00\x00\x00\x00" {
				break
			}
			x.src.Discard(4)
		}
		if b, _ := x.src.Peek(len(xzMagic)); !xzHeader(b) {
			return n, io.EOF
		}
		if err := x.next(); err != nil || n > 0 {
			return n, err
		}
	}
}

func reasonXZ(err error) error {
	switch {
	case errors.Is(err, xz.ErrMemlimit):
		return ErrWindow
	case errors.Is(err, xz.ErrBuf):
		return io.ErrUnexpectedEOF
	}
	return err
}

// xzStream gives one stream of src, since the library takes all it is given: up
// to a footer with a right checksum, whose last byte is a Z.
type xzStream struct {
	src  *bufio.Reader
	tail []byte // the last bytes given
	done bool
}

const xzFooter = 12

func (x *xzStream) Read(p []byte) (int, error) {
	if x.done {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if b, err := x.src.Peek(1); len(b) == 0 {
		return 0, err
	}
	b, _ := x.src.Peek(min(len(p), x.src.Buffered()))
	if k := bytes.IndexByte(b, 'Z'); k >= 0 {
		b = b[:k+1]
	}
	n := copy(p, b)
	x.src.Discard(n)
	x.tail = append(x.tail, p[max(0, n-xzFooter):n]...)
	x.tail = append(x.tail[:0], x.tail[max(0, len(x.tail)-xzFooter):]...)
	t := x.tail
	x.done = len(t) == xzFooter && string(t[10:]) == "YZ" && crc32.ChecksumIEEE(t[4:10]) == binary.LittleEndian.Uint32(t)
	return n, nil
}
