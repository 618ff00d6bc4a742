package inspect

import (
	"encoding/binary"
	"math/bits"
)

// digester is SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input
// PRF", 2012) under one key.
type digester struct{ k0, k1 uint64 }

func newDigester(key [16]byte) digester {
	return digester{binary.LittleEndian.Uint64(key[:8]), binary.LittleEndian.Uint64(key[8:])}
}

// sum returns the keyed digest of s.
func (d digester) sum(s []byte) uint64 {
	v0, v1 := d.k0^0x736f6d6570736575, d.k1^0x646f72616e646f6d
	v2, v3 := d.k0^0x6c7967656e657261, d.k1^0x7465646279746573
	last := uint64(len(s)) << 56
	for ; len(s) >= 8; s = s[8:] {
		m := binary.LittleEndian.Uint64(s)
		v3 ^= m
		v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
		v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
		v0 ^= m
	}
	for i := 0; i < len(s); i++ {
		last |= uint64(s[i]) << (8 * i)
	}
	v3 ^= last
	v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
	v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
	v0 ^= last
	v2 ^= 0xff
	for range 4 {
		v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
	}
	return v0 ^ v1 ^ v2 ^ v3
}

// sum2 returns the digest of a value of a type.
func (d digester) sum2(typ, value string) uint64 {
	var buf [96]byte
	b := append(append(append(buf[:0], typ...), ':'), value...)
	return d.sum(b)
}

func sipRound(v0, v1, v2, v3 uint64) (uint64, uint64, uint64, uint64) {
	v0 += v1
	v1 = bits.RotateLeft64(v1, 13) ^ v0
	v0 = bits.RotateLeft64(v0, 32)
	v2 += v3
	v3 = bits.RotateLeft64(v3, 16) ^ v2
	v0 += v3
	v3 = bits.RotateLeft64(v3, 21) ^ v0
	v2 += v1
	v1 = bits.RotateLeft64(v1, 17) ^ v2
	v2 = bits.RotateLeft64(v2, 32)
	return v0, v1, v2, v3
}

// mix joins two digests into one that depends on their order.
func mix(a, b uint64) uint64 {
	x := a ^ bits.RotateLeft64(b, 29)*0x9E3779B97F4A7C15
	x ^= x >> 32
	x *= 0xD6E8FEB86659FD93
	return x ^ x>>32
}
