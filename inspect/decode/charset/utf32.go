package charset

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// decodeUTF32 reads UTF-32.
func decodeUTF32(dst, src []byte, base int64, last, big bool, m *normal.Map) ([]byte, int, bool) {
	s := steps{m: m}
	i := 0
	for ; i+4 <= len(src); i += 4 {
		r := binary.LittleEndian.Uint32(src[i:])
		if big {
			r = binary.BigEndian.Uint32(src[i:])
		}
		if r > utf8.MaxRune || !utf8.ValidRune(rune(r)) {
			return dst, i, false
		}
		s.at(len(dst), base+int64(i), utf8.RuneLen(rune(r)), 4)
		dst = utf8.AppendRune(dst, rune(r))
	}
	return dst, i, i == len(src) || !last
}
