package inspect

import (
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// tally answers the queries of one scan: it tells persons and values apart by
// keyed digests and counts each once.
type tally struct {
	questions []question
	digests   digester
	people    set
	values    set
	demand    detect.Demand // what may still change a decision

	need  [][]bool // scratch: by question, the elements of With that are met
	ids   []string // scratch
	keys  []uint64 // scratch
	fresh []uint64 // scratch: bits of questions
}

// question is a Query with its count.
type question struct {
	Query
	bit   int // in the sets
	count int
	open  bool // the count is below AtLeast
}

// newTally takes the queries and, as the last question, one of its own: how many
// persons there are at all.
func newTally(queries []Query, d digester) *tally {
	t := &tally{digests: d}
	queries = append(slices.Clip(queries), Query{People: true, With: [][]Type{nil}, Confidence: recordConfidence})
	words := (len(queries) + 63) / 64
	t.people.init(2 * words)
	t.values.init(words)
	for i, q := range queries {
		k := question{Query: q, bit: i, open: q.AtLeast > 0}
		t.questions = append(t.questions, k)
		t.need = append(t.need, make([]bool, len(q.With)))
	}
	t.setDemand()
	return t
}

// setDemand works out what may still change a decision. Persons are told apart
// by all that stands in their records.
func (t *tally) setDemand() {
	t.demand = detect.Demand{}
	for i := range t.questions {
		q := &t.questions[i]
		switch {
		case !q.open:
		case q.People:
			t.demand = nil
			return
		case len(q.With) > 0:
			t.demand = append(t.demand, q.With[0]...)
		}
	}
}

func (q *question) counts(f *detect.Found, types []Type) bool {
	if f.Confidence < q.Confidence || q.Validated && !f.Validated {
		return false
	}
	return slices.Contains(types, f.Type) || types == nil && detect.Personal(f.Type)
}

func (t *tally) hit(q *question) {
	q.count++
	if q.open && q.count >= q.AtLeast {
		q.open = false
		t.setDemand()
	}
}

// add counts a record.
func (t *tally) add(r *detect.Record) {
	for i := range t.questions {
		q := &t.questions[i]
		if q.count >= MaxDistinct {
			continue
		}
		if q.People {
			t.person(q, r, t.need[i])
		} else if len(q.With) > 0 {
			t.value(q, r)
		}
	}
}

// value counts the distinct values of the types asked for.
func (t *tally) value(q *question, r *detect.Record) {
	for i := range r.Found {
		f := &r.Found[i]
		if f.Piece || !q.counts(f, q.With[0]) {
			continue
		}
		key := t.digests.sum(string(f.Type) + ":" + f.Canon)
		e := t.values.at(key)
		if e == nil {
			return
		}
		if w, b := q.bit>>6, uint64(1)<<(q.bit&63); e[w]&b == 0 {
			e[w] |= b
			t.hit(q)
		}
	}
}

// person counts the record's person if it has all that is asked for. A person
// is known by name with any one of the values that identify people; by name
// alone where a record has no more; by a value where it has no name.
func (t *tally) person(q *question, r *detect.Record, met []bool) {
	clear(met)
	left := len(met)
	for i := range r.Found {
		for k, types := range q.With {
			if !met[k] && q.counts(&r.Found[i], types) {
				met[k] = true
				left--
			}
		}
	}
	if left > 0 || len(met) == 0 {
		return
	}
	p := r.Person(q.Confidence, t.ids)
	t.ids = p.IDs
	t.keys = t.keys[:0]
	var name uint64
	if p.Name != "" {
		name = t.digests.sum("NAME:" + p.Name)
	}
	for _, id := range p.IDs {
		k := t.digests.sum(id)
		if name != 0 {
			k = mix(name, k)
		}
		t.keys = append(t.keys, k)
	}
	w, b := q.bit>>6, uint64(1)<<(q.bit&63)
	bare := len(t.keys) == 0
	if bare {
		if name == 0 {
			// Types that identify nobody: each value is one.
			for i := range r.Found {
				f := &r.Found[i]
				if f.Confidence >= q.Confidence {
					t.keys = append(t.keys, t.digests.sum(string(f.Type)+":"+f.Canon))
				}
			}
			bare = false
		}
	}
	known := false
	for _, k := range t.keys {
		if e := t.people.at(k); e != nil {
			known = known || e[w]&b != 0
			e[w] |= b
		} else {
			known = true // the set is full
		}
	}
	if name != 0 {
		// The name alone: seen at all, and seen without more (the upper
		// half of the entry), so that the two are one person whichever
		// came first.
		half := t.people.words / 2
		e := t.people.at(name)
		switch {
		case e == nil:
			known = true
		case bare:
			known = e[w]&b != 0
			if !known {
				e[half+w] |= b
			}
		case e[half+w]&b != 0:
			known = true
			e[half+w] &^= b
		}
		if e != nil {
			e[w] |= b
		}
	}
	if !known {
		t.hit(q)
	}
}

// answers returns the counts in the order of the queries, and the number of
// persons.
func (t *tally) answers() ([]int, int) {
	out := make([]int, len(t.questions))
	for i := range t.questions {
		out[i] = t.questions[i].count
	}
	n := len(out) - 1
	return out[:n:n], out[n]
}

// set maps digests to a few words of bits: an open-addressed table that holds
// at most MaxDistinct entries.
type set struct {
	words int
	keys  []uint64 // 0 is free
	bits  []uint64 // words for each key
	n     int
}

func (s *set) init(words int) { s.words = words }

// at returns the words of key, made zero if it is new; nil if the set is full.
func (s *set) at(key uint64) []uint64 {
	if key == 0 {
		key = 1
	}
	if 4*(s.n+1) > 3*len(s.keys) {
		if s.n >= MaxDistinct {
			if i, ok := s.find(key); ok {
				return s.bits[i*s.words : (i+1)*s.words]
			}
			return nil
		}
		s.grow()
	}
	i, ok := s.find(key)
	if !ok {
		if s.n >= MaxDistinct {
			return nil
		}
		s.keys[i] = key
		s.n++
	}
	return s.bits[i*s.words : (i+1)*s.words]
}

func (s *set) find(key uint64) (int, bool) {
	mask := len(s.keys) - 1
	for i := int(key) & mask; ; i = (i + 1) & mask {
		switch s.keys[i] {
		case key:
			return i, true
		case 0:
			return i, false
		}
	}
}

func (s *set) grow() {
	old := *s
	n := max(64, 2*len(s.keys))
	s.keys, s.bits = make([]uint64, n), make([]uint64, n*s.words)
	for i, k := range old.keys {
		if k != 0 {
			j, _ := s.find(k)
			s.keys[j] = k
			copy(s.bits[j*s.words:], old.bits[i*s.words:(i+1)*s.words])
		}
	}
}
