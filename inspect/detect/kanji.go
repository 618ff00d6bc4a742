package detect

import (
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// kanjiNumerals reads numbers written in kanji (〇三-一二三四-五六七八,
// 昭和五十年三月五日), but only with a label or an era, as kanji numerals are part
// of ordinary words.
type kanjiNumerals struct{}

func (kanjiNumerals) ID() string    { return "kanji-numerals" }
func (kanjiNumerals) Types() []Type { return []Type{Phone, Service, MyNumber, Card, Birthdate} }

// Patterns implements Vocabulary: telephone numbers begin with 〇, years with
// 一九 or 二〇; for the others the label is looked for.
func (kanjiNumerals) Patterns() []match.Pattern {
	list := make([]match.Pattern, 0, 8)
	for k, w := range [...]string{"〇", "○", "一九", "二〇"} {
		list = append(list, match.Pattern{Literal: w, Payload: Payload(ClassNumeral, uint32(k))})
	}
	for _, w := range [...]string{"マイナンバー", "個人番号", "カード番号", "カード"} {
		list = append(list, match.Pattern{Literal: w, Payload: Payload(ClassNumeral, afterWord)})
	}
	return list
}

// afterWord marks the patterns behind which a number is looked for.
const afterWord = 1 << 8

func (k kanjiNumerals) Find(b *Block, emit func(Finding)) {
	own := func(f Finding) {
		f.Detector = k.ID()
		emit(f)
	}
	done := 0
	for i := range b.Hits {
		h := &b.Hits[i]
		class, number := Unpack(h.Payload)
		start := int(h.Start)
		switch {
		case class == ClassEra && int(number) < len(eras):
			e := &eras[number]
			if !kanjiAhead(b.Text, int(h.End)) {
				continue
			}
			if d, ok := kanjiDate(b.Text, int(h.End), e.year-1); ok && e.holds(d) {
				d.start = start
				birthdate{}.judge(b, d, true, own)
				done = d.end
			}
			continue
		case class != ClassNumeral || start < done:
			continue
		case number == afterWord:
			start = int(h.End)
			for skip := 0; skip < 4 && start < len(b.Text) && labelGap(b.Text[start:]) > 0; skip++ {
				start += labelGap(b.Text[start:])
			}
		}
		if kanjiAhead(b.Text, start) && !kanjiBehind(b.Text, start) {
			done = max(done, k.labelled(b, start, own))
		}
	}
}

// labelGap returns the length of one character that stands between a label and
// its value, 0 for any other.
func labelGap(t []byte) int {
	switch c := t[0]; {
	case c == ':' || c == ' ' || c == '(' || c == ')' || c == '=' || c == '"' || c == '\t' || c == '\n':
		return 1
	case startsWith(t, "は"):
		return len("は")
	}
	return 0
}

// kanjiAhead is a cheap test for a kanji numeral at offset i.
func kanjiAhead(t []byte, i int) bool {
	if i+3 > len(t) || t[i] < 0xE2 {
		return false
	}
	r, _ := utf8.DecodeRune(t[i:])
	return kanjiDigit(r) >= 0 || r == '十' || r == '元'
}

// kanjiBehind reports a kanji digit right before offset i: a number that is
// under way.
func kanjiBehind(t []byte, i int) bool {
	r, _ := utf8.DecodeLastRune(t[:i])
	return kanjiDigit(r) >= 0
}

// kanjiDigit returns the value of a kanji digit, formal ones included; -1 for
// anything else.
func kanjiDigit(r rune) int {
	switch r {
	case '〇', '零', '○', '◯':
		return 0
	case '一', '壱', '壹':
		return 1
	case '二', '弐', '貳':
		return 2
	case '三', '参', '參':
		return 3
	case '四', '肆':
		return 4
	case '五', '伍':
		return 5
	case '六', '陸':
		return 6
	case '七', '柒':
		return 7
	case '八', '捌':
		return 8
	case '九', '玖':
		return 9
	}
	return -1
}

// labelled reads a number or date in kanji from start on, asks the label what
// it is and returns where it ends.
func (k kanjiNumerals) labelled(b *Block, start int, emit func(Finding)) int {
	if d, ok := kanjiDate(b.Text, start, 0); ok {
		d.start = start
		birthdate{}.judge(b, d, true, emit)
		return d.end
	}
	var n numeral
	end := n.readKanji(b.Text, start)
	if n.n < 9 {
		return end
	}
	d := n.digit[:n.n]
	f := Finding{Start: start, End: end, Confidence: .95, Validated: true, Canon: string(d)}
	switch own, _ := b.Label(start); {
	case own&LPhone != 0:
		kind, _ := planJapan(d)
		f.Type, f.Canon = Phone, "+81"+string(d[1:])
		switch kind {
		case noLine:
			return end
		case serviceLine:
			f.Type = Service
		case unknownLine:
			f.Confidence, f.Validated = .8, false
		}
	case own&LMyNumber != 0 && validMyNumber(d):
		f.Type = MyNumber
	case own&LCard != 0 && issuer(d) != notCard && luhn(d):
		f.Type = Card
	default:
		return end
	}
	emit(f)
	return end
}

// readKanji fills n with the kanji digits from offset i on, over separators,
// and returns where they end.
func (n *numeral) readKanji(t []byte, i int) (end int) {
	n.n, end = 0, i
	for i < len(t) && n.n < maxDigits {
		r, size := utf8.DecodeRune(t[i:])
		if v := kanjiDigit(r); v >= 0 {
			n.digit[n.n] = byte('0' + v)
			n.n++
			i += size
			end = i
			continue
		}
		if i != end || separatorOf[t[i]] == 0 && r != 'ー' && r != 'の' && r != '・' {
			break // two separators in a row
		}
		i += size
	}
	return end
}

// kanjiDate reads year, month and day with 年, 月 and 日 from offset i on, the
// year counted from base, at least one of them in kanji.
func kanjiDate(t []byte, i, base int) (d date, ok bool) {
	kanji := false
	for part, sign := range [...]string{"年", "月", "日"} {
		v, size, isKanji := kanjiNumber(t[i:])
		kanji = kanji || isKanji
		if i += size; size == 0 || !startsWith(t[i:], sign) {
			return d, false
		}
		i += len(sign)
		switch part {
		case 0:
			d.year = base + v
		case 1:
			d.month = v
		case 2:
			d.day = v
		}
	}
	d.end, d.form = i, 1
	return d, kanji && validDate(d.year, d.month, d.day)
}

// kanjiNumber reads a number below 10,000: 五十, 一九八五, 元, or ASCII digits.
func kanjiNumber(t []byte) (v, size int, kanji bool) {
	if startsWith(t, "元") {
		return 1, len("元"), false
	}
	digit, sum := -1, 0
	for size < len(t) && sum+max(digit, 0) < 10000 {
		r, n := utf8.DecodeRune(t[size:])
		unit := 0
		switch r {
		case '十', '拾':
			unit = 10
		case '百', '佰':
			unit = 100
		case '千', '仟':
			unit = 1000
		}
		d := kanjiDigit(r)
		switch {
		case r < utf8.RuneSelf && isDigit(byte(r)):
			d = int(r - '0')
		case d < 0 && unit == 0:
			return sum + max(digit, 0), size, kanji
		default:
			kanji = true
		}
		if unit > 0 {
			if digit < 0 {
				digit = 1
			}
			sum, digit = sum+digit*unit, -1
		} else if digit < 0 {
			digit = d
		} else {
			digit = digit*10 + d
		}
		size += n
	}
	return sum + max(digit, 0), size, kanji
}
