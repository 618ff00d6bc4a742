package charset

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// prefix is what ValidPrefix is to be.
func prefix(b []byte) int {
	i := 0
	for i < len(b) {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 {
			break
		}
		i += n
	}
	return i
}

func checkValid(t *testing.T, b []byte) {
	t.Helper()
	n, controls := valid(b)
	if want := prefix(b); n != want {
		t.Fatalf("%d of %d bytes valid, want %d: % x", n, len(b), want, b[max(0, min(n, want)-4):min(len(b), max(n, want)+4)])
	}
	if !controls && countControls(b[:n]) > 0 {
		t.Fatalf("control characters overlooked in %q", b[:n])
	}
}

// TestValidPrefix puts every sequence of two bytes that begins a character, and
// many longer ones, at every place of a block.
func TestValidPrefix(t *testing.T) {
	var sequences [][]byte
	for lead := 0x80; lead < 0x100; lead++ {
		for next := 0; next < 0x100; next += 1 + lead%2*3 {
			sequences = append(sequences, []byte{byte(lead), byte(next)}, []byte{byte(lead), byte(next), 0x80},
				[]byte{byte(lead), byte(next), 0xbf, 0x80}, []byte{byte(lead), byte(next), 0x80, 0xbf, 0x80})
		}
	}
	for i, s := range sequences {
		for _, fill := range []string{"a", "あ", "é", "😀"} {
			for _, size := range []int{140, 420} { // for vectors and for wide ones
				base := strings.Repeat(fill, size/len(fill))
				at := len(fill) * (i % (len(base) / len(fill)))
				checkValid(t, append(append([]byte(base[:at]), s...), base[at:]...))
				checkValid(t, append([]byte(base[:at]), s...))
			}
		}
	}
	r := rand.New(rand.NewPCG(5, 6))
	text := []byte(strings.Repeat("氏名,é,plain text 😀\t12\n", 30))
	for range 20000 {
		b := bytes.Clone(text[:r.IntN(len(text))])
		for range r.IntN(3) {
			if len(b) > 0 {
				b[r.IntN(len(b))] = byte(r.Uint32())
			}
		}
		checkValid(t, b)
	}
}

func FuzzValidPrefix(f *testing.F) {
	f.Add([]byte(strings.Repeat("氏名\x01", 30)))
	f.Fuzz(func(t *testing.T, b []byte) {
		checkValid(t, b)
		checkValid(t, bytes.Repeat(b, 3+100/(len(b)+1)))
	})
}

func BenchmarkValidPrefix(b *testing.B) {
	for _, text := range []string{"plain text, ", "日本語の文", "mixed 文 "} {
		src := bytes.Repeat([]byte(text), 10000/len(text))
		b.Run(text, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				if ValidPrefix(src) != len(src) {
					b.Fatal("not valid")
				}
			}
		})
	}
}

func TestASCIIPrefixEndsAtTheFirstOther(t *testing.T) {
	for _, n := range []int{1, 31, 64, 255, 256, 300, 700} {
		for at := range n {
			b := bytes.Repeat([]byte{'a'}, n)
			b[at] = 0x80
			if got := ASCIIPrefix(b); got != at {
				t.Fatalf("%d bytes, the one at %d is not ASCII: %d", n, at, got)
			}
		}
		if got := ASCIIPrefix(bytes.Repeat([]byte{'a'}, n)); got != n {
			t.Fatalf("%d bytes of ASCII: %d", n, got)
		}
	}
}
