package normal

// End returns the input offset at which the character that ends at output
// offset i ends. It differs from Origin(i) where input was dropped behind it.
func (m *Map) End(i int) int64 { return m.end(i, nil) }

func (m *Map) end(i int, hint *int) int64 {
	k := m.find(i-1, hint)
	if i <= 0 || k < 0 {
		return m.base + int64(i)
	}
	s := &m.segs[k]
	if s.ow == 0 {
		return s.in
	}
	return s.in + int64(s.units(i-1-s.out)+1)*int64(s.iw)
}
