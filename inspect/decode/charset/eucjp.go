package charset

import (
	"encoding/binary"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// decodeEUCJP reads EUC-JP with Microsoft's extensions (WHATWG Encoding
// Standard, section 12.1).
func decodeEUCJP(dst, src []byte, base int64, last bool, m *normal.Map) ([]byte, int, bool) {
	table, extra := jis0208(), jis0212()
	dst = room(dst, 3*len(src))
	buf, o := dst[:cap(dst)], len(dst)
	s := steps{m: m}
	i := 0
	for i < len(src) {
		c := src[i]
		if c < 0x80 {
			n := ASCIIPrefix(src[i:])
			s.at(o, base+int64(i), 1, 1)
			o += copy(buf[o:], src[i:i+n])
			i += n
			continue
		}
		size := 2
		if c == 0x8f {
			size = 3
		}
		if i+size > len(src) {
			begun := c == 0x8e || c == 0x8f || c >= 0xa1 && c < 0xff
			return buf[:o], i, begun && !last
		}
		var v packed
		switch {
		case c == 0x8f && src[i+1] >= 0x80:
			v = extra[src[i+1]&0x7f][src[i+2]]
		case c == 0x8e && src[i+1]-0xa1 < 0x3f:
			v = halfKana(src[i+1])
		case c >= 0xa1:
			v = table[c&0x7f][src[i+1]]
		}
		if v == 0 {
			return buf[:o], i, false
		}
		s.at(o, base+int64(i), v.size(), size)
		binary.LittleEndian.PutUint32(buf[o:], uint32(v))
		o += v.size()
		i += size
	}
	return buf[:o], i, true
}
