package match

import (
	"math"
	"math/bits"
	"slices"
)

// lead is a place where the index knows the prefix.
type lead struct{ at, ref uint32 }

// at appends the literals that start at text[i:], the shortest first.
func (t *table) at(dst []Hit, text []byte, i int) []Hit {
	head, tail := load(text[i:]), uint64(0)
	if i+8 < len(text) {
		tail = load(text[i+8:])
	}
	word := head
	if t.fold {
		word = lowerWord(word)
	}
	for _, k := range t.classes {
		if ref := t.index.find(hashOf(word, k)); ref != 0 {
			dst = t.confirm(dst, text, i, ref, head, tail)
		}
	}
	return dst
}

// leads appends the leads at found to dst. part is the text from base on and
// has slack bytes from each offset.
func (t *table) leads(dst []lead, found []uint32, part []byte, base int) []lead {
	dst = slices.Grow(dst, len(found)*len(t.classes)+1)
	all := dst[:cap(dst)]
	n := len(dst)
	var room [classCount]struct{ cut, class uint64 }
	masks := room[:len(t.classes)]
	for i, k := range t.classes {
		masks[i].cut, masks[i].class = classMask(k)
	}
	for _, i := range found {
		word := load(part[int(i)-base:])
		if t.fold {
			word = lowerWord(word)
		}
		for k := range masks {
			h := mix(word&masks[k].cut | masks[k].class)
			s := t.index.slot(h)
			all[n] = lead{i, s.ref}
			n += zero(s.tag ^ uint32(h)) // no branch, as in sift
		}
	}
	return all[:n]
}

// zero returns 1 for 0, else 0.
func zero(x uint32) int { return int((uint64(x) - 1) >> 63) }

// confirmAll appends the hits at leads.
func (t *table) confirmAll(dst []Hit, leads []lead, text, part []byte, base int) []Hit {
	for _, l := range leads {
		at := part[int(l.at)-base:][:16]
		dst = t.confirm(dst, text, int(l.at), l.ref, load(at), load(at[8:]))
	}
	return dst
}

// confirm appends the literals of a group that start at text[i:], whose first
// two words, with zeros beyond the text's end, are head and tail.
func (t *table) confirm(dst []Hit, text []byte, i int, ref uint32, head, tail uint64) []Hit {
	n := int(ref & maxFew)
	if ref == 0 { // a free slot
		return dst
	}
	if t.fold {
		head, tail = lowerWord(head), lowerWord(tail)
	}
	if n == 0 {
		return t.confirmLarge(dst, text, i, t.large[ref>>refBits-1], head, tail)
	}
	dst = slices.Grow(dst, n)
	all := dst[:cap(dst)]
	at := len(dst)
	// What matches is nested, and in sorted order the shorter stands first.
	// Branches are spared: neither how many items there are nor which match
	// can be foreseen. Of many items most have another ninth byte.
	first := int(ref >> refBits)
	items, ninth := t.items[first:first+n], t.ninth[first:first+n]
	for k := range items {
		if c := ninth[k]; n > 4 && c != 0 && c != byte(tail) {
			continue
		}
		it := &items[k]
		m := &cuts[it.whole&31]
		match := zero64((head^it.head)&m.head | (tail^it.tail)&m.tail)
		end := i + int(it.size)
		if match&int(it.extra) != 0 {
			dst = slices.Grow(t.confirmExtra(all[:at], text, i, it.payload, end), n)
			all, at = dst[:cap(dst)], len(dst)
			continue
		}
		all[at] = Hit{int32(i), int32(end), it.payload}
		at += match & int(^int64(len(text)-end)>>63) // kept if end <= len(text)
	}
	return all[:at]
}

// zero64 returns 1 for 0, else 0.
func zero64(x uint64) int { return int((x|-x)>>63 ^ 1) }

// confirmExtras replaces the hits from dst[from] on whose End is negative by what
// their extras have to say.
func (t *table) confirmExtras(dst []Hit, from int, s *scratch, text []byte) []Hit {
	from += untilExtra(dst[from:])
	s.hits = append(s.hits[:0], dst[from:]...)
	dst = dst[:from]
	for rest := s.hits; len(rest) > 0; {
		h := rest[0]
		dst = t.confirmExtra(dst, text, int(h.Start), h.Payload, int(h.End&math.MaxInt32))
		n := 1 + untilExtra(rest[1:])
		dst = append(dst, rest[1:n]...)
		rest = rest[n:]
	}
	return dst
}

// untilExtra returns how many hits stand before one whose End is negative.
func untilExtra(hits []Hit) int {
	for i := range hits {
		if hits[i].End < 0 {
			return i
		}
	}
	return len(hits)
}

// confirmExtra appends the outputs of an extra if its literal is text[i:end].
func (t *table) confirmExtra(dst []Hit, text []byte, i int, extra uint32, end int) []Hit {
	x, size := &t.extras[extra], uint32(end-i)
	if end > len(text) || !t.equal(text[i:end], t.text[x.off:x.off+size]) {
		return dst
	}
	for _, o := range t.outs[x.first:x.limit] {
		if o.exact == 0 || string(t.raw[o.exact-1:o.exact-1+size]) == string(text[i:end]) {
			dst = append(dst, Hit{int32(i), int32(end), o.payload})
		}
	}
	return dst
}

// confirmLarge appends those items of a large group that start at text[i:], whose
// first two words, folded, are head and tail. The last item that is not above the text is the longest match or, if the text
// goes another way inside it, leads to it through its parents: whatever stands
// between a match and the text in sorted order begins with the match.
func (t *table) confirmLarge(dst []Hit, text []byte, i int, g group, head, tail uint64) []Hit {
	head, tail = bits.ReverseBytes64(head), bits.ReverseBytes64(tail) // sorted as their bytes are
	lo, hi := int(g.first), int(g.first+g.n)                          // items before lo are <= text, items from hi on above it
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		itemHead, itemTail := bits.ReverseBytes64(t.items[mid].head), bits.ReverseBytes64(t.items[mid].tail)
		above := itemHead > head || itemHead == head && itemTail > tail
		if itemHead == head && itemTail == tail { // they do not tell
			above = t.above(mid, text[i:])
		}
		if above {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	if lo == int(g.first) {
		return dst
	}
	var nested []uint32 // on the stack unless literals nest more than 16 deep
	var room [16]uint32
	nested = room[:0]
	for p := uint32(lo); p != 0; p = t.parents[p-1] {
		nested = append(nested, p-1)
	}
	for _, p := range slices.Backward(nested) {
		dst = t.confirmExtra(dst, text, i, t.items[p].payload, i+int(t.items[p].size))
	}
	return dst
}

// above reports whether item i sorts after the folded text, which may go on
// beyond the item's end.
func (t *table) above(i int, text []byte) bool {
	for k, c := range t.lit(i) {
		if k == len(text) {
			return true
		}
		d := text[k]
		if t.fold {
			d = lowerByte(d)
		}
		if c != d {
			return c > d
		}
	}
	return false
}

// equal compares text with a folded literal of the same length.
func (t *table) equal(text, lit []byte) bool {
	if !t.fold {
		return string(text) == string(lit)
	}
	for k, c := range lit {
		if lowerByte(text[k]) != c {
			return false
		}
	}
	return true
}
