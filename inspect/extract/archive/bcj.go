package archive

import (
	"encoding/binary"
	"io"
)

// filter undoes a branch filter of the LZMA SDK, which makes addresses in
// machine code absolute: what it was put before compresses better. The
// conversions follow XZ Embedded (public domain).
type filter struct {
	src     io.Reader
	convert func(b []byte, at uint32) int // returns how much of b is done with
	at      uint32                        // place of buf[0] in the output
	buf     []byte
	done    int // of buf, converted and to be given
	err     error
}

func newFilter(src io.Reader, convert func([]byte, uint32) int) *filter {
	return &filter{src: src, convert: convert, buf: make([]byte, 0, 16<<10)}
}

func (f *filter) Read(p []byte) (int, error) {
	for f.done == 0 {
		if f.err != nil && len(f.buf) == 0 {
			return 0, f.err
		}
		for f.err == nil && len(f.buf) < cap(f.buf) {
			var n int
			n, f.err = f.src.Read(f.buf[len(f.buf):cap(f.buf)])
			f.buf = f.buf[:len(f.buf)+n]
		}
		if f.done = f.convert(f.buf, f.at); f.done == 0 || f.err != nil {
			f.done = len(f.buf) // what is too short at the end stays as it is
		}
	}
	n := copy(p, f.buf[:f.done])
	f.at += uint32(n)
	f.done -= n
	f.buf = f.buf[:copy(f.buf, f.buf[n:])]
	return n, nil
}

// words makes a conversion of instructions of four bytes.
func words(convert func(b []byte, at uint32)) func([]byte, uint32) int {
	const size = 4
	return func(b []byte, at uint32) int {
		i := 0
		for ; i+size <= len(b); i += size {
			convert(b[i:i+size], at+uint32(i))
		}
		return i
	}
}

var le, be = binary.LittleEndian, binary.BigEndian

func convertPPC(b []byte, at uint32) {
	if v := be.Uint32(b); v&0xfc000003 == 0x48000001 {
		be.PutUint32(b, 0x48000001|(v&0x03fffffc-at)&0x03fffffc)
	}
}

func convertARM(b []byte, at uint32) {
	if b[3] == 0xeb {
		v := le.Uint32(b)
		le.PutUint32(b, v&0xff000000|(((v&0x00ffffff)<<2-at-8)>>2)&0x00ffffff)
	}
}

func convertSPARC(b []byte, at uint32) {
	v := be.Uint32(b)
	if v>>22 == 0x100 || v>>22 == 0x1ff {
		v = v<<2 - at
		v >>= 2
		be.PutUint32(b, (0x40000000-v&0x400000)|0x40000000|v&0x3fffff)
	}
}

func convertARM64(b []byte, at uint32) {
	v := le.Uint32(b)
	if v>>26 == 0x25 { // BL
		le.PutUint32(b, 0x94000000|(v-at>>2)&0x03ffffff)
		return
	}
	if v&0x9f000000 == 0x90000000 { // ADRP
		src := v>>29&3 | v>>3&0x001ffffc
		if (src+0x00020000)&0x001c0000 != 0 {
			return
		}
		dest := src - at>>12
		le.PutUint32(b, v&0x9000001f|(dest&3)<<29|(dest&0x0003fffc)<<3|(0-dest&0x00020000)&0x00e00000)
	}
}

// convertThumb converts pairs of halfwords; one that is converted is passed over
// whole.
func convertThumb(b []byte, at uint32) int {
	i := 0
	for ; i+4 <= len(b); i += 2 {
		if b[i+1]&0xf8 != 0xf0 || b[i+3]&0xf8 != 0xf8 {
			continue
		}
		v := uint32(b[i+1]&7)<<19 | uint32(b[i])<<11 | uint32(b[i+3]&7)<<8 | uint32(b[i+2])
		v = (v<<1 - (at + uint32(i) + 4)) >> 1
		b[i+1], b[i] = 0xf0|byte(v>>19)&7, byte(v>>11)
		b[i+3], b[i+2] = 0xf8|byte(v>>8)&7, byte(v)
		i += 2
	}
	return i
}

// newX86 returns a conversion of x86 code, which keeps a state.
func newX86() func(b []byte, at uint32) int {
	allowed := [8]bool{true, true, true, false, true}
	shift := [8]int{0, 1, 2, 2, 3, 3, 3, 3}
	high := func(c byte) bool { return c == 0 || c == 0xff }
	var mask uint32
	return func(b []byte, at uint32) int {
		if len(b) <= 4 {
			return 0
		}
		end := len(b) - 4
		before := -1
		i := 0
		for ; i < end; i++ {
			if b[i]&0xfe != 0xe8 {
				continue
			}
			if d := i - before; d > 3 {
				mask = 0
			} else {
				mask = mask << (d - 1) & 7
				if mask != 0 && (!allowed[mask] || high(b[i+4-shift[mask]])) {
					before = i
					mask = mask<<1 | 1
					continue
				}
			}
			before = i
			if !high(b[i+4]) {
				mask = mask<<1 | 1
				continue
			}
			src := le.Uint32(b[i+1:])
			var dest uint32
			for {
				dest = src - (at + uint32(i) + 5)
				if mask == 0 {
					break
				}
				j := shift[mask] * 8
				if !high(byte(dest >> (24 - j))) {
					break
				}
				src = dest ^ (1<<(32-j) - 1)
			}
			dest &= 0x01ffffff
			dest |= 0 - dest&0x01000000
			le.PutUint32(b[i+1:], dest)
			i += 4
		}
		if d := i - before; d > 3 {
			mask = 0
		} else {
			mask <<= d - 1
		}
		return i
	}
}

// delta undoes the filter of differences between bytes at a distance.
type delta struct {
	src  io.Reader
	past [256]byte
	at   byte
	back byte // distance less one
}

func (d *delta) Read(p []byte) (int, error) {
	n, err := d.src.Read(p)
	for i := range p[:n] {
		p[i] += d.past[d.at-d.back-1]
		d.past[d.at] = p[i]
		d.at++
	}
	return n, err
}
