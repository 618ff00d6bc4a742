package detect

import (
	"unicode"
	"unicode/utf8"
)

// rueWords stand before the name of a street in French, Italian, Spanish,
// Portuguese and Polish, rueEnds end it in German, Dutch and the languages of
// the North.
const rueEnds = `straße strasse Straße str. straat laan steenweg weg plein plaats vej gade gatan vägen veien gasse allee platz utca`

const rueWords = `Rue rue Via via Calle calle Rua Avenida Avda. Viale Corso Piazza Boulevard Chemin Quai ul. Ul.`

// rue reads an address whose street begins with its kind: 12 rue Victor Hugo,
// Via Roma 15.
func (s *addressSearch) rue(start, end int) {
	t := s.text
	if !latinBorder(t, start) {
		return
	}
	at, words := end, 0
	number := false
	for words < 6 && at < len(t) {
		w := at
		for w < len(t) && w-at < 30 && t[w] > ' ' && t[w] != ',' && t[w] != '"' && t[w] != '.' {
			w++
		}
		if w == at {
			break
		}
		word := t[at:w]
		r, _ := utf8.DecodeRune(word)
		if r >= '0' && r <= '9' {
			if words > 0 && houseNumber(word) > 0 {
				number, at = true, w
			}
			break
		}
		if !unicode.IsUpper(r) && !nameParticles[string(word)] {
			break
		}
		words++
		at = w
		if at >= len(t) || t[at] != ' ' {
			break
		}
		at++
	}
	if words == 0 {
		return
	}
	for at > end && t[at-1] == ' ' {
		at--
	}
	from := start
	for k := 0; k < 2 && from > s.taken+1 && t[from-1] == ' '; k++ {
		w := from - 1
		for w > s.taken && from-w < 8 && t[w-1] > ' ' && t[w-1] != ',' && t[w-1] != '"' {
			w--
		}
		if houseNumber(t[w:from-1]) == 0 {
			break
		}
		from, number = w, true
	}
	if !number {
		return
	}
	tail := s.streetTail(at)
	c := float32(0.75)
	if tail.code || tail.flat || tail.state {
		c = 0.92
	}
	s.report(from, max(at, tail.end), c, tail.code)
}

// rueEnd reads an address whose street ends with its kind, at [start,end), and
// has its number behind: Lindenstraße 5, Kerkstraat 12b, Lille Vibyvej 8.
func (s *addressSearch) rueEnd(start, end int) {
	t := s.text
	n := 0
	for end+n < len(t) && n < 5 && isDigit(t[end+n]) {
		n++
	}
	if n == 0 || n == 5 {
		return
	}
	if end+n < len(t) && t[end+n] >= 'a' && t[end+n] <= 'h' {
		n++
	}
	if end+n < len(t) && isLatinLetter(t, end+n) {
		return
	}
	from := start
	for from > s.taken && start-from < 30 && isLatinLetter(t, from-1) && !isDigit(t[from-1]) {
		from--
	}
	for from > s.taken && !utf8.RuneStart(t[from]) {
		from--
	}
	if r, _ := utf8.DecodeRune(t[from:]); !unicode.IsUpper(r) || start-from < 3 && isLetter(t[start]) && t[start] >= 'a' {
		return
	}
	if from > 1 && t[from-1] == ' ' {
		w := from - 1
		for w > s.taken && from-w < 20 && t[w-1] > ' ' && t[w-1] != ',' && t[w-1] != ':' && t[w-1] != '"' {
			w--
		}
		if r, _ := utf8.DecodeRune(t[w:]); houseNumber(t[w:from-1]) > 0 || unicode.IsUpper(r) && !notInStreets[string(t[w:from-1])] && w > 0 && t[w-1] == ' ' {
			from = w
		}
	}
	at := end + n
	tail := s.streetTail(at)
	c := float32(0.75)
	if tail.code || tail.flat {
		c = 0.92
	}
	own, near := s.b.Label(from)
	if (own|near)&placeLabels != 0 {
		c = 0.95
	}
	s.report(from, max(at, tail.end), c, tail.code)
}
