package detect

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// latinWord is one word of a name in Latin letters.
type latinWord struct {
	start, end int
	latinKnown
	initial  bool // J or J.
	particle bool // van, de la
	upper    bool // all capitals
}

// maxLatin is the most words in a name.
const maxLatin = 7

// latinWords reads the words of a name from at on: capitalised words, initials
// and particles, one space apart.
func (s *nameSearch) latinWords(at int, w *[maxLatin]latinWord) int {
	t := s.text
	n := 0
	for n < maxLatin && at < len(t) {
		x := &w[n]
		*x = latinWord{start: at}
		letters, c, end := lettersAt(t, at)
		goesOn := end < len(t) && (t[end] >= utf8.RuneSelf || t[end] == '\'' || t[end] == '-')
		switch small := t[at] >= 'a' && t[at] <= 'z'; {
		case c != mixedCase && !goesOn:
			s.plainWord(x, letters, c, end)
		case small && (end > at+3 || !goesOn && !latinParticles.has(t[at:end])): // no particle is longer
			return latinTrim(w, n)
		case !s.anyWord(x, n == 0):
			return latinTrim(w, n)
		}
		end = x.end
		if end < len(t) && (t[end] >= '0' && t[end] <= '9' || t[end] == '_' || t[end] == '@') {
			break
		}
		stop := false
		if end < len(t) && t[end] == '.' && !x.particle {
			if x.initial || x.title > 0 || latinSuffixes.has(t[at:end]) {
				x.end++
			} else {
				stop = true
			}
		}
		n++
		at = x.end
		if stop || at >= len(t) || t[at] != ' ' {
			break
		}
		at++
	}
	return latinTrim(w, n)
}

// plainWord fills in a word as nearly all are, Word or WORD: letters up to end.
func (s *nameSearch) plainWord(x *latinWord, letters latinLetters, c latinCase, end int) {
	if x.end = end; end-x.start == 1 {
		x.initial = true
		return
	}
	x.upper = c == capitalCase
	x.latinKnown = *s.know(letters)
}

// anyWord reads any word of a name from x.start on. It reports whether there is one;
// the first of a name is no particle.
func (s *nameSearch) anyWord(x *latinWord, first bool) bool {
	t, at := s.text, x.start
	r, size := utf8.DecodeRune(t[at:])
	if scriptOf(r) != scriptLatin {
		return false
	}
	end := at + size
	lower := 0
	for end < len(t) && end-at < 32 {
		r2, n2 := utf8.DecodeRune(t[end:])
		if r2 == '\'' || r2 == '-' || r2 == '’' {
			if end+n2 >= len(t) || !isLatinLetter(t, end+n2) || r2 != '-' && contraction(t[end+n2:]) {
				break
			}
		} else if scriptOf(r2) != scriptLatin {
			break
		}
		if r2 >= 'a' && (r2 <= 'z' || unicode.IsLower(r2)) {
			lower++
		} else if lower > 0 && r2 >= 'A' && r2 <= 'Z' && !(camelName(t[at:end]) && (wordAt(t, end+1) > end+2 || latinSuffixes.has(t[at:wordAt(t, end)]))) {
			return false // an identifier: parseName, NaN
		}
		end += n2
	}
	x.end = end
	switch {
	case !unicode.IsUpper(r):
		x.particle = true
		return !first && latinParticles.has(t[at:end])
	case end-at == size:
		x.initial = true
		return true
	case lower == 1 && end-at == 3 && isUpper(t[at+1]):
		return false // CAs, PCs
	}
	var buf [48]byte
	x.upper = lower == 0
	x.latinKnown = knownLatin(dict.AppendFoldLatin(buf[:0], t[at:end]))
	return true
}

// contraction reports whether what follows an apostrophe is the end of a
// contraction or a genitive (I'm, Don't, Smith's) and not of a name (O'Neil).
func contraction(t []byte) bool {
	n := 0
	for n < len(t) && n < 3 && t[n]|0x20 >= 'a' && t[n]|0x20 <= 'z' {
		n++
	}
	switch string(t[:n]) {
	case "m", "d", "s", "t", "ll", "ve", "re":
		return true
	}
	return false
}

