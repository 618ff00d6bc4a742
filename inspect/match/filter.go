package match

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// A filter says, fast and never wrongly "no", at which offsets a literal may
// start. It has two stages; DESIGN.md gives what each lets through.
//
// The first, marks, deals the literals into eight buckets. A bucket stays
// possible while every byte looked at is one that some literal of the bucket
// has there. A byte is looked up by its low six bits and by its high six: each
// table fits a vector register.
//
// The second hashes the first six bytes (and the first three, for literals
// shorter than six) into bit sets.
type filter struct {
	marks  marks
	halves *halfMarks // instead of marks, for a kernel that looks bytes up there
	long   bitset     // by the first six bytes
	short  bitset     // by the first three
	fold   uint64     // what is set in an ASCII-led word before hashing
}

// bitset is a Bloom filter with two bits a key, both in one word, so that a
// question costs one load.
type bitset struct {
	words []uint32
	shift uint32 // 32 - log2(len(words))
	used  bool
}

// Odd multipliers: the first two spread a key's halves, the last what came of
// them after the high bits were folded into the low (constants of Murmur3,
// MurmurHash3.cpp, public domain, and of xxHash).
const (
	hash1 = 0xcc9e2d51
	hash2 = 0x1b873593
	hash3 = 0x9e3779b1
)

func hash(lo, hi uint32) uint32 {
	h := lo*hash1 + hi*hash2
	return (h ^ h>>15) * hash3
}

func (b *bitset) add(lo, hi uint32) {
	h := hash(lo, hi)
	b.words[h>>b.shift] |= 1<<(h>>1&31) | 1<<(h>>6&31)
	b.used = true
}

// has returns 1 if the key may be in the set, else 0.
func (b *bitset) has(lo, hi uint32) uint32 {
	h := hash(lo, hi)
	w := b.words[h>>b.shift]
	return w >> (h >> 1 & 31) & (w >> (h >> 6 & 31)) & 1
}

// newBitset returns a set with room for n keys at about 1% of false yes: 16 to
// 32 bits each. One that does not fit the first-level cache beside the text has half
// of that: what it asks of the second costs more than what it lets through.
func newBitset(n int) bitset {
	log := min(max(bits.Len(uint(n)*16/32), 3), 20)
	if log > 12 {
		log--
	}
	return bitset{words: make([]uint32, 1<<log), shift: uint32(32 - log)}
}

func newFilter(t *table) *filter {
	f := &filter{}
	if t.fold {
		f.fold = 0x2020202020202020
	}
	long, short := 0, 0
	for i := range t.items {
		switch class(int(t.items[i].size)) {
		case wide:
			long++
		case mid:
			short++
		case two:
			short += 1 << 8
		case one:
			short += 1 << 16
		}
	}
	f.long, f.short = newBitset(long), newBitset(short)
	var room [8]byte
	for i := range t.items {
		switch lit := t.items[i].start(&room); {
		case len(lit) >= longKey && (f.fold == 0 || lit[0] >= 0x80 && !hasLetter(string(lit[:longKey]))): // nearly all
			f.long.add(uint32(t.items[i].head), uint32(t.items[i].head>>16))
		case len(lit) >= longKey:
			f.enter(&f.long, lit, 0, 0, longKey)
		default:
			f.enter(&f.short, lit, 0, 0, shortKey)
		}
	}
	return f
}

// deal fills the marks, for kernels without marks of their own.
func (f *filter) deal(t *table) { f.marks.deal(literalGroups(t, 0), &literalOffsets) }

// Bytes that the keys of the two bit sets hold.
const (
	longKey  = 6
	shortKey = 3
)

// enter adds a folded literal to a bit set whose keys have w bytes; the first
// i are already in key. A literal shorter than that enters with everything
// that may follow it. A word in the text is folded before hashing only if it
// starts with ASCII: else both cases of its letters enter.
func (f *filter) enter(set *bitset, lit []byte, key uint64, i, w int) {
	switch {
	case i == longKey:
		set.add(uint32(key), uint32(key>>16))
	case i == shortKey && w == shortKey:
		set.add(uint32(key), 0)
	case i >= len(lit):
		for c := range uint64(256) {
			f.enter(set, lit, key|c<<(8*i), i+1, w)
		}
	case lit[0] < 0x80:
		f.enter(set, lit, key|(uint64(lit[i])|f.fold&0xff)<<(8*i), i+1, w)
	default:
		f.enter(set, lit, key|uint64(lit[i])<<(8*i), i+1, w)
		if f.fold != 0 && lit[i]-'a' < 26 {
			f.enter(set, lit, key|uint64(lit[i]-0x20)<<(8*i), i+1, w)
		}
	}
}

// passes returns 1 if a literal may start where word was loaded, else 0.
func (f *filter) passes(word uint64) uint32 {
	word |= f.fold &^ uint64(int64(word<<56)>>63)
	return f.long.has(uint32(word), uint32(word>>16)) | f.short.has(uint32(word)&(1<<(8*shortKey)-1), 0)
}

// sift keeps those of the offsets that pass. part holds the text from base on,
// and slack bytes from each offset.
func (f *filter) sift(found []uint32, part []byte, base int) []uint32 {
	n := uint32(0)
	for _, i := range found {
		found[n] = i
		n += f.passes(binary.LittleEndian.Uint64(part[int(i)-base:])) // no branch: it would often be taken wrongly
	}
	return found[:n]
}

func (f *filter) size() int {
	n := int(unsafe.Sizeof(*f)) + 4*(len(f.long.words)+len(f.short.words))
	if f.halves != nil {
		n += int(unsafe.Sizeof(*f.halves))
	}
	return n
}
