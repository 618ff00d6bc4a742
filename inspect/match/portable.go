package match

import (
	"encoding/binary"
	"math/bits"
)

// portable is the specification of the vector kernels. It has no branches that
// depend on the text where it looks at every byte: they would cost more than
// what they spare.
type portable struct{}

// masks has a bit for each byte of a chunk, one word a block.
type masks [chunkSize / blockSize]uint64

func (portable) mark(s *scratch, ev *Evidence, f *filter, text []byte, blocks, base int) {
	for k := range blocks {
		block := text[k*blockSize : k*blockSize+blockSize+slack]
		s.starts[k] = f.marks.mask(block)
		var digits, ats uint64
		for i := 0; i < blockSize; i += 8 {
			x := binary.LittleEndian.Uint64(block[i:])
			digits |= digitMask(x) << i
			ats |= zeroMask(x^'@'*ones) << i
		}
		s.digits[k], s.ats[k] = digits, ats
	}
	s.list(ev, blocks, base)
}

func (portable) literals(s *scratch, f *filter, text []byte, blocks, base int) {
	for k := range blocks {
		s.found = listBits(s.found, f.marks.mask(text[k*blockSize:k*blockSize+blockSize+slack]), base+k*blockSize)
	}
}

// mask returns which of the first blockSize offsets of text pass.
func (m *marks) mask(text []byte) uint64 {
	low := m.offsets.at[0]
	w0, w1, w2 := &m.whole[0], &m.whole[1], &m.whole[2] // at low and the next two offsets
	t := text[:blockSize+2]
	var mask uint64
	for i := range blockSize {
		p := w0[t[i]] & w1[t[i+1]] & w2[t[i+2]]
		mask = mask>>1 | uint64(uint32(p)+0xff)>>8<<63
	}
	for w := mask; w != 0; w &= w - 1 {
		i := bits.TrailingZeros64(w)
		if m.at(text, i-low) == 0 {
			mask &^= 1 << i
		}
	}
	return mask
}

func (portable) sift(s *scratch, f *filter, part []byte, base int) {
	s.found = f.sift(s.found, part, base)
}

func (portable) leads(t *table, dst []lead, found []uint32, part []byte, base int) []lead {
	return t.leads(dst, found, part, base)
}

func (portable) confirm(t *table, s *scratch, dst []Hit, text, part []byte, base int) []Hit {
	return t.confirmAll(dst, s.leads, text, part, base)
}

func (portable) shapes(found []uint32, m *marks, f *fine, text []byte, blocks, base int) []uint32 {
	for k := range blocks {
		mask := m.mask(text[k*blockSize:])
		for w := mask; w != 0; w &= w - 1 {
			if i := bits.TrailingZeros64(w); f.at(text[k*blockSize+i:]) == 0 {
				mask &^= 1 << i
			}
		}
		found = listBits(found, mask, base+k*blockSize)
	}
	return found
}

// list turns the masks into offsets and runs.
func (s *scratch) list(ev *Evidence, blocks, base int) {
	for k := range blocks {
		at := base + k*blockSize
		s.found = listBits(s.found, s.starts[k], at)
		edges := s.digits[k] ^ s.digits[k]<<1
		if s.digit {
			edges ^= 1
		}
		for ; edges != 0; edges &= edges - 1 {
			s.edge(ev, at+bits.TrailingZeros64(edges))
		}
	}
	s.listAts(ev, blocks, base)
}

func (s *scratch) listAts(ev *Evidence, blocks, base int) {
	for k, w := range s.ats[:blocks] {
		for ; w != 0; w &= w - 1 {
			ev.Ats = append(ev.Ats, int32(base+k*blockSize+bits.TrailingZeros64(w)))
		}
	}
}

// listBits appends the offsets of the bits in mask.
func listBits(dst []uint32, mask uint64, base int) []uint32 {
	for ; mask != 0; mask &= mask - 1 {
		dst = append(dst, uint32(base+bits.TrailingZeros64(mask)))
	}
	return dst
}

// edge notes that digits start or end at offset i.
func (s *scratch) edge(ev *Evidence, i int) {
	s.digit = !s.digit
	if s.digit {
		ev.Runs = append(ev.Runs, Run{Start: int32(i)})
	} else {
		ev.Runs[len(ev.Runs)-1].End = int32(i)
	}
}

const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// digitMask returns a bit for each of the eight bytes that is an ASCII digit.
func digitMask(x uint64) uint64 {
	y := x ^ '0'*ones // digits become 0 to 9
	return gather(^(y&^highs + (0x80-10)*ones | y) & highs)
}

// zeroMask returns a bit for each of the eight bytes that is zero.
func zeroMask(x uint64) uint64 {
	return gather(^(x&^highs + 0x7f*ones | x) & highs)
}

// gather collects the high bits of eight bytes.
func gather(x uint64) uint64 { return x >> 7 * 0x0102040810204080 >> 56 }
