package normal

import (
	"bytes"
	"fmt"
	"testing"
)

// Every byte is put at every place of a block, amid others and alone.
func TestSignsEqualThoseOfEachByte(t *testing.T) {
	for c := range 256 {
		for _, fill := range []byte{0, 'a', 0xe3} {
			for at := range 2*vectorSize + 3 {
				b := bytes.Repeat([]byte{fill}, 2*vectorSize+3)
				b[at] = byte(c)
				if got, want := SignsOf(b), signOf[c]; got != want {
					t.Fatalf("%q at %d amid %q: %b, want %b", byte(c), at, fill, got, want)
				}
			}
		}
	}
	if got := SignsOf([]byte(signed)); got != 1<<len(signed)-1 {
		t.Errorf("all of them: %b", got)
	}
}

func BenchmarkSigns(b *testing.B) {
	for _, size := range []int{1 << 10, 10 << 10} {
		text := bytes.Repeat([]byte("plain text. "), size/12)
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if SignsOf(text) != 0 {
					b.Fatal("signs")
				}
			}
		})
	}
}
