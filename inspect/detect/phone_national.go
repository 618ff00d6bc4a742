package detect

// america reads a number of the North American plan written 3-3-4, with or
// without a leading 1, or bare behind a label. hinted says that the text
// nearby speaks of telephones.
func (p phone) america(b *Block, i int, n *numeral, hinted bool, emit func(Finding)) int {
	n.read(b, i, phoneGaps, 4)
	skip := 0
	if n.size[0] == 1 || n.size[0] == 11 {
		skip = 1 // the trunk 1
	}
	k, sum := 0, 0
	for k < n.groups && sum < 10+skip {
		sum += int(n.size[k])
		k++
	}
	if sum != 10+skip {
		return 0
	}
	d := n.digit[skip:sum]
	if d[0] < '2' || d[3] < '2' {
		return 0
	}
	if next := n.after(k); next&(sepHyphen|sepDot) != 0 {
		return 0
	}
	c := candidate{start: n.start, end: n.end[k-1], valid: true,
		broken: n.gaps(k)&sepLineBreak != 0, country: "+1", digits: d}
	at := skip
	if n.size[0] == 11 {
		at = 0
	}
	switch gaps := n.gaps(k); {
	case k == 1:
		c.alone, c.named, c.bare, c.valid = unnamed, .93, true, false
	case k-at == 3 && n.size[at] == 3 && n.size[at+1] == 3:
		c.start = opening(b.Text, n.start, n.end[0])
		switch {
		case gaps&sepParen != 0:
			c.alone = .95
		case gaps&sepHyphen != 0 && gaps&(sepSpace|sepDot) == 0:
			c.alone = .65
		case gaps&sepDot != 0 && gaps&(sepHyphen|sepSpace) == 0:
			c.alone = .6
		case gaps == sepSpace:
			c.alone = .45
		default:
			c.alone = .6
		}
		if skip == 1 {
			c.alone = max(c.alone, .8)
		}
		if hinted {
			c.alone = max(c.alone, .85)
		}
		c.named = .98
	case gaps&sepParen != 0 && k-at == 2 && n.size[at] == 3: // 1(567)3628910
		c.start = opening(b.Text, n.start, n.end[0])
		c.alone, c.named = .85, .97
	default:
		c.alone, c.named = .1, .85
	}
	if c.alone >= .4 && k == 3 && !hinted && b.byChance(n, k, isAmerican) {
		c.alone *= .4
	}
	if extension(b.Text[c.end:]) > 0 {
		c.alone = max(c.alone, .95)
	}
	if d[1] == '1' && d[2] == '1' { // 911 and the like are no area codes
		c.alone, c.named, c.valid = c.alone*.6, .85, false
	}
	if p.judge(b, c, emit) {
		return k
	}
	return 0
}

// isAmerican accepts ten digits of which neither area nor exchange begins with 0 or 1.
func isAmerican(d []byte) bool { return len(d) == 10 && d[0] >= '2' && d[3] >= '2' }

// britain reads British national numbers: eleven digits after a trunk 0 in the
// groupings used there. Japan is asked first.
func (p phone) britain(b *Block, i int, n *numeral, emit func(Finding)) int {
	n.read(b, i, phoneGaps, 4)
	if n.n < 10 || before(b.Text, n.start) != free {
		return 0
	}
	k, sum := 0, 0
	for k < n.groups && sum < 11 {
		sum += int(n.size[k])
		k++
	}
	if sum != 11 || n.after(k)&(sepHyphen|sepDot) != 0 {
		return 0
	}
	d := n.digit[:sum]
	alone := float32(.75)
	switch {
	case d[1] == '0' || d[1] == '4' || d[1] == '6' || d[1] == '9':
		return 0 // not in use
	case k == 1:
		alone = unnamed
	case !n.shape(5, 6) && !n.shape(5, 3, 3) && !n.shape(4, 3, 4) && !n.shape(3, 4, 4):
		return 0
	}
	c := candidate{start: n.start, end: n.end[k-1], alone: alone, named: .96, valid: true, bare: k == 1,
		broken: n.gaps(k)&sepLineBreak != 0, country: "+44", digits: d[1:]}
	c.start = opening(b.Text, n.start, n.end[0])
	if k == 3 && b.byChance(n, k, isBritish) {
		c.alone *= .4
	}
	if p.judge(b, c, emit) {
		return k
	}
	return 0
}

// isBritish accepts eleven digits in use in Britain.
func isBritish(d []byte) bool {
	return len(d) == 11 && d[0] == '0' && d[1] != '0' && d[1] != '4' && d[1] != '6' && d[1] != '9'
}

