package inspect

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// customers are n records of persons of whom some come again, by name, by a value
// alone, or with other values; sure says that all findings are equally sure.
func customers(r *rand.Rand, n, persons int, sure bool) []*detect.Record {
	types := []Type{"NAME", "PHONE", "EMAIL", "ADDRESS", "CARD", "BIRTHDATE", "POSTAL_CODE"}
	var records []*detect.Record
	alone := r.IntN(3) // whether values come alone: never, seldom or often
	for range n {
		rec, who := &detect.Record{}, r.IntN(persons)
		for k, typ := range types {
			if k == 0 && r.IntN(200) < alone*alone*20 || k > 0 && r.IntN(3) == 0 {
				continue
			}
			v := who
			if r.IntN(20) == 0 {
				v = r.IntN(persons)
			}
			f := detect.Found{Type: typ, Confidence: 0.95, Validated: r.IntN(2) == 0, Canon: fmt.Sprint(typ, v)}
			if !sure {
				f.Confidence = float32(r.IntN(10)) / 10
			}
			f.Text = []byte(f.Canon)
			rec.Found = append(rec.Found, f)
		}
		records = append(records, rec)
	}
	return records
}

// TestPutOff compares counts of which most is put off with those for which all is
// placed at once, also where the sets become full.
func TestPutOff(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	queries := []Query{
		{People: true, With: [][]Type{{"NAME"}, {"PHONE", "EMAIL", "ADDRESS"}}, Confidence: 0.3, AtLeast: 10},
		{People: true, With: [][]Type{{"NAME"}, {"BIRTHDATE"}}, Confidence: 0.6},
		{People: true, With: [][]Type{{"EMAIL"}}, Confidence: 0.5, AtLeast: 1000},
		{People: true, With: [][]Type{{"NAME"}}, Confidence: 0.5},
		{With: [][]Type{{"EMAIL", "PHONE"}}, Confidence: 0.5, AtLeast: 1 << 20},
		{With: [][]Type{{"CARD"}}, Confidence: 0.2, Validated: true},
		{With: [][]Type{{"POSTAL_CODE", "ADDRESS"}}, Confidence: 0.8},
	}
	s := newSurvey(queries)
	for round := range 24 {
		n := []int{50, 2000, 20000}[round%3]
		records := customers(r, n, 1+n>>r.IntN(6), r.IntN(2) == 0)
		people, values := maxPeople, maxValues
		if round >= 12 {
			people, values = 1<<(6+r.IntN(8)), 1<<(6+r.IntN(10))
		}
		count := func(atOnce bool) string {
			var y tally
			y.reset(&s, newDigester([16]byte{1}))
			y.patient = !atOnce
			for i := range y.banks {
				b := &y.banks[i]
				b.people.most, b.values.most = people, values
				b.firsts.halves, b.firsts.over = atOnce, atOnce
			}
			var so []int
			for i, rec := range records {
				y.add(rec)
				if i%(n/3) == 0 {
					y.flush()
					for k := range y.questions {
						so = append(so, y.questions[k].count)
					}
				}
			}
			answers, all := y.answers()
			return fmt.Sprint(so, answers, all)
		}
		if got, want := count(false), count(true); got != want {
			t.Errorf("round %d: %s, at once %s", round, got, want)
		}
	}
}
