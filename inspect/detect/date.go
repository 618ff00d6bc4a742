package detect

import "github.com/sekimori-dlp/sekimori/inspect/match"

// date is a recognised calendar date.
type date struct {
	year, month, day int
	start, end       int
	runs             int     // runs of digits it used
	form             float32 // how surely the form is a date at all
}

func canonDate(d date) string { return string(appendDate(nil, d)) }

// appendDate appends the canonical form of a date, yyyymmdd.
func appendDate(b []byte, d date) []byte {
	y, m, n := uint(d.year), uint(d.month), uint(d.day)
	return append(b, byte('0'+y/1000%10), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10),
		byte('0'+m/10), byte('0'+m%10), byte('0'+n/10), byte('0'+n%10))
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
	case len(t) == 1:
		return dateSign[t[0]]
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

// dateSign is what dateGap says of one byte.
var dateSign = [256]byte{'-': '-', '/': '/', '.': '.', ' ': ' '}

func gapAfter(b *Block, i int) byte {
	if i+1 >= len(b.Runs) {
		return 0
	}
	from, to := b.Runs[i].End, b.Runs[i+1].Start
	if to-from == 1 {
		return dateSign[b.Text[from]]
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
	if m.End-m.Start > 2 || last.End-last.Start > 2 {
		return d, false
	}
	second := gapAfter(b, i+1)
	if second == 0 || second != gap && (gap != 'Y' || second != 'M') {
		return d, false
	}
	month, day := short(b, m), short(b, last)
	if !validDate(year, month, day) {
		return d, false
	}
	d = date{year: year, month: month, day: day, start: int(b.Runs[i].Start), end: int(last.End), runs: 3, form: 1}
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
	if len(rest) == 0 || rest[0] <= ',' && rest[0] != '%' {
		return d, true // nothing holds on to it
	}
	if e := behind(b.Text, d.end); e == within || e == glued && rest[0] != 'T' && rest[0] != 'b' || e == tied && rest[0] != '_' {
		return d, false
	}
	return d, true
}

// short reads a run of one or two digits as an integer.
func short(b *Block, r match.Run) int {
	v := int(b.Text[r.Start] - '0')
	if r.End-r.Start == 2 {
		v = v*10 + int(b.Text[r.Start+1]-'0')
	}
	return v
}

// yearFirst reads 1985-03-05, 1985/3/5, 1985.3.5, 1985年3月5日.
func yearFirst(b *Block, i int) (d date, ok bool) {
	r := b.Runs[i]
	if c := b.Text[r.Start]; (c != '1' || b.Text[r.Start+1] != '9') && c != '2' {
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
	if d.form = .5; b.ofBirth(d.start) {
		d.form = 1
	}
	return d, true
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
		turned := x > 31 // 85/03/05
		if turned {
			x, z = z, x
		}
		z = shortYear(z)
		if turned {
			d.year, d.month, d.day = z, y, x
			return d, validDate(z, y, x) && b.ofBirth(d.start)
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
	return d, size == 4 || b.ofBirth(d.start)
}

// ofBirth reports whether the own label of the value at offset i is that of a birth.
func (b *Block) ofBirth(i int) bool {
	return b.announced(birthWords, i) && b.Own(i)&LBirth != 0
}

// monthName reads "March 5, 1985", "5 March 1985", "5-Mar-1985", "5th of March
// 1985" with the day at run i.
func monthName(b *Block, i int) (d date, ok bool) {
	if i+1 >= len(b.Runs) {
		return d, false
	}
	r, y := b.Runs[i], b.Runs[i+1]
	between := int(y.Start - r.End)
	if between > 20 || between < 1 {
		return d, false
	}
	if between == 1 && !wordEnds(b.Text, int(r.Start)) {
		return d, false // no name of a month, before the day or behind it
	}
	year := number(pick(b, y))
	if y.End-y.Start == 2 {
		year = shortYear(year)
	}
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

// shortYear is the last year that ends in the two digits of y.
func shortYear(y int) int {
	if y += 2000; y > thisYear {
		y -= 100
	}
	return y
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

// wordEnds is a cheap test for what trailingWord finds before offset i.
func wordEnds(t []byte, i int) bool {
	n := i
	for n > 0 && n > i-2 && dateSign[t[n-1]] != 0 {
		n--
	}
	return n > 0 && n < i && isLetter(t[n-1])
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
