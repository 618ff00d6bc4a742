package dict

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"math/bits"
	"sync"
	"unsafe"

	"github.com/klauspost/compress/zstd"
)

// Table is an immutable set of words with an Info each, made for look-ups of
// candidate byte ranges in running text: no allocation, one hash a look-up.
// It is safe for concurrent use.
type Table struct {
	arena   []byte   // entries one after another: text, then info
	ends    []uint32 // arena offset behind entry i's info
	slots   []uint32 // open addressing: tag<<indexBits | entry+1, 0 is free
	mask    uint32
	longest int // bytes of the longest entry
}

// indexBits is the part of a slot that holds the entry; the rest is a tag from
// the hash, so that words that are not listed seldom touch the arena.
const indexBits = 20

// Len is the number of words.
func (t *Table) Len() int { return len(t.ends) }

// Info says what is known of a listed word; 0 means that it is not listed.
type Info uint8

// Weight is 1 (rare) to 15 (most frequent), 0 for a word that is not listed.
// It is logarithmic: a step stands for about twice as many occurrences.
func (i Info) Weight() int { return int(i & 15) }

// Rival is what else the word is, by its likeliest other meaning.
func (i Info) Rival() Rival { return Rival(i >> 4 & 3) }

// Doubt says how the name stands against its Rival: 0, the name is likelier or
// there is no rival; 1, about even; 2, the rival is likelier; 3, the rival is
// more than twenty times as likely.
func (i Info) Doubt() int { return int(i >> 6) }

// Rival is a meaning of a word besides a person's name.
type Rival uint8

// The rivals.
const (
	NoRival Rival = iota
	Word          // an ordinary word: 大地, grace
	Place         // a place: 福岡
	Other         // a company, a product, an era
)

// Lookup returns what is known of word.
func (t *Table) Lookup(word []byte) Info {
	if len(word) == 0 || len(word) > t.longest {
		return 0
	}
	return t.find(word, hash(word))
}

// find is Lookup with the hash of word.
func (t *Table) find(word []byte, h uint64) Info {
	tag := uint32(h>>32) >> indexBits
	for i := uint32(h) & t.mask; ; i = (i + 1) & t.mask {
		s := t.slots[i]
		if s == 0 {
			return 0
		}
		if s>>indexBits != tag {
			continue
		}
		if text, w := t.entry(int(s&(1<<indexBits-1)) - 1); bytes.Equal(text, word) {
			return w
		}
	}
}

// Longest returns the length in bytes of the longest word that b begins with
// and that ends where a character ends, and what is known of it; 0, 0 if there
// is none.
func (t *Table) Longest(b []byte) (n int, info Info) {
	for n = min(len(b), t.longest); n > 0; n-- {
		if n < len(b) && b[n]&0xC0 == 0x80 {
			continue
		}
		if w := t.Lookup(b[:n]); w > 0 {
			return n, w
		}
	}
	return 0, 0
}

// All yields every word with its info, in byte order. The words are part of the
// table and keep it in memory.
func (t *Table) All() iter.Seq2[string, Info] {
	return func(yield func(string, Info) bool) {
		for i := range t.ends {
			text, w := t.entry(i)
			if !yield(unsafe.String(unsafe.SliceData(text), len(text)), w) { // the arena never changes
				return
			}
		}
	}
}

func (t *Table) entry(i int) (text []byte, info Info) {
	start := uint32(0)
	if i > 0 {
		start = t.ends[i-1]
	}
	end := t.ends[i] - 1
	return t.arena[start:end], Info(t.arena[end])
}

// hash is a multiply-fold over eight bytes at a time; words are short and come
// from our own build, so nobody can choose them to collide.
func hash(b []byte) uint64 {
	const k = 0x9E3779B97F4A7C15
	h := uint64(len(b)) * k
	for len(b) >= 8 {
		h = mix(h^binary.LittleEndian.Uint64(b), k)
		b = b[8:]
	}
	var tail uint64
	switch n := len(b); {
	case n >= 4: // the two loads may overlap
		tail = uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<32
	case n > 0:
		tail = uint64(b[0]) | uint64(b[n/2])<<8 | uint64(b[n-1])<<16
	}
	return mix(h^tail, k)
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// decodeTable reads the front-coded form that the generator writes: uvarint
// count, then the streams of shared prefix lengths, suffix lengths and weights
// (one byte each), then all suffixes.
func decodeTable(b []byte) (*Table, error) {
	n64, k := binary.Uvarint(b)
	n := int(n64)
	if k <= 0 || n64 >= 1<<indexBits || len(b)-k < 3*n {
		return nil, fmt.Errorf("damaged table of %d bytes", len(b))
	}
	b = b[k:]
	shared, suffix, weight, text := b[:n], b[n:2*n], b[2*n:3*n], b[3*n:]
	t := &Table{ends: make([]uint32, n)}
	total := n
	for i := range n {
		total += int(shared[i]) + int(suffix[i])
	}
	const slack = 16 // so that short pieces can be copied as two words
	arena := make([]byte, total+slack)
	size := uint32(4)
	for int(size) < 2*n {
		size <<= 1
	}
	t.slots, t.mask = make([]uint32, size), size-1
	hashes := make([]uint64, n)
	prev, start := 0, 0
	for i := range n {
		head, tail := int(shared[i]), int(suffix[i])
		if len(text) < tail || start-prev < head || weight[i]&15 == 0 {
			return nil, fmt.Errorf("damaged table at entry %d", i)
		}
		move(arena[start:], arena[prev:], head)
		move(arena[start+head:], text, tail)
		text = text[tail:]
		end := start + head + tail
		word := arena[start:end]
		t.longest = max(t.longest, len(word))
		hashes[i] = hash(word)
		arena[end] = weight[i]
		prev, start = start, end+1
		t.ends[i] = uint32(start)
	}
	t.arena = arena[:start:start]
	for i, h := range hashes { // all at once, so that the cache misses of many go on together
		s := uint32(h) & t.mask
		for t.slots[s] != 0 {
			s = (s + 1) & t.mask
		}
		t.slots[s] = uint32(h>>32)>>indexBits<<indexBits | uint32(i+1)
	}
	return t, nil
}

// move copies n bytes. Of short ones it may copy more, which are written over
// later.
func move(dst, src []byte, n int) {
	if n <= 16 && len(dst) >= 16 && len(src) >= 16 {
		a, b := binary.LittleEndian.Uint64(src), binary.LittleEndian.Uint64(src[8:])
		binary.LittleEndian.PutUint64(dst, a)
		binary.LittleEndian.PutUint64(dst[8:], b)
		return
	}
	copy(dst[:n], src)
}

// decoders are used again while the tables are loaded, one after the other.
var decoders = sync.Pool{New: func() any {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		panic(fmt.Sprintf("dict: %v", err))
	}
	return z
}}

// inflate unpacks one embedded file. The data are part of the program, so
// damage is a fault of the build and panics.
func inflate(name string) []byte {
	packed, err := files.ReadFile("data/" + name)
	if err != nil {
		panic(fmt.Sprintf("dict: %v", err))
	}
	z := decoders.Get().(*zstd.Decoder)
	defer decoders.Put(z)
	b, err := z.DecodeAll(packed, nil)
	if err != nil {
		panic(fmt.Sprintf("dict: unpack %s: %v", name, err))
	}
	return b
}

func loadTable(name string) *Table {
	t, err := decodeTable(inflate(name))
	if err != nil {
		panic(fmt.Sprintf("dict: %s: %v", name, err))
	}
	return t
}
