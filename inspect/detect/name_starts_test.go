package detect

import (
	"slices"
	"testing"
)

// FuzzCapitals holds vectors and Go against each other, and both against looking at
// every byte.
func FuzzCapitals(f *testing.F) {
	f.Add([]byte("Ann Lee, aB 1C /D É山Taro Z"), uint8(3))
	f.Add([]byte("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA Max"), uint8(60))
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		text := append(slices.Repeat([]byte(" aB Cd"), int(n)), b...)
		block := &Block{Text: text}
		if k := len(text) / 3; k > 3 {
			block.windows = []window{{0, k}, {k + 3, len(text)}}
		}
		var want []int
		for i, c := range text {
			if isUpper(c) && latinBorder(text, i) && block.inWindow(i) {
				want = append(want, i)
			}
		}
		defer func(v bool) { nameVectors = v }(nameVectors)
		for _, nameVectors = range []bool{false, nameVectors} {
			var got []int
			words := capitals{block: block}
			for at := words.next(); at >= 0; at = words.next() {
				got = append(got, at)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("capitals of %q at %d, want %d; vectors %v", text, got, want, nameVectors)
			}
		}
		if blocks := len(text) / 64; blocks > 0 && nameVectors {
			a, b := make([]uint64, blocks), make([]uint64, blocks)
			markCapitals(text, a)
			if capitalBlocks(&text[0], blocks, &b[0]); !slices.Equal(a, b) {
				t.Fatalf("marks of %q: %x, in Go %x", text, b, a)
			}
		}
	})
}
