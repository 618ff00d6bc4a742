package detect

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// Lanes give the check digit that digits one by one do.
func TestCorporateChecksAllBytes(t *testing.T) {
	plain := func(d []byte) bool {
		if len(d) != 13 || !digitsOnly(d) {
			return false
		}
		sum := 0
		for i, c := range d[1:] {
			sum += int(c-'0') * (1 + (i+1)%2)
		}
		return int(d[0]-'0') == 9-sum%9
	}
	r := rand.New(rand.NewPCG(1, 2))
	good := 0
	for range 20000 {
		d := fmt.Appendf(nil, "%013d", r.Uint64N(1e13))
		if r.IntN(4) == 0 {
			d[r.IntN(len(d))] = byte(r.Uint32())
		}
		if plain(d) {
			good++
		}
		if validCorporate(d) != plain(d) {
			t.Fatalf("%q: %v", d, validCorporate(d))
		}
	}
	if good < 1000 {
		t.Fatalf("%d are good", good)
	}
}

func TestPostalMarkBefore(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"〒", " ", ":", " ", "x", "\x92", "\x80\x92", "〒  : "}
	for range 5000 {
		var b []byte
		for range r.IntN(6) {
			b = append(b, pieces[r.IntN(len(pieces))]...)
		}
		i := r.IntN(len(b) + 1)
		want := bytes.HasSuffix(bytes.TrimRight(b[max(0, i-8):i], " :"), []byte("〒"))
		if got := behindPostal(b, i); got != want {
			t.Fatalf("%q before %d: %v", b, i, got)
		}
	}
}
