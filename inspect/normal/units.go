package normal

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// UnitsBehind is how many bytes must stand behind the kinds that Units takes.
const UnitsBehind = 72

// Units records n characters, at least one, that follow one another from output
// offset out and input offset in on. Each has a byte in kinds: how many bytes it
// takes of the output in the lower two bits, of the input in those above. It returns
// how many bytes all of them take of the input. It is Step for each, by the places
// where the kind changes.
func (m *Map) Units(out int, in int64, kinds []byte, n int) (taken int) {
	start, from := in, 0
	ow, iw := int(kinds[0]&3), int(kinds[0]>>2)
	m.Step(out, in, ow, iw)
	for at := 0; at+1 < n; at += 64 {
		changes := changesIn(kinds[at:])
		if left := n - 1 - at; left < 64 {
			changes &= 1<<left - 1
		}
		k := len(m.segs)
		m.segs = slices.Grow(m.segs, bits.OnesCount64(changes))[:k+bits.OnesCount64(changes)]
		for ; changes != 0; k++ {
			next := at + 1 + bits.TrailingZeros64(changes)
			changes &= changes - 1
			out += (next - from) * ow
			in += int64((next - from) * iw)
			kind := kinds[next]
			ow, iw = int(kind&3), int(kind>>2)
			m.segs[k] = segment{out, in, ow, iw}
			from = next
		}
	}
	return int(in-start) + (n-from)*iw
}

// changesIn marks which of the first 64 bytes another one follows.
func changesIn(b []byte) (changes uint64) {
	b = b[:72:72]
	for i := 0; i < 64; i += 8 {
		x := binary.LittleEndian.Uint64(b[i:]) ^ binary.LittleEndian.Uint64(b[i+1:])
		x = (x&^highs + (highs - ones) | x) & highs
		changes |= x >> 7 * 0x0102040810204080 >> 56 << i
	}
	return changes
}
