package decode

import "math/bits"

// pairs tells which bytes may follow each other in text in UTF-8 or CP932, and a
// few more: a pair may if a bit is set in all four entries, those of the byte
// before by its high and low half, and of the byte itself: one of the low three
// bits for UTF-8, of the others for CP932. In random bytes every second pair may, so text shows by its length.
var pairs = func() (t [4][16]byte) {
	all := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	space := []int{'\t', '\n', '\r'} // below 0x10
	whole := []int{0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	any := append(whole, 12, 13, 14, 15)
	for bit, p := range [...]struct{ before, itself, low []int }{
		{whole, []int{2, 3, 4, 5, 6, 7, 12, 13, 14, 15}, all}, // a character after a whole one
		{whole, all[:1], space},
		{all[8:], all[8:12], all}, // the middle or end of one
		{any, all[2:10], all},     // CP932: a character, after a whole one, or its end
		{any, all[:1], space},
		{all[8:10], all[8:], all}, // the end of one
	} {
		for k, halves := range [4][]int{p.before, all, p.itself, p.low} {
			for _, h := range halves {
				t[k][h] |= 1 << bit
			}
		}
	}
	return t
}()

func mayFollow(before, c byte) bool {
	return pairs[0][before>>4]&pairs[1][before&15]&pairs[2][c>>4]&pairs[3][c&15] != 0
}

// plausible returns the first stretch in b from at on that is at least minText
// bytes long and in which each byte may follow the one before it, in one of the
// encodings for so many bytes; if there is none, one that starts at b's end.
func plausible(b []byte, at int) (start, end int) {
	const block, most = 64, 32
	var marks [most][2]uint64
	i := at + 1
	for useVectors && len(b)-i >= 2*block {
		blocks := min((len(b)-i)/block, most)
		pairBlocks(&b[i], blocks, &pairs, &marks[0])
		for k, next := 0, eightOf(&marks[0]); k < blocks-1; k++ {
			here := next
			if next = eightOf(&marks[k+1]); here|next == 0 {
				continue
			}
			m := longRun(marks[k][0], marks[k+1][0]) | longRun(marks[k][1], marks[k+1][1])
			if m != 0 {
				s := stretchAround(b, at, i+k*block+bits.TrailingZeros64(m))
				return s.start, s.end
			}
		}
		i += (blocks - 1) * block
	}
	for i += minText/2 - 1; i < len(b); i += minText / 2 { // every stretch holds one of these
		if s := stretchAround(b, at, i); s.end-s.start >= minText {
			return s.start, s.end
		}
	}
	return len(b), len(b)
}

// eightOf is not 0 if all bits are set in one of the bytes of the words, as they
// are in any row of minText-1.
func eightOf(m *[2]uint64) uint64 {
	const ones, high = 0x0101_0101_0101_0101, 0x8080_8080_8080_8080
	return ((^m[0]-ones)&m[0] | (^m[1]-ones)&m[1]) & high
}

// longRun returns where in m, which next follows, minText-1 bits in a row are set.
func longRun(m, next uint64) uint64 {
	m, next = m&(m>>1|next<<63), next&(next>>1)
	m, next = m&(m>>2|next<<62), next&(next>>2)
	m, next = m&(m>>4|next<<60), next&(next>>4)
	return m & (m>>7 | next<<57)
}

// stretchAround returns the stretch of bytes that may follow each other around
// i, from at on.
func stretchAround(b []byte, at, i int) (s textRun) {
	if i >= len(b) {
		return s
	}
	s.start, s.end = i, i+1
	for s.start > at && mayFollow(b[s.start-1], b[s.start]) {
		s.start--
	}
	for s.end < len(b) && mayFollow(b[s.end-1], b[s.end]) {
		s.end++
	}
	return s
}
