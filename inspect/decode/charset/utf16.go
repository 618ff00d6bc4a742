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
	i := 0
	for i+2 <= len(src) {
		// Four ASCII characters at once.
		for i+8 <= len(src) {
			x := binary.LittleEndian.Uint64(src[i:])
			if big {
				x = swapPairs(x)
			}
			if x&0xff80ff80ff80ff80 != 0 {
				break
			}
			s.at(o, base+int64(i), 1, 2)
			x |= x >> 8
			x = x&0xffff | x>>16&0xffff0000
			binary.LittleEndian.PutUint32(buf[o:], uint32(x))
			o += 4
			i += 8
		}
		if i+2 > len(src) {
			break
		}
		r := rune(src[i]) | rune(src[i+1])<<8
		if big {
			r = rune(bits.ReverseBytes16(uint16(r)))
		}
		if r&^0x7ff != 0xd800 {
			v := pack(r)
			s.at(o, base+int64(i), v.size(), 2)
			binary.LittleEndian.PutUint32(buf[o:], uint32(v))
			o += v.size()
			i += 2
			continue
		}
		if i+4 > len(src) {
			return buf[:o], i, r < 0xdc00 && !last
		}
		low := rune(src[i+2]) | rune(src[i+3])<<8
		if big {
			low = rune(bits.ReverseBytes16(uint16(low)))
		}
		if r >= 0xdc00 || low&^0x3ff != 0xdc00 {
			return buf[:o], i, false
		}
		s.at(o, base+int64(i), 4, 4)
		o += utf8.EncodeRune(buf[o:], (r-0xd800)<<10+(low-0xdc00)+0x10000)
		i += 4
	}
	return buf[:o], i, i == len(src) || !last
}

// swapPairs exchanges the two bytes of each of four units.
func swapPairs(x uint64) uint64 {
	return x>>8&0x00ff00ff00ff00ff | x<<8&0xff00ff00ff00ff00
}
