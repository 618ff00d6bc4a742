package normal

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestKeyEnds compares vectors with bytes, and finds all keys.
func TestKeyEnds(t *testing.T) {
	keys := []string{"value", "val", "text", "content", "answer", "data", "values", "値", "回答"}
	k := NewKeyEnds(keys)
	r := rand.New(rand.NewPCG(1, 2))
	pieces := append(keys, `"`, `":`, ":", " ", "note", "type", "late", "関", "x", "\xff", `" :`, "user")
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
			want := nextOf(k, b, i)
			eachWidth(func() {
				if got := k.Next(b, i); got != want {
					t.Fatalf("%q from %d: %d, want %d", b, i, got, want)
				}
			})
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

// nextOf is Next, byte by byte.
func nextOf(k *KeyEnds, b []byte, i int) int {
	for i < len(b) && !(b[i] == ':' && (i < 4 || b[i-1] <= ' ' || b[i-1] == '"' && k.MayEnd(b[i-4:]))) {
		i++
	}
	return i
}

func FuzzKeyEnds(f *testing.F) {
	f.Add([]byte(`{"text":"a","回答":1, "x" : {"value":"ue":x}}`))
	k := NewKeyEnds([]string{"value", "val", "text", "content", "answer", "data", "values", "値", "回答"})
	f.Fuzz(func(t *testing.T, b []byte) {
		for i := 0; i <= len(b); i++ {
			want := nextOf(k, b, i)
			eachWidth(func() {
				if got := k.Next(b, i); got != want {
					t.Fatalf("%q from %d: %d, want %d", b, i, got, want)
				}
			})
			i = want
		}
	})
}

func BenchmarkKeyEnds(b *testing.B) {
	k := NewKeyEnds([]string{"value", "val", "text", "content", "answer", "data", "values"})
	text := bytes.Repeat([]byte(`{"id":"0971b7c4","type":"purchase","ts":1739371691545,"user":{"id":2713161,"active":true},`), 100)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if k.Next(text, 0) != len(text) {
			b.Fatal("there is no such key")
		}
	}
}
