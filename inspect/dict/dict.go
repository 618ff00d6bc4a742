// Package dict holds what the detectors know of the world: Japanese surnames
// and given names in kanji, kana and romaji, names of other countries in
// katakana and in Latin letters, ordinary words that look like names, and the
// gazetteer of Japan down to the town with its postal codes.
//
// Use it to look up a candidate that other evidence has already found; a walk
// over whole texts is the matcher's job. The data are embedded, compact and
// made by the generator in internal/gen from the sources that SOURCES.md names, all of
// them under permissive licences. Words are looked up in the data as they are
// embedded; cities and postal codes are unpacked at their first use and
// then shared. All look-ups are safe for concurrent use and do not allocate.
//
// Its limits: it lists what is frequent or official, not everything that
// exists, and it says nothing of persons: only of words. Words are told apart by
// some fifty bits of a hash: one strange word in billions is taken for a listed
// one.
package dict

import (
	_ "embed" // the data
	"fmt"
	"iter"

	"github.com/sekimori-dlp/sekimori/inspect/dict/internal/lists"
)

//go:generate go run ./internal/gen

var (
	//go:embed data/kanji.lists
	kanjiData string
	//go:embed data/katakana.lists
	katakanaData string
	//go:embed data/latin.lists
	latinData string
	//go:embed data/foreign.filter
	foreignData string
	//go:embed data/words.filter
	wordsData string
	//go:embed data/places.filter
	placesData string
	//go:embed data/surnames.text
	surnamesData string
	//go:embed data/given.text
	givenData string
	//go:embed data/whole.text
	wholeData string

	kanji, katakana, latin = open(kanjiData), open(katakanaData), open(latinData)
	foreign                = openFilter(foreignData)
	ordinary, places       = openFilter(wordsData), openFilter(placesData)
)

// open reads embedded lists. They are part of the program, so damage is a fault
// of the build and panics.
func open(data string) *lists.Lists {
	l, err := lists.Open(data)
	if err != nil {
		panic(fmt.Sprintf("dict: %v", err))
	}
	return l
}

func openFilter(data string) lists.Filter {
	f, err := lists.OpenFilter(data)
	if err != nil {
		panic(fmt.Sprintf("dict: %v", err))
	}
	return f
}

// Info says what is known of a listed word; 0 means that it is not listed.
type Info uint8

// Weight is 1 (rare) to 15 (most frequent), 0 for a word that is not listed.
// It is logarithmic: a step stands for about twice as many occurrences.
func (i Info) Weight() int { return int(i & 15) }

// Rival is what else the word is, by its likeliest other meaning.
func (i Info) Rival() Rival { return Rival(i >> 4 & 3) }

// Doubt says how the name stands against its Rival: 0, the name is likelier or
// there is no rival; 1, about even; 2, the rival is likelier; 3, the rival is
// more than twenty times as likely.
func (i Info) Doubt() int { return int(i >> 6) }

// Frequent reports whether a name from abroad is frequent, and no less likely a
// name than anything else.
func (i Info) Frequent() bool { return i.Weight() > 4 && i.Doubt() < 2 }

// Rival is a meaning of a word besides a person's name.
type Rival uint8

// The rivals.
const (
	NoRival Rival = iota
	Word          // an ordinary word: 大地, grace
	Place         // a place: 福岡
	Other         // a company, a product, an era
)

// Least weights of the names that Surnames and GivenNames yield.
const (
	LeastSurname = 3
	LeastGiven   = 6
)

// Surnames yields Japanese surnames in kanji (some with kana: 五十嵐, 一ノ瀬) with
// their Info, those of LeastSurname and more, in byte order.
func Surnames() iter.Seq2[string, Info] { return text(surnamesData) }

// GivenNames yields Japanese given names that begin with a kanji likewise, those of
// LeastGiven and more, two characters and more, that are no less likely names
// than anything else.
func GivenNames() iter.Seq2[string, Info] { return text(givenData) }

