package normal

// Cursor leads back through a Map as Origin and End do, for offsets that mostly
// ascend: it goes on from where it was. The Map must not change meanwhile.
type Cursor struct {
	m    *Map
	hint int
}

// Cursor returns a cursor at m's start.
func (m *Map) Cursor() Cursor { return Cursor{m: m} }

// Span returns the input offsets of output[from:to], which is not empty:
// Origin(from) and End(to).
func (c *Cursor) Span(from, to int) (start, end int64) {
	return c.m.origin(from, &c.hint), c.m.end(to, &c.hint)
}
