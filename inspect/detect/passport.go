package detect

import "github.com/sekimori-dlp/sekimori/inspect/match"

// passport finds numbers of Japanese passports (two letters, seven digits) and
// the second line of the machine readable zone of any passport (ICAO Doc
// 9303-4), whose check digits prove it; from it also the birth date.
type passport struct{}

func (passport) ID() string    { return "passport" }
func (passport) Types() []Type { return []Type{Passport, Birthdate} }

// Patterns implements Vocabulary.
func (passport) Patterns() []match.Pattern {
	return hintWords(LPassport, "旅券", "パスポート", "passport")
}

func (p passport) Find(b *Block, emit func(Finding)) {
	if b.lacks(anyOf(7)) {
		return
	}
	b.loosely(LPassport, 7, 0, func(start, end int, canon string) {
		emit(Finding{Type: Passport, Detector: p.ID(), Start: start, End: end, Confidence: .95, Canon: canon})
	})
	chosen := b.choose(nil, func(s span, _ uint64) uint64 { return s.in(7) })
	for i := chosen.next(0); i >= 0; i = chosen.next(i + 1) {
		r := b.Runs[i]
		if r.Start < 2 {
			continue
		}
		start, end := int(r.Start), int(r.End)
		t := b.Text
		upper := isUpper(t[start-1])
		if !upper && (end == len(t) || !zoneSex(t[end])) || p.zone(b, i, emit) || !upper {
			continue
		}
		start -= 2
		if !isUpper(t[start]) || before(t, start) != free || behind(t, end) != free {
			continue
		}
		own, near := b.Label(start)
		var conf float32
		switch {
		case own&LPassport != 0:
			conf = .98
		case near&LPassport != 0:
			conf = .93
		case (own|near)&(against|LCustomer|LDriver) != 0:
			continue
		case t[start] == 'T' || t[start] == 'M' || t[start] == 'N':
			conf = .25 // the series in use
		default:
			conf = .1
		}
		emit(Finding{Type: Passport, Detector: p.ID(), Start: start, End: end,
			Confidence: conf, Canon: string(t[start:end])})
	}
}

// Layout of line 2: number 0-8, its check digit 9, nationality 10-12, birth
// 13-18, check 19, sex 20, expiry 21-26, check 27, optional 28-41, check 42,
// composite check 43.
const (
	zoneLength = 44
	zoneBirth  = 13
)

// zone reads the line whose birth date and check digit are run i.
func (p passport) zone(b *Block, i int, emit func(Finding)) bool {
	start := int(b.Runs[i].Start) - zoneBirth
	if start < 0 || start+zoneLength > len(b.Text) {
		return false
	}
	line := b.Text[start : start+zoneLength]
	if !zoneSex(line[20]) {
		return false
	}
	for _, c := range line {
		if c != '<' && !isDigit(c) && !isUpper(c) {
			return false
		}
	}
	if !zoneCheck(line[0:9], line[9]) || !zoneCheck(line[13:19], line[19]) || !zoneCheck(line[21:27], line[27]) ||
		before(b.Text, start) != free || behind(b.Text, start+zoneLength) != free {
		return false
	}
	end := start + 9
	for end > start && b.Text[end-1] == '<' {
		end--
	}
	emit(Finding{Type: Passport, Detector: p.ID(), Start: start, End: end, Confidence: .99,
		Validated: true, Canon: string(b.Text[start:end])})
	if digitsOnly(line[13:19]) {
		d := date{year: 2000 + number(line[13:15]), month: number(line[15:17]), day: number(line[17:19])}
		if d.year > thisYear {
			d.year -= 100
		}
		if validDate(d.year, d.month, d.day) {
			emit(Finding{Type: Birthdate, Detector: p.ID(), Start: start + 13, End: start + 19, Confidence: .99,
				Validated: true, Canon: canonDate(d)})
		}
	}
	return true
}

// zoneSex reports the letters for a person's sex.
func zoneSex(c byte) bool { return c == 'M' || c == 'F' || c == '<' || c == 'X' }

// zoneCheck is the check digit of ICAO Doc 9303-3, 4.9: weights 7, 3, 1, "<" as
// 0 and letters from A as 10.
func zoneCheck(field []byte, check byte) bool {
	sum := 0
	for i, c := range field {
		v := 0
		switch {
		case isDigit(c):
			v = int(c - '0')
		case isUpper(c):
			v = int(c-'A') + 10
		}
		sum += v * [...]int{7, 3, 1}[i%3]
	}
	return isDigit(check) && sum%10 == int(check-'0')
}
