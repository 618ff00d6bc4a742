package decode

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// Characters that nobody sees: tags, which stand for ASCII, and variation
// selectors, which stand for bytes, are in one plane of Unicode; those without
// width may stand for bits.
var unseen = [][]byte{{0xf3, 0xa0}, {0xef, 0xb8}, []byte("\ufeff"), {0xe2, 0x80}, {0xe2, 0x81}} // their first bytes

var unseenMarks = newWordMarks(unseen, func(i int) byte { return 1 << i }, unseenHalf)

// unseenHalf puts those together that begin alike by halves of bytes, or seldom.
func unseenHalf(i int) byte {
	if unseen[i][0] == 0xe2 {
		return 2
	}
	return 1
}

// unseenAt reports whether b begins with one of them, or one like them.
func unseenAt(b []byte) bool {
	for _, lead := range unseenBy[b[0]] {
		if bytes.HasPrefix(b, lead) {
			return true
		}
	}
	return false
}

// unseenBy lists unseen by first bytes.
var unseenBy = wordsByFirst(unseen)

// minUnseen is the least number of such characters that is looked at.
const minUnseen = 48

// hidden returns what characters that nobody sees stand for in b, which glimpses says
// has them, nil if they stand for nothing.
func hidden(b []byte) []byte {
	var out []byte
	counts := map[rune]int{}
	var marks []rune
	for i := range unseenMarks.in(b, 0, len(b)) {
		switch r, _ := utf8.DecodeRune(b[i:]); {
		case r >= 0xE0020 && r < 0xE0080:
			out = append(out, byte(r-0xE0000))
		case r >= 0xFE00 && r <= 0xFE0F:
			out = append(out, byte(r-0xFE00))
		case r >= 0xE0100 && r <= 0xE01EF:
			out = append(out, byte(r-0xE0100+16))
		case r >= 0x200B && r <= 0x200F, r == 0x2060, r == 0x2062, r == 0x2063, r == 0xFEFF:
			counts[r]++
			marks = append(marks, r)
		}
	}
	if reads(out) {
		return out
	}
	if len(marks) < 8*minUnseen {
		return nil
	}
	kinds := make([]rune, 0, len(counts))
	for r := range counts {
		kinds = append(kinds, r)
	}
	slices.SortFunc(kinds, func(a, b rune) int { return counts[b] - counts[a] })
	for _, one := range kinds[:min(2, len(kinds))] {
		out = out[:0]
		v, k := byte(0), 0
		for _, r := range marks {
			if r != kinds[0] && (len(kinds) < 2 || r != kinds[1]) {
				v, k = 0, 0 // between characters
				continue
			}
			v <<= 1
			if r == one {
				v |= 1
			}
			if k++; k == 8 {
				out, v, k = append(out, v), 0, 0
			}
		}
		if reads(out) {
			return bytes.Clone(out)
		}
	}
	return nil
}
