package decode

import "strings"

// glanceHalves are what glanceAVX2 looks up, by halves of a byte.
type glanceHalves struct {
	high  [16]byte    // a bit for each high half of ASCII
	sets  [6][16]byte // of ofNotations and ofLoose: the high halves of those in it, by the low half
	apart [16]byte    // of ofApart

	// What else stands apart, of which glanceTables tell, too, by the first byte, counted
	// from 0xe3, and both halves of the second and the third.
	first         [16]byte
	second, third [2][16]byte

	lead  [16]byte // what an escape begins with and ends so
	other [16]byte // the one of them that is not there
}

var halfGlanced = func() (t glanceHalves) {
	for half := range t.high {
		t.high[half] = 1 << (half & 7)
	}
	for c, class := range glanced.class {
		bit := byte(1) << (c >> 4)
		for i := range t.sets {
			if class>>i&1 == 0 {
				t.sets[i][c&15] |= bit
			}
		}
		if class&ofApart != 0 {
			t.apart[c&15] |= bit
		}
	}
	for kind, k := range apartHalves {
		t.first[k.first-0xe3] |= 1 << kind
		for place, s := range [2]string{k.second, k.third} {
			by := [2]*[2][16]byte{&t.second, &t.third}[place]
			high, low, _ := strings.Cut(s, " ")
			for half := range 16 {
				if s == "" || strings.IndexByte(high, "89ab"[half&3]) >= 0 {
					by[0][half] |= 1 << kind
				}
				if s == "" || strings.IndexByte(low, "0123456789abcdef"[half]) >= 0 {
					by[1][half] |= 1 << kind
				}
			}
		}
	}
	for i := range t.lead {
		t.lead[i] = ^byte(i) // which has another low half
	}
	for c, is := range leads {
		if !is {
			continue
		}
		if t.lead[c&15]&15 == byte(c)&15 {
			t.other = [16]byte([]byte(strings.Repeat(string(rune(c)), 16)))
			continue
		}
		t.lead[c&15] = byte(c)
	}
	return t
}()

// apartHalves are the characters of glanceTables.apart that begin as kana and kanji
// do: the high halves of their second and third bytes, and the low ones; none stand
// for all.
var apartHalves = [...]struct {
	first         byte
	second, third string
}{
	{0xe3, "8 0456789abcdef", ""},
	{0xe3, "9ab 0123456789abcdef", ""},
	{0xe3, "8 2", "9 789abc"},
	{0xe3, "8 2", "a 0"},
	{0xe3, "8 1", "8 0"},
	{0xe3, "8 3", "b b"},
	{0xe4, "b 7", ""},
}
