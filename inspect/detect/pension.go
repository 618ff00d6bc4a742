package detect

import "github.com/sekimori-dlp/sekimori/inspect/match"

// pension finds 基礎年金番号: four and six digits, always by a label, as the
// number has no public check digit.
type pension struct{}

func (pension) ID() string    { return "pension-number" }
func (pension) Types() []Type { return []Type{Pension} }

// Patterns implements Vocabulary.
func (pension) Patterns() []match.Pattern { return hintWords(LPension, "年金", "pension", "nenkin") }

func (p pension) Find(b *Block, emit func(Finding)) {
	if b.lacks(anyOf(4, 10)) {
		return
	}
	hint := b.hint(LPension)
	if hint.none() {
		return
	}
	chosen := b.choose(&hint, func(s span, near uint64) uint64 { return (s.in(10) | s.in(4)&s.then(1, 6)) & near })
	for i := chosen.next(0); i >= 0; i = chosen.next(i + 1) {
		r := b.Runs[i]
		size := r.End - r.Start
		if size != 10 && (size != 4 || i+1 == len(b.Runs) || b.Runs[i+1].End-b.Runs[i+1].Start != 6) {
			continue
		}
		var n numeral
		k := 1
		if size == 4 {
			n.read(b, i, sepHyphen|sepSpace|sepLineBreak, 2)
			if k = 2; n.groups != 2 {
				continue
			}
		} else {
			n.read(b, i, 0, 1)
		}
		start, end := n.start, n.end[k-1]
		if n.after(k)&^(sepLineBreak|sepSpace|sepSlash|sepWide) != 0 || before(b.Text, start) != free || behind(b.Text, end) != free {
			continue
		}
		own, near := b.Label(start)
		var conf float32
		switch {
		case own&LPension != 0:
			conf = .98
		case near&LPension != 0 && k == 2 && own&LPhone == 0:
			conf = .92
		case near&LPension != 0 && own&(LPhone|against) == 0:
			conf = .6
		default:
			continue
		}
		emit(Finding{Type: Pension, Detector: p.ID(), Start: start, End: end,
			Confidence: conf, Canon: string(n.digits(k))})
	}
}
