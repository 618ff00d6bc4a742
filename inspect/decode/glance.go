package decode

import (
	"bytes"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// glance is what the bytes from a place on show at once of the veins that may be
// there. It may tell too much, never too little.
type glance struct {
	quotes  uint64 // a bit for each of 64 bytes that is a quotation mark
	commas  uint64 // a comma
	high    uint64 // beyond ASCII
	tops    uint64 // from "@" to "_"; also others, if there are some beyond ASCII
	apart   uint64 // the first of a character that may stand between all others
	further uint64 // the same of the next 64 bytes
	outside uint32 // the sets below that one of the 64 is not in, if none is beyond ASCII
	leads   uint32 // how many of veinStep bytes an escape may begin with
	inner   uint64 // of a character, but not its first byte
}

// Sets of characters, a bit each.
const (
	ofSpaced  = 1 << iota // those of notations of words, with spaces
	ofAlnum               // of notations of letters and digits
	ofASCII85             // of the others
	ofZ85
	ofBase85
	ofLoose // of base64 in pieces
	ofTops
	ofApart // neither letters nor digits

	ofNotations = ofSpaced | ofAlnum | ofASCII85 | ofZ85 | ofBase85
)

// glanceTables are what glanceAVX512 looks up: the first by a character of ASCII,
// the others by the low six bits of a byte.
type glanceTables struct {
	class [128]byte   // the sets that it is not in, of the last two those that it is in
	lead  [64]byte    // what an escape begins with and ends so, else what does not end so
	apart [3][64]byte // what the bytes of a character that may stand apart end with, a bit a kind
}

var glanced = func() (t glanceTables) {
	sets := map[string]byte{
		"base32": ofAlnum, "base58": ofAlnum, "base62": ofAlnum,
		"ascii85": ofASCII85, "z85": ofZ85, "base85": ofBase85,
	}
	for c := range t.class {
		in := byte(0)
		for i := range notations {
			if possible[c]>>i&1 == 0 {
				continue
			}
			set, ok := sets[notations[i].name]
			if !ok {
				set = ofSpaced
			}
			in |= set
		}
		if loosely[c] {
			in |= ofLoose
		}
		t.class[c] = ^in & (ofNotations | ofLoose)
		if c&^0x1f == '@' {
			t.class[c] |= ofTops
		}
		if separates(utf8.RuneError, rune(c)) {
			t.class[c] |= ofApart
		}
	}
	for i := range t.lead {
		t.lead[i] = ^byte(i)
	}
	for c, is := range leads {
		if is {
			t.lead[c&63] = byte(c)
		}
	}
	// Most characters that are no letters are in blocks without kana or kanji.
	blocks, signs := "", "\x80"
	for c := 0xc0; c < 0x100; c++ {
		if c < 0xe3 || c > 0xe9 {
			blocks += string([]byte{byte(c)})
		}
	}
	for c := 0x84; c < 0xc0; c++ {
		signs += string([]byte{byte(c)})
	}
	for kind, s := range [][3]string{
		{blocks, "", ""},
		{"\xe3", signs, ""},
		{"\xe3", "\x82", "\x97\x98\x99\x9a\x9b\x9c\xa0"}, // voiced marks, the double hyphen, what is no character
		{"\xe3", "\x81", "\x80"},
		{"\xe3", "\x83", "\xbb"}, // the middle dot
		{"\xe4", "\xb7", ""},     // hexagrams
	} {
		for place, set := range s {
			for low := range byte(64) {
				if set == "" || strings.IndexByte(set, 0x80|low) >= 0 || strings.IndexByte(set, 0xc0|low) >= 0 {
					t.apart[place][low] |= 1 << kind
				}
			}
		}
	}
	return t
}()

// everything is the glance that tells all, where a place is too near the end.
var everything = glance{
	quotes: ^uint64(0), commas: ^uint64(0), tops: ^uint64(0), apart: ^uint64(0), further: ^uint64(0), leads: veinStep,
}

// at makes g the glance of b from its start on.
func (g *glance) at(b []byte) {
	switch {
	case len(b) < veinStep:
		*g = everything
	case useVectors:
		glanceBlock(&b[0], g)
	default:
		g.plain((*[veinStep]byte)(b))
	}
}

// plain makes g the glance of b where there are no vectors.
func (g *glance) plain(b *[veinStep]byte) {
	*g = glance{apart: g.apartIn(b[:66]), further: g.apartIn(b[64:130])}
	for i, c := range b[:64] {
		class := glanced.class[c&0x7f]
		g.outside |= uint32(class)
		g.tops |= uint64(class&ofTops/ofTops) << i
		g.high |= uint64(c>>7) << i
		switch {
		case c >= 0x80 && c < 0xc0:
			g.inner |= 1 << i
		case c == '"':
			g.quotes |= 1 << i
		case c == ',':
			g.commas |= 1 << i
		}
	}
	if g.outside &= ofNotations | ofLoose; g.high != 0 {
		g.outside = 0
	}
	for _, c := range b {
		if leads[c] {
			g.leads++
		}
	}
}

// apartIn marks the first 64 bytes of b that may stand apart; two more follow.
func (*glance) apartIn(b []byte) (marks uint64) {
	t := &glanced
	b = b[:66]
	for i, c := range b[:64] {
		switch {
		case c < 0x80:
			marks |= uint64(t.class[c]/ofApart) << i
		case c >= 0xc0 && t.apart[0][c&63]&t.apart[1][b[i+1]&63]&t.apart[2][b[i+2]&63] != 0:
			marks |= 1 << i
		}
	}
	return marks
}

// notation reports whether one of notations may be there.
func (g *glance) notation() bool { return g.high == 0 && g.outside&ofNotations != ofNotations }

// loose reports whether base64 in pieces may be there.
func (g *glance) loose() bool {
	return g.high == 0 && g.outside&ofLoose == 0 && bits.OnesCount32(uint32(g.tops)) >= minTops
}

// key returns where a key of an object may be, behind a comma, numberedHead if none is
// there.
func (g *glance) key() int {
	return min(bits.TrailingZeros64(g.quotes>>1&g.commas), numberedHead)
}

// spaced reports whether something may stand between all characters from the i-th
// byte on, one of the first four.
func (g *glance) spaced(i int) bool {
	m, starts := g.apart>>i|g.further<<(64-i), ^(g.inner >> i)
	fifth := starts
	for range 4 {
		fifth &= fifth - 1
	}
	if m&(fifth&-fifth-1)&^1 == 0 {
		return false
	}
	for size := firstLook; size <= 64-utf8.UTFMax; size += 4 {
		if few := uint64(1)<<size - 1; bits.OnesCount64(starts&few) >= firstLook {
			return bits.OnesCount64(m&few)*3 >= firstLook
		}
	}
	behind := g.further >> i & (1<<(firstLook*utf8.UTFMax-64) - 1)
	return (bits.OnesCount64(m)+bits.OnesCount64(behind))*3 >= firstLook
}

// singles reports whether strings of one character may begin with the first or
// second quotation mark of b.
func (g *glance) singles(b []byte) bool {
	if g.quotes&(1<<singlesHead-1) == 0 {
		return false
	}
	if g.quotes&(g.quotes+1) == 0 {
		return true // everything
	}
	open := bits.TrailingZeros64(g.quotes)
	rest := g.quotes & (g.quotes - 1)
	return single(b, open, rest) || single(b, bits.TrailingZeros64(rest), rest&(rest-1))
}

// single reports whether a string of one character may open at an offset in b, or
// the key of one, given the quotation marks of 64 bytes behind that.
func single(b []byte, open int, quotes uint64) bool {
	if open >= 2*singlesHead {
		return false
	}
	for range 3 {
		end := bits.TrailingZeros64(quotes)
		if end == 64 { // out of sight
			return bytes.IndexByte(b[64:open+stringSize], '"') >= 0
		}
		switch next := b[end+1]; {
		case next == ':':
		case next == ',', next == ']', next == '}':
			return end-open <= 1+utf8.UTFMax && utf8.RuneCount(b[open+1:end]) <= 1
		default:
			return next <= ' ' // whatever follows
		}
		open = end + 2
		for open < 64 && joint[b[open]] {
			open++
		}
		if open >= 64 || b[open] <= ' ' {
			return true
		}
		if b[open] != '"' {
			return false // a number
		}
		quotes &^= 2<<open - 1
	}
	return true
}

// joint tells what may stand between strings.
var joint = [256]bool{'[': true, ']': true, '{': true, '}': true, ',': true, ':': true}
