package detect

import (
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// residence finds numbers of residence cards (在留カード) and special permanent
// resident certificates: two letters, eight digits, two letters.
type residence struct{}

func (residence) ID() string    { return "residence-card" }
func (residence) Types() []Type { return []Type{Residence} }

// Patterns implements Vocabulary.
func (residence) Patterns() []match.Pattern {
	return hintWords(LResidence, "在留", "特別永住", "residence", "zairyu")
}

func (rc residence) Find(b *Block, emit func(Finding)) {
	if b.lacks(anyOf(8)) {
		return
	}
	t := b.Text
	b.loosely(LResidence, 8, 2, func(start, end int, canon string) {
		emit(Finding{Type: Residence, Detector: rc.ID(), Start: start, End: end, Confidence: .97, Canon: canon})
	})
	chosen := b.choose(nil, func(s span, _ uint64) uint64 { return s.in(8) & s.in(behindUpper) })
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
			p = .45
		}
		emit(Finding{Type: Residence, Detector: rc.ID(), Start: start, End: end,
			Confidence: p, Canon: string(t[start:end])})
	}
}

// loosely calls f for numbers of two letters, some digits and as many letters as back
// says, behind a word of label l, that are written in small letters or with a space or
// hyphen between them.
func (b *Block) loosely(l Label, digits, back int, f func(start, end int, canon string)) {
	if b.hints()&l == 0 {
		return
	}
	t, bit, i := b.Text, Payload(ClassHint, bitOf(l)), 0
	for _, h := range b.Hits {
		if h.Payload != bit {
			continue
		}
		if i = b.runFrom(i, h.End); i == len(b.Runs) {
			return
		}
		r := b.Runs[i]
		if int(r.End-r.Start) != digits || r.Start-h.End > hintAhead {
			continue
		}
		start, end := int(r.Start), int(r.End)
		gap := func(i int) bool { return i >= 0 && i < len(t) && (t[i] == ' ' || t[i] == '-') }
		if gap(start - 1) {
			start--
		}
		if start -= 2; start < int(h.End) || !isLetter(t[start]) || !isLetter(t[start+1]) {
			continue
		}
		if back > 0 {
			if gap(end) {
				end++
			}
			if end += back; end > len(t) || !isLetter(t[end-1]) || !isLetter(t[end-back]) {
				continue
			}
		}
		canon := strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(string(t[start:end])))
		if canon == string(t[start:end]) || before(t, start) != free || behind(t, end) != free {
			continue // as it is usually written
		}
		if own := b.Own(start); own&l != 0 {
			f(start, end, canon)
		}
	}
}
