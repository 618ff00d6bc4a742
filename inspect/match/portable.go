package match

// portable is the specification of the vector kernels.
type portable struct{}

func (portable) mark(s *scratch, ev *Evidence, f *filter, text []byte, blocks, base int) {
	n := blocks * blockSize
	for i, c := range text[:n] {
		if f.first[c] != 0 && f.marks.at(text, i) != 0 {
			s.found = append(s.found, uint32(base+i))
		}
		if digit := c-'0' < 10; digit != s.digit {
			s.edge(ev, base+i, digit)
		}
		if c == '@' {
			ev.Ats = append(ev.Ats, int32(base+i))
		}
	}
}

func (portable) sift(s *scratch, f *filter, part []byte, base int) {
	s.found = f.sift(s.found, part, base)
}

// edge notes that digits start or end at offset i.
func (s *scratch) edge(ev *Evidence, i int, digit bool) {
	s.digit = digit
	if digit {
		ev.Runs = append(ev.Runs, Run{Start: int32(i)})
	} else {
		ev.Runs[len(ev.Runs)-1].End = int32(i)
	}
}
