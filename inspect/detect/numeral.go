package detect

import (
	"sort"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// Bounds of a numeral: the longest numbers looked for are 19-digit cards and
// spaced-out telephone numbers.
const (
	maxDigits = 24
	maxGroups = 20
)

// numeral is a number as people write it: groups of digits held together by
// separators. It lives on the stack of the detector that reads it.
type numeral struct {
	digit  [maxDigits]byte // ASCII
	end    [maxGroups]int  // offset in the text after each group
	size   [maxGroups]uint8
	gap    [maxGroups]separator // gap[k] stands before group k; gap[0] is 0
	groups int
	n      int // digits in all
	start  int
	first  int // index in Runs of the first group
	more   separator
}

// runSizes is which sets of runs there are, most of them of a size, a bit for each
// runSet. It is known of a block once it was asked for.
type runSizes uint32

const sizesSet = 1 << 31

// anyOf makes a runSizes.
func anyOf(sizes ...runSet) (s runSizes) {
	for _, n := range sizes {
		s |= 1 << n
	}
	return s
}

// lacks reports whether the block has no run in one of the sets.
func (b *Block) lacks(sizes runSizes) bool {
	b.runWords()
	return b.sizes&sizes == 0
}

// separator is a set of the kinds of character between two groups of digits.
type separator uint16

const (
	sepHyphen separator = 1 << iota // - and the long vowel mark ー
	sepSpace
	sepDot
	sepSlash
	sepUnderscore
	sepParen
	sepLineBreak
	sepWide   // more than one space
	sepMiddle // ・ and ·
	sepNever
)

var separatorOf = [256]separator{'-': sepHyphen, ' ': sepSpace, '.': sepDot, '/': sepSlash, '_': sepUnderscore,
	'(': sepParen, ')': sepParen, '\n': sepLineBreak, '\r': sepLineBreak}

// gapKind names what stands between two groups; 0 if it does not separate
// digits of one number.
func gapKind(t []byte) separator {
	if len(t) == 1 {
		return separatorOf[t[0]]
	}
	if len(t) == 0 || len(t) > 12 {
		return 0
	}
	var kinds, last separator
	for i := 0; i < len(t); i++ {
		k := separatorOf[t[i]]
		if k == 0 {
			switch {
			case isLongVowel(t[i:]):
				k, i = sepHyphen, i+2
			case startsWith(t[i:], "・"):
				k, i = sepMiddle, i+2
			case startsWith(t[i:], "·"):
				k, i = sepMiddle, i+1
			default:
				return 0
			}
		}
		switch {
		case kinds&k == 0 || k == sepLineBreak || k == sepParen:
		case k == sepSpace && last == sepSpace:
			kinds |= sepWide
		case k == sepSpace: // " - "
		default:
			return 0 // "--", ".." and the like
		}
		kinds, last = kinds|k, k
	}
	if kinds&sepLineBreak != 0 {
		kinds &^= sepWide // the next line may be indented
	}
	return kinds
}

// goesOn is a cheap test whether another group of digits can follow a run that
// ends at offset i.
func goesOn(t []byte, i int32) bool {
	return int(i) < len(t) && (separatorOf[t[i]] != 0 || t[i] == 0xE3 || t[i] == 0xC2)
}

// isLongVowel reports whether t starts with ー, which people type for a hyphen.
func isLongVowel(t []byte) bool {
	return len(t) >= 3 && t[0] == 0xE3 && t[1] == 0x83 && t[2] == 0xBC
}

// read collects the number that begins with run i, as far as gaps of the
// allowed kinds lead, at most groups groups. more tells the gap to a further
// run that was left out, 0 if none follows.
func (n *numeral) read(b *Block, i int, allowed separator, groups int) {
	n.groups, n.n, n.first, n.more = 0, 0, i, 0
	n.start = int(b.Runs[i].Start)
	var gap separator
	for {
		r := b.Runs[i]
		size := int(r.End - r.Start)
		if n.n+size > maxDigits || n.groups == min(groups, maxGroups) {
			n.more = gap
			if n.groups == 0 {
				n.more = sepNever
			}
			return
		}
		n.add(b, i, gap)
		i++
		if i == len(b.Runs) || int(b.Runs[i].Start-r.End) > 12 {
			return
		}
		gap = gapKind(b.Text[r.End:b.Runs[i].Start])
		if gap == 0 {
			return
		}
		if gap&^allowed != 0 {
			n.more = gap
			return
		}
	}
}

// add takes run i, for which there must be room, as one more group.
func (n *numeral) add(b *Block, i int, gap separator) {
	r := b.Runs[i]
	n.n += copy(n.digit[n.n:], b.Text[r.Start:r.End])
	n.end[n.groups], n.size[n.groups], n.gap[n.groups] = int(r.End), uint8(r.End-r.Start), gap
	n.groups++
}

// digits returns the digits of the first k groups.
func (n *numeral) digits(k int) []byte {
	sum := 0
	for _, s := range n.size[:k] {
		sum += int(s)
	}
	return n.digit[:sum]
}

// gaps returns the kinds of separator within the first k groups.
func (n *numeral) gaps(k int) separator {
	var s separator
	for _, g := range n.gap[:k] {
		s |= g
	}
	return s
}

// shape reports whether the first groups have exactly these sizes.
func (n *numeral) shape(sizes ...uint8) bool {
	if n.groups < len(sizes) {
		return false
	}
	for k, s := range sizes {
		if n.size[k] != s {
			return false
		}
	}
	return true
}

// after returns the separator that stands between group k-1 and a further
// digit, 0 if none.
func (n *numeral) after(k int) separator {
	if k < n.groups {
		return n.gap[k]
	}
	return n.more
}

// even reports whether one and the same kind of gap separates the first k
// groups.
func (n *numeral) even(k int) bool {
	for j := 2; j < k; j++ {
		if n.gap[j] != n.gap[1] {
			return false
		}
	}
	return true
}

// edge says how a value touches its surroundings.
type edge uint8

const (
	free   edge = iota // white sepSpace, punctuation, Japanese text, the end
	tied               // a sepHyphen, sepDot, sepSlash or the like leads to letters or digits
	glued              // a letter, digit or sign stands right there
	within             // inside a decimal fraction or a longer dotted number
)

func isDigit(c byte) bool  { return c-'0' < 10 }
func isUpper(c byte) bool  { return c-'A' < 26 }
func isLetter(c byte) bool { return c|0x20-'a' < 26 }
func isAlnum(c byte) bool  { return isDigit(c) || isLetter(c) }

// before judges what stands before offset i.
func before(t []byte, i int) edge {
	if i == 0 {
		return free
	}
	switch c := t[i-1]; {
	case isAlnum(c) || c == '@' || c == '$' || c == '%':
		return glued
	case c == '.' && i > 1 && isDigit(t[i-2]):
		return within
	case c == '-' || c == '_' || c == '.' || c == '/' || c == '\\':
		if i > 1 && isAlnum(t[i-2]) {
			return tied
		}
	}
	return free
}

// behind judges what stands from offset i on.
func behind(t []byte, i int) edge {
	if i >= len(t) {
		return free
	}
	switch c := t[i]; {
	case isAlnum(c) || c == '@' || c == '%':
		return glued
	case c == '.' && i+1 < len(t) && isDigit(t[i+1]):
		return within
	case c == '-' || c == '_' || c == '/' || c == '\\':
		if i+1 < len(t) && isAlnum(t[i+1]) {
			return tied
		}
	}
	return free
}

// endsWith and startsWith compare without leaving the slice.
func endsWith(t []byte, s string) bool {
	return len(t) >= len(s) && string(t[len(t)-len(s):]) == s
}

func startsWith(t []byte, s string) bool {
	return len(t) >= len(s) && string(t[:len(s)]) == s
}

// trimGap drops one blank or dot from the end of t, as may stand between a word
// and its number.
func trimGap(t []byte) []byte {
	if n := len(t); n > 0 && (t[n-1] == ' ' || t[n-1] == '.') {
		return t[:n-1]
	}
	return t
}

// against are the labels that speak against a personal value.
const against = LOrder | LAmount | LDate

// people are the labels of values that stand beside a person's others.
const people = LPerson | LName | LSurname | LGiven | LKana

// mailReach is how far an e-mail address on the same line lends its context
// to a number, in bytes.
const mailReach = 160

// besideMail reports whether an e-mail address seems to stand on the same
// line, within mailReach of the value at [start, end): a row about a person.
func (b *Block) besideMail(start, end int) bool {
	if r, ok := b.context.(*rest); ok {
		return r.besideMail(start, end)
	}
	ats := b.Ats
	lo, hi := 0, len(ats)
	for lo < hi {
		if m := (lo + hi) / 2; int(ats[m]) < start {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo > 0 {
		if at := int(ats[lo-1]); start-at < mailReach && isMailSign(b.Text, at) && oneLine(b.Text[at:start]) {
			return true
		}
	}
	if lo < len(ats) {
		if at := int(ats[lo]); at-end < mailReach && isMailSign(b.Text, at) && oneLine(b.Text[end:at]) {
			return true
		}
	}
	return false
}

// isMailSign is a cheap test for an address around "@".
func isMailSign(t []byte, at int) bool {
	return at > 0 && at+1 < len(t) && isAlnum(t[at-1]) && isLetter(t[at+1])
}

// inCell reports whether the value at [start, end) fills a cell of a delimited
// row, an element or a quoted string.
func inCell(t []byte, start, end int) bool {
	left, right := byte('\n'), byte('\n')
	if start > 0 {
		left = t[start-1]
	}
	if end < len(t) {
		right = t[end]
	}
	return (isDelimiter(left) || left == '\n') && (isDelimiter(right) || right == '\n' || right == '\r') &&
		(isDelimiter(left) || isDelimiter(right))
}

func isDelimiter(c byte) bool {
	switch c {
	case ',', '\t', '|', ';', '"', '\'', '<', '>':
		return true
	}
	return false
}

// Kin are the numbers of the same length close by: where they pass the same
// test, as in a column, they vouch for each other; where they fail it, one that
// passes does so by chance. The reach keeps within what a session shows of the
// text around a value.
const (
	kinBehind = 300
	kinAhead  = 900
	kinEnough = 4 // fewer say nothing
)

// kin counts the numbers of the same length and other value around run i, and
// those of them that test accepts.
func (b *Block) kin(i int, test func(digits []byte) bool) (alike, good int) {
	self := b.Runs[i]
	value, size := pick(b, self), self.End-self.Start
	look := func(r match.Run) {
		if d := pick(b, r); string(d) != string(value) && before(b.Text, int(r.Start)) == free && behind(b.Text, int(r.End)) == free {
			alike++
			if test(d) {
				good++
			}
		}
	}
	for j := i - 1; j >= 0 && self.Start-b.Runs[j].Start <= kinBehind; j-- {
		if r := b.Runs[j]; r.End-r.Start == size {
			look(r)
		}
	}
	for j := i + 1; j < len(b.Runs) && b.Runs[j].Start-self.Start <= kinAhead; j++ {
		if r := b.Runs[j]; r.End-r.Start == size {
			look(r)
		}
	}
	return alike, good
}

// runFrom returns the index of the first run, from the i-th on, that begins at offset at
// or behind; how many there are if none does.
func (b *Block) runFrom(i int, at int32) int {
	return i + sort.Search(len(b.Runs)-i, func(k int) bool { return b.Runs[i+k].Start >= at })
}

// overLines calls f for the numbers that a word of label l announces and that a line
// break parts in two, if their digits are as many as whole accepts.
func (b *Block) overLines(l Label, whole func(digits int) bool, f func(n *numeral)) {
	if b.hints()&l == 0 {
		return
	}
	bit, i := Payload(ClassHint, bitOf(l)), 0
	for _, h := range b.Hits {
		if h.Payload != bit {
			continue
		}
		if i = b.runFrom(i, h.End); i+1 >= len(b.Runs) {
			return
		}
		r, next := b.Runs[i], b.Runs[i+1]
		if r.Start-h.End > hintAhead || next.Start-r.End > 8 || !whole(int(r.End-r.Start+next.End-next.Start)) ||
			gapKind(b.Text[r.End:next.Start])&^sepSpace != sepLineBreak {
			continue
		}
		var n numeral
		n.read(b, i, sepLineBreak|sepSpace, 2)
		f(&n)
	}
}

// groupedReach is how far, in bytes, numbers in groups are compared with others.
const groupedReach = 300

// byChance reports whether the first k groups of n are one of many numbers around
// that are written alike, of which fewer than four in five pass test: a list of
// something else.
func (b *Block) byChance(n *numeral, k int, test func(digits []byte) bool) bool {
	self := b.Runs[n.first]
	sep := b.Text[self.End]
	alike, good := 0, 0
	lo, hi := n.first, n.first
	for lo > 0 && self.Start-b.Runs[lo-1].Start <= groupedReach {
		lo--
	}
	for hi < len(b.Runs) && b.Runs[hi].Start-self.Start <= groupedReach {
		hi++
	}
	var buf [maxDigits]byte
next:
	for i := lo; i+k <= hi; i++ {
		if i == n.first {
			i += k - 1
			continue
		}
		d := buf[:0]
		for g := range k {
			r := b.Runs[i+g]
			if r.End-r.Start != int32(n.size[g]) || g+1 < k && (b.Runs[i+g+1].Start != r.End+1 || b.Text[r.End] != sep) {
				continue next
			}
			d = append(d, b.Text[r.Start:r.End]...)
		}
		if before(b.Text, int(b.Runs[i].Start)) != free || behind(b.Text, int(b.Runs[i+k-1].End)) != free {
			continue
		}
		alike++
		if test(d) {
			good++
		}
		i += k - 1
	}
	return alike >= kinEnough && good*5 < alike*4
}

func oneLine(t []byte) bool {
	for _, c := range t {
		if c == '\n' {
			return false
		}
	}
	return true
}

// pick returns the run's bytes.
func pick(b *Block, r match.Run) []byte { return b.Text[r.Start:r.End] }

// number reads a short run of digits as an integer.
func number(t []byte) int {
	v := 0
	for _, c := range t {
		v = v*10 + int(c-'0')
	}
	return v
}
