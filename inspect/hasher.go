package inspect

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// hasher tells the values of one scan apart, in a fraction of the time that a
// digester takes. What it says is for nobody to see, and changes with the key, so
// that nobody can choose values that it takes for one. It multiplies and folds as
// wyhash does (Wang Yi, public domain), with secrets from the key.
type hasher [4]uint64

func newHasher(d digester) (h hasher) {
	for i := range h {
		h[i] = d.sum([]byte{'h', byte(i)})
	}
	return h
}

// sum returns the hash of a value of a type, by a number of the type's own.
func (h *hasher) sum(typ uint64, value string) uint64 {
	b := unsafe.Slice(unsafe.StringData(value), len(value)) // read only
	seed := h[0] ^ typ
	for ; len(b) > 16; b = b[16:] {
		seed = fold(binary.LittleEndian.Uint64(b)^h[1], binary.LittleEndian.Uint64(b[8:])^seed)
	}
	var x, y uint64 // what is left; two loads may overlap
	switch n := len(b); {
	case n >= 8:
		x, y = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		x, y = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[n-4:]))
	case n > 0:
		x = uint64(b[0]) | uint64(b[n/2])<<8 | uint64(b[n-1])<<16
	}
	return fold(h[2]^uint64(len(value)), fold(x^h[1], y^seed)^h[3])
}

// golden spreads numbers that differ little over all bits (Fibonacci hashing).
const golden = 0x9E3779B97F4A7C15

// fold returns the product of a and b, its halves laid over each other.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
