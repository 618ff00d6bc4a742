package normal

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestPlainRunEqualsScalar puts every character at places of a block amid
// others: what the vectors pass over must be plain.
func TestPlainRunEqualsScalar(t *testing.T) {
	for _, fill := range []string{"a", "あ", "漢", "ー1"} {
		base := strings.Repeat(fill, 120/len(fill))
		for r := rune(0); r <= utf8.MaxRune; r++ {
			if !utf8.ValidRune(r) {
				continue
			}
			at := len(fill) * (int(r) % 29 % (len(base) / len(fill)))
			b := []byte(base[:at] + string(r) + base[at:])
			if got, want := plainRun(b, 0), plainUntil(b, 0, len(b)); got != want {
				t.Fatalf("U+%04X at %d: plain up to %d, want %d", r, at, got, want)
			}
		}
	}
}

func FuzzPlainRun(f *testing.F) {
	f.Add([]byte("山田　ﾀﾞ①０９０〜\u200b１² plain text, 12"), 1)
	f.Fuzz(func(t *testing.T, b []byte, i int) {
		b = bytes.Repeat([]byte(strings.ToValidUTF8(string(b), "")), 2)
		if i < 0 || i > len(b) || i < len(b) && !utf8.RuneStart(b[i]) {
			return
		}
		if got, want := plainRun(b, i), plainUntil(b, i, len(b)); got != want {
			t.Fatalf("%q from %d: plain up to %d, want %d", b, i, got, want)
		}
	})
}

func BenchmarkPlainRun(b *testing.B) {
	for _, text := range []string{"plain text, ", "日本語の文。", "текст", "한국어"} {
		src := bytes.Repeat([]byte(text), 10000/len(text))
		b.Run(fmt.Sprintf("%.5s", text), func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				if plainRun(src, 0) != len(src) {
					b.Fatal("not plain")
				}
			}
		})
	}
}
