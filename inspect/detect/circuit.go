package detect

// circuit finds the numbers that NTT gives to its lines and to those who have
// them: CAF with ten digits, COP with eight to ten.
type circuit struct{}

func (circuit) ID() string    { return "circuit" }
func (circuit) Types() []Type { return []Type{Circuit} }

func (c circuit) Find(b *Block, emit func(Finding)) {
	if b.lacks(anyOf(8, 9, 10)) || b.lacks(anyOf(behindUpper)) {
		return
	}
	t := b.Text
	chosen := b.choose(nil, func(s span, _ uint64) uint64 { return s.sized(8, 10) & s.in(behindUpper) })
	for i := chosen.next(0); i >= 0; i = chosen.next(i + 1) {
		start, end := int(b.Runs[i].Start)-3, int(b.Runs[i].End)
		var p float32
		switch {
		case start < 0 || before(t, start) != free || behind(t, end) != free:
			continue
		case startsWith(t[start:], "CAF") && end-start == 13:
			p = .6
		case startsWith(t[start:], "COP"):
			p = .2 // pesos of Colombia are written so
		default:
			continue
		}
		switch own, near := b.Label(start); {
		case own&LCustomer != 0:
			p = .98
		case own&against != 0:
			continue
		case near&LCustomer != 0:
			p = .93
		}
		emit(Finding{Type: Circuit, Detector: c.ID(), Start: start, End: end, Confidence: p, Canon: string(t[start:end])})
	}
}
