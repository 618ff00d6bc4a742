package normal

import (
	"math/rand/v2"
	"testing"
)

// comparePartings holds those of b against each byte.
func comparePartings(t *testing.T, b []byte, delim byte) {
	t.Helper()
	var m [8]Parting
	n := Partings(m[:], b, delim)
	if want := (len(b) + Stretch - 1) / Stretch; n != want {
		t.Fatalf("%d stretches of %d bytes, want %d", n, len(b), want)
	}
	for k, got := range m[:n] {
		if want := partingOf(b[k*Stretch:min(len(b), (k+1)*Stretch)], delim); got != want {
			t.Fatalf("%q is marked %x, want %x", b[k*Stretch:], got, want)
		}
	}
}

func TestPartings(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 5*Stretch+7)
	for n := range b {
		for _, delim := range []byte(",\t;|") {
			for i := range n {
				b[i] = ",\t;|\"\na\xE3\x8A"[r.IntN(9)]
			}
			comparePartings(t, b[:n], delim)
		}
	}
}

func FuzzPartings(f *testing.F) {
	f.Add([]byte("name,\"a\nb\"\nx,y\n"), byte(','))
	f.Fuzz(func(t *testing.T, b []byte, delim byte) {
		if len(b) > 8*Stretch || delim == '\n' || delim == '"' {
			t.Skip()
		}
		comparePartings(t, b, delim)
	})
}
