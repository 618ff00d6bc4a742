package decode

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestTraces checks that with traces the same is found as without.
func TestTraces(t *testing.T) {
	if !useVectors {
		t.Skip("no vectors here")
	}
	r := rand.New(rand.NewPCG(3, 4))
	wide := encode(t, encodings["utf-16le"], "関守 太郎 090-0000-0001 Sekimori\r\nタロウ、東京都")
	for range 3000 {
		b := make([]byte, r.IntN(700))
		for i := range b {
			b[i] = byte(r.Uint32())
			if i > 0 && r.IntN(3) == 0 {
				b[i] = wide[r.IntN(len(wide))]
			}
		}
		for range r.IntN(4) {
			text := wide
			if r.IntN(2) == 0 {
				m := embeds[r.IntN(len(embeds))]
				text = "\x16\x00"[:m.place] + m.mark + "0-\x00\x00\x00\x00\x00\x00s"
			}
			if k := r.IntN(len(text)); len(b) > len(text) {
				copy(b[r.IntN(len(b)-len(text)):], text[:k])
			}
		}
		var m traces
		m.of(b)
		for _, at := range []int{0, r.IntN(len(b) + 1)} {
			end := at + r.IntN(len(b)-at+1)
			if got, want := nextNarrow(b[:end], at, &m), nextNarrow(b[:end], at, new(traces)); got != want {
				t.Fatalf("%+v, want %+v in %q from %d", got, want, b[:end], at)
			}
			if got, want := nextWide(b, at, &m), nextWide(b, at, new(traces)); got != want {
				t.Fatalf("%+v, want %+v in %q from %d", got, want, b, at)
			}
		}
		for _, offset := range []int64{0, 1} {
			got, what := embedded(b, offset, &m)
			if want, name := embedded(b, offset, new(traces)); got != want || what != name {
				t.Fatalf("%s at %d, want %s at %d in %q", what, got, name, want, b)
			}
		}
	}
}

// TestTracesOfAll compares the table with what is asked of it.
func TestTracesOfAll(t *testing.T) {
	if !useVectors {
		t.Skip("no vectors here")
	}
	for before := range 256 {
		for c := range 256 {
			b := bytes.Repeat([]byte{byte(before), byte(c)}, 2)
			var m traces
			m.of(b)
			if wideChar(b[0], b[1]) && m.wide.pairs[0][0]&1 == 0 && before >= ' ' {
				t.Errorf("%02x %02x passed over as UTF-16LE", before, c)
			}
			for _, e := range embeds {
				if e.mark[:2] == string(b[:2]) && m.embed(0) != 0 {
					t.Errorf("%s passed over", e.name)
				}
			}
		}
	}
}
