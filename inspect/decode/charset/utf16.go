package charset

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// decodeUTF16 reads UTF-16 (RFC 2781). A byte order mark is a character like
// others.
func decodeUTF16(dst, src []byte, base int64, last, big bool, m *normal.Map) ([]byte, int, bool) {
	dst = room(dst, len(src)/2*3)
	buf, o := dst[:cap(dst)], len(dst)
	s := steps{m: m}
	vectors := newBlocks(len(src))
	unit := func(i int) rune {
		r := binary.LittleEndian.Uint16(src[i:])
		if big {
			r = bits.ReverseBytes16(r)
		}
		return rune(r)
	}
	i := 0
	for i+2 <= len(src) {
		if i >= vectors.next {
			o, i = vectors.wide(big, buf, o, src, i, base, &s)
			continue
		}
		r := unit(i)
		if r&^0x7ff != 0xd800 {
			v := pack(r, 2)
			size := v.size()
			s.at(o, base+int64(i), size, 2)
			for { // as many as there are of that size
				binary.LittleEndian.PutUint32(buf[o:], uint32(v))
				o += size
				if i += 2; i+2 > len(src) || i >= vectors.next {
					break
				}
				if r = unit(i); r&^0x7ff == 0xd800 {
					break
				}
				if v = pack(r, 2); v.size() != size {
					break
				}
			}
			continue
		}
		if i+4 > len(src) {
			return buf[:o], i, r < 0xdc00 && !last
		}
		low := unit(i + 2)
		if r >= 0xdc00 || low&^0x3ff != 0xdc00 {
			return buf[:o], i, false
		}
		s.at(o, base+int64(i), 4, 4)
		o += utf8.EncodeRune(buf[o:], (r-0xd800)<<10+(low-0xdc00)+0x10000)
		i += 4
	}
	return buf[:o], i, i == len(src) || !last
}
