package charset

import (
	"bytes"
	"sync"
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

var scratch = sync.Pool{New: func() any { b := make([]byte, 0, 4*SampleSize); return &b }}

// Detect says how to read a text that begins with sample, of which only the
// first SampleSize bytes matter. whole says that nothing comes after. start
// says that it is the start of a file, where UTF-16 may begin. hint is a label
// such as the charset parameter of a Content-Type, "" for none.
func Detect(sample []byte, whole, start bool, hint string) Guess {
	if start {
		if g, ok := mark(sample); ok {
			return g
		}
	}
	if len(sample) > SampleSize {
		sample, whole = sample[:SampleSize], false
	}
	n := ASCIIPrefix(sample)
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
	return best(sample, whole, start, nul, shift, hint)
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

// ascii judges text of seven bits by its control characters.
func ascii(b []byte) Guess {
	controls := 0
	for _, c := range b {
		if c < ' ' && (c < '\t' || c > '\r') {
			controls++
		}
	}
	if len(b) > 0 && controls*20 > len(b) {
		return Guess{Sure: 0}
	}
	return Guess{Sure: 1}
}

// plainUTF8 is the short way for what is nearly always right: valid UTF-8 with
// several characters of three bytes.
func plainUTF8(b []byte, whole bool) (Guess, bool) {
	n := ValidPrefix(b)
	if n < len(b) && (whole || !incomplete(b[n:])) {
		return Guess{}, false
	}
	long := 0
	for i := 0; i < n && long < 4; i++ {
		if b[i] >= 0xe1 {
			long++
		}
	}
	if long < 4 {
		return Guess{}, false
	}
	g := ascii(b)
	return g, true
}

// best tries every candidate.
func best(sample []byte, whole, start, nul, shift bool, hint string) Guess {
	candidates := []Charset{UTF8, CP932, EUCJP, Latin1}
	if shift {
		candidates = append(candidates, ISO2022JP)
	}
	if start && len(sample) >= 2 {
		candidates = append(candidates, UTF16LE, UTF16BE)
		if len(sample)%4 == 0 || !whole {
			candidates = append(candidates, UTF32LE, UTF32BE)
		}
	}
	declared, hinted := Named(hint)
	text := scratch.Get().(*[]byte)
	defer scratch.Put(text)

	var first, second struct {
		c     Charset
		score float64
		r     reading
	}
	first.score, second.score = -99, -99
	for _, c := range candidates {
		var r reading
		r, *text = try(c, sample, whole, *text)
		score := r.score - 60*float64(r.controls)/float64(len(sample))
		switch c {
		case UTF8:
			if r.invalid == 0 && r.foreign > 0 {
				score += 3 // others are rarely valid UTF-8 by chance
			}
		case ISO2022JP:
			if r.invalid == 0 && r.foreign > 0 {
				score += 4
			}
		case UTF16LE, UTF16BE, UTF32LE, UTF32BE:
			// Every character of ASCII holds a NUL there, and hardly any
			// text is without.
			if nul && r.invalid == 0 && r.controls == 0 && r.ascii*40 > len(sample) {
				score += 4
			} else if r.foreign < 6 || r.foreign < len(sample)/2 || r.score < 2.5 {
				score -= 1.5
			}
			if whole && len(sample)%2 != 0 {
				score -= 4
			}
		case Latin1:
			score -= 0.5
			if r.foreign*5 > len(sample)*2 && r.foreign > 8 {
				score -= 4 // no language has so many accents
			}
		}
		if hinted && c == declared {
			score++
		}
		if score > first.score {
			second = first
			first.c, first.score, first.r = c, score, r
		} else if score > second.score {
			second.c, second.score, second.r = c, score, r
		}
	}
	g := Guess{Charset: first.c, Sure: min(1, max(0, (first.score+2)/4)), Other: second.c}
	if first.r.controls == 0 && first.r.foreign*5 < len(sample) {
		g.Sure = max(g.Sure, 0.6) // some odd characters in ASCII
	}
	g.Ambiguous = second.score > 0 && first.score-second.score < margin && second.r.invalid == 0
	return g
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
