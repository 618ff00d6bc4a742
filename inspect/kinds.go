package inspect

import "github.com/sekimori-dlp/sekimori/inspect/detect"

// kinds numbers the types that a survey asks for, so that a question whether a
// type is one of some is one of a bit. There are more questions than findings.
type kinds struct {
	slots [256]kindSlot // open addressing
	types []Type        // by number
}

type kindSlot struct {
	typ  Type
	kind uint8
}

// Types without a number of their own: nobody asks for them, or there are too
// many.
const (
	otherKind = 62
	manyKind  = 63
	maxKinds  = 62
)

// add gives t a number.
func (k *kinds) add(t Type) uint8 {
	if n := k.of(t); n != otherKind {
		return n
	}
	if len(k.types) == maxKinds {
		return manyKind // asked for, but by name
	}
	s := k.slot(t)
	*s = kindSlot{t, uint8(len(k.types))}
	k.types = append(k.types, t)
	return s.kind
}

// of returns the number of t, otherKind if it has none.
func (k *kinds) of(t Type) uint8 {
	if s := k.slot(t); s.typ != "" {
		return s.kind
	}
	return otherKind
}

// slot returns where t stands, or the free slot where it belongs.
func (k *kinds) slot(t Type) *kindSlot {
	h := uint8(len(t))
	if len(t) > 2 {
		h = h*31 ^ t[0]*7 ^ t[1]*19 ^ t[len(t)-1]
	}
	for {
		if s := &k.slots[h]; s.typ == t || s.typ == "" {
			return s
		}
		h++
	}
}

// mask has a bit for each type that answers to types, of which none stand for all
// that say something of a person.
func (k *kinds) mask(types []Type) uint64 {
	if types != nil {
		m := uint64(0)
		for _, t := range types {
			m |= 1 << k.add(t)
		}
		return m
	}
	m := uint64(1<<otherKind | 1<<manyKind)
	for n, t := range k.types {
		if detect.Personal(t) {
			m |= 1 << n
		}
	}
	return m
}
