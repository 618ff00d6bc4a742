package decode

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// mirrored are the words by which text that is written backwards is known: ends
// of mail addresses and telephone numbers, labels, places.
var mirrored = [][]byte{
	[]byte("pj."), []byte("moc."), []byte("ten."), []byte("-070"), []byte("-080"), []byte("-090"), []byte("-050"),
	[]byte("名氏"), []byte("号番話電"), []byte("所住"), []byte("日月年生"), []byte("都京東"), []byte("府阪大"), []byte("県川奈神"), []byte("道海北"), []byte("県知愛"),
	[]byte("enohp"), []byte("liam"), []byte("sserdda"),
}

// minMirrored is how many of them a block has at least.
const minMirrored = 3

// turnedWord reports whether one of the words is written backwards, by what is
// before and behind it.
func turnedWord(word, before, behind []byte) bool {
	digit := func(c byte) bool { return c-'0' < 10 }
	switch {
	case word[0] >= 0x80:
		return true
	case word[0] == '-': // 4321-5678-090 for 090-8765-4321
		k := len(before)
		return k >= 9 && before[k-5] == '-' && digit(before[k-1]) && digit(before[k-6]) && (len(behind) == 0 || !digit(behind[0]) && behind[0] != '-')
	case word[len(word)-1] == '.': // pj.oc.elpmaxe@a
		if len(before) > 0 && inAddress[before[len(before)-1]] {
			return false
		}
		at := bytes.IndexByte(behind[:min(64, len(behind))], '@')
		return at > 0 && !bytes.ContainsAny(behind[:at], " ,;\t\n\"<>:/")
	}
	return len(before) == 0 || before[len(before)-1]|0x20 < 'a' || before[len(before)-1]|0x20 > 'z'
}

// turned is b with each line the other way round.
func turned(b []byte) []byte {
	out := make([]byte, len(b))
	at := 0
	for line := range bytes.Lines(b) {
		text := bytes.TrimRight(line, "\r\n")
		from := at + len(text)
		for rest := text; len(rest) > 0; {
			_, size := utf8.DecodeRune(rest)
			from -= size
			copy(out[from:], rest[:size])
			rest = rest[size:]
		}
		copy(out[at+len(text):], line[len(text):])
		at += len(line)
	}
	return out
}

// mirrorMarks finds where they may begin.
var mirrorMarks = newWordMarks(mirrored, mirroredBit, mirroredHalf)

// mirroredBit puts the words that are alike together. Ends of mail addresses are by
// themselves: a dot is rare.
func mirroredBit(i int) byte {
	switch word := mirrored[i]; {
	case word[0] >= 0x80:
		return 0x20 << (i % 3)
	case word[0] == '-':
		return 8
	case word[len(word)-1] == '.':
		return 1 << (i % 2)
	}
	return 4
}

// mirroredHalf does so by halves of bytes: what has them in common is together, but for
// ends of mail addresses, each with a word that is unlike it. Two bits are for unseen.
func mirroredHalf(i int) byte {
	return 4 << [...]byte{0, 1, 2, 3, 3, 3, 3, 4, 5, 4, 4, 4, 5, 5, 4, 5, 0, 1, 2}[i]
}

// glimpseMarks finds those and unseen, which a larger text is looked at for in
// part first: glimpse bytes in each glimpseStep.
var glimpseMarks = newWordMarks(slices.Concat(mirrored, unseen), func(i int) byte {
	if i < len(mirrored) {
		return mirroredBit(i)
	}
	return 0x10
}, func(i int) byte {
	if i < len(mirrored) {
		return mirroredHalf(i)
	}
	return unseenHalf(i - len(mirrored))
})

const (
	glimpse     = 8 * 64
	glimpseStep = 2048
)

// glimpses reports whether a text may be written backwards, and hold characters
// that nobody sees.
func glimpses(b []byte) (mirrored, veiled bool) {
	n := 0
	mirrored = len(b) <= 2*glimpseStep
	for at := 0; at < len(b); at += glimpseStep {
		for i := range glimpseMarks.in(b, at, min(at+glimpse, len(b))) {
			if unseenAt(b[i:]) {
				n++
			} else if !mirrored {
				mirrored = mirroredAt(b, i) > 0
			}
		}
	}
	return mirrored, n >= minUnseen
}

// backwards reports whether b, which glimpses says may be, is written backwards.
func backwards(b []byte) bool {
	n := 0
	for i := range mirrorMarks.in(b, 0, len(b)) {
		if n += mirroredAt(b, i); n == minMirrored {
			return true
		}
	}
	return false
}

// mirroredAt is 1 if one of the words stands at offset i, written backwards.
func mirroredAt(b []byte, i int) int {
	for _, word := range mirroredBy[b[i]] {
		end := i + len(word)
		if end > len(b) || b[end-1] != word[len(word)-1] { // most
			continue
		}
		if bytes.HasPrefix(b[i:], word) && turnedWord(word, b[:i], b[end:]) {
			return 1
		}
	}
	return 0
}

// mirroredBy lists mirrored by first bytes.
var mirroredBy = wordsByFirst(mirrored)

// wordsByFirst lists words by their first bytes.
func wordsByFirst(words [][]byte) (by [256][][]byte) {
	for _, word := range words {
		by[word[0]] = append(by[word[0]], word)
	}
	return by
}
