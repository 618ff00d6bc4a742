package inspect

import (
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// survey is what the queries of a Spec ask, made ready for tallies: the queries
// and, as the last question, one of its own: how many persons there are at all.
type survey struct {
	questions []question
	need      int // elements of the longest With
}

func newSurvey(queries []Query) survey {
	var s survey
	all := append(slices.Clip(queries), Query{People: true, With: [][]Type{nil}, Confidence: recordConfidence})
	for i, q := range all {
		s.questions = append(s.questions, question{Query: q, bit: i, open: q.AtLeast > 0})
		s.need = max(s.need, len(q.With))
	}
	return s
}

// tally answers the queries of one scan: it tells persons and values apart by
// keyed digests and counts each once.
type tally struct {
	questions []question
	digests   digester
	people    set
	values    set

	wanted  []detect.Type // of the demand
	stale   bool          // wanted is not up to date
	anybody bool          // persons are still to be counted

	onPerson func(uint64) // nil if nobody asks
	persons  digester     // for onPerson

	need []bool // scratch: the elements of With that are met
	who  detect.Person
	sums []uint64 // scratch: digests of a record's findings
	keys []uint64 // scratch
}

// question is a Query with its count.
type question struct {
	Query
	bit   int // in the sets
	count int
	open  bool // the count is below AtLeast
}

// reset starts the counting anew.
func (t *tally) reset(s *survey, d digester) {
	t.questions = append(t.questions[:0], s.questions...)
	t.digests = d
	words := (len(s.questions) + 63) / 64
	t.people.init(2 * words)
	t.values.init(words)
	t.need = slices.Grow(t.need[:0], s.need)[:s.need]
	t.stale = true
}

// demand says what may still change a decision. Persons are told apart by all
// that stands in their records. The answer is valid until the next call.
func (t *tally) demand() detect.Demand {
	if t.stale {
		t.stale, t.anybody, t.wanted = false, false, t.wanted[:0]
		for i := range t.questions {
			q := &t.questions[i]
			switch {
			case !q.open:
			case q.People:
				t.anybody = true
			case len(q.With) > 0:
				t.wanted = append(t.wanted, q.With[0]...)
			}
		}
	}
	if t.anybody {
		return nil
	}
	if t.wanted == nil {
		return detect.Demand{}
	}
	return t.wanted
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
		t.stale = true
	}
}

// add counts a record.
func (t *tally) add(r *detect.Record) {
	t.sums = t.sums[:0]
	for i := range r.Found {
		f := &r.Found[i]
		t.sums = append(t.sums, t.digests.sum2(string(f.Type), f.Canon))
	}
	if t.onPerson != nil {
		t.tell(r)
	}
	least := float32(-1) // the confidence that t.who was made with
	for i := range t.questions {
		q := &t.questions[i]
		if q.count >= MaxDistinct {
			continue
		}
		if q.People {
			if !q.metBy(r, t.need[:len(q.With)]) {
				continue
			}
			if q.Confidence != least {
				least = q.Confidence
				r.Person(least, &t.who)
			}
			t.person(q, r)
			if len(r.Found) >= 2*minCrowd {
				t.crowd(q, r)
			}
		} else if len(q.With) > 0 {
			t.value(q, r)
		}
	}
}

// personConfidence is the least confidence of findings that onPerson is told by.
const personConfidence = 0.8

// tell gives onPerson the person of a record. The digest is by what is surest to
// be the same the next time: a number or mail address, else the name with what
// else is known.
func (t *tally) tell(r *detect.Record) {
	r.Person(personConfidence, &t.who)
	p := &t.who
	sum := func(i int) uint64 { return t.persons.sum2(string(r.Found[i].Type), r.Found[i].Canon) }
	switch {
	case len(p.Strong) > 0:
		t.onPerson(sum(p.Strong[0]))
	case p.Name != "" && len(p.Weak) > 0:
		t.onPerson(mix(t.persons.sum2("NAME", p.Name), sum(p.Weak[0])))
	}
}

// value counts the distinct values of the types asked for.
func (t *tally) value(q *question, r *detect.Record) {
	for i := range r.Found {
		f := &r.Found[i]
		if f.Piece || !q.counts(f, q.With[0]) {
			continue
		}
		e := t.values.at(t.sums[i])
		if e == nil { // no room to tell it from others
			t.hit(q)
			continue
		}
		if w, b := q.bit>>6, uint64(1)<<(q.bit&63); e[w]&b == 0 {
			e[w] |= b
			t.hit(q)
		}
	}
}

