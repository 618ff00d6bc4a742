package match

import (
	"math"
	"math/bits"
	"slices"
)

// fineBytes are the bytes that fine looks at, from one before the start of an
// expression on.
const fineBytes = 8

// fine is what marks of shapes are looked up in again, where that costs little: by
// whole bytes, and more of them, with a bit for each of 32 groups of shapes. The
// assembly knows its tables of 1024 bytes.
type fine [fineBytes][256]uint32

// fineShape is a shape with what may stand before it.
type fineShape [fineBytes]byteSet

// fineGroups is how many groups there are: the bits of an entry.
const fineGroups = 32

// at returns the groups that are possible at text[1:].
func (f *fine) at(text []byte) uint32 {
	t := text[:fineBytes]
	return f[0][t[0]] & f[1][t[1]] & f[2][t[2]] & f[3][t[3]] & f[4][t[4]] & f[5][t[5]] & f[6][t[6]] & f[7][t[7]]
}

// deal fills f with the shapes. Those that let least more through together than
// apart share a bit.
func (f *fine) deal(shapes []fineShape) {
	slices.SortStableFunc(shapes, func(a, b fineShape) int {
		return slices.CompareFunc(a[1:3], b[1:3], func(p, q byteSet) int { return slices.Compare(p[:], q[:]) })
	})
	step := (len(shapes) + maxGroups - 1) / maxGroups
	var groups []*fineShape
	for part := range slices.Chunk(shapes, max(step, 1)) {
		for i := range part[1:] {
			part[0].join(&part[1+i])
		}
		groups = append(groups, &part[0])
	}
	for k, g := range joinFine(groups) {
		for j := range fineBytes {
			for c := range 256 {
				if g[j].has(byte(c)) {
					f[j][c] |= 1 << k
				}
			}
		}
	}
}

// joinFine joins groups until there are few enough.
func joinFine(groups []*fineShape) []*fineShape {
	all := len(groups)
	shares := make([]float64, all)
	more := make([]float64, all*all) // of two groups, at the first times all + the second
	look := func(i, j int) {
		both := *groups[i]
		both.join(groups[j])
		more[i*all+j] = both.share() - shares[i] - shares[j]
	}
	for i, g := range groups {
		shares[i] = g.share()
		for j := range i {
			look(j, i)
		}
	}
	for left := all; left > fineGroups; left-- {
		least, first, second := math.Inf(1), 0, 0
		for i := range groups {
			for j := i + 1; j < all && groups[i] != nil; j++ {
				if m := more[i*all+j]; m < least && groups[j] != nil {
					least, first, second = m, i, j
				}
			}
		}
		groups[first].join(groups[second])
		shares[first] = groups[first].share()
		groups[second] = nil
		for i := range groups {
			if groups[i] != nil && i != first {
				look(min(i, first), max(i, first))
			}
		}
	}
	return slices.DeleteFunc(groups, func(g *fineShape) bool { return g == nil })
}

func (s *fineShape) join(o *fineShape) {
	for j := range s {
		s[j].join(&o[j])
	}
}

// share is how much of random bytes has the shape.
func (s *fineShape) share() float64 {
	p := 1.0
	for j := range s {
		x := &s[j]
		p *= float64(bits.OnesCount64(x[0])+bits.OnesCount64(x[1])+bits.OnesCount64(x[2])+bits.OnesCount64(x[3])) / 256
	}
	return p
}

// dealShapes fills the marks and what is finer. AVX2 and NEON, which tell bytes by four
// bits at a time, have a deal of their own: shapes that go on in digits and such that go
// on in kanji, which six bits tell apart, let a tenth of Japanese through when they share
// a bucket there.
func (x *exprs) dealShapes(groups []*bucket) {
	w := weightsAt(&shapeOffsets)
	groups = thin(groups)
	copies := func() []*bucket {
		out := make([]*bucket, len(groups))
		for i, g := range groups {
			b := *g
			out[i] = &b
		}
		return out
	}
	var coarse marks
	w.told = func(set *byteSet, _ int) byteSet { return set.toldByNibbles() }
	coarse.deal(joinDownTo(buckets, copies(), w), &shapeOffsets)
	x.marks.deal(groups, &shapeOffsets)
	x.marks.low4, x.marks.high4 = coarse.low4, coarse.high4
}

// maxGroups bounds the groups that are dealt with care, pair by pair.
const maxGroups = 96

// thin joins groups that are alike in their first bytes, and then any, until
// few enough are left.
func thin(groups []*bucket) []*bucket {
	if len(groups) <= maxGroups {
		return groups
	}
	slices.SortStableFunc(groups, func(a, b *bucket) int {
		return slices.CompareFunc(a.bytes[1:3], b.bytes[1:3], func(p, q byteSet) int { return slices.Compare(p[:], q[:]) })
	})
	step := (len(groups) + maxGroups - 1) / maxGroups
	var out []*bucket
	for part := range slices.Chunk(groups, step) {
		for _, g := range part[1:] {
			part[0].join(g)
		}
		out = append(out, part[0])
	}
	return out
}
