package charset

import (
	"encoding/binary"
	"math/bits"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// The character sets of ISO-2022-JP as Decoder.set names them: the last byte of
// the escape sequence, 0 for ASCII at the start.
const (
	setASCII = 'B'
	setRoman = 'J'
	setKana  = 'I'
	setKanji = '$'
	setExtra = 'D'
)

// jisPairs are 21 to 7E, which stand in the plane as EUC-JP has them.
var jisPairs = ranges{first: 0xa1, firstSize: 0x5e, set: 0x80}

// decodeISO2022JP reads ISO-2022-JP. An escape sequence stands for nothing; a
// line end goes back to ASCII even where the sequence for it was left out.
func (d *Decoder) decodeISO2022JP(dst, src []byte, base int64, last bool, m *normal.Map) ([]byte, int, bool) {
	table, extra := jis0208(), jis0212()
	dst = room(dst, 3*len(src))
	buf, o := dst[:cap(dst)], len(dst)
	s := steps{m: m}
	var t scratch
	i := 0
	for i < len(src) {
		c := src[i]
		if c == 0x1b {
			set, n := escape(src[i:])
			if n == 0 {
				return buf[:o], i, len(src)-i < 4 && !last && begins(src[i:])
			}
			d.set, i = set, i+n
			s.ow = 0 // a gap: the next character starts a step
			continue
		}
		if c == '\n' || c == '\r' {
			d.set = setASCII
		}
		from := i
		switch d.set {
		case setKanji:
			o, i = t.kanji(table, buf, o, src, i, base, &s)
		case setASCII, setRoman, 0:
			o, i = plainRun(buf, o, src, i, base, &s)
		}
		if i > from {
			continue
		}
		v, size := pack(rune(c), 1), 1
		switch {
		case c >= 0x80:
			return buf[:o], i, false
		case c <= ' ' || c == 0x7f:
		case d.set == setKana:
			if c >= 0x60 {
				return buf[:o], i, false
			}
			v = halfKana(c|0x80, 1)
		case d.set == setKanji || d.set == setExtra:
			if i+1 == len(src) {
				return buf[:o], i, !last
			}
			if d.set == setKanji || src[i+1] >= 0x80 {
				return buf[:o], i, false
			}
			if v, size = extra[c][src[i+1]|0x80], 2; v == 0 {
				return buf[:o], i, false
			}
		}
		s.at(o, base+int64(i), v.size(), size)
		binary.LittleEndian.PutUint32(buf[o:], uint32(v))
		o += v.size()
		i += size
	}
	return buf[:o], i, true
}

// kanji reads what there is of kanji from offset i on.
func (t *scratch) kanji(p *plane, buf []byte, o int, src []byte, i int, base int64, s *steps) (int, int) {
	for n := 0; i+1 < len(src); n++ {
		lead, trail := src[i], src[i+1]
		if lead <= ' ' || lead|trail >= 0x80 {
			break
		}
		v := p[lead][trail|0x80]
		if v == 0 {
			break
		}
		s.at(o, base+int64(i), v.size(), 2)
		binary.LittleEndian.PutUint32(buf[o:], uint32(v))
		o += v.size()
		i += 2
		if n == 16 && useBlocks && i < len(src) { // a long run
			if run := kanjiRun(src[i:min(i+mostPiece, len(src)-1)]) &^ 1; run >= worth {
				n = split(&src[i], run, jisPairs, &t.units[0])
				done, size := spell(&t.units[0], n, p, &buf[o], &t.kinds[0])
				i += s.all(t.kinds[:], done, o, base+int64(i))
				o += size
				n = 0
			}
		}
	}
	return o, i
}

// plainRun copies the ASCII from offset i on, up to an escape character.
func plainRun(buf []byte, o int, src []byte, i int, base int64, s *steps) (int, int) {
	s.at(o, base+int64(i), 1, 1)
	for ; i+8 <= len(src); i, o = i+8, o+8 {
		x := binary.LittleEndian.Uint64(src[i:])
		y := x ^ 0x1b*ones
		binary.LittleEndian.PutUint64(buf[o:], x)
		if stop := (x | (y-ones)&^y) & highs; stop != 0 {
			n := bits.TrailingZeros64(stop) >> 3
			return o + n, i + n
		}
	}
	for ; i < len(src) && src[i] < 0x80 && src[i] != 0x1b; i, o = i+1, o+1 {
		buf[o] = src[i]
	}
	return o, i
}

// kanjiRun returns how many bytes b begins with that may be halves of kanji.
func kanjiRun(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		y := x &^ highs
		if stop := (x | ^(y + 0x5f*ones) | y + ones) & highs; stop != 0 {
			return i + bits.TrailingZeros64(stop)>>3
		}
	}
	for i < len(b) && b[i] > ' ' && b[i] < 0x7f {
		i++
	}
	return i
}

// escape returns the set that b's leading escape sequence calls, and its
// length, 0 if there is none: those of RFC 1468, with JIS X 0201 kana and JIS X
// 0212 (RFC 2237) as mail programs send them.
func escape(b []byte) (set byte, n int) {
	if len(b) < 3 || b[0] != 0x1b {
		return 0, 0
	}
	switch b[1] {
	case '(':
		if c := b[2]; c == setASCII || c == setRoman || c == setKana {
			return c, 3
		}
	case '$':
		switch c := b[2]; {
		case c == '@' || c == 'B':
			return setKanji, 3
		case c == '(' && len(b) > 3 && b[3] == 'B':
			return setKanji, 4
		case c == '(' && len(b) > 3 && b[3] == 'D':
			return setExtra, 4
		}
	}
	return 0, 0
}

// begins reports whether b, no escape sequence, may become one.
func begins(b []byte) bool {
	switch string(b) {
	case "\x1b", "\x1b(", "\x1b$", "\x1b$(":
		return true
	}
	return false
}
