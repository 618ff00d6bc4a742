package detect

import (
	"github.com/nyaruka/phonenumbers"
)

// phone finds telephone numbers: the whole Japanese numbering plan by table,
// US and British national numbers by their form, and numbers of any country
// that begin with + or 00 or stand behind a label.
//
// Dates, versions, IP addresses, ISBN and other digits are told apart by their
// shape, by what they touch and by their label; bare digits that only happen
// to fit the plan keep a low confidence.
type phone struct{}

func (phone) ID() string    { return "phone" }
func (phone) Types() []Type { return []Type{Phone, Service} }

// phoneGaps are the separators inside a telephone number; a line break only
// where a label speaks for it.
const phoneGaps = sepHyphen | sepSpace | sepDot | sepParen | sepLineBreak

func (p phone) Find(b *Block, emit func(Finding)) {
	runs, text := b.Runs, b.Text
	for i := 0; i < len(runs); i++ {
		r := runs[i]
		size := r.End - r.Start
		if size > 15 {
			continue
		}
		var took int
		switch {
		case r.Start > 0 && plusBefore(text[:r.Start]):
			took = p.plus(b, i, emit)
		case text[r.Start] == '0':
			if took = p.japan(b, i, emit); took == 0 && size >= 3 {
				if took = p.zeroes(b, i, emit); took == 0 {
					took = p.britain(b, i, emit)
				}
			}
		case size == 3 || size == 1 && text[r.Start] == '1' || size == 10 || size == 11 && text[r.Start] == '1':
			took = p.america(b, i, emit)
		}
		if took == 0 {
			took = p.labelled(b, i, emit)
		}
		if took > 0 {
			i += took - 1
		}
	}
}

// plusBefore reports a + right before a number, perhaps with "(".
func plusBefore(t []byte) bool {
	return t[len(t)-1] == '+' || endsWith(t, "+(")
}

// candidate is a number that one of the readers took for a telephone number.
type candidate struct {
	start, end int
	alone      float32 // confidence with nothing said of it
	named      float32 // with a label
	service    bool
	valid      bool
	bare       bool // no separators: a label decides
	broken     bool // goes over a line break: only with a label
	canon      string
}

// judge weighs a candidate against its surroundings and emits it. It reports
// whether the digits are used up.
func (p phone) judge(b *Block, c candidate, emit func(Finding)) bool {
	left, right := before(b.Text, c.start), behind(b.Text, c.end)
	if left == within || right == within || left == glued && !phoneLetter(b.Text[:c.start]) {
		return false
	}
	own, near := b.Label(c.start)
	if right == glued && !(extension(b.Text[c.end:]) > 0) {
		return false
	}
	score := c.alone
	others := LCard | LPostal | LMyNumber | LCorporate | LDriver | LPassport | LPension | LInsurance | LBank | LSSN | LIBAN | LCustomer
	switch {
	case own&LPhone != 0:
		score = c.named
	case own&(against|others|LBirth) != 0:
		score *= .3
	case near&LPhone != 0:
		score = max(score, c.named-.05)
	case c.bare && near&(against|others) != 0:
		score *= .5
	case c.bare && score >= .3 && (near&people != 0 || b.besideMail(c.start, c.end)):
		score = max(score, .8)
	case !c.valid && b.besideMail(c.start, c.end):
		score = max(score, .8)
	}
	if (own|near)&LPhone == 0 {
		if c.broken {
			return false
		}
		if left == tied || right == tied && !startsWithLetter(b.Text[c.end+1:]) {
			score *= .4
		}
	}
	if score < .05 {
		return false
	}
	t := Phone
	if c.service {
		t = Service
	}
	emit(Finding{Type: t, Detector: p.ID(), Start: c.start, End: c.end + extension(b.Text[c.end:]),
		Confidence: score, Validated: c.valid, Canon: c.canon})
	return true
}

func startsWithLetter(t []byte) bool { return len(t) > 0 && isLetter(t[0]) }

// phoneLetter reports a letter before a number that belongs to a label written
// without a space: "TEL03-1234-5678", "Fax(03)".
func phoneLetter(t []byte) bool {
	for _, word := range [...]string{"TEL", "Tel", "tel", "FAX", "Fax", "fax", "T", "F", "M", "Phone", "phone"} {
		if endsWith(t, word) && (len(t) == len(word) || !isAlnum(t[len(t)-len(word)-1])) {
			return true
		}
	}
	return false
}

// opening returns where the number starts if "(" stands before it and the gap
// after its first group closes it.
func opening(t []byte, start int) int {
	if start > 0 && t[start-1] == '(' {
		return start - 1
	}
	return start
}

