package main

import (
	"maps"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
	"github.com/sekimori-dlp/sekimori/inspect/dict/internal/lists"
)

// surnameWeight is logarithmic in the bearers where they are known: 佐藤, 1.9
// million, has 15, ten thousand has 8.
func (e *evidence) surnameWeight() byte {
	switch {
	case e.population > 0:
		return byte(max(6, min(15, bits.Len(uint(e.population))-6)))
	case e.ipadic && e.unidic:
		return 5
	case e.ipadic:
		return 4
	case e.unidic:
		return 3
	}
	return 1
}

func (e *evidence) givenWeight() byte {
	w := 0
	for _, s := range []struct {
		is     bool
		points int
	}{{e.popular, 3}, {e.listed, 3}, {e.ipadic, 4}, {e.unidic, 3}, {e.neologd, 1}} {
		if s.is {
			w += s.points
		}
	}
	return byte(max(1, w))
}

// foreignWeight is 11 for names in both dictionaries, 5 to 7 for one; 4 for
// those that stand inside many ordinary words (ション), so that nobody looks for
// them without other evidence.
func (e *evidence) foreignWeight() byte {
	w := 1
	if e.inside > 3 && !e.ipadic || e.inside > 60 {
		return 4
	}
	if e.ipadic {
		w += 6
	}
	if e.unidic {
		w += 4
	}
	return byte(w)
}

// nameTables are the tables of Japanese words.
type nameTables struct {
	surname, given, word, foreign, surnameKana, givenKana table // the columns of dict.Japanese
	whole                                                 table
}

func (l *lexicon) japanese() *nameTables {
	j := &nameTables{surname: table{}, given: table{}, word: l.words(), foreign: table{}, whole: table{}}
	for s, e := range l.surname {
		if utf8.RuneCountInString(s) <= 5 {
			j.surname[s] = e.surnameWeight() | l.rival(s, e)
		}
	}
	for s, e := range l.given {
		if n := utf8.RuneCountInString(s); n <= 5 && !isKatakana(s) {
			j.given[s] = e.givenWeight() | l.rival(s, e)
		}
	}
	l.countInside()
	for s, e := range l.person {
		if utf8.RuneCountInString(s) > 1 {
			j.foreign[s] = e.foreignWeight() | l.rival(s, e)
		}
	}
	for s, e := range l.whole {
		if n := utf8.RuneCountInString(s); n >= 2 && n <= 7 && l.surname[s] == nil && l.given[s] == nil {
			j.whole[s] = e.foreignWeight() | l.rival(s, e)
		}
	}
	j.surnameKana = kanaWeights(l.surnameKana, j.surname, l)
	j.givenKana = kanaWeights(l.givenKana, j.given, l)
	return j
}

func (j *nameTables) write(out string) error {
	for _, s := range []struct {
		name     string
		katakana bool
	}{{"kanji.lists", false}, {"katakana.lists", true}} {
		columns := []table{j.surname, j.given, j.word, j.foreign, j.surnameKana, j.givenKana}
		for i, t := range columns {
			columns[i] = t.part(func(w string, _ dict.Info) bool { return dict.StartsKatakana([]byte(w)) == s.katakana })
		}
		if err := writeLists(out, s.name, columns...); err != nil {
			return err
		}
	}
	frequent := j.foreign.part(func(_ string, i dict.Info) bool { return i.Frequent() })
	if err := write(out, "foreign.filter", lists.NewFilter(maps.Keys(frequent), len(frequent)).Bytes()); err != nil {
		return err
	}
	for _, t := range []struct {
		name string
		part table
	}{
		{"surnames.text", j.surname.part(func(_ string, i dict.Info) bool { return i.Weight() >= dict.LeastSurname })},
		{"given.text", j.given.part(func(w string, i dict.Info) bool {
			return i.Weight() >= dict.LeastGiven && i.Doubt() < 2 && utf8.RuneCountInString(w) > 1 && !isKana(w)
		})},
		{"whole.text", j.whole.part(func(_ string, i dict.Info) bool { return i.Doubt() < 2 })},
	} {
		if err := writeText(out, t.name, t.part); err != nil {
			return err
		}
	}
	return nil
}

// kanaWeights gives a reading the weight of its most frequent form. Readings
// that only rough entries have are left out.
func kanaWeights(readings map[string]map[string]bool, forms table, l *lexicon) table {
	out := table{}
	for kana, of := range readings {
		var best byte
		for f := range of {
			best = max(best, forms[f]&15)
		}
		if best > 1 && utf8.RuneCountInString(kana) <= 8 {
			out[kana] = best | l.rival(kana, nil)
		}
	}
	return out
}

func romajiForms(kana table) table {
	out := table{}
	for k, w := range kana {
		if w&15 < 3 {
			continue
		}
		for _, r := range romaji(k) {
			if len(r) > 1 && out[r]&15 < w&15 {
				out[r] = w & 15
			}
		}
	}
	return out
}

