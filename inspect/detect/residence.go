package detect

// residence finds numbers of residence cards (在留カード) and special permanent
// resident certificates: two letters, eight digits, two letters.
type residence struct{}

func (residence) ID() string    { return "residence-card" }
func (residence) Types() []Type { return []Type{Residence} }

func (rc residence) Find(b *Block, emit func(Finding)) {
	if b.lacks(anyOf(8)) {
		return
	}
	t := b.Text
	chosen := b.choose(false, func(w []runWord, k int, _ bool) uint64 { return of(w, k, 8) & of(w, k, behindUpper) })
	for i := chosen.next(0); i >= 0; i = chosen.next(i + 1) {
		r := b.Runs[i]
		if r.Start < 2 || int(r.End)+2 > len(t) || !isUpper(t[r.Start-1]) {
			continue
		}
		start, end := int(r.Start)-2, int(r.End)+2
		if !isUpper(t[start]) || !isUpper(t[end-1]) || !isUpper(t[end-2]) || before(t, start) != free || behind(t, end) != free {
			continue
		}
		own, near := b.Label(start)
		var p float32
		switch {
		case own&LResidence != 0:
			p = .99
		case near&LResidence != 0:
			p = .97
		case (own|near)&against != 0:
			p = .2
		case near&people != 0:
			p = .7
		default:
			p = .5
		}
		emit(Finding{Type: Residence, Detector: rc.ID(), Start: start, End: end,
			Confidence: p, Canon: string(t[start:end])})
	}
}
