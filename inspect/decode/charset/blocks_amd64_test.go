//go:build !purego

package charset

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// readWhole decodes src in one go and returns with the text where each of its
// bytes came from, and how much was not valid.
func readWhole(c Charset, src []byte) (text []byte, origins []int64, invalid int) {
	d := Decoder{Charset: c}
	var m normal.Map
	for at := 0; at < len(src); {
		out, n, ok := d.Decode(text, src[at:], int64(at), true, &m)
		text = out
		if at += n; !ok {
			m.Step(len(text), int64(at), 3, 1)
			text = append(text, "\ufffd"...)
			at++
			invalid++
		}
	}
	for i := range text {
		origins = append(origins, m.Origin(i))
	}
	return text, origins, invalid
}

// checkBlocks compares what vectors read with what is read one by one.
func checkBlocks(t *testing.T, c Charset, src []byte) {
	t.Helper()
	useBlocks = false
	want, wantOrigins, wantInvalid := readWhole(c, src)
	useBlocks = true
	defer func(wide bool) { wideBlocks = wide }(wideBlocks)
	compareBlocks(t, c, src, want, wantOrigins, wantInvalid)
	if wideBlocks {
		wideBlocks = false
		compareBlocks(t, c, src, want, wantOrigins, wantInvalid)
	}
}

// compareBlocks compares what vectors read with what is wanted.
func compareBlocks(t *testing.T, c Charset, src, want []byte, wantOrigins []int64, wantInvalid int) {
	t.Helper()
	text, origins, invalid := readWhole(c, src)
	if !bytes.Equal(text, want) || invalid != wantInvalid {
		t.Fatalf("%v: %d bytes read as %d with %d invalid, by vectors as %d with %d",
			c, len(src), len(want), wantInvalid, len(text), invalid)
	}
	for i := range origins {
		if origins[i] != wantOrigins[i] {
			t.Fatalf("%v: offset %d leads to %d, by vectors to %d", c, i, wantOrigins[i], origins[i])
		}
	}
}

var byBlocks = []Charset{CP932, EUCJP, ISO2022JP, UTF16LE, UTF16BE}

// TestBlocksEqualGo puts every pair of bytes where vectors read them, and tries texts
// of many mixtures and lengths.
func TestBlocksEqualGo(t *testing.T) {
	if !useBlocks {
		t.Skip("the machine has no such vectors")
	}
	for _, c := range byBlocks {
		fill := encode(t, c, "日本語のtextが続く。12")
		for first := range 256 {
			var src []byte
			for second := range 256 {
				src = append(src, fill[:len(fill)-second%3*2]...)
				src = append(src, byte(first), byte(second))
			}
			checkBlocks(t, c, src)
		}
	}
	r := rand.New(rand.NewPCG(7, 8))
	pieces := []string{"日本語", "plain ", "ｶﾀｶﾅ", "é×Ω", "\n", "１２３", "0123456789", "😀", "あ", "㈱", "齉"}
	for range 200 {
		var text string
		for mixed := r.IntN(len(pieces)) + 1; len(text) < r.IntN(6000); {
			text += pieces[r.IntN(mixed)]
		}
		for _, c := range byBlocks {
			src := encode(t, c, text)
			for range r.IntN(3) {
				if len(src) > 0 {
					src[r.IntN(len(src))] = byte(r.Uint32())
				}
			}
			checkBlocks(t, c, src[r.IntN(len(src)+1):])
		}
	}
}

func FuzzBlocks(f *testing.F) {
	for i, c := range byBlocks {
		f.Add(byte(i), encode(f, c, sample))
	}
	f.Fuzz(func(t *testing.T, which byte, src []byte) {
		if !useBlocks {
			t.Skip("the machine has no such vectors")
		}
		c := byBlocks[int(which)%len(byBlocks)]
		checkBlocks(t, c, src)
		checkBlocks(t, c, bytes.Repeat(src, 3+400/(len(src)+1)))
	})
}
