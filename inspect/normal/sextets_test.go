package normal

import (
	"bytes"
	"testing"
)

// Every byte ends a stretch, or does not, at every place.
func TestSextetPrefixEndsAtTheFirstOther(t *testing.T) {
	for c := range 256 {
		for at := range 3*vectorSize + 9 {
			b := bytes.Repeat([]byte{'A'}, 3*vectorSize+9)
			b[at] = byte(c)
			want := len(b)
			if Sextet[c] == 0 {
				want = at
			}
			if got := SextetPrefix(b); got != want {
				t.Fatalf("%q at %d: %d, want %d", byte(c), at, got, want)
			}
		}
	}
}
