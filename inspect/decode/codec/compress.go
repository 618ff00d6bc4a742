package codec

import (
	"bufio"
	"errors"
	"io"
)

// Compress is the format of compress(1), LZW with codes of 9 to 16 bits.
var Compress = Codec{Name: "compress", First: "\x1f", Open: openCompress, Match: compressHeader}

func compressHeader(head []byte) bool {
	return len(head) >= 4 && head[0] == 0x1f && head[1] == 0x9d && head[2]&0x60 == 0 && head[2]&0x1f >= 9 && head[2]&0x1f <= 16
}

const (
	lzwClear = 256
	lzwNone  = -1
)

var errLZW = errors.New("code out of range")

// lzw decodes compress's LZW, whose codes come in groups of eight: where their
// width changes, what is left of a group is passed over.
type lzw struct {
	src     *bufio.Reader
	max     uint // width of codes at most
	block   bool // code 256 clears the table
	width   uint
	free    int // next entry of the table
	bits    uint64
	n       uint // of bits
	group   uint // codes taken of this group
	last    int  // code before, lzwNone at the start
	first   byte // character its string begins with
	prefix  [1 << 16]uint16
	suffix  [1 << 16]byte
	out     []byte // decoded and not given yet
	ended   error
	storage [1<<16 + 1]byte
}

func openCompress(src *bufio.Reader) (io.Reader, func(), error) {
	head, err := src.Peek(3)
	if err != nil {
		return nil, nil, io.ErrUnexpectedEOF
	}
	z := &lzw{src: src, max: uint(head[2] & 0x1f), block: head[2]&0x80 != 0, last: lzwNone, width: 9, free: lzwClear}
	if z.max < 9 || z.max > 16 {
		return nil, nil, errLZW
	}
	src.Discard(3)
	if z.block {
		z.free++
	}
	for i := range 256 {
		z.suffix[i] = byte(i)
	}
	return z, nil, nil
}

func (z *lzw) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(z.out) == 0 && z.ended == nil {
			z.ended = z.next()
		}
		if z.ended != nil {
			break
		}
		k := copy(p[n:], z.out)
		z.out = z.out[k:]
		n += k
	}
	if n > 0 {
		return n, nil
	}
	return 0, z.ended
}

// next decodes one code.
func (z *lzw) next() error {
	if z.free >= 1<<z.width && z.width < z.max {
		if err := z.align(); err != nil {
			return err
		}
		z.width++
	}
	code, err := z.code()
	if err != nil {
		return err
	}
	if code == lzwClear && z.block {
		err := z.align()
		z.width, z.free = 9, lzwClear
		return err
	}
	at := len(z.storage)
	c := code
	if c >= z.free {
		if c > z.free || z.last == lzwNone {
			return errLZW
		}
		at--
		z.storage[at] = z.first
		c = z.last
	}
	for ; c >= 256; c = int(z.prefix[c]) {
		at--
		z.storage[at] = z.suffix[c]
	}
	z.first = byte(c)
	at--
	z.storage[at] = z.first
	if z.last != lzwNone && z.free < 1<<z.max {
		z.prefix[z.free], z.suffix[z.free] = uint16(z.last), z.first
		z.free++
	}
	z.last = code
	z.out = z.storage[at:]
	return nil
}

func (z *lzw) code() (int, error) {
	for z.n < z.width {
		c, err := z.src.ReadByte()
		if err != nil {
			return 0, err // bits that are left are padding
		}
		z.bits |= uint64(c) << z.n
		z.n += 8
	}
	code := int(z.bits & (1<<z.width - 1))
	z.bits >>= z.width
	z.n -= z.width
	z.group = (z.group + 1) % 8
	return code, nil
}

// align passes over what is left of a group.
func (z *lzw) align() error {
	for z.group != 0 {
		if _, err := z.code(); err != nil {
			return err
		}
	}
	return nil
}
