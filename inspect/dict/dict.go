// Package dict holds what the detectors know of the world: Japanese surnames
// and given names in kanji, kana and romaji, names of other countries in
// katakana and in Latin letters, ordinary words that look like names, and the
// gazetteer of Japan down to the town with its postal codes.
//
// Use it to look up a candidate that other evidence has already found; a walk
// over whole texts is the matcher's job. The data are embedded, compact and
// made by the generator in internal/gen from the sources that SOURCES.md names, all of
// them under permissive licences. Every table is unpacked at its first use and
// then shared; all look-ups are safe for concurrent use and do not allocate.
//
// Its limits: it lists what is frequent or official, not everything that
// exists, and it says nothing of persons: only of words.
package dict

import (
	"embed"
	"sync"
)

//go:generate go run ./internal/gen

//go:embed data/*.zst
var files embed.FS

var (
	surnames        = sync.OnceValue(func() *Table { return loadTable("surnames.zst") })
	givenNames      = sync.OnceValue(func() *Table { return loadTable("given.zst") })
	surnameKana     = sync.OnceValue(func() *Table { return loadTable("surname_kana.zst") })
	givenKana       = sync.OnceValue(func() *Table { return loadTable("given_kana.zst") })
	surnameRomaji   = sync.OnceValue(func() *Table { return loadTable("surname_romaji.zst") })
	givenRomaji     = sync.OnceValue(func() *Table { return loadTable("given_romaji.zst") })
	foreignNames    = sync.OnceValue(func() *Table { return loadTable("foreign.zst") })
	wholeNames      = sync.OnceValue(func() *Table { return loadTable("whole.zst") })
	englishGiven    = sync.OnceValue(func() *Table { return loadTable("english_given.zst") })
	englishSurnames = sync.OnceValue(func() *Table { return loadTable("english_surnames.zst") })
	words           = sync.OnceValue(func() *Table { return loadTable("words.zst") })
	englishWords    = sync.OnceValue(func() *Table { return loadTable("english_words.zst") })
)

// Surnames lists Japanese surnames in kanji (some with kana: 五十嵐, 一ノ瀬).
func Surnames() *Table { return surnames() }

// GivenNames lists Japanese given names in kanji and mixed writing.
func GivenNames() *Table { return givenNames() }

// SurnameKana lists readings of surnames in katakana, long vowels as written
// (サトウ).
func SurnameKana() *Table { return surnameKana() }

// GivenKana lists readings of given names in katakana.
func GivenKana() *Table { return givenKana() }

// SurnameRomaji lists surnames in lower-case romaji, Hepburn with and without
// long vowels and Kunrei (satou, sato, satoh).
func SurnameRomaji() *Table { return surnameRomaji() }

// GivenRomaji lists given names in lower-case romaji.
func GivenRomaji() *Table { return givenRomaji() }

// ForeignNames lists given names and surnames of other countries in katakana
// (マイケル).
func ForeignNames() *Table { return foreignNames() }

// WholeNames lists names in kanji that do not part into a listed surname and
// given name: names of persons of the Chinese world, of history and of the
// stage (李登輝, 日蓮).
func WholeNames() *Table { return wholeNames() }

// EnglishGiven lists given names as they are written in English texts, of the
// United States above all and of other countries, in the form of FoldLatin.
func EnglishGiven() *Table { return englishGiven() }

// EnglishSurnames lists surnames likewise.
func EnglishSurnames() *Table { return englishSurnames() }

// Words lists words of Japanese that contain or resemble names and are none:
// companies, places, stations, diseases, eras, common nouns (三井住友, 松本市,
// 川崎病, 令和). Their Rival says which kind.
func Words() *Table { return words() }

// EnglishWords lists ordinary English words, lower case: a capitalised word
// that is none of them is a name of something.
func EnglishWords() *Table { return englishWords() }

// Latin is what is known of a word in Latin letters.
type Latin struct {
	Given, Surname             Info // EnglishGiven, EnglishSurnames
	RomajiGiven, RomajiSurname Info
	Word                       bool // EnglishWords
}

// LookupLatin asks all tables of Latin letters for word, which is in the form
// of FoldLatin.
func LookupLatin(word []byte) Latin {
	h := hash(word)
	return Latin{
		Given: EnglishGiven().find(word, h), Surname: EnglishSurnames().find(word, h),
		RomajiGiven: GivenRomaji().find(word, h), RomajiSurname: SurnameRomaji().find(word, h),
		Word: EnglishWords().find(word, h) != 0,
	}
}
