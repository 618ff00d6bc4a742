package inspect

import (
	"slices"

	"github.com/axiomhq/hyperloglog"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// survey is what the queries of a Spec ask, made ready for tallies: the queries
// and, as the last question, one of its own: how many persons there are at all.
type survey struct {
	kinds     kinds
	questions []question
	need      int // elements of the longest With
}

func newSurvey(queries []Query) survey {
	var s survey
	all := append(slices.Clip(queries), Query{People: true, With: [][]Type{nil}, Confidence: recordConfidence})
	for _, t := range []Type{detect.Corporate, detect.Service, detect.TestCard} {
		s.kinds.add(t) // which are nobody's
	}
	for _, q := range all {
		for _, types := range q.With {
			s.kinds.mask(types)
		}
	}
	for i, q := range all {
		n := question{Query: q, bit: i, open: q.AtLeast > 0}
		for _, types := range q.With {
			n.kinds = append(n.kinds, s.kinds.mask(types))
		}
		n.asksForNames()
		s.questions = append(s.questions, n)
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
	columns   columns

	wanted  []detect.Type // of the demand
	stale   bool          // wanted is not up to date
	anybody bool          // persons are still to be counted

	onPerson func(uint64) // nil if nobody asks
	persons  digester     // for onPerson

	grown  bool   // the record's person is one more of the name, by names
	grewAs uint64 // the name that grown was found out for, 0: not yet

	need []bool // scratch: the elements of With that are met
	who  detect.Person
	sums []uint64 // scratch: digests of a record's findings
	keys []uint64 // scratch

	kinds  *kinds
	kind   []uint8 // scratch: those of a record's findings
	totals []int   // findings by kind, those in pieces counted once
	spots  []int   // scratch: where the values of a record's findings stand in values, see spot
	seats  seats   // scratch: where the record's person stands in people
}

// question is a Query with its count.
type question struct {
	Query
	bit   int      // in the sets
	kinds []uint64 // of the types of each element of With
	names bool     // it asks for names
	count int
	open  bool // the count is below AtLeast

	beside  []Type   // what else than names it asks for, nil if they answer alone
	surplus *surplus // what the set had no room for, nil if it had
}

// reset starts the counting anew.
func (t *tally) reset(s *survey, d digester) {
	t.questions = append(t.questions[:0], s.questions...)
	t.kinds = &s.kinds
	t.totals = slices.Grow(t.totals[:0], len(s.kinds.types))[:len(s.kinds.types)]
	clear(t.totals)
	t.digests = d
	words := (len(s.questions) + 63) / 64
	t.people.init(2*words + 1)
	t.values.init(words)
	t.need = slices.Grow(t.need[:0], s.need)[:s.need]
	t.stale = true
	t.columns.reset()
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
	t.sums, t.kind = t.sums[:0], t.kind[:0]
	all := uint64(0) // the kinds that there are
	for i := range r.Found {
		f := &r.Found[i]
		t.sums = append(t.sums, t.digests.sum2(string(f.Type), f.Canon))
		k := t.kinds.of(f.Type)
		t.kind = append(t.kind, k)
		all |= 1 << k
	}
	if all>>otherKind&1 != 0 {
		all |= 1 << manyKind
	}
	t.spots, t.grewAs = t.spots[:0], 0
	if t.onPerson != nil {
		t.tell(r)
	}
	t.columns.add(r, t.sums)
	least := float32(-1) // the confidence that t.who was made with
	for i := range t.questions {
		q := &t.questions[i]
		if q.count >= MaxDistinct || !q.possible(all) {
			continue
		}
		if q.People {
			if !t.metBy(q, r, t.need[:len(q.With)]) {
				continue
			}
			if q.Confidence != least {
				least = q.Confidence
				r.Person(least, &t.who)
				t.seats.known = false
			}
			t.person(q, r)
			if t.others(q, r) {
				t.seats.known = false
			}
			if len(r.Found) >= 2*minCrowd {
				t.crowd(q, r)
				t.seats.known = false
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

// possible reports whether kinds have, for each element of With, one that answers
// to it.
func (q *question) possible(kinds uint64) bool {
	for _, m := range q.kinds {
		if m&kinds == 0 {
			return false
		}
	}
	return true
}

// counts reports whether the record's finding i answers to element k of With.
func (t *tally) counts(q *question, r *detect.Record, i, k int) bool {
	f, kind := &r.Found[i], t.kind[i]
	if f.Confidence < q.Confidence || q.Validated && !f.Validated {
		return false
	}
	if kind == otherKind && q.kinds[k]>>manyKind&1 != 0 {
		return q.counts(f, q.With[k])
	}
	return q.kinds[k]>>kind&1 != 0
}

// count adds the record's finding i to totals, if its type has a number.
func (t *tally) count(i int) bool {
	k := int(t.kind[i])
	if k < len(t.totals) {
		t.totals[k]++
	}
	return k < len(t.totals)
}

// value counts the distinct values of the types asked for.
func (t *tally) value(q *question, r *detect.Record) {
	w, b := q.bit>>6, uint64(1)<<(q.bit&63)
	for i := range r.Found {
		if r.Found[i].Piece || !t.counts(q, r, i, 0) {
			continue
		}
		at := t.spot(i)
		if at < 0 {
			t.overflow(q, t.sums[i])
			continue
		}
		if e := t.values.bits[at:]; e[w]&b == 0 {
			e[w] |= b
			t.hit(q)
		}
	}
}

// spot returns where the value of the record's finding i begins in the bits of
// values, -1 if it is not there and there is no room for it.
func (t *tally) spot(i int) int {
	if len(t.spots) == 0 {
		t.values.room(len(t.sums))
		for range t.sums {
			t.spots = append(t.spots, unknownSpot)
		}
	}
	if t.spots[i] == unknownSpot {
		t.spots[i] = t.values.place(t.sums[i])
	}
	return t.spots[i]
}

const unknownSpot = -2

// seats are where the person of a record stands in people, for all questions with
// the same confidence.
type seats struct {
	known        bool
	named        bool
	keys         [maxPersonKeys]int // offsets of bits, -1 for none
	n, telling   int
	name, strong int
}

// seat fills t.seats for t.who.
func (t *tally) seat(q *question, r *detect.Record) {
	s, p := &t.seats, &t.who
	name := uint64(0)
	if p.Name != "" {
		name = t.digests.sum2("NAME", p.Name)
	}
	s.known, s.named = true, name != 0
	s.telling = t.personKeys(name, q, r)
	s.n = len(t.keys)
	t.people.room(maxPersonKeys + 2)
	if name != 0 && len(p.Strong) > 0 && t.grewAs != name {
		t.grown, t.grewAs = t.grow(name, s.telling, r), name
	}
	for i, k := range t.keys {
		s.keys[i] = t.people.place(k)
	}
	s.name, s.strong = -1, -1
	if name != 0 {
		s.name = t.people.place(name)
	}
	if len(p.Strong) > 0 {
		s.strong = t.people.place(t.sums[p.Strong[0]])
	}
}

// person counts the record's person, t.who. A person is known by name together
// with a telephone number, mail address or the like, where there is none with a
// birth date or address; or by the name or the surest of the values alone.
// A name and a value counted each for itself stay two when a later record joins
// them: counts never go down, so that what was decided stays so.
func (t *tally) person(q *question, r *detect.Record) {
	s := &t.seats
	if !s.known {
		t.seat(q, r)
	}
	w, b := q.bit>>6, uint64(1)<<(q.bit&63)
	known, full := false, false
	for i, at := range s.keys[:s.n] {
		if at < 0 {
			full = true
			continue
		}
		e := t.people.bits[at:]
		known = known || i < s.telling && e[w]&b != 0
		e[w] |= b
	}
	if s.named && !known && len(t.who.Strong) > 0 && !t.grown && s.name >= 0 {
		known = t.people.bits[s.name+w]&b != 0
	}
	if s.named {
		known = t.halfAt(s.name, s.n == 0, w, b, known)
	}
	if len(t.who.Strong) > 0 {
		known = t.halfAt(s.strong, !s.named, w, b, known)
	}
	switch {
	case known:
	case full:
		t.overflow(q, t.keys[0])
	default:
		t.hit(q)
	}
}

// grow counts, by type, the values that tell persons of one name apart, and
// reports whether the record brings a type one more than any had: a mail address
// and later a telephone number are one person's, two numbers are two persons'.
func (t *tally) grow(name uint64, telling int, r *detect.Record) bool {
	for _, k := range t.keys[:telling] {
		if t.people.has(k) {
			return false // known by it
		}
	}
	at := t.people.place(name)
	if at < 0 {
		return true
	}
	counts := &t.people.bits[at+t.people.words-1]
	before := most(*counts)
	var seen uint64
	for _, i := range t.who.Strong {
		at := 4 * uint(detect.StrengthOf(r.Found[i].Type))
		switch {
		case seen>>at&1 != 0:
		case *counts>>at&15 == 15:
			return true
		default:
			seen |= 1 << at
			*counts += 1 << at
		}
	}
	return most(*counts) > before
}

// most is the greatest of the sixteen counts in c.
func most(c uint64) uint64 {
	n := uint64(0)
	for ; c != 0; c >>= 4 {
		n = max(n, c&15)
	}
	return n
}

// metBy reports whether r has, for each element of With, one of its types.
func (t *tally) metBy(q *question, r *detect.Record, met []bool) bool {
	clear(met)
	left := len(met)
	for i := range r.Found {
		for k := range q.With {
			if !met[k] && t.counts(q, r, i, k) {
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
		if !slices.Contains(t.keys, k) {
			t.keys = append(t.keys, k)
		}
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
	t.people.room(1)
	return t.halfAt(t.people.place(key), alone, w, b, known)
}

// halfAt is half for the key that stands at an offset of people's bits, -1 if it
// is not there.
func (t *tally) halfAt(at int, alone bool, w int, b uint64, known bool) bool {
	if at < 0 {
		return known
	}
	e := t.people.bits[at : at+t.people.words]
	upper := t.people.words / 2 // the last word is for grow
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
	t.join()
	out := make([]int, len(t.questions))
	for i := range t.questions {
		q := &t.questions[i]
		if q.surplus != nil {
			t.estimate(q)
		}
		out[i] = q.count
	}
	n := len(out) - 1
	return out[:n:n], out[n]
}

// surplus estimates how many distinct values or persons a full set turned away, with
// a standard error of 1.6 % of them (Flajolet et al., HyperLogLog, 2007).
type surplus struct {
	sketch  *hyperloglog.Sketch
	met     int // how many went in, the same ones too
	next    int // of met, when the sketch is summed up
	counted int // distinct ones, by now
}

// surplusPrecision makes a sketch of 4096 registers, which are summed up after
// every surplusStep values, less often the more there are, and at the end.
const (
	surplusPrecision = 12
	surplusStep      = 64
)

// overflow counts what a full set has no room for. Estimates waver; the count
// never goes down.
func (t *tally) overflow(q *question, key uint64) {
	if q.surplus == nil {
		q.surplus = &surplus{}
		q.surplus.sketch, _ = hyperloglog.NewSketch(surplusPrecision, false) // the precision is valid
	}
	o := q.surplus
	o.sketch.InsertHash(key)
	if o.met++; o.met < o.next {
		return // estimating takes as long as a hundred records
	}
	o.next = o.met + max(surplusStep, o.met/surplusStep)
	t.estimate(q)
}

// estimate counts what the surplus of q amounts to by now.
func (t *tally) estimate(q *question) {
	o := q.surplus
	for n := int(o.sketch.Estimate()); o.counted < n && q.count < MaxDistinct; o.counted++ {
		t.hit(q)
	}
}
