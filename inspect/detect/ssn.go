package detect

import "github.com/sekimori-dlp/sekimori/inspect/match"

// ssn finds US social security numbers in the blocks that the Social Security
// Administration has given out (no area 000, 666 or 9xx, no group 00, no
// serial 0000).
type ssn struct{}

func (ssn) ID() string    { return "us-ssn" }
func (ssn) Types() []Type { return []Type{SSN} }

// Patterns implements Vocabulary.
func (ssn) Patterns() []match.Pattern {
	return hintWords(LSSN, "ssn", "social", "socsec", "itin", "taxpayer")
}

func (s ssn) Find(b *Block, emit func(Finding)) {
	if b.lacks(anyOf(3, 9)) {
		return
	}
	hint := b.hint(LSSN)
	chosen := b.choose(&hint, func(s span, near uint64) uint64 {
		return s.in(3)&s.in(beforeMore)&s.then(1, 2)&s.then(1, beforeMore)&s.then(2, 4) | s.in(9)&near
	})
	for i := chosen.next(0); i >= 0; i = chosen.next(i + 1) {
		r := b.Runs[i]
		size := r.End - r.Start
		if size != 9 && (size != 3 || i+2 >= len(b.Runs) || b.Runs[i+2].End-r.Start != 11) {
			continue
		}
		var n numeral
		k := 1
		if size == 9 {
			n.read(b, i, 0, 1)
		} else {
			n.read(b, i, sepHyphen|sepSpace, 3)
			if k = 3; !n.shape(3, 2, 4) || !n.even(3) {
				continue
			}
		}
		start, end := n.start, n.end[k-1]
		if !issuedSSN(n.digits(k)) || n.after(k)&(sepHyphen|sepDot) != 0 || before(b.Text, start) != free || behind(b.Text, end) != free {
			continue
		}
		own, near := b.Label(start)
		var p float32
		switch {
		case own&LSSN != 0:
			p = .99
		case near&LSSN != 0 && own&(against|LPhone|LPostal) == 0:
			p = .95
		case k == 1 || (own|near)&(against|LPhone|LCustomer|LPostal) != 0:
			continue
		case n.gap[1] == sepHyphen && (near&people != 0 || b.besideMail(start, end)):
			p = .75
		case n.gap[1] == sepHyphen:
			p = .5
		default:
			p = .1
		}
		emit(Finding{Type: SSN, Detector: s.ID(), Start: start, End: end,
			Confidence: p, Validated: true, Canon: string(n.digits(k))})
	}
}

func issuedSSN(d []byte) bool {
	area := number(d[:3])
	switch string(d) {
	case "078051120", "219099999": // printed on sample cards
		return false
	}
	return area != 0 && area != 666 && area < 900 && number(d[3:5]) != 0 && number(d[5:9]) != 0
}
