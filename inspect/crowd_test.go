package inspect

import (
	"fmt"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// TestCrowd counts the people of one record that holds several.
func TestCrowd(t *testing.T) {
	s := newSurvey([]Query{{People: true, With: [][]Type{{"NAME"}, {"PHONE", "EMAIL"}}, Confidence: 0.5, AtLeast: 1}})
	record := func(names, phones, mails int) *detect.Record {
		r := &detect.Record{}
		add := func(typ Type, n int) {
			for i := range n {
				v := fmt.Sprintf("%s %d", typ, i)
				r.Found = append(r.Found, detect.Found{Type: typ, Confidence: 0.9, Canon: v, Text: []byte(v)})
			}
		}
		add("NAME", names)
		add("PHONE", phones)
		add("EMAIL", mails)
		return r
	}
	for _, c := range []struct {
		what    string
		records []*detect.Record
		want    int
	}{
		{"eight with numbers", []*detect.Record{record(8, 8, 0)}, 8},
		{"six numbers for eight names", []*detect.Record{record(8, 6, 3)}, 6},
		{"numbers and addresses of the same four", []*detect.Record{record(8, 4, 4)}, 1},
		{"too few to be a crowd", []*detect.Record{record(4, 4, 4)}, 1},
		{"the same names again", []*detect.Record{record(8, 8, 0), record(8, 8, 0)}, 8},
		{"one name, many numbers", []*detect.Record{record(1, 20, 0)}, 1},
	} {
		var y tally
		y.reset(&s, newDigester([16]byte{}))
		for _, r := range c.records {
			y.add(r)
		}
		if got, _ := y.answers(); got[0] != c.want {
			t.Errorf("%s: %d people, not %d", c.what, got[0], c.want)
		}
	}
}
