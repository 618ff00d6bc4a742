package normal

import (
	"math/rand/v2"
	"testing"
)

// TestKeyEnds compares vectors with bytes, and finds all keys.
func TestKeyEnds(t *testing.T) {
	keys := []string{"value", "val", "text", "content", "answer", "data", "values", "値", "回答"}
	k := NewKeyEnds(keys)
	r := rand.New(rand.NewPCG(1, 2))
	pieces := append(keys, `"`, `":`, ":", " ", "note", "type", "late", "関", "x", "\xff", `" :`, "user")
	defer func(w bool) { useWide = w }(useWide)
	wide := useWide
	for range 2000 {
		var b []byte
		var at []int
		for n := r.IntN(120); len(b) < n*4; {
			if r.IntN(40) > 0 {
				b = append(b, pieces[r.IntN(len(pieces))]...)
				continue
			}
			b = append(b, keys[r.IntN(len(keys))]...)
			b = append(b, `":`...)
			at = append(at, len(b)-1)
		}
		for i := r.IntN(len(b) + 1); ; i++ {
			useWide = false
			want := k.Next(b, i)
			useWide = wide
			if got := k.Next(b, i); got != want {
				t.Fatalf("%q from %d: %d, want %d", b, i, got, want)
			}
			for len(at) > 0 && at[0] < i {
				at = at[1:]
			}
			if len(at) > 0 && want > at[0] {
				t.Fatalf("%q from %d: the key at %d is passed by", b, i, at[0])
			}
			if i = want; i >= len(b) {
				break
			}
		}
	}
}
