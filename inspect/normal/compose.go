package normal

import (
	"slices"
	"sort"
)

// Set makes m lead where from leads. The two share no storage.
func (m *Map) Set(from *Map) { m.base, m.segs = from.base, append(m.segs[:0], from.segs...) }

// Copy records that the n bytes of output from offset out stand, byte for byte,
// for the bytes of in's output from offset from, and so lead where those lead.
func (m *Map) Copy(out int, in *Map, from, n int) {
	k := in.find(from, &m.hint)
	for n > 0 {
		l := n
		if k+1 < len(in.segs) {
			l = min(l, in.segs[k+1].out-from)
		}
		m.copySegment(out, in, k, from, l)
		out, from, n = out+l, from+l, n-l
		if k++; n > 0 {
			// From here on whole segments stand side by side in both.
			m.segs = slices.Grow(m.segs, len(in.segs)-k)
			for _, s := range in.segs[k:] {
				if s.out >= from+n || s.ow == 0 {
					break
				}
				m.segs = append(m.segs, segment{s.out + out - from, s.in, s.ow, s.iw})
				k++
			}
			m.hint = max(k-1, 0)
			if k == len(in.segs) || in.segs[k].out >= from+n {
				return
			}
			out, from, n = out+in.segs[k].out-from, in.segs[k].out, from+n-in.segs[k].out
		}
	}
}

// copySegment is Copy within in's segment k, -1 being what stands before the
// first.
func (m *Map) copySegment(out int, in *Map, k, from, n int) {
	if k < 0 {
		m.Step(out, in.base+int64(from), 1, 1)
		return
	}
	s := &in.segs[k]
	if s.ow == 0 {
		m.Step(out, s.in, 1, 0)
		return
	}
	unit, within := (from-s.out)/s.ow, (from-s.out)%s.ow
	if within > 0 { // the rest of a unit that was entered in the middle
		rest := min(s.ow-within, n)
		m.Step(out, s.in+int64(unit)*int64(s.iw), rest, 0)
		out, n, unit = out+rest, n-rest, unit+1
	}
	if n > 0 {
		m.Step(out, s.in+int64(unit)*int64(s.iw), s.ow, s.iw)
	}
}

// Unit records that the ow bytes of output from offset out stand as a whole for
// the n bytes of in's output from offset from.
func (m *Map) Unit(out, ow int, in *Map, from, n int) {
	a, b := in.origin(from, &m.hint), in.origin(from+n, &m.hint)
	m.Step(out, a, ow, int(b-a))
}

// Join makes m lead from the first n bytes of outer's output, through outer and
// then inner, to where inner leads. outer must have been built over offsets of
// inner's output; neither may be m.
func (m *Map) Join(outer, inner *Map, n int) {
	m.Reset(inner.base)
	if len(outer.segs) == 0 || outer.segs[0].out > 0 {
		end := n
		if len(outer.segs) > 0 {
			end = min(n, outer.segs[0].out)
		}
		m.Copy(0, inner, int(outer.base), end)
	}
	for k, s := range outer.segs {
		end := n
		if k+1 < len(outer.segs) {
			end = min(n, outer.segs[k+1].out)
		}
		if s.ow == 1 && s.iw == 1 {
			m.Copy(s.out, inner, int(s.in), max(0, end-s.out))
			continue
		}
		for out, in := s.out, int(s.in); out < end; out, in = out+s.ow, in+s.iw {
			m.Unit(out, max(s.ow, 1), inner, in, s.iw)
			if s.ow == 0 {
				break
			}
		}
	}
}

// Cut forgets what stands from output offset n on, so that Step can go on there.
func (m *Map) Cut(n int) {
	k := len(m.segs)
	for k > 0 && m.segs[k-1].out >= n {
		k--
	}
	m.segs = m.segs[:k]
}

// Drop forgets the first n bytes of output: what stood at offset n stands at 0.
func (m *Map) Drop(n int) {
	k := m.find(n, nil)
	if k < 0 {
		m.base += int64(n)
		for i := range m.segs {
			m.segs[i].out -= n
		}
		return
	}
	first := m.segs[k]
	var rest []segment
	if first.ow > 0 {
		skipped := (n - first.out) / first.ow
		first.out += skipped * first.ow
		first.in += int64(skipped) * int64(first.iw)
	}
	m.segs[k] = first
	rest = m.segs[k:]
	for i := range rest {
		rest[i].out -= n
	}
	m.segs = m.segs[:copy(m.segs, rest)]
	if s := m.segs[0]; len(m.segs) == 1 && s.ow == 1 && s.iw == 1 {
		m.Reset(s.in - int64(s.out))
	}
}

// step3 is, for n single bytes that take three each, Step and a step back to those
// that take one, behind such ones.
func (m *Map) step3(out int, in int64, n int) {
	k := len(m.segs)
	if k > 0 && m.segs[k-1].out == out {
		k--
	}
	m.segs = append(m.segs[:k], segment{out, in, 1, 3}, segment{out + n, in + 3*int64(n), 1, 1})
}

// triples says where the units of three bytes from offset i on lead, how many bytes
// each stands for, and how many of n do so, 0 if no such unit begins at i.
func (m *Map) triples(i, n int, hint *int) (origin int64, width, count int) {
	k := m.find(i, hint)
	if k+1 < len(m.segs) {
		n = min(n, (m.segs[k+1].out-i)/3)
	}
	if k < 0 {
		return m.base + int64(i), 3, n
	}
	s := &m.segs[k]
	switch {
	case s.ow == 1:
		return s.in + int64((i-s.out)*s.iw), 3 * s.iw, n
	case s.ow == 3 && (i-s.out)%3 == 0:
		return s.in + int64((i-s.out)/3*s.iw), s.iw, n
	}
	return 0, 0, 0
}

func (m *Map) origin(i int, hint *int) int64 {
	k := m.find(i, hint)
	if k < 0 {
		return m.base + int64(i)
	}
	s := &m.segs[k]
	if s.ow == 0 {
		return s.in
	}
	return s.in + int64(s.units(i-s.out))*int64(s.iw)
}

// units is how many units n bytes of output are.
func (s *segment) units(n int) int {
	if s.ow == 1 { // far from free: a division
		return n
	}
	return n / s.ow
}

// find returns the index of the segment that holds output offset i, -1 if it
// stands before all. hint is where the last call ended: callers go forward, so
// the answer is mostly there or close behind.
func (m *Map) find(i int, hint *int) int {
	n := len(m.segs)
	if n == 0 || i < m.segs[0].out {
		return -1
	}
	if hint == nil {
		return sort.Search(n, func(k int) bool { return m.segs[k].out > i }) - 1
	}
	k := *hint
	if k >= n || m.segs[k].out > i {
		k = 0
	}
	for tries := 0; k+1 < n && m.segs[k+1].out <= i; tries++ {
		if tries == 8 {
			k += sort.Search(n-k, func(j int) bool { return m.segs[k+j].out > i }) - 1
			break
		}
		k++
	}
	*hint = k
	return k
}
