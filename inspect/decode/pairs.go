package decode

// pairs tells which bytes may follow each other in text in UTF-8 or CP932, and a
// few more: a pair may if a bit is set in all four entries, those of the byte
// before by its high and low half, and of the byte itself: one of the low three
// bits for UTF-8, of the others for CP932. In random bytes every second pair may, so text shows by its length.
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
func holdsText(b []byte) bool {
	var u1, u2, u3, u4, k1, k2 int // length of the text that begins so many bytes behind i
	for i := len(b) - 1; i >= 0 && i+max(u1+1, u2+2, u3+3, u4+4, k1+1, k2+2) >= minText; i-- {
		u, k := 0, 0
		switch c := b[i]; {
		case printable[c]:
			u, k = u1+1, k1+1
		case c >= 0x80:
			if n := cp932Char(b[i:]); n > 0 {
				k = k2 + n
			}
			switch {
			case c < 0xc2 || i+1 == len(b) || b[i+1]&0xc0 != 0x80: // no character of UTF-8
			case c < 0xe0:
				u = u2 + 2
			case c < 0xf0:
				u = u3 + 3
			default:
				u = u4 + 4
			}
		}
		if u >= minText || k >= minText {
			return true
		}
		u1, u2, u3, u4, k1, k2 = u, u1, u2, u3, k, k1
	}
	return false
}
