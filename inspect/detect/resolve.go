package detect

import (
	"cmp"
	"slices"
)

// resolve sorts found and decides who owns each stretch of text: of two
// findings that overlap one stays, unless the one belongs into the other (a
// postal code into an address).
func resolve(found []Finding) []Finding {
	if len(found) < 2 {
		return found
	}
	slices.SortFunc(found, func(a, b Finding) int {
		if c := cmp.Compare(a.Start, b.Start); c != 0 {
			return c
		}
		return cmp.Compare(b.End, a.End)
	})
	out := found[:0]
next:
	for _, f := range found {
		for len(out) > 0 {
			last := len(out) - 1
			// An address may hold a postal code: look behind that too.
			if last > 0 && out[last].End <= f.Start && out[last-1].End > f.Start {
				last--
			}
			if out[last].End <= f.Start || sideBySide(out[last], f) {
				break
			}
			if !better(f, out[last]) {
				continue next
			}
			out = slices.Delete(out, last, last+1)
		}
		out = append(out, f)
	}
	return out
}

// sideBySide reports whether two overlapping findings stand side by side.
func sideBySide(a, b Finding) bool {
	return a.Type == Address && b.Type == Postal || a.Type == Postal && b.Type == Address && (a.Start < b.Start || a.End < b.End)
}

// better reports whether a is to stay rather than b.
func better(a, b Finding) bool {
	return rank(a) > rank(b)
}

// rank is how much speaks for a finding. An e-mail address owns whatever looks
// like a name or number in it.
func rank(f Finding) float32 {
	r := f.Confidence + float32(min(f.End-f.Start, 60))*0.004
	if f.Validated {
		r += 0.1
	}
	if f.Type == Email {
		r++
	}
	return r
}
