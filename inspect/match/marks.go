package match

import (
	"math/bits"
	"slices"
	"strings"
)

// markBytes are the bytes that marks look at, of each place where a literal or
// an expression may start.
const markBytes = 5

// markOffsets are where they stand.
type markOffsets struct {
	at [markBytes]int
	// high is at how many of them, the first, all of a byte is looked at. Of the
	// others the low six bits serve nearly as well: whether a byte leads, follows or
	// is ASCII the bytes before have told.
	high int
}

var (
	// literalOffsets are, in Japanese, the first character and, of the second,
	// its lead and its last byte.
	literalOffsets = markOffsets{[markBytes]int{0, 1, 2, 3, 5}, 2}
	// shapeOffsets are one byte before the start of an expression, for its
	// border, and the first four bytes.
	shapeOffsets = markOffsets{[markBytes]int{-1, 0, 1, 2, 3}, markBytes}
)

// marks is the first stage of a filter. Each entry has one bit a bucket. The
// assembly knows where low (at 0), high (320), low4 (640) and high4 (720) are.
type marks struct {
	low  [markBytes][64]byte // by a byte's low six bits
	high [markBytes][64]byte // by its high six; full at offsets without
	// For AVX2 and NEON, which look up shapes four bits at a time.
	low4, high4 [markBytes][16]byte
	// For Go, which has no need to divide a byte: low and high in one.
	whole   [markBytes][256]byte
	offsets *markOffsets
}

// buckets is the number of buckets: the bits of a byte.
const buckets = 8

// bucket collects the bytes that what was dealt into it has at each offset.
type bucket struct {
	bytes [markBytes]byteSet
	cost  float64 // share of text that gets through, roughly
}

func (b *bucket) join(o *bucket) {
	for j := range b.bytes {
		b.bytes[j].join(&o.bytes[j])
	}
}

// literalGroups returns the groups that t's literals are dealt in. Literals with the
// same first byte stay together, but those that go on in kana are told from those that
// go on in kanji, and those that have no byte at some of the offsets from those that
// have. Those in kana may be divided by their first character, parts times for each
// second byte.
func literalGroups(t *table, parts int) []*bucket {
	var first [classCount + 1 + 4*maxParts][256]*bucket
	var groups []*bucket
	var room [8]byte
	for i := range t.items {
		lit := t.items[i].start(&room)
		kind := class(len(lit))
		if lit[0] >= 0x80 && len(lit) > 3 && lit[3] == 0xe3 {
			kind = classCount
			if parts > 0 && lit[0] == 0xe3 {
				kind += 1 + int(lit[1]&3)*parts + int(lit[2]&63)*parts/64
			}
		}
		b := first[kind][lit[0]]
		if b == nil {
			b = &bucket{}
			first[kind][lit[0]] = b
			groups = append(groups, b)
		}
		for j, off := range literalOffsets.at {
			if off >= len(lit) {
				b.bytes[j] = anyByte
				continue
			}
			b.bytes[j].add(lit[off])
			if t.fold && lit[off]-'a' < 26 {
				b.bytes[j].add(lit[off] - 0x20)
			}
		}
	}
	if len(groups) > maxGroups {
		groups = groups[:0]
		for c := range first[0] {
			var all *bucket
			for _, of := range first {
				if b := of[c]; all == nil {
					all = b
				} else if b != nil {
					all.join(b)
				}
			}
			if all != nil {
				groups = append(groups, all)
			}
		}
	}
	return groups
}

// maxParts bounds parts of literalGroups.
const maxParts = 8

// deal fills m with groups, joined until each has a bucket.
func (m *marks) deal(groups []*bucket, offsets *markOffsets) {
	m.offsets = offsets
	groups = joinDownTo(buckets, groups, weightsAt(offsets))
	for k, g := range groups {
		for j := range markBytes {
			for c := range 256 {
				if g.bytes[j].has(byte(c)) {
					m.low[j][c&63] |= 1 << k
					if j < offsets.high {
						m.high[j][c>>2] |= 1 << k
					}
					m.low4[j][c&15] |= 1 << k
					m.high4[j][c>>4] |= 1 << k
				}
			}
		}
	}
	for j := offsets.high; j < markBytes; j++ {
		for c := range m.high[j] {
			m.high[j][c] = 0xff
		}
	}
	for j := range m.whole {
		for c := range m.whole[j] {
			m.whole[j][c] = m.low[j][c&63] & m.high[j][c>>2]
		}
	}
}

// joinDownTo joins groups, each time the two that let least more through
// together than apart, until n are left.
func joinDownTo(n int, groups []*bucket, w *weights) []*bucket {
	all := len(groups)
	for _, g := range groups {
		g.cost = g.share(w)
	}
	more := make([]float64, all*all) // of two groups, at the first times all + the second
	look := func(i, j int) {
		u := *groups[i]
		u.join(groups[j])
		more[i*all+j] = u.share(w) - groups[i].cost - groups[j].cost
	}
	with := make([]int, all) // each group's best partner, further on; 0 if there is none
	choose := func(i int) {
		with[i] = 0
		for j := i + 1; j < all; j++ {
			if groups[j] != nil && (with[i] == 0 || more[i*all+j] < more[i*all+with[i]]) {
				with[i] = j
			}
		}
	}
	for i := range groups {
		for j := i + 1; j < all; j++ {
			look(i, j)
		}
		choose(i)
	}
	for left := all; left > n; left-- {
		best := -1
		for i, j := range with {
			if j != 0 && (best < 0 || more[i*all+j] < more[best*all+with[best]]) {
				best = i
			}
		}
		gone := with[best]
		groups[best].join(groups[gone])
		groups[best].cost = groups[best].share(w)
		groups[gone], with[gone] = nil, 0
		for i := range groups {
			switch {
			case groups[i] == nil || i == best:
			case i < best:
				look(i, best)
			default:
				look(best, i)
			}
		}
		for i := range groups {
			if groups[i] != nil {
				choose(i)
			}
		}
	}
	return slices.DeleteFunc(groups, func(b *bucket) bool { return b == nil })
}

