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
	return list
}

// era is a Japanese era with its first and last day as yyyymmdd.
type era struct {
	name        string
	year        int // year 1
	first, last int
}

// eras are the modern ones: names, one-kanji forms, squared forms, letters.
// Bounds as proclaimed; Meiji before its sixth year counted by another
// calendar, which no birth date in use needs.
var eras = [...]era{
	{"明治", 1868, 18681023, 19120729}, {"大正", 1912, 19120730, 19261224},
	{"昭和", 1926, 19261225, 19890107}, {"平成", 1989, 19890108, 20190430},
	{"令和", 2019, 20190501, 99991231},
	{"明", 1868, 18681023, 19120729}, {"大", 1912, 19120730, 19261224},
	{"昭", 1926, 19261225, 19890107}, {"平", 1989, 19890108, 20190430},
	{"令", 2019, 20190501, 99991231},
	{"㍾", 1868, 18681023, 19120729}, {"㍽", 1912, 19120730, 19261224},
	{"㍼", 1926, 19261225, 19890107}, {"㍻", 1989, 19890108, 20190430},
	{"㋿", 2019, 20190501, 99991231},
	{"M", 1868, 18681023, 19120729}, {"T", 1912, 19120730, 19261224},
	{"S", 1926, 19261225, 19890107}, {"H", 1989, 19890108, 20190430},
	{"R", 2019, 20190501, 99991231},
	{"m", 1868, 18681023, 19120729}, {"t", 1912, 19120730, 19261224},
	{"s", 1926, 19261225, 19890107}, {"h", 1989, 19890108, 20190430},
	{"r", 2019, 20190501, 99991231},
}

// thisYear bounds what can be a birth year. Read once: a day's error in a
// process that runs over New Year does no harm.
var thisYear = time.Now().Year()

// oldest is the earliest birth year held possible.
const oldest = 1900

// date is a recognised calendar date.
type date struct {
	year, month, day int
	start, end       int
	runs             int     // runs of digits it used
	form             float32 // how surely the form is a date at all
}

func (bd birthdate) Find(b *Block, emit func(Finding)) {
	runs := b.Runs
	for i := 0; i < len(runs); i++ {
		var d date
		var ok bool
		switch runs[i].End - runs[i].Start {
		case 4:
			d, ok = yearFirst(b, i)
		case 8:
			d, ok = compact(b, i)
		case 1, 2:
			if d, ok = eraDate(b, i); !ok {
				if d, ok = dayFirst(b, i); !ok {
					d, ok = monthName(b, i)
				}
			}
		}
		if ok {
			bd.judge(b, d, emit)
			i += d.runs - 1
		}
	}
}

