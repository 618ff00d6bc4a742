package archive

import (
	"bufio"
	"io"
)

// lzsCoder decodes -lzs-: a bit, then a byte, or eleven bits of a place in the
// window and four of a length.
type lzsCoder struct {
	in *bitReader
	at int // where the next byte goes
}

func (l *lzsCoder) start() int { return l.at }

func (l *lzsCoder) next() (byte, int, int, error) {
	if l.in.take(1) == 1 {
		l.at++
		return byte(l.in.take(8)), 0, 0, l.in.err
	}
	from := l.in.take(11)
	length := l.in.take(4) + 2
	back := (l.at-from-1)&(1<<11-1) + 1
	l.at += length
	return 0, length, back, l.in.err
}

// lz5Coder decodes -lz5-: eight bits that tell bytes from pairs of a place in the
// window, of twelve bits, and a length, of four.
type lz5Coder struct {
	in    *bufio.Reader
	at    int
	flags int // with a bit above those that are left
}

func (l *lz5Coder) start() int { return l.at }

func (l *lz5Coder) next() (byte, int, int, error) {
	if l.flags <= 1 {
		c, err := l.in.ReadByte()
		if err != nil {
			return 0, 0, 0, ended(err)
		}
		l.flags = 1<<8 | int(c)
	}
	literal := l.flags&1 == 1
	l.flags >>= 1
	a, err := l.in.ReadByte()
	if err != nil {
		return 0, 0, 0, ended(err)
	}
	if literal {
		l.at++
		return a, 0, 0, nil
	}
	b, err := l.in.ReadByte()
	if err != nil {
		return 0, 0, 0, ended(err)
	}
	from := int(a) | int(b&0xf0)<<4
	length := int(b&0xf) + 3
	back := (l.at-from-1)&(1<<12-1) + 1
	l.at += length
	return 0, length, back, nil
}

// ended makes the end of input one that comes too early.
func ended(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// fillLz5 sets up the window of -lz5-: runs of each byte, all bytes upwards and
// downwards, zeros, spaces.
func fillLz5(w []byte) {
	w = w[:0]
	for c := range 256 {
		for range 13 {
			w = append(w, byte(c))
		}
	}
	for c := range 256 {
		w = append(w, byte(c))
	}
	for c := range 256 {
		w = append(w, byte(255-c))
	}
	w = append(w, make([]byte, 128)...)
	for range 110 {
		w = append(w, ' ')
	}
	_ = append(w, make([]byte, 18)...)
}
