package charset

import (
	"bytes"
	"sync"
	"unicode/utf8"
)

// Guess is the outcome of Detect.
type Guess struct {
	Charset
	Mark int // length of the byte order mark
	// Sure is how well the text reads, 0..1. Below Doubtful it is probably
	// no text at all.
	Sure float64
	// Other is a second encoding in which the text reads nearly as well,
	// if Ambiguous.
	Other     Charset
	Ambiguous bool
}

// Doubtful is the bound of Guess.Sure below which bytes are probably no text.
const Doubtful = 0.25

// margin is how close in score a second reading must be to be worth a look. On
// four kanji of a name, right and wrong readings differ by more than 1.5 in
// nine of ten cases.
const margin = 1.2

// SampleSize is how much of a text Detect looks at.
const SampleSize = 4096

// trySize is how much of it, from the first character that is not ASCII on, is
// read in the candidates.
const trySize = 1536

var trials = sync.Pool{New: func() any { return new(trial) }}

// Detect says how to read a text that begins with sample, of which only the
// first SampleSize bytes matter. whole says that nothing comes after. start
// says that it is the start of a file, where UTF-16 may begin. hint is a label
// such as the charset parameter of a Content-Type, "" for none.
func Detect(sample []byte, whole, start bool, hint string) Guess {
	return detect(sample, whole, start, hint, false)
}

// Likely is the bound of Guess.Sure from which bytes are probably text.
const Likely = 0.6

// IsLikely reports whether Detect is that sure of what a file begins with. Of most
// bytes that are no text it knows sooner.
func IsLikely(sample []byte, whole bool) bool {
	return detect(sample, whole, true, "", true).Sure >= Likely
}

// detect is Detect. If it is to be short, what is not Likely may get any Guess that
// is not.
func detect(sample []byte, whole, start bool, hint string, short bool) Guess {
	if start {
		if g, ok := mark(sample); ok {
			return g
		}
	}
	if len(sample) > SampleSize {
		sample, whole = sample[:SampleSize], false
	}
	torn := 0 // where a piece of a text may begin: amid a character, as it may end
	for torn < min(len(sample), utf8.UTFMax-1) && sample[torn]&0xc0 == 0x80 {
		torn++
	}
	n, controls := valid(sample[torn:])
	n += torn
	if !controls && (n == len(sample) || incomplete(sample[n:])) {
		tornEnd := whole && n < len(sample)
		if torn == 0 && !tornEnd && usual(sample[:n]) || (torn > 0 || tornEnd) && many(sample[torn:n], 64) {
			return Guess{Sure: 1} // what nearly always is
		}
	}
	if noise(sample) {
		return Guess{}
	}
	n = ASCIIPrefix(sample)
	nul := bytes.IndexByte(sample, 0) >= 0
	shift := Escape(sample) >= 0
	if n == len(sample) && !nul && !shift {
		return ascii(sample)
	}
	if !nul && !shift {
		if g, ok := plainUTF8(sample, whole); ok {
			return g
		}
	}
	if short && !nul && !shift && hint == "" && len(sample) <= shortSize && garbage(sample, sample[n:], whole) {
		return Guess{}
	}
	return best(sample, whole, start, nul, shift, hint)
}

// Plain reports whether b, the whole of a text, is beyond doubt UTF-8 without a
// byte order mark or control characters. What it says no to may be UTF-8 too.
func Plain(b []byte) bool {
	if n, controls := valid(b); controls || n < len(b) {
		return false
	}
	if _, marked := mark(b); marked {
		return false
	}
	b = b[ASCIIPrefix(b):]
	return usual(b[:min(len(b), SampleSize)])
}

// mark looks for a byte order mark.
func mark(b []byte) (Guess, bool) {
	for _, m := range []struct {
		bytes string
		Charset
	}{
		{"\xef\xbb\xbf", UTF8}, {"\xff\xfe\x00\x00", UTF32LE}, {"\x00\x00\xfe\xff", UTF32BE},
		{"\xff\xfe", UTF16LE}, {"\xfe\xff", UTF16BE},
	} {
		if bytes.HasPrefix(b, []byte(m.bytes)) && (m.Charset != UTF8 || ValidPrefix(b[:min(len(b), SampleSize)]) > 0) {
			return Guess{Charset: m.Charset, Mark: len(m.bytes), Sure: 1}, true
		}
	}
	return Guess{}, false
}

// noise reports whether control characters stand everywhere in b, as in
// compressed and encrypted data. In wide encodings they are the low bytes of
// kanji, so at even or at odd places, and NUL is the high byte of many.
func noise(b []byte) bool {
	const enough, share = 512, 40
	if len(b) < enough {
		return false
	}
	b = b[:min(len(b), 2*enough)]
	even, odd := 0, 0
	for i := 0; i+1 < len(b); i += 2 { // no branch: in noise it goes either way
		even += int(noisy[b[i]])
		odd += int(noisy[b[i+1]])
	}
	return min(even, odd)*share > len(b)/2
}

// noisy is 1 for the control characters that text does not use.
var noisy = func() (t [256]uint8) {
	for c := range ' ' {
		if (c < '\t' || c > '\r') && c != 0 && c != 0x1b {
			t[c] = 1
		}
	}
	return t
}()

