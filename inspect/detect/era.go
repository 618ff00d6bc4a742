package detect

// era is a Japanese era with its first and last day as yyyymmdd.
type era struct {
	name        string
	year        int // year 1
	first, last int
}

// eras are the modern ones: names, one-kanji forms, letters.
// Bounds as proclaimed; Meiji before its sixth year counted by another
// calendar, which no birth date in use needs.
var eras = [...]era{
	{"明治", 1868, 18681023, 19120729}, {"大正", 1912, 19120730, 19261224},
	{"昭和", 1926, 19261225, 19890107}, {"平成", 1989, 19890108, 20190430},
	{"令和", 2019, 20190501, 99991231},
	{"明", 1868, 18681023, 19120729}, {"大", 1912, 19120730, 19261224},
	{"昭", 1926, 19261225, 19890107}, {"平", 1989, 19890108, 20190430},
	{"令", 2019, 20190501, 99991231},
	{"M", 1868, 18681023, 19120729}, {"T", 1912, 19120730, 19261224},
	{"S", 1926, 19261225, 19890107}, {"H", 1989, 19890108, 20190430},
	{"R", 2019, 20190501, 99991231},
	{"m", 1868, 18681023, 19120729}, {"t", 1912, 19120730, 19261224},
	{"s", 1926, 19261225, 19890107}, {"h", 1989, 19890108, 20190430},
	{"r", 2019, 20190501, 99991231},
}

// wholeEras is how many eras stand in eras by their whole names.
const wholeEras = 5

// isEra reports whether word is the name of an era.
func isEra(word []byte) bool {
	if len(word) != len("令和") {
		return false
	}
	for i := range wholeEras {
		if string(word) == eras[i].name {
			return true
		}
	}
	return false
}

// letterEras is where the eras by letter begin in eras.
const letterEras = 10

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
	e, from := eraBefore(trimGap(b.Text[:start]))
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

// eraTail is a cheap test for an era, its letter or 元年 before offset i: by the
// last byte that can stand there.
func eraTail(t []byte, i int) bool {
	if i == 0 {
		return false
	}
	c := t[i-1]
	if eraGap(c) && i > 1 {
		c = t[i-2]
	}
	return eraTails[c]
}

// eraGap reports what may stand between an era and its year.
func eraGap(c byte) bool { return c == ' ' || c == '.' || c == '/' || c == '-' }

var eraTails = func() (set [256]bool) {
	for _, e := range eras {
		set[e.name[len(e.name)-1]] = true
	}
	for _, w := range [...]string{"年", "元"} {
		set[w[len(w)-1]] = true
	}
	return set
}()

func isEraLetter(c byte) bool {
	switch c | 0x20 {
	case 'm', 't', 's', 'h', 'r':
		return true
	}
	return false
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
	n := len(t)
	if n == 0 {
		return nil, 0
	}
	if c := t[n-1]; c < 0x80 {
		if n > 1 && (isAlnum(t[n-2]) || t[n-2] == '-' || t[n-2] == '_') {
			return nil, 0
		}
		for k := letterEras; k < len(eras); k++ {
			if eras[k].name[0] == c {
				return &eras[k], n - 1
			}
		}
		return nil, 0
	}
	for k := range eras[:letterEras] {
		if e := &eras[k]; e.name[len(e.name)-1] == t[n-1] && endsWith(t, e.name) {
			return e, n - len(e.name)
		}
	}
	return nil, 0
}

// holds reports whether the date exists and lies within the era.
func (e *era) holds(d date) bool {
	v := d.year*10000 + d.month*100 + d.day
	return validDate(d.year, d.month, d.day) && v >= e.first && v <= e.last
}
