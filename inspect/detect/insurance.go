package detect

import (
	"bytes"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// insurance finds what a Japanese health insurance card bears, by its labels:
// 保険者番号 (eight digits, six for national health insurance, with a check
// digit) and 記号・番号・枝番.
type insurance struct{}

func (insurance) ID() string    { return "health-insurance" }
func (insurance) Types() []Type { return []Type{Insurance} }

// Patterns implements Vocabulary.
func (insurance) Patterns() []match.Pattern {
	return hintWords(LInsurance, "保険", "記号", "枝番", "insur", "policyholder")
}

func (in insurance) Find(b *Block, emit func(Finding)) {
	hint := b.hint(LInsurance)
	if hint.none() {
		return
	}
	// Without a label of its own a number is nothing, so its size decides first;
	// short 記号 are read on from where they are.
	chosen := b.choose(&hint, func(s span, near uint64) uint64 { return s.sized(2, 11) & near })
	for i := chosen.next(0); i >= 0; i = chosen.next(i + 1) {
		if before(b.Text, int(b.Runs[i].Start)) != free {
			continue
		}
		own, near := labelNearby(b, i, LInsurance)
		if own|near == 0 {
			continue
		}
		i += in.labelled(b, i, own != 0, emit)
	}
}

// labelNearby answers whether the value at run i has the label, of its own or
// close by.
func labelNearby(b *Block, i int, want Label) (own, near Label) {
	start := int(b.Runs[i].Start)
	own, near = b.Label(start)
	if near&LBank != 0 && !bytes.Contains(b.Text[max(0, start-hintReach):start], []byte("保険")) {
		return 0, 0 // ゆうちょ accounts have 記号 and 番号 too
	}
	if own&(against|LPhone|LPostal|LBirth|LBank|LMyNumber|LCard)&^want != 0 {
		return 0, 0
	}
	return own & want, near & want
}

// labelled reads a number behind a label; 番号 and 枝番 may follow.
func (in insurance) labelled(b *Block, i int, own bool, emit func(Finding)) int {
	var n numeral
	n.read(b, i, sepHyphen|sepSpace, 3)
	k := n.groups
	t := b.Text
	start, end := n.start, n.end[k-1]
	if behind(t, end) == glued || behind(t, end) == within {
		return 0
	}
	d := n.digits(k)
	valid := (len(d) == 8 || len(d) == 6) && luhn(d)
	p := float32(.6)
	switch {
	case own && (valid || len(d) >= 5):
		p = .93
	case own && followedBy(b, end, "番号"):
		p = .93
	case own:
		p = .3
	case valid && len(d) == 8:
		p = .7
	case numbered(t[:start]) && bytes.Contains(t[max(0, start-hintReach):start], []byte("保険")):
		p = .85
	case len(d) < 5 || isDateShape(&n):
		return 0
	default:
		p = .4
	}
	more := 0
	if own && k == 1 && i+1 < len(b.Runs) && string(t[end:b.Runs[i+1].Start]) == "・" && behind(t, int(b.Runs[i+1].End)) == free {
		// 記号・番号: 8755・585
		p, more = .93, 1
	}
	emit(Finding{Type: Insurance, Detector: in.ID(), Start: start, End: end,
		Confidence: p, Validated: valid, Canon: string(d)})
	if more > 0 {
		r := b.Runs[i+1]
		emit(Finding{Type: Insurance, Detector: in.ID(), Start: int(r.Start), End: int(r.End), Confidence: p, Canon: string(pick(b, r))})
	}
	return k - 1 + more
}

// numbered reports whether t ends with 番号, which one or two marks may follow.
func numbered(t []byte) bool {
	t = bytes.TrimRight(t[max(0, len(t)-10):], " :.")
	return endsWith(t, "番号")
}

// followedBy reports whether word stands within twelve bytes behind end.
func followedBy(b *Block, end int, word string) bool {
	t := b.Text[end:min(len(b.Text), end+12+len(word))]
	for len(t) > 0 {
		if startsWith(t, word) {
			return true
		}
		t = t[1:]
	}
	return false
}
