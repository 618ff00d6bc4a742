package detect

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// smallFlats are words for flats in small letters, which need a number behind.
var smallFlats = nameSet(`apt apt. apartment suite ste unit flat room floor level Level Lot Shop #`)

// townParticles are words in small letters within the names of towns and
// countries.
var townParticles = nameSet(`of the and de del della di da do dos das du la le les sur en am im an der bei ob upon on by u nad pod na i y`)

// australia are the states of Australia, before four digits.
var australia = nameSet(`NSW VIC QLD WA SA TAS ACT NT`)

// allCities are cities of India, before the six digits of a PIN code.
var allCities = nameSet(`Mumbai Delhi Bangalore Bengaluru Chennai Kolkata Hyderabad Pune Ahmedabad Jaipur Lucknow Surat Kanpur Nagpur Indore Bhopal Patna Kochi Gurgaon Gurugram Noida Chandigarh Karnataka Maharashtra Tamil Kerala Gujarat Telangana Rajasthan Haryana Punjab India`)

// addressGap returns the end of what may stand between two parts of an address
// from i on: spaces, commas, line breaks with the marks of quoted lines.
func addressGap(t []byte, i int) (end, breaks int) {
	end = i
	for end < len(t) && end-i < 14 {
		switch c := t[end]; {
		case c == '\n':
			breaks++
		case c == ' ' || c == ',' || c == '\r':
		case breaks > 0 && (c == '>' || c == '|' || c == '?'):
		default:
			return end, breaks
		}
		end++
	}
	return end, breaks
}

// digitsAhead returns how many digits follow one space or hyphen at the start of
// t, 0 if something else follows or more than six.
func digitsAhead(t []byte) int {
	if len(t) < 4 || t[0] != ' ' && t[0] != '-' {
		return 0
	}
	n := 1
	for n < len(t) && n < 9 && isDigit(t[n]) {
		n++
	}
	if n > 7 || n < len(t) && isLatinLetter(t, n) {
		return 0
	}
	return n - 1
}

// numberAhead reports whether t begins with a space and the number of a flat.
func numberAhead(t []byte) bool { return len(t) > 1 && t[0] == ' ' && isDigit(t[1]) }

// eirCode returns the length of an Irish postcode (D02 X285) at the start of t, 0
// if there is none.
func eirCode(t []byte) int {
	if len(t) < 7 || !isUpper(t[0]) || !isDigit(t[1]) || !isDigit(t[2]) && t[2] != 'W' {
		return 0
	}
	i := 3
	if t[i] == ' ' {
		i++
	}
	if i+4 > len(t) || i+4 < len(t) && isLatinLetter(t, i+4) || !isUpper(t[i]) {
		return 0
	}
	digits := 0
	for _, c := range t[i : i+4] {
		switch {
		case isDigit(c):
			digits++
		case !isUpper(c):
			return 0
		}
	}
	if digits == 0 {
		return 0
	}
	return i + 4
}

// codeAndTown returns the end of a postal code that stands before its town, as
// on the continent of Europe, behind the gap [at,i) with a comma or line break:
// 10115 Berlin, CH-8001 Zurich, 1012 AB Amsterdam. 0 if there is none.
func codeAndTown(t []byte, at, i int) int {
	if bytes.IndexByte(t[at:i], ',') < 0 && bytes.IndexByte(t[at:i], '\n') < 0 {
		return 0
	}
	n := i
	for n < len(t) && n-i < 2 && isUpper(t[n]) {
		n++
	}
	if n > i {
		if n >= len(t) || t[n] != '-' {
			return 0
		}
		n++
	}
	digits := n
	for n < len(t) && n-digits < 6 && isDigit(t[n]) {
		n++
	}
	if k := n - digits; k != 5 && !(k == 4 && (digits > i || n+3 < len(t) && t[n] == ' ' && isUpper(t[n+1]) && isUpper(t[n+2]) && t[n+3] == ' ')) {
		return 0
	}
	if n+3 < len(t) && t[n] == ' ' && isUpper(t[n+1]) && isUpper(t[n+2]) && t[n+3] == ' ' {
		n += 3 // 1012 AB Amsterdam
	}
	if n+1 >= len(t) || t[n] != ' ' {
		return 0
	}
	r, _ := utf8.DecodeRune(t[n+1:])
	if !unicode.IsUpper(r) {
		return 0
	}
	end := n + 1
	for end < len(t) && (t[end] >= utf8.RuneSelf || isLetter(t[end]) || t[end] == '-') {
		end++
	}
	if end-n < 4 {
		return 0
	}
	return end
}

// leading returns where the address begins that was read from i on: a flat or
// another number may stand before it (Unit 5, 12 High Street; Apt. 434 40 Rue de
// la Sarthe; 4 55 Halsey Road).
func (s *addressSearch) leading(i int) int {
	t := s.text
	for range 2 {
		end := i
		for end > s.taken && i-end < 3 && (t[end-1] == ' ' || t[end-1] == ',' || t[end-1] == '\n') {
			end--
		}
		w := end
		for w > s.taken && end-w < 6 && (isDigit(t[w-1]) || w < end && t[w-1] == '#') {
			w--
		}
		if end == i || w == end || end-w > 5 || !latinBorder(t, w) {
			return i
		}
		// The word before the number.
		k := w
		if k > s.taken && t[k-1] == ' ' {
			k--
		}
		word := k
		for word > s.taken && k-word < 10 && (isLetter(t[word-1]) || t[word-1] == '.') {
			word--
		}
		switch {
		case word < k && (flatWords[string(t[word:k])] || smallFlats[string(t[word:k])]):
			i = word
		case end-w <= 2 && i-end == 1 && t[end] == ' ' && word == k && (w == 0 || t[w-1] != ' ' || isDigit(t[i]) && k > 0 && t[k-1] == ','):
			i = w // the number of a house before that of a flat or box, at the start of a line
		default:
			return i
		}
	}
	return i
}