var hepburn = map[string]string{
	"ア": "a", "イ": "i", "ウ": "u", "エ": "e", "オ": "o",
	"カ": "ka", "キ": "ki", "ク": "ku", "ケ": "ke", "コ": "ko",
	"サ": "sa", "シ": "shi", "ス": "su", "セ": "se", "ソ": "so",
	"タ": "ta", "チ": "chi", "ツ": "tsu", "テ": "te", "ト": "to",
	"ナ": "na", "ニ": "ni", "ヌ": "nu", "ネ": "ne", "ノ": "no",
	"ハ": "ha", "ヒ": "hi", "フ": "fu", "ヘ": "he", "ホ": "ho",
	"マ": "ma", "ミ": "mi", "ム": "mu", "メ": "me", "モ": "mo",
	"ヤ": "ya", "ユ": "yu", "ヨ": "yo",
	"ラ": "ra", "リ": "ri", "ル": "ru", "レ": "re", "ロ": "ro",
	"ワ": "wa", "ヰ": "i", "ヱ": "e", "ヲ": "o", "ン": "n", "ヴ": "vu",
	"ガ": "ga", "ギ": "gi", "グ": "gu", "ゲ": "ge", "ゴ": "go",
	"ザ": "za", "ジ": "ji", "ズ": "zu", "ゼ": "ze", "ゾ": "zo",
	"ダ": "da", "ヂ": "ji", "ヅ": "zu", "デ": "de", "ド": "do",
	"バ": "ba", "ビ": "bi", "ブ": "bu", "ベ": "be", "ボ": "bo",
	"パ": "pa", "ピ": "pi", "プ": "pu", "ペ": "pe", "ポ": "po",
	"ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o",
}

var small = map[rune]string{'ャ': "a", 'ュ': "u", 'ョ': "o"}

// spell writes kana in Hepburn letters with long vowels as in the kana.
func spell(kana string) string {
	var b strings.Builder
	double := false
	rs := []rune(kana)
	for i, r := range rs {
		switch {
		case r == 'ッ':
			double = true
			continue
		case r == 'ー':
			if s := b.String(); s != "" {
				b.WriteByte(s[len(s)-1])
			}
			continue
		case small[r] != "":
			continue // joined below
		}
		s := hepburn[string(r)]
		if i+1 < len(rs) {
			if v := small[rs[i+1]]; v != "" && len(s) > 1 {
				switch s {
				case "shi", "chi", "ji":
					s = s[:len(s)-1] + v
				default:
					s = s[:len(s)-1] + "y" + v
				}
			}
		}
		if s == "" {
			return ""
		}
		if double {
			if strings.HasPrefix(s, "ch") {
				b.WriteByte('t')
			} else {
				b.WriteByte(s[0])
			}
			double = false
		}
		b.WriteString(s)
	}
	return b.String()
}

var (
	shortVowels = strings.NewReplacer("ou", "o", "oo", "o", "uu", "u")
	kunrei      = strings.NewReplacer("shi", "si", "chi", "ti", "tsu", "tu", "fu", "hu", "ji", "zi",
		"sha", "sya", "shu", "syu", "sho", "syo", "cha", "tya", "chu", "tyu", "cho", "tyo", "ja", "zya", "ju", "zyu", "jo", "zyo")
	mBefore = strings.NewReplacer("nb", "mb", "np", "mp", "nm", "mm")
)

// romaji lists the spellings that people use: as in the kana, with short
// vowels (passports), with h for a long first or last o (ohno, satoh), with m before b and
// p, and Kunrei.
func romaji(kana string) []string {
	long := spell(kana)
	if long == "" {
		return nil
	}
	short := shortVowels.Replace(long)
	forms := []string{long, short, mBefore.Replace(short), kunrei.Replace(long), kunrei.Replace(short)}
	if strings.HasSuffix(long, "ou") || strings.HasSuffix(long, "oo") {
		forms = append(forms, shortVowels.Replace(long[:len(long)-2])+"oh")
	}
	if strings.HasPrefix(long, "oo") {
		forms = append(forms, "oh"+shortVowels.Replace(long[2:]))
	}
	return forms
}

// countInside counts for each katakana name in how many longer ordinary words
// it stands.
func (l *lexicon) countInside() {
	for _, words := range []map[string]int{l.word, l.place, l.other} {
		for w := range words {
			if !isKatakana(w) {
				continue
			}
			for i := 0; i < len(w); i += 3 {
				for j := i + 9; j <= len(w); j += 3 {
					if j-i == len(w) {
						continue
					}
					if e := l.person[w[i:j]]; e != nil {
						e.inside++
					}
				}
			}
		}
	}
}