// share estimates how much text a bucket lets through: the sum over the kinds
// of text, with the bytes at the offsets taken as independent. What counts is what
// the marks can tell.
func (b *bucket) share(w *weights) float64 {
	parts := [kinds]float64{1, 1, 1}
	for j := range markBytes {
		if b.bytes[j] == anyByte {
			continue
		}
		told := w.told(&b.bytes[j], j)
		for kind := range parts {
			parts[kind] *= w.chances[kind][j].of(&told)
		}
	}
	return 4*parts[0] + parts[1] + parts[2] // see kinds
}

// told returns the bytes whose low six bits and, if they count, whose high six bits
// are of some in the set.
func (s *byteSet) told(high bool) (t byteSet) {
	low := s[0] | s[1] | s[2] | s[3]
	for k, x := range s {
		x |= x >> 1
		x |= x >> 2 // of each four in the lowest
		if t[k] = low; high {
			t[k] &= x & 0x1111111111111111 * 15
		}
	}
	return t
}

// toldByNibbles returns the bytes whose low four bits and whose high four bits are of
// some in the set.
func (s *byteSet) toldByNibbles() (t byteSet) {
	var low uint64 // 16 bits
	for _, x := range s {
		x |= x >> 32
		low |= (x | x>>16) & 0xffff
	}
	for k, x := range s {
		for i := 0; i < 64; i += 16 {
			if x>>i&0xffff != 0 {
				t[k] |= low << i
			}
		}
	}
	return t
}

// kinds of places in text: English, at a kana, at a kanji. Such places are a third
// of Japanese text at most, and all of English, whose bytes depend on each other
// more: it counts four times. (Any factor from 4 to 10 serves.)
const kinds = 3

// weights are rough chances of byte values at each offset, by kind.
type weights struct {
	chances [kinds][markBytes]chances
	// told returns the bytes that cannot be told from those of a set, j-th of those
	// looked at.
	told func(set *byteSet, j int) byteSet
}

// chances are of each byte value a number of at most six bits, bit by bit.
type chances struct {
	bits  [6]byteSet
	total float64
}

func (c *chances) set(b byte, n int) {
	for k := range c.bits {
		if n>>k&1 != 0 {
			c.bits[k].add(b)
		}
	}
	c.total += float64(n)
}

// of returns the chance that a byte is of the set.
func (c *chances) of(s *byteSet) float64 {
	n := 0
	for k := range c.bits {
		b := &c.bits[k]
		n += (bits.OnesCount64(b[0]&s[0]) + bits.OnesCount64(b[1]&s[1]) + bits.OnesCount64(b[2]&s[2]) + bits.OnesCount64(b[3]&s[3])) << k
	}
	return float64(n) / c.total
}

func weightsAt(offsets *markOffsets) *weights {
	w := &weights{told: func(set *byteSet, j int) byteSet { return set.told(j < offsets.high) }}
	for j, off := range offsets.at {
		english, kana, kanji := &w.chances[0][j], &w.chances[1][j], &w.chances[2][j]
		english.set(' ', 60)
		for c := byte('!'); c < 0x7f; c++ {
			switch i := strings.IndexByte("etaoinsrhldcumfpgwybvkxjqz", c); {
			case i >= 0:
				english.set(c, 55-2*i)
			case c-'0' < 10:
				english.set(c, 12)
			default:
				english.set(c, 4)
			}
		}
		switch {
		case off == 0:
			kana.set(0xe3, 1)
			for c := byte(0xe4); c <= 0xe9; c++ {
				kanji.set(c, 1)
			}
		case off == 3:
			kana.set(0xe3, 10)
			kanji.set(0xe3, 10)
			for c := byte(0xe4); c <= 0xe9; c++ {
				kana.set(c, 1)
				kanji.set(c, 2)
			}
		default:
			for c := byte(0x80); c < 0xc0; c++ {
				kanji.set(c, 1)
				if off != 1 {
					kana.set(c, 1)
				}
			}
			if off == 1 {
				kana.set(0x81, 2)
				kana.set(0x82, 1)
				kana.set(0x83, 2)
			}
		}
	}
	return w
}

// at returns the buckets that are possible at offset i of text, which has a
// byte at each of the offsets from there.
func (m *marks) at(text []byte, i int) byte {
	o, w := &m.offsets.at, &m.whole
	return w[0][text[i+o[0]]] & w[1][text[i+o[1]]] & w[2][text[i+o[2]]] & w[3][text[i+o[3]]] & w[4][text[i+o[4]]]
}
