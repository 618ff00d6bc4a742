package detect

import "unicode/utf8"

// kanjiNumerals reads numbers written in kanji (〇三-一二三四-五六七八,
// 昭和五十年三月五日), but only right behind the name of an era or a label that
// promises a number, as kanji numerals are part of ordinary words.
type kanjiNumerals struct{}

func (kanjiNumerals) ID() string    { return "kanji-numerals" }
func (kanjiNumerals) Types() []Type { return []Type{Phone, Service, MyNumber, Card, Birthdate} }

func (k kanjiNumerals) Find(b *Block, emit func(Finding)) {
	own := func(f Finding) {
		f.Detector = k.ID()
		emit(f)
	}
	for i := range b.Hits {
		h := &b.Hits[i]
		switch class, number := Unpack(h.Payload); class {
		case ClassEra:
			if int(number) >= len(eras) || !kanjiAhead(b.Text, int(h.End)) {
				continue
			}
			e := &eras[number]
			if d, ok := kanjiDate(b.Text, int(h.End), e.year-1); ok && e.holds(d) {
				d.start = int(h.Start)
				birthdate{}.judge(b, d, own)
			}
		case ClassLabel:
			start := int(h.End)
			for skip := 0; skip < 4 && start < len(b.Text); skip++ {
				size := labelGap(b.Text[start:])
				if size == 0 {
					break
				}
				start += size
			}
			if kanjiAhead(b.Text, start) {
				k.labelled(b, start, own)
			}
		}
	}
}

// labelGap returns the length of one character that stands between a label and
// its value.
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
	if i+3 > len(t) || t[i] < 0xE3 {
		return false
	}
	r, _ := utf8.DecodeRune(t[i:])
	return kanjiDigit(r) >= 0 || r == '十' || r == '元'
}

// kanjiDigit returns the value of a kanji digit, formal ones included; -1 for
// anything else.
func kanjiDigit(r rune) int {
	switch r {
	case '〇', '零', '○', '◯':
		return 0
	case '一', '壱':
		return 1
	case '二', '弐':
		return 2
	case '三', '参':
		return 3
	case '四':
		return 4
	case '五', '伍':
		return 5
	case '六':
		return 6
	case '七':
		return 7
	case '八':
		return 8
	case '九':
		return 9
	}
	return -1
}

// labelled reads a number or date in kanji from start on and asks the label
// what it is.
func (k kanjiNumerals) labelled(b *Block, start int, emit func(Finding)) {
	if d, ok := kanjiDate(b.Text, start, 0); ok {
		d.start = start
		birthdate{}.judge(b, d, emit)
		return
	}
	var n numeral
	end := n.readKanji(b.Text, start)
	if n.n < 9 {
		return
	}
	d := n.digit[:n.n]
	f := Finding{Start: start, End: end, Confidence: .95, Validated: true, Canon: string(d)}
	switch own, _ := b.Label(start); {
	case own&LPhone != 0:
		kind, _ := planJapan(d)
		f.Type, f.Canon = Phone, "+81"+string(d[1:])
		switch kind {
		case noLine:
			return
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
		return
	}
	emit(f)
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
		case '十':
			unit = 10
		case '百':
			unit = 100
		case '千':
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
