package detect

import "github.com/sekimori-dlp/sekimori/inspect/match"

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
const phoneGaps = sepHyphen | sepSpace | sepDot | sepParen | sepLineBreak | sepMiddle

// Patterns implements Vocabulary.
func (phone) Patterns() []match.Pattern {
	return hintWords(LPhone, "電話", "携帯", "ダイヤル", "フリーコール", "連絡先", "ファックス", "ファクス", "直通", "内線", "ケータイ", "スマ", "☎", "📞",
		"phone", "tel", "fax", "mobile", "cell", "landline", "whatsapp", "msisdn", "keitai", "denwa", "directline", "contact", "office", "home", "call", "dial", "answering", "reach", "number is")
}

func (p phone) Find(b *Block, emit func(Finding)) {
	runs, text := b.Runs, b.Text
	hint := b.hint(LPhone)
	var n numeral
	chosen := b.choose(&hint, phonesBegin)
	for i := chosen.next(0); i >= 0; i = chosen.next(i + 1) {
		r := runs[i]
		size := r.End - r.Start
		first, plus := text[r.Start], r.Start > 0 && plusBefore(text[:r.Start])
		switch {
		case size > 15:
			continue
		case plus, first == '0' && size > 1, size == 3, size == 1 && first == '1', size >= 10, hint.at(r.Start):
			if !startsHere(text, r) {
				continue
			}
		default:
			continue // most runs
		}
		took := 0
		switch {
		case plus:
			took = p.plus(b, i, &n, emit)
		case first == '0' && (size >= 10 || size > 1 && goesOn(text, r.End)):
			if took = p.japan(b, i, &n, hint.at(r.Start), emit); took == 0 && size >= 3 && (size < 10 || hint.at(r.Start) || startsWith(text[r.Start:], "0081")) {
				if took = p.zeroes(b, i, &n, emit); took == 0 {
					took = p.britain(b, i, &n, emit)
				}
			}
		case size == 3 && first >= '2' || size == 1 && first == '1':
			if goesOn(text, r.End) {
				took = p.america(b, i, &n, hint.within(r.Start, hintReach), emit)
			}
		case size == 10 && first >= '2' || size == 11 && first == '1':
			if hint.at(r.Start) { // ten bare digits can be anything
				took = p.america(b, i, &n, true, emit)
			}
		}
		if took == 0 && hint.at(r.Start) {
			took = p.labelled(b, i, &n, emit)
		}
		if took > 0 {
			i += took - 1
		}
	}
}

// phonesBegin chooses the runs that one of the readers may begin a number with.
func phonesBegin(s span, near uint64) uint64 {
	more := s.in(beforeMore) & s.in(closeBy)
	trunk := s.in(startsZero) &^ s.in(1) & (more | s.sized(10, size14))
	// Ten digits in all behind the trunk 1, or from three on.
	next := s.then(1, beforeMore) & s.then(1, closeBy)
	american := more & (s.in(1)&s.in(startsOne)&(next|s.then(1, 10)) | s.in(3)&^s.in(startsZero)&(next|s.then(1, 7)))
	said := near
	if near != 0 {
		said &= s.sized(6, 12)&^(s.in(elsewise)&^s.in(startsZero)) | s.sized(1, 5)&more
	}
	return (s.in(behindPlus) | trunk | american | said) &^ (s.in(size20) | s.in(inWord))
}

// startsHere is a cheap test whether a telephone number can begin with run r:
// not within a word, and not where a number goes on.
func startsHere(t []byte, r match.Run) bool {
	if int(r.End) < len(t) && isLetter(t[r.End]) && t[r.End]|0x20 != 'x' && t[r.End]|0x20 != 'e' {
		return false // no extension
	}
	i := int(r.Start)
	if i == 0 {
		return true
	}
	switch c := t[i-1]; {
	case c == '-' || c == '.' || c == ':':
		return i < 2 || !isDigit(t[i-2])
	case isLetter(c):
		return phoneLetter(t[:i])
	}
	return true
}

// plusBefore reports a + right before a number, perhaps with "(".
func plusBefore(t []byte) bool {
	return t[len(t)-1] == '+' || endsWith(t, "+(")
}

// unnamed is the confidence in what is a telephone number only by its label:
// too low to be told.
const unnamed float32 = .01

// candidate is a number that one of the readers took for a telephone number.
type candidate struct {
	start, end int
	alone      float32 // confidence with nothing said of it
	named      float32 // with a label
	service    bool
	valid      bool
	bare       bool   // no separators: a label decides
	broken     bool   // goes over a line break: only with a label
	country    string // calling code with +, or the whole number in E.164 form
	digits     []byte // what follows it, without trunk prefix; the numeral's own
}