// labelled reads whatever stands where a label promises a telephone number:
// local numbers without area code, foreign ones without country code, digits
// spaced out one by one.
func (p phone) labelled(b *Block, i int, n *numeral, emit func(Finding)) int {
	r := b.Runs[i]
	if size := r.End - r.Start; size > 12 || size < 6 &&
		(i+1 == len(b.Runs) || b.Runs[i+1].Start-r.End > 3) {
		return 0
	}
	n.read(b, i, phoneGaps|sepWide, maxGroups)
	if n.n < 6 {
		return 0
	}
	if n.groups <= 6 && n.gaps(n.groups)&(sepLineBreak|sepWide) == 0 && !n.dialled() {
		return 0 // whatever is said of it
	}
	own := b.Own(n.start)
	if own&(against|LBirth|LPostal) != 0 {
		return 0
	}
	if own&LPhone == 0 {
		n.read(b, i, phoneGaps&^sepLineBreak, 6)
	}
	k, sum := n.dialling()
	if sum < 6 || k == 3 && isDateShape(n) {
		return 0
	}
	if own&LPhone == 0 && (k == 1 || sum < 6 || !kindBehind(b.Text[n.end[k-1]:]) &&
		(sum < 7 || k < n.groups || !calledBefore(b.Text[:opening(b.Text, n.start, n.end[0])]))) {
		return 0
	}
	d := n.digit[:sum]
	c := candidate{start: opening(b.Text, n.start, n.end[0]), end: n.end[k-1], alone: .75, named: .8, digits: d}
	if sum < 9 {
		c.named = .78
	}
	if kind, _ := planJapan(d); kind != noLine && kind != unknownLine {
		c.valid, c.named, c.service, c.country, c.digits = true, .96, kind == serviceLine, "+81", d[1:]
	} else if startsWith(d, "81") { // without its +
		if service, ok := reachesFromAbroad(d[2:]); ok {
			c.valid, c.named, c.service, c.country, c.digits = true, .95, service, "+81", d[2:]
		}
	}
	if p.judge(b, c, emit) {
		return k
	}
	return 0
}

// dialling takes as many groups of n as one telephone number can have, and returns how
// many digits they have; a wide gap or a line break begins something new unless too
// little stands before it.
func (n *numeral) dialling() (k, sum int) {
	apart := n.shape(1, 1, 1, 1, 1)
	for k < n.groups && sum+int(n.size[k]) <= 13 {
		if g := n.gap[k]; !apart && (g&sepLineBreak != 0 && g&sepHyphen == 0 || sum >= 6 && g&(sepLineBreak|sepWide) != 0) {
			break
		}
		sum += int(n.size[k])
		k++
		if apart && sum >= 10 {
			if kind, _ := planJapan(n.digit[:sum]); kind != noLine && kind != unknownLine {
				break
			}
		}
	}
	return k, sum
}

// dialled reports whether n begins with what may be a telephone number under a label:
// enough digits, and no date.
func (n *numeral) dialled() bool {
	k, sum := n.dialling()
	return sum >= 6 && (k != 3 || !isDateShape(n))
}

// kindBehind reports a word behind a number that tells what kind of telephone
// it reaches, as in "089 72 63 41 office".
func kindBehind(t []byte) bool {
	t = t[extension(t):]
	for len(t) > 0 && (t[0] == ' ' || t[0] == '-' || t[0] == '(') {
		t = t[1:]
	}
	for _, w := range [...]string{"office", "Office", "fax", "Fax", "FAX", "mobile", "Mobile", "home", "Home", "cell", "Cell", "携帯", "自宅"} {
		if startsWith(t, w) && (len(t) == len(w) || !isLetter(t[len(w)])) {
			return true
		}
	}
	return false
}

// calledBefore reports words before a number that ask for it to be dialled.
func calledBefore(t []byte) bool {
	t = t[max(0, len(t)-24):]
	for len(t) > 0 && (t[len(t)-1] == ' ' || t[len(t)-1] == ':') {
		t = t[:len(t)-1]
	}
	for _, w := range [...]string{"call", "call me at", "call us at", "answering at", "reach me at", "reach us at", "dial", "Call", "Dial",
		"number is", "number", "Number is", "Number"} {
		if endsWith(t, w) && (len(t) == len(w) || !isLetter(t[len(t)-len(w)-1])) {
			return true
		}
	}
	return false
}

// isDateShape reports groups that read as a date.
func isDateShape(n *numeral) bool {
	return n.shape(4, 2, 2) && (n.digit[0] == '1' || n.digit[0] == '2')
}

// extension returns the length of an extension behind a number: " x123",
// " ext. 123", "内線123", "(内線 123)"; 0 if there is none.
func extension(t []byte) int {
	i := 0
	for i < len(t) && i < 3 && (t[i] == ' ' || t[i] == ',' || t[i] == '(') {
		i++
	}
	word := extensionWord(t[i:])
	if word == 0 {
		return 0
	}
	i += word
	for skip := 0; i < len(t) && skip < 3 && (t[i] == ' ' || t[i] == '.' || t[i] == ':' || t[i] == '-'); skip++ {
		i++
	}
	from := i
	for i < len(t) && isDigit(t[i]) {
		i++
	}
	if i == from || i-from > 7 || i < len(t) && isLetter(t[i]) {
		return 0
	}
	return i
}

// extensionWord returns the length of the word that announces an extension.
func extensionWord(t []byte) int {
	for _, w := range [...]string{"内線", "extension", "Extension", "Ext", "ext", "EXT", "x", "X", "#"} {
		if startsWith(t, w) {
			return len(w)
		}
	}
	return 0
}
