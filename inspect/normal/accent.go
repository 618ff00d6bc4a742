package normal

import (
	"sync"

	"golang.org/x/text/unicode/norm"
)

// accented holds what a letter and a combining mark are together, where Unicode
// has a character for that (UAX #15): Latin, Greek and Cyrillic letters.
var accented = sync.OnceValue(func() map[[2]rune]rune {
	m := make(map[[2]rune]rune, 1<<10)
	for _, span := range [][2]rune{{0xc0, 0x24f}, {0x386, 0x4f9}, {0x1e00, 0x1fff}} {
		for r := span[0]; r <= span[1]; r++ {
			parts := []rune(norm.NFD.String(string(r)))
			if len(parts) < 2 || folds.of(r).kind != same {
				continue
			}
			last := len(parts) - 1
			base := []rune(norm.NFC.String(string(parts[:last])))
			if len(base) == 1 && norm.NFC.String(string(base)+string(parts[last])) == string(r) {
				m[[2]rune{base[0], parts[last]}] = r
			}
		}
	}
	return m
})
