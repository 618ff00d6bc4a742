package detect

import (
	"bytes"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// wordList finds which of a few hundred words a text begins or ends with. It
// is asked for every candidate, so most texts are turned away by one bit for
// their first (or last) character; the words of that character stand side by
// side, the longest first.
type wordList struct {
	chars  runeBits
	before [1 << 10]uint16 // how many characters of the set come before each 64
	groups []span16        // of words, by character
	words  []weightedWord
}

type weightedWord struct {
	text   string
	weight float32
}

// newWordList makes a list to be asked for beginnings.
func newWordList(weight map[string]float32) *wordList {
	return makeWordList(weight, func(s string) rune { r, _ := utf8.DecodeRuneInString(s); return r })
}

// newWordEnds makes a list to be asked for ends.
func newWordEnds(words string) *wordList {
	return makeWordList(nameWeights(map[float32]string{1: words}), func(s string) rune { r, _ := utf8.DecodeLastRuneInString(s); return r })
}

func makeWordList(weight map[string]float32, char func(string) rune) *wordList {
	l := &wordList{}
	for w, f := range weight {
		l.words = append(l.words, weightedWord{w, f})
		l.chars.add(char(w))
	}
	slices.SortFunc(l.words, func(a, b weightedWord) int {
		if ca, cb := char(a.text), char(b.text); ca != cb {
			return int(ca - cb)
		}
		if len(a.text) != len(b.text) {
			return len(b.text) - len(a.text)
		}
		return strings.Compare(a.text, b.text)
	})
	n := 0
	for i, w := range l.chars {
		l.before[i] = uint16(n)
		n += bits.OnesCount64(w)
	}
	for i, w := range l.words {
		if i == 0 || char(l.words[i-1].text) != char(w.text) {
			l.groups = append(l.groups, span16{start: int32(i)})
		}
		l.groups[len(l.groups)-1].end = int32(i + 1)
	}
	return l
}

// of returns the words of a character.
func (l *wordList) of(r rune) []weightedWord {
	if !l.chars.has(r) {
		return nil
	}
	g := l.groups[int(l.before[r>>6])+bits.OnesCount64(l.chars[r>>6]&(1<<(r&63)-1))]
	return l.words[g.start:g.end]
}

// begins returns the weight and the length of the longest word that t begins
// with, 0, 0 if there is none.
func (l *wordList) begins(t []byte) (weight float32, n int) {
	r, _ := utf8.DecodeRune(t)
	for _, w := range l.of(r) {
		if len(w.text) <= len(t) && string(t[:len(w.text)]) == w.text {
			return w.weight, len(w.text)
		}
	}
	return 0, 0
}

// ends is begins for the end of t.
func (l *wordList) ends(t []byte) (weight float32, n int) {
	r, _ := utf8.DecodeLastRune(t)
	for _, w := range l.of(r) {
		if bytes.HasSuffix(t, []byte(w.text)) {
			return w.weight, len(w.text)
		}
	}
	return 0, 0
}

// runeBits is a set of characters, U+0000 to U+FFFF.
type runeBits [1 << 10]uint64

func runeSet(s string) *runeBits {
	b := new(runeBits)
	for _, r := range s {
		b.add(r)
	}
	return b
}

func (b *runeBits) add(r rune) {
	if r < 1<<16 {
		b[r>>6] |= 1 << (r & 63)
	}
}

func (b *runeBits) has(r rune) bool { return r < 1<<16 && b[r>>6]>>(r&63)&1 == 1 }
