package normal

// Parting tells where in 64 bytes of text the characters stand by which a table is
// parted, a bit for each byte, the first one's the lowest.
type Parting struct {
	Cells  uint64 // delimiters and line ends
	Lines  uint64 // line ends
	Quotes uint64
}

// Partings fills m with those of b, whose cells are delimited by delim: one for each
// stretch and one for what is left, if anything is. It returns how many. b has no
// more than m has room for.
func Partings(m []Parting, b []byte, delim byte) int {
	n := len(b) / Stretch
	if n > 0 && useVectors {
		partingBlocks(&b[0], n, delim, &m[:n][0])
	} else {
		for k := range n {
			m[k] = partingOf(b[k*Stretch:][:Stretch], delim)
		}
	}
	if len(b) > n*Stretch {
		m[n] = partingOf(b[n*Stretch:], delim)
		n++
	}
	return n
}

// partingOf is the parting of a stretch, byte by byte.
func partingOf(b []byte, delim byte) (p Parting) {
	for i, c := range b {
		bit := uint64(1) << i
		switch c {
		case '\n':
			p.Lines |= bit
			p.Cells |= bit
		case '"':
			p.Quotes |= bit
		case delim:
			p.Cells |= bit
		}
	}
	return p
}
