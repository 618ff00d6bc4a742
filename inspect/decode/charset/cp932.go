package charset

import (
	"encoding/binary"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// decodeCP932 reads Shift_JIS with Microsoft's extensions (WHATWG Encoding
// Standard, section 12.3).
func decodeCP932(dst, src []byte, base int64, last bool, m *normal.Map) ([]byte, int, bool) {
	table := cp932()
	dst = room(dst, 3*len(src))
	buf, o := dst[:cap(dst)], len(dst)
	s := steps{m: m}
	i := 0
	for i < len(src) {
		c := src[i]
		switch {
		case c < 0x80:
			n := ASCIIPrefix(src[i:])
			s.at(o, base+int64(i), 1, 1)
			o += copy(buf[o:], src[i:i+n])
			i += n
		case c-0xa1 < 0x3f:
			s.at(o, base+int64(i), 3, 1)
			binary.LittleEndian.PutUint32(buf[o:], uint32(halfKana(c)))
			o += 3
			i++
		default:
			if i+1 == len(src) {
				lead := c > 0x80 && c < 0xfd && c != 0xa0
				return buf[:o], i, lead && !last
			}
			v := table[c&0x7f][src[i+1]]
			if v == 0 {
				return buf[:o], i, false
			}
			size := v.size()
			s.at(o, base+int64(i), size, 2)
			for { // as many as there are of that size
				binary.LittleEndian.PutUint32(buf[o:], uint32(v))
				o += size
				if i += 2; i+1 >= len(src) {
					break
				}
				if c = src[i]; c < 0x80 || c-0xa1 < 0x3f {
					break
				}
				if v = table[c&0x7f][src[i+1]]; v.size() != size {
					break
				}
			}
		}
	}
	return buf[:o], i, true
}
