package lists

import (
	"fmt"
	"iter"
	"maps"
	"slices"
)

// AppendText writes words with a byte each, in byte order, for All.
func AppendText(b []byte, words map[string]byte) ([]byte, error) {
	for _, w := range slices.Sorted(maps.Keys(words)) {
		if len(w) > 255 {
			return nil, fmt.Errorf("word of %d bytes", len(w))
		}
		b = append(b, byte(len(w)), words[w])
		b = append(b, w...)
	}
	return b, nil
}

// All yields the words that AppendText wrote, which are parts of data. It stops
// where data are damaged.
func All(data string) iter.Seq2[string, byte] {
	return func(yield func(string, byte) bool) {
		for len(data) >= 2 {
			end := 2 + int(data[0])
			if end > len(data) || !yield(data[2:end], data[1]) {
				return
			}
			data = data[end:]
		}
	}
}
