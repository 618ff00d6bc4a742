package main

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// writeLatin writes the names of the 1990 US census and the lower-case words
// of a small English word list; names of other countries beside them, and
// Japanese ones.
func writeLatin(census, list, international []byte, l *lexicon, j *nameTables, out string) error {
	files, err := tgzFiles(bytes.NewReader(census))
	if err != nil {
		return err
	}
	deb, err := debFiles(list)
	if err != nil {
		return err
	}
	words := table{}
	for w := range strings.Lines(string(deb["./usr/share/dict/american-english-small"])) {
		if w = strings.TrimSpace(w); isLatin(w) && w == strings.ToLower(w) {
			words[w] = 1
		}
	}
	if len(words) < 10000 {
		return fmt.Errorf("only %d words", len(words))
	}
	given, last := table{}, table{}
	for _, f := range []struct {
		name string
		into table
	}{{"dist.female.first", given}, {"dist.male.first", given}, {"dist.all.last", last}} {
		b, ok := files["names-0.3.0/names/"+f.name]
		if !ok {
			return fmt.Errorf("no %s", f.name)
		}
		for line := range strings.Lines(string(b)) {
			c := strings.Fields(line)
			percent, err := strconv.ParseFloat(c[1], 64)
			if err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			name := strings.ToLower(c[0])
			rank, err := strconv.Atoi(c[3])
			if err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			if !isLatin(name) || rank > 40000 {
				continue
			}
			// A step a doubling; 15 is one in a hundred and more.
			w := byte(max(1, min(15, 15+int(math.Log2(max(percent, 0.0001))))))
			f.into[name] = max(f.into[name]&15, w)
		}
	}
	if err := readInternational(international, given, last); err != nil {
		return err
	}
	for _, m := range []table{given, last} {
		for n := range m {
			if words[n] > 0 {
				m[n] |= rivalWord | doubtStep
			}
		}
	}
	for n := range l.latin {
		if _, ok := given[n]; !ok && last[n] == 0 && words[n] == 0 {
			last[n] = 1
		}
	}
	return writeLists(out, "latin.lists", given, last, romajiForms(j.givenKana), romajiForms(j.surnameKana), words) // the columns of dict.Latin
}
