package decode

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func turnedRound(b []byte) bool {
	mirrored, _ := glimpses(b)
	return mirrored && backwards(b)
}

// TestBackwards checks that no word is overlooked, wherever it stands.
func TestBackwards(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	vectors := useVectors
	defer func() { useVectors = vectors }()
	found := 0
	for range 2000 {
		b := bytes.Repeat([]byte("a name, 東京都 te mo en li 5 "), 1+r.IntN(20))
		for range 2 + r.IntN(4) {
			word := mirrored[r.IntN(len(mirrored))]
			copy(b[r.IntN(len(b)-len(word)):], word)
		}
		useVectors = vectors
		got := turnedRound(b)
		useVectors = false
		want := turnedRound(b)
		if got != want {
			t.Fatalf("%v with vectors, %v without: %q", got, want, b)
		}
		if want {
			found++
		}
	}
	if found < 100 || found > 1900 {
		t.Fatalf("%d found", found)
	}
}
