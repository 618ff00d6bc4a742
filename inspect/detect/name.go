package detect

import (
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// names finds names of persons: Japanese ones in kanji, kana and romaji, names
// of other countries in katakana and in Latin letters.
//
// It starts from the kanji names and honorifics that the matcher hit, from
// whole katakana words and from capitalised words, and weighs evidence for and
// against: how frequent surname and given name are and what else they may be,
// what stands before and after (titles, particles, other kanji, verbs of
// speech), whether an ordinary word covers the place, and the label. The sum is
// in log odds; nameConfidence turns it into a share. These weights were set by
// hand from counts on annotated texts. In prose a trained model has the last
// word and finds names that no dictionary lists; see name_model.go. Elsewhere a
// name whose parts no dictionary lists is found only by its label or honorific, a
// second mention by surname alone if the first was a whole name in the same block.
//
// Its limits: names in small Latin letters without a word that announces them,
// given names in hiragana or of one character in prose, and Chinese names with a
// surname that is a common character and no title are missed; the names of
// fictional and historical persons count as names.
type names struct{}

func (names) ID() string    { return "name" }
func (names) Types() []Type { return []Type{Name} }

// nameLeast is the confidence below which a candidate is not reported.
const nameLeast = 0.3

// Find implements Detector.
func (names) Find(b *Block, emit func(Finding)) {
	s := nameSearch{b: b, text: b.Text, emit: emit}
	s.japanese()
	s.capitalised()
	s.finish()
}

// japanese looks for candidates in Japanese.
func (s *nameSearch) japanese() {
	b := s.b
	runs := katakanaRuns{block: b}
	more := runs.next()
	for i := 0; i < len(b.Hits); i++ {
		h := &b.Hits[i]
		c := Class(h.Payload >> 24)
		if c < ClassSurname || c > ClassHonorific {
			continue
		}
		for more && runs.start <= int(h.Start) {
			s.run(&runs)
			more = runs.next()
		}
		if int(h.Start) < s.taken {
			continue
		}
		switch c {
		case ClassSurname:
			i += s.surname(i)
		case ClassGiven:
			if nameKind(h.Payload>>8&0xFF) == nameWhole {
				s.whole(int(h.Start), int(h.End), dict.Info(h.Payload))
			} else {
				s.given(int(h.Start), int(h.End))
			}
		case ClassHonorific:
			switch nameKind(h.Payload >> 8 & 0xFF) {
			case nameLabel:
				s.announced(int(h.End))
				continue
			case nameSino:
				s.sino(int(h.Start), int(h.End))
				continue
			case nameLatinLabel:
				s.lowerCase(int(h.Start), int(h.End))
				continue
			}
			s.honorific(int(h.Start), int(h.End))
		}
	}
	for more {
		s.run(&runs)
		more = runs.next()
	}
}

// run looks at a katakana word.
func (s *nameSearch) run(k *katakanaRuns) {
	if k.start < s.taken {
		return
	}
	if !k.promising() {
		if s.taken > 0 { // names come together, and most texts are full of such words
			s.unknownKatakana(k.start, k.end)
		}
		return
	}
	if k.japanese() && s.kana(k.start) {
		return
	}
	s.katakana(k.end)
}

// nameSearch is one Find. It lives on the stack.
type nameSearch struct {
	b     *Block
	text  []byte
	emit  func(Finding)
	taken int // end of the last finding
	code  codePages
	// What the model still has to judge, nil if there is nothing.
	tagger *nameTagger
	// Surnames found so far, so that a later mention without a given name is
	// believed. Kept as offsets: the last ones are enough.
	known  [16]span16
	nknown int
}

type span16 struct{ start, end int32 }

// report emits the finding [start,end) with the given log odds, if they
// suffice, and remembers its surname.
func (s *nameSearch) report(start, end int, odds float32, listed bool) bool {
	if odds < leastOdds {
		return false
	}
	c := nameConfidence(odds)
	if c < nameLeast || isEra(s.text[start:end]) || s.isCity(start, end) {
		return false
	}
	s.taken = end
	s.emit(Finding{
		Type: Name, Detector: "name", Start: start, End: end,
		Confidence: c, Validated: listed, Canon: s.b.canon(canonName, s.text[start:end]),
	})
	return true
}

// isCity reports whether [start,end) is a city, ward or county, or the beginning of
// one: 南房総市, 西多摩郡日|の出町. Villages and towns are called like people.
func (s *nameSearch) isCity(start, end int) bool {
	if end-start < 9 || s.text[start] < utf8.RuneSelf {
		return false
	}
	if first, _ := utf8.DecodeRune(s.text[start:]); scriptOf(first) != scriptKanji {
		return false
	}
	_, n := dict.CityAt(s.text[start:])
	return n >= end-start && (n > end-start || endsWith(s.text[start:end], "市") || endsWith(s.text[start:end], "区") || endsWith(s.text[start:end], "郡"))
}

// remember keeps a surname for later mentions.
func (s *nameSearch) remember(start, end int) {
	s.known[s.nknown%len(s.known)] = span16{int32(start), int32(end)}
	s.nknown++
}

// knows reports whether word was the surname of a name found before.
func (s *nameSearch) knows(word []byte) bool {
	for _, k := range s.known[:min(s.nknown, len(s.known))] {
		if string(s.text[k.start:k.end]) == string(word) {
			return true
		}
	}
	return false
}

// nameCanon is the name without spaces and dots, variants of characters as one;
// see appendNameCanon.
func nameCanon(t []byte) string {
	return string(appendNameCanon(make([]byte, 0, len(t)), t))
}
