package archive

import (
	"bufio"
	"errors"
	"io"
)

// openLzh returns a reader of a member's contents, size bytes, nil if there is
// none for the method.
func openLzh(method string, src *bufio.Reader, size int64) io.Reader {
	bits := &bitReader{src: src}
	var c lzhCoder
	window := 0
	fill := byte(' ')
	switch method {
	case "-lh0-", "-lz4-", "-pm0-":
		return src
	case "-lh1-":
		c, window = newLh1(bits), 1<<12
	case "-lh2-", "-lh3-":
		return nil
	case "-lh4-":
		c, window = &staticCoder{in: bits, offsets: 14, width: 4}, 1<<12
	case "-lh5-":
		c, window = &staticCoder{in: bits, offsets: 14, width: 4}, 1<<13
	case "-lh6-":
		c, window = &staticCoder{in: bits, offsets: 16, width: 5}, 1<<15
	case "-lh7-":
		c, window = &staticCoder{in: bits, offsets: 17, width: 5}, 1<<16
	case "-lhx-":
		c, window = &staticCoder{in: bits, offsets: 21, width: 5}, 1<<20
	case "-lzs-":
		c, window = &lzsCoder{in: bits, at: 2048 - 17}, 1<<11
	case "-lz5-":
		c, window = &lz5Coder{in: src, at: 4096 - 18}, 1<<12
	default:
		return nil
	}
	r := &lzhWindow{coder: c, window: make([]byte, window), left: size}
	for i := range r.window {
		r.window[i] = fill
	}
	if method == "-lz5-" {
		fillLz5(r.window)
	}
	if p, ok := c.(interface{ start() int }); ok {
		r.at = p.start()
		r.given = r.at
	}
	return r
}

// lzhCoder decodes one step: a byte, or length bytes from back bytes ago (at
// least 1).
type lzhCoder interface {
	next() (literal byte, length, back int, err error)
}

// lzhWindow puts out what a coder says.
type lzhWindow struct {
	coder     lzhCoder
	window    []byte // its length is a power of two
	at, given int
	left      int64 // bytes to decode
	err       error
}

func (w *lzhWindow) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if w.given == w.at {
			w.fill()
			if w.given == w.at {
				break
			}
		}
		end := w.at
		if end < w.given {
			end = len(w.window)
		}
		k := copy(p[n:], w.window[w.given:end])
		n += k
		w.given = (w.given + k) & (len(w.window) - 1)
	}
	if n == 0 && len(p) > 0 {
		if w.err == nil {
			return 0, io.EOF
		}
		return 0, w.err
	}
	return n, nil
}

// fill decodes up to a quarter of the window.
func (w *lzhWindow) fill() {
	mask := len(w.window) - 1
	for made := 0; made < len(w.window)/4 && w.left > 0 && w.err == nil; {
		c, length, back, err := w.coder.next()
		if err != nil {
			w.err = err
			return
		}
		if length == 0 {
			w.window[w.at] = c
			w.at = (w.at + 1) & mask
			w.left--
			made++
			continue
		}
		length = int(min(int64(length), w.left))
		for range length {
			w.window[w.at] = w.window[(w.at-back)&mask]
			w.at = (w.at + 1) & mask
		}
		w.left -= int64(length)
		made += length
	}
}

// bitReader reads bits, the highest of a byte first. Past the end it gives
// zeros for some bytes, since the last code may be looked at ahead, and then an
// error.
type bitReader struct {
	src  *bufio.Reader
	acc  uint64
	n    uint
	over int
	err  error
}

func (r *bitReader) need(n uint) {
	for r.n < n {
		c, err := r.src.ReadByte()
		if err != nil {
			if err != io.EOF {
				r.err = err
			} else if r.over++; r.over > 8 {
				r.err = io.ErrUnexpectedEOF
			}
		}
		r.acc = r.acc<<8 | uint64(c)
		r.n += 8
	}
}

// peek looks at the next n bits, 16 at most.
func (r *bitReader) peek(n uint) int {
	r.need(n)
	return int(r.acc >> (r.n - n) & (1<<n - 1))
}

func (r *bitReader) take(n uint) int {
	if n == 0 {
		return 0
	}
	v := r.peek(n)
	r.n -= n
	return v
}

var errCode = errors.New("code out of range")

// staticCoder decodes -lh4- to -lh7-: blocks with Huffman codes of their own
// (ar002 by Haruhiko Okumura).
type staticCoder struct {
	in      *bitReader
	offsets int  // symbols for distances
	width   uint // of their number
	left    int  // symbols in the block
	symbols huffman
	places  huffman
}

