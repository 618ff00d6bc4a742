package object

import (
	"bufio"
	"io"
)

// lzwReader reads LZWDecode (7.4.4): codes of 9 to 12 bits, high bit first. The
// standard library's reader widens its codes one entry later than this format
// does by default.
type lzwReader struct {
	src   *bufio.Reader
	early bool

	bits   uint32
	held   int // bits in bits
	prefix [4096]uint16
	suffix [4096]byte
	length [4096]uint16
	next   int // code, 0 before the first clear
	width  int
	prev   int // code, -1 if none
	buf    [4097]byte
	left   []byte
	end    bool
}

const (
	lzwClear = 256
	lzwEnd   = 257
)

func (r *lzwReader) Read(out []byte) (int, error) {
	if r.next == 0 {
		for i := range 256 {
			r.suffix[i], r.length[i] = byte(i), 1
		}
		r.clear()
	}
	n := 0
	for n < len(out) {
		if len(r.left) == 0 {
			if r.end {
				break
			}
			if err := r.step(); err != nil {
				return n, err
			}
		}
		k := copy(out[n:], r.left)
		r.left = r.left[k:]
		n += k
	}
	if n == 0 && len(out) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (r *lzwReader) clear() { r.next, r.width, r.prev = 258, 9, -1 }

// step reads one code.
func (r *lzwReader) step() error {
	for r.held < r.width {
		c, err := r.src.ReadByte()
		if err == io.EOF {
			r.end = true
			return nil
		}
		if err != nil {
			return err
		}
		r.bits = r.bits<<8 | uint32(c)
		r.held += 8
	}
	r.held -= r.width
	code := int(r.bits >> r.held & (1<<r.width - 1))
	switch {
	case code == lzwClear:
		r.clear()
		return nil
	case code == lzwEnd:
		r.end = true
		return nil
	case code > r.next || code == r.next && r.prev < 0 || r.prev < 0 && code > 255:
		return io.ErrUnexpectedEOF
	}
	from := code
	if code == r.next {
		from = r.prev
	}
	n := int(r.length[from])
	at := from
	for i := n - 1; i >= 0; i-- {
		r.buf[i] = r.suffix[at]
		at = int(r.prefix[at])
	}
	if code == r.next {
		r.buf[n] = r.buf[0]
		n++
	}
	if r.prev >= 0 && r.next < 4096 {
		r.prefix[r.next], r.suffix[r.next] = uint16(r.prev), r.buf[0]
		r.length[r.next] = r.length[r.prev] + 1
		r.next++
		early := 0
		if r.early {
			early = 1
		}
		if r.next+early >= 1<<r.width && r.width < 12 {
			r.width++
		}
	}
	r.prev = code
	r.left = r.buf[:n]
	return nil
}
