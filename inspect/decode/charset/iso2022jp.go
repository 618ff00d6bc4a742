package charset

import (
	"bytes"
	"encoding/binary"

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

// escapes lists the escape sequences: RFC 1468, with JIS X 0201 kana and JIS X
// 0212 (RFC 2237) as mail programs send them.
var escapes = []struct {
	sequence string
	set      byte
}{
	{"\x1b(B", setASCII}, {"\x1b(J", setRoman}, {"\x1b(I", setKana},
	{"\x1b$@", setKanji}, {"\x1b$B", setKanji}, {"\x1b$(B", setKanji}, {"\x1b$(D", setExtra},
}

// decodeISO2022JP reads ISO-2022-JP. An escape sequence stands for nothing; a
// line end goes back to ASCII even where the sequence for it was left out.
func (d *Decoder) decodeISO2022JP(dst, src []byte, base int64, last bool, m *normal.Map) ([]byte, int, bool) {
	table, extra := jis0208(), jis0212()
	dst = room(dst, 3*len(src))
	buf, o := dst[:cap(dst)], len(dst)
	s := steps{m: m}
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
			size = 2
			plane := table
			if d.set == setExtra {
				plane = extra
			}
			if src[i+1] >= 0x80 {
				v = 0
			} else {
				v = plane[c][src[i+1]|0x80]
			}
			if v == 0 {
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

// escape returns the set that b's leading escape sequence calls, and its
// length, 0 if there is none.
func escape(b []byte) (set byte, n int) {
	for _, e := range escapes {
		if bytes.HasPrefix(b, []byte(e.sequence)) {
			return e.set, len(e.sequence)
		}
	}
	return 0, 0
}

// begins reports whether b may become an escape sequence.
func begins(b []byte) bool {
	for _, e := range escapes {
		if bytes.HasPrefix([]byte(e.sequence), b) {
			return true
		}
	}
	return false
}
