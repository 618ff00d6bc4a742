package detect

import (
	"bytes"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// capitalised looks at the capitalised words of the text.
func (s *nameSearch) capitalised() {
	s.taken = 0
	words := capitals{block: s.b}
	at := words.next()
	if at < 0 && len(s.text) <= smallText {
		s.smallLetters(0, len(s.text), true)
		return
	}
	for ; at >= 0; at = words.next() {
		if at >= s.taken {
			words.at = max(words.at, s.latin(at))
		}
	}
	s.messages()
}

// latin looks at the capitalised words from start on and returns where to go
// on. It is on the way of every capital: what cannot be a name is left after
// one or two look-ups.
func (s *nameSearch) latin(start int) (next int) {
	t := s.text
	letters, _, end := lettersAt(t, start)
	if end < len(t) && (t[end] >= '0' && t[end] <= '9' || t[end] == '_' || t[end] == '/' || t[end] == '=') {
		return end
	}
	if start > 0 && (t[start-1] == '#' || t[start-1] >= utf8.RuneSelf) {
		s.camel(start, end)
		if t[start-1] == '#' {
			return end
		}
	}
	if start > 1 && t[start-1] == ' ' && t[start-2] == '@' && (start == 2 || t[start-3] <= ' ') {
		return end // @ name: an account's
	}
	if end+2 < len(t) && t[end] == ',' && t[end+1] == ' ' && isUpper(t[end+2]) {
		if e := mailboxName(t, end+2); e > 0 && s.report(start, e, 4, false) {
			return e
		}
	}
	plain := end >= len(t) || t[end] < utf8.RuneSelf && t[end] != '\'' && t[end] != '-'
	if plain && end-start <= 24 {
		chance := chanceName
		switch {
		case end-start == 1 && byteAt(t, end) != '.':
			return end
		case end-start == 1:
		case letters.head != 0:
			chance = s.know(letters).chance
		default:
			var buf [32]byte
			chance = knownLatin(dict.AppendFoldLatin(buf[:0], t[start:end])).chance
		}
		switch chance {
		case chanceWord:
			if start > 0 && !cellMark[t[start-1]] || !pairAhead(t, end) {
				return end
			}
		case chanceBoth:
			if !pairAhead(t, end) {
				return end
			}
		case chanceUnknown:
			if !pairAhead(t, end) && !speaks(t[end:]) && !spoken(t[:start]) {
				return end
			}
		}
	}
	var w [maxLatin]latinWord
	n := s.latinWords(start, &w)
	if n == 0 {
		return end
	}
	if k := s.headline(w[:n]); k < n {
		s.latinName(w[:k])
		return w[k].end
	}
	s.latinName(w[:n])
	return max(end, w[n-1].start)
}

// headline returns how many of the words come before one that goes on with a
// sentence, where all words are written with capitals: Ann Lee Tells All.
func (s *nameSearch) headline(w []latinWord) int {
	for k := 1; k < len(w); k++ {
		if x := &w[k]; x.ordinary && x.end-x.start > 1 {
			var buf [48]byte
			if low := dict.AppendFoldLatin(buf[:0], s.text[x.start:x.end]); sentenceGoesOn.has(low) && x.given.Weight() < 7 || latinAfter.weight(low) > 0 {
				return k
			}
		}
	}
	return len(w)
}

// camel reports a whole name without its space in [start,end): #JohnSmith,
// #RIPJohnSmith, and JohnSmith in Japanese text.
func (s *nameSearch) camel(start, end int) {
	t := s.text
	if end-start > 40 || end < len(t) && (isDigit(t[end]) || t[end] == '_' || t[end] == '.') {
		return
	}
	first := start
	for middle := start; first < end; first = middle {
		middle = camelEnd(t, first, end)
		last := camelEnd(t, middle, end)
		if middle-first < 3 || last-middle < 3 {
			continue
		}
		var a, b [40]byte
		given, family := dict.LookupLatin(dict.AppendFoldLatin(a[:0], t[first:middle])), dict.LookupLatin(dict.AppendFoldLatin(b[:0], t[middle:last]))
		whole := first == start && last == end
		g, f := given.Given.Weight(), family.Surname.Weight()
		switch {
		case given.Word || g < 7 || !whole && g < 10:
		case f >= 4 && !family.Word, f >= 7 && g >= 10:
			s.report(first, last, 0.9, true)
			return
		case whole && g >= 10 && last-middle > 3 && !family.Word && family.Given == 0 && t[start-1] == '#' && !latinElsewhere.has(dict.AppendFoldLatin(b[:0], t[middle:last])):
			s.report(first, last, 0.3, false)
			return
		}
	}
}

// camelEnd returns the end of the part of a word in camel case that begins at
// i: John|Smith, RIP|John.
func camelEnd(t []byte, i, end int) int {
	k := i + 1
	for k < end && isUpper(t[k]) {
		k++
	}
	if k > i+1 && k < end {
		return k - 1
	}
	for k < end && !isUpper(t[k]) {
		k++
	}
	return min(k, end)
}

// lowerCase looks at the one or two words in small letters behind words that
// announce a name, at [start, i): my name is ann lee, mr. lee.
func (s *nameSearch) lowerCase(start, i int) {
	t := s.text
	if start > 0 && t[start] != ' ' && isLatinLetter(t, start-1) {
		return
	}
	end := wordAt(t, i)
	if end-i < 3 || end-i > 20 || isUpper(t[i]) || end < len(t) && (t[end] >= utf8.RuneSelf || t[end] == '_' || isDigit(t[end]) || t[end] == '(' || t[end] == '=') {
		return
	}
	first := dict.LookupLatin(t[i:end])
	titled := start < len(t) && t[i-1] == ' ' && latinTitles.weight(bytes.TrimRight(bytes.ToLower(t[start:i]), ". ")) >= 3
	if first.Word && !(titled && first.Surname.Weight() >= 7) && (first.Given.Weight() < 12 || sentenceGoesOn.has(t[i:end])) || first.Given.Weight() < 7 && !(titled && first.Surname.Weight() > 3) || latinElsewhere.has(t[i:end]) {
		return
	}
	odds := float32(0.9)
	if next := wordAt(t, min(len(t), end+1)); end < len(t) && t[end] == ' ' && next-end > 3 && !isUpper(t[end+1]) {
		if last := dict.LookupLatin(t[end+1 : next]); last.Surname.Weight() > 3 && !last.Word {
			end, odds = next, 1.8
		}
	}
	s.report(i, end, odds, true)
}

// smallText is how long a text without any capital may be, in bytes, to be read
// for names in small letters, as people write messages.
const smallText = 1 << 10

// messages reads the lines that mention somebody (@name) for names in small
// letters.
func (s *nameSearch) messages() {
	t := s.text
	done := 0
	for _, at := range s.b.Ats {
		i := int(at)
		if i < done || !s.b.inWindow(i) || i+2 >= len(t) || i > 0 && t[i-1] > ' ' && t[i-1] != '"' || !isLetter(t[i+1]) && (t[i+1] != ' ' || !isLetter(t[i+2])) {
			continue
		}
		from, to := max(done, i-280), min(len(t), i+280)
		if k := lastNewline(t[from:i]); k >= 0 {
			from += k + 1
		}
		if k := bytes.IndexByte(t[i:to], '\n'); k >= 0 {
			to = i + k
		}
		done = to
		s.smallLetters(from, to, false)
	}
}

// smallLetters looks for names in small letters in [from,to): a listed given
// name before a listed surname, or alone beside words that only people have. In
// a text that has nothing but small letters, as all tells, the surname may be an
// unknown word.
func (s *nameSearch) smallLetters(from, to int, all bool) {
	t := s.text[:to]
	for i := from; i < to; {
		if c := t[i]; c < 'a' || c > 'z' || i > 0 && !smallBorder(t[i-1]) {
			i++
			continue
		}
		end := smallWord(t, i)
		if end-i < 3 || end-i > 15 || i > 1 && t[i-1] == ' ' && t[i-2] == '@' {
			i = max(end, i+1)
			continue
		}
		i = s.smallName(t, i, end, all)
	}
}

// smallName weighs the word [i,end) in small letters, with what follows, and
// returns where to go on.
func (s *nameSearch) smallName(t []byte, i, end int, all bool) int {
	var buf [32]byte
	low := dict.AppendFoldLatin(buf[:0], t[i:end])
	is := dict.LookupLatin(low)
	g, word := is.Given.Weight(), is.Word
	if g < 7 || byteAt(t, end) > ' ' && isLatinLetter(t, end) || latinElsewhere.has(low) {
		return end
	}
	if word && g < 10 {
		return end
	}
	at := end
	for k := 0; k < 2 && at+3 < len(t) && t[at] == ' '; k++ {
		next := smallWord(t, at+1)
		if next-at < 4 || next-at > 18 || byteAt(t, next) == '_' || isDigit(byteAt(t, next)) {
			break
		}
		fold := dict.AppendFoldLatin(buf[:0], t[at+1:next])
		is := dict.LookupLatin(fold)
		if is.Word || latinElsewhere.has(fold) || nameParticles[string(fold)] {
			break
		}
		if f := is.Surname.Weight(); f >= 5 || !word && f >= 2 && (g >= 10 || k == 1) {
			s.report(i, next, 1, true)
			return next
		}
		if is.Given == 0 && is.Surname == 0 && all && !word && g >= 10 && next-at > 5 {
			s.report(i, next, 0.4, false)
			return next
		}
		if is.Given.Weight() < 5 || word {
			break
		}
		at = next
	}
	if word || g < 9 {
		return end
	}
	if odds := latinAlone(&latinWord{start: i, end: end, latinKnown: latinKnown{given: dict.Info(g)}}, 0) - 2.6 + s.latinSpeech(i, end) + s.latinActs(i, end); odds > 0 {
		s.report(i, end, min(odds, 1), true)
	}
	return end
}

// smallWord returns the end of the word of small letters that begins at i.
func smallWord(t []byte, i int) int {
	for i < len(t) && (t[i] >= 'a' && t[i] <= 'z' || t[i] >= 0xC3 && t[i] <= 0xC9 && i+1 < len(t)) {
		if t[i] >= utf8.RuneSelf {
			i++
		}
		i++
	}
	return i
}

// smallBorder reports whether a word in small letters may begin behind c.
func smallBorder(c byte) bool {
	return c == ' ' || c == '\n' || c == '"' || c == '(' || c == ',' || c == '\''
}

// mailboxName returns the end of the capitalised words that begin at i, if they
// end a display name with the family name first: Yamada, Taro <taro@example.jp>.
func mailboxName(t []byte, i int) int {
	for words, k := 1, i; k < len(t) && k-i < 40; k++ {
		switch c := t[k]; {
		case c == ' ' && k+1 < len(t) && isUpper(t[k+1]):
			if words++; words > 3 {
				return 0
			}
		case isLetter(c), c == '.', c == '-', c == '\'', c >= utf8.RuneSelf:
		case mailboxBegins(t[k:]):
			var buf [48]byte
			if latinElsewhere.has(dict.AppendFoldLatin(buf[:0], t[i:k])) {
				return 0 // Springfield, Illinois
			}
			return k
		default:
			return 0
		}
	}
	return 0
}

// pairAhead reports whether a space and a capital or a particle follow at i.
func pairAhead(t []byte, i int) bool {
	if i+1 >= len(t) || t[i] != ' ' {
		return false
	}
	if isUpper(t[i+1]) {
		return true
	}
	if i+4 >= len(t) {
		return false
	}
	n := 0
	for t = t[i+1:]; n < len(t) && n < 4 && t[n] >= 'a' && t[n] <= 'z'; {
		n++
	}
	return n > 0 && n < 4 && latinParticles.has(t[:n])
}

// ownName reports whether a listed given name is not first of all a word, as
// In and The are.
func ownName(given dict.Info) bool {
	return given != 0 && (given.Rival() != dict.Word || given.Weight() >= 10)
}

// speaks reports whether t begins with a verb of speech.
func speaks(t []byte) bool {
	n := 1
	for n < len(t) && n < 12 && t[n] >= 'a' && t[n] <= 'z' {
		n++
	}
	return n > 3 && t[0] == ' ' && latinAfter.weight(t[1:n]) > 2
}

// spoken reports whether t ends with words that announce a person: says, said,
// my name is, named him, call me.
func spoken(t []byte) bool {
	n := len(t)
	if n < 6 || t[n-1] != ' ' {
		return false
	}
	switch t[n-2] {
	case 's':
		return bytes.HasSuffix(t, []byte(" says ")) || bytes.HasSuffix(t, []byte("name is "))
	case 'd':
		return bytes.HasSuffix(t, []byte(" said "))
	case 'm':
		return bytes.HasSuffix(t, []byte("named him "))
	case 'r':
		return bytes.HasSuffix(t, []byte("named her "))
	case 'e':
		return bytes.HasSuffix(t, []byte(" call me "))
	}
	return false
}
