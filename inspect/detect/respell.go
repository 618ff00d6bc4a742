package detect

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// spelling is how the values of a label may be written besides the usual: with
// digits in kanji, letters that look like digits, unusual separators, every
// character set apart, over a line break. Spelt again they are for a detector.
type spelling struct {
	label  Label
	by     Detector
	types  []Type // of what by finds of the label's values
	signs  string // what by itself reads between digits
	digits int    // that a value has at most: only fewer are broken off by a line's end
	form   string // of values with letters: A a letter, 0 a digit; what follows is free
	chars  alphabet
	sure   bool // only what a plan or check digit confirms
}

// alphabet says what a value holds besides digits and separators.
type alphabet uint8

const (
	bare    alphabet = iota // nothing
	latin                   // capitals
	dated                   // 年, 月, 日 and the eras
	plated                  // kanji and kana
	written                 // all that addresses are written with
)

// numberSpellings are those of values that need no dictionary.
var numberSpellings = []spelling{
	{label: LPhone, by: phone{}, types: []Type{Phone, Service}, signs: "- .()", digits: 10, sure: true},
	{label: LCard, by: card{}, types: []Type{Card, TestCard}, signs: "- ._", digits: 14},
	{label: LMyNumber, by: myNumber{}, types: []Type{MyNumber}, signs: "-._", digits: 12},
	{label: LBirth, by: birthdate{}, types: []Type{Birthdate}, signs: "-/.", digits: 8, chars: dated},
	{label: LDriver, by: driver{}, types: []Type{Driver}, signs: "-", digits: 12},
	{label: LPassport, by: passport{}, types: []Type{Passport}, digits: 7, chars: latin, form: "AA0000000"},
	{label: LResidence, by: residence{}, types: []Type{Residence}, digits: 8, chars: latin, form: "AA00000000AA"},
	{label: LPension, by: pension{}, types: []Type{Pension}, signs: "-", digits: 10},
	{label: LInsurance, by: insurance{}, types: []Type{Insurance}, signs: "- ・", digits: 8},
	{label: LBank, by: bank{}, types: []Type{Bank}, signs: "-/", digits: 14},
	{label: LPlate, by: plate{}, types: []Type{Plate}, signs: "-.", digits: 7, chars: plated},
	{label: LSSN, by: ssn{}, types: []Type{SSN}, signs: "-", digits: 9},
	{label: LIBAN, by: iban{}, types: []Type{IBAN}, signs: "- ", digits: 30, chars: latin, form: "AA00"},
	{label: LCorporate, by: corporate{}, types: []Type{Corporate}, signs: "-", digits: 13},
}

// postSpellings are those of postal codes and addresses.
var postSpellings = []spelling{
	{label: LAddress, by: apartAddress{}, types: []Type{Address}, signs: "- ", chars: written},
	{label: LPostal, by: postals{}, types: []Type{Postal}, signs: "-", digits: 7},
}

// maxSpelt is the greatest length of a value that is spelt again, in bytes.
const maxSpelt = 96

// spelt is a value spelt again, with the way back.
type spelt struct {
	text     [maxSpelt]byte
	from, to [maxSpelt]int32 // extent of what each byte stands for
	n        int

	digits int
	posed  int  // letters that stand for digits
	broken int  // where the line ends that the value goes on behind, 0 if it does not
	odd    bool // no detector reads the value as it was
	size   int  // digits in the group that is being read
	circle int  // circles in the group that is being read, -1 if it holds others
	masked bool // some group is all circles: 090-1234-○○○○
	asks   bool // it is odd if digits follow
}

// put appends w, which stands for [from, to).
func (s *spelt) put(w string, from, to int) {
	if s.n+len(w) > len(s.text) {
		return
	}
	for i := range len(w) {
		s.text[s.n], s.from[s.n], s.to[s.n] = w[i], int32(from), int32(to)
		s.n++
	}
}

// digit appends digits.
func (s *spelt) digit(w string, from, to int) {
	s.put(w, from, to)
	s.digits += len(w)
	s.size += len(w)
	s.odd = s.odd || s.asks
	s.circle = -1
}

// group ends a group of digits.
func (s *spelt) group() {
	s.masked = s.masked || s.circle >= 3
	s.circle, s.size = 0, 0
}

