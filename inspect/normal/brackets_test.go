package normal

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// compareBrackets compares vectors with bytes, on b and all that it is cut to.
func compareBrackets(t *testing.T, b []byte, within uint64) {
	t.Helper()
	for ; len(b) > 0; b = b[min(len(b), 1+len(b)/9):] {
		before := []Brackets{{1, 2}}
		got, open := BracketsOf(slices.Clone(before), b, within)
		want, still := before, within
		for at := 0; at+Stretch < len(b); at += Stretch {
			s, o, ok := bracketsOf(b[at:at+Stretch+1], still)
			if !ok {
				break
			}
			want, still = append(want, s), o
		}
		if !slices.Equal(got, want) || open != still {
			t.Fatalf("%q within %x: %x and %x, want %x and %x", b, within, got, open, want, still)
		}
	}
}

func TestBrackets(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pieces := []string{`"a":`, `"b",`, "{", "}", "[", "]", ",", `"{"]`, `"[,}"}`, "17", "\xfb\xfd", "text", ` "c"`, "あ", "\x02\x0c:\x1d"}
	for range 3000 {
		var b []byte
		for n := r.IntN(1000); len(b) < n; {
			b = append(b, pieces[r.IntN(len(pieces)-r.IntN(2)*3)]...)
		}
		compareBrackets(t, b, -uint64(r.IntN(2)))
	}
	b := bytes.Repeat([]byte{'x'}, 2*Stretch+1)
	for c := range 256 {
		for i := range b {
			b[i] = byte(c)
			compareBrackets(t, b, 0)
			compareBrackets(t, b, ^uint64(0))
			b[i] = 'x'
		}
	}
}

func FuzzBrackets(f *testing.F) {
	f.Add([]byte(`{"text":"a","回答":1, "x" : {"value":"ue":x}}`), false)
	f.Fuzz(func(t *testing.T, b []byte, within bool) {
		open := uint64(0)
		if within {
			open = ^open
		}
		compareBrackets(t, b, open)
	})
}

func BenchmarkBrackets(b *testing.B) {
	text := bytes.Repeat([]byte(`{"id":"0971b7c4","type":"purchase","ts":1739371691545,"user":{"id":2713161,"active":true},`), 400)
	var m []Brackets
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		m, _ = BracketsOf(m[:0], text, 0)
	}
}
