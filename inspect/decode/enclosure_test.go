package decode

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Where an enclosure begins does not depend on how its place falls into blocks.
func TestEnclosureAnywhere(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	words := []string{"begin", "=y", "-----", "\n", "b", "(", "老", "text ", "\r\n", "-"}
	marks := []string{"begin 644 a.txt\n#0V%T\n`\nend\n", "-----BEGIN PGP MESSAGE-----\n\nwy4ECQMC\n", "(This file must be converted with BinHex 4.0)\n\n:"}
	for n := range 600 {
		var before strings.Builder
		for before.Len() < n {
			before.WriteString(words[random.IntN(len(words))])
		}
		lead := before.String() + "\n"
		mark := marks[n%len(marks)]
		for _, vectors := range slices.Compact([]bool{useVectors, false}) {
			func() {
				defer func(v bool) { useVectors = v }(useVectors)
				useVectors = vectors
				if kind, at := enclosure([]byte(lead), true); kind != nil || at != len(lead) {
					t.Fatalf("%q: found at %d", lead, at)
				}
				kind, at := enclosure([]byte(lead+mark), true)
				if kind == nil || at != len(lead) || !strings.HasPrefix(mark, kind.mark) {
					t.Fatalf("%q: %d, want %d", lead+mark, at, len(lead))
				}
			}()
		}
	}
}
