package codec

import "encoding/binary"

// Glimpse decodes the first len(dst) bytes of bare deflate. It returns how many
// came out, and false if src is none or stands for less. It stops at a block that
// is stored or has codes of its own, of which it only judges the header. It tells noise from deflate at many
// offsets, without a decoder being made ready.
func Glimpse(dst, src []byte) (n int, ok bool) {
	b := bitSource{src: src}
	for n < len(dst) {
		last := b.take(1) == 1
		switch b.take(2) {
		case 0:
			b.skip(-b.at & 7)
			size := b.take(16)
			return n, b.take(16) == size^0xffff && !b.short
		case 1:
			if n, ok = b.fixed(dst, n); !ok || last && n < len(dst) {
				return n, false
			}
		case 2:
			return n, b.codes()
		default:
			return n, false
		}
	}
	return n, true
}

// bitSource reads bits, the lowest of a byte first. Beyond the end they are zero.
type bitSource struct {
	src   []byte
	at    int // in bits
	short bool
}

// peek returns the next 32 bits and more.
func (b *bitSource) peek() uint64 {
	k := b.at >> 3
	if k+8 <= len(b.src) {
		return binary.LittleEndian.Uint64(b.src[k:]) >> (b.at & 7)
	}
	var last [8]byte
	if k < len(b.src) {
		copy(last[:], b.src[k:])
	}
	return binary.LittleEndian.Uint64(last[:]) >> (b.at & 7)
}

func (b *bitSource) take(n int) int {
	v := int(b.peek() & (1<<n - 1))
	b.skip(n)
	return v
}

func (b *bitSource) skip(n int) {
	b.at += n
	b.short = b.short || b.at > len(b.src)*8
}

// fixedCodes holds, for the next nine bits of a block with the fixed codes, the
// symbol and the length of its code.
var fixedCodes = func() (t [512]struct {
	symbol uint16
	length uint8
}) {
	put := func(symbol, code, length int) {
		for rest := range 1 << (9 - length) {
			k := 0 // codes come with their highest bit first
			for i := range length {
				k |= code >> (length - 1 - i) & 1 << i
			}
			t[k|rest<<length].symbol, t[k|rest<<length].length = uint16(symbol), uint8(length)
		}
	}
	for s := range 288 {
		switch {
		case s < 144:
			put(s, 0x30+s, 8)
		case s < 256:
			put(s, 0x190+s-144, 9)
		case s < 280:
			put(s, s-256, 7)
		default:
			put(s, 0xc0+s-280, 8)
		}
	}
	return t
}()

// Lengths and distances of RFC 1951, section 3.2.5.
var (
	lengthBase  = [...]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [...]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
)

// fixed decodes a block with the fixed codes behind the n bytes in dst. It
// returns how many are there when dst is full or the block ends.
func (b *bitSource) fixed(dst []byte, n int) (int, bool) {
	for n < len(dst) {
		c := fixedCodes[b.peek()&511]
		b.skip(int(c.length))
		switch {
		case b.short || c.symbol > 285:
			return n, false
		case c.symbol < 256:
			dst[n] = byte(c.symbol)
			n++
			continue
		case c.symbol == 256:
			return n, true
		}
		k := c.symbol - 257
		size := int(lengthBase[k]) + b.take(int(lengthExtra[k]))
		code := b.take(5)
		code = code&1<<4 | code&2<<2 | code&4 | code&8>>2 | code>>4
		far := code + 1
		if code > 3 {
			extra := code/2 - 1
			far = (2+code&1)<<extra + b.take(extra) + 1
		}
		if b.short || code > 29 || far > n {
			return n, false
		}
		for ; size > 0 && n < len(dst); size-- {
			dst[n] = dst[n-far]
			n++
		}
	}
	return n, true
}

var codesOrder = [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// codes reports whether a set of codes is next that are complete.
func (b *bitSource) codes() bool {
	literals, distances, n := b.take(5)+257, b.take(5)+1, b.take(4)+4
	if literals > 286 || distances > 30 {
		return false
	}
	var lengths [19]uint8
	for i := range n {
		lengths[codesOrder[i]] = uint8(b.take(3))
	}
	var table [128]uint8 // symbol<<3 | length
	code := 0
	for length := 1; length < 8; length++ {
		for symbol, l := range lengths {
			if int(l) != length {
				continue
			}
			if code>>length > 0 {
				return false
			}
			k := 0
			for i := range length {
				k |= code >> (length - 1 - i) & 1 << i
			}
			for ; k < 128; k += 1 << length {
				table[k] = uint8(symbol<<3 | length)
			}
			code++
		}
		code <<= 1
	}
	var left, used [2]int // of literals, of distances
	left[0], left[1] = 1<<15, 1<<15
	before, at := 0, 0
	for at < literals+distances {
		e := table[b.peek()&127]
		if b.skip(int(e & 7)); b.short {
			return false
		}
		length, times := int(e>>3), 1
		switch {
		case e&7 == 0:
			return false
		case length == 16:
			if length, times = before, 3+b.take(2); at == 0 {
				return false
			}
		case length == 17:
			length, times = 0, 3+b.take(3)
		case length == 18:
			length, times = 0, 11+b.take(7)
		}
		for before = length; times > 0; times-- {
			which := 0
			if at >= literals {
				which = 1
			}
			if at++; length > 0 {
				left[which] -= 1 << (15 - length)
				used[which]++
			}
		}
		if left[0] < 0 || left[1] < 0 || at > literals+distances {
			return false
		}
	}
	return (left[0] == 0 || used[0] <= 1) && (left[1] == 0 || used[1] <= 1)
}
