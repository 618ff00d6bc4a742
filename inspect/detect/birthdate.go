package detect

import (
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// birthdate finds dates that can be somebody's birthday: western in the usual
// orders, with Japanese characters, and of the Japanese eras in words, letters
// and one kanji. A date by itself says little; the label, the column, words
// like 生まれ and a person's other data on the line make it a birth date.
type birthdate struct{}

func (birthdate) ID() string    { return "birth-date" }
func (birthdate) Types() []Type { return []Type{Birthdate} }

// Patterns makes the matcher look for the eras, which written numerals follow
// ("昭和五十年").
func (birthdate) Patterns() []match.Pattern {
	list := make([]match.Pattern, 0, 5)
	for k, e := range eras[:5] {
		list = append(list, match.Pattern{Literal: e.name, Payload: Payload(ClassEra, uint32(k))})
	}
	return append(list, hintWords(LBirth, "生年", "誕生", "生まれ", "出生", "birth", "born", "dob", "bday", "tanjobi", "seinengappi")...)
}

// thisYear bounds what can be a birth year. Read once: a day's error in a
// process that runs over New Year does no harm.
var thisYear = time.Now().Year()

// oldest is the earliest birth year held possible.
const oldest = 1900

func (bd birthdate) Find(b *Block, emit func(Finding)) {
	runs := b.Runs
	hint := b.hint(LBirth)
	near := hint
	chosen := b.choose(&near, datesBegin)
	for i := chosen.next(0); i >= 0; i = chosen.next(i + 1) {
		r := runs[i]
		size := r.End - r.Start
		if size > 8 || size < 8 && (int(r.End) == len(b.Text) || !dateNext[b.Text[r.End]]) {
			continue
		}
		var d date
		var ok bool
		switch size {
		case 4:
			if i+2 < len(runs) && runs[i+2].Start == r.Start+8 && !hint.at(r.Start) && stamped(b.Text, int(r.Start)) {
				i += 2
				continue
			}
			d, ok = yearFirst(b, i)
		case 8:
			d, ok = compact(b, i)
		case 1, 2:
			if eraTail(b.Text, int(r.Start)) {
				d, ok = eraDate(b, i)
			}
			if !ok && i+2 < len(runs) && runs[i+2].Start-r.Start <= 6 && dateParts[b.Text[r.End]] {
				d, ok = dayFirst(b, i)
			}
			if !ok && i+1 < len(runs) {
				switch runs[i+1].End - runs[i+1].Start {
				case 4:
					d, ok = monthName(b, i)
				case 2:
					if hint.at(r.Start) {
						d, ok = monthName(b, i) // 5-Mar-85
					}
				}
			}
		}
		if ok {
			bd.judge(b, d, hint.at(r.Start), emit)
			i += d.runs - 1
		}
	}
}

// datesBegin chooses runs of eight digits, and those of a year, month or day that the
// other parts of a date follow.
func datesBegin(s span, near uint64) uint64 {
	second := s.in(closeBy) & (s.then(1, 1) | s.then(1, 2))
	three := second & s.then(1, beforeDate) & s.then(1, closeBy)
	first := (s.in(1) | s.in(2)) & (s.in(behindEra)&second | three&(s.then(2, 2)|s.then(2, 4)) | s.then(1, 4) | s.then(1, 2)&near)
	year := s.in(4) & three & (s.then(2, 1) | s.then(2, 2))
	return s.in(8) | (first|year)&s.in(beforeDate)
}

// dateNext are the bytes that can stand behind the first number of a date:
// separators, the first of ー, 年 and 月, and that of "st", "nd", "rd", "th".
var dateNext = [256]bool{'-': true, '/': true, '.': true, ' ': true, ',': true, 's': true, 'n': true,
	'r': true, 't': true, 0xE3: true, 0xE5: true, 0xE6: true}

// dateParts are the bytes that can begin what stands between the parts of a date in
// numbers: separators, a blank before one, the first of ー.
var dateParts = [256]bool{'-': true, '/': true, '.': true, ' ': true, 0xE3: true}

// judge weighs a date by what is said of it and emits it. hinted says that a
// label may speak of a birth.
func (bd birthdate) judge(b *Block, d date, hinted bool, emit func(Finding)) {
	if d.year < oldest || d.year > thisYear {
		return
	}
	rest := b.Text[d.end:]
	timed := startsWithTime(rest)
	if timed && !hinted {
		return
	}
	own, near := b.Label(d.start)
	grown := d.year <= thisYear-15 && d.year >= thisYear-100
	var p float32
	switch {
	case bornBehind(rest):
		p = .97
	case own&LBirth != 0:
		p = .99
	case own&(against|LExpiry) != 0:
		return
	case near&LBirth != 0 && near&LDate == 0:
		p = .93
	case near&LBirth != 0:
		p = .75
	case timed:
		return
	case grown && inCell(b.Text, d.start, d.end) && b.besideMail(d.start, d.end):
		p = .8
		if near&against != 0 {
			p = .6
		}
	case near&against != 0:
		return
	case near&people != 0 && grown:
		p = .35
	case grown:
		p = .1
	default:
		return // a recent date with no word of a birth
	}
	if p *= d.form; p < .05 {
		return
	}
	if p > .4 && d.form < 1 && startsWith(rest, "生") {
		p = .9 // 20000512生
	}
	emit(Finding{Type: Birthdate, Detector: bd.ID(), Start: d.start, End: d.end, Confidence: p,
		Validated: true, Canon: canonDate(d)})
}

// stamped reports whether the four digits at offset i of t begin a date that yearFirst
// reads, with a time behind it: 2026-07-08T08:59. That is nobody's birth, unless a label
// says so.
func stamped(t []byte, i int) bool {
	if i < 1 || len(t)-i < len("2026-07-08T08:59") || before(t, i) != free {
		return false
	}
	s := t[i:][:len("2026-07-08T08:59")]
	if s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' ||
		!isDigit(s[5]) || !isDigit(s[6]) || !isDigit(s[8]) || !isDigit(s[9]) || !isDigit(s[11]) || !isDigit(s[12]) || !isDigit(s[14]) {
		return false
	}
	year := number(s[:4])
	return year >= oldest && year <= thisYear && validDate(year, number(s[5:7]), number(s[8:10]))
}

// startsWithTime reports a time of day right behind a date, as logs have it.
func startsWithTime(t []byte) bool {
	if len(t) > 0 && (t[0] == 'T' || t[0] == ' ' || t[0] == '_') {
		t = t[1:]
		return len(t) >= 5 && isDigit(t[0]) && (t[1] == ':' || t[2] == ':') && isDigit(t[3])
	}
	return len(t) > 0 && t[0] == ':' // 01/Jan/2024:10:00:00
}

// bornBehind reports words behind a date that make it a birth date.
func bornBehind(t []byte) bool {
	for len(t) > 0 && t[0] == ' ' {
		t = t[1:]
	}
	if len(t) == 0 || t[0] < 0x80 && !mayBeBorn[t[0]] {
		return false
	}
	if t[0] == '(' { // 1985年3月5日(昭和60年)生まれ, 3月5日(38歳)
		for k := 1; k < min(len(t), 40); k++ {
			if t[k] == ')' {
				t = t[k+1:]
				break
			}
		}
	}
	switch {
	case startsWith(t, "- )"), startsWith(t, "-)"), startsWith(t, "〜)"), startsWith(t, "~ )"), startsWith(t, "~)"):
		return true // 山田太郎(1985年3月5日 - )
	case startsWith(t, "生まれ"), startsWith(t, "生れ"), startsWith(t, "うまれ"), startsWith(t, "誕生"):
		return true
	case startsWith(t, "生"): // 昭和50年3月3日生 but not 生産
		return len(t) == 3 || t[3] < 0x80 || startsWith(t[3:], "、") || startsWith(t[3:], "。") ||
			startsWith(t[3:], "の") && !startsWith(t[3:], "の産")
	case startsWith(t, "born"):
		return len(t) == 4 || !isLetter(t[4])
	}
	return bornElsewhere(t)
}

// mayBeBorn are the ASCII characters that words of a birth begin with.
var mayBeBorn = [0x80]bool{'(': true, '-': true, '~': true, 'b': true}

// bornElsewhere reports 生まれ with a place before it: 1985年3月5日、東京都生まれ,
// 3月5日に京都で生まれた.
func bornElsewhere(t []byte) bool {
	commas := 0
	for i := 0; i+3 <= len(t) && i <= 45; i += 3 {
		switch w := t[i:]; {
		case startsWith(w, "生まれ"):
			return true
		case w[0] < 0xE3 || startsWith(w, "。") || startsWith(w, "以降") || startsWith(w, "以前") || startsWith(w, "から") || startsWith(w, "まで"):
			return false
		case startsWith(w, "、"):
			if commas++; commas > 1 {
				return false
			}
		}
	}
	return false
}