// camelName reports whether a capital may follow t in a name: McDonald, LeRoi,
// O'Neil, Smith-Jones.
func camelName(t []byte) bool {
	last := t[len(t)-1]
	return len(t) <= 4 || last == '-' || last == '\'' || last >= utf8.RuneSelf
}

// latinTrim drops particles and bare initials from the end of the words.
func latinTrim(w *[maxLatin]latinWord, n int) int {
	for n > 0 && (w[n-1].particle || w[n-1].initial && n > 1 && w[n-1].end-w[n-1].start == 1) {
		n--
	}
	return n
}

// latinName weighs the words of a possible name and reports them.
func (s *nameSearch) latinName(w []latinWord) {
	t := s.text
	// What stands before the name: titles, and words that begin a sentence
	// (The Robert Petersen version, On Monday John Smith).
	var title, part float32 // part: it is a part of another name
	if n := len(w); n > 1 && n < 5 {
		// A whole cell is not trimmed: Paris Miller, Willow Smith, Lilian Beer.
		left, right := s.cellBorder(w[0].start, w[n-1].end)
		first, last := &w[0], &w[n-1]
		if end := trimStop(t[last.start:last.end]); latinOrg.has(end) || latinLegal.has(end) || latinGeo.has(t[first.start:first.end]) {
			right = false
		}
		if left && right && last.family != 0 && !last.elsewhere && first.title == 0 && (first.given != 0 || first.family != 0) {
			switch {
			case !last.ordinary && (first.ordinary || first.elsewhere):
				s.latinScore(w, 0, 2.5)
				return
			case !last.ordinary, first.given != 0 && !first.ordinary && !first.elsewhere:
				s.latinScore(w, 0, 0.6)
				return
			}
		}
	}
	for len(w) > 0 {
		x := &w[0]
		if len(w) > 1 {
			switch {
			case x.elsewhere && !x.ordinary && title < 3, x.title == nameSaint, latinGeo.has(t[x.start:x.end]):
				part = -2.5 // San Mateo, New York, St. John, Lake Charles
			case string(t[x.start:x.end]) == "The":
				part = -1.2
			}
		}
		switch {
		case x.title > 0 && (len(w) > 1 || x.given == 0):
			title = max(title, x.title)
		case x.particle, x.elsewhere && x.given.Weight() < 10 && len(w) > 1 && !(title >= 3 && x.given != 0), x.elsewhere && x.given == 0,
			!x.initial && x.ordinary && x.given.Weight() < 10 && title < 3:
			title = 0
		case x.initial && len(w) == 1:
			return
		default:
			goto found
		}
		w = w[1:]
	}
	return
found:
	n := len(w)
	for n > 1 && (latinSuffixes.has(trimStop(t[w[n-1].start:w[n-1].end])) || w[n-1].initial) {
		n--
	}
	for n > 1 { // Robert Petersen Street, John Smith University
		last := &w[n-1]
		if (last.ordinary || last.elsewhere) && (n > 2 || last.family.Weight() < 6) || last.title > 0 && n > 2 || latinLegal.has(trimStop(t[last.start:last.end])) {
			n--
			w = w[:n]
			part = min(part, -1.5)
			if end := trimStop(t[last.start:last.end]); n == 1 || latinOrg.has(end) || latinLegal.has(end) {
				part = -3 // Stanley Cup, Robert Petersen Hotel
			}
			continue
		}
		break
	}
	s.latinScore(w, title, part)
}

