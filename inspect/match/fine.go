package match

import "slices"

// fine is what marks of shapes are looked up in again, where that costs little: by
// whole bytes, with a bit for each of 32 groups of shapes. Ten expressions have
// about as many. The assembly knows that it has five tables of 1024 bytes.
type fine [markBytes][256]uint32

// fineGroups is the number of groups: the bits of an entry.
const fineGroups = 32

// at returns the groups that are possible at text[1:].
func (f *fine) at(text []byte) uint32 {
	t := text[:markBytes]
	return f[0][t[0]] & f[1][t[1]] & f[2][t[2]] & f[3][t[3]] & f[4][t[4]]
}

func (f *fine) deal(groups []*bucket) {
	for k, g := range groups {
		for j := range markBytes {
			for c := range 256 {
				if g.bytes[j].has(byte(c)) {
					f[j][c] |= 1 << k
				}
			}
		}
	}
}

// dealShapes fills the marks and what is finer. AVX2, which tells bytes by four
// bits at a time, has a deal of its own: shapes that go on in digits and such that go
// on in kanji, which six bits tell apart, let a tenth of Japanese through when they share
// a bucket there.
func (x *exprs) dealShapes(groups []*bucket) {
	w := weightsAt(&shapeOffsets)
	groups = joinDownTo(fineGroups, thin(groups), w)
	x.fine.deal(groups)
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
