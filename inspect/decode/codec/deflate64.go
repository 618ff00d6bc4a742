package codec

import (
	"bufio"
	"errors"
	"io"
)

// Deflate64 is what Windows writes into large zip files: RFC 1951 with a window
// of 64 KiB, two more distance codes, and 16 extra bits for the longest length.
var Deflate64 = Codec{Name: "deflate64", Open: openDeflate64, Rest: true}

var errDeflate64 = errors.New("deflate64 code")

const (
	window64   = 1 << 16
	maxCodeLen = 15
)

// inflate64 decodes bit by bit along the canonical codes, as in Mark Adler's
// puff: such files are rare.
type inflate64 struct {
	src     *bufio.Reader
	bits    uint32
	n       uint
	window  [window64]byte
	at      int // where the next byte goes
	given   int // up to where the window has been read
	state   int
	left    int // bytes of a stored block, or of a match
	back    int // distance of the match
	last    bool
	fault   error
	symbols code64
	offsets code64
}

const (
	atBlock = iota
	inStored
	inCoded
	inMatch
	atEnd
)

// code64 is a canonical Huffman code: how many codes there are of each length,
// and the symbols in the order of their codes.
type code64 struct {
	count  [maxCodeLen + 1]int
	symbol [288]uint16
}

func openDeflate64(src *bufio.Reader) (io.Reader, func(), error) {
	return &inflate64{src: src}, nil, nil
}

func (f *inflate64) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if f.given == f.at {
			if f.fault == nil && f.state != atEnd {
				f.step(len(p) - n)
			}
			if f.given == f.at {
				break
			}
		}
		end := f.at
		if end < f.given {
			end = window64
		}
		k := copy(p[n:], f.window[f.given:end])
		n += k
		f.given = (f.given + k) % window64
	}
	switch {
	case n > 0 || len(p) == 0:
		return n, nil
	case f.fault != nil:
		return 0, f.fault
	}
	return 0, io.EOF
}

// step decodes until there is something in the window to be given, at most
// half of it, or the end.
func (f *inflate64) step(want int) {
	want = min(want, window64/2)
	for made := 0; made < want && f.fault == nil; {
		switch f.state {
		case atEnd:
			return
		case atBlock:
			f.block()
		case inStored:
			if f.left == 0 {
				f.next()
				continue
			}
			c, err := f.src.ReadByte()
			if err != nil {
				f.fault = ended(err)
				return
			}
			f.put(c)
			f.left--
			made++
		case inCoded:
			s := f.decode(&f.symbols)
			switch {
			case f.fault != nil:
			case s < 256:
				f.put(byte(s))
				made++
			case s == 256:
				f.next()
			default:
				f.match(s - 257)
			}
		case inMatch:
			if f.left == 0 {
				f.state = inCoded
				continue
			}
			f.put(f.window[(f.at-f.back+window64)%window64])
			f.left--
			made++
		}
	}
}

func ended(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (f *inflate64) put(c byte) {
	f.window[f.at] = c
	f.at = (f.at + 1) % window64
}

// next ends a block.
func (f *inflate64) next() {
	f.state = atBlock
	if f.last {
		f.state = atEnd
	}
}

func (f *inflate64) take(n uint) int {
	for f.n < n {
		c, err := f.src.ReadByte()
		if err != nil {
			f.fault = ended(err)
			return 0
		}
		f.bits |= uint32(c) << f.n
		f.n += 8
	}
	v := f.bits & (1<<n - 1)
	f.bits >>= n
	f.n -= n
	return int(v)
}

func (f *inflate64) decode(h *code64) int {
	code, first, index := 0, 0, 0
	for length := 1; length <= maxCodeLen; length++ {
		code |= f.take(1)
		if f.fault != nil {
			return 0
		}
		count := h.count[length]
		if code-count < first {
			return int(h.symbol[index+code-first])
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	f.fault = errDeflate64
	return 0
}

// set makes the code of the given lengths. One that is incomplete is taken, as
// some programs write them; one that is over-full is not.
func (h *code64) set(lengths []byte) error {
	h.count = [maxCodeLen + 1]int{}
	for _, n := range lengths {
		h.count[n]++
	}
	h.count[0] = 0
	left := 1
	var at [maxCodeLen + 2]int
	for n := 1; n <= maxCodeLen; n++ {
		if left = left<<1 - h.count[n]; left < 0 {
			return errDeflate64
		}
		at[n+1] = at[n] + h.count[n]
	}
	for s, n := range lengths {
		if n > 0 {
			h.symbol[at[n]] = uint16(s)
			at[n]++
		}
	}
	return nil
}

// block reads the header of a block.
func (f *inflate64) block() {
	f.last = f.take(1) == 1
	switch f.take(2) {
	case 0:
		f.take(f.n % 8)
		size, inverse := f.take(16), f.take(16)
		if f.fault == nil && size != ^inverse&0xffff {
			f.fault = errDeflate64
		}
		f.left, f.state = size, inStored
	case 1:
		var lengths [288 + 32]byte
		for i := range 288 {
			lengths[i] = 8
			if i >= 144 && i < 256 {
				lengths[i] = 9
			} else if i >= 256 && i < 280 {
				lengths[i] = 7
			}
		}
		for i := 288; i < len(lengths); i++ {
			lengths[i] = 5
		}
		f.codes(lengths[:288], lengths[288:])
	case 2:
		f.dynamic()
	default:
		f.fault = errDeflate64
	}
}

func (f *inflate64) codes(symbols, offsets []byte) {
	if err := errors.Join(f.symbols.set(symbols), f.offsets.set(offsets)); err != nil && f.fault == nil {
		f.fault = errDeflate64
	}
	f.state = inCoded
}

var lengthOrder = [19]byte{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

func (f *inflate64) dynamic() {
	symbols, offsets, n := f.take(5)+257, f.take(5)+1, f.take(4)+4
	if symbols > 288 {
		f.fault = errDeflate64
		return
	}
	var lengths [288 + 32]byte
	for _, k := range lengthOrder[:n] {
		lengths[k] = byte(f.take(3))
	}
	if f.symbols.set(lengths[:19]) != nil {
		f.fault = errDeflate64
		return
	}
	clear(lengths[:19])
	for i := 0; i < symbols+offsets; {
		s := f.decode(&f.symbols)
		repeat, value := 1, byte(s)
		switch s {
		case 16:
			if i == 0 {
				f.fault = errDeflate64
				return
			}
			repeat, value = 3+f.take(2), lengths[i-1]
		case 17:
			repeat, value = 3+f.take(3), 0
		case 18:
			repeat, value = 11+f.take(7), 0
		}
		if f.fault != nil {
			return
		}
		if i+repeat > symbols+offsets {
			f.fault = errDeflate64
			return
		}
		for range repeat {
			lengths[i] = value
			i++
		}
	}
	f.codes(lengths[:symbols], lengths[symbols:symbols+offsets])
}

// match reads the rest of a length and the distance.
func (f *inflate64) match(s int) {
	switch {
	case s < 8:
		f.left = s + 3
	case s < 28:
		extra := uint(s/4 - 1)
		f.left = (4+s%4)<<extra + f.take(extra) + 3
	case s == 28:
		f.left = f.take(16) + 3
	default:
		f.fault = errDeflate64
		return
	}
	d := f.decode(&f.offsets)
	f.back = d + 1
	if d >= 4 {
		extra := uint(d/2 - 1)
		f.back = (2+d%2)<<extra + f.take(extra) + 1
	}
	f.state = inMatch
}
