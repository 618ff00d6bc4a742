package detect

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// announced reads the address behind a word that announces one and ends at i, of
// any country that writes in Latin letters: a number and a name in either order,
// then capitalised words, numbers and commas. It is weaker than what street
// words and codes show, so whatever these find further on replaces it. A loose
// word announces other things too (located at 10 GHz).
func (s *addressSearch) announced(i int, loose bool) {
	t := s.text
	start := i
	for start < len(t) && start-i < 4 && (t[start] == ' ' || t[start] == '\n' || t[start] == '"' || t[start] == '\'') {
		start++
	}
	if start < len(t) && t[start] >= 0xE3 {
		s.announcedBlock(start)
		return
	}
	end := start
	numbers, words, letters := 0, 0, 0
	for at := start; at < len(t) && words+numbers < 12; {
		w := at
		for w < len(t) && w-at < 30 && t[w] > ' ' && t[w] != ',' && t[w] != '"' && t[w] != '\'' && t[w] != ';' && t[w] != '<' {
			w++
		}
		word := t[at:w]
		bare := bytes.TrimRight(word, ".")
		if len(bare) == 0 {
			break
		}
		r, _ := utf8.DecodeRune(bare)
		switch {
		case r >= '0' && r <= '9' || r == '#' && len(bare) > 1:
			if !plainNumber(bare) {
				return // 0x40, 10.0.0.1, 127.0.0.1:80
			}
			numbers++
		case unicode.IsUpper(r), nameParticles[string(bare)], numbers > 0 && streetLower[string(bare)]:
			for _, c := range bare {
				if c == '@' || c == '=' || c == '_' || c == '{' || c == '(' || c == ':' || c == '/' {
					return
				}
			}
			if words++; len(bare) > 2 {
				letters++
			}
			if words == 1 && numbers == 0 && numberWords[string(bare)] {
				numbers++
			}
		default:
			bare = nil
		}
		if bare == nil {
			break
		}
		end = at + len(bare)
		if len(bare) < len(word) && len(bare) > 3 && !isDigit(byteAt(t, w+1)) || w >= len(t) || t[w] != ' ' && t[w] != ',' {
			break // a sentence's end, a quote's
		}
		for at = w; at < len(t) && at-w < 3 && (t[at] == ' ' || t[at] == ','); at++ {
		}
	}
	if numbers == 0 || letters == 0 || numbers > 5 {
		return
	}
	if loose && (!isDigit(t[start]) || words+numbers < 3) {
		return
	}
	if r, _ := utf8.DecodeRune(t[start:]); !isDigit(t[start]) && !unicode.IsUpper(r) {
		return
	}
	c := float32(0.7)
	if isDigit(t[start]) && numbers <= 3 {
		c = 0.85
	}
	s.settle(start)
	s.from, s.to, s.sure = start, end, c
}

// announcedBlock takes the rest of a Japanese address at start, town and block,
// whose key says that it is one: "line": "尾上3-26-21".
func (s *addressSearch) announcedBlock(start int) {
	t := s.text
	if start == 0 || t[start-1] != '"' {
		return
	}
	end := valueEnd(t, start, true)
	n := digits(t[start:end])
	if own, _ := s.b.Label(start); own&placeLabels == 0 || n == 0 || n > 12 || end-start > 90 || byteAt(t, end) != '"' {
		return
	}
	if _, k, _ := nameAfter(t, start); k != scriptKanji && k != scriptHira && k != scriptKata {
		return
	}
	s.settle(start)
	s.from, s.to, s.sure = start, end, 0.9
}

// settle reports the announced address that ends before offset i, if nothing in it
// was.
func (s *addressSearch) settle(i int) {
	if s.to == 0 || i < s.to {
		return
	}
	if s.taken <= s.from {
		s.report(s.from, s.to, s.sure, false)
	}
	s.to = 0
}

// streetLower are words in small letters within streets.
var streetLower = nameSet(`street road avenue drive lane court way place close straße strasse straat laan weg rue via of and`)

// plainNumber reports whether w is a number as addresses have them: 12, 12B, 12-14,
// 4th, #5, 01-234.
func plainNumber(w []byte) bool {
	if w[0] == '#' {
		w = w[1:]
	}
	digits, letters := 0, 0
	for _, c := range w {
		switch {
		case isDigit(c):
			digits++
		case c == '-' || c == '/':
		case isLetter(c):
			letters++
		default:
			return false
		}
	}
	return digits > 0 && digits < 8 && letters <= 2 && !(letters > 0 && len(w) > 1 && w[0] == '0' && w[1]|0x20 == 'x')
}
