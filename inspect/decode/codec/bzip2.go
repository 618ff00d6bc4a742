package codec

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"io"
)

// Bzip2 is the format of bzip2, with any number of streams. Its blocks are
// 900 kB at most.
var Bzip2 = Codec{Name: "bzip2", First: "B", Open: openBzip2, Rest: true, Match: bzip2Header}

// bzip2Header looks for the start of the first block, or of the end.
func bzip2Header(head []byte) bool {
	return len(head) >= 10 && string(head[:3]) == "BZh" && head[3] >= '1' && head[3] <= '9' &&
		(string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17\x72\x45\x38\x50\x90")
}

func openBzip2(src *bufio.Reader) (io.Reader, func(), error) {
	l := &lagging{src: src}
	return &bzip2Streams{src: l, r: bzip2.NewReader(l)}, nil, nil
}

// bzip2Streams stops before what is no further stream, which the library takes
// for an error.
type bzip2Streams struct {
	src *lagging
	r   io.Reader
	err error
}

func (b *bzip2Streams) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.r.Read(p)
	var fault bzip2.StructuralError
	if err == io.EOF {
		b.src.settle()
	} else if errors.As(err, &fault) && string(fault) == "bad magic value in continuation file" {
		err = io.EOF
	}
	b.err = err
	return n, err
}

// lagging reads src bytewise and leaves the last two bytes in it: so many the
// library takes before it sees that they begin no stream.
type lagging struct {
	src *bufio.Reader
	lag int
}

func (l *lagging) ReadByte() (byte, error) {
	b, err := l.src.Peek(l.lag + 1)
	if err != nil {
		return 0, err
	}
	c := b[l.lag]
	if l.lag == 2 {
		l.src.Discard(1)
	} else {
		l.lag++
	}
	return c, nil
}

func (l *lagging) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c, err := l.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = c
	return 1, nil
}

// settle takes the last bytes after all.
func (l *lagging) settle() {
	l.src.Discard(l.lag)
	l.lag = 0
}
