package decode

import (
	"bytes"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// lying is a body that lies in memory.
type lying struct {
	*bytes.Reader
	all     []byte
	skipped int
}

func (l *lying) Lend() ([]byte, bool) { return l.all, true }

func (l *lying) Skip(n int) { l.skipped += n }

// slide reads body as readers do, leaving a rest each time, and returns the text with
// where each of its characters came from.
func slide(body io.Reader) (text []byte, origins []int64) {
	w := openWindow(&part.Part{Body: body})
	defer w.Close()
	for rest := 7; ; rest = rest*5%9001 + 1 {
		w.fill(chunk)
		if len(w.text) == 0 {
			return text, origins
		}
		n := len(w.text)
		if w.err == nil {
			n = max(n-rest, 1)
		}
		for i := range n {
			origins = append(origins, w.m.Origin(i))
		}
		text = append(text, w.text[:n]...)
		w.consume(n)
	}
}

// A text is the same whether it lies in memory or comes in pieces, and its bytes stay
// as they are.
func TestWindowOnMemoryEqualsReading(t *testing.T) {
	pieces := []string{
		strings.Repeat("東京都千代田区の山田太郎様。\n", 1500), strings.Repeat("plain text, 090-1234-5678\n", 3000),
		"\xff", "\x83\x52\x81\x5b\x83\x68\x82\xcc\x93\xfa\x96\x7b\x8c\xea\x82\xc5\x82\xb7\x81\x42\n", "Žluťoučký kůň\n",
		"\x1b$B;3ED\x1b(B\n", "\x1b[31mred\x1b[0m\n", "\xe3\x81",
	}
	r := rand.New(rand.NewPCG(7, 8))
	for i := range 12 {
		var src []byte
		if i%4 == 0 {
			src = append(src, "\xef\xbb\xbf"...)
		}
		for len(src) < 100<<10 {
			src = append(src, pieces[r.IntN(2)][r.IntN(30):]...)
			if r.IntN(2) == 0 {
				src = append(src, pieces[r.IntN(len(pieces))]...)
			}
		}
		before := bytes.Clone(src)
		want, wantOrigins := slide(iotest.OneByteReader(bytes.NewReader(src)))
		for name, body := range map[string]io.Reader{"whole": bytes.NewReader(src), "halves": iotest.HalfReader(bytes.NewReader(src)), "in memory": &lying{bytes.NewReader(src), src, 0}} {
			got, origins := slide(body)
			if !bytes.Equal(got, want) {
				t.Fatalf("%s: %d bytes of text, want %d", name, len(got), len(want))
			}
			for i := range origins {
				if origins[i] != wantOrigins[i] {
					t.Fatalf("%s: offset %d leads to %d, want %d", name, i, origins[i], wantOrigins[i])
				}
			}
			if l, ok := body.(*lying); ok && l.skipped != len(src) {
				t.Errorf("%d bytes read of %d", l.skipped, len(src))
			}
		}
		if !bytes.Equal(src, before) {
			t.Fatal("the body was changed")
		}
	}
}
