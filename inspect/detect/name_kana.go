package detect

import (
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// kanaRun returns the end of the run of one kana script that begins at i.
func kanaRun(t []byte, i int) (end int, k script) {
	_, k, n := nameAfter(t, i)
	if k != scriptKata && k != scriptHira {
		return i, k
	}
	for end = i + n; end < len(t); end += n {
		var r rune
		var next script
		r, next, n = nameAfter(t, end)
		if next != k && r != 'ー' {
			break
		}
	}
	return end, k
}

// toKatakana copies kana to dst as katakana. dst must be as long as src.
func toKatakana(dst, src []byte) []byte {
	dst = dst[:0]
	for i := 0; i < len(src); {
		r, n := utf8.DecodeRune(src[i:])
		if r >= 'ぁ' && r <= 'ゖ' {
			r += 'ァ' - 'ぁ'
		}
		if len(dst)+3 > cap(dst) {
			return dst
		}
		dst = utf8.AppendRune(dst, r)
		i += n
	}
	return dst
}

// kana looks at the kana name that may begin at start and reports whether
// there is one.
func (s *nameSearch) kana(start int) bool {
	if _, k, _ := nameBefore(s.text, start); k == scriptKata || k == scriptHira || k == scriptMiddle || k == scriptKanji {
		return false
	}
	c, ok := s.kanaPair(start)
	if !ok {
		return false
	}
	label, _ := s.labelled(c.start, c.end)
	left, right := s.cellBorder(c.start, c.end)
	c.odds += label
	if !c.spaced && label < 2 {
		var buf [36]byte
		if dict.LookupJapanese(toKatakana(buf[:], s.text[c.start:c.end])).SurnameKana != 0 {
			c.odds -= 2.5 // マツモト is a branch or a town more often than マツ モト
		}
	}
	switch r, _ := utf8.DecodeRune(s.text[start:]); {
	case c.spaced && left && right:
		c.odds += 1.5
	case c.spaced:
	case scriptOf(r) == scriptHira:
		c.odds -= 2 // most likely a word
	case katakanaWord(s.text[c.start:c.end]):
		c.odds -= 4
	case left && right:
		c.odds += 0.7
	}
	if title := nameTitle(s.text[c.end:]); title > 0 {
		c.odds += title
	}
	return s.weigh(c.start, c.end, c.odds, true, label != 0 || left && right)
}

// katakanaWord reports whether word is a thing's or somebody's from abroad.
func katakanaWord(word []byte) bool {
	is := dict.LookupJapanese(word)
	return is.Word != 0 || is.Foreign != 0 || katakanaThing(word)
}

// kanaPair reads surname and given name in kana at start: two runs with a
// space or ・ between, or one run that parts into two listed readings.
func (s *nameSearch) kanaPair(start int) (nameCandidate, bool) {
	t := s.text
	end, k := kanaRun(t, start)
	if k != scriptKata && k != scriptHira || end-start < 6 || end-start > 36 {
		return nameCandidate{}, false
	}
	var a, b [36]byte
	c := nameCandidate{start: start}
	first := toKatakana(a[:], t[start:end])
	at := end
	if r, _, n := nameAfter(t, at); r == ' ' || r == '・' {
		at += n
	}
	if at > end {
		end2, k2 := kanaRun(t, at)
		if k2 == k && end2-at >= 6 && end2-at <= 24 {
			c.middle, c.end, c.spaced = end, end2, true
			c.surname = dict.LookupJapanese(first).SurnameKana
			c.given = dict.LookupJapanese(toKatakana(b[:], t[at:end2])).GivenKana
			if c.surname != 0 && c.given != 0 {
				c.odds = -1.5 + 0.15*float32(c.surname.Weight()+c.given.Weight())
				if t[end] != ' ' {
					c.odds -= 0.5
				}
				return c, true
			}
		}
	}
	// One run: both parts at least two characters.
	c.odds = -9
	for i := 6; i <= len(first)-6; i += 3 {
		sn := dict.LookupJapanese(first[:i]).SurnameKana
		if sn == 0 {
			continue
		}
		gn := dict.LookupJapanese(first[i:]).GivenKana
		if gn == 0 {
			continue
		}
		odds := -4.5 + 0.17*float32(sn.Weight()+gn.Weight())
		if odds > c.odds {
			c.surname, c.given, c.odds = sn, gn, odds
			c.middle, c.end = start+i, end
		}
	}
	return c, c.odds > -9
}
