package decode

// pairs tells which bytes may follow each other in text in UTF-8 or CP932, and a
// few more: a pair may if a bit is set in all four entries, those of the byte
// before by its high and low half, and of the byte itself: one of the low three
// bits for UTF-8, of the others for CP932. The low half of the byte before says nothing here, which
// bothPairsAVX2 relies on. In random bytes every second pair may, so text shows by its length.
var pairs = func() (t [4][16]byte) {
	all := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	space := []int{'\t', '\n', '\r'} // below 0x10
	whole := []int{0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	any := append(whole, 12, 13, 14, 15)
	for bit, p := range [...]struct{ before, itself, low []int }{
		{whole, []int{2, 3, 4, 5, 6, 7, 12, 13, 14, 15}, all}, // a character after a whole one
		{whole, all[:1], space},
		{all[8:], all[8:12], all}, // the middle or end of one
		{any, all[2:10], all},     // CP932: a character, after a whole one, or its end
		{any, all[:1], space},
		{all[8:10], all[8:], all}, // the end of one
	} {
		for k, halves := range [4][]int{p.before, all, p.itself, p.low} {
			for _, h := range halves {
				t[k][h] |= 1 << bit
			}
		}
	}
	return t
}()

func mayFollow(before, c byte) bool {
	return pairs[0][before>>4]&pairs[1][before&15]&pairs[2][c>>4]&pairs[3][c&15] != 0
}

// plausible returns the first stretch in b from at on that is at least minText
// bytes long and in which each byte may follow the one before it, in one of the
// encodings for so many bytes; if there is none, one that starts at b's end. m are
// the traces of b or what it is the start of.
func plausible(b []byte, at int, m *traces) (start, end int) {
	if m.blocks > 0 {
		if i := m.text(at); i+minText <= len(b) {
			s := m.around(b, at, i)
			return s.start, s.end
		}
		return len(b), len(b)
	}
	for i := at + minText/2; i < len(b); i += minText / 2 { // every stretch holds one of these
		if s := stretchAround(b, at, i); s.end-s.start >= minText {
			return s.start, s.end
		}
	}
	return len(b), len(b)
}

// stretchAround returns the stretch of bytes that may follow each other around
// i, from at on.
func stretchAround(b []byte, at, i int) (s textRun) {
	if i >= len(b) {
		return s
	}
	s.start, s.end = i, i+1
	for s.start > at && mayFollow(b[s.start-1], b[s.start]) {
		s.start--
	}
	for s.end < len(b) && mayFollow(b[s.end-1], b[s.end]) {
		s.end++
	}
	return s
}

// holdsText reports whether minText bytes somewhere in b may be text in UTF-8 or in
// CP932. It goes from the end: what a text is at a place depends on what follows.
// A byte of noise may be anything, so it makes no branch.
func holdsText(b []byte) bool {
	if !mayHoldText(b) {
		return false
	}
	var utf8, cp932 [8]int // lengths of the texts that begin at the next places
	next := &inTexts[0]
	for i := len(b) - 1; i >= 0; i-- {
		c := &inTexts[b[i]]
		u, k := int(c.utf8), int(c.cp932)
		u = (utf8[(i+u)&7] + u) & int(c.alone|c.leadUTF8&next.inUTF8)
		k = (cp932[(i+k)&7] + k) & int(c.alone|c.leadCP932&next.inCP932)
		if u >= minText || k >= minText {
			return true
		}
		utf8[i&7], cp932[i&7], next = u, k, c
	}
	return false
}

// mayHoldText reports whether minText bytes in a row somewhere in b, which may follow
// each other, are all whole characters or next to what makes them one; noise hardly
// ever is. At the first of them it is not asked what it follows.
func mayHoldText(b []byte) bool {
	utf8, cp932 := 0, 0 // how many there are in a row
	before := &inTexts[0]
	for _, x := range b {
		c := &inTexts[x]
		u := int(c.alone | c.leadUTF8 | c.inUTF8&(before.leadUTF8|before.inUTF8))
		k := int(c.alone | c.leadCP932 | c.inCP932&before.leadCP932)
		utf8, cp932 = (utf8+1)&u, (cp932+1)&k
		if utf8 >= minText || cp932 >= minText {
			return true
		}
		before = c
	}
	return false
}

// inText tells what a byte may be in a text: how long a character is that begins with
// it, and as masks, whether that is all of it, and whether it leads or is within one of
// several bytes.
type inText struct {
	utf8, cp932        int8
	alone              int8
	leadUTF8, inUTF8   int8
	leadCP932, inCP932 int8
}

var inTexts = func() (t [256]inText) {
	mask := func(is bool) int8 {
		if is {
			return -1
		}
		return 0
	}
	for i := range t {
		c, s := byte(i), &t[i]
		switch {
		case c >= 0xf0:
			s.utf8 = 4
		case c >= 0xe0:
			s.utf8 = 3
		case c >= 0xc2:
			s.utf8 = 2
		default:
			s.utf8 = 1
		}
		s.alone = mask(printable[c])
		s.leadUTF8, s.inUTF8 = mask(s.utf8 > 1), mask(c&0xc0 == 0x80)
		s.cp932 = max(1, int8(cp932Char([]byte{c, '@'})))
		s.leadCP932, s.inCP932 = mask(s.cp932 > 1), mask(cp932Char([]byte{0x81, c}) > 0)
	}
	return t
}()
