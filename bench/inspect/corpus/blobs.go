package corpus

import (
	"encoding/base64"
	"encoding/binary"
)

// noise appends random bytes.
func noise(r *random, b []byte) []byte {
	for range 512 {
		b = binary.LittleEndian.AppendUint64(b, r.Uint64())
	}
	return b
}

// base64Line appends base64 of random bytes, without a line end and without
// padding in between.
func base64Line(r *random, b []byte) []byte {
	return base64.StdEncoding.AppendEncode(b, noise(r, make([]byte, 0, 4096))[:4095])
}
