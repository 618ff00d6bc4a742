package normal

import "math"

// Cursor leads back through a Map as Origin and End do, for offsets that mostly
// ascend: it goes on from where it was. The Map must not change meanwhile.
type Cursor struct {
	m    *Map
	hint int

	// Each byte of output[from:to], a stretch found before, stands for one of the
	// input, shift bytes further on.
	from, to int
	shift    int64
}

// Cursor returns a cursor at m's start.
func (m *Map) Cursor() Cursor { return Cursor{m: m} }

// Span returns the input offsets of output[from:to], which is not empty:
// Origin(from) and End(to).
func (c *Cursor) Span(from, to int) (start, end int64) {
	if from >= c.from && to <= c.to {
		return int64(from) + c.shift, int64(to) + c.shift
	}
	start, end = c.m.origin(from, &c.hint), c.m.end(to, &c.hint)
	c.straight(to - 1)
	return start, end
}

// straight takes the stretch that offset i is in, if bytes stand for bytes in it.
func (c *Cursor) straight(i int) {
	segs := c.m.segs
	if len(segs) == 0 {
		c.from, c.to, c.shift = 0, math.MaxInt, c.m.base
		return
	}
	k := c.m.find(i, &c.hint)
	if k < 0 {
		c.from, c.to, c.shift = 0, segs[0].out, c.m.base
		return
	}
	s := &segs[k]
	if s.ow != 1 || s.iw != 1 {
		return
	}
	c.from, c.to, c.shift = s.out, math.MaxInt, s.in-int64(s.out)
	if k+1 < len(segs) {
		c.to = segs[k+1].out
	}
}
