package main

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// An entry's byte is a dict.Info: four bits of weight, then what else the word
// may be (two bits) and how doubtful that leaves it as a name (two bits).
const (
	rivalWord  = 1 << 4
	rivalPlace = 2 << 4
	rivalOther = 3 << 4
	doubtStep  = 1 << 6
)

// unknownCost stands for the cost of words that only a source without
// comparable costs lists.
const unknownCost = 9500

// evidence is what the sources say of one name.
type evidence struct {
	population int  // bearers, where a source estimates them
	popular    bool // in a list of popular names
	listed     bool // in a list of names
	ipadic     bool
	unidic     bool // Sudachi's UniDic part
	neologd    bool // Sudachi's larger, rougher part
	inside     int  // longer words that it stands in
	cost       int  // Sudachi's least cost of it as a name, 0 if not listed
}

// lexicon collects the Japanese words of all sources.
type lexicon struct {
	surname, given, person, whole map[string]*evidence
	surnameKana, givenKana        map[string]map[string]bool // kana → kanji forms
	word, place, other            map[string]int             // not persons; cost, lower is more frequent
	latin                         map[string]bool            // names in Latin letters, lower case
}

func newLexicon() *lexicon {
	return &lexicon{
		surname: map[string]*evidence{}, given: map[string]*evidence{}, person: map[string]*evidence{},
		whole:       map[string]*evidence{},
		surnameKana: map[string]map[string]bool{}, givenKana: map[string]map[string]bool{},
		word: map[string]int{}, place: map[string]int{}, other: map[string]int{},
		latin: map[string]bool{},
	}
}

func note(m map[string]*evidence, name string) *evidence {
	e := m[name]
	if e == nil {
		e = &evidence{}
		m[name] = e
	}
	return e
}

func (l *lexicon) reading(m map[string]map[string]bool, kana, form string) {
	kana = katakana(kana)
	if !isKatakana(kana) || utf8.RuneCountInString(kana) < 2 {
		return
	}
	if m[kana] == nil {
		m[kana] = map[string]bool{}
	}
	m[kana][form] = true
}

// keepFirst notes a word whose cost is not known.
func keepFirst(m map[string]int, w string) {
	if _, ok := m[w]; !ok {
		m[w] = unknownCost
	}
}

// keepCheapest notes a word at its least cost.
func keepCheapest(m map[string]int, w string, cost int) {
	if c, ok := m[w]; !ok || cost < c {
		m[w] = cost
	}
}

// rival says what else name is, by its likeliest other meaning. Costs are log
// probabilities in steps of some 800 a factor e, as MeCab's tools scale them.
func (l *lexicon) rival(name string, e *evidence) byte {
	cost := unknownCost
	if e != nil && e.cost != 0 {
		cost = e.cost
	}
	var kind byte
	least := cost + 2400 // rarer meanings do not count
	for _, r := range []struct {
		kind  byte
		words map[string]int
	}{{rivalWord, l.word}, {rivalPlace, l.place}, {rivalOther, l.other}} {
		if c, ok := r.words[name]; ok && c < least {
			kind, least = r.kind, c
		}
	}
	if kind == 0 {
		return 0
	}
	switch d := least - cost; {
	case d > 800:
		return kind
	case d > -800:
		return kind | doubtStep
	case d > -2400:
		return kind | 2*doubtStep
	}
	return kind | 3*doubtStep
}

func katakana(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'ぁ' && r <= 'ゖ' {
			return r + 'ァ' - 'ぁ'
		}
		return r
	}, s)
}

// isKatakana reports whether s is of katakana alone, its parts perhaps with ・
// between.
func isKatakana(s string) bool {
	for _, r := range s {
		if r != 'ー' && r != '・' && (r < 'ァ' || r > 'ヺ') {
			return false
		}
	}
	return s != ""
}

// isKana reports whether s has no kanji at its start, so that it could be a
// word of the running text.
func isKana(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return r >= 'ぁ' && r <= 'ヺ'
}

func isHiragana(s string) bool {
	for _, r := range s {
		if r != 'ー' && (r < 'ぁ' || r > 'ゖ') {
			return false
		}
	}
	return s != ""
}

// isJapanese reports whether s is of kanji, perhaps with kana.
func isJapanese(s string) (all, kanji bool) {
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Han, r), r == '々', r == '〆', r == 'ヶ':
			kanji = true
		case r >= 'ぁ' && r <= 'ゖ', r >= 'ァ' && r <= 'ヺ', r == 'ー', r == '・':
		default:
			return false, false
		}
	}
	return s != "", kanji
}

func isLatin(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return len(s) > 1
}