// judge weighs a candidate against its surroundings and emits it. It reports
// whether the digits are used up.
func (p phone) judge(b *Block, c candidate, emit func(Finding)) bool {
	left, right := before(b.Text, c.start), behind(b.Text, c.end)
	if left == within || right == within || left == glued && !phoneLetter(b.Text[:c.start]) {
		return false
	}
	ext := extension(b.Text[c.end:])
	if right == glued && ext == 0 {
		return false
	}
	own, near := b.Label(c.start)
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
	case score >= .2 && score < .85 && !c.bare && b.besideMail(c.start, c.end):
		score = max(score, .85)
	}
	if left == tied && !c.bare && b.Text[c.start-1] == '/' && isDigit(b.Text[c.start-2]) {
		left = free // 090-1234-5678/03-1234-5678
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
	emit(Finding{Type: t, Detector: p.ID(), Start: c.start, End: c.end + ext,
		Confidence: score, Validated: c.valid, Canon: c.country + string(c.digits)})
	return true
}

func startsWithLetter(t []byte) bool { return len(t) > 0 && isLetter(t[0]) }

// phoneLetter reports a letter before a number that belongs to a label written
// without a space: "TEL03-1234-5678", "Fax(03)".
func phoneLetter(t []byte) bool {
	i := len(t)
	switch t[i-1] | 0x20 {
	case 'l', 'x', 't', 'f', 'm', 'e':
	default:
		return false
	}
	for i > 0 && len(t)-i < 6 && isAlnum(t[i-1]) {
		i--
	}
	switch string(t[i:]) {
	case "TEL", "Tel", "tel", "FAX", "Fax", "fax", "T", "F", "M", "Phone", "phone":
		return true
	}
	return false
}

// opening returns where a number starts: at the "(" before it if its first
// group, which ends at end, is closed by ")".
func opening(t []byte, start, end int) int {
	if start > 0 && t[start-1] == '(' && end < len(t) && t[end] == ')' {
		return start - 1
	}
	return start
}

// japan reads a number with its trunk 0 from run i on and returns how many
// runs it took. hinted says that a label may speak of telephones.
func (p phone) japan(b *Block, i int, n *numeral, hinted bool, emit func(Finding)) int {
	r := b.Runs[i]
	if r.End-r.Start >= 10 {
		n.read(b, i, 0, 1)
	} else {
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
		ranged := false
		if next := n.after(k); next&(sepHyphen|sepDot) != 0 && (k == 1 || next&n.gaps(k) != 0) {
			// Only a range of extensions goes on: 03-1234-5678〜5680.
			if ranged = next == sepHyphen && k == 3 && n.groups == 4 && n.more == 0 && n.size[3] <= 4; !ranged {
				return 0
			}
		}
		c := candidate{start: opening(b.Text, n.start, n.end[0]), end: n.end[k-1], service: kind == serviceLine,
			valid: kind != unknownLine, bare: k == 1, country: "+81", digits: d[1:], broken: n.gaps(k)&sepLineBreak != 0}
		if c.broken && kind == mobileLine && n.shape(3, 4, 4) && n.gap[1]&n.gap[2]&sepHyphen != 0 {
			c.broken = false // hyphenated where the line ends
		}
		written := writtenJapan(n, k, kind, head)
		if kind == serviceLine && written == 0 && k > 1 { // 01205-9-0149
			kind, c.service, c.valid = unknownLine, false, false
			written = writtenJapan(n, k, kind, 0)
		}
		c.alone, c.named = scoreJapan(d, kind, written, k, n)
		if c.alone == 0 || c.alone == unnamed && !hinted {
			return 0
		}
		if ranged {
			c.alone *= .3
		}
		if k == 3 && c.alone >= .5 && b.byChance(n, k, reachesFrom0) {
			c.alone *= .4
		}
		if c.bare && c.alone >= .3 {
			switch alike, good := b.kin(i, reachesJapan); {
			case alike < kinEnough:
			case good == alike && alike > kinEnough && kind != fixedLine:
				c.alone = max(c.alone, .85)
			case good*3 < alike*2:
				c.alone *= .4
			}
		}
		if p.judge(b, c, emit) {
			return k
		}
		return 0
	}
	return 0
}

// reachesJapan accepts whole numbers of a line in use.
func reachesJapan(d []byte) bool {
	kind, _ := planJapan(d)
	return kind != noLine && kind != unknownLine
}

// reachesFrom0 is reachesJapan for digits that may begin otherwise.
func reachesFrom0(d []byte) bool { return d[0] == '0' && reachesJapan(d) }

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
			return .38, .97
		case ipLine, serviceLine:
			return .45, .97
		case machineLine:
			return .15, .9
		}
		return unnamed, .8
	}
	gaps := n.gaps(k)
	spaced := gaps&(sepSpace|sepDot|sepMiddle) != 0 && gaps&(sepHyphen|sepParen) == 0
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
