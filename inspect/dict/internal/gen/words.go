package main

import (
	"maps"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict/internal/lists"
)

// words keeps the words that a search for names could mistake: those that
// contain a name of two and more characters, and katakana words. The weight is
// 1 for rare words to 15 for the most frequent.
func (l *lexicon) words() table {
	words := table{}
	for _, kind := range []struct {
		words map[string]int
		kind  byte
	}{{l.word, rivalWord}, {l.place, rivalPlace}, {l.other, rivalOther}} {
		for w, cost := range kind.words {
			n := utf8.RuneCountInString(w)
			if n < 2 || n > 7 && !strings.Contains(w, "・") || n > 20 || kind.kind == rivalPlace && n > 5 || isHiragana(w) || !isKatakana(w) && !l.resembles(w) {
				continue
			}
			if weight := byte(max(1, min(15, (12000-cost)/600))); weight > words[w]&15 {
				words[w] = weight | kind.kind
			}
		}
	}
	return words
}

// resembles reports whether a frequent name stands in w and is not all of it:
// what a whole word is besides a name, the tables of names say themselves.
func (l *lexicon) resembles(w string) bool {
	var at []int
	for i := range w {
		at = append(at, i)
	}
	at = append(at, len(w))
	for i := range at {
		for j := i + 2; j < len(at) && j <= i+3; j++ {
			s := w[at[i]:at[j]]
			if e := l.surname[s]; e != nil && e.surnameWeight() > 5 && s != w {
				return true
			}
			if e := l.given[s]; e != nil && e.givenWeight() > 9 && s != w {
				return true
			}
		}
	}
	return false
}

// placeCost is the most that a place in the filter of places costs: beyond are
// places that few texts name.
const placeCost = 10500

// writeOrdinary writes filters of the words and of the places of two and three
// kanji, whether they look like names or not.
func (l *lexicon) writeOrdinary(out string) error {
	for _, f := range []struct {
		name  string
		words map[string]int
		most  int
	}{{"words.filter", l.word, math.MaxInt}, {"places.filter", l.place, placeCost}} {
		short := table{}
		for w, cost := range f.words {
			if n := utf8.RuneCountInString(w); n >= 2 && n <= 3 && cost <= f.most && isKanji(w) {
				short[w] = 0
			}
		}
		// Half as many bytes again as words: one strange word in fifty gets through.
		if err := write(out, f.name, lists.NewFilter(maps.Keys(short), len(short)*3/2).Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// isKanji reports whether s is of kanji alone.
func isKanji(s string) bool {
	for _, r := range s {
		if !unicode.Is(unicode.Han, r) {
			return false
		}
	}
	return true
}
