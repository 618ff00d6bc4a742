package detect

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// cellShape tells which bytes of a cell are what, a bit for each of up to 32. What most
// cells are is then known without a look at one byte after the other.
type cellShape struct {
	digits  uint32
	words   uint32 // digits and letters of ASCII
	others  uint32 // capitals, and what is no ASCII
	ats     uint32
	hyphens uint32
	spaces  uint32
	kanji   uint32 // the first bytes of those that nameLetters has
	kana    uint32 // likewise
	rest    uint32 // bytes of characters behind the first
}

// The cells of a row are given shapes if they are not too many. Only those of up to
// shapedCell bytes may be asked for theirs. Up to shapeReach bytes are read from where
// one starts.
const (
	shapedRow  = 32
	shapedCell = 32
	shapeReach = 72
)

// shapeMarks has what shapeCells compares bytes with, 32 times each.
var shapeMarks = func() (m [21][32]byte) {
	for i, c := range [...]byte{'0', 9, 0x20, 'a', 25, 'A', '@', '-', ' ', 0xC0,
		0xE4, 5, 0xB8, 0x81, 0x80, 0x82, 0x94, 0x0C, 0x83, 0xBA, 0xBC} {
		for k := range m[i] {
			m[i][k] = c
		}
	}
	return m
}()

// shapers chooses the columns whose cells are given shapes.
func (k *claims) shapers(cols []column) {
	k.signs, k.names, k.variants = k.signs[:0], k.names[:0], variants()
	for i := range cols[:min(len(cols), shapedRow)] {
		switch cols[i].reader {
		case readName:
			k.names = append(k.names, int32(i))
		case readPhone, readEmail:
			k.signs = append(k.signs, int32(i))
		}
	}
}

// shape takes the shapes of the cells of a row, if that can be done.
func (k *claims) shape(text []byte, row []cell) {
	n := len(row)
	k.shaped = runVectors != noVectors && n > 0 && n <= shapedRow && int(row[n-1].start)+shapeReach <= len(text)
	if !k.shaped {
		return
	}
	if n := columnsIn(k.names, n); n > 0 {
		shapeNames(&k.shapes[0], &text[0], &row[0], &k.names[0], n)
	}
	if n := columnsIn(k.signs, n); n > 0 {
		shapeSigns(&k.shapes[0], &text[0], &row[0], &k.signs[0], n)
	}
}

// columnsIn returns how many of columns, which ascend, a row of n cells has.
func columnsIn(columns []int32, n int) int {
	k := len(columns)
	for k > 0 && int(columns[k-1]) >= n {
		k--
	}
	return k
}

// shapeOf returns the shape of cell c, the one that is read, in a column with shapes;
// nil if it has none.
func (k *claims) shapeOf(c cell) *cellShape {
	if !k.shaped || c.end-c.start > shapedCell {
		return nil
	}
	return &k.shapes[k.column&(shapedRow-1)]
}

