package decode

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// percentText is text of which some is percent-encoded, and not all of that well.
func percentText(r *rand.Rand) (b []byte) {
	for size := r.IntN(400); len(b) < size; {
		switch c := byte(r.Uint32()); r.IntN(40) {
		case 0:
			b = append(b, c)
		case 1:
			b = append(b, "%%+&2eE\x80"[c%8])
		case 2:
			b = fmt.Appendf(b, "%%%02x", c)
		default:
			b = fmt.Appendf(b, "%%%02X", c)
		}
	}
	return b
}

func comparePercents(t *testing.T, b []byte) {
	t.Helper()
	var want []byte // by the definition
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '%' && i+2 < len(b) && unhex[b[i+1]] < 16 && unhex[b[i+2]] < 16:
			want = append(want, unhex[b[i+1]]<<4|unhex[b[i+2]])
			i += 2
		case c == '+':
			want = append(want, ' ')
		default:
			want = append(want, c)
		}
	}
	withVectors(func(kind string) {
		if got := unpercent([]byte("x"), b, ' ')[1:]; !bytes.Equal(got, want) {
			t.Fatalf("%s: %q, want %q of %q", kind, got, want, b)
		}
		for room := range 30 {
			dst := bytes.Repeat([]byte("-"), room+1)
			if n := percents(dst[:room], b); n > room || dst[n] != '-' && n < room || dst[room] != '-' || !bytes.HasPrefix(want, dst[:n]) {
				t.Fatalf("%s: %d in %q of %q", kind, n, dst, b)
			}
		}
	})
}

func TestPercents(t *testing.T) {
	r := rand.New(rand.NewPCG(35, 36))
	for range 3000 {
		comparePercents(t, percentText(r))
	}
	b := bytes.Repeat([]byte("%aF"), 9)
	for at := range b { // every byte at every place
		was := b[at]
		for c := range 256 {
			b[at] = byte(c)
			comparePercents(t, b)
		}
		b[at] = was
	}
}

func FuzzPercents(f *testing.F) {
	r := rand.New(rand.NewPCG(37, 38))
	for range 10 {
		f.Add(percentText(r))
	}
	f.Fuzz(comparePercents)
}
