package detect

import (
	"unicode"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// latinPatterns are the literals from which names in Latin letters are found:
// given names and frequent surnames as they are capitalised in names, titles
// with their full stop, and Japanese names in romaji.
func latinPatterns() []match.Pattern {
	seen := map[string]int{}
	var p []match.Pattern
	add := func(text string, kind nameKind, info dict.Info) {
		if i, ok := seen[text]; ok {
			if old := nameKind(p[i].Payload >> 8 & 0xFF); old != nameRomaji || kind == nameRomaji {
				return
			}
			p[i].Payload = Payload(ClassEnglish, uint32(kind)<<8|uint32(info))
			return
		}
		seen[text] = len(p)
		p = append(p, match.Pattern{Literal: text, Payload: Payload(ClassEnglish, uint32(kind)<<8|uint32(info))})
	}
	for _, t := range []string{"Mr.", "Mrs.", "Ms.", "Dr.", "Prof.", "Mr ", "Mrs ", "Ms ", "Dr ", "Miss ", "Sir ", "Madame ", "Professor ", "MR. ", "MRS. ", "MS. ", "DR. "} {
		add(t, nameTitle, 0)
	}
	words := func(t *dict.Table, kind nameKind, weight, upper, length int) {
		for w, info := range t.All() {
			if len(w) < length || info.Weight() < weight {
				continue
			}
			add(string(w[0]-32)+w[1:], kind, info)
			if info.Weight() >= upper {
				b := []byte(w)
				for i := range b {
					b[i] -= 32
				}
				add(string(b), kind, info)
			}
		}
	}
	words(dict.EnglishGiven(), nameGiven, leastEnglish, 9, 3)
	words(dict.EnglishSurnames(), nameFamily, leastFamily, 10, 4)
	words(dict.SurnameRomaji(), nameRomaji, leastRomaji, leastRomaji, 4)
	return p
}

// latinWord is one word of a name in Latin letters.
type latinWord struct {
	start, end int
	given      dict.Info
	family     dict.Info
	jaGiven    dict.Info
	jaFamily   dict.Info
	ordinary   bool // an English word when in lower case
	initial    bool // J or J.
	particle   bool // van, de la
	upper      bool // all capitals
}

// maxLatin is the most words in a name.
const maxLatin = 6

// latin looks at the name that the hit word stands in.
func (s *nameSearch) latin(h *match.Hit) {
	kind := nameKind(h.Payload >> 8 & 0xFF)
	t := s.text
	start, end := int(h.Start), int(h.End)
	if !latinBorder(t, start) {
		return
	}
	var w [maxLatin]latinWord
	if kind == nameTitle {
		for end < len(t) && t[end] == ' ' {
			end++
		}
		n := s.latinWords(end, &w)
		if n > 0 {
			s.latinJudge(w[:n], 2.2, true)
		}
		return
	}
	if end < len(t) && isLatinLetter(t, end) {
		return
	}
	// Up to two words of the name may stand before the hit: Yasiel Puig is
	// hit at neither, Kojima Minoru at the first.
	first := start
	for range 2 {
		prev := latinBefore(t, first)
		if prev < s.taken || prev == first {
			break
		}
		first = prev
	}
	n := s.latinWords(first, &w)
	if n > 0 && w[n-1].end >= end {
		s.latinJudge(w[:n], 0, false)
	}
}

// latinBorder reports whether a word may begin at i.
func latinBorder(t []byte, i int) bool {
	if i == 0 {
		return true
	}
	switch c := t[i-1]; {
	case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		return false
	case c == '@', c == '#', c == '_', c == '/', c == '$', c == '\\', c == '.', c == '-', c == '%', c == '&':
		return false
	case c >= utf8.RuneSelf:
		r, _ := utf8.DecodeLastRune(t[:i])
		return scriptOf(r) != scriptLatin
	}
	return true
}

func isLatinLetter(t []byte, i int) bool {
	c := t[i]
	if c < utf8.RuneSelf {
		return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_'
	}
	r, _ := utf8.DecodeRune(t[i:])
	return scriptOf(r) == scriptLatin
}

// latinBefore returns the start of the capitalised word before i, i if there
// is none.
func latinBefore(t []byte, i int) int {
	if i < 2 || t[i-1] != ' ' {
		return i
	}
	at := i - 1
	for at > 0 && i-at < 24 {
		r, n := utf8.DecodeLastRune(t[:at])
		if scriptOf(r) != scriptLatin && r != '\'' && r != '-' && r != '.' {
			break
		}
		if r == '.' && at != i-1 {
			break
		}
		at -= n
	}
	r, n := utf8.DecodeRune(t[at:])
	if at >= i-1 || !unicode.IsUpper(r) || !latinBorder(t, at) {
		return i
	}
	if t[i-2] == '.' && i-2-at > n {
		return i // the end of a sentence, not an initial
	}
	return at
}

// latinWords reads the words of a name from at on: capitalised words, initials
// and particles, one space apart.
func (s *nameSearch) latinWords(at int, w *[maxLatin]latinWord) int {
	t := s.text
	n := 0
	for n < maxLatin && at < len(t) {
		x := latinWord{start: at}
		r, size := utf8.DecodeRune(t[at:])
		if scriptOf(r) != scriptLatin {
			break
		}
		end := at + size
		lower := 0
		for end < len(t) && end-at < 32 {
			r2, n2 := utf8.DecodeRune(t[end:])
			if r2 == '\'' || r2 == '-' || r2 == '’' {
				if end+n2 >= len(t) || !isLatinLetter(t, end+n2) || r2 != '-' && end+n2+1 < len(t) && t[end+n2] == 's' && !isLatinLetter(t, end+n2+1) {
					break
				}
			} else if scriptOf(r2) != scriptLatin {
				break
			}
			if unicode.IsLower(r2) {
				lower++
			}
			end += n2
		}
		if end < len(t) && (t[end] >= '0' && t[end] <= '9' || t[end] == '_' || t[end] == '@') {
			break
		}
		x.end = end
		switch {
		case !unicode.IsUpper(r):
			if n == 0 || !nameParticles[string(t[at:end])] {
				return s.latinTrim(w, n)
			}
			x.particle = true
		case end-at == size:
			x.initial = true
			if end < len(t) && t[end] == '.' {
				x.end++
			}
		default:
			x.upper = lower == 0
			s.latinLookup(&x)
		}
		w[n] = x
		n++
		at = x.end
		if at >= len(t) || t[at] != ' ' {
			break
		}
		at++
	}
	return s.latinTrim(w, n)
}

// latinTrim drops particles and initials from the end of the words.
func (s *nameSearch) latinTrim(w *[maxLatin]latinWord, n int) int {
	for n > 0 && (w[n-1].particle || w[n-1].initial && n > 1 && w[n-1].end-w[n-1].start == 1) {
		n--
	}
	return n
}

var nameParticles = nameSet(`van von der den de del della di da dos das du la le el al bin ibn ter ten zu y e st`)

// latinSuffixes end a name and are part of it.
var latinSuffixes = nameSet(`Jr Sr II III IV MD PhD DDS DVM Jr. Sr. V`)

func (s *nameSearch) latinLookup(x *latinWord) {
	var buf [32]byte
	low := buf[:0]
	for _, c := range s.text[x.start:x.end] {
		if c == '\'' || c == '-' {
			continue
		}
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		low = append(low, c)
		if len(low) == cap(low) {
			break
		}
	}
	x.given = dict.EnglishGiven().Lookup(low)
	x.family = dict.EnglishSurnames().Lookup(low)
	x.jaGiven = dict.GivenRomaji().Lookup(low)
	x.jaFamily = dict.SurnameRomaji().Lookup(low)
	x.ordinary = dict.EnglishWords().Lookup(low) != 0
}

// latinJudge weighs the words of a possible name and reports the best stretch.
func (s *nameSearch) latinJudge(w []latinWord, bonus float32, titled bool) {
	t := s.text
	// A word that is only an ordinary word does not begin a name: The Robert
	// Petersen version, On Monday John Smith.
	for len(w) > 0 && !titled && !w[0].initial && w[0].given == 0 && w[0].jaFamily == 0 && w[0].jaGiven == 0 && (w[0].ordinary || w[0].family == 0 && len(w) > 2) {
		w = w[1:]
	}
	for len(w) > 1 {
		last := &w[len(w)-1]
		if last.ordinary && last.family.Weight() < 5 && !latinSuffixes[string(t[last.start:last.end])] {
			w = w[:len(w)-1]
			continue
		}
		break
	}
	if len(w) == 0 || w[0].start < s.taken {
		return
	}
	n := len(w)
	for n > 1 && latinSuffixes[string(t[w[n-1].start:w[n-1].end])] {
		n--
	}
	first, last := &w[0], &w[n-1]
	start, end := first.start, w[len(w)-1].end
	odds := bonus
	listed := false
	switch {
	case n == 1:
		g, f := first.given, first.family
		switch {
		case first.initial:
			return
		case titled:
			odds += -0.6 + 0.1*float32(max(f.Weight(), g.Weight()))
		case g != 0:
			odds += -2.8 + 0.22*float32(g.Weight())
		default:
			odds += -4
		}
		if first.ordinary {
			odds -= 2
		}
	default:
		odds += -3
		if first.given != 0 {
			odds += 0.8 + 0.18*float32(first.given.Weight())
			listed = last.family != 0
		}
		if first.initial {
			odds += 1
		}
		switch {
		case last.family != 0:
			odds += 1 + 0.12*float32(last.family.Weight())
		case last.ordinary:
			odds -= 1
		default:
			odds += 1
		}
		ja := max(min(first.jaFamily.Weight(), last.jaGiven.Weight()), min(first.jaGiven.Weight(), last.jaFamily.Weight()))
		if ja > 0 && n == 2 {
			listed = true
			odds = max(odds, -2.2+0.4*float32(ja)) + 0.5
		}
		if first.ordinary {
			odds -= 1.2
		}
		if last.ordinary {
			odds -= 0.8
		}
		if n > 2 && (w[1].initial || w[1].particle) {
			odds += 1
		} else if n > 3 {
			odds -= 1
		}
	}
	label, _ := s.labelled(start)
	odds += label
	left, right := s.cellBorder(start, end)
	if left && right && n > 1 {
		odds += 1
	}
	if n == 1 && s.knows(t[first.start:first.end]) {
		odds += 3
	}
	odds += s.latinAround(start, end)
	if s.report(start, end, odds, listed) && n > 1 && odds > 0.5 {
		s.remember(last.start, last.end)
		s.remember(first.start, first.end)
	}
}

// latinAround weighs what stands beside a name in Latin letters.
func (s *nameSearch) latinAround(start, end int) (odds float32) {
	t := s.text
	if end < len(t) {
		switch c := t[end]; c {
		case '(', '[', '{', '=', ':', '/', '*', '\\', '<', '`':
			odds -= 1.2
		case '.':
			if end+1 < len(t) && isLatinLetter(t, end+1) {
				odds -= 3 // a qualified name
			}
		case '-', '_', '@':
			odds -= 1
		}
	}
	if start > 0 {
		switch t[start-1] {
		case '`', '<', '=', '(', '[', '{', '*', ':', '"', '\'':
			odds -= 0.3
		}
	}
	return odds
}
