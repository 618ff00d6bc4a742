package detect

import (
	"bytes"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// latinActs weighs a verb in the past behind a single name, which persons have
// more often than what else is named so.
func (s *nameSearch) latinActs(start, end int) float32 {
	rest := s.text[end:]
	if len(rest) < 4 || rest[0] != ' ' {
		return 0
	}
	e := wordAt(rest, 1)
	if word := rest[1:e]; len(word) > 4 && word[0] >= 'a' && bytes.HasSuffix(word, []byte("ed")) || pastVerbs[string(word)] {
		return 0.6
	}
	return 0
}

// latinSpeech weighs the words around a single name that only people have:
// said Smith, Smith told us, Smith's.
func (s *nameSearch) latinSpeech(start, end int) (odds float32) {
	t := s.text
	rest := t[end:]
	for i, c := range rest {
		if c == ' ' || c == ',' {
			continue
		}
		n := i
		for n < len(rest) && n-i < 12 && rest[n] >= 'a' && rest[n] <= 'z' {
			n++
		}
		odds += latinAfter.weight(rest[i:n])
		break
	}
	if genitive(rest) {
		if odds += 0.5; isUpper(byteAt(rest, bytes.IndexByte(rest, ' ')+1)) {
			odds -= 3.5 // Eddie's GUI
		}
	}
	if spoken(t[:start]) {
		odds += 2.2
	}
	i := start
	for i > 0 && (t[i-1] == ' ' || t[i-1] == ',') {
		i--
	}
	n := i
	for n > 0 && i-n < 12 && t[n-1] >= 'a' && t[n-1] <= 'z' {
		n--
	}
	return odds + latinBeforeWords.weight(t[n:i])
}

// sentenceStart reports whether a sentence begins at i: a capitalised word
// there that is no ordinary one is more often a person than inside.
func sentenceStart(t []byte, i int) bool {
	for i > 0 && (t[i-1] == ' ' || t[i-1] == '"' || t[i-1] == '(') {
		i--
	}
	if i == 0 || t[i-1] == '\n' {
		return true
	}
	return i > 2 && (t[i-1] == '.' || t[i-1] == '!' || t[i-1] == '?') && t[i-3] != ' '
}

// latinAround weighs what stands beside a name in Latin letters.
func (s *nameSearch) latinAround(start, end int) (odds float32) {
	t := s.text
	if end < len(t) {
		switch c := t[end]; c {
		case '(', '[', '{', '=', '/', '*', '\\', '<', '`', '#':
			odds -= 1.2
		case '.', ':':
			if end+1 < len(t) && (isLatinLetter(t, end+1) || t[end+1] == ':') {
				odds -= 3 // a qualified name
			}
		case '-', '_', '@':
			odds--
		}
	}
	if start > 0 {
		switch t[start-1] {
		case '`', '<', '(', '[', '{', '*', ':', '"', '\'':
			odds -= 0.4
		case ' ':
			if start > 1 && t[start-2] >= '0' && t[start-2] <= '9' {
				odds -= 1.5 // a house number
			}
		}
	}
	return odds
}

// inList weighs the items beside a single name in a list: of names, where a
// word that is a name too is one (Harry, Michele and Mark).
func (s *nameSearch) inList(start, end int, odds float32, x *latinWord) float32 {
	if odds < -2.2 || odds > 0.5 || x.elsewhere || x.given.Weight() < 7 && x.family.Weight() < 7 {
		return 0
	}
	t := s.text
	var more float32
	for _, gap := range [...]string{", ", " and ", " & ", " , "} {
		if startsWith(t[end:], gap) {
			more += listedItem(t, end+len(gap), x)
		}
		if bytes.HasSuffix(t[:start], []byte(gap)) {
			i := start - len(gap)
			for i > 0 && isLetter(t[i-1]) {
				i--
			}
			more += listedItem(t, i, x)
		}
	}
	return min(more, 1.6)
}

// listedItem weighs the word at i, an item beside x.
func listedItem(t []byte, i int, x *latinWord) float32 {
	end := wordAt(t, i)
	if end-i < 3 || end-i > 20 || !isUpper(t[i]) || !latinBorder(t, i) {
		return 0
	}
	var buf [32]byte
	low := dict.AppendFoldLatin(buf[:0], t[i:end])
	switch is := dict.LookupLatin(low); {
	case is.Word, latinElsewhere.has(low):
	case is.Given.Weight() >= 10 && x.given.Weight() >= 7:
		return 1
	case is.Surname.Weight() >= 7 && is.Given == 0 && x.family.Weight() >= 7:
		return 0.6
	}
	return 0
}

// social reports whether the line of i is a message of a social network: it
// mentions somebody (@name), cites a message or has a tag.
func (s *nameSearch) social(i int) bool {
	t := s.text
	from, to := max(0, i-280), min(len(t), i+280)
	if k := lastNewline(t[from:i]); k >= 0 {
		from += k + 1
	}
	if k := bytes.IndexByte(t[i:to], '\n'); k >= 0 {
		to = i + k
	}
	line := t[from:to]
	for k, c := range line {
		if (c == '@' || c == '#') && k+2 < len(line) && (k == 0 || line[k-1] == ' ') && (isLetter(line[k+1]) || c == '@' && line[k+1] == ' ' && isLetter(line[k+2])) {
			return true
		}
	}
	return bytes.HasPrefix(line, []byte("RT ")) || bytes.Contains(line, []byte("//t.co/"))
}

// placed weighs what stands around a single name that makes it a place's:
// University of Alberta; Paxton, Illinois.
func (s *nameSearch) placed(start, end int) (odds float32) {
	t := s.text
	if bytes.HasSuffix(t[:start], []byte(" of ")) {
		i := start - len(" of ")
		for i > 0 && isLetter(t[i-1]) {
			i--
		}
		if isUpper(t[i]) {
			odds = -2.5
		}
	}
	i := end
	for i < len(t) && i-end < 3 && (t[i] == ' ' || t[i] == ',') {
		i++
	}
	if i > end+1 && i < len(t) && isUpper(t[i]) && bytes.IndexByte(t[end:i], ',') >= 0 {
		var buf [32]byte
		if e := wordAt(t, i); e-i > 3 && e-i < 20 && latinElsewhere.has(dict.AppendFoldLatin(buf[:0], t[i:e])) {
			odds -= 2
		}
	}
	return odds
}

// eastAsian weighs a Chinese, Korean or Vietnamese surname and the one or two
// words behind it that are spelled as given names there are.
func (s *nameSearch) eastAsian(w []latinWord) float32 {
	if len(w) > 3 || w[0].upper {
		return -9
	}
	var buf [32]byte
	first := &w[0]
	if first.end-first.start > 8 || !first.eastern {
		return -9
	}
	n := 0
	for _, x := range w[1:] {
		if x.end-x.start > 9 || x.elsewhere || x.ordinary && len(w) < 3 || x.upper || x.initial {
			return -9
		}
		k := syllables(dict.AppendFoldLatin(buf[:0], s.text[x.start:x.end]))
		if k == 0 {
			return -9
		}
		n += k
	}
	switch {
	case n > 2:
		return -9
	case first.ordinary || first.elsewhere:
		return -0.9
	case n == 2:
		return 0.9
	}
	return 0.2
}

// syllables counts the syllables of word, one or two, as Pinyin and the Korean
// romanisations spell them; 0 if it is not made of such.
func syllables(word []byte) int {
	one := func(t []byte) int {
		i := 0
		for i < len(t) && i < 2 && bytes.IndexByte([]byte("bcdfghjklmnpqrstwxyz"), t[i]) >= 0 {
			i++
		}
		v := i
		for v < len(t) && v-i < 3 && bytes.IndexByte([]byte("aeiou"), t[v]) >= 0 {
			v++
		}
		if v == i || i == 2 && t[1] != 'h' && t[1] != 'y' && t[1] != 'w' {
			return 0
		}
		return v
	}
	for k, at := 1, 0; k <= 2; k++ {
		n := one(word[at:])
		if n == 0 {
			return 0
		}
		if at += n; at < len(word) && bytes.IndexByte([]byte("nmklp"), word[at]) >= 0 && (at+1 == len(word) || bytes.IndexByte([]byte("aeiou"), word[at+1]) < 0) {
			at++
			if at < len(word) && word[at-1] == 'n' && word[at] == 'g' {
				at++
			}
		}
		if at == len(word) {
			return k
		}
		if word[at] == '-' {
			at++
		}
	}
	return 0
}
