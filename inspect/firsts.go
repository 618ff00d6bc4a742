package inspect

import "math/bits"

// firsts are the values of persons whose names were met once, by name, and the
// surest of their values. Few names come again, and few such values alone; until one
// does, nothing hangs on what was met beside it, and the sets, which are all over the
// memory, need not know of it. A name that comes again has its values placed then, as
// if they had been all the time: the counts are the same.
type firsts struct {
	words  []uint64 // of each name: what it was met with, and the keys
	owed   int      // keys that are not placed yet
	halves bool     // the surest values are in people
	later  []uint64 // else they are here, as entries of people
	over   bool     // the sets may be full soon: nothing is put off
}

// The bits of the first word of a name: the number of its questions in values,
// below, how many keys there are, and the types of the values that belong to one
// person.
const (
	firstKeys      = maskBits
	firstStrengths = 16
)

// reset forgets all.
func (f *firsts) reset() {
	*f = firsts{words: f.words[:0], later: f.later[:0]}
}

// putOff counts a person whose name is new and stands at an offset of people's
// words, and puts off what is known of it, if it may.
func (b *bank) putOff(t *tally, name int, v *visit) bool {
	f := &b.firsts
	if f.over || name < 0 || v.strong == 0 || v.kinds == 0 {
		return false
	}
	k := b.values.masks.number(v.questions)
	if k == manyMasks || !f.halves && !b.putHalfOff(v) {
		return false
	}
	what := k | uint64(v.n)<<firstKeys
	for s, n := v.strengths, v.kinds; n > 0; s, n = s>>4, n-1 {
		what |= 1 << (firstStrengths + s&15)
	}
	b.people.words[name+1] = uint64(len(f.words) + 1)
	f.words = append(f.words, what)
	f.words = append(f.words, v.keys[:v.n]...)
	f.owed += int(v.n)
	b.people.note(name, 0, v.questions)
	known := uint64(0)
	if f.halves {
		strong, _ := b.people.place(v.strong)
		known = b.half(strong, false, v.questions, 0)
	}
	b.grown = true
	b.hit(t, v.questions&^known, 1)
	return true
}

// recall places what was put off of a name that stands at an offset of people's
// words, -1 if it is not there.
func (b *bank) recall(name int) {
	if name < 0 {
		return
	}
	at := b.people.words[name+1]
	if at == 0 || at>>countTop != 0 {
		return // nothing was, or it was recalled
	}
	what := b.firsts.words[at-1]
	keys := b.firsts.words[at:][:what>>firstKeys&15]
	b.firsts.owed -= len(keys)
	m := b.values.masks.list[what&manyMasks]
	b.values.room(len(keys))
	for _, k := range keys {
		if at, _ := b.values.place(k); at >= 0 {
			b.values.note(at, 0, b.values.mask(at, 0)|m)
		}
	}
	counts := uint64(1) << countTop
	for s := what >> firstStrengths; s != 0; s &= s - 1 {
		counts |= 1 << (4 * bits.TrailingZeros64(s))
	}
	b.people.words[name+1] = counts
}

// putHalfOff notes that a person has been met by the surest of its values, which
// nobody has been met by alone, if it may.
func (b *bank) putHalfOff(v *visit) bool {
	k := b.people.masks.number(v.questions)
	if k == manyMasks {
		return false
	}
	b.firsts.later = append(b.firsts.later, b.people.key(v.strong)|k)
	return true
}

// placeHalves places the surest values that were put off.
func (b *bank) placeHalves() {
	f := &b.firsts
	f.halves = true
	for _, w := range f.later {
		b.people.room(1)
		if at, _ := b.people.place(w); at >= 0 {
			b.people.note(at, 0, b.people.mask(at, 0)|b.people.masks.list[w&manyMasks])
		}
	}
	f.later = f.later[:0]
}

// makeSure sees to it that what waits can be counted with what has been put off:
// where a set may become full, or a person be met by a value alone, all must be in
// its place.
func (b *bank) makeSure(t *tally) {
	f := &b.firsts
	if !f.halves {
		alone := b.people.n+len(f.later)+2*len(b.waiting) > b.people.most
		for i := range b.waiting {
			v := &b.waiting[i]
			alone = alone || v.name == 0 && v.strong != 0
		}
		if alone {
			b.placeHalves()
		}
	}
	if !f.over && b.values.n+f.owed+b.pile.all+maxPersonKeys*len(b.waiting)+len(b.valued) >= b.values.most {
		f.over = true
		b.clearPile(t)
		for at := 0; at < len(b.people.words); at += 2 {
			if b.people.words[at] != 0 {
				b.recall(at)
			}
		}
		f.words = nil
	}
}
