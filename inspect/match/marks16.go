package match

// marks16 are the marks of literals as AVX2 looks them up: sixteen buckets, as two
// lots of eight, for the lookups are less sharp than those of marks. Of the first four
// bytes both halves of four bits are looked up. That is cheap, and most blocks of most
// texts have no literal after it. Where one may be, the low six bits of two bytes
// follow that are, in Japanese, the last ones of the first two characters: four bits
// confuse a quarter of kana with each other there.
//
// The assembly knows where low4 (at 0), high4 (128) and low6 (256) are.
type marks16 struct {
	low4, high4 [coarse][lots][16]byte
	low6        [lots][2][64]byte // of sixBits, lot by lot
}

const (
	lots   = 2
	coarse = 4 // of literalOffsets, the first, are looked up by four bits
)

// sixBits are those of literalOffsets whose low six bits are looked up.
var sixBits = [2]int{2, 4}

// newMarks16 deals t's literals.
func newMarks16(t *table) *marks16 {
	m := &marks16{}
	w := weightsAt(&literalOffsets)
	w.told = toldBy16
	for k, g := range joinDownTo(lots*buckets, literalGroups(t), w) {
		lot, bit := k/buckets, byte(1)<<(k%buckets)
		for c := range 256 {
			for j := range coarse {
				if g.bytes[j].has(byte(c)) {
					m.low4[j][lot][c&15] |= bit
					m.high4[j][lot][c>>4] |= bit
				}
			}
			for i, j := range sixBits {
				if g.bytes[j].has(byte(c)) {
					m.low6[lot][i][c&63] |= bit
				}
			}
		}
	}
	return m
}

// toldBy16 is weights.told for marks16.
func toldBy16(set *byteSet, j int) (t byteSet) {
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
func (m *marks16) at(text []byte, i int) uint16 {
	var possible uint16
	for lot := range lots {
		p := byte(0xff)
		for j := range coarse {
			c := text[i+literalOffsets.at[j]]
			p &= m.low4[j][lot][c&15] & m.high4[j][lot][c>>4]
		}
		for k, j := range sixBits {
			p &= m.low6[lot][k][text[i+literalOffsets.at[j]]&63]
		}
		possible |= uint16(p) << (buckets * lot)
	}
	return possible
}
