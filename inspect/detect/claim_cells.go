package detect

import (
	"bytes"
	"encoding/binary"
	"sync"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// read claims cell c of column col if it is as a whole what the column
// promises. What is found and how sure it is agrees with what the detector of
// its type says of a value under that label.
func (k *claims) read(text []byte, c cell, col *column, column int32) bool {
	k.column, k.from = column, int32(len(k.canon))
	switch col.reader {
	case readName:
		return k.name(text, c, col)
	case readAddress:
		return k.address(text, c, col)
	case readPostal:
		return k.postal(text, c)
	case readPhone:
		if s := k.shapeOf(c); s != nil {
			return k.shapedPhone(text, c, s)
		}
		return k.phone(text, c)
	case readEmail:
		if s := k.shapeOf(c); s != nil && k.shapedMail(text, c, s) {
			return true
		}
		return k.email(text, c)
	case readBirth:
		return k.birth(text, c)
	case readCard:
		return k.card(text, c)
	case readMyNumber:
		return k.myNumber(text, c)
	}
	return false
}

func (k *claims) name(text []byte, c cell, col *column) bool {
	start, end, usual := int(c.start), int(c.end), false
	if s := k.shapeOf(c); s != nil {
		usual = k.usualShape(text, c, s)
	} else {
		usual = k.usualName(text[start:end])
	}
	if !usual {
		lo, hi, ok := plausibleName(text[start:end], col.label)
		if !ok {
			return false
		}
		start, end = start+lo, start+hi
		k.canon = appendNameCanon(k.canon, text[start:end])
	}
	return k.add(claimName, start, end, col.confidence(), false)
}

// usualName takes a name in two or three pieces of kanji, kana or both, as most are
// written: it agrees with plausibleName and appendNameCanon, sooner. It reports
// whether value is one.
func (k *claims) usualName(value []byte) bool {
	if len(value) > 60 || endsHonorific(value) {
		return false
	}
	letters := nameLetters()
	counts, bad := uint64(0), byte(0) // counts: eight bits for each class
	gaps, gap := 0, 0
	for i := 0; i < len(value); {
		if c := value[i]; c >= 0xE3 && i+2 < len(value) {
			x, y := value[i+1]^0x80, value[i+2]^0x80
			bad |= x | y
			counts += 1 << (letters[uint16(c)<<12|uint16(x&0x3F)<<6|uint16(y&0x3F)] & 63)
			i += 3
			continue
		}
		if value[i] != ' ' || i == 0 {
			return false
		}
		gaps, gap = gaps+1, i
		i++
	}
	class := func(c uint8) int { return int(counts >> (c & 63) & 0xFF) }
	if bad > 0x3F || class(noLetter) > 0 {
		return false
	}
	// Without a gap it may be a word that is no name.
	folded := class(kanjiLetter+foldedLetter) + class(kanaLetter+foldedLetter)
	kanji := class(kanjiLetter) + class(kanjiLetter+foldedLetter)
	n := kanji + class(kanaLetter) + class(kanaLetter+foldedLetter)
	if gaps == 0 || gaps > 2 || value[len(value)-1] == ' ' || n < 2 || kanji > 0 && n > 10 || n > 24 {
		return false
	}
	switch {
	case folded > 0:
		set := variants()
		for i := 0; i < len(value); {
			if value[i] == ' ' {
				i++
				continue
			}
			r, size := letterAt(value, i)
			if set[r>>6]>>(r&63)&1 != 0 {
				k.canon = utf8.AppendRune(k.canon, dict.Fold(r))
			} else {
				k.canon = append(k.canon, value[i:i+size]...)
			}
			i += size
		}
	case gaps > 1:
		k.canon = appendNameCanon(k.canon, value)
	default:
		k.canon = append(append(k.canon, value[:gap]...), value[gap+1:]...)
	}
	return true
}

// Classes of characters that nameLetters tells apart, as places in a word of counts.
const (
	noLetter     = 0
	kanjiLetter  = 8
	kanaLetter   = 16
	foldedLetter = 16 // more for what dict.Fold changes
)

// nameLetters has the classes of the characters of most Japanese names.
var nameLetters = sync.OnceValue(func() *[1 << 16]uint8 {
	var letters [1 << 16]uint8
	for r := rune('ぁ'); r <= 0x9FFF; r++ {
		l := &letters[r]
		switch {
		case r >= 0x4E00:
			*l = kanjiLetter
		case r >= 'ァ' && r <= 'ヺ' || r <= 'ん' || r == 'ー':
			*l = kanaLetter
		default:
			continue
		}
		if dict.Fold(r) != r {
			*l += foldedLetter
		}
	}
	return &letters
})

// leftAddress reports whether an address is left to the detectors: it may begin
// with its postal code.
func leftAddress(value []byte) bool {
	return len(value) > 0 && (isDigit(value[0]) || startsWith(value, "〒"))
}

func (k *claims) address(text []byte, c cell, col *column) bool {
	value := text[c.start:c.end]
	if leftAddress(value) || !plausibleAddress(value, col.label) {
		return false
	}
	return k.add(claimAddress, int(c.start), int(c.end), col.confidence()-0.05, false)
}

// digits reads the digits of a cell into k.number, as ASCII: groups of at most most
// digits with one separator between them. n is their number, 0 if the cell is anything
// else; groups is how many there are, of the sizes in k.number, and gap is the
// separator, 0 if there is none and 1 if they differ.
func (k *claims) digits(value []byte) (n, groups int, gap byte) {
	d := &k.number
	if len(value) > maxDigits {
		return 0, 0, 0
	}
	at := 0
	for i, b := range value {
		if isDigit(b) {
			d.digit[n] = b
			n++
			continue
		}
		if b != '-' && b != ' ' || i == at || groups == 5 {
			return 0, 0, 0
		}
		if gap == 0 {
			gap = b
		} else if gap != b {
			gap = 1
		}
		d.size[groups] = uint8(i - at)
		groups++
		at = i + 1
	}
	if at == len(value) || n > 19 {
		return 0, 0, 0
	}
	d.size[groups] = uint8(len(value) - at)
	return n, groups + 1, gap
}

func (k *claims) postal(text []byte, c cell) bool {
	value := text[c.start:c.end]
	start := int(c.start)
	if startsWith(value, "〒") {
		value, start = value[len("〒"):], start+len("〒")
	}
	var w uint64 // an eighth digit before the seven
	switch {
	case len(value) == 8 && value[3] == '-':
		w = binary.LittleEndian.Uint64(value)
		w = w&0xFFFFFF | w>>8&^0xFFFFFF
	case len(value) == 7:
		w = uint64(binary.LittleEndian.Uint32(value[3:]))<<24 | uint64(binary.LittleEndian.Uint32(value))&0xFFFFFF
	default:
		return false
	}
	code, ok := eightDigits(w<<8 | '0')
	if !ok || dict.PostalPrefectures(code) == 0 {
		return false
	}
	k.canon = binary.LittleEndian.AppendUint64(k.canon, w)
	k.canon = k.canon[:len(k.canon)-1]
	return k.add(claimPostal, start, int(c.end), .95, false)
}

// phone takes Japanese numbers as they are usually written; the detector knows
// the others.
func (k *claims) phone(text []byte, c cell) bool {
	n, groups, gap := k.digits(text[c.start:c.end])
	if n < 10 || n > 11 || groups != 1 && groups != 3 || gap == 1 || gap == ' ' {
		return false
	}
	return k.line(c, n, groups)
}

// line takes the number of n digits in k.number, in one group or three with hyphens
// between them.
func (k *claims) line(c cell, n, groups int) bool {
	d := &k.number
	digits := d.digit[:n]
	kind, head := planJapan(digits)
	if kind == noLine {
		return false
	}
	d.groups, d.gap[1], d.gap[2] = groups, sepHyphen, sepHyphen
	written := writtenJapan(d, groups, kind, head)
	if kind == serviceLine && written == 0 && groups > 1 {
		return false
	}
	alone, named := scoreJapan(digits, kind, written, groups, d)
	if alone == 0 {
		return false
	}
	as := claimPhone
	if kind == serviceLine {
		as = claimService
	}
	k.canon = append(append(k.canon, "+81"...), digits[1:]...)
	return k.add(as, int(c.start), int(c.end), named, kind != unknownLine)
}

func (k *claims) email(text []byte, c cell) bool {
	n := bytes.IndexByte(text[c.start:c.end], '@')
	if n < 1 {
		return false
	}
	at := int(c.start) + n
	if at+3 >= len(text) || text[at-1] < '!' {
		return false
	}
	plain := k.domains.plain(text, c, at)
	known := k.domains.of(text[at+1 : c.end])
	score := known.score
	if !plain || !known.is(text[at+1:c.end]) {
		var start, end int
		if start, end, score = (email{}).around(text, at); score < .05 || start != int(c.start) || end != int(c.end) {
			return false
		}
		if plain {
			known.set(text[at+1:c.end], score)
		}
	}
	if value := text[c.start:c.end]; !isLowerASCII(value) {
		canon := len(k.canon)
		k.canon = append(k.canon, value...)
		if !lowerASCII(k.canon[canon:]) {
			k.canon = k.canon[:canon]
			return false
		}
	}
	return k.add(claimEmail, int(c.start), int(c.end), max(score, min(.99, score+.2)), true)
}

// domains remembers how sure an address is by its domain, where nothing else of it
// or around it matters.
type domains [8]domain

type domain struct {
	name  [32]byte
	size  uint8
	score float32
}

// of returns where name stands if it is known.
func (d *domains) of(name []byte) *domain {
	if len(name) < 8 {
		return &d[0]
	}
	return &d[(binary.LittleEndian.Uint64(name)^binary.LittleEndian.Uint64(name[len(name)-8:])<<1)*golden>>61]
}

func (d *domain) is(name []byte) bool {
	return len(name) == int(d.size) && string(name) == string(d.name[:d.size]) && len(name) > 0
}

func (d *domain) set(name []byte, score float32) {
	if len(name) <= len(d.name) {
		d.size, d.score = uint8(copy(d.name[:], name)), score
	}
}

// plain reports whether a cell with "@" at offset at stands between delimiters and
// has a local part of letters and digits that says nothing but that it is one.
func (*domains) plain(text []byte, c cell, at int) bool {
	if c.start == 0 || int(c.end) == len(text) || !besideCell(text[c.start-1]) || !besideCell(text[c.end]) {
		return false
	}
	local := text[c.start:at]
	if len(local) < 2 || len(local) > maxLocal || remoteUser(local) || string(local) == "root" {
		return false
	}
	for _, b := range local {
		if !isAlnum(b) {
			return false
		}
	}
	return true
}

func besideCell(c byte) bool { return c == ',' || c == '\t' || c == ';' || c == '\n' }

// birth takes dates with the year first, of western and Japanese eras.
func (k *claims) birth(text []byte, c cell) bool {
	value := text[c.start:c.end]
	d, ok := fullDate(value)
	if !ok {
		if d, ok = writtenDate(value); !ok {
			return false
		}
	}
	if d.year < oldest || d.year > thisYear || !validDate(d.year, d.month, d.day) {
		return false
	}
	k.canon = appendDate(k.canon, d)
	return k.add(claimBirth, int(c.start), int(c.end), .99, true)
}

// fullDate reads yyyy-mm-dd, the same with "/" and ".": it agrees with writtenDate,
// sooner.
func fullDate(value []byte) (d date, ok bool) {
	if len(value) != 10 || value[4] != value[7] || value[4] != '-' && value[4] != '/' && value[4] != '.' {
		return d, false
	}
	w := binary.LittleEndian.Uint64(value)
	n, ok := eightDigits(w&0xFFFFFFFF | w>>40&0xFFFF<<32 | uint64(value[8])<<48 | uint64(value[9])<<56)
	return date{year: n / 10000, month: n / 100 % 100, day: n % 100}, ok
}

// eightDigits returns the number that eight digits are, the first of them in the
// lowest byte of w, and whether they are digits.
func eightDigits(w uint64) (n int, ok bool) {
	if w&0xF0F0F0F0F0F0F0F0|(w+0x0606060606060606)&0xF0F0F0F0F0F0F0F0>>4 != 0x3333333333333333 {
		return 0, false
	}
	w = w & 0x0F0F0F0F0F0F0F0F * (1 + 10<<8) >> 8 // pairs of digits, then of pairs
	w = w & 0x00FF00FF00FF00FF * (1 + 100<<16) >> 16
	return int(w & 0x0000FFFF0000FFFF * (1 + 10000<<32) >> 32), true
}

// writtenDate reads a date with the year first, of western and Japanese eras, whose
// month and day may have one digit.
func writtenDate(value []byte) (d date, ok bool) {
	base, latest := 0, era{}
	if len(value) > 6 && value[0] >= 0x80 {
		for i := range eras[:wholeEras] {
			if six(value) == six(eras[i].name) {
				latest = eras[i]
				base, value = latest.year-1, value[len(latest.name):]
				break
			}
		}
		if base == 0 {
			return d, false
		}
	}
	var part [3]int
	var gap byte
	i := 0
	for p := range part {
		from := i
		for i < len(value) && i-from < 5 && isDigit(value[i]) {
			part[p] = part[p]*10 + int(value[i]-'0')
			i++
		}
		if size := i - from; size == 0 || p > 0 && size > 2 || p == 0 && (base == 0) != (size == 4) || p == 0 && base != 0 && size > 2 {
			return d, false
		}
		if p == 2 {
			break
		}
		switch rest := value[i:]; {
		case p == 0 && startsWith(rest, "年"):
			gap, i = 'Y', i+len("年")
		case p == 1 && gap == 'Y' && startsWith(rest, "月"):
			i += len("月")
		case len(rest) > 0 && (rest[0] == '-' || rest[0] == '/' || rest[0] == '.') && (p == 0 || gap == rest[0]):
			gap = rest[0]
			i++
		default:
			return d, false
		}
	}
	if gap == 'Y' && startsWith(value[i:], "日") {
		i += len("日")
	}
	d = date{year: base + part[0], month: part[1], day: part[2]}
	return d, i == len(value) && (base == 0 || latest.holds(d))
}

func (k *claims) card(text []byte, c cell) bool {
	d := &k.number
	n, groups, gap := k.digits(text[c.start:c.end])
	if n < 12 || gap == 1 {
		return false
	}
	d.groups = groups
	digits := d.digit[:n]
	if groups > 1 && !cardShape(d, groups) || !isCard(digits) {
		return false
	}
	as := claimCard
	if testCard(digits) {
		as = claimTestCard
	} else if monotone(digits) {
		return false
	}
	k.canon = append(k.canon, digits...)
	return k.add(as, int(c.start), int(c.end), .99, true)
}

func (k *claims) myNumber(text []byte, c cell) bool {
	d := &k.number
	n, groups, gap := k.digits(text[c.start:c.end])
	if n != 12 || gap == 1 || groups != 1 && (groups != 3 || d.size[0] != 4 || d.size[1] != 4) || !validMyNumber(d.digit[:n]) {
		return false
	}
	k.canon = append(k.canon, d.digit[:n]...)
	return k.add(claimMyNumber, int(c.start), int(c.end), .99, true)
}

// lowerASCII puts b, which is to be ASCII, in lower case. It reports whether it is.
func lowerASCII(b []byte) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	high := uint64(0)
	for ; len(b) >= 8; b = b[8:] {
		w := binary.LittleEndian.Uint64(b)
		high |= w
		w &^= tops
		upper := (w + ones*(128-'A')) &^ (w + ones*(127-'Z')) & tops
		if upper != 0 {
			binary.LittleEndian.PutUint64(b, w|upper>>2)
		}
	}
	for i, c := range b {
		high |= uint64(c)
		if isUpper(c) {
			b[i] = c | 0x20
		}
	}
	return high&tops == 0
}

// isLowerASCII reports whether b is ASCII without capitals.
func isLowerASCII(b []byte) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	other := uint64(0) // high bits where a byte is something else
	for ; len(b) >= 8; b = b[8:] {
		w := binary.LittleEndian.Uint64(b)
		other |= w | (w&^tops+ones*(128-'A'))&^(w&^tops+ones*(127-'Z'))
	}
	for _, c := range b {
		if isUpper(c) {
			return false
		}
		other |= uint64(c)
	}
	return other&tops == 0
}
