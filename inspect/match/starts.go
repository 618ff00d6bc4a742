package match

// AtEach is At for each of the offsets, which ascend, of a text of at most MaxText
// bytes. Of many at once each takes a fraction of the time.
func (s *Set) AtEach(dst []Hit, text []byte, offsets []uint32) []Hit {
	if v, ok := s.search.(*sieve); ok && len(s.table.items) > 0 {
		n := len(offsets)
		for n > 0 && int(offsets[n-1])+slack > len(text) {
			n--
		}
		if n > 0 {
			c := scratches.Get().(*scratch)
			c.found = append(c.found[:0], offsets[:n]...)
			v.kernels.sift(c, v.filter, text, 0)
			c.leads = v.kernels.leads(v.table, c.leads[:0], c.found, text, 0)
			dst = v.kernels.confirm(v.table, c, dst, text, text, 0)
			scratches.Put(c)
		}
		offsets = offsets[n:]
	}
	for _, i := range offsets {
		dst = s.At(dst, text, int(i))
	}
	return dst
}
