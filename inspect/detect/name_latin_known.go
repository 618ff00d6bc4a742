package detect

import (
	"encoding/binary"
	"math/bits"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// latinKnown is what is known of a word in Latin letters.
type latinKnown struct {
	given    dict.Info
	family   dict.Info
	jaGiven  dict.Info
	jaFamily dict.Info
	latinRole
	ordinary bool // an English word when in lower case
	chance   latinChance
}

// latinChance tells what a capitalised word needs to be looked at as a name's first.
type latinChance uint8

const (
	chanceWord    latinChance = iota // an ordinary word: to be a cell and have a word behind it
	chanceBoth                       // also a surname: a word behind it
	chanceUnknown                    // a word behind it, or speech around it
	chanceName                       // nothing
)

// knownLatin asks all lists for the word low, which is in the form of
// dict.FoldLatin.
func knownLatin(low []byte) latinKnown {
	is := dict.LookupLatin(low)
	k := latinKnown{
		given: is.Given, family: is.Surname, jaGiven: is.RomajiGiven, jaFamily: is.RomajiSurname,
		ordinary: is.Word,
	}
	if latinRoles.test.may(low) {
		k.latinRole = latinRoles.words[string(low)]
	}
	switch {
	case k.title > 0, ownName(k.given), k.family != 0 && !k.ordinary:
		k.chance = chanceName
	case !k.ordinary:
		k.chance = chanceUnknown
	case k.family != 0:
		k.chance = chanceBoth
	}
	return k
}

// latinMemory remembers the words of one text: a text repeats its own, and one that
// is remembered costs a tenth of what all the lists do.
type latinMemory struct {
	words [2048]struct {
		letters latinLetters // with the number of the text
		known   latinKnown
	}
	text uint64 // the number of the text, from 1, in the byte that is free in tail
}

const firstText = 1 << 56

// forget begins another text.
func (m *latinMemory) forget() {
	if m == nil {
		return
	}
	if m.text += firstText; m.text == 0 {
		*m = latinMemory{text: firstText}
	}
}

// know is knownLatin for the letters w, however they were written.
func (s *nameSearch) know(w latinLetters) *latinKnown {
	m := s.b.latin
	if m == nil {
		m = &latinMemory{text: firstText}
		s.b.latin = m
	}
	e := &m.words[((w.head^bits.RotateLeft64(w.tail, 29))*0x9E3779B97F4A7C15)>>53]
	own := latinLetters{w.head, w.tail | m.text}
	if e.letters != own {
		var low [16]byte
		binary.LittleEndian.PutUint64(low[:], w.head)
		binary.LittleEndian.PutUint64(low[8:], w.tail)
		e.letters, e.known = own, knownLatin(low[:w.size()])
	}
	return &e.known
}

// latinLetters are up to 15 ASCII letters, small, the first in the lowest byte. None
// stands for more of them.
type latinLetters struct{ head, tail uint64 }

// size is how many letters w has.
func (w latinLetters) size() int {
	return (71-bits.LeadingZeros64(w.head))/8 + (71-bits.LeadingZeros64(w.tail))/8
}

// latinCase is how a word is written.
type latinCase uint8

const (
	mixedCase   latinCase = iota
	titleCase             // Word, and A
	capitalCase           // WORD
)

// lettersAt reads the ASCII letters from i on, up to end.
func lettersAt(t []byte, i int) (w latinLetters, c latinCase, end int) {
	var x, y uint64
	if i+16 <= len(t) {
		x, y = binary.LittleEndian.Uint64(t[i:]), binary.LittleEndian.Uint64(t[i+8:])
	} else {
		var short [16]byte
		copy(short[:], t[i:])
		x, y = binary.LittleEndian.Uint64(short[:]), binary.LittleEndian.Uint64(short[8:])
	}
	const blanks = 0x20 * eightOnes
	w.head = x | blanks
	letters := between8(w.head, 'a', 'z')
	if others := ^letters & tops; others != 0 {
		n := bits.TrailingZeros64(others) &^ 7 // in bits
		w.head &= 1<<n - 1
		return w, caseOf(^x&(w.head&blanks), w.head&blanks), i + n/8
	}
	w.tail = y | blanks
	letters = between8(w.tail, 'a', 'z')
	others := ^letters & tops
	if others == 0 {
		return latinLetters{}, mixedCase, wordAt(t, i+16)
	}
	n := bits.TrailingZeros64(others) &^ 7
	w.tail &= 1<<n - 1
	return w, caseOf(^x&blanks|(^y&(w.tail&blanks))<<1, blanks|(w.tail&blanks)<<1), i + 8 + n/8
}

// caseOf tells how a word is written by the bits that are set for its capitals and
// for all its letters.
func caseOf(capitals, letters uint64) latinCase {
	switch capitals {
	case 0:
		return mixedCase
	case 0x20:
		return titleCase
	case letters:
		return capitalCase
	}
	return mixedCase
}