const (
	staticSymbols = 510 // bytes, and lengths from 3 to 256
	staticLengths = 19
)

func (s *staticCoder) next() (byte, int, int, error) {
	if s.left == 0 {
		if err := s.block(); err != nil {
			return 0, 0, 0, err
		}
	}
	s.left--
	c := s.symbols.decode(s.in)
	if c < 256 {
		return byte(c), 0, 0, s.in.err
	}
	back := s.places.decode(s.in)
	if back > 1 {
		n := uint(back - 1)
		if n > 20 {
			return 0, 0, 0, errCode
		}
		back = 1<<n + s.in.take(n)
	}
	return 0, c - 256 + 3, back + 1, s.in.err
}

func (s *staticCoder) block() error {
	s.left = s.in.take(16)
	if s.left == 0 {
		s.left = 1 << 16
	}
	var lengths huffman
	if err := lengths.read(s.in, 5, staticLengths, 3); err != nil {
		return err
	}
	if err := s.readSymbols(&lengths); err != nil {
		return err
	}
	return s.places.read(s.in, s.width, s.offsets, -1)
}

func (s *staticCoder) readSymbols(lengths *huffman) error {
	n := s.in.take(9)
	if n == 0 {
		s.symbols.only(s.in.take(9))
		return s.in.err
	}
	if n > staticSymbols {
		return errCode
	}
	var l [staticSymbols]byte
	for i := 0; i < n; {
		switch c := lengths.decode(s.in); {
		case s.in.err != nil:
			return s.in.err
		case c == 0:
			i++
		case c == 1:
			i += 3 + s.in.take(4)
		case c == 2:
			i += 20 + s.in.take(9)
		default:
			l[i] = byte(c - 2)
			i++
		}
	}
	return s.symbols.set(l[:])
}

// huffman is a canonical code, decoded along the number of codes of each
// length, with a table for the short ones.
type huffman struct {
	count  [17]uint16
	symbol [staticSymbols]uint16
	short  [1 << shortBits]uint16 // symbol<<4 | length, 0: longer
	single int                    // the only symbol, if count is all 0
}

const shortBits = 9

func (h *huffman) only(symbol int) {
	h.count = [17]uint16{}
	h.single = symbol
}

// read reads a code by the lengths of its n symbols; behind the first special
// ones stands how many have none.
func (h *huffman) read(in *bitReader, width uint, n, special int) error {
	given := in.take(width)
	if given == 0 {
		h.only(in.take(width))
		return in.err
	}
	if given > n {
		return errCode
	}
	var lengths [32]byte
	for i := 0; i < given; {
		l := in.take(3)
		if l == 7 {
			for l < 16 && in.take(1) == 1 {
				l++
			}
		}
		lengths[i] = byte(l)
		i++
		if i == special {
			i += in.take(2)
		}
		if in.err != nil {
			return in.err
		}
	}
	return h.set(lengths[:given])
}

func (h *huffman) set(lengths []byte) error {
	h.count = [17]uint16{}
	for _, l := range lengths {
		if l > 16 {
			return errCode
		}
		h.count[l]++
	}
	h.count[0] = 0
	var at [18]uint16
	left := 1
	for l := 1; l <= 16; l++ {
		if left = left<<1 - int(h.count[l]); left < 0 {
			return errCode
		}
		at[l+1] = at[l] + h.count[l]
	}
	for s, l := range lengths {
		if l > 0 {
			h.symbol[at[l]] = uint16(s)
			at[l]++
		}
	}
	clear(h.short[:])
	code, k := 0, 0
	for l := 1; l <= shortBits; l++ {
		for range h.count[l] {
			from := code << (shortBits - l)
			for i := range 1 << (shortBits - l) {
				h.short[from+i] = h.symbol[k]<<4 | uint16(l)
			}
			code++
			k++
		}
		code <<= 1
	}
	h.single = -1
	return nil
}

func (h *huffman) decode(in *bitReader) int {
	if h.single >= 0 {
		return h.single
	}
	if s := h.short[in.peek(shortBits)]; s != 0 {
		in.take(uint(s & 15))
		return int(s >> 4)
	}
	code, first, index := 0, 0, 0
	for l := 1; l <= 16; l++ {
		code |= in.take(1)
		count := int(h.count[l])
		if code-count < first {
			return int(h.symbol[index+code-first])
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	if in.err == nil {
		in.err = errCode
	}
	return 0
}