// spell reads the value at offset i of t, at most up to limit, and returns where it
// ends.
func (s *spelt) spell(k *spelling, t []byte, i, limit int) int {
	s.n, s.digits, s.posed, s.size, s.circle, s.broken, s.odd, s.asks, s.masked = 0, 0, 0, 0, 0, 0, false, false, false
	for limit = min(limit, i+2*maxSpelt); i < limit && s.n < maxSpelt-4; {
		r, size := rune(t[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(t[i:])
		}
		switch {
		case r >= '0' && r <= '9':
			s.digit(digitStrings[r-'0'], i, i+1)
		case r == '\n' || r == '\r':
			next := s.brokenAt(k, t, i, limit)
			if next == i {
				return i
			}
			if s.broken == 0 {
				s.broken = i
			}
			size, s.asks = next-i, true
		case r < utf8.RuneSelf && separatorOf[r] != 0 || otherSign(r) && k.chars != written:
			s.sign(k, r, i, size)
		case k.chars == dated:
			if size = s.dated(t[:limit], i, r, size); size == 0 {
				return i
			}
		case k.chars == plated && (kanjiDigit(r) < 0 || s.n == 0 || s.text[s.n-1] >= utf8.RuneSelf) && alikeDigit(r) < 0:
			if kind := scriptOf(r); kind < scriptHira && !isUpper(t[i]) {
				return i
			}
			s.put(string(t[i:i+size]), i, i+size)
		case k.chars == written && (scriptOf(r) >= scriptLatin):
			s.put(string(t[i:i+size]), i, i+size)
		case k.chars == latin && r < utf8.RuneSelf && isLetter(t[i]):
			s.odd = s.odd || t[i] >= 'a'
			s.put(string(rune(t[i]&^0x20)), i, i+1)
		default:
			next := byte(0)
			if i+size < limit {
				next = t[i+size]
			}
			if !s.posing(k, r, i, size, next) {
				return i
			}
		}
		i += size
	}
	return i
}

// brokenAt returns where a value goes on that the line break at i breaks off, i if
// it does not.
func (s *spelt) brokenAt(k *spelling, t []byte, i, limit int) int {
	if s.n == 0 || s.broken > 0 || s.digits >= k.digits {
		return i
	}
	next := i
	for next < limit && (t[next] == '\r' || t[next] == ' ') {
		next++
	}
	if next < limit && t[next] == '\n' {
		next++
	}
	for next < limit && t[next] == ' ' {
		next++
	}
	if next == limit || isDigit(t[next]) || t[next] == '-' || t[next] == '/' || t[next] == '.' || k.chars >= dated && t[next] >= utf8.RuneSelf || k.chars == latin && isLetter(t[next]) {
		return next
	}
	return i
}

// sign appends a separator.
func (s *spelt) sign(k *spelling, r rune, i, size int) {
	last := byte(0)
	if s.n > 0 {
		last = s.text[s.n-1]
	}
	known := false
	for _, x := range k.signs {
		known = known || x == r
	}
	if !known || r == ' ' && (last == ' ' || k.label == LCard && s.size != 4) {
		s.asks = true
	}
	s.group()
	w := "-"
	switch {
	case r == ' ':
		w = " "
	case known:
		w = string(r)
	}
	s.put(w, i, i+size)
}

// otherSign reports the characters beyond ASCII that people put between digits.
func otherSign(r rune) bool {
	switch r {
	case 'ー', '・', '·', '•', '‧', '∙', '⋅', 'の':
		return true
	}
	return false
}

// posing appends a character that stands for a digit, and reports whether it does:
// a kanji, or a letter that looks like one. Where letters belong to the values, one
// of another script stands for its like.
func (s *spelt) posing(k *spelling, r rune, i, size int, next byte) bool {
	if d := kanjiDigit(r); d >= 0 {
		circles := s.circle
		s.odd = true
		s.digit(digitStrings[d], i, i+size)
		if circles >= 0 && r != '零' && d == 0 {
			s.circle = circles + 1
		}
		return true
	}
	if k.chars == latin {
		if c := alikeLetter(r); c != 0 {
			s.odd = true
			s.put(string(rune(c)), i, i+size)
			return true
		}
	}
	d := alikeDigit(r)
	if d < 0 || size == 1 && !s.amid(next) {
		return false
	}
	s.odd = true
	s.posed++
	s.digit(digitStrings[d], i, i+size)
	return true
}

// amid reports whether a letter stands amid digits: behind one or a hyphen, or
// before next that is or looks like one.
func (s *spelt) amid(next byte) bool {
	if isDigit(next) || alikeDigit(rune(next)) >= 0 {
		return true
	}
	return s.n > 0 && (isDigit(s.text[s.n-1]) || s.text[s.n-1] == '-')
}

var digitStrings = [...]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}