// WholeNames yields names in kanji that do not part into a listed surname and
// given name: names of persons of the Chinese world, of history and of the
// stage (李登輝, 日蓮), that are no less likely names than anything else.
func WholeNames() iter.Seq2[string, Info] { return text(wholeData) }

func text(data string) iter.Seq2[string, Info] {
	return func(yield func(string, Info) bool) {
		for w, info := range lists.All(data) {
			if !yield(w, Info(info)) {
				return
			}
		}
	}
}

// Japanese is what is known of a word in Japanese writing.
type Japanese struct {
	Surname Info // in kanji, some with kana: 五十嵐, 一ノ瀬
	Given   Info // in kanji and mixed writing
	// Words that contain or resemble names and are none: companies, places,
	// stations, diseases, eras, common nouns (三井住友, 松本市, 川崎病, 令和). Their
	// Rival says which kind.
	Word        Info
	Foreign     Info // given names and surnames of other countries in katakana: マイケル
	SurnameKana Info // readings in katakana, long vowels as written: サトウ
	GivenKana   Info
}

// LookupJapanese asks all lists of Japanese words for word.
func LookupJapanese(word []byte) Japanese {
	l := kanji
	if StartsKatakana(word) {
		l = katakana
	}
	return japanese(l.Row(lists.Hash(word)))
}

func japanese(row []byte) Japanese {
	if row == nil {
		return Japanese{}
	}
	_ = row[5]
	return Japanese{Info(row[0]), Info(row[1]), Info(row[2]), Info(row[3]), Info(row[4]), Info(row[5])}
}

// StartsKatakana reports whether word starts with a katakana letter. Such words have
// lists of their own, a quarter of all, so that what is asked most stays in the
// cache.
func StartsKatakana(word []byte) bool {
	return len(word) > 2 && word[0] == 0xE3 && (word[1] == 0x83 || word[1] == 0x82 && word[2] > 0xA0)
}

// LongestWord returns the length in bytes of the longest Word in Japanese writing
// that b begins with and that ends where a character ends, and what is known of it;
// 0, 0 if there is none. It tries every length: b should not be longer than words are.
func LongestWord(b []byte) (n int, info Info) {
	for n = len(b); n > 0; n-- {
		if n < len(b) && b[n]&0xC0 == 0x80 {
			continue
		}
		if info = LookupJapanese(b[:n]).Word; info != 0 {
			return n, info
		}
	}
	return 0, 0
}

// FrequentForeign reports whether word, which is in katakana, is a name from
// abroad that is Frequent. Of most words it tells much faster than
// LookupJapanese that they are none.
func FrequentForeign(word []byte) bool {
	h := lists.Hash(word)
	return foreign.Has(h) && japanese(katakana.Row(h)).Foreign.Frequent()
}

// Ordinary reports whether word, two or three kanji, is an ordinary word and
// whether it is the name of a place, be it like a name or not. Of other words one in
// fifty is taken for one: a hint for who weighs many.
func Ordinary(word []byte) (is, place bool) {
	h := lists.Hash(word)
	return ordinary.Has(h), places.Has(h)
}

// Latin is what is known of a word in Latin letters.
type Latin struct {
	// Names as they are written in English texts, of the United States above
	// all and of other countries.
	Given, Surname Info
	// Japanese names, Hepburn with and without long vowels and Kunrei (satou,
	// sato, satoh).
	RomajiGiven, RomajiSurname Info
	// Word says that it is an ordinary English word: a capitalised word that
	// is none is a name of something.
	Word bool
}

// LookupLatin asks all lists of words in Latin letters for word, which is in the
// form of FoldLatin.
func LookupLatin(word []byte) Latin {
	row := latin.Row(lists.Hash(word))
	if row == nil {
		return Latin{}
	}
	_ = row[4]
	return Latin{Info(row[0]), Info(row[1]), Info(row[2]), Info(row[3]), row[4] != 0}
}
