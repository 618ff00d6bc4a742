package main

import (
	"fmt"
	"strings"

	"golang.org/x/text/encoding/japanese"
)

// readIPADIC reads the noun files of mecab-ipadic: surface, ids, cost, four
// levels of part of speech, inflection, base form, reading. Its costs are on
// another scale than Sudachi's and are not used.
func (l *lexicon) readIPADIC(deb []byte) error {
	files, err := debFiles(deb)
	if err != nil {
		return err
	}
	for _, f := range []string{"Noun.name", "Noun.place", "Noun.org", "Noun.proper", "Noun", "Noun.verbal", "Noun.adjv", "Noun.adverbal", "Noun.nai", "Adverb"} {
		name := "./usr/share/mecab/dic/ipadic/" + f + ".csv"
		b, ok := files[name]
		if !ok {
			return fmt.Errorf("no %s", name)
		}
		text, err := japanese.EUCJP.NewDecoder().Bytes(b)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for line := range strings.Lines(string(text)) {
			c := strings.Split(strings.TrimSpace(line), ",")
			if len(c) < 12 || strings.HasPrefix(line, `"`) {
				continue
			}
			l.ipadicEntry(c[0], c[5:8], c[11])
		}
	}
	return nil
}

func (l *lexicon) ipadicEntry(surface string, pos []string, reading string) {
	all, kanji := isJapanese(surface)
	switch {
	case !all:
	case pos[1] == "人名" && isKatakana(surface):
		note(l.person, surface).ipadic = true
	case pos[1] == "人名" && pos[2] == "姓" && kanji:
		note(l.surname, surface).ipadic = true
		l.reading(l.surnameKana, reading, surface)
	case pos[1] == "人名" && pos[2] == "名":
		note(l.given, surface).ipadic = true
		l.reading(l.givenKana, reading, surface)
	case pos[1] == "人名" && kanji && !isKana(surface):
		note(l.whole, surface).ipadic = true
	case pos[1] == "人名":
	case pos[1] == "地域":
		keepFirst(l.place, surface)
	case pos[0] == "固有名詞":
		keepFirst(l.other, surface)
	default:
		keepFirst(l.word, surface)
	}
}
