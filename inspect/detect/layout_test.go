package detect

import (
	"bytes"
	"strings"
	"testing"
)

func TestGapped(t *testing.T) {
	for n := range 40 {
		for at := range max(n-1, 0) {
			b := bytes.Repeat([]byte("a "), 20)[:n]
			b[at], b[at+1] = ' ', ' '
			if !gapped(b) {
				t.Errorf("%d of %d: %q", at, n, b)
			}
		}
		for _, s := range []string{"a ", "\xa0 ", "\x00 ", " \x1f", " \x21", "山 "} {
			if b := []byte(strings.Repeat(s, 20))[:n]; gapped(b) {
				t.Errorf("%q", b)
			}
		}
	}
}