// alikeDigit returns the digit that a letter looks like, -1 if none.
func alikeDigit(r rune) int {
	switch r {
	case 'O', 'o', 'О', 'о', 'Ο', 'ο', 'Օ', 'օ':
		return 0
	case 'l', 'I', 'І', 'і', 'Ι', 'ι', 'Ӏ', 'ӏ':
		return 1
	case 'З', 'з':
		return 3
	case 'Ч', 'ч':
		return 4
	case 'б':
		return 6
	}
	return -1
}

// alikeLetter returns the capital that a Cyrillic or Greek letter looks like, 0 if
// none.
func alikeLetter(r rune) byte {
	const looks = "АAВBЕEКKМMНHОOРPСCТTУYХXІIЅSЈJΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX"
	found := false
	for _, x := range looks {
		if found {
			return byte(x)
		}
		found = x == r
	}
	return 0
}

// dated appends a part of a date: a number in kanji or digits, its sign, an era. It
// returns the length of what it took, 0 for anything else.
func (s *spelt) dated(t []byte, i int, r rune, size int) int {
	switch r {
	case '年', '月', '日', '元', '明', '治', '大', '正', '昭', '和', '平', '成', '令':
		s.put(string(r), i, i+size)
		return size
	}
	if s.n == 0 && size == 1 && isEraLetter(t[i]) {
		s.put(string(r), i, i+size)
		return size
	}
	if v, n, kanji := kanjiNumber(t[i:]); n > 0 && kanji {
		s.odd = true
		var buf [5]byte
		at := len(buf)
		for ; v > 0 || at == len(buf); v /= 10 {
			at--
			buf[at] = byte('0' + v%10)
		}
		s.digit(string(buf[at:]), i, i+n)
		return n
	}
	if d := alikeDigit(r); d >= 0 {
		s.odd = true
		s.posed++
		s.digit(digitStrings[d], i, i+size)
		return size
	}
	return 0
}

// trim drops separators at the end.
func (s *spelt) trim() {
	s.group()
	for s.n > 0 && separatorOf[s.text[s.n-1]] != 0 {
		s.n--
	}
}

// closeUp takes the spaces out of a value whose characters all stand apart. Where
// more than one is between two, one stays.
func (s *spelt) closeUp() {
	chars := 0
	for i := 0; i < s.n; {
		if s.text[i] == ' ' {
			i++
			continue
		}
		_, size := utf8.DecodeRune(s.text[i:s.n])
		if i += size; i < s.n && s.text[i] != ' ' {
			return
		}
		chars++
	}
	if chars < 5 {
		return
	}
	s.odd = true
	s.keep(func(i int) bool {
		return s.text[i] != ' ' || i > 0 && i+1 < s.n && s.text[i-1] == ' ' && s.text[i+1] != ' '
	})
}

// strip leaves no separators.
func (s *spelt) strip() {
	s.keep(func(i int) bool { return separatorOf[s.text[i]] == 0 })
}

// keep drops the bytes that stays does not want. stays sees those before i as they
// were.
func (s *spelt) keep(stays func(i int) bool) {
	old, n := *s, 0
	for i := range old.n {
		if stays(i) {
			s.text[n], s.from[n], s.to[n] = old.text[i], old.from[i], old.to[i]
			n++
		}
	}
	s.n = n
}

// conform makes letters digits where the values of k have digits.
func (s *spelt) conform(k *spelling) {
	for i := range s.n {
		digit := i < len(k.form) && k.form[i] == '0'
		if i >= len(k.form) && k.label == LIBAN {
			digit = strings.Contains(ibanDigits, string(s.text[:2]))
		}
		if !digit {
			continue
		}
		switch s.text[i] {
		case 'O':
			s.text[i], s.odd = '0', true
		case 'I', 'L':
			s.text[i], s.odd = '1', true
		}
	}
}