// judge weighs a date by what is said of it and emits it.
func (bd birthdate) judge(b *Block, d date, emit func(Finding)) {
	if d.year < oldest || d.year > thisYear {
		return
	}
	rest := b.Text[d.end:]
	timed := startsWithTime(rest)
	own, near := b.Label(d.start)
	grown := d.year <= thisYear-15 && d.year >= thisYear-100
	var p float32
	switch {
	case bornBehind(rest):
		p = .97
	case own&LBirth != 0:
		p = .99
	case own&(against|LExpiry) != 0:
		p = .05
	case near&LBirth != 0 && near&LDate == 0:
		p = .93
	case near&LBirth != 0:
		p = .75
	case timed:
		return
	case near&against != 0:
		p = .05
	case b.besideMail(d.start, d.end) && grown:
		p = .8
	case b.besideMail(d.start, d.end):
		p = .4
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
	emit(Finding{Type: Birthdate, Detector: bd.ID(), Start: d.start, End: d.end, Confidence: p,
		Validated: true, Canon: canonDate(d)})
}

func canonDate(d date) string {
	v := d.year*10000 + d.month*100 + d.day
	var c [8]byte
	for i := 7; i >= 0; i-- {
		c[i], v = byte('0'+v%10), v/10
	}
	return string(c[:])
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
	for len(t) > 0 && (t[0] == ' ' || t[0] == ')' || t[0] == '(') {
		t = t[1:]
	}
	switch {
	case startsWith(t, "生まれ"), startsWith(t, "生れ"), startsWith(t, "うまれ"), startsWith(t, "誕生"):
		return true
	case startsWith(t, "生"): // 昭和50年3月3日生 but not 生産
		return len(t) == 3 || t[3] < 0x80 || startsWith(t[3:], "、") || startsWith(t[3:], "。") ||
			startsWith(t[3:], "の") && !startsWith(t[3:], "の産")
	case startsWith(t, "born"):
		return len(t) == 4 || !isLetter(t[4])
	}
	return false
}

var monthDays = [...]int{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func validDate(y, m, d int) bool {
	if m < 1 || m > 12 || d < 1 || d > monthDays[m] {
		return false
	}
	return m != 2 || d < 29 || y%4 == 0 && (y%100 != 0 || y%400 == 0)
}

// dateGap names what stands between the parts of a date: '-', '/', '.', ' ' or
// 'Y' for 年 and 'M' for 月; 0 if nothing that fits.
func dateGap(t []byte) byte {
	switch {
	case len(t) == 1 && (t[0] == '-' || t[0] == '/' || t[0] == '.' || t[0] == ' '):
		return t[0]
	case len(t) > 9:
		return 0
	}
	// Blanks around one separator; a line break may follow 年 or 月.
	for len(t) > 0 && t[0] == ' ' {
		t = t[1:]
	}
	for len(t) > 0 && (t[len(t)-1] == ' ' || t[len(t)-1] == '\n' || t[len(t)-1] == '\r') {
		t = t[:len(t)-1]
	}
	switch string(t) {
	case "年":
		return 'Y'
	case "月":
		return 'M'
	case "-", "/", ".":
		return t[0]
	case "ー":
		return '-'
	}
	return 0
}

func gapAfter(b *Block, i int) byte {
	if i+1 >= len(b.Runs) {
		return 0
	}
	from, to := b.Runs[i].End, b.Runs[i+1].Start
	if to-from > 9 {
		return 0
	}
	return dateGap(b.Text[from:to])
}

// monthDay reads month and day from the two runs after run i, and the 日 that
// may follow. gap is what stands before the month.
func monthDay(b *Block, i int, gap byte, year int) (d date, ok bool) {
	if i+2 >= len(b.Runs) {
		return d, false
	}
	m, last := b.Runs[i+1], b.Runs[i+2]
	second := gapAfter(b, i+1)
	if m.End-m.Start > 2 || last.End-last.Start > 2 || second == 0 ||
		second != gap && (gap != 'Y' || second != 'M') {
		return d, false
	}
	d = date{year: year, month: number(pick(b, m)), day: number(pick(b, last)),
		start: int(b.Runs[i].Start), end: int(last.End), runs: 3, form: 1}
	if !validDate(d.year, d.month, d.day) {
		return d, false
	}
	rest := b.Text[d.end:]
	if second == 'M' {
		switch {
		case startsWith(rest, "日"):
			d.end += len("日")
		case startsWith(rest, " 日"):
			d.end += len(" 日")
		}
		return d, true
	}
	if gap == ' ' {
		d.form = .5
	}
	if e := behind(b.Text, d.end); e == within || e == glued && rest[0] != 'T' && rest[0] != 'b' || e == tied && rest[0] != '_' {
		return d, false
	}
	return d, true
}

// yearFirst reads 1985-03-05, 1985/3/5, 1985.3.5, 1985年3月5日.
func yearFirst(b *Block, i int) (d date, ok bool) {
	r := b.Runs[i]
	c := b.Text[r.Start]
	if c != '1' && c != '2' {
		return d, false
	}
	gap := gapAfter(b, i)
	if gap == 0 || gap == 'M' {
		return d, false
	}
	year := number(pick(b, r))
	if year < oldest || year > thisYear || before(b.Text, int(r.Start)) != free {
		return d, false
	}
	return monthDay(b, i, gap, year)
}

// compact reads 19850305.
func compact(b *Block, i int) (d date, ok bool) {
	r := b.Runs[i]
	v := number(pick(b, r))
	d = date{year: v / 10000, month: v / 100 % 100, day: v % 100, start: int(r.Start), end: int(r.End), runs: 1, form: .9}
	if d.year < oldest || d.year > thisYear || !validDate(d.year, d.month, d.day) ||
		before(b.Text, d.start) != free || behind(b.Text, d.end) != free {
		return d, false
	}
	if own, _ := b.Label(d.start); own&LBirth == 0 {
		d.form = .5
	} else {
		d.form = 1
	}
	return d, true
}

// eraDate reads 昭和60年3月5日, S60.3.5, 昭60/3/5, 平成元年1月8日 with the digits
// of the year (or of the month, after 元年) at run i.
func eraDate(b *Block, i int) (d date, ok bool) {
	r := b.Runs[i]
	start := int(r.Start)
	if start == 0 {
		return d, false
	}
	switch c := b.Text[start-1]; {
	case c >= 0x80, c == ' ' && start > 3 && b.Text[start-2] >= 0x80:
	case c|0x20 == 's' || c|0x20 == 'h' || c|0x20 == 'r' || c|0x20 == 't' || c|0x20 == 'm':
	case c == '.' && start > 1 && isEraLetter(b.Text[start-2]): // S.60.3.5, H元.1.8
	case c == '.' || c == '/' || c == '-':
		if start < 4 || b.Text[start-2] < 0x80 {
			return d, false
		}
	default:
		return d, false
	}
	head, first := firstYear(b.Text[:start])
	if first {
		e, from := eraBefore(head)
		if e == nil || i+1 >= len(b.Runs) {
			return d, false
		}
		// The run is the month: read it as if a run for the year stood before.
		next := b.Runs[i+1]
		gap := gapAfter(b, i)
		if next.End-next.Start > 2 || gap == 0 || gap == ' ' {
			return d, false
		}
		d = date{year: e.year, month: number(pick(b, r)), day: number(pick(b, next)),
			start: from, end: int(next.End), runs: 2, form: 1}
		if startsWith(b.Text[d.end:], "日") {
			d.end += len("日")
		}
		return d, e.holds(d)
	}
	e, from := eraBefore(trimEra(b.Text[:start]))
	if e == nil {
		return d, false
	}
	gap := gapAfter(b, i)
	if gap == 0 || gap == ' ' || gap == 'M' {
		return d, false
	}
	year := number(pick(b, r))
	if year == 0 {
		return d, false
	}
	if d, ok = monthDay(b, i, gap, e.year+year-1); !ok {
		return d, false
	}
	d.start = from
	if len(e.name) == 1 && gap == '-' {
		d.form = .8 // H30-1-2 may be a part number
	}
	return d, e.holds(d)
}

func isEraLetter(c byte) bool {
	switch c | 0x20 {
	case 'm', 't', 's', 'h', 'r':
		return true
	}
	return false
}

// trimEra drops the blank or dot that may stand between era and year.
func trimEra(t []byte) []byte {
	if n := len(t); n > 0 && (t[n-1] == ' ' || t[n-1] == '.') {
		return t[:n-1]
	}
	return t
}

// firstYear reports 元年 (or 元 with a dot, slash or hyphen) at the end of t and
// returns what stands before it.
func firstYear(t []byte) ([]byte, bool) {
	n := len(t)
	for n > 0 && t[n-1] == ' ' {
		n--
	}
	switch t = t[:n]; {
	case endsWith(t, "元年"):
		return t[:n-6], true
	case n > 1 && (t[n-1] == '.' || t[n-1] == '/' || t[n-1] == '-') && endsWith(t[:n-1], "元"):
		return t[:n-4], true
	}
	return t, false
}

// eraBefore finds the era whose name ends t, and where it begins.
func eraBefore(t []byte) (*era, int) {
	for k := range eras {
		e := &eras[k]
		if !endsWith(t, e.name) {
			continue
		}
		from := len(t) - len(e.name)
		switch {
		case len(e.name) == 1 && from > 0 && (isAlnum(t[from-1]) || t[from-1] == '-' || t[from-1] == '_'):
			return nil, 0
		}
		return e, from
	}
	return nil, 0
}

// holds reports whether the date exists and lies within the era.
func (e *era) holds(d date) bool {
	v := d.year*10000 + d.month*100 + d.day
	return validDate(d.year, d.month, d.day) && v >= e.first && v <= e.last
}

// dayFirst reads 05/03/1985, 3/5/1985, 31.12.1985, 05-03-1985 and, behind a
// label, years of two digits.
func dayFirst(b *Block, i int) (d date, ok bool) {
	gap := gapAfter(b, i)
	if gap != '/' && gap != '-' && gap != '.' || i+2 >= len(b.Runs) || gapAfter(b, i+1) != gap {
		return d, false
	}
	first, second, last := b.Runs[i], b.Runs[i+1], b.Runs[i+2]
	size := last.End - last.Start
	if second.End-second.Start > 2 || size != 4 && size != 2 || before(b.Text, int(first.Start)) != free {
		return d, false
	}
	d = date{start: int(first.Start), end: int(last.End), runs: 3, form: 1}
	if e := behind(b.Text, d.end); e != free {
		return d, false
	}
	x, y, z := number(pick(b, first)), number(pick(b, second)), number(pick(b, last))
	if size == 2 {
		if own, _ := b.Label(d.start); own&LBirth == 0 {
			return d, false
		}
		turned := x > 31 // 85/03/05
		if turned {
			x, z = z, x
		}
		if z += 1900; z <= thisYear-100 {
			z += 100
		}
		if turned {
			d.year, d.month, d.day = z, y, x
			return d, validDate(z, y, x)
		}
	}
	d.year = z
	switch {
	case validDate(z, x, y) && gap != '.' && (y > 12 || gap == '/'):
		d.month, d.day = x, y
	case validDate(z, y, x):
		d.month, d.day = y, x
	case validDate(z, x, y) && gap != '.':
		d.month, d.day = x, y
	default:
		return d, false
	}
	return d, true
}

// monthName reads "March 5, 1985", "5 March 1985", "5-Mar-1985", "5th of March
// 1985" with the day at run i.
func monthName(b *Block, i int) (d date, ok bool) {
	if i+1 >= len(b.Runs) {
		return d, false
	}
	r, y := b.Runs[i], b.Runs[i+1]
	between := int(y.Start - r.End)
	if y.End-y.Start != 4 || between > 20 || between < 1 {
		return d, false
	}
	year := number(pick(b, y))
	if year < oldest || year > thisYear {
		return d, false
	}
	gap := trimOrdinal(b.Text[r.End:y.Start])
	if behind(b.Text, int(y.End)) == glued {
		return d, false
	}
	d = date{year: year, day: number(pick(b, r)), start: int(r.Start), end: int(y.End), runs: 2, form: 1}
	if word, rest := leadingWord(gap); word != nil {
		// 5 March 1985
		if d.month = month(word); d.month == 0 || len(rest) > 2 || before(b.Text, d.start) == glued {
			return d, false
		}
		return d, validDate(d.year, d.month, d.day)
	}
	if s := string(gap); s != ", " && s != " " && s != "," && s != "-" && s != "/" {
		return d, false
	}
	word := trailingWord(b.Text[max(0, d.start-12):d.start])
	if d.month = month(word); d.month == 0 {
		return d, false
	}
	for d.start > 0 && !isLetter(b.Text[d.start-1]) {
		d.start--
	}
	d.start -= len(word)
	return d, validDate(d.year, d.month, d.day)
}

// trimOrdinal drops "st", "nd", "rd", "th" and "of" from what follows a day.
func trimOrdinal(t []byte) []byte {
	for _, o := range [...]string{"st", "nd", "rd", "th"} {
		if startsWith(t, o) {
			t = t[2:]
			break
		}
	}
	if startsWith(t, " of ") {
		t = t[3:]
	}
	return t
}

// leadingWord returns the letters at the start of t after one separator, and
// what follows them.
func leadingWord(t []byte) (word, rest []byte) {
	if len(t) < 4 || t[0] != ' ' && t[0] != '-' && t[0] != '/' && t[0] != '.' {
		return nil, nil
	}
	t = t[1:]
	i := 0
	for i < len(t) && isLetter(t[i]) {
		i++
	}
	if i == 0 {
		return nil, nil
	}
	return t[:i], t[i:]
}

// trailingWord returns the letters before up to two separators at the end of t.
func trailingWord(t []byte) []byte {
	n := len(t)
	for k := 0; n > 0 && k < 2 && (t[n-1] == ' ' || t[n-1] == '.' || t[n-1] == '-' || t[n-1] == '/'); k++ {
		n--
	}
	if n == len(t) {
		return nil
	}
	i := n
	for i > 0 && isLetter(t[i-1]) {
		i--
	}
	return t[i:n]
}

// month reads an English month name, whole or by its first three letters; 0 if
// it is none.
func month(w []byte) int {
	if len(w) < 3 || len(w) > 9 {
		return 0
	}
	var lower [9]byte
	for i, c := range w {
		lower[i] = c | 0x20
	}
	for m, name := range monthNames {
		if n := len(w); n <= len(name) && string(lower[:n]) == name[:n] && (n == 3 || n == len(name) || n == 4 && m == 8) {
			return m + 1
		}
	}
	return 0
}

var monthNames = [...]string{"january", "february", "march", "april", "may", "june", "july",
	"august", "september", "october", "november", "december"}
