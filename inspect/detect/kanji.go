package detect

import (
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// kanjiDates finds birth dates written in kanji: 昭和五十年三月五日,
// 一九八五年三月五日.
type kanjiDates struct{}

func (kanjiDates) ID() string    { return "kanji-dates" }
func (kanjiDates) Types() []Type { return []Type{Birthdate} }

// Patterns implements Vocabulary: the years begin with 一九 or 二〇.
func (kanjiDates) Patterns() []match.Pattern {
	return []match.Pattern{{Literal: "一九", Payload: Payload(ClassNumeral, 0)}, {Literal: "二〇", Payload: Payload(ClassNumeral, 0)}}
}

func (k kanjiDates) Find(b *Block, emit func(Finding)) {
	own := func(f Finding) {
		f.Detector = k.ID()
		emit(f)
	}
	for i := range b.Hits {
		h := &b.Hits[i]
		start, at, base, era := int(h.Start), int(h.End), 0, (*era)(nil)
		switch class, number := Unpack(h.Payload); {
		case class == ClassEra && int(number) < len(eras):
			era = &eras[number]
			base = era.year - 1
		case class == ClassNumeral && !kanjiBehind(b.Text, start):
			at = start
		default:
			continue
		}
		if !kanjiAhead(b.Text, at) {
			continue
		}
		if d, ok := kanjiDate(b.Text, at, base); ok && (era == nil || era.holds(d)) {
			d.start = start
			birthdate{}.judge(b, d, true, own)
		}
	}
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
