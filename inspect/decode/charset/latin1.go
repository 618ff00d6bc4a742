package charset

import (
	"encoding/binary"

	"golang.org/x/text/encoding/charmap"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// upper holds the characters of windows-1252 from 0x80 on. The five that it
// leaves out are C1 controls, as WHATWG has it.
var upper = func() (t [128]packed) {
	for c := range t {
		r := charmap.Windows1252.DecodeByte(byte(c) + 0x80)
		if r == 0xfffd {
			r = rune(c) + 0x80
		}
		t[c] = pack(r, 1)
	}
	return t
}()

// decodeLatin1 reads windows-1252, in which every byte is valid.
func decodeLatin1(dst, src []byte, base int64, m *normal.Map) ([]byte, int, bool) {
	dst = room(dst, 3*len(src))
	buf, o := dst[:cap(dst)], len(dst)
	s := steps{m: m}
	for i := 0; i < len(src); {
		if src[i] < 0x80 {
			n := ASCIIPrefix(src[i:])
			s.at(o, base+int64(i), 1, 1)
			o += copy(buf[o:], src[i:i+n])
			i += n
			continue
		}
		v := upper[src[i]&0x7f]
		size := v.size()
		s.at(o, base+int64(i), size, 1)
		for { // as many as there are of that size
			binary.LittleEndian.PutUint32(buf[o:], uint32(v))
			o += size
			if i++; i == len(src) || src[i] < 0x80 {
				break
			}
			if v = upper[src[i]&0x7f]; v.size() != size {
				break
			}
		}
	}
	return buf[:o], len(src), true
}
