package rules

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestNamesAgreesWithSearch compares the automaton with one search a word.
func TestNamesAgreesWithSearch(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	text := func(n int) string {
		var b strings.Builder
		for range 1 + rnd.IntN(n) {
			b.WriteString([]string{"a", "b", "秘", "社", "外"}[rnd.IntN(5)])
		}
		return b.String()
	}
	for range 500 {
		words := []string{text(3), text(4), text(5)}
		n, err := newNames(words)
		if err != nil {
			t.Fatal(err)
		}
		name, want := text(12), false
		for _, w := range words {
			want = want || strings.Contains(name, w)
		}
		if got := n.in(name); got != want {
			t.Fatalf("words %q in %q: got %v", words, name, got)
		}
	}
}

func TestNamesBoundsItsMemory(t *testing.T) {
	if _, err := newNames([]string{strings.Repeat("a", maxNameBytes+1)}); err == nil {
		t.Error("no bound on the words")
	}
	var none names
	if none.in("a") {
		t.Error("no words are in a name")
	}
}
