package detect

import "testing"

// What an author asked for is found whatever else the text may be.
func TestAskedStays(t *testing.T) {
	name := Finding{Type: Name, Detector: ColumnID, Start: 0, End: 11, Confidence: 0.95}
	word := Finding{Type: "KEYWORDS:a", Start: 0, End: 11, Confidence: 0.5, Asked: true}
	other := Finding{Type: "KEYWORDS:b", Start: 3, End: 8, Confidence: 0.4, Asked: true}
	again := Finding{Type: "KEYWORDS:a", Start: 3, End: 8, Confidence: 0.4, Asked: true}
	for _, c := range []struct {
		in   []Finding
		want int
	}{
		{[]Finding{name, word}, 2}, {[]Finding{word, name}, 2}, {[]Finding{name, other}, 2},
		{[]Finding{word, other}, 2}, {[]Finding{name, word, other}, 3}, {[]Finding{word, again}, 1},
		{[]Finding{name, {Type: Name, Start: 2, End: 5, Confidence: 0.5}}, 1},
	} {
		var r resolver
		if got := r.resolve(append([]Finding(nil), c.in...)); len(got) != c.want {
			t.Errorf("%+v: %d stay, want %d", c.in, len(got), c.want)
		}
	}
}
