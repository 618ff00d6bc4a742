package decode

import (
	"strings"
	"testing"
)

func TestVainRuns(t *testing.T) {
	var v vainRuns
	var runs []string
	for _, n := range []int{16, 17, 40, minReversed - 1} {
		runs = append(runs, strings.Repeat("aB/", n)[:n])
	}
	for _, r := range append([]string{"", "short", strings.Repeat("aB/", minReversed)[:minReversed]}, runs...) {
		if v.has([]byte(r)) {
			t.Errorf("has %q, of which nobody told it", r)
		}
	}
	for _, r := range runs {
		v.add([]byte(r))
		if !v.has([]byte(r)) {
			t.Errorf("does not know %q again", r)
		}
		for _, other := range []string{r[1:], r + "a", "c" + r[1:], r[:9] + "c" + r[10:]} {
			if v.has([]byte(other)) {
				t.Errorf("takes %q for %q", other, r)
			}
		}
	}
	for _, r := range []string{"", "short", strings.Repeat("aB/", minReversed)} {
		v.add([]byte(r))
		if v.has([]byte(r)) {
			t.Errorf("has %q, which is too short or too long", r)
		}
	}
}
