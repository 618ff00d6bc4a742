package match

import (
	"math/bits"
	"slices"
)

// markBytes are the bytes that marks look at, of each place where a literal or
// an expression may start.
const markBytes = 5

// markOffsets are where they stand.
type markOffsets [markBytes]int

var (
	// literalOffsets are, in Japanese, the first character and, of the second,
	// its lead and its last byte.
	literalOffsets = markOffsets{0, 1, 2, 3, 5}
	// shapeOffsets are one byte before the start of an expression, for its
	// border, and the first four bytes.
	shapeOffsets = markOffsets{-1, 0, 1, 2, 3}
)

// marks is the first stage of a filter. Each entry has one bit a bucket. The
// assembly knows where low (at 0), high (320), low4 (640) and high4 (720) are.
type marks struct {
	low  [markBytes][64]byte // by a byte's low six bits
	high [markBytes][64]byte // by its high six
	// For AVX2, which looks up only four bits at a time.
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

// dealLiterals fills m. Literals with the same first byte stay together, but
// those that go on in kana are told from those that go on in kanji.
func (m *marks) dealLiterals(t *table) {
	var first [2][256]*bucket
	var groups []*bucket
	var room [8]byte
	for i := range t.items {
		lit := t.items[i].start(&room)
		kana := 0
		if lit[0] >= 0x80 && len(lit) > 3 && lit[3] == 0xe3 {
			kana = 1
		}
		b := first[kana][lit[0]]
		if b == nil {
			b = &bucket{}
			first[kana][lit[0]] = b
			groups = append(groups, b)
		}
		for j, off := range literalOffsets {
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
	m.deal(groups, &literalOffsets)
}

// deal fills m with groups, joined until each has a bucket.
func (m *marks) deal(groups []*bucket, offsets *markOffsets) {
	m.offsets = offsets
	groups = joinDownTo(buckets, groups, weightsAt(offsets))
	for k, g := range groups {
		for j := range markBytes {
			for c := range 256 {
				if g.bytes[j].has(byte(c)) {
					m.low[j][c&63] |= 1 << k
					m.high[j][c>>2] |= 1 << k
					m.low4[j][c&15] |= 1 << k
					m.high4[j][c>>4] |= 1 << k
				}
			}
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
	for _, g := range groups {
		g.cost = g.share(w)
	}
	type row struct {
		with int // the best partner, further on in groups
		more float64
	}
	rows := make([]row, len(groups))
	look := func(i, j int) {
		if groups[j] == nil {
			return
		}
		u := *groups[i]
		u.join(groups[j])
		if more := u.share(w) - groups[i].cost - groups[j].cost; rows[i].with == 0 || more < rows[i].more {
			rows[i] = row{j, more}
		}
	}
	for i := range groups {
		for j := i + 1; j < len(groups); j++ {
			look(i, j)
		}
	}
	for left := len(groups); left > n; left-- {
		best := -1
		for i, r := range rows {
			if r.with != 0 && (best < 0 || r.more < rows[best].more) {
				best = i
			}
		}
		gone := rows[best].with
		groups[best].join(groups[gone])
		groups[best].cost = groups[best].share(w)
		groups[gone] = nil
		rows[gone] = row{}
		for i := range groups {
			switch {
			case groups[i] == nil:
			case i == best || rows[i].with == best || rows[i].with == gone:
				rows[i] = row{}
				for j := i + 1; j < len(groups); j++ {
					look(i, j)
				}
			case i < best:
				look(i, best)
			}
		}
	}
	return slices.DeleteFunc(groups, func(b *bucket) bool { return b == nil })
}

// share estimates how much text a bucket lets through: the sum over the kinds
// of text, with the bytes at the offsets taken as independent.
func (b *bucket) share(w *weights) float64 {
	share := 0.0
	for kind := range w {
		part := 1.0
		for j := range markBytes {
			if b.bytes[j] == anyByte {
				continue
			}
			sum := 0.0
			for k, set := range b.bytes[j] {
				for ; set != 0; set &= set - 1 {
					sum += w[kind][j][k*64+bits.TrailingZeros64(set)]
				}
			}
			if part *= sum; part == 0 {
				break
			}
		}
		share += part
	}
	return share
}

// weights are rough chances of byte values at each offset, for three kinds of
// place: in English text, at a kana and at a kanji.
type weights [3][markBytes][256]float64

func weightsAt(offsets *markOffsets) *weights {
	w := &weights{}
	for j, off := range offsets {
		english, kana, kanji := &w[0][j], &w[1][j], &w[2][j]
		for c := ' '; c < 0x7f; c++ {
			english[c] = 4
		}
		for i, c := range "etaoinsrhldcumfpgwybvkxjqz" {
			english[c] = float64(55 - 2*i)
		}
		for c := '0'; c <= '9'; c++ {
			english[c] = 12
		}
		english[' '] = 60
		switch {
		case off == 0:
			kana[0xe3] = 1
			for c := 0xe4; c <= 0xe9; c++ {
				kanji[c] = 1
			}
		case off == 3:
			kana[0xe3], kanji[0xe3] = 10, 10
			for c := 0xe4; c <= 0xe9; c++ {
				kana[c], kanji[c] = 1, 2
			}
		default:
			for c := 0x80; c < 0xc0; c++ {
				kana[c], kanji[c] = 1, 1
			}
			if off == 1 {
				*kana = [256]float64{0x81: 2, 0x82: 1, 0x83: 2}
			}
		}
		for _, t := range []*[256]float64{english, kana, kanji} {
			sum := 0.0
			for _, x := range t {
				sum += x
			}
			for c := range t {
				t[c] /= sum
			}
		}
	}
	return w
}

// at returns the buckets that are possible at offset i of text, which has a
// byte at each of the offsets from there.
func (m *marks) at(text []byte, i int) byte {
	o, w := m.offsets, &m.whole
	return w[0][text[i+o[0]]] & w[1][text[i+o[1]]] & w[2][text[i+o[2]]] & w[3][text[i+o[3]]] & w[4][text[i+o[4]]]
}

// at4 is at by four bits, as AVX2 looks bytes up. It lets more through.
func (m *marks) at4(text []byte, i int) byte {
	possible := byte(0xff)
	for j, off := range m.offsets {
		c := text[i+off]
		possible &= m.low4[j][c&15] & m.high4[j][c>>4]
	}
	return possible
}