// read asks k's detector for the value, as it is spelt and then without separators.
func (s *spelt) read(k *spelling) (Finding, bool) {
	if s.trim(); s.masked {
		return Finding{}, false
	}
	s.closeUp()
	if k.chars == dated {
		for i := range s.n {
			if s.text[i] == ' ' && i > 0 && i+1 < s.n && isDigit(s.text[i-1]) && isDigit(s.text[i+1]) {
				s.text[i] = '-'
			}
		}
	}
	if k.chars != latin {
		if f, ok := s.ask(k); ok || k.chars == dated || k.chars == written {
			return f, ok
		}
	}
	s.strip()
	s.conform(k)
	return s.ask(k)
}

// ask is read for the value as it is spelt by now.
func (s *spelt) ask(k *spelling) (found Finding, ok bool) {
	b := Block{Text: s.text[:s.n], context: told(k.label)}
	for i := 0; i < s.n; i++ {
		if s.text[i] == '@' {
			b.Ats = append(b.Ats, int32(i))
		}
		if from := i; isDigit(s.text[i]) {
			for i < s.n && isDigit(s.text[i]) {
				i++
			}
			b.Runs = append(b.Runs, match.Run{Start: int32(from), End: int32(i)})
		}
	}
	k.by.Find(&b, func(f Finding) {
		if f.Start == 0 && (f.End == s.n || s.text[f.End] == ' ') && slices.Contains(k.types, f.Type) &&
			(f.Validated || !k.sure) && f.Confidence >= .5 && f.Confidence > found.Confidence {
			found, ok = f, true
		}
	})
	if !ok {
		return found, false
	}
	found.Start, found.End = int(s.from[0]), int(s.to[found.End-1])
	found.Confidence = min(found.Confidence, .95)
	if s.posed > 0 {
		found.Confidence = min(found.Confidence, .85)
	}
	return found, true
}

// apartAddress takes a text that begins with a prefecture or town for an address.
type apartAddress struct{}

func (apartAddress) ID() string    { return addresses{}.ID() }
func (apartAddress) Types() []Type { return []Type{Address} }

func (a apartAddress) Find(b *Block, emit func(Finding)) {
	_, n := dict.CityAt(b.Text)
	for _, p := range dict.Prefectures {
		if startsWith(b.Text, p) {
			n = len(p)
		}
	}
	if n > 0 && n < len(b.Text) && bytes.Count(b.Text, oneSpace) < 3 {
		emit(Finding{Type: Address, Detector: a.ID(), Start: 0, End: len(b.Text), Confidence: .9, Canon: string(b.Text)})
	}
}

// told is a context in which every value has the same label.
type told Label

func (l told) label(int) (own, near Label)         { return Label(l), Label(l) }
func (l told) columns() (labels Label, table bool) { return Label(l), false }

// mail reads the address around the "@" at offset at of b if its characters all
// stand apart, or if there are spaces or a line's end beside the "@" and a label
// says that it is one.
func (s *spelt) mail(b *Block, at int) (Finding, bool) {
	t := b.Text
	start, end := at, at+1
	for start > 0 && at-start < 3 && blank(t[start-1]) {
		start--
	}
	for end < len(t) && end-at < 4 && blank(t[end]) {
		end++
	}
	if start == at && end == at+1 || start == 0 || end == len(t) || !isLocal(t[start-1]) || !isLocal(t[end]) {
		return Finding{}, false
	}
	// The first characters on both sides, and then those that stand apart.
	start, end = start-1, end+1
	for start >= 2 && t[start-1] == ' ' && isLocal(t[start-2]) && (start == 2 || !isLocal(t[start-3])) {
		start -= 2
	}
	for end+1 < len(t) && t[end] == ' ' && isLocal(t[end+1]) && (end+2 == len(t) || !isLocal(t[end+2])) {
		end += 2
	}
	if at-start < 6 || end-at < 8 {
		for start > 0 && isLocal(t[start-1]) {
			start--
		}
		for end < len(t) && isLocal(t[end]) {
			end++
		}
		if bytes.IndexByte(t[at:end], '.') < 0 {
			return Finding{}, false
		}
		if own, _ := b.Label(start); own&LEmail == 0 {
			return Finding{}, false
		}
	}
	s.n = 0
	for i := start; i < end; i++ {
		if !blank(t[i]) {
			s.put(string(t[i:i+1]), i, i+1)
		}
	}
	s.posed = 0
	s.trim()
	return s.ask(&mailSpelling)
}

var mailSpelling = spelling{label: LEmail, by: email{}, types: []Type{Email}}

func blank(c byte) bool { return c == ' ' || c == '\n' || c == '\r' }
