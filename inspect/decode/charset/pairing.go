package charset

import (
	"encoding/binary"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// pairing is an encoding of ASCII and of characters of mostly two bytes, the
// first of them beyond ASCII.
type pairing struct {
	plane func() *plane
	leads ranges
	// other reads the character at b's start that the plane does not have. If
	// it is 0 too, begun tells whether b is the beginning of one, cut short.
	other func(b []byte) (v packed, begun bool)
}

func (e *pairing) decode(dst, src []byte, base int64, last bool, m *normal.Map) ([]byte, int, bool) {
	table := e.plane()
	dst = room(dst, 3*len(src))
	buf, o := dst[:cap(dst)], len(dst)
	s := steps{m: m}
	vectors := newBlocks(len(src))
	i := 0
	for i < len(src) {
		if i >= vectors.next {
			o, i = vectors.pairs(table, e.leads, buf, o, src, i, base, &s)
			continue
		}
		if src[i] < 0x80 {
			n := ASCIIPrefix(src[i:])
			s.at(o, base+int64(i), 1, 1)
			o += copy(buf[o:], src[i:i+n])
			i += n
			continue
		}
		v := table.at(src[i:])
		if v == 0 {
			var begun bool
			if v, begun = e.other(src[i:]); v == 0 {
				return buf[:o], i, begun && !last
			}
		}
		first := v
		s.at(o, base+int64(i), first.size(), first.taken())
		for { // as many as there are of that kind
			binary.LittleEndian.PutUint32(buf[o:], uint32(v))
			o += first.size()
			if i += first.taken(); i >= len(src) || i >= vectors.next || src[i] < 0x80 {
				break
			}
			if v = table.at(src[i:]); v>>24 != first>>24 {
				break
			}
		}
	}
	return buf[:o], i, true
}

// at returns the character of one or two bytes at b's start, 0 if there is none.
func (p *plane) at(b []byte) packed {
	v := p[single][b[0]]
	if v == 0 && len(b) > 1 {
		v = p[b[0]&0x7f][b[1]]
	}
	return v
}
