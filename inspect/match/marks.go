package match

import (
	"math/bits"
	"slices"
)

// markBytes are looked at by marks, at markOffsets from where a literal would
// start: in Japanese the first character and, of the second, its lead and its
// last byte.
const markBytes = 5

var markOffsets = [markBytes]int{0, 1, 2, 3, 5}

// marks is the first stage of a filter. Each entry has one bit a bucket. The
// layout is known to assembly.
type marks struct {
	low  [markBytes][64]byte // by a byte's low six bits
	high [markBytes][64]byte // by its high six
	// For AVX2, which looks up only four bits at a time.
	low4, high4 [markBytes][16]byte
}

// buckets is the number of buckets: the bits of a byte.
const buckets = 8

// bucket collects the bytes that the literals dealt into it have at each of
// markOffsets.
type bucket struct {
	bytes [markBytes][4]uint64 // a bit for each byte value
	cost  float64              // share of text that gets through, roughly
}

func (b *bucket) join(o *bucket) {
	for j := range b.bytes {
		for k := range b.bytes[j] {
			b.bytes[j][k] |= o.bytes[j][k]
		}
	}
}

func (b *bucket) add(j int, c byte) { b.bytes[j][c>>6] |= 1 << (c & 63) }

func (b *bucket) has(j, c int) bool { return b.bytes[j][c>>6]>>(c&63)&1 != 0 }

// deal fills m. Literals with the same first byte stay together, but those that
// go on in kana are told from those that go on in kanji. Of these groups, the
// two that are cheapest to join are joined until each has a bucket.
func (m *marks) deal(t *table) {
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
		for j, off := range markOffsets {
			if off >= len(lit) {
				b.bytes[j] = [4]uint64{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
				continue
			}
			b.add(j, lit[off])
			if t.fold && lit[off]-'a' < 26 {
				b.add(j, lit[off]-0x20)
			}
		}
	}
	groups = joinDownTo(buckets, groups)
	for k, g := range groups {
		for j := range markBytes {
			for c := range 256 {
				if g.has(j, c) {
					m.low[j][c&63] |= 1 << k
					m.high[j][c>>2] |= 1 << k
					m.low4[j][c&15] |= 1 << k
					m.high4[j][c>>4] |= 1 << k
				}
			}
		}
	}
}

// joinDownTo joins groups, each time the two that let least more through
// together than apart, until n are left.
func joinDownTo(n int, groups []*bucket) []*bucket {
	for _, g := range groups {
		g.cost = g.share()
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
		if more := u.share() - groups[i].cost - groups[j].cost; rows[i].with == 0 || more < rows[i].more {
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
		groups[best].cost = groups[best].share()
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
func (b *bucket) share() float64 {
	share := 0.0
	for kind := range weights {
		part := 1.0
		for j := range markBytes {
			sum := 0.0
			for k, w := range b.bytes[j] {
				for ; w != 0; w &= w - 1 {
					sum += weights[kind][j][k*64+bits.TrailingZeros64(w)]
				}
			}
			part *= sum
			if part == 0 {
				break
			}
		}
		share += part
	}
	return share
}

// weights are rough chances of byte values at markOffsets, for three kinds of
// place: in English text, at a kana and at a kanji.
var weights = func() (w [3][markBytes][256]float64) {
	for j, off := range markOffsets {
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
		switch off % 3 {
		case 0:
			kana[0xe3], kanji[0xe3] = 10, 10
			for c := 0xe4; c <= 0xe9; c++ {
				kanji[c], kana[c] = 2, 1
			}
			if off == 0 {
				clear(kana[0xe4:])
				kanji[0xe3] = 0
			}
		case 1:
			kana[0x81], kana[0x82], kana[0x83] = 2, 1, 2
			fallthrough
		default:
			for c := 0x80; c < 0xc0; c++ {
				kanji[c]++
				if off%3 == 2 {
					kana[c]++
				}
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
}()

// at returns the buckets that are possible at offset i of text, which goes on
// for slack bytes from there.
func (m *marks) at(text []byte, i int) byte {
	possible := byte(0xff)
	for j, off := range markOffsets {
		c := text[i+off]
		possible &= m.low[j][c&63] & m.high[j][c>>2]
	}
	return possible
}

// at4 is at by four bits, as AVX2 looks bytes up. It lets more through.
func (m *marks) at4(text []byte, i int) byte {
	possible := byte(0xff)
	for j, off := range markOffsets {
		c := text[i+off]
		possible &= m.low4[j][c&15] & m.high4[j][c>>4]
	}
	return possible
}
