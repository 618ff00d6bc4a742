package match

// naive tries every pattern at every offset.
type naive struct {
	patterns []Pattern
	opts     Options
}

func (n *naive) scan(text []byte, ev *Evidence) {
	for i := range text {
		at := len(ev.Hits)
		for _, p := range n.patterns {
			if hasPrefix(text[i:], p) {
				ev.Hits = append(ev.Hits, Hit{int32(i), int32(i + len(p.Literal)), p.Payload})
			}
		}
		sortHits(ev.Hits[at:])
	}
	naiveShapes(text, ev, n.opts)
}

func hasPrefix(text []byte, p Pattern) bool {
	if len(text) < len(p.Literal) {
		return false
	}
	for i := range len(p.Literal) {
		c, d := text[i], p.Literal[i]
		if p.Fold {
			c, d = lowerByte(c), lowerByte(d)
		}
		if c != d {
			return false
		}
	}
	return true
}

// naiveShapes finds digit runs and "@" a byte at a time.
func naiveShapes(text []byte, ev *Evidence, o Options) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '@' && !o.NoAts:
			ev.Ats = append(ev.Ats, int32(i))
		case c-'0' < 10 && !o.NoRuns:
			start := i
			for i+1 < len(text) && text[i+1]-'0' < 10 {
				i++
			}
			ev.Runs = append(ev.Runs, Run{int32(start), int32(i + 1)})
		}
	}
}
