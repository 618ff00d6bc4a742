package codec

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

// What is deflate passes, and what comes out is how it begins. What does not
// pass is none, or stands for less.
func TestGlimpse(t *testing.T) {
	text := file(t, "list.csv")
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	var glimpse [48]byte
	for _, plain := range [][]byte{text, text[:48], text[100:160], noise, bytes.Repeat(text[:9], 99), bytes.Repeat([]byte("a"), 300)} {
		for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
			var b bytes.Buffer
			w, _ := flate.NewWriter(&b, level)
			for p := plain; len(p) > 0; p = p[min(len(p), 40):] { // several blocks
				w.Write(p[:min(len(p), 40)])
				if len(plain) < 1000 {
					w.Flush()
				}
			}
			w.Close()
			if n, ok := Glimpse(glimpse[:], b.Bytes()); !ok || !bytes.Equal(glimpse[:n], plain[:n]) {
				t.Errorf("level %d: %q, %v", level, glimpse[:n], ok)
			}
		}
	}
	passed := 0
	for range 20_000 {
		b := make([]byte, 4+r.IntN(300))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		b[0] = b[0]&^6 | byte(1+r.IntN(2))<<1 // not stored
		out, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b)), int64(len(glimpse))))
		n, ok := Glimpse(glimpse[:], b)
		if ok {
			passed++
		}
		if good := err == nil || errors.Is(err, io.ErrUnexpectedEOF); !ok && good && len(out) == len(glimpse) || n > len(out) || !bytes.Equal(glimpse[:n], out[:n]) {
			t.Fatalf("%x: %q, %v; want %q, %v", b, glimpse[:n], ok, out, err)
		}
	}
	if passed > 500 {
		t.Errorf("%d of 20,000 pieces of noise pass", passed)
	}
}

func FuzzGlimpse(f *testing.F) {
	f.Add([]byte("\x4b\x4c\x4a\x4e\x49\x4d\x4b\xcf\xc8\xcc\xca\xce\xc9\xcd\xcb\x2f\x28\x2c\x2a\x2e\x29\x2d\x2b\xaf\xa8\xac\x02\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var glimpse [48]byte
		n, ok := Glimpse(glimpse[:], b)
		out, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b)), int64(len(glimpse))))
		if n > len(out) || !bytes.Equal(glimpse[:n], out[:n]) || !ok && err == nil && len(out) == len(glimpse) {
			t.Fatalf("%q, %v; want %q, %v", glimpse[:n], ok, out, err)
		}
	})
}
