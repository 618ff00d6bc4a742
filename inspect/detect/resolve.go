package detect

import (
	"slices"
	"sort"
)

// resolver decides who owns each stretch of text. Its slices are scratch.
type resolver struct {
	order []uint64
	found []Finding
	both  []Finding
}

// resolve sorts found and leaves one of two findings that overlap, unless the
// one belongs into the other (a postal code into an address) or an author asked
// for the weaker one. The result stands in found's storage.
func (r *resolver) resolve(found []Finding) []Finding {
	if len(found) < 2 {
		return found
	}
	// By start, the longer first; the rest of the key is the index.
	r.order = r.order[:0]
	for i := range found {
		r.order = append(r.order, orderOf(&found[i])<<24|uint64(i))
	}
	slices.Sort(r.order)
	r.found = append(r.found[:0], found...)
	out := found[:0]
	for _, key := range r.order {
		out = place(out, &r.found[key&0xFFFFFF])
	}
	clear(r.found) // lets go of the strings
	return out
}

// merge is resolve for two lists that are resolved each, of which in a no two
// overlap. The result stands in a's storage or in r's.
func (r *resolver) merge(a, b []Finding) []Finding {
	if len(b) == 0 {
		return a
	}
	out := r.both[:0]
	for len(b) > 0 {
		n := 0
		for next := orderOf(&b[0]); n < len(a) && orderOf(&a[n]) <= next; {
			n++
		}
		out = placeAll(out, a[:n])
		a = a[n:]
		out = place(out, &b[0])
		b = b[1:]
	}
	out = placeAll(out, a)
	r.both = out
	return out
}

// orderOf is by start, the longer first, in 40 bits.
func orderOf(f *Finding) uint64 {
	return uint64(f.Start)<<16 | uint64(0xFFFF-min(f.End-f.Start, 0xFFFF))
}

// placeAll puts findings that do not overlap behind out.
func placeAll(out, found []Finding) []Finding {
	for len(found) > 0 {
		// Those that overlap nothing any more need no look.
		if n, start := len(out), found[0].Start; (n < 1 || out[n-1].End <= start) && (n < 2 || out[n-2].End <= start) {
			return append(out, found...)
		}
		out = place(out, &found[0])
		found = found[1:]
	}
	return out
}

// place puts f behind out, unless it loses against what it overlaps there.
func place(out []Finding, f *Finding) []Finding {
	for len(out) > 0 {
		last := len(out) - 1
		// An address may hold a postal code: look behind that too.
		if last > 0 && out[last].End <= f.Start && out[last-1].End > f.Start {
			last--
		}
		if out[last].End <= f.Start || sideBySide(&out[last], f) {
			break
		}
		if streetNamed(&out[last], f) {
			return out
		}
		loser, lost := &out[last], false
		if rank(f) <= rank(&out[last]) && !streetNamed(f, &out[last]) {
			loser, lost = f, true
		}
		if loser.Asked && f.Type != out[last].Type {
			break // both stay
		}
		if lost {
			return out
		}
		out = slices.Delete(out, last, last+1)
	}
	return append(out, *f)
}

// startingIn returns those of found, which is resolved, that start in [from, to).
func startingIn(found []Finding, from, to int) []Finding {
	first := func(i int) int {
		return sort.Search(len(found), func(k int) bool { return found[k].Start >= i })
	}
	return found[first(from):first(to)]
}

// streetNamed reports whether a is an address within which the name b stands:
// streets are named after people.
func streetNamed(a, b *Finding) bool {
	return a.Type == Address && b.Type == Name && a.Confidence >= 0.5 && a.Start < b.Start && a.End >= b.End &&
		b.Detector != ColumnID && b.Detector != LabelID
}

// sideBySide reports whether two overlapping findings stand side by side.
func sideBySide(a, b *Finding) bool {
	return a.Type == Address && b.Type == Postal || a.Type == Postal && b.Type == Address && (a.Start < b.Start || a.End < b.End)
}

// rank is how much speaks for a finding. An e-mail address owns whatever looks
// like a name or number in it; a cell or field that is a name as a whole owns
// the names in it.
func rank(f *Finding) float32 {
	r := f.Confidence + float32(min(f.End-f.Start, 60))*0.004
	if f.Validated {
		r += 0.1
	}
	switch {
	case f.Type == Email:
		r++
	case f.Detector == ColumnID || f.Detector == LabelID:
		r += 0.3
	}
	return r
}
