package detect

import "github.com/sekimori-dlp/sekimori/inspect/match"

// corporate finds 法人番号 (13 digits, the check digit first) and the invoice
// registration numbers made of T and the same. They are public and name no
// person; they are found so that nothing else takes them for a personal
// number and rules can exclude them.
type corporate struct{}

func (corporate) ID() string    { return "corporate-number" }
func (corporate) Types() []Type { return []Type{Corporate} }

// groups1444 reports runs of one, four, four and four digits with one character
// between them.
func groups1444(r []match.Run) bool {
	return len(r) > 3 && r[1].End-r[1].Start == 4 && r[1].Start-r[0].End == 1 && r[3].End-r[0].Start == 16 && sameSize(r, 1, 3)
}

// Patterns implements Vocabulary.
func (corporate) Patterns() []match.Pattern {
	return hintWords(LCorporate, "法人", "会社", "登録番号", "インボイス", "適格", "corporate", "company", "houjin", "hojin", "invoice")
}

func (c corporate) Find(b *Block, emit func(Finding)) {
	if b.lacks(anyOf(1, 13)) {
		return
	}
	runs := b.Runs
	var n numeral
	hint := b.hint(LCorporate)
	chosen := b.choose(nil, func(s span, _ uint64) uint64 {
		return s.in(13) | s.in(1)&s.in(beforeMore)&s.then(1, 4)&s.then(2, 4)&s.then(3, 4)
	})
	for i := chosen.next(0); i >= 0; i = chosen.next(i + 1) {
		size := runs[i].End - runs[i].Start
		if size != 13 && size != 1 || size == 1 && !groups1444(runs[i:]) {
			continue
		}
		if size == 13 && !validCorporate(pick(b, runs[i])) {
			continue // most time stamps
		}
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
		var own, near Label
		if hint.at(int32(start)) {
			own, near = b.Label(start)
		}
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
		default: // one in nine passes, time stamps among them
			if alike, good := b.kin(i, validCorporate); alike < kinEnough || good < alike {
				continue
			}
			p = .85
		}
		emit(Finding{Type: Corporate, Detector: c.ID(), Start: start, End: end,
			Confidence: p, Validated: true, Canon: string(d)})
	}
}
