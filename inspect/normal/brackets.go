package normal

import "slices"

// Brackets tells where in 64 bytes of JSON braces and brackets stand that are not in
// strings, a bit for each byte, the first one's the lowest.
type Brackets struct{ Opens, Closes uint64 }

// BracketsOf marks the stretches of b, in m's storage behind what is there, as far as
// they are whole and more follows, and as far as each quotation mark that closes a
// string stands right before a comma, a colon or what closes. within is all ones if a
// string is open before the first byte, else 0; it returns what it is for the byte
// behind.
func BracketsOf(m []Brackets, b []byte, within uint64) ([]Brackets, uint64) {
	most := (len(b) - 1) / Stretch
	if most <= 0 {
		return m, within
	}
	m = slices.Grow(m, most)
	n := len(m)
	done := 0
	if useVectors && useCarryless {
		done, within = bracketBlocks(&b[0], most, &m[:n+1][n], within)
	} else {
		for done < most {
			s, open, ok := bracketsOf(b[done*Stretch:][:Stretch+1], within)
			if !ok {
				break
			}
			m = append(m, s)
			done, within = done+1, open
		}
	}
	return m[:n+done], within
}

// bracketsOf marks the first stretch of b, one byte longer, if it can.
func bracketsOf(b []byte, within uint64) (s Brackets, open uint64, ok bool) {
	m := structureOf(b[:Stretch])
	in := Within(m.Quotes, within)
	closing := (m.Commas | m.Colons | m.Closes) >> 1
	switch b[Stretch] {
	case ',', ':', '}', ']':
		closing |= 1 << (Stretch - 1)
	}
	return Brackets{m.Opens &^ in, m.Closes &^ in}, Open(in), m.Quotes&^in&^closing == 0
}
