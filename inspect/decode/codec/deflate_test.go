package codec

import (
	"bufio"
	"bytes"
	"compress/flate"
	"io"
	"math/rand/v2"
	"testing"
)

// TestDeflates checks that nothing is told from deflate that can be read as such.
func TestDeflates(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	text := bytes.Repeat([]byte("関守 太郎, 090-0000-0001, a list\n"), 40)
	for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
		for range 50 {
			var b bytes.Buffer
			w, err := flate.NewWriter(&b, level)
			if err != nil {
				t.Fatal(err)
			}
			w.Write(text[r.IntN(40) : 60+r.IntN(len(text)-60)])
			w.Close()
			if !Deflates(b.Bytes()) {
				t.Fatalf("level %d: %x", level, b.Bytes()[:10])
			}
		}
	}
	noise := make([]byte, 64)
	told := 0
	for range 20000 {
		for i := range noise {
			noise[i] = byte(r.Uint32())
		}
		if Deflates(noise) {
			continue
		}
		told++
		in, release, err := Deflate.Open(bufio.NewReader(bytes.NewReader(noise)))
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := io.ReadFull(in, make([]byte, 16)); n > 0 {
			t.Fatalf("%d bytes come of %x", n, noise)
		}
		release()
	}
	if told < 14000 {
		t.Errorf("%d of 20000 told", told)
	}
}
