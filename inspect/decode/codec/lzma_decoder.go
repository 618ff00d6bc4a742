package codec

import (
	"bufio"
	"errors"
	"io"
)

var errLZMA = errors.New("lzma code")

const (
	lzmaStates  = 12
	lzmaHalf    = 1 << 10 // a probability of one half, in 1/2048
	lzmaNoEnd   = 1<<63 - 1
	firstWindow = 64 << 10
)

// lzmaDecoder decodes LZMA (the specification that is part of the LZMA SDK). The
// libraries for it take as much memory at once as a header asks for; here the
// window grows with what was decoded.
type lzmaDecoder struct {
	src *bufio.Reader
	in  []byte // buffered in src
	at  int    // taken of in
	n   int64  // bytes taken before in
	err error

	width, code uint32 // of the range decoder

	window []byte
	most   int   // to which the window may grow
	pos    int   // where the next byte goes
	total  int64 // bytes since the window was last reset
	left   int   // bytes of a match that are yet to be copied
	ended  bool  // an end mark came

	lc             uint
	lpMask, pbMask uint32
	state          uint32
	reps           [4]uint32

	match, repLong   [lzmaStates << 4]uint16
	rep, repG0       [lzmaStates]uint16
	repG1, repG2     [lzmaStates]uint16
	slots            [4][64]uint16
	special          [115]uint16
	align            [16]uint16
	lengths, repeats lzmaLength
	literals         []uint16
}

// lzmaLength decodes lengths.
type lzmaLength struct {
	choice, choice2 uint16
	low, mid        [16][8]uint16
	high            [256]uint16
}

func newLZMADecoder(src *bufio.Reader, window int64) *lzmaDecoder {
	return &lzmaDecoder{src: src, most: int(max(window, 1<<12))}
}

// setProps takes in the byte that holds lc, lp and pb, and resets the state.
func (d *lzmaDecoder) setProps(c byte) error {
	if c >= 9*5*5 {
		return errLZMA
	}
	d.lc = uint(c % 9)
	lp, pb := c/9%5, c/45
	d.lpMask, d.pbMask = 1<<lp-1, 1<<pb-1
	n := 0x300 << (d.lc + uint(lp))
	if cap(d.literals) < n {
		d.literals = make([]uint16, n)
	}
	d.literals = d.literals[:n]
	d.reset()
	return nil
}

func halve(p []uint16) {
	for i := range p {
		p[i] = lzmaHalf
	}
}

func (l *lzmaLength) reset() {
	l.choice, l.choice2 = lzmaHalf, lzmaHalf
	for i := range l.low {
		halve(l.low[i][:])
		halve(l.mid[i][:])
	}
	halve(l.high[:])
}

// reset sets the state to what it is at the start.
func (d *lzmaDecoder) reset() {
	d.state, d.reps = 0, [4]uint32{}
	for _, p := range [][]uint16{d.match[:], d.repLong[:], d.rep[:], d.repG0[:], d.repG1[:], d.repG2[:], d.special[:], d.align[:], d.literals} {
		halve(p)
	}
	for i := range d.slots {
		halve(d.slots[i][:])
	}
	d.lengths.reset()
	d.repeats.reset()
}

// start begins to decode ranges.
func (d *lzmaDecoder) start() {
	d.width, d.code = 1<<32-1, 0
	if d.next() != 0 && d.err == nil {
		d.err = errLZMA
	}
	for range 4 {
		d.code = d.code<<8 | uint32(d.next())
	}
}

func (d *lzmaDecoder) next() byte {
	if d.at == len(d.in) {
		d.give()
		if _, err := d.src.Peek(1); err != nil {
			if d.err == nil {
				if d.err = err; err == io.EOF {
					d.err = io.ErrUnexpectedEOF
				}
			}
			return 0
		}
		d.in, _ = d.src.Peek(d.src.Buffered())
	}
	c := d.in[d.at]
	d.at++
	return c
}

// give tells src what was taken of it.
func (d *lzmaDecoder) give() {
	d.src.Discard(d.at)
	d.n += int64(d.at)
	d.in, d.at = nil, 0
}

func (d *lzmaDecoder) bit(p *uint16) uint32 {
	v := uint32(*p)
	bound := d.width >> 11 * v
	var b uint32
	if d.code < bound {
		d.width = bound
		*p = uint16(v + (2048-v)>>5)
	} else {
		d.width -= bound
		d.code -= bound
		*p = uint16(v - v>>5)
		b = 1
	}
	if d.width < 1<<24 {
		d.width <<= 8
		d.code = d.code<<8 | uint32(d.next())
	}
	return b
}

// tree decodes a number whose highest bit comes first.
func (d *lzmaDecoder) tree(p []uint16) uint32 {
	m := uint32(1)
	for m < uint32(len(p)) {
		m = m<<1 | d.bit(&p[m])
	}
	return m - uint32(len(p))
}

// back decodes a number of n bits whose lowest comes first.
func (d *lzmaDecoder) back(p []uint16, n uint) uint32 {
	m, v := uint32(1), uint32(0)
	for i := range n {
		b := d.bit(&p[m])
		m = m<<1 | b
		v |= b << i
	}
	return v
}

func (d *lzmaDecoder) length(l *lzmaLength, place uint32) int {
	switch {
	case d.bit(&l.choice) == 0:
		return 2 + int(d.tree(l.low[place][:]))
	case d.bit(&l.choice2) == 0:
		return 10 + int(d.tree(l.mid[place][:]))
	}
	return 18 + int(d.tree(l.high[:]))
}

