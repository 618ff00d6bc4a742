package inspect

import (
	"math/bits"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// bankSize is how many questions are counted together.
const bankSize = 64

// plan is how up to bankSize questions are counted together, with a bit for each.
type plan struct {
	levels  []level
	persons uint64     // the questions that ask for persons
	byName  uint64     // those that ask for types without a number of their own
	byKind  [64]uint64 // those that ask for values of a kind
}

// level is how sure findings have to be, and the questions that say so.
type level struct {
	confidence float32
	validated  bool
	questions  uint64
}

func newPlan(questions []question) plan {
	var p plan
	for i := range questions {
		q, bit := &questions[i], uint64(1)<<i
		k := slices.IndexFunc(p.levels, func(l level) bool { return l.confidence == q.Confidence && l.validated == q.Validated })
		if k < 0 {
			k = len(p.levels)
			p.levels = append(p.levels, level{confidence: q.Confidence, validated: q.Validated})
		}
		p.levels[k].questions |= bit
		for n, types := range q.With {
			if types != nil && q.kinds[n]>>manyKind&1 != 0 {
				p.byName |= bit
			}
		}
		switch {
		case len(q.With) == 0: // asks for nothing
		case q.People:
			p.persons |= bit
		default:
			for k := range p.byKind {
				p.byKind[k] |= q.kinds[0] >> k & 1 << i
			}
		}
	}
	return p
}

// admits reports whether a finding is sure enough.
func (l *level) admits(f *detect.Found) bool {
	return f.Confidence >= l.confidence && (f.Validated || !l.validated)
}

// admit returns the questions for which a finding is sure enough.
func (p *plan) admit(f *detect.Found) uint64 {
	m := uint64(0)
	for i := range p.levels {
		if l := &p.levels[i]; l.admits(f) {
			m |= l.questions
		}
	}
	return m
}

// bank counts the questions of a plan.
type bank struct {
	*plan
	questions []question
	people    set          // names and the surest values: the questions met, those met by half, and counts for grow, or where firsts has the name
	values    set          // values, and those that belong to a name: the questions met
	counting  uint64       // the questions whose count may still rise
	answers   [][16]answer // what meet said lately, by level

	groups  []group        // scratch
	grown   bool           // the last person was one more of the name, by names
	grewAs  uint64         // of the record: the name that grown will be found out for, 0: not yet
	waiting []visit        // persons that were met and are not counted yet
	valued  []uint64       // likewise values, as entries of the set
	hits    [8]hits        // likewise those that were found new
	fetched uint64         // keeps fetches from being left out
	newly   [manyMasks]int // scratch: new values, by the number of their questions
	pile    pile           // values that wait longer
	firsts  firsts         // what is known of names that were met once
}

// hits are how many were found new for the same questions.
type hits struct {
	questions uint64
	n         int
}

// answer is which questions a record with findings of these kinds meets.
type answer struct{ kinds, met uint64 }

// group is questions that have the same person in mind.
type group struct {
	confidence float32
	questions  uint64
}

// visit is a person who was met, for questions: what is known of it by hashes.
type visit struct {
	questions  uint64
	name       uint64                // 0 if there is none
	strong     uint64                // the surest of the values that belong to one person, 0 if there is none
	keys       [maxPersonKeys]uint64 // what the person is remembered by
	n, telling int8                  // how many keys there are, and how many from the first on tell whether the person is known
	kinds      int8                  // how many
	strengths  uint64                // of the values that belong to one person, four bits each
	same       bool                  // as the one before: another group's of the record
}

// batch is how many persons, and as many values for each of them, wait to be looked
// up together: memory brings many places in hardly more time than one.
const batch = 32

func (b *bank) reset(p *plan, questions []question) {
	b.plan, b.questions = p, questions
	b.people.init(2, true, maxPeople)
	b.values.init(1, false, maxValues)
	b.counting = 1<<len(questions) - 1
	b.answers = slices.Grow(b.answers[:0], len(p.levels))[:len(p.levels)]
	clear(b.answers)
	b.waiting, b.valued = b.waiting[:0], b.valued[:0]
	clear(b.hits[:])
	b.pile.reset()
	b.firsts.reset()
}

// flush counts what waits, but for what is on the pile.
func (b *bank) flush(t *tally) {
	b.makeSure(t)
	b.visits(t)
	b.waiting = b.waiting[:0]
	if !t.patient || !b.pileUp(t) {
		b.take(t, b.valued)
	}
	b.valued = b.valued[:0]
	for i := range b.hits {
		b.settle(t, &b.hits[i])
	}
}

// visits counts the persons that wait.
func (b *bank) visits(t *tally) {
	if len(b.waiting) == 0 {
		return
	}
	b.people.room(2 * len(b.waiting))
	some := uint64(0)
	for i := range b.waiting {
		v := &b.waiting[i]
		some ^= b.people.fetch(v.name)
		if b.firsts.halves {
			some ^= b.people.fetch(v.strong)
		}
	}
	if b.values.n > 0 {
		for i := range b.waiting {
			if v := &b.waiting[i]; b.firsts.over || v.name == 0 || b.people.has(v.name) {
				for _, k := range v.keys[:v.n] {
					some ^= b.values.fetch(k)
				}
			}
		}
	}
	b.fetched = some
	for i := range b.waiting {
		b.count(t, &b.waiting[i])
	}
}

// take counts values, given as entries of the set.
func (b *bank) take(t *tally, words []uint64) {
	s := &b.values
	newly := &b.newly
	for len(words) > 0 {
		some, now := words[:min(len(words), 4*batch)], uint64(0)
		words = words[len(some):]
		s.room(len(some))
		table, home, low := s.words, s.home&63, s.low // an entry is one word
		for _, w := range some {
			now ^= table[w>>home]
		}
		b.fetched = now
		for _, w := range some {
			at := int(w >> home)
			e := table[at]
			for (e^w)&^low != 0 && e != 0 {
				if at++; at == len(table) {
					at = 0
				}
				e = table[at]
			}
			switch {
			case e == w: // it was met
			case e != 0:
				b.valueAt(t, at, s.masks.list[w&low])
			case s.n < s.most:
				table[at] = w
				s.n++
				newly[w&low]++
			default:
				b.overflow(t, s.masks.list[w&s.low], w&^s.low)
			}
		}
	}
	for k, m := range s.masks.list {
		if n := newly[k]; n > 0 {
			newly[k] = 0
			b.hit(t, m, n)
		}
	}
}

// value counts a value for questions that have no number.
func (b *bank) value(t *tally, sum, questions uint64) {
	b.makeSure(t)
	b.values.room(1)
	if at, _ := b.values.place(sum); at >= 0 {
		b.valueAt(t, at, questions)
	} else {
		b.overflow(t, questions, sum)
	}
}

// valueAt counts a value that stands at an offset of the set's words.
func (b *bank) valueAt(t *tally, at int, questions uint64) {
	met := b.values.mask(at, 0)
	if m := questions &^ met; m != 0 {
		b.hit(t, m, 1)
		b.values.note(at, 0, met|m)
	}
}

// valuesByName returns the questions that ask for values of f by the name of its
// type.
func (b *bank) valuesByName(f *detect.Found, kind uint8) uint64 {
	m := uint64(0)
	for x := b.byName &^ b.persons; x != 0; x &= x - 1 {
		if b.questions[bits.TrailingZeros64(x)].counts(f, kind, 0) {
			m |= x & -x
		}
	}
	return m
}

// group sorts the questions that the record meets by the person they have in mind:
// the same one for all that take in all findings.
func (b *bank) group(t *tally, r *detect.Record) {
	b.groups = b.groups[:0]
	for i := range b.levels {
		l := &b.levels[i]
		m := l.questions & b.persons & b.counting
		if m == 0 {
			continue
		}
		if m &= b.meet(i, t.at(r, l)) | b.meetByName(t, r, m&b.byName); m == 0 {
			continue
		}
		c := l.confidence
		if c <= t.least {
			c = 0
		}
		k := slices.IndexFunc(b.groups, func(g group) bool { return g.confidence == c })
		if k < 0 {
			k = len(b.groups)
			b.groups = append(b.groups, group{confidence: c})
		}
		b.groups[k].questions |= m
	}
	if len(b.groups) > 1 {
		slices.SortFunc(b.groups, func(x, y group) int {
			return bits.TrailingZeros64(x.questions) - bits.TrailingZeros64(y.questions)
		})
	}
}

// meet returns the questions for persons that ask for no more than these kinds.
func (b *bank) meet(level int, kinds uint64) uint64 {
	a := &b.answers[level][kinds*golden>>60]
	if a.kinds == kinds {
		return a.met
	}
	m := uint64(0)
	for x := b.persons & b.levels[level].questions &^ b.byName; x != 0; x &= x - 1 {
		if b.questions[bits.TrailingZeros64(x)].possible(kinds) {
			m |= x & -x
		}
	}
	*a = answer{kinds, m}
	return m
}

// meetByName returns those of the questions, which ask for persons and types by
// name, that the record meets.
func (b *bank) meetByName(t *tally, r *detect.Record, questions uint64) uint64 {
	m := uint64(0)
	for x := questions; x != 0; x &= x - 1 {
		q := &b.questions[bits.TrailingZeros64(x)]
		met := 0
		for k := range q.With {
			for i := range r.Found {
				if q.counts(&r.Found[i], t.kind[i], k) {
					met++
					break
				}
			}
		}
		if met == len(q.With) {
			m |= x & -x
		}
	}
	return m
}

// hit counts n more for each of the questions: by and by, since it mostly are
// the same ones.
func (b *bank) hit(t *tally, questions uint64, n int) {
	h := &b.hits[questions*golden>>61]
	if h.questions != questions {
		b.settle(t, h)
		h.questions = questions
	}
	h.n += n
}

// settle counts what was hit.
func (b *bank) settle(t *tally, h *hits) {
	for x := h.questions & b.counting; x != 0 && h.n > 0; x &= x - 1 {
		q := &b.questions[bits.TrailingZeros64(x)]
		if t.hit(q, h.n); q.count >= MaxDistinct {
			b.exhaust(t, x&-x)
		}
	}
	h.n = 0
}

// exhaust says that a question's count rises no more.
func (b *bank) exhaust(t *tally, question uint64) {
	b.counting &^= question
	t.forgetShapes()
}

// overflow counts for each of the questions what a full set has no room for.
func (b *bank) overflow(t *tally, questions, key uint64) {
	for x := questions & b.counting; x != 0; x &= x - 1 {
		q := &b.questions[bits.TrailingZeros64(x)]
		if t.overflow(q, key); q.count >= MaxDistinct {
			b.exhaust(t, x&-x)
		}
	}
}

// further takes a person who is known by name alone.
func (b *bank) further(name, questions uint64) {
	b.waiting = append(b.waiting, visit{questions: questions, name: name})
}

// count counts a person. A person is known by name together with a telephone
// number, mail address or the like, where there is none with a birth date or
// address; or by the name or the surest of the values alone.
// A name and a value counted each for itself stay two when a later record joins
// them: counts never go down, so that what was decided stays so.
func (b *bank) count(t *tally, v *visit) {
	name, strong := -1, -1
	if v.name != 0 {
		var isNew bool
		name, isNew = b.people.place(v.name)
		if isNew && b.putOff(t, name, v) {
			return
		}
		if v.n > 0 {
			b.recall(name)
		}
	}
	if v.strong != 0 && (b.firsts.halves || !b.putHalfOff(v)) {
		strong, _ = b.people.place(v.strong)
	}
	m, known := v.questions, uint64(0)
	full, met := false, false // met: what tells was met, for whatever question
	b.values.room(int(v.n))
	for i, k := range v.keys[:v.n] {
		at, isNew := b.values.place(k)
		if at < 0 {
			full = true
			continue
		}
		w := b.values.mask(at, 0)
		if i < int(v.telling) {
			known |= w
			met = met || !isNew
		}
		if m&^w != 0 {
			b.values.note(at, 0, w|m)
		}
	}
	if v.name != 0 && v.strong != 0 {
		if !v.same {
			b.grown = !met && b.grow(name, v)
		}
		if name >= 0 && !b.grown {
			known |= b.people.mask(name, 0)
		}
	}
	known = b.half(name, v.n == 0, m, known)
	known = b.half(strong, v.name == 0, m, known)
	if full {
		b.overflow(t, m&^known, v.keys[0])
	} else {
		b.hit(t, m&^known, 1)
	}
}

// countTop is where the greatest of the counts of a name begins, see grow.
const countTop = 60

// grow counts, by type, the values that tell persons of one name apart, and
// reports whether v brings a type one more than any had: a mail address
// and later a telephone number are one person's, two numbers are two persons'.
// Above the counts, four bits each, stands the greatest of them. The name stands at
// an offset of people's words, -1 if it is not there.
func (b *bank) grow(name int, v *visit) bool {
	if name < 0 {
		return true
	}
	counts := &b.people.words[name+1]
	most := *counts >> countTop
	for s, n := v.strengths, v.kinds; n > 0; s, n = s>>4, n-1 {
		at := 4 * (s & 15)
		count := *counts >> at & 15
		if count == 15 {
			return true
		}
		*counts += 1 << at
		most = max(most, count+1)
	}
	if most == *counts>>countTop {
		return false
	}
	*counts = *counts&(1<<countTop-1) | most<<countTop
	return true
}

// maxPeople and maxValues bound the memory of a bank to some 34 MB, of which what is
// put off takes ten. A person takes two entries of the one set, and up to three and
// one a value of the other: from a hundred thousand persons on, those that were not
// met before are counted by a sketch.
const (
	maxPeople = 1 << 18
	maxValues = 1 << 20
)

// maxPersonKeys is how many values of a person are remembered with the name.
const maxPersonKeys = 3

// add adds a value to the keys.
func (v *visit) add(sum uint64) {
	if v.name != 0 {
		sum = mix(v.name, sum)
	}
	if v.n == maxPersonKeys || slices.Contains(v.keys[:v.n], sum) {
		return
	}
	v.keys[v.n] = sum
	v.n++
}

// half notes that one half of a person was seen, the name or a value, and whether
// without the other, so that a name or number alone and the same with more are one
// person, whichever comes first. It stands at an offset of people's words, -1 if it
// is not there. half returns the questions for which the person is known by now.
func (b *bank) half(at int, alone bool, questions, known uint64) uint64 {
	if at < 0 {
		return known
	}
	met := b.people.mask(at, 0)
	if alone || met != 0 { // nothing is met by half that is not met
		half := b.people.mask(at, 1)
		after := half
		if alone {
			known |= met
			after |= questions &^ known
		} else {
			joined := half & questions &^ known
			known |= joined
			after &^= joined
		}
		if after != half {
			b.people.note(at, 1, after)
		}
	}
	if questions&^met != 0 {
		b.people.note(at, 0, met|questions)
	}
	return known
}
