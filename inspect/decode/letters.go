package decode

// letters is the set of characters, all of them ASCII, that a notation is made of:
// digits, and what may stand between them.
type letters struct {
	of    [256]byte // odd for digits, 0 for what is in neither
	all   asciiSet
	digit asciiSet
}

// asciiSet has a bit for each character, in the byte of its low half that of its
// high half: so a vector looks up sixteen at a time.
type asciiSet [16]byte

func (s *asciiSet) add(c byte) { s[c&15] |= 1 << (c >> 4) }

func (s *asciiSet) has(c byte) bool { return c < 0x80 && s[c&15]>>(c>>4)&1 != 0 }

// prefix returns how many bytes from b's start on are in the set.
func (s *asciiSet) prefix(b []byte) int {
	n := 0
	if blocks := len(b) / 32; blocks > 0 && useVectors {
		if n = prefixBlocks(&b[0], blocks, s); n < blocks*32 {
			return n
		}
	}
	for n < len(b) && s.has(b[n]) {
		n++
	}
	return n
}

// chars makes the letters of digits and what may stand between them.
func chars(digits, between string) *letters {
	l := &letters{}
	for _, c := range []byte(digits) {
		l.of[c] = 1
		l.digit.add(c)
		l.all.add(c)
	}
	for _, c := range []byte(between) {
		l.of[c] |= 2
		l.all.add(c)
	}
	return l
}

// prefix returns how many bytes from b's start on are letters.
func (l *letters) prefix(b []byte) int { return l.all.prefix(b) }

// digits returns how many bytes of b are digits.
func (l *letters) digits(b []byte) int {
	n := l.digit.prefix(b) // all of them, most often
	for _, c := range b[n:] {
		n += int(l.of[c] & 1)
	}
	return n
}