// latinScore sums the evidence for the words w, behind a title of that weight;
// part is below 0 if they are a part of another name, above it if they are a
// cell of their own.
func (s *nameSearch) latinScore(w []latinWord, title, part float32) {
	t := s.text
	n := len(w)
	for n > 1 && (latinSuffixes.has(trimStop(t[w[n-1].start:w[n-1].end])) || w[n-1].initial) {
		n--
	}
	first, last := &w[0], &w[n-1]
	if first.start < s.taken {
		return
	}
	start, end := first.start, w[len(w)-1].end
	if t[end-1] == '.' && !first.initial && !latinSuffixes.has(trimStop(t[w[len(w)-1].start:end])) {
		end--
	}
	odds, listed := title+part, false
	if n == 1 && first.given == 0 && latinLegal.has(trimStop(t[first.start:first.end])) {
		return // Acme Corp
	}
	if n == 1 && end-start < 4 && byteAt(t, end) == '-' {
		return // Al-Shabaab, Al- Qaeda
	}
	if n == 1 {
		odds += latinAlone(first, title)
		if len(w) > 1 {
			odds -= 2 // Mark IV
		}
		if start > 0 && (t[start-1] == '"' || t[start-1] == '\'') && title == 0 {
			odds-- // a string in a program, the title of a work
		}
		if s.knows(t[first.start:first.end]) {
			odds += 2.5
		}
	} else {
		listed = first.given != 0 && last.family != 0
		odds += latinPair(first, last, title)
		if ja := max(min(first.jaFamily.Weight(), last.jaGiven.Weight()), min(first.jaGiven.Weight(), last.jaFamily.Weight())); ja > 2 && n == 2 {
			o := -2 + 0.35*float32(ja) + title
			if first.ordinary || last.ordinary || first.elsewhere || last.elsewhere {
				o -= 2
			}
			if first.upper && last.upper && last.end-first.start < 8 {
				o -= 3 // IDE UI
			}
			if o > odds {
				odds, listed = o, true
			}
		}
		if bytes.Equal(t[first.start:first.end], t[last.start:last.end]) {
			odds -= 2
		}
		if f := s.eastAsian(w[:n]); f > odds {
			odds = f
		}
		for _, x := range w[1 : n-1] {
			switch {
			case x.initial, x.particle, x.given != 0:
				odds += 0.6
			case x.ordinary, x.elsewhere:
				odds -= 1.5
			}
		}
	}
	if n > 1 && (first.brand || first.initial) && branded(t[first.start:last.end]) {
		odds -= 5
	}
	label, _ := s.labelled(start, end)
	if label < 0 && bytes.HasSuffix(t[:start], []byte(" add ")) {
		label = 0 // the verb, not the head of a column of addresses
	}
	if part < -1 {
		label = min(label, 0) // name="Lake Charles"
	}
	thing := s.thing(start, end, n)
	odds += label + s.latinAround(start, end) + thing
	left, right := s.cellBorder(start, end)
	var cell float32
	if left && right && n > 1 {
		cell = 1.2
	}
	// Whether it stands in a program is asked where that changes anything: most
	// names of several words are sure without.
	mayBeCode := odds > -0.5
	if n == 1 || label > 0 && odds+cell-0.8*label <= sureOdds {
		mayBeCode = mayBeCode && s.code.around(t, start, end)
		if mayBeCode {
			// The samples of programs: name: 'Taylor'.
			if n == 1 {
				odds -= max(label, 0) + 2.5
			} else {
				odds -= 0.8 * max(label, 0)
			}
		}
	}
	if g := first.given.Weight(); (g >= 10 || g > 4 && !first.ordinary) && s.speaks(start, end) {
		odds += 1.8
	}
	odds += cell
	if n == 1 {
		odds += s.placed(start, end) + s.latinSpeech(start, end)
		if thing >= 0 {
			odds += s.inList(start, end, odds, first)
		}
		if odds < 1.5 && !first.ordinary && !first.elsewhere && (first.family != 0 || first.given != 0) {
			odds += s.latinActs(start, end)
		}
		if first.given == 0 && first.family != 0 && sentenceStart(t, start) {
			odds += 0.7
		}
	}
	inProgram := func() bool { return mayBeCode && s.code.around(t, start, end) }
	if odds > 0 && literal(t, start, end) {
		odds = -0.1
	} else if odds < 2 && inSentence(t, start, end) && !inProgram() {
		odds += 0.4 - 0.2*max(0, odds) // more of these are right than the rest says
	}
	if odds > -0.5 && odds < 0.5 && !inProgram() && s.social(start) {
		odds += 0.5
	}
	if n == 1 && odds > technicalMost && title < 3 && label < 3 && s.technical(start, end) {
		odds = technicalMost // Max, Perl, Cyrus: what is set apart here is as likely a thing
	}
	if s.report(start, end, odds, listed) && n > 1 && odds > 0.5 {
		s.remember(last.start, last.end)
		if !first.initial {
			s.remember(first.start, first.end)
		}
	}
}

