package inspect

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// answersTo counts records for queries asked together.
func answersTo(queries []Query, records []*detect.Record) []int {
	s := newSurvey(queries)
	var y tally
	y.reset(&s, newDigester([16]byte{1}))
	for _, r := range records {
		y.add(r)
	}
	answers, _ := y.answers()
	return slices.Clone(answers)
}

// someRecords are n records of few persons with values of some of the types; sure
// says that all findings are equally sure.
func someRecords(r *rand.Rand, n int, types []Type, sure bool) []*detect.Record {
	var records []*detect.Record
	for range n {
		who := r.IntN(40)
		rec := &detect.Record{}
		for range 1 + r.IntN(7) {
			typ, v := types[r.IntN(len(types))], who
			if r.IntN(4) == 0 {
				v = r.IntN(40)
			}
			f := detect.Found{Type: typ, Confidence: 0.95, Validated: r.IntN(2) == 0, Canon: fmt.Sprint(v)}
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

// TestTogetherAsAlone asks many questions together and each alone.
func TestTogetherAsAlone(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	types := []Type{"NAME", "PHONE", "EMAIL", "ADDRESS", "CARD", "BIRTHDATE", "POSTAL_CODE", "CORPORATE_NUMBER"}
	var own []Type // more than there are numbers for
	for i := range 80 {
		own = append(own, Type(fmt.Sprintf("OWN_%d", i)))
	}
	some := func(of []Type) (out []Type) {
		for range 1 + r.IntN(3) {
			out = append(out, of[r.IntN(len(of))])
		}
		return out
	}
	query := func(people bool, of []Type) Query {
		q := Query{People: people, With: [][]Type{some(of)}, Confidence: float32(r.IntN(9)) / 10, AtLeast: 1, Validated: r.IntN(4) == 0}
		if people && r.IntN(3) > 0 {
			q.With = append(q.With, some(of))
		}
		return q
	}
	for _, c := range []struct {
		what       string
		n          int
		people     bool
		types, met []Type
		sure       bool
	}{
		{"persons", 40, true, types, types, true},
		{"values", 150, false, types, types, false},
		{"types of authors", 150, false, slices.Concat(own, types), own, false},
	} {
		var queries []Query
		for range c.n {
			queries = append(queries, query(c.people, c.types))
		}
		records := someRecords(r, 400, c.met, c.sure)
		for i, got := range answersTo(queries, records) {
			if want := answersTo(queries[i:i+1], records)[0]; got != want {
				t.Errorf("%s: %d to %v, alone %d", c.what, got, queries[i], want)
			}
		}
	}
}

// TestPersonsByTypesOfAuthors asks for persons by more types than have a number.
func TestPersonsByTypesOfAuthors(t *testing.T) {
	var queries []Query
	for i := range 70 {
		queries = append(queries, Query{People: true, With: [][]Type{{"NAME"}, {Type(fmt.Sprintf("OWN_%d", i))}}, Confidence: 0.5, AtLeast: 1})
	}
	var records []*detect.Record
	for i := range 70 {
		for k := range i % 3 {
			records = append(records, rowOf(fmt.Sprintf("NAME=%d", 100*i+k), fmt.Sprintf("OWN_%d=1", i)))
		}
	}
	for i, got := range answersTo(queries, records) {
		if got != i%3 {
			t.Errorf("type %d: %d persons, not %d", i, got, i%3)
		}
	}
}

// TestSet compares a set with a map, up to where it is full, and used again.
func TestSet(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var s set
	for _, n := range []int{10, 5000, 30, 3000} {
		const most = 1 << 12
		s.init(2, true, most)
		type entry struct{ one, other, word uint64 }
		want := map[uint64]entry{}
		for range n {
			key := uint64(r.IntN(n)) << (20 + r.IntN(2)*30) // many with the same place
			s.room(1)
			s.fetch(key)
			at, isNew := s.place(key)
			if key == 0 {
				key = 1 << 20
			}
			v, known := want[key]
			switch {
			case at < 0:
				if known || len(want) < most {
					t.Fatalf("no place for a key after %d", len(want))
				}
				continue
			case isNew == known || s.mask(at, 0) != v.one || s.mask(at, 1) != v.other || s.words[at+1] != v.word:
				t.Fatalf("key %x: new %v with %x, %x, %x, want %v with %x", key, isNew, s.mask(at, 0), s.mask(at, 1), s.words[at+1], !known, v)
			}
			v = entry{r.Uint64(), uint64(r.IntN(9)), r.Uint64()} // more masks than there are numbers for
			s.note(at, 0, v.one)
			s.note(at, 1, v.other)
			want[key], s.words[at+1] = v, v.word
		}
	}
}

// TestHasher tells values apart by type, length and key.
func TestHasher(t *testing.T) {
	seen := map[uint64]string{}
	for k := range 3 {
		h := newHasher(newDigester([16]byte{byte(k)}))
		for n := range 40 {
			for _, c := range "ab\x00" {
				value := make([]byte, n)
				for i := range max(n, 1) {
					if n > 0 {
						value[i] = byte(c)
					}
					for typ := range uint64(2) {
						what := fmt.Sprint(k, typ, string(value))
						sum := h.sum(typ, string(value))
						if other, ok := seen[sum]; ok && other != what {
							t.Errorf("%q and %q look the same", what, other)
						}
						seen[sum] = what
					}
				}
			}
		}
	}
}
