package normal

import "sort"

// Map leads from byte offsets in a derived text (decoded, unescaped, folded)
// back to byte offsets in the bytes it came from. The zero Map is the identity
// from offset 0. A Map is a list of segments; within one, every unit of out
// bytes stands for the same number of in bytes, so a whole CP932 document of
// kanji is one segment. Not safe for concurrent use while it is being built.
type Map struct {
	base int64
	segs []segment
}

// segment says: from out on, each unit of ow output bytes stands for iw input
// bytes. iw or ow may be 0 for inserted or dropped text.
type segment struct {
	out    int
	in     int64
	ow, iw int
}

// Reset makes m the identity that starts at base, keeping its storage.
func (m *Map) Reset(base int64) { m.base, m.segs = base, m.segs[:0] }

// Identity reports whether m only shifts by a constant.
func (m *Map) Identity() bool { return len(m.segs) == 0 }

// Step records that from output offset out, which stands for input offset in,
// each unit is ow output and iw input bytes, until the next Step. Calls come
// in ascending order of out; a step that continues the previous one is merged.
func (m *Map) Step(out int, in int64, ow, iw int) {
	if n := len(m.segs); n > 0 {
		s := &m.segs[n-1]
		if s.ow == ow && s.iw == iw && ow > 0 && (out-s.out)%ow == 0 &&
			s.in+int64((out-s.out)/ow)*int64(iw) == in {
			return
		}
		if s.out == out {
			*s = segment{out, in, ow, iw}
			return
		}
	} else if ow == 1 && iw == 1 && m.base+int64(out) == in {
		return
	}
	m.segs = append(m.segs, segment{out, in, ow, iw})
}

// Origin returns the input offset for output offset i; within a unit it is the
// unit's start. Offsets past the end extend the last segment.
func (m *Map) Origin(i int) int64 {
	if len(m.segs) == 0 || i < m.segs[0].out {
		return m.base + int64(i)
	}
	k := sort.Search(len(m.segs), func(k int) bool { return m.segs[k].out > i }) - 1
	s := &m.segs[k]
	if s.ow == 0 {
		return s.in
	}
	return s.in + int64((i-s.out)/s.ow)*int64(s.iw)
}
