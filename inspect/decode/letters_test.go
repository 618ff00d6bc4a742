package decode

import (
	"bytes"
	"math/big"
	"math/rand/v2"
	"testing"
)

// Vectors and single bytes agree on where letters end, whatever byte ends them.
func TestLettersEndAlike(t *testing.T) {
	defer func(v bool) { useVectors = v }(useVectors)
	vectors := useVectors
	r := rand.New(rand.NewPCG(1, 2))
	for i := range notations {
		l := notations[i].chars
		if l == nil {
			continue
		}
		var own []byte
		for c := range l.of {
			if l.of[c] != 0 {
				own = append(own, byte(c))
			}
		}
		for range 300 {
			b := make([]byte, r.IntN(200))
			for k := range b {
				b[k] = own[r.IntN(len(own))]
			}
			if len(b) > 0 && r.IntN(4) > 0 {
				b[r.IntN(len(b))] = byte(r.Uint32())
			}
			want, digits := 0, 0
			for want < len(b) && l.of[b[want]] != 0 {
				want++
			}
			for _, c := range b {
				digits += int(l.of[c] & 1)
			}
			for _, useVectors = range []bool{false, vectors} {
				if n := l.prefix(b); n != want {
					t.Fatalf("%s: %d letters of %q, want %d; vectors %v", notations[i].name, n, b, want, useVectors)
				}
				if n := l.digits(b); n != digits {
					t.Fatalf("%s: %d digits in %q, want %d", notations[i].name, n, b, digits)
				}
			}
		}
	}
}

// A text written as one number is read whatever its length is, and noise is not.
func TestTextsAsNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, alphabet := range []string{alphabet58, alphabet62} {
		step := asNumber(alphabet)
		for size := 20; size < 8000; size = size*5/4 + 1 {
			for _, text := range [][]byte{bytes.Repeat([]byte("山田 太郎, 03-1234-5678\n"), size/20+1)[:size], append([]byte("\x1f\x8b\x08"), make([]byte, size)...)} {
				written := asDigits(text, alphabet)
				if len(written) > maxNumber {
					continue
				}
				if got, used := step(nil, written, true); !bytes.Equal(got, text) || used != len(written) {
					t.Fatalf("%d bytes from %q are not read in base %d: %q %d", len(text), text[:3], len(alphabet), got, used)
				}
			}
			noise := make([]byte, size+leadDigits)
			for i := range noise {
				noise[i] = alphabet[r.IntN(len(alphabet))]
			}
			if got, _ := step(nil, noise, true); len(got) > 0 {
				t.Errorf("%d characters of noise are taken apart in base %d", len(noise), len(alphabet))
			}
		}
	}
}

func asDigits(b []byte, alphabet string) []byte {
	n, base, rest := new(big.Int).SetBytes(b), big.NewInt(int64(len(alphabet))), new(big.Int)
	var out []byte
	for n.Sign() > 0 {
		n.DivMod(n, base, rest)
		out = append([]byte{alphabet[rest.Int64()]}, out...)
	}
	return out
}
