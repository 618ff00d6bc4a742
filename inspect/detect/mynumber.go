package detect

import "github.com/sekimori-dlp/sekimori/inspect/match"

// myNumber finds 個人番号: twelve digits, the last a check digit. One random
// number in ten passes the check, so without a label, column or person around
// it a value stays at .1 to .3.
type myNumber struct{}

func (myNumber) ID() string    { return "my-number" }
func (myNumber) Types() []Type { return []Type{MyNumber} }

// Patterns implements Vocabulary.
func (myNumber) Patterns() []match.Pattern {
	return hintWords(LMyNumber, "マイナ", "個人番号", "社会保障番号", "mynum", "my num", "my_num", "my-num", "individualnum", "individual_num", "kojinbango")
}

func (m myNumber) Find(b *Block, emit func(Finding)) {
	hint := b.hint(LMyNumber)
	if b.lacks(anyOf(1, 3, 4, 12)) && hint.none() {
		return
	}
	runs := b.Runs
	var n numeral
	if !hint.none() {
		b.overLines(LMyNumber, func(digits int) bool { return digits == 12 }, func(n *numeral) { m.judge(b, n, n.groups, emit) })
	}
	chosen := b.choose(&hint, func(s span, near uint64) uint64 {
		groups := s.in(4) & s.then(1, 4) & s.then(2, 4) & s.then(1, beforeMore)
		return s.in(12) | (groups|(s.in(1)&s.then(1, 1)|s.in(3)&s.then(1, 3))&near)&s.in(beforeMore)
	})
	for i := chosen.next(0); i >= 0; i = chosen.next(i + 1) {
		switch size := runs[i].End - runs[i].Start; {
		case size == 12:
			n.read(b, i, 0, 1)
			if n.more&(sepHyphen|sepDot|sepUnderscore) == 0 {
				m.judge(b, &n, 1, emit)
			}
		case size == 4 && b.inFours(i):
			i += 3 // sixteen digits are a card or nothing
		case size == 4 && sameSize(runs, i, 3):
			n.read(b, i, sepHyphen|sepSpace|sepDot|sepUnderscore|sepLineBreak|sepMiddle, 4)
			if n.shape(4, 4, 4) && n.after(3)&^(sepLineBreak|sepSlash|sepWide) == 0 {
				if m.judge(b, &n, 3, emit) {
					i += 2
				}
			} else if n.groups == 4 {
				i += 3 // sixteen digits are a card or nothing
			}
		case (size == 3 || size == 1) && hint.at(runs[i].Start) && sameSize(runs, i, 12/int(size)):
			i += m.labelled(b, i, &n, emit)
		}
	}
}

// inFours reports whether runs of four digits begin with run i that the same sign
// holds together, four of them at least.
func (b *Block) inFours(i int) bool {
	if i+4 > len(b.Runs) {
		return false
	}
	r := b.Runs[i : i+4 : i+4]
	sign := b.Text[r[0].End]
	return r[3].End-r[0].Start == 19 && r[1].Start-r[0].Start == 5 && r[2].Start-r[0].Start == 10 && r[3].Start-r[0].Start == 15 &&
		b.Text[r[1].End] == sign && b.Text[r[2].End] == sign && separatorOf[sign]&(sepHyphen|sepSpace|sepDot|sepUnderscore) != 0
}

// sameSize reports whether k runs from i on have the same size and stand close
// together.
func sameSize(runs []match.Run, i, k int) bool {
	if i+k > len(runs) {
		return false
	}
	size := runs[i].End - runs[i].Start
	if runs[i+k-1].End-runs[i].Start > int32(k)*(size+4) {
		return false
	}
	for _, r := range runs[i+1 : i+k] {
		if r.End-r.Start != size {
			return false
		}
	}
	return true
}

// labelled reads a number in groups of three or in single digits, where a
// label says what it is.
func (m myNumber) labelled(b *Block, i int, n *numeral, emit func(Finding)) int {
	n.read(b, i, sepHyphen|sepSpace|sepLineBreak|sepWide, 12)
	k := n.groups
	if k == 12 || k == 4 || n.size[0] == 3 && k > 4 {
		k = 12 / int(n.size[0])
		if own := b.Own(n.start); own&LMyNumber != 0 && m.judge(b, n, k, emit) {
			return k - 1
		}
	}
	return 0
}

// judge emits the first k groups of n if they are a My Number.
func (m myNumber) judge(b *Block, n *numeral, k int, emit func(Finding)) bool {
	d := n.digits(k)
	if !validMyNumber(d) {
		return false
	}
	start, end := n.start, n.end[k-1]
	left, right := before(b.Text, start), behind(b.Text, end)
	if left == within || right == within || left == glued || right == glued {
		return false
	}
	own, near := b.Label(start)
	others := LCard | LCorporate | LDriver | LPhone | LBank | LCustomer | LInsurance | LPension
	var p float32
	switch {
	case own&LMyNumber != 0:
		p = .99
	case near&LMyNumber != 0 && own&(against|others) == 0:
		p = .95
	case monotone(d):
		return false
	case (own|near)&(against|others) != 0:
		p = .1
	case near&(people|LBirth) != 0 && near&(LAddress|LBirth) != 0:
		p = .3
	case k > 1 && n.even(k):
		p = .25
	case near&people != 0:
		p = .2
	default:
		p = .12
	}
	if k == 1 && p < .5 && own&(against|others) == 0 {
		// One in eleven passes by chance, four in a row do not.
		switch alike, good := b.kin(n.first, validMyNumber); {
		case alike < kinEnough:
		case good == alike:
			p = .85
		case good*2 < alike:
			p *= .4
		}
	}
	if left == tied || right == tied {
		p *= .5
	}
	emit(Finding{Type: MyNumber, Detector: m.ID(), Start: start, End: end,
		Confidence: p, Validated: true, Canon: string(d)})
	return true
}