// room makes the window ready for the next byte.
func (d *lzmaDecoder) room() {
	if d.pos < len(d.window) {
		return
	}
	if len(d.window) == d.most {
		d.pos = 0
		return
	}
	grown := make([]byte, min(d.most, max(2*len(d.window), firstWindow)))
	copy(grown, d.window)
	d.window = grown
}

func (d *lzmaDecoder) put(c byte) {
	d.window[d.pos] = c
	d.pos++
	d.total++
}

// earlier is the byte that stands back+1 bytes before the next.
func (d *lzmaDecoder) earlier(back uint32) byte {
	i := d.pos - 1 - int(back)
	if i < 0 {
		i += len(d.window)
	}
	return d.window[i]
}

// read decodes up to len(p) bytes, at least one unless there is an error or the
// end mark.
func (d *lzmaDecoder) read(p []byte) int {
	d.room()
	start := d.pos
	end := min(start+len(p), len(d.window))
	for d.pos < end && d.err == nil && !d.ended {
		if d.left > 0 {
			k := min(d.left, end-d.pos)
			d.left -= k
			d.copyMatch(k)
			continue
		}
		d.symbol()
	}
	d.give()
	return copy(p, d.window[start:d.pos])
}

func (d *lzmaDecoder) copyMatch(n int) {
	from := d.pos - 1 - int(d.reps[0])
	if from < 0 {
		from += len(d.window)
	}
	w := d.window
	for range n {
		w[d.pos] = w[from]
		d.pos++
		if from++; from == len(w) {
			from = 0
		}
	}
	d.total += int64(n)
}

// symbol decodes a byte, which it puts, or a match, which is left to be copied.
func (d *lzmaDecoder) symbol() {
	place := uint32(d.total) & d.pbMask
	s := d.state
	if d.bit(&d.match[s<<4|place]) == 0 {
		d.literal()
		return
	}
	if d.bit(&d.rep[s]) == 0 {
		d.reps[3], d.reps[2], d.reps[1] = d.reps[2], d.reps[1], d.reps[0]
		n := d.length(&d.lengths, place)
		d.state = 7
		if s >= 7 {
			d.state = 10
		}
		if d.reps[0] = d.distance(n); d.reps[0] == 1<<32-1 {
			d.ended = d.err == nil
			return
		}
		d.matched(n)
		return
	}
	switch {
	case d.bit(&d.repG0[s]) == 0:
		if d.bit(&d.repLong[s<<4|place]) == 0 {
			d.state = 9
			if s >= 7 {
				d.state = 11
			}
			d.matched(1)
			return
		}
	case d.bit(&d.repG1[s]) == 0:
		d.reps[0], d.reps[1] = d.reps[1], d.reps[0]
	case d.bit(&d.repG2[s]) == 0:
		d.reps[0], d.reps[1], d.reps[2] = d.reps[2], d.reps[0], d.reps[1]
	default:
		d.reps[0], d.reps[1], d.reps[2], d.reps[3] = d.reps[3], d.reps[0], d.reps[1], d.reps[2]
	}
	n := d.length(&d.repeats, place)
	d.state = 8
	if s >= 7 {
		d.state = 11
	}
	d.matched(n)
}

// matched notes that n bytes are to be copied, if there are such.
func (d *lzmaDecoder) matched(n int) {
	if int64(d.reps[0]) >= min(d.total, int64(d.most)) {
		if d.err == nil {
			d.err = errLZMA
		}
		return
	}
	d.left = n
}

func (d *lzmaDecoder) literal() {
	var before byte
	if d.total > 0 {
		before = d.earlier(0)
	}
	at := 0x300 * ((uint32(d.total)&d.lpMask)<<d.lc | uint32(before)>>(8-d.lc))
	p := d.literals[at : at+0x300]
	c := uint32(1)
	if d.state >= 7 && int64(d.reps[0]) < d.total {
		like, mask := uint32(d.earlier(d.reps[0])), uint32(0x100)
		for c < 0x100 {
			like <<= 1
			b := like & mask
			if d.bit(&p[mask+b+c]) == 0 {
				c <<= 1
				mask &^= b
			} else {
				c = c<<1 | 1
				mask &= b
			}
		}
	} else {
		for c < 0x100 {
			c = c<<1 | d.bit(&p[c])
		}
	}
	d.put(byte(c))
	switch {
	case d.state < 4:
		d.state = 0
	case d.state < 10:
		d.state -= 3
	default:
		d.state -= 6
	}
}

func (d *lzmaDecoder) distance(length int) uint32 {
	slot := d.tree(d.slots[min(length-2, 3)][:])
	if slot < 4 {
		return slot
	}
	n := uint(slot>>1 - 1)
	v := (2 | slot&1) << n
	if slot < 14 {
		// The codes for all these slots stand in one table.
		m, low := uint32(1), uint32(0)
		for i := range n {
			b := d.bit(&d.special[v-slot-1+m])
			m = m<<1 | b
			low |= b << i
		}
		return v + low
	}
	high := uint32(0)
	for range n - 4 {
		d.width >>= 1
		high <<= 1
		if d.code >= d.width {
			d.code -= d.width
			high |= 1
		}
		if d.width < 1<<24 {
			d.width <<= 8
			d.code = d.code<<8 | uint32(d.next())
		}
	}
	return v + high<<4 + d.back(d.align[:], 4)
}
