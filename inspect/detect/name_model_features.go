package detect

import (
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// windowMax is the most characters that are tagged in one go.
const windowMax = 160

// nameWindow is a stretch of prose in which the model tags characters, with what
// is known of each. It is scratch.
type nameWindow struct {
	n        int
	hiragana int
	at       [windowMax + 1]int32 // offsets
	runes    [windowMax]rune      // digits and Latin letters as one
	kind     [windowMax]script
	run      [windowMax]charRun // the run of one script that it stands in
	known    [windowMax]uint16  // what the dictionaries say, by the bits below
	kata     [windowMax]kataKnown
	usual    [windowMax]uint8 // what ordinary words and places in kanji say, by the bits below
	hint     [windowMax]uint8 // what the rules say: twice hintGrade, odd where a candidate begins
}

// charRun tells how many characters of its run stand behind a character and how
// many ahead.
type charRun struct{ behind, ahead uint8 }

// kataKnown is what is known of a katakana word.
type kataKnown struct {
	hash uint32
	info uint16 // 0: no katakana word
}

// The bits of nameWindow.known.
const (
	surnameStarts = 1 << iota
	surnameIn
	surnameEndsHere
	givenStarts
	givenIn
	givenEndsHere
	wordStarts
	wordIn
	wordEndsHere
	titleStarts
	titleStrong
	roleEndsHere
	surnameFrequent
	givenFrequent
)

// The bits of nameWindow.usual. Kanji that are in no word, while all around them
// are, are a name more often than not, whatever they are.
const (
	usualPair  = 1 << iota // in a word of two characters
	usualThree             // in one of three
	usualStarts
	usualEnds
	placeIn
	placeStarts
	placeEndsHere
	usualRun // the whole run parts into words and places
)

// load reads as much of t[from:to] as goes in and returns where it stopped.
func (w *nameWindow) load(t []byte, from, to int) int {
	w.n, w.hiragana = 0, 0
	for from < to && w.n < windowMax {
		r, size := utf8.DecodeRune(t[from:])
		k := scriptOf(r)
		switch k {
		case scriptDigit:
			r = '0'
		case scriptLatin:
			r = 'a'
		case scriptHira:
			w.hiragana++
		}
		i := w.n
		w.at[i], w.runes[i], w.kind[i] = int32(from), r, k
		w.known[i], w.kata[i], w.usual[i], w.hint[i] = 0, kataKnown{}, 0, 0
		w.n++
		from += size
	}
	w.at[w.n] = int32(from)
	if w.hiragana < leastHiragana {
		return from
	}
	const far = 7
	for i := 0; i < w.n; {
		j := i + 1
		for j < w.n && w.kind[j] == w.kind[i] {
			j++
		}
		var kata kataKnown
		if w.kind[i] == scriptKata && j-i > 1 {
			kata = knownKatakana(t[w.at[i]:w.at[j]])
		}
		for k := i; k < j; k++ {
			w.run[k] = charRun{uint8(min(k-i, far)), uint8(min(j-k-1, far))}
			w.kata[k] = kata
		}
		if w.kind[i] == scriptKanji {
			w.lookUsual(t, i, j)
		}
		i = j
	}
	for i := range w.n {
		w.look(t, i)
	}
	return from
}

// look asks the dictionaries for what begins at character i.
func (w *nameWindow) look(t []byte, i int) {
	k := w.kind[i]
	if k < scriptHira || k == scriptMiddle {
		return
	}
	from := int(w.at[i])
	if nameAfterWords.chars.has(w.runes[i]) {
		switch odds := nameTitle(t[from:]); {
		case odds >= 2:
			w.known[i] |= titleStrong | titleStarts
		case odds > 0:
			w.known[i] |= titleStarts
		}
	}
	if nameBeforeWords.chars.has(w.runes[i]) && nameBeforeWord(t[max(0, from-21):w.at[i+1]]) {
		w.known[i] |= roleEndsHere
	}
	if k == scriptKata {
		return
	}
	for n := 1; n <= 4 && i+n <= w.n; n++ {
		if last := w.kind[i+n-1]; last < scriptHira || last == scriptMiddle {
			break
		}
		word := t[from:w.at[i+n]]
		if n == 1 && k != scriptKanji {
			continue
		}
		is := dict.LookupJapanese(word)
		if n <= 3 && k == scriptKanji {
			w.mark(i, n, is.Surname, surnameStarts, surnameFrequent)
		}
		if n <= 3 {
			w.mark(i, n, is.Given, givenStarts, givenFrequent)
		}
		if n > 1 {
			w.mark(i, n, is.Word, wordStarts, 0)
		}
	}
}

// lookUsual asks for the ordinary words in the run of kanji [i,j).
func (w *nameWindow) lookUsual(t []byte, i, j int) {
	const least, most = 2, 3      // characters of a word
	parts := [most + 1]bool{true} // whether words end here, and in one, two, three characters
	for s := i; s < j; s++ {
		for n := least; n <= most && s+n <= j; n++ {
			word, place := dict.Ordinary(t[w.at[s]:w.at[s+n]])
			var in, starts, ends uint8
			if word {
				in, starts, ends = usualPair<<(n-least), usualStarts, usualEnds
			}
			if place {
				in, starts, ends = in|placeIn, starts|placeStarts, ends|placeEndsHere
			}
			if in == 0 {
				continue
			}
			for k := s; k < s+n; k++ {
				w.usual[k] |= in
			}
			w.usual[s] |= starts
			w.usual[s+n-1] |= ends
			parts[n] = parts[n] || parts[0]
		}
		copy(parts[:], parts[1:])
		parts[most] = false
	}
	if parts[0] {
		for k := i; k < j; k++ {
			w.usual[k] |= usualRun
		}
	}
}

// mark notes a listed word of n characters at i: starts, and the bits behind it for
// in and ends, and frequent if it is that.
func (w *nameWindow) mark(i, n int, info dict.Info, starts, frequent uint16) {
	if info == 0 {
		return
	}
	w.known[i] |= starts
	for k := i; k < i+n; k++ {
		w.known[k] |= starts << 1
	}
	w.known[i+n-1] |= starts << 2
	if info.Weight() >= 7 && info.Doubt() < 2 {
		w.known[i] |= frequent
	}
}

// knownKatakana asks the dictionaries for a katakana word.
func knownKatakana(word []byte) kataKnown {
	info := uint16(1)
	is := dict.LookupJapanese(word)
	if f := is.Foreign; f != 0 {
		info |= uint16(f.Weight()+3)/4<<1 | uint16(f.Doubt())<<4
	}
	if d := is.Word; d != 0 {
		info |= 1<<6 | uint16(d.Rival())<<7
	}
	if is.SurnameKana != 0 {
		info |= 1 << 9
	}
	if is.GivenKana != 0 {
		info |= 1 << 10
	}
	if katakanaThing(word) {
		info |= 1 << 11
	}
	h := uint32(2166136261) // FNV-1a
	for _, c := range word {
		h = (h ^ uint32(c)) * 16777619
	}
	return kataKnown{h, info}
}

// hintGrades are the log odds above which a candidate is of the next grade.
var hintGrades = [...]float32{-3, -1.7, -0.85, 0, 0.7, 1.5, 2.5, 3.5}

// hinted notes a candidate of the rules.
func (w *nameWindow) hinted(h *nameHint) {
	grade := uint8(1)
	for _, g := range hintGrades {
		if h.odds > g {
			grade++
		}
	}
	for i := range w.n {
		if at := int(w.at[i]); at >= h.start && at < h.end && w.hint[i]>>1 <= grade {
			w.hint[i] = grade << 1
			if at == h.start {
				w.hint[i] |= 1
			}
		}
	}
}

// usualAt is 0 outside the window.
func (w *nameWindow) usualAt(i int) uint32 {
	if uint(i) >= uint(w.n) {
		return 0
	}
	return uint32(w.usual[i]) + 1
}

// featureList are the features of a character, each the place of its weights in
// the model.
type featureList struct {
	n, plain int // plain of them know nothing of the rules
	at       [52]uint32
}

// add appends the feature of a template that saw a and b.
func (l *featureList) add(template, a, b uint32) {
	h := (uint64(a)<<32 | uint64(b)) * 0x9E3779B97F4A7C15
	h = (h ^ h>>29 ^ uint64(template)<<58) * 0xBF58476D1CE4E5B9
	l.at[l.n] = uint32(h >> (64 - modelBits))
	l.n++
}

// sum adds up the weights for the first and for a further character of a name.
func (l *featureList) sum(pairs string) (begin, in int32) {
	for _, f := range l.at[:l.n] {
		w := pairs[2*f : 2*f+2]
		begin += int32(int8(w[0]))
		in += int32(int8(w[1]))
	}
	return begin, in
}

// rune, script and others of a character that may lie outside the window.
func (w *nameWindow) runeAt(i int) uint32 {
	if uint(i) >= uint(w.n) {
		return 1
	}
	return uint32(w.runes[i])
}

func (w *nameWindow) kindAt(i int) uint32 {
	if uint(i) >= uint(w.n) {
		return 0
	}
	return uint32(w.kind[i]) + 1
}

func (w *nameWindow) knownAt(i int) uint32 {
	if uint(i) >= uint(w.n) {
		return 0
	}
	return uint32(w.known[i])
}

func (w *nameWindow) hintAt(i int) uint32 {
	if uint(i) >= uint(w.n) {
		return 0
	}
	return uint32(w.hint[i])
}

// features lists what is seen at character i. A template that is changed needs
// new weights.
func (w *nameWindow) features(i int, l *featureList) {
	l.n = 0
	two := func(a, b uint32) uint32 { return a<<16 ^ b }
	b3, b2, b1, c := w.runeAt(i-3), w.runeAt(i-2), w.runeAt(i-1), w.runeAt(i)
	a1, a2, a3 := w.runeAt(i+1), w.runeAt(i+2), w.runeAt(i+3)
	l.add(0, 0, 0)
	l.add(1, c, 0)
	l.add(2, b1, 0)
	l.add(3, a1, 0)
	l.add(4, b2, 0)
	l.add(5, a2, 0)
	l.add(6, b1, c)
	l.add(7, c, a1)
	l.add(8, b2, b1)
	l.add(9, a1, a2)
	l.add(10, b3, b2)
	l.add(11, a2, a3)
	l.add(12, two(b2, b1), c)
	l.add(13, two(b1, c), a1)
	l.add(14, two(c, a1), a2)
	l.add(15, two(b3, b2), b1)
	l.add(16, two(a1, a2), a3)

	kind := w.kindAt(i)
	kinds := w.kindAt(i-2)<<16 | w.kindAt(i-1)<<12 | kind<<8 | w.kindAt(i+1)<<4 | w.kindAt(i+2)
	l.add(17, kinds, 0)
	l.add(18, w.kindAt(i-3)<<20|kinds>>4, 0)
	l.add(19, kinds&0xFFF, w.kindAt(i+3))

	// The run, and what stands before and behind it.
	behind, ahead := uint32(w.run[i].behind), uint32(w.run[i].ahead)
	run := behind<<8 | ahead
	before, after := i-int(behind)-1, i+int(ahead)+1
	rb, ra := w.runeAt(before), w.runeAt(after)
	l.add(20, run, kind)
	l.add(21, rb, kind<<8|ahead)
	l.add(22, ra, kind<<8|behind)
	l.add(23, two(rb, w.runeAt(before-1)), kind)
	l.add(24, two(ra, w.runeAt(after+1)), kind)
	l.add(25, two(rb, ra), kind)
	l.add(26, w.knownAt(before)&(roleEndsHere|titleStarts)|w.knownAt(after)&(titleStarts|titleStrong)<<4, run<<4|kind)

	const dicts = 1<<9 - 1 // surnames, given names, words
	known := w.knownAt(i)
	l.add(27, known, kind)
	l.add(28, known&dicts, w.knownAt(i-1)&dicts)
	l.add(29, known&dicts, w.knownAt(i+1)&dicts)
	l.add(30, known&(surnameIn|givenIn|wordIn|givenEndsHere|surnameStarts), run)
	l.add(31, w.knownAt(i-1)&(roleEndsHere|titleStarts|wordEndsHere), w.knownAt(i+1)&(titleStarts|titleStrong)|kind<<16)

	if kata := w.kata[i]; kata.info != 0 {
		info := uint32(kata.info)
		l.add(32, kata.hash, 0)
		l.add(33, info, 0)
		l.add(34, info, ra)
		l.add(35, info, rb)
		l.add(36, info, w.kindAt(before)<<16|w.kindAt(after)<<8|kind)
	}
	if w.kind[i] == scriptKanji {
		u, ub, ua := w.usualAt(i), w.usualAt(i-1), w.usualAt(i+1)
		l.add(44, u, kind)
		l.add(45, u, ub)
		l.add(46, u, ua)
		l.add(47, u, run)
		l.add(48, u, ra)
		l.add(49, u, rb)
		l.add(50, u, known&dicts)
		l.add(51, ub<<18|u<<9|ua, run)
	}
	l.plain = l.n
	if h, hb, ha := w.hintAt(i), w.hintAt(i-1), w.hintAt(i+1); h != 0 || hb != 0 || ha != 0 {
		l.add(37, h, kind)
		l.add(38, h, ha&1|ha>>1<<8)
		l.add(39, h, hb>>1)
		l.add(40, h, run)
		l.add(41, h, ra)
		l.add(42, h, rb)
		l.add(43, h, known&(wordIn|surnameIn|givenIn))
	}
}