// usual reports whether valid UTF-8 is beyond doubt: all ASCII, or with several
// characters of three bytes, or more of two.
func usual(b []byte) bool {
	n := ASCIIPrefix(b)
	return n == len(b) || many(b[n:], 8)
}

// many reports whether there are so many characters beyond ASCII in b, valid UTF-8,
// those of three bytes counting twice.
func many(b []byte, enough int) bool {
	n := 0
	for i := 0; i < len(b) && n < enough; i++ {
		switch c := b[i]; {
		case c < 0x80:
			i += ASCIIPrefix(b[i:]) - 1
		case c >= 0xe1:
			n += 2
		case c >= 0xc2 && c < 0xe0:
			n++
		}
	}
	return n >= enough
}

// ascii judges text of seven bits by its control characters.
func ascii(b []byte) Guess {
	if n := countControls(b); n*20 > len(b) {
		return Guess{Sure: 0}
	}
	return Guess{Sure: 1}
}

// plainUTF8 is the short way for valid UTF-8 beyond doubt.
func plainUTF8(b []byte, whole bool) (Guess, bool) {
	n := ValidPrefix(b)
	if n < len(b) && (whole || !incomplete(b[n:])) || !usual(b[:n]) {
		return Guess{}, false
	}
	return ascii(b), true
}

// candidate is one encoding with how it fared.
type candidate struct {
	Charset
	score float64
	reading
}

// best tries the candidates.
func best(sample []byte, whole, start, nul, shift bool, hint string) Guess {
	t := trials.Get().(*trial)
	defer trials.Put(t)
	if v := t.recall(sample, whole, start, hint); v != nil {
		return v.Guess
	}
	declared, hinted := Named(hint)
	var first, second candidate
	first.score, second.score = -99, -99
	enter := func(c Charset, sample []byte, whole bool) {
		r := t.read(c, sample, whole)
		score := r.score - 60*float64(r.controls)/float64(len(sample)) + bonus(c, &r, sample, whole, nul)
		if hinted && c == declared {
			score++
		}
		if score > first.score {
			first, second = candidate{c, score, r}, first
		} else if score > second.score {
			second = candidate{c, score, r}
		}
	}
	from := ASCIIPrefix(sample)
	if shift {
		from = 0
	}
	tail, all := sample[from:], whole
	if len(tail) > trySize {
		tail, all = tail[:trySize], false
	}
	enter(UTF8, tail, all)
	enter(CP932, tail, all)
	enter(EUCJP, tail, all)
	if shift {
		enter(ISO2022JP, tail, all)
	}
	if clear := first.score > 2.5 && first.invalid == 0 && first.foreign > 64; !clear || nul {
		enter(Latin1, tail, all)
		if start && len(sample) >= 2 {
			wide, all := sample, whole
			if len(wide) > trySize {
				wide, all = wide[:trySize], false
			}
			enter(UTF16LE, wide, all)
			enter(UTF16BE, wide, all)
			if nul {
				enter(UTF32LE, wide, all)
				enter(UTF32BE, wide, all)
			}
		}
	}
	g := Guess{Charset: first.Charset, Sure: min(1, max(0, (first.score+2)/4)), Other: second.Charset}
	if first.controls == 0 && first.foreign*5 < len(sample) {
		g.Sure = max(g.Sure, Likely) // some odd characters in ASCII
	}
	g.Ambiguous = second.score > 0 && first.score-second.score < margin && second.invalid == 0
	t.remember(sample, whole, start, hint, g)
	return g
}

// bonus is what speaks for or against a reading besides its characters.
func bonus(c Charset, r *reading, sample []byte, whole, nul bool) float64 {
	switch c {
	case UTF8:
		if r.invalid == 0 && r.foreign > 0 {
			return 5 // others are rarely valid UTF-8 by chance
		}
	case ISO2022JP:
		if r.invalid == 0 && r.foreign > 0 {
			return 4
		}
	case UTF16LE, UTF16BE, UTF32LE, UTF32BE:
		b := -1.5
		switch {
		// Every character of ASCII holds a NUL there, and hardly any text
		// is without.
		case nul && r.invalid == 0 && r.controls == 0 && r.ascii*40 > len(sample):
			b = 4
		case r.foreign >= 6 && r.foreign >= min(len(sample), trySize)/2 && r.score >= 2.5:
			b = 0
		}
		if whole && len(sample)%2 != 0 {
			b -= 4
		}
		return b
	case Latin1:
		if r.foreign*5 > len(sample)*2 && r.foreign > 8 {
			return -4.5 // no language has so many accents
		}
		return -0.5
	}
	return 0
}

// Escape returns the offset of the first escape sequence of ISO-2022-JP that
// calls Japanese characters, -1 if there is none.
func Escape(b []byte) int {
	for at := 0; ; at++ {
		i := bytes.IndexByte(b[at:], 0x1b)
		if i < 0 {
			return -1
		}
		at += i
		if set, n := escape(b[at:]); n > 0 && set != setASCII && set != setRoman {
			return at
		}
	}
}
