package detect

import (
	"math/bits"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// acquaintances are the names met last in a session, so that a surname or given
// name alone counts as the person whose whole name stood before: 田中様 after
// 田中太郎, Hanako after Hanako Suzuki. Records of a
// surname alone wait for the whole name to come: see grouper.hold.
type acquaintances struct {
	canon [32]string
	ends  [32]nameEnds
	n     int
	sides nameSides
}

// nameSides are the first and the last bytes of up to 32 names, eight to a word.
type nameSides struct{ first, last [32 / 8]uint64 }

// set makes the ends of name i known.
func (s *nameSides) set(i int, ends nameEnds) {
	at := 8 * (i % 8)
	first, last := &s.first[i/8], &s.last[i/8]
	*first = *first&^(0xFF<<at) | uint64(ends>>8&0xFF)<<at
	*last = *last&^(0xFF<<at) | uint64(ends&0xFF)<<at
}

// alike returns those that begin or end like a name with such ends, a bit each.
func (s *nameSides) alike(ends nameEnds) (set uint32) {
	for k := range s.first {
		either := equal8(s.first[k], byte(ends>>8)) | equal8(s.last[k], byte(ends))
		set |= uint32(gather8(either)) << (8 * k)
	}
	return set
}

// nameEnds tells of most pairs of names that they are neither the same nor one part
// of the other: the name's size, its first byte and its last one. It is 0 for none.
type nameEnds uint32

func endsOf(name string) nameEnds {
	if name == "" {
		return 0
	}
	return nameEnds(min(len(name), 0xFFFF)<<16 | int(name[0])<<8 | int(name[len(name)-1]))
}

// mayBePart reports whether the name may be part of another.
func (e nameEnds) mayBePart(name nameEnds) bool {
	d := e ^ name
	return (d&0xFF == 0 || d&0xFF00 == 0) && e>>16 < name>>16 && e != 0
}

// whole returns the canonical form of the whole name that canon is a part of,
// else canon itself, which it remembers.
func (a *acquaintances) whole(canon string) string {
	if canon == "" {
		return canon
	}
	ends, next := endsOf(canon), a.n%len(a.canon)
	// The one that was met last has the highest bit.
	for set := bits.RotateLeft32(a.sides.alike(ends), -next); set != 0; {
		top := 31 - bits.LeadingZeros32(set)
		set &^= 1 << top
		i := (top + next) % len(a.canon)
		switch e := a.ends[i]; {
		case e == ends && a.canon[i] == canon:
			return canon
		case ends.mayBePart(e) && partOf(canon, a.canon[i]):
			return a.canon[i]
		}
	}
	a.canon[next], a.ends[next] = canon, ends
	a.sides.set(next, ends)
	a.n++
	return canon
}

// partOf reports whether part is the surname of the whole name, or in Latin
// letters either of its words: the rest must be a name too, as 林 is no part of
// 林田明.
func partOf(part, name string) bool {
	if part == "" || len(part) >= len(name) {
		return false
	}
	if part[0] >= 0x80 {
		rest, ok := strings.CutPrefix(name, part)
		if !ok || len(part) > 12 {
			return false
		}
		is := dict.LookupJapanese([]byte(rest))
		return is.Given != 0 || is.GivenKana != 0
	}
	if rest, ok := strings.CutPrefix(name, part); ok && latinListed(rest) {
		return true
	}
	rest, ok := strings.CutSuffix(name, part)
	return ok && latinListed(rest)
}

// latinListed reports whether a word in small letters is a listed name.
func latinListed(word string) bool {
	is := dict.LookupLatin([]byte(word))
	return is.Given != 0 || is.Surname != 0 || is.RomajiGiven != 0 || is.RomajiSurname != 0
}

// forget begins another session; texts of one session are about the same people,
// as a mail's header and its body are.
func (a *acquaintances) forget() {
	if a.n > 0 {
		*a = acquaintances{}
	}
}