// usualShape is usualName for a cell with a shape.
func (k *claims) usualShape(text []byte, c cell, s *cellShape) bool {
	start, n := int(c.start), int(c.end-c.start)
	lead, whole := uint64(s.kanji|s.kana), uint64(1)<<n-1
	gaps, chars := bits.OnesCount32(s.spaces), bits.OnesCount64(lead)
	if uint64(s.rest) != lead<<1|lead<<2 || lead|uint64(s.rest|s.spaces) != whole ||
		gaps == 0 || gaps > 2 || s.spaces&(1|1<<(n-1)) != 0 || chars < 2 || s.kanji != 0 && chars > 10 {
		return false
	}
	value := text[start : start+n]
	if endsHonorific(value) {
		return false
	}
	if gaps > 1 {
		k.canon = appendNameCanon(k.canon, value)
		return true
	}
	// What stands before the gap and behind it, each copied with more behind it.
	at, gap := len(k.canon), bits.TrailingZeros32(s.spaces)
	k.canon = slices.Grow(k.canon, 2*shapedCell)
	canon := k.canon[at : at+2*shapedCell]
	copyCell(canon, text[start:])
	copyCell(canon[gap:], text[start+gap+1:])
	k.canon = k.canon[:at+n-1]
	folds := foldedKana()
	for m := s.kana; m != 0; m &= m - 1 { // each, as half of all names have one that folds
		i := bits.TrailingZeros32(m)
		r := folds[text[start+i+1]&3<<6|text[start+i+2]&0x3F]
		if i > gap {
			i--
		}
		to := canon[i:][:3]
		to[0], to[1], to[2] = r[0], r[1], r[2]
	}
	for m := s.kanji; m != 0; m &= m - 1 {
		i := bits.TrailingZeros32(m)
		b := text[start+i:][:3]
		r := rune(b[0]&0xF)<<12 | rune(b[1]&0x3F)<<6 | rune(b[2]&0x3F)
		if k.variants[r>>6&0x3FF]>>(r&63)&1 == 0 {
			continue
		}
		if i > gap {
			i--
		}
		if utf8.EncodeRune(canon[i:], dict.Fold(r)) != len(b) {
			k.canon = appendNameCanon(k.canon[:at], value)
			return true
		}
	}
	return true
}

// shapedPhone is phone for a cell with a shape.
func (k *claims) shapedPhone(text []byte, c cell, s *cellShape) bool {
	start, n := int(c.start), int(c.end-c.start)
	h := s.hyphens
	digits, groups := bits.OnesCount32(s.digits), bits.OnesCount32(h)+1
	if digits < 10 || digits > 11 || groups != 1 && groups != 3 || digits+groups-1 != n || h&(1|1<<(n-1)|h>>1) != 0 {
		return false
	}
	const most = 12 // digits, one behind a hyphen more
	d := &k.number
	*(*[most]byte)(d.digit[:]) = *(*[most]byte)(text[start:])
	if groups == 3 {
		p, q := bits.TrailingZeros32(h), bits.TrailingZeros32(h&(h-1))
		*(*[most]byte)(d.digit[p:]) = *(*[most]byte)(text[start+p+1:])
		*(*[most]byte)(d.digit[q-1:]) = *(*[most]byte)(text[start+q+1:])
		d.size[0], d.size[1], d.size[2] = uint8(p), uint8(q-p-1), uint8(n-q-1)
	}
	return k.line(c, digits, groups)
}

// longestRemote is the length of the longest of the names that remoteUser knows, and
// more than that of "root".
const longestRemote = len("anoncvs")

// shapedMail reports whether a cell with a shape is an address that email takes, as
// one of a domain that is known; email tells of the others.
func (k *claims) shapedMail(text []byte, c cell, s *cellShape) bool {
	n := bits.TrailingZeros32(s.ats)
	if local := uint32(1)<<n - 1; n <= longestRemote || s.words&local != local || s.others != 0 || n == 32 ||
		c.start == 0 || int(c.end) == len(text) || !besideCell(text[c.start-1]) || !besideCell(text[c.end]) {
		return false
	}
	domain := text[int(c.start)+n+1 : c.end]
	known := k.domains.of(domain)
	return known.is(domain) &&
		k.add(claimEmail, int(c.start), int(c.end), max(known.score, min(.99, known.score+.2)), true)
}

// copyCell copies shapedCell bytes.
func copyCell(to, from []byte) {
	to, from = to[:shapedCell], from[:shapedCell]
	for i := 0; i < shapedCell; i += 8 {
		binary.LittleEndian.PutUint64(to[i:], binary.LittleEndian.Uint64(from[i:]))
	}
}

// foldedKana has what dict.Fold makes of the kana, by the lowest eight bits.
var foldedKana = sync.OnceValue(func() *[256][3]byte {
	var folds [256][3]byte
	for r := rune(0x3041); r <= 0x30FC; r++ {
		copy(folds[r&0xFF][:], string(dict.Fold(r)))
	}
	return &folds
})
