package lists

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/bits"
)

// A Filter tells words that are not in a set, all but one in twenty, with one
// access to memory: a Bloom filter of a byte a word, in which the three bits of a word
// lie in the same eight bytes (Putze, Sanders, Singler 2007). It never denies a
// word of the set.
type Filter struct{ words []byte }

// Has reports whether the word with that Hash may be in the set.
func (f Filter) Has(hash uint64) bool {
	at, mask := f.place(hash)
	return binary.LittleEndian.Uint64(f.words[at:])&mask == mask
}

// place returns where the bits of a word lie, and which.
func (f Filter) place(hash uint64) (at, mask uint64) {
	h := hash * 0xFF51AFD7ED558CCD // other bits than those that find its record
	i, _ := bits.Mul64(h, uint64(len(f.words)/8))
	return 8 * i, 1<<(h&63) | 1<<(h>>6&63) | 1<<(h>>12&63)
}

// NewFilter makes a filter of n words.
func NewFilter(words iter.Seq[string], n int) Filter {
	f := Filter{make([]byte, 8*(n/8+1))}
	for w := range words {
		at, mask := f.place(Hash([]byte(w)))
		b := f.words[at:]
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)|mask)
	}
	return f
}

// Bytes is the filter as OpenFilter reads it.
func (f Filter) Bytes() []byte { return f.words }

// noWords denies all.
var noWords = Filter{make([]byte, 8)}

// OpenFilter reads what Bytes gave. Of nothing it makes a filter that denies all.
func OpenFilter(data string) (Filter, error) {
	switch {
	case data == "":
		return noWords, nil
	case len(data)%8 != 0:
		return Filter{}, fmt.Errorf("damaged filter of %d bytes", len(data))
	}
	return Filter{view(data)}, nil
}
