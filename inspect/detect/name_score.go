package detect

import (
	"bytes"
	"math"
	"unicode"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// nameConfidence turns log odds into the share of such findings that are
// right.
func nameConfidence(odds float32) float32 {
	if odds > sureOdds {
		return 0.99
	}
	return min(0.99, float32(1/(1+math.Exp(-float64(odds)))))
}

const (
	sureOdds  = 4.6  // from which nameConfidence is the same
	leastOdds = -0.9 // below nameLeast
)

// script is the kind of a character, as far as names go.
type script uint8

const (
	scriptNone   script = iota // start or end of text
	scriptBreak                // line ends, tabs, commas, quotes: borders of cells
	scriptMark                 // other punctuation and spaces
	scriptDigit                // ASCII digits
	scriptLatin                // letters
	scriptHira                 // hiragana
	scriptKata                 // katakana and ー
	scriptKanji                // ideographs and 々
	scriptMiddle               // ・
)

func scriptOf(r rune) script {
	if uint32(r) < utf8.RuneSelf {
		return asciiScript[r]
	}
	switch {
	case r >= 0x4E00 && r <= 0x9FFF, r == '々', r >= 0x3400 && r <= 0x4DBF, r >= 0xF900 && r <= 0xFAFF, r >= 0x20000 && r <= 0x3FFFF, r == '〆':
		return scriptKanji
	case r >= 'ぁ' && r <= 'ゖ':
		return scriptHira
	case r >= 'ァ' && r <= 'ヺ', r == 'ー':
		return scriptKata
	case r == '・', r == '·', r == '･':
		return scriptMiddle
	case unicode.IsLetter(r):
		return scriptLatin
	}
	return scriptMark
}

var asciiScript = func() (t [utf8.RuneSelf]script) {
	for c := range t {
		switch {
		case isDigit(byte(c)):
			t[c] = scriptDigit
		case isLetter(byte(c)):
			t[c] = scriptLatin
		default:
			t[c] = scriptMark
		}
	}
	for _, c := range "\n\r\t,\"|;<>'" {
		t[c] = scriptBreak
	}
	return t
}()

// nameBefore and nameAfter return the character next to offset i and its kind.
func nameBefore(t []byte, i int) (rune, script, int) {
	if i <= 0 {
		return 0, scriptNone, 0
	}
	if c := t[i-1]; c < utf8.RuneSelf {
		return rune(c), asciiScript[c], 1
	}
	r, n := utf8.DecodeLastRune(t[:i])
	return r, scriptOf(r), n
}

func nameAfter(t []byte, i int) (rune, script, int) {
	if i >= len(t) {
		return 0, scriptNone, 0
	}
	if c := t[i]; c < utf8.RuneSelf {
		return rune(c), asciiScript[c], 1
	}
	r, n := utf8.DecodeRune(t[i:])
	return r, scriptOf(r), n
}

// cellBorder reports whether [start,end) fills a cell, a field or a line,
// apart from spaces.
func (s *nameSearch) cellBorder(start, end int) (left, right bool) {
	for start > 0 && s.text[start-1] == ' ' {
		start--
	}
	for end < len(s.text) && s.text[end] == ' ' {
		end++
	}
	before, l, n := nameBefore(s.text, start)
	after, r, _ := nameAfter(s.text, end)
	left, right = l <= scriptBreak, r <= scriptBreak || after == '('
	switch before {
	case ':': // a label, no time
		_, k, _ := nameBefore(s.text, start-n)
		left = k >= scriptLatin
	case '・', '-', '*', '>': // a bullet
		left = start-n == 0 || s.text[start-n-1] == '\n'
	}
	return left, right
}

// labelled weighs the labels at [start,end). whole tells that the value under
// a name's label is nothing but that.
func (s *nameSearch) labelled(start, end int) (odds float32, whole bool) {
	if mailboxBegins(s.text[end:]) {
		return 3, false
	}
	own, near := s.b.Label(start)
	if near == 0 {
		return 0, false
	}
	const name = LName | LSurname | LGiven | LKana
	const other = LAddress | LPrefecture | LCity | LStreet | LPostal | LPhone | LEmail | LCard | LBank |
		LOrder | LAmount | LDate | LCompany | LPlate | LBirth
	switch {
	case own&name != 0 && s.b.unsupported(start, end):
		return 0, false
	case own&name != 0:
		if left, right := s.cellBorder(start, end); left && right {
			return 4, true
		}
		return 1, false // 氏名: 円山保育園, or prose behind a colon
	case own&LPerson != 0:
		return 2, false
	case own&other != 0 && !s.apart(start, own):
		return -4, false
	case near&name != 0:
		return 1, false
	case near&LPerson != 0:
		return 0.5, false
	}
	return 0, false
}

// mailboxBegins reports whether t begins with the address of a mailbox whose
// display name stands before: <taro@example.jp>.
func mailboxBegins(t []byte) bool {
	if len(t) > 0 && t[0] == '"' {
		t = t[1:]
	}
	if len(t) > 0 && t[0] == ' ' {
		t = t[1:]
	}
	if len(t) < 4 || t[0] != '<' {
		return false
	}
	for i, c := range t[1:min(len(t), 66)] {
		switch c {
		case '@':
			return i > 0
		case ' ', '<', '>', '/', '=', '"', '\n':
			return false
		}
	}
	return false
}

// apart reports whether the label own, a word on what is no name, does not
// govern what begins at i after all: it is a part of a phrase (東京支店の, from),
// or the end of a finished line above.
func (s *nameSearch) apart(i int, own Label) bool {
	t := s.text
	if bytes.HasSuffix(t[:i], []byte("の")) {
		return true
	}
	if i > 1 && t[i-1] == ' ' && t[i-2] >= 'a' && t[i-2] <= 'z' {
		return own&^(LDate|LOrder) == 0 // from, case
	}
	at := len(bytes.TrimRight(t[:i], " "))
	if at == 0 || t[at-1] != '\n' {
		return false
	}
	r, _ := utf8.DecodeLastRune(bytes.TrimRight(t[:at], " \r\n"))
	switch {
	case r == ')', r == '。':
		return true
	case r >= '0' && r <= '9', r == '号', r == '室', r == '階', r == '番', r == 'F':
		return t[i] >= utf8.RuneSelf && own&(LAddress|LPrefecture|LCity|LStreet|LPostal) != 0
	}
	return false
}

// covered weighs ordinary words that lie over [start,end): one that holds all
// of it, one that reaches in from the left or out to the right.
// What else a single listed word may be, full false, the tables of names have
// said already.
func (s *nameSearch) covered(start, end int, full bool) float32 {
	var odds float32
	at := start
	for back := 0; back < 4 && at > 0; back++ {
		_, k, n := nameBefore(s.text, at)
		if k < scriptHira {
			break
		}
		at -= n
	}
	for at < end {
		n, info := dict.LongestWord(s.text[at:min(len(s.text), at+24)])
		if n > 0 {
			switch w := at + n; {
			case at <= start && w >= end && (at < start || w > end):
				return -5
			case at == start && w == end:
				if full {
					odds = min(odds, -4)
				}
			case at < start && w > start:
				odds = min(odds, -1.5-0.15*float32(info.Weight()))
			case at > start && w > end:
				odds = min(odds, -1.5-0.15*float32(info.Weight()))
			}
		}
		_, size := utf8.DecodeRune(s.text[at:])
		at += size
	}
	return odds
}
