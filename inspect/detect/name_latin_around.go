package detect

import "bytes"

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
		odds += latinAfter[string(rest[i:n])]
		break
	}
	if bytes.HasPrefix(rest, []byte("'s ")) || bytes.HasPrefix(rest, []byte("’s ")) {
		odds += 0.5
	}
	i := start
	for i > 0 && (t[i-1] == ' ' || t[i-1] == ',') {
		i--
	}
	n := i
	for n > 0 && i-n < 12 && t[n-1] >= 'a' && t[n-1] <= 'z' {
		n--
	}
	return odds + latinBeforeWords[string(t[n:i])]
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
