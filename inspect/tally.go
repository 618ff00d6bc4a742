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
	listed    uint64 // the kinds of columnTypes
	questions []question
	plans     []plan // of the questions, bankSize by bankSize
}

func newSurvey(queries []Query) survey {
	var s survey
	all := append(slices.Clip(queries), Query{People: true, With: [][]Type{nil}, Confidence: recordConfidence})
	for _, t := range []Type{detect.Corporate, detect.Service, detect.TestCard} {
		s.kinds.add(t) // which are nobody's
	}
	s.listed = s.kinds.mask(columnTypes)
	for _, q := range all {
		for _, types := range q.With {
			s.kinds.mask(types)
		}
	}
	for _, d := range detect.Builtin() { // what nobody asks for has a number too, if there is room
		for _, typ := range d.Types() {
			s.kinds.add(typ)
		}
	}
	for _, q := range all {
		n := question{Query: q, open: q.AtLeast > 0}
		for _, types := range q.With {
			n.kinds = append(n.kinds, s.kinds.mask(types))
		}
		n.asksForNames()
		s.questions = append(s.questions, n)
	}
	for i := 0; i < len(s.questions); i += bankSize {
		s.plans = append(s.plans, newPlan(s.questions[i:min(len(s.questions), i+bankSize)]))
	}
	return s
}

// tally answers the queries of one scan: it tells persons and values apart by
// keyed hashes and counts each once.
type tally struct {
	questions []question
	banks     []bank   // of the questions, as the survey plans it
	digests   digester // for the report
	hash      hasher
	columns   columns

	wanted  []detect.Type // of the demand
	stale   bool          // wanted is not up to date
	anybody bool          // persons are still to be counted
	patient bool          // nobody asks for counts before the end

	onPerson func(uint64) // nil if nobody asks
	persons  digester     // for onPerson

	kinds  *kinds
	listed uint64  // the survey's
	totals [64]int // findings by kind, those in pieces counted once

	// Of the record that is counted:
	who   detect.Person
	sums  []uint64 // hashes of its findings, 0 for those nobody asked for yet
	kind  []uint8  // kinds of its findings, those of its shape
	all   uint64   // the kinds there are
	valid uint64   // those of which one is validated, if its shape is new
	least float32  // likewise the least confidence
	signs []uint64 // what makes its shape

	shapes [shapes]shape
	large  shape      // of the record, if it has more findings than are remembered
	before []kindSlot // of the findings of the record before, by index
}

// question is a Query with its count.
type question struct {
	Query
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
	t.kinds, t.listed = &s.kinds, s.listed
	t.digests, t.hash = d, newHasher(d)
	t.banks = slices.Grow(t.banks[:0], len(s.plans))[:len(s.plans)]
	for i := range t.banks {
		t.banks[i].reset(&s.plans[i], t.questions[i*bankSize:min(len(t.questions), (i+1)*bankSize)])
	}
	t.stale = true
	t.columns.reset()
	t.forgetShapes()
	clear(t.totals[:])
	t.before = t.before[:0]
}

// demand says what may still change a decision. Persons are told apart by all
// that stands in their records. The answer is valid until the next call.
func (t *tally) demand() detect.Demand {
	t.flush()
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

// hit counts n more for q.
func (t *tally) hit(q *question, n int) {
	q.count = min(q.count+n, MaxDistinct)
	if q.open && q.count >= q.AtLeast {
		q.open = false
		t.stale = true
	}
}

// add counts a record.
func (t *tally) add(r *detect.Record) {
	t.sums = slices.Grow(t.sums[:0], len(r.Found))[:len(r.Found)]
	clear(t.sums)
	s := t.look(r)
	if t.onPerson != nil {
		t.tell(r)
	}
	t.columns.add(s.person, r, t)
	for i := range t.banks {
		t.banks[i].follow(&s.outlines[i], t, r)
	}
}

// flush brings the counts up to date.
func (t *tally) flush() {
	for i := range t.banks {
		t.banks[i].flush(t)
		t.banks[i].clearPile(t)
	}
	for i := range t.shapes {
		t.addUp(&t.shapes[i])
	}
}

// digest returns the digest of the record's finding i, as reports show it.
func (t *tally) digest(r *detect.Record, i int) uint64 {
	return t.digests.sum2(string(r.Found[i].Type), r.Found[i].Canon)
}

// sum returns the hash of the record's finding i.
func (t *tally) sum(r *detect.Record, i int) uint64 {
	if t.sums[i] == 0 {
		f, typ := &r.Found[i], uint64(t.kind[i])
		if typ == otherKind {
			typ |= t.hash.sum(typ, string(f.Type)) << 8
		}
		t.sums[i] = t.hash.sum(typ, f.Canon)
	}
	return t.sums[i]
}

// nameSum returns the hash of the name of t.who.
func (t *tally) nameSum(r *detect.Record) uint64 {
	if t.who.Whole >= 0 {
		return t.sum(r, t.who.Whole)
	}
	return t.hash.sum(uint64(t.kinds.of(detect.Name)), t.who.Name)
}

// at returns the kinds of the record's findings that are as sure as l has it.
func (t *tally) at(r *detect.Record, l *level) uint64 {
	switch {
	case l.confidence > t.least:
	case l.validated:
		// How sure they are is clear, which of them are validated is noted.
		return t.valid
	default:
		return t.all
	}
	m := uint64(0)
	for i, k := range t.kind {
		if l.admits(&r.Found[i]) {
			m |= 1 << k
		}
	}
	return m
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

// counts reports whether f answers to element k of With.
func (q *question) counts(f *detect.Found, kind uint8, k int) bool {
	if f.Confidence < q.Confidence || q.Validated && !f.Validated {
		return false
	}
	if kind == otherKind && q.kinds[k]>>manyKind&1 != 0 {
		return slices.Contains(q.With[k], f.Type) || q.With[k] == nil && detect.Personal(f.Type)
	}
	return q.kinds[k]>>kind&1 != 0
}

// numbered reports whether the record's finding i, if it is no piece, was counted in
// totals.
func (t *tally) numbered(i int) bool { return t.kind[i] != otherKind }

// answers returns the counts in the order of the queries, and the number of
// persons.
func (t *tally) answers() ([]int, int) {
	t.flush()
	t.join()
	t.flush()
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
	if !q.open {
		o.next = o.met + max(surplusStep, o.met) // nothing hangs on the count any more
	}
	t.estimate(q)
}

// estimate counts what the surplus of q amounts to by now.
func (t *tally) estimate(q *question) {
	o := q.surplus
	if n := int(o.sketch.Estimate()); n > o.counted {
		t.hit(q, n-o.counted)
		o.counted = n
	}
}