// japan reads a number with its trunk 0 from run i on and returns how many
// runs it took.
func (p phone) japan(b *Block, i int, emit func(Finding)) int {
	var n numeral
	r := b.Runs[i]
	switch size := r.End - r.Start; {
	case size >= 10:
		n.read(b, i, 0, 1)
	case size == 1:
		return 0 // digits that stand apart need a label
	default:
		n.read(b, i, phoneGaps, 6)
	}
	sum := 0
	for k := 1; k <= n.groups; k++ {
		if sum += int(n.size[k-1]); sum < 10 {
			continue
		}
		if sum > 11 {
			return 0
		}
		d := n.digit[:sum]
		kind, head := planJapan(d)
		if kind == noLine {
			continue
		}
		if sum == 10 && k < n.groups && n.size[k] == 1 && n.gap[k] == n.gap[1] {
			continue // perhaps an eleventh digit
		}
		if next := n.after(k); next&(sepHyphen|sepDot) != 0 && (k == 1 || next&n.gaps(k) != 0) {
			return 0 // goes on: not a telephone number
		}
		c := candidate{start: n.start, end: n.end[k-1], service: kind == serviceLine,
			valid: kind != unknownLine, broken: n.gaps(k)&sepLineBreak != 0}
		written := writtenJapan(&n, k, kind, head)
		if kind == serviceLine && written == 0 && k > 1 { // 01205-9-0149
			kind, c.service, c.valid = unknownLine, false, false
			written = writtenJapan(&n, k, kind, 0)
		}
		c.alone, c.named = scoreJapan(d, kind, written, k, &n)
		if c.alone == 0 {
			return 0
		}
		c.bare = k == 1
		if n.gaps(k)&sepParen != 0 {
			c.start = opening(b.Text, c.start)
		}
		c.canon = "+81" + string(d[1:])
		if p.judge(b, c, emit) {
			return k
		}
		return 0
	}
	return 0
}

// scoreJapan gives the confidence in a number alone and behind a label.
func scoreJapan(d []byte, kind lineKind, written, k int, n *numeral) (alone, named float32) {
	if k == 1 {
		switch kind {
		case mobileLine:
			return .6, .98
		case fixedLine:
			if isbn10(d) {
				return .3, .96
			}
			return .5, .97
		case ipLine, serviceLine:
			return .45, .97
		case machineLine:
			return .15, .9
		}
		return .03, .8
	}
	gaps := n.gaps(k)
	spaced := gaps&(sepSpace|sepDot) != 0 && gaps&(sepHyphen|sepParen) == 0
	switch {
	case kind == unknownLine && written == 1 && !spaced && n.even(k) && k == 3 && d[1] != '0':
		return .6, .9
	case kind == unknownLine && written == 1 && k == 3:
		return .25, .85
	case kind == unknownLine:
		return 0, 0
	case written == 2 && !spaced:
		return .97, .99
	case written == 2 && n.even(k):
		return .88, .98
	case written == 1 && !spaced:
		return .85, .97
	case written == 1:
		return .6, .95
	}
	return .1, .85
}

// plus reads an international number whose + stands before run i.
func (p phone) plus(b *Block, i int, emit func(Finding)) int {
	var n numeral
	n.read(b, i, phoneGaps, 8)
	start := n.start - 1
	if b.Text[start] == '(' {
		start--
	}
	if start > 0 && (isAlnum(b.Text[start-1]) && !phoneLetter(b.Text[:start])) {
		return 0
	}
	return p.international(b, &n, start, n.digit[:0:0], .95, .98, emit)
}

// zeroes reads numbers that begin with the international prefix 00, or Japan's
// 010, instead of +.
func (p phone) zeroes(b *Block, i int, emit func(Finding)) int {
	var n numeral
	n.read(b, i, phoneGaps, 8)
	skip := 0
	switch d := n.digit[:n.n]; {
	case startsWith(d, "010") && n.size[0] == 3:
		skip = 3
	case startsWith(d, "00") && len(d) > 2 && d[2] != '0':
		skip = 2
	}
	if skip == 0 || n.n-skip < 8 {
		return 0
	}
	alone := float32(.3)
	if n.groups > 2 {
		alone = .7
	}
	if startsWith(n.digit[skip:n.n], "81") {
		alone = max(alone, .6)
	}
	return p.international(b, &n, n.start, n.digit[:skip], alone, .96, emit)
}

// international finds the longest run of groups that is a valid number of some
// country, after the given prefix.
func (p phone) international(b *Block, n *numeral, start int, prefix []byte, alone, named float32, emit func(Finding)) int {
	for k := n.groups; k >= 1; k-- {
		d := n.digits(k)[len(prefix):]
		if len(d) < 7 || len(d) > 16 || d[0] == '0' {
			continue
		}
		if next := n.after(k); k > 1 && next&(sepHyphen|sepDot) != 0 && next&n.gaps(k) != 0 {
			continue
		}
		c := candidate{start: start, end: n.end[k-1], alone: alone, named: named, valid: true,
			broken: n.gaps(k)&sepLineBreak != 0}
		if d[0] == '8' && d[1] == '1' {
			var ok bool
			if c.canon, c.service, ok = japanAbroad(d[2:]); !ok {
				continue
			}
		} else {
			number, err := phonenumbers.Parse("+"+string(d), "ZZ")
			switch {
			case err != nil || phonenumbers.IsPossibleNumberWithReason(number) != phonenumbers.IS_POSSIBLE:
				continue
			case phonenumbers.IsValidNumber(number):
			case k == n.groups && (k > 2 || len(d) >= 10):
				c.valid, c.alone, c.named = false, c.alone*.6, c.named*.9
			default:
				continue
			}
			c.canon = "+" + string(d)
		}
		if k == 1 && n.size[0] < 10 {
			c.alone *= .7
		}
		if p.judge(b, c, emit) {
			return k
		}
		return 0
	}
	return 0
}

// japanAbroad reads the digits after 81, an optional trunk 0 among them.
func japanAbroad(d []byte) (canon string, service, ok bool) {
	var national [12]byte
	national[0] = '0'
	if len(d) > 0 && d[0] == '0' {
		d = d[1:]
	}
	if len(d) > 10 {
		return "", false, false
	}
	kind, _ := planJapan(national[:1+copy(national[1:], d)])
	return "+81" + string(d), kind == serviceLine, kind != noLine && kind != unknownLine
}
