package inspect

import (
	"math"
	"math/bits"
	"slices"
	"unsafe"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// shape is what the findings of a record say but for their values: their types, how
// sure they are and what labels stood over them. What a record answers, and by what
// its person is known, hangs on that alone; a list has a record of the same shape in
// every row, and what is to be done with it is worked out once.
type shape struct {
	signs    []uint64 // of the findings; none if the outlines are to be drawn anew each time
	hash     uint64
	kind     []uint8   // of the findings
	all      uint64    // the kinds there are
	times    int       // how many records had it that are not in the totals yet
	outlines []outline // by bank
	person   int       // the finding that begins a record of one person, -1 if columns are to look at each
}

// outline is what one bank has to do for the records of a shape.
type outline struct {
	values []asked
	people []figure
}

// asked are the questions that a finding counts for as a value.
type asked struct {
	finding   int
	questions uint64
	number    uint64 // theirs in the bank's set of values, or manyMasks
}

// figure is a person that a record has for some questions, by its findings.
type figure struct {
	group
	name      int // -1 if there is none, pieced if it is in pieces
	strong    int // the surest of the values that belong to one person, -1 if there is none
	keys      []int
	telling   int // how many of keys tell, from the first on; 0: all
	kinds     int8
	strengths uint64
	others    bool // there may be further persons
}

// pieced stands for a name in pieces.
const pieced = -2

// shapes are how many shapes are remembered, of which a list has a few, and maxShape
// is how many findings they may have.
const (
	shapeBits = 7
	shapes    = 1 << shapeBits
	maxShape  = 24
)

// The bits of a sign above those of the kind of a finding; the highest are its
// confidence.
const (
	signPiece = 1 << (6 + iota)
	signValid
	signEmpty
	signCell
	signName
	signKana
	signSurname
	signScript // two bits
	_
	signSure = 32 // where they begin
)

// sign says of a finding what a shape is made of.
func sign(f *detect.Found, kind uint8) uint64 {
	s := uint64(math.Float32bits(f.Confidence))<<signSure | uint64(kind)
	if f.Piece {
		s |= signPiece
	}
	if f.Validated {
		s |= signValid
	}
	if f.Type != detect.Name {
		return s
	}
	if f.Canon == "" {
		s |= signEmpty
	}
	if f.Detector == detect.ColumnID {
		s |= signCell
	}
	if f.Own&detect.LName != 0 {
		s |= signName
	}
	if f.Own&detect.LSurname != 0 {
		s |= signSurname
	}
	if f.Own&detect.LKana != 0 {
		return s | signKana
	}
	return s | uint64(f.Script())*signScript
}

// look takes the signs of the record's findings and returns its shape.
func (t *tally) look(r *detect.Record) *shape {
	n := len(r.Found)
	t.signs = slices.Grow(t.signs[:0], n)[:n]
	for len(t.before) < n {
		t.before = append(t.before, kindSlot{kind: otherKind})
	}
	hash, spread := uint64(n)*golden, uint64(golden)
	for i, signs, before := 0, t.signs, t.before[:n]; i < n; i++ {
		f, b := &r.Found[i], &before[i]
		if len(f.Type) != len(b.typ) || unsafe.StringData(string(f.Type)) != unsafe.StringData(string(b.typ)) {
			*b = kindSlot{f.Type, t.kinds.of(f.Type)} // mostly the type is that of the record before
		}
		s := sign(f, b.kind)
		signs[i] = s
		hash += s * spread
		spread = bits.RotateLeft64(spread, 9) | 1
	}
	s := &t.large
	if n <= maxShape {
		s = &t.shapes[hash>>(64-shapeBits)]
	}
	if s.hash == hash && slices.Equal(s.signs, t.signs) && len(s.signs) > 0 {
		s.times++
		t.kind, t.all = s.kind, s.all
		return s
	}
	t.addUp(s)
	s.hash, s.signs, s.times = hash, append(s.signs[:0], t.signs...), 1
	s.kind, t.all, t.valid, t.least = s.kind[:0], 0, 0, 1
	for i := range r.Found {
		f, k := &r.Found[i], t.before[i].kind
		s.kind = append(s.kind, k)
		t.all |= 1 << k
		if f.Validated {
			t.valid |= 1 << k
		}
		t.least = min(t.least, f.Confidence)
	}
	t.kind, s.all = s.kind, t.all
	if t.all>>otherKind != 0 || s == &t.large {
		t.addUp(s)
		s.signs = s.signs[:0] // types without a number of their own are told apart by name
	}
	s.person = t.columns.person(r, t)
	s.outlines = slices.Grow(s.outlines[:0], len(t.banks))[:len(t.banks)]
	for i := range t.banks {
		t.banks[i].draw(&s.outlines[i], t, r)
	}
	return s
}

// addUp adds the findings of the records of a shape to the totals.
func (t *tally) addUp(s *shape) {
	if s.times == 0 {
		return
	}
	for i, k := range s.kind {
		if s.signs[i]&signPiece == 0 {
			t.totals[k] += s.times
		}
	}
	s.times = 0
}

// draw draws the outline of the records of t's shape by r, one of them.
func (b *bank) draw(o *outline, t *tally, r *detect.Record) {
	o.values = o.values[:0]
	for i, k := range t.kind {
		f := &r.Found[i]
		if f.Piece {
			continue
		}
		m := b.byKind[k]
		if k == otherKind {
			m |= b.valuesByName(f, k)
		}
		if m &= b.counting; m == 0 {
			continue
		}
		if m &= b.admit(f); m != 0 {
			o.values = append(o.values, asked{i, m, b.values.masks.number(m)})
		}
	}
	b.group(t, r)
	o.people = slices.Grow(o.people[:0], len(b.groups))[:len(b.groups)]
	for i := range b.groups {
		o.people[i].draw(&b.groups[i], b, t, r)
	}
}

// draw outlines the person of r for group g.
func (p *figure) draw(g *group, b *bank, t *tally, r *detect.Record) {
	r.Person(g.confidence, &t.who)
	who := &t.who
	*p = figure{group: *g, name: -1, strong: -1, keys: p.keys[:0]}
	if who.Name != "" {
		if p.name = who.Whole; p.name < 0 {
			p.name = pieced
		}
	}
	if len(who.Strong) > 0 {
		p.strong = who.Strong[0]
	}
	switch {
	case p.name != -1:
		p.keys = append(append(p.keys, who.Strong...), who.Weak...)
		p.telling = len(who.Strong)
	case p.strong >= 0:
		// It is half of a person.
	case len(who.Weak) > 0:
		p.keys = append(p.keys, who.Weak...)
	default:
		// Types that identify nobody: each value is one.
		for i := range r.Found {
			if r.Found[i].Confidence >= g.confidence {
				p.keys = append(p.keys, i)
			}
		}
	}
	if p.name != -1 && p.strong >= 0 {
		seen := 0
		for _, i := range who.Strong {
			k := detect.StrengthOf(r.Found[i].Type)
			if seen>>k&1 == 0 {
				seen |= 1 << k
				p.strengths |= uint64(k) << (4 * p.kinds)
				p.kinds++
			}
		}
	}
	p.others = mayCrowd(t) || mainNames(r, g) > 1
}

// forgetShapes has all shapes drawn anew.
func (t *tally) forgetShapes() {
	for i := range t.shapes {
		t.addUp(&t.shapes[i])
		t.shapes[i].signs = t.shapes[i].signs[:0]
	}
}

// follow takes a record by its outline. It is counted by the next flush.
func (b *bank) follow(o *outline, t *tally, r *detect.Record) {
	for i := range o.values {
		v := &o.values[i]
		if sum := t.sum(r, v.finding); v.number != manyMasks {
			b.valued = append(b.valued, b.values.key(sum)|v.number)
		} else {
			b.value(t, sum, v.questions)
		}
	}
	b.grewAs = 0
	for i := range o.people {
		b.person(&o.people[i], t, r)
	}
	if len(b.waiting) >= batch || len(b.valued) >= 4*batch {
		b.flush(t)
	}
}

// person takes the person that p outlines, and others in the record.
func (b *bank) person(p *figure, t *tally, r *detect.Record) {
	if len(b.waiting) == cap(b.waiting) {
		b.waiting = slices.Grow(b.waiting, batch)
	}
	b.waiting = b.waiting[:len(b.waiting)+1]
	v := &b.waiting[len(b.waiting)-1]
	*v = visit{questions: p.questions}
	if p.others || p.name == pieced {
		r.Person(p.confidence, &t.who)
	}
	switch {
	case p.name >= 0:
		v.name = t.sum(r, p.name)
	case p.name == pieced:
		v.name = t.nameSum(r)
	}
	if p.strong >= 0 {
		v.strong = t.sum(r, p.strong)
	}
	for k, i := range p.keys {
		if k == p.telling && k > 0 {
			v.telling = v.n
		}
		if v.n == maxPersonKeys {
			break
		}
		v.add(t.sum(r, i))
	}
	if v.telling == 0 {
		v.telling = v.n
	}
	if v.name != 0 && v.strong != 0 {
		v.same, b.grewAs = v.name == b.grewAs, v.name
		v.strengths, v.kinds = p.strengths, p.kinds
	}
	if p.others {
		b.others(t, r, &p.group)
		b.crowds(t, r, p.questions)
	}
}
