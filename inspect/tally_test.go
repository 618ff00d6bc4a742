package inspect

import (
	"fmt"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// rowOf makes a record of values, each written TYPE=value.
func rowOf(values ...string) *detect.Record {
	r := &detect.Record{}
	for _, v := range values {
		for i := range v {
			if v[i] == '=' {
				r.Found = append(r.Found, detect.Found{Type: Type(v[:i]), Confidence: 0.9, Canon: v[i+1:], Text: []byte(v[i+1:])})
				break
			}
		}
	}
	return r
}

func countPeople(records ...*detect.Record) int {
	s := newSurvey(nil)
	var y tally
	y.reset(&s, newDigester([16]byte{}))
	for _, r := range records {
		y.add(r)
	}
	_, n := y.answers()
	return n
}

// TestPersonsMetAgain counts persons over several records.
func TestPersonsMetAgain(t *testing.T) {
	twoColumns := rowOf("NAME=山田太郎", "NAME=山田花子", "PHONE=1")
	for i := range 2 {
		twoColumns.Found[i].Detector, twoColumns.Found[i].Own = detect.ColumnID, detect.LName
	}
	for _, c := range []struct {
		what    string
		records []*detect.Record
		want    int
	}{
		{"a number that stands twice in the record", []*detect.Record{rowOf("NAME=a", "PHONE=1", "PHONE=1")}, 1},
		{"by mail in one list and by telephone in the next", []*detect.Record{rowOf("NAME=a", "EMAIL=1"), rowOf("NAME=b", "EMAIL=2"), rowOf("NAME=a", "PHONE=1"), rowOf("NAME=b", "PHONE=2")}, 2},
		{"two of one name", []*detect.Record{rowOf("NAME=a", "PHONE=1"), rowOf("NAME=a", "PHONE=2")}, 2},
		{"two of one name, one of them again", []*detect.Record{rowOf("NAME=a", "PHONE=1"), rowOf("NAME=a", "PHONE=2"), rowOf("NAME=a", "EMAIL=1")}, 2},
		{"the same numbers again", []*detect.Record{rowOf("NAME=a", "PHONE=1", "EMAIL=1"), rowOf("NAME=a", "EMAIL=1"), rowOf("NAME=a", "PHONE=1")}, 1},
		{"head of the family and member", []*detect.Record{twoColumns}, 2},
	} {
		if got := countPeople(c.records...); got != c.want {
			t.Errorf("%s: %d persons, not %d", c.what, got, c.want)
		}
	}
}

// TestSurplus counts values beyond what a set holds, each of them twice.
func TestSurplus(t *testing.T) {
	s := newSurvey([]Query{{With: [][]Type{{"EMAIL"}}, Confidence: 0.5, AtLeast: 1 << 20}})
	var y tally
	y.reset(&s, newDigester([16]byte{}))
	q := &y.questions[0]
	const more = 20000
	for range 2 {
		for i := range more {
			y.overflow(q, y.digests.sum2("EMAIL", fmt.Sprint(i)))
		}
	}
	if q.count < more*95/100 || q.count > more*105/100 {
		t.Errorf("%d of %d", q.count, more)
	}
}