// inSentence reports whether a word in small Latin letters stands beside
// [start,end), one space or a comma apart.
func inSentence(t []byte, start, end int) bool {
	if start > 1 && t[start-1] == ' ' && t[start-2] >= 'a' && t[start-2] <= 'z' {
		return true
	}
	if start > 0 && t[start-1] != ' ' && t[start-1] != '\n' {
		return false // the start of a cell
	}
	if end < len(t) && t[end] == ',' {
		end++
	}
	return end+1 < len(t) && t[end] == ' ' && t[end+1] >= 'a' && t[end+1] <= 'z'
}

// speaks reports whether [start,end) is the speaker of a line of talk: Mark: yes.
func (s *nameSearch) speaks(start, end int) bool {
	t := s.text
	if end+2 >= len(t) || t[end] != ':' || t[end+1] != ' ' || t[end+2] <= '9' {
		return false
	}
	return start == 0 || t[start-1] == '\n' || start > 1 && t[start-1] == ' ' && (t[start-2] == ']' || t[start-2] == '>')
}

func trimStop(t []byte) []byte {
	if n := len(t); n > 0 && t[n-1] == '.' {
		t = t[:n-1]
	}
	return t
}

// latinAlone weighs a single capitalised word as a name.
func latinAlone(x *latinWord, title float32) (odds float32) {
	g := x.given.Weight()
	switch {
	case title >= 3:
		if x.ordinary {
			return -1.5
		}
		return -0.6
	case x.elsewhere:
		odds = -4
		if g >= 12 {
			odds = -1.5
		}
		return odds
	case g >= 13:
		odds = 2.6
	case g >= 10:
		odds = 1.7
	case g >= 7:
		odds = 0.6
	case g > 0:
		odds = -0.1
	case title > 0 && !x.ordinary:
		odds = -1
	case x.family.Weight() > 9:
		odds = 0.1
	case x.family.Weight() > 3:
		odds = -0.2
	case x.family != 0:
		odds = -0.7
	case max(x.jaFamily.Weight(), x.jaGiven.Weight()) >= 10:
		odds = -1
	case x.ordinary:
		return -4
	default:
		return -2.2
	}
	if x.ordinary {
		odds -= 3.5
	}
	if x.upper {
		odds -= 2
	}
	if x.end-x.start < 3 {
		odds--
	}
	return odds
}

// latinPair weighs the first and last word of a name of several words.
func latinPair(first, last *latinWord, title float32) (odds float32) {
	g, f := first.given.Weight(), last.family.Weight()
	switch {
	case first.initial:
		odds = 0.2
	case g >= 13:
		odds = 3.4
	case g >= 10:
		odds = 2.5
	case g >= 7:
		odds = 1.1
	case g > 0:
		odds = 0.3
	case first.family != 0:
		odds = -1.3
	default:
		odds = -1.7
	}
	switch {
	case first.elsewhere && g >= 9 && f >= 9:
		odds -= 1.8 // Diego Turner
	case first.elsewhere:
		odds -= 2.5
	case first.ordinary && first.upper:
		odds -= 5 // WILL ENCRYPT
	case first.ordinary && g >= 10:
		odds -= 1.2
	case first.ordinary:
		odds -= 4
	}
	switch {
	case last.elsewhere:
		odds -= 2.5
	case last.ordinary && f >= 9 && (title >= 3 || first.given != 0 && !first.ordinary && !first.elsewhere && !first.upper):
		odds -= 0.6 // Fatima Wright
	case last.ordinary && f >= 9:
		odds -= 1.5
	case last.ordinary:
		odds -= 3
	case f > 0:
		odds += 0.3 + 0.08*float32(f)
	case last.given != 0:
		odds += 0.2
	}
	switch {
	case first.upper && last.upper && first.end-first.start <= 3 && last.end-last.start <= 4:
		odds -= 3 // MIN MAX
	case first.upper && last.upper && (g < 10 || f == 0):
		odds -= 1.5 // DOM API
	case last.upper && !first.upper && !first.initial && f == 0 && last.jaFamily == 0 && last.jaGiven == 0:
		odds -= 3 // Taylor UUCP, Min CPU
	case first.upper && !last.upper && !last.initial:
		odds--
	}
	return odds
}
