package match

// halfMarks are the marks of literals as AVX2 looks them up: bytes by their two halves.
// Of the first four bytes both halves are looked up. That is cheap, and most blocks of
// many texts have no literal after it. Where one may be, the low six bits of two bytes
// follow that are, in Japanese, the last ones of the first two characters: four bits
// confuse a quarter of kana with each other there.
//
// The assembly knows where low4 (at 0), high4 (64) and low6 (128) are.
type halfMarks struct {
	low4, high4 [coarse][16]byte
	low6        [2][64]byte // of sixBits
}

// coarse is how many of literalOffsets, from the first on, are looked up by halves.
const coarse = 4

// sixBits are those of literalOffsets whose low six bits are looked up.
var sixBits = [2]int{2, 4}

// newHalfMarks deals t's literals.
func newHalfMarks(t *table) *halfMarks {
	m := &halfMarks{}
	w := weightsAt(&literalOffsets)
	w.told = toldByHalves
	parts := 0
	if t.inKana() > manyKana {
		parts = maxParts
	}
	for k, g := range joinDownTo(buckets, literalGroups(t, parts), w) {
		for c := range 256 {
			for j := range coarse {
				if g.bytes[j].has(byte(c)) {
					m.low4[j][c&15] |= 1 << k
					m.high4[j][c>>4] |= 1 << k
				}
			}
			for i, j := range sixBits {
				if g.bytes[j].has(byte(c)) {
					m.low6[i][c&63] |= 1 << k
				}
			}
		}
	}
	return m
}

// manyKana is from how many literals in kana on they are worth more than one bucket. A few
// would take it from those in Latin letters.
const manyKana = 32

// inKana returns how many literals begin in kana.
func (t *table) inKana() (n int) {
	for i := range t.items {
		if byte(t.items[i].head) == 0xe3 {
			n++
		}
	}
	return n
}

// toldByHalves is weights.told for halfMarks.
func toldByHalves(set *byteSet, j int) (t byteSet) {
	t = anyByte
	if j < coarse {
		t = set.toldByNibbles()
	}
	for _, six := range sixBits {
		if j == six {
			low := set.told(false)
			for k := range t {
				t[k] &= low[k]
			}
		}
	}
	return t
}

// at returns the buckets that are possible at offset i of text, which has slack
// bytes from there.
func (m *halfMarks) at(text []byte, i int) byte {
	p := byte(0xff)
	for j := range coarse {
		c := text[i+literalOffsets.at[j]]
		p &= m.low4[j][c&15] & m.high4[j][c>>4]
	}
	for k, j := range sixBits {
		p &= m.low6[k][text[i+literalOffsets.at[j]]&63]
	}
	return p
}