// person counts the record's person, t.who. A person is known by name together
// with a telephone number, mail address or the like, where there is none with a
// birth date or address; or by the name or the surest of the values alone.
// A name and a value counted each for itself stay two when a later record joins
// them: counts never go down, so that what was decided stays so.
func (t *tally) person(q *question, r *detect.Record) {
	p := &t.who
	name := uint64(0)
	if p.Name != "" {
		name = t.digests.sum2("NAME", p.Name)
	}
	telling := t.personKeys(name, q, r)
	w, b := q.bit>>6, uint64(1)<<(q.bit&63)
	known := false
	for i, k := range t.keys {
		e := t.people.at(k)
		if e == nil {
			continue
		}
		known = known || i < telling && e[w]&b != 0
		e[w] |= b
	}
	if name != 0 {
		known = t.half(name, len(t.keys) == 0, w, b, known)
	}
	if len(p.Strong) > 0 {
		known = t.half(t.sums[p.Strong[0]], name == 0, w, b, known)
	}
	if !known {
		t.hit(q)
	}
}

// metBy reports whether r has, for each element of With, one of its types.
func (q *question) metBy(r *detect.Record, met []bool) bool {
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
	return left == 0 && len(met) > 0
}

// maxPersonKeys is how many values of a person are remembered with the name.
const maxPersonKeys = 3

// personKeys fills t.keys with what the person is remembered by and returns how
// many of them, from the first on, tell whether the person is known.
func (t *tally) personKeys(name uint64, q *question, r *detect.Record) int {
	p := &t.who
	t.keys = t.keys[:0]
	add := func(i int) {
		if len(t.keys) == maxPersonKeys {
			return
		}
		k := t.sums[i]
		if name != 0 {
			k = mix(name, k)
		}
		t.keys = append(t.keys, k)
	}
	switch {
	case name != 0:
		for _, i := range p.Strong {
			add(i)
		}
		telling := len(t.keys)
		for _, i := range p.Weak {
			add(i)
		}
		if telling > 0 {
			return telling
		}
	case len(p.Strong) > 0:
		// The first of them is half of a person.
	case len(p.Weak) > 0:
		for _, i := range p.Weak {
			add(i)
		}
	default:
		// Types that identify nobody: each value is one.
		for i := range r.Found {
			if r.Found[i].Confidence >= q.Confidence {
				add(i)
			}
		}
	}
	return len(t.keys)
}

// half notes that one half of a person was seen, the name or a value, and
// whether without the other (in the upper half of its entry), so that a name or
// number alone and the same with more are one person, whichever comes first. It
// returns whether the person is known by now.
func (t *tally) half(key uint64, alone bool, w int, b uint64, known bool) bool {
	e := t.people.at(key)
	if e == nil {
		return known
	}
	upper := t.people.words / 2
	switch {
	case alone && e[w]&b != 0:
		known = true
	case alone && !known:
		e[upper+w] |= b
	case !known && e[upper+w]&b != 0:
		known = true
		e[upper+w] &^= b
	}
	e[w] |= b
	return known
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

// maxEntries bounds the memory of a set to some 24 MB for up to 64 queries. A
// person takes up to five entries: from a hundred thousand persons or more on, one
// that was not met before is no longer remembered, and counts once each time. That
// many is a list whoever it is of, and counts are rather too high than too low.
const maxEntries = 1 << 19

// keptEntries is the size up to which a set's storage is used again.
const keptEntries = 1 << 10

// set maps digests to a few words of bits: an open-addressed table that holds
// at most maxEntries.
type set struct {
	words int
	keys  []uint64 // 0 is free
	bits  []uint64 // words for each key
	n     int
}

// init empties the set. It keeps storage that is small.
func (s *set) init(words int) {
	if s.words != words || len(s.keys) > keptEntries {
		*s = set{words: words}
		return
	}
	if s.n > 0 {
		clear(s.keys)
		clear(s.bits)
		s.n = 0
	}
}

// at returns the words of key, made zero if it is new; nil if the set is full.
func (s *set) at(key uint64) []uint64 {
	if key == 0 {
		key = 1
	}
	if 4*(s.n+1) > 3*len(s.keys) {
		if s.n >= maxEntries {
			if i, ok := s.find(key); ok {
				return s.bits[i*s.words : (i+1)*s.words]
			}
			return nil
		}
		s.grow()
	}
	i, ok := s.find(key)
	if !ok {
		if s.n >= maxEntries {
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