// flatFirst reports the address that begins with the flat [start,end): Suite 574,
// 34 Sireli 74, Tartu. It returns false if none does.
func (s *addressSearch) flatFirst(start, end int) bool {
	t := s.text
	at := end
	for at < len(t) && at-end < 2 && (t[at] == ' ' || t[at] == ',' || t[at] == '\n') {
		at++
	}
	number := at
	for at < len(t) && at-number < 6 && isDigit(t[at]) {
		at++
	}
	if at == end || at == number || at-number > 5 || at+2 >= len(t) || t[at] != ' ' {
		return false
	}
	words, last := 0, 0
	for at++; words < 6 && at < len(t); words++ {
		w := at
		for w < len(t) && w-at < 30 && (isLetter(t[w]) || t[w] >= utf8.RuneSelf || t[w] == '.' || t[w] == '\'' || t[w] == '-') {
			w++
		}
		r, _ := utf8.DecodeRune(t[at:])
		if w == at || !unicode.IsUpper(r) && !townParticles[string(t[at:w])] {
			break
		}
		last = w
		if at = w; at >= len(t) || t[at] != ' ' {
			break
		}
		at++
	}
	if last == 0 {
		return false
	}
	w := last + 1
	for w < len(t) && w-last < 8 && t[w] > ' ' && t[w] != ',' {
		w++
	}
	if last+1 < w && t[last] == ' ' && houseNumber(t[last+1:w]) > 0 && !zipCode(t[last+1:w]) {
		last = w
	}
	s.behindFlat = true
	tail := s.streetTail(last)
	s.behindFlat = false
	c := float32(0.65)
	if tail.code {
		c = 0.9
	}
	s.report(start, max(last, tail.end), c, tail.code)
	return true
}

// lineAbove returns where the line above a flat that begins its own line at i
// starts, if that is a street with its number: 16 Salontie 6, Laugarvegur 66. -1
// if it is none.
func (s *addressSearch) lineAbove(i int) int {
	t := s.text
	at, comma := i, false
	for at > s.taken && (t[at-1] == ' ' || t[at-1] == '>' || t[at-1] == '?' || t[at-1] == '|' || t[at-1] == ',') {
		comma = comma || t[at-1] == ','
		at--
	}
	from, to := at, at
	switch {
	case at > s.taken && t[at-1] == '\n':
		to = at - 1
		from = to
		for from > s.taken && to-from < 60 && t[from-1] != '\n' {
			from--
		}
	case comma || at < i:
		// On one line: from the number that begins it on.
		for from > s.taken && to-from < 60 && t[from-1] != '\n' && t[from-1] != ':' && t[from-1] != ';' && t[from-1] != '"' {
			from--
		}
		for from < to && !(isDigit(t[from]) && latinBorder(t, from)) {
			from++
		}
	}
	for from < to && (t[from] == ' ' || t[from] == '>' || t[from] == '?' || t[from] == '|') {
		from++
	}
	line := bytes.TrimRight(t[from:to], " \r.,")
	if len(line) < 6 || len(line) > 55 {
		return -1
	}
	letters, words := 0, 1
	for _, c := range line {
		switch {
		case c == '=' || c == '{' || c == '(' || c == ':' || c == '@' || c == '<' || c == '_' || c == ';':
			return -1
		case c == ' ':
			words++
		case isLetter(c) || c >= utf8.RuneSelf:
			letters++
		}
	}
	if letters < 4 || words < 2 || words > 7 || !(isDigit(line[0]) || isDigit(line[len(line)-1])) || houseNumber(line) == 0 && houseNumber(line[bytes.LastIndexByte(line, ' ')+1:]) == 0 {
		return -1
	}
	return from
}

// corner reads the corner of two streets: corner of 5th Avenue and Main Street.
func (s *addressSearch) corner(start, end int) {
	t := s.text
	at, and, upper := end, false, 0
	last := end
	for words := 0; words < 9 && at < len(t); words++ {
		w := at
		for w < len(t) && w-at < 30 && t[w] > ' ' && t[w] != ',' && t[w] != '"' && t[w] != ';' {
			w++
		}
		word := bytes.TrimRight(t[at:w], ".?!")
		r, _ := utf8.DecodeRune(word)
		switch {
		case string(word) == "and" || string(word) == "&":
			if and || upper == 0 {
				return
			}
			and, upper = true, 0
		case unicode.IsUpper(r), isDigit(byteAt(word, 0)), nameParticles[string(word)]:
			upper++
			last = at + len(word)
		default:
			words = 9
		}
		if at = w; at >= len(t) || t[at] != ' ' || at > last+5 {
			break
		}
		at++
	}
	if !and || upper == 0 {
		return
	}
	i := bytes.LastIndexByte(t[:last], ' ') + 1
	c := float32(0.4)
	if streetKinds[string(t[i:last])] {
		c = 0.75
	}
	s.report(start, last, c, false)
}

// streetKinds are the words that end the name of a street in a corner.
var streetKinds = nameSet(streetWords)
