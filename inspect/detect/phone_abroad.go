package detect

import "github.com/nyaruka/phonenumbers"

// plus reads an international number whose + stands before run i.
func (p phone) plus(b *Block, i int, n *numeral, emit func(Finding)) int {
	n.read(b, i, phoneGaps, 8)
	start := n.start - 1
	if b.Text[start] == '(' {
		start--
	}
	if start > 0 && isAlnum(b.Text[start-1]) && !phoneLetter(b.Text[:start]) {
		return 0
	}
	return p.international(b, n, start, 0, .95, .98, emit)
}

// zeroes reads numbers that begin with the international prefix 00, or Japan's
// 010, instead of +.
func (p phone) zeroes(b *Block, i int, n *numeral, emit func(Finding)) int {
	n.read(b, i, phoneGaps, 8)
	skip := 0
	switch d := n.digit[:n.n]; {
	case startsWith(d, "010") && n.size[0] == 3:
		skip = 3
	case startsWith(d, "00") && len(d) > 2 && d[2] != '0':
		skip = 2
	}
	if skip == 0 || n.n-skip < 8 || before(b.Text, n.start) != free {
		return 0
	}
	alone := unnamed
	if n.groups > 2 {
		alone = .7
	}
	if startsWith(n.digit[skip:n.n], "81") {
		alone = max(alone, .6)
	}
	return p.international(b, n, n.start, skip, alone, .96, emit)
}

// international finds the longest run of groups that, without its first skip
// digits, is a number of some country.
func (p phone) international(b *Block, n *numeral, start, skip int, alone, named float32, emit func(Finding)) int {
	for k := n.groups; k >= 1; k-- {
		d := n.digits(k)[skip:]
		if len(d) < 7 || len(d) > 16 || d[0] == '0' {
			continue
		}
		if next := n.after(k); k > 1 && next&(sepHyphen|sepDot) != 0 && next&n.gaps(k) != 0 {
			continue
		}
		c := candidate{start: start, end: n.end[k-1], alone: alone, named: named, valid: true,
			broken: n.gaps(k)&sepLineBreak != 0}
		c, ok := c.reach(d, k == n.groups && (k > 2 || len(d) >= 10))
		if !ok {
			continue
		}
		if k == 1 && n.size[0] < 10 {
			c.alone *= .7
		} else if k > 1 && (extension(b.Text[c.end:]) > 0 || kindBehind(b.Text[c.end:])) {
			c.alone = max(c.alone, .9)
		}
		if p.judge(b, c, emit) {
			return k
		}
		return 0
	}
	return 0
}

// reach asks the numbering plans for the digits after the + and adds what they
// say. Where loose is set a number need only have a possible length.
func (c candidate) reach(d []byte, loose bool) (candidate, bool) {
	if startsWith(d, "81") {
		var ok bool
		c.country, c.digits = "+81", d[2:]
		if c.digits[0] == '0' { // +81 (0)3 …
			c.digits = c.digits[1:]
		}
		c.service, ok = reachesFromAbroad(c.digits)
		return c, ok
	}
	number, err := phonenumbers.Parse("+"+string(d), "ZZ")
	if err != nil || phonenumbers.IsPossibleNumberWithReason(number) != phonenumbers.IS_POSSIBLE {
		return c, false
	}
	if !phonenumbers.IsValidNumber(number) {
		if !loose {
			return c, false
		}
		c.valid, c.alone, c.named = false, c.alone*.6, c.named*.9
	}
	c.country = phonenumbers.Format(number, phonenumbers.E164)
	return c, true
}

// reachesFromAbroad looks a Japanese number without its trunk 0 up in the plan.
func reachesFromAbroad(d []byte) (service, ok bool) {
	var national [12]byte
	national[0] = '0'
	if len(d) > 10 {
		return false, false
	}
	kind, _ := planJapan(national[:1+copy(national[1:], d)])
	return kind == serviceLine, kind != noLine && kind != unknownLine
}
