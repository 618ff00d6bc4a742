package detect

import (
	"strings"
	"unicode/utf8"
)

// Most values have no label, and what stands right before them shows it: no label
// word ends there, nor may what stands there stand between a label and its value.

// endings tells how label words end.
type endings struct {
	words filter // by tailOf: their last words in Latin letters
	chars filter // by charTail: their last characters in other letters
}

// What a byte before a value says.
const (
	endSign   uint8 = iota // it may stand behind a label
	endSpace               // it may, and says nothing
	endLine                //
	endNone                // no label is before it
	endLetter              //
	endAsk                 // a look from the other side is needed
	endOther               // no ASCII
)

var endKinds = func() (k [256]uint8) {
	for c := range k {
		switch {
		case c >= utf8.RuneSelf:
			k[c] = endOther
		case isLetter(byte(c)):
			k[c] = endLetter
		}
	}
	for c, kind := range map[byte]uint8{' ': endSpace, '\t': endSpace, '\v': endSpace, '\f': endSpace, '\r': endSpace,
		'\n': endLine, ',': endNone, ';': endNone, ')': endAsk, ']': endAsk} {
		k[c] = kind
	}
	return k
}()

// add takes in how the label word s, in lower case, ends.
func (e *endings) add(s string) {
	s = strings.TrimRightFunc(s, func(r rune) bool { return r < utf8.RuneSelf && !isLetter(byte(r)) })
	switch n := len(s); {
	case n == 0:
	case s[n-1] >= utf8.RuneSelf:
		e.chars.add(charTail(s))
	default:
		// The last word may be shorter than what it is joined to.
		for k := 1; k <= min(n, 4) && isLetter(s[n-k]); k++ {
			e.words.add(tailOf(s[n-k:]))
		}
	}
}

// tailOf hashes a word by its last four letters, in either case.
func tailOf[S string | []byte](s S) uint64 {
	h := uint64(0)
	for i := max(0, len(s)-4); i < len(s); i++ {
		h = h<<8 | uint64(s[i]|0x20)
	}
	return h * golden
}

// charTail hashes the last character of s, of three bytes.
func charTail[S string | []byte](s S) uint64 {
	n := len(s)
	return (uint64(s[n-1])<<16 | uint64(s[n-2])<<8 | uint64(s[n-3])) * golden
}

// mayEnd reports whether a label that governs the value at offset i of t may stand
// before it, on its line, or on the line above if nothing else is before it there.
func (e *endings) mayEnd(t []byte, i int) bool {
	lo, sole, above := max(0, i-3*nearChars), true, false
	for j := i; j > lo; {
		switch endKinds[t[j-1]] {
		case endSign:
			sole = false
			j--
		case endSpace:
			j--
		case endLine:
			if !sole || above {
				return false
			}
			above = true
			j--
		case endNone:
			return false
		case endLetter:
			k, capitals := j, 0
			for k > lo && isLetter(t[k-1]) {
				k--
				capitals += int(^t[k] >> 5 & 1)
			}
			word := t[k:j]
			if capitals > 1 && capitals < len(word) || capitals == 1 && word[0]&0x20 != 0 || k > lo && t[k-1] >= utf8.RuneSelf ||
				e.words.has(tailOf(word)) {
				return true
			}
			var small [3]byte
			if len(word) > len(small) { // longer ones that link end labels, too
				return false
			}
			for n, c := range word {
				small[n] = c | 0x20
			}
			if !linking[string(small[:len(word)])] {
				return false
			}
			sole = false
			j = k
		case endAsk:
			return true
		default:
			return j-lo < 3 || t[j-3]&0xF0 != 0xE0 || e.chars.has(charTail(t[:j]))
		}
	}
	return false
}
