package detect

// corporate finds 法人番号 (13 digits, the check digit first) and the invoice
// registration numbers made of T and the same. They are public and name no
// person; they are found so that nothing else takes them for a personal
// number and rules can exclude them.
type corporate struct{}

func (corporate) ID() string    { return "corporate-number" }
func (corporate) Types() []Type { return []Type{Corporate} }

func (c corporate) Find(b *Block, emit func(Finding)) {
	runs := b.Runs
	for i := range runs {
		size := runs[i].End - runs[i].Start
		if size != 13 && size != 1 || size == 1 && (i+3 >= len(runs) || runs[i+3].End-runs[i].Start > 13+3*3) {
			continue
		}
		var n numeral
		n.read(b, i, sepHyphen|sepSpace, 4)
		k := 1
		if size == 1 {
			if k = 4; !n.shape(1, 4, 4, 4) || !n.even(4) {
				continue
			}
		}
		d := n.digits(k)
		if !validCorporate(d) || n.after(k)&^(sepLineBreak|sepSpace|sepSlash|sepWide) != 0 {
			continue
		}
		start, end := n.start, n.end[k-1]
		invoice := start > 0 && b.Text[start-1] == 'T'
		if invoice {
			start--
		}
		if before(b.Text, start) != free || behind(b.Text, end) == glued || behind(b.Text, end) == within {
			continue
		}
		own, near := b.Label(start)
		var p float32
		switch {
		case own&LCorporate != 0 || invoice:
			p = .99
		case near&LCorporate != 0:
			p = .95
		case near&LCompany != 0 && near&against == 0:
			p = .7
		case k == 4:
			p = .5
		default:
			p = .2 // one in nine passes
		}
		emit(Finding{Type: Corporate, Detector: c.ID(), Start: start, End: end,
			Confidence: p, Validated: true, Canon: string(d)})
	}
}
