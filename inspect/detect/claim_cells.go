package detect

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// read claims cell c of column col if it is as a whole what the column
// promises. What is found and how sure it is agrees with what the detector of
// its type says of a value under that label.
func (k *claims) read(text []byte, c cell, col *column) bool {
	switch col.reader {
	case readName:
		return k.name(text, c, col)
	case readAddress:
		return k.address(text, c, col)
	case readPostal:
		return k.postal(text, c)
	case readPhone:
		return k.phone(text, c)
	case readEmail:
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
	start, end := int(c.start), int(c.end)
	if !k.usualName(text[start:end]) {
		lo, hi, ok := plausibleName(text[start:end], col.label)
		if !ok {
			return false
		}
		start, end = start+lo, start+hi
		k.canon = appendNameCanon(k.canon, text[start:end])
	}
	k.named = append(k.named, named{int32(len(k.found)), int32(start), int32(end)})
	return k.add(Finding{Type: Name, Detector: ColumnID, Start: start, End: end, Confidence: col.confidence()})
}

// usualName takes a name in two or three pieces of kanji, kana or both, as most are
// written: it agrees with plausibleName and appendNameCanon, sooner. It reports
// whether value is one.
func (k *claims) usualName(value []byte) bool {
	if len(value) > 60 || endsHonorific(value) {
		return false
	}
	set, from := variants(), len(k.canon)
	kanji, kana, gaps := 0, 0, 0
	for i := 0; i < len(value); {
		if value[i] == ' ' && i > 0 {
			gaps++
			i++
			continue
		}
		r, size := letterAt(value, i)
		switch {
		case r >= 0x4E00 && r <= 0x9FFF:
			kanji++
		case r >= 'ァ' && r <= 'ヺ' || r >= 'ぁ' && r <= 'ん' || r == 'ー':
			kana++
		default:
			return k.drop(from)
		}
		if set[r>>6]>>(r&63)&1 != 0 {
			k.canon = utf8.AppendRune(k.canon, dict.Fold(r))
		} else {
			k.canon = append(k.canon, value[i:i+size]...)
		}
		i += size
	}
	// Without a gap it may be a word that is no name.
	n := kanji + kana
	if gaps == 0 || gaps > 2 || value[len(value)-1] == ' ' || n < 2 || kanji > 0 && n > 10 || n > 24 {
		return k.drop(from)
	}
	return true
}

// list validates the names that begin with one that the dictionaries know, or have
// one behind a gap in them.
func (k *claims) list(text []byte, words *match.Set) {
	for len(k.named) > 0 {
		k.offsets = k.offsets[:0]
		for i := range k.named {
			k.offsets = append(k.offsets, uint32(k.named[i].start))
		}
		k.hits = words.AtEach(k.hits[:0], text, k.offsets)
		hits, left := k.hits, k.named[:0]
		for _, n := range k.named {
			f := &k.found[n.i]
			for ; len(hits) > 0 && hits[0].Start <= n.start; hits = hits[1:] {
				switch class, _ := Unpack(hits[0].Payload); class {
				case ClassSurname, ClassGiven, ClassEnglish:
					f.Validated = f.Validated || hits[0].End <= n.end
				}
			}
			if f.Validated {
				continue
			}
			for n.start < n.end && text[n.start] != ' ' {
				n.start++
			}
			if n.start++; n.start < n.end {
				left = append(left, n)
			}
		}
		k.named = left
	}
}

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
	k.canon = append(k.canon, value...)
	return k.add(Finding{Type: Address, Detector: ColumnID, Start: int(c.start), End: int(c.end),
		Confidence: col.confidence() - 0.05})
}

// digits appends the digits of a cell to k.canon: groups of at most most digits
// with one separator between them. n is their number, 0 if the cell is anything
// else; sizes are those of the groups, and gap is the separator, 0 if there is
// none and 1 if they differ.
func (k *claims) digits(value []byte, sizes []uint8) (n, groups int, gap byte) {
	at := 0
	for i, b := range value {
		switch {
		case isDigit(b):
			k.canon = append(k.canon, b)
			n++
		case (b == '-' || b == ' ') && i > at && groups < 5:
			if gap == 0 {
				gap = b
			} else if gap != b {
				gap = 1
			}
			sizes[groups] = uint8(i - at)
			groups++
			at = i + 1
		default:
			return 0, 0, 0
		}
	}
	if at == len(value) || n > 19 {
		return 0, 0, 0
	}
	sizes[groups] = uint8(len(value) - at)
	return n, groups + 1, gap
}

// drop takes back what digits appended.
func (k *claims) drop(at int) bool {
	k.canon = k.canon[:at]
	return false
}

func (k *claims) postal(text []byte, c cell) bool {
	value := text[c.start:c.end]
	start := int(c.start)
	if startsWith(value, "〒") {
		value, start = value[len("〒"):], start+len("〒")
	}
	at := len(k.canon)
	sizes := k.number.size[:]
	n, groups, gap := k.digits(value, sizes)
	if n != 7 || groups != 1 && (groups != 2 || gap != '-' || sizes[0] != 3) {
		return k.drop(at)
	}
	code := number(k.canon[at:])
	if dict.PostalPrefectures(code) == 0 {
		return k.drop(at)
	}
	_, listed := dict.Postal(code)
	return k.add(Finding{Type: Postal, Detector: postals{}.ID(), Start: start, End: int(c.end),
		Confidence: .95, Validated: listed > 0})
}

// phone takes Japanese numbers as they are usually written; the detector knows
// the others.
func (k *claims) phone(text []byte, c cell) bool {
	d := &k.number
	at := len(k.canon)
	k.canon = append(k.canon, "+81"...)
	n, groups, gap := k.digits(text[c.start:c.end], d.size[:])
	if n < 10 || n > 11 || groups != 1 && groups != 3 || gap == 1 || gap == ' ' {
		return k.drop(at)
	}
	digits := k.canon[at+3:]
	kind, head := planJapan(digits)
	if kind == noLine {
		return k.drop(at)
	}
	d.groups, d.gap[1], d.gap[2] = groups, sepHyphen, sepHyphen
	written := writtenJapan(d, groups, kind, head)
	if kind == serviceLine && written == 0 && groups > 1 {
		return k.drop(at)
	}
	alone, named := scoreJapan(digits, kind, written, groups, d)
	if alone == 0 {
		return k.drop(at)
	}
	f := Finding{Type: Phone, Detector: phone{}.ID(), Start: int(c.start), End: int(c.end),
		Confidence: named, Validated: kind != unknownLine}
	if kind == serviceLine {
		f.Type = Service
	}
	k.canon = append(k.canon[:at+3], digits[1:]...)
	return k.add(f)
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
	canon := len(k.canon)
	for _, b := range text[c.start:c.end] {
		if b >= utf8.RuneSelf {
			return k.drop(canon)
		}
		if isUpper(b) {
			b |= 0x20
		}
		k.canon = append(k.canon, b)
	}
	return k.add(Finding{Type: Email, Detector: email{}.ID(), Start: int(c.start), End: int(c.end),
		Confidence: max(score, min(.99, score+.2)), Validated: true})
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
	base, latest := 0, era{}
	if len(value) > 6 && value[0] >= 0x80 {
		for i := range eras[:5] {
			if startsWith(value, eras[i].name) {
				latest = eras[i]
				base, value = latest.year-1, value[len(latest.name):]
				break
			}
		}
		if base == 0 {
			return false
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
			return false
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
			return false
		}
	}
	if gap == 'Y' && startsWith(value[i:], "日") {
		i += len("日")
	}
	d := date{year: base + part[0], month: part[1], day: part[2]}
	if i != len(value) || d.year < oldest || d.year > thisYear || !validDate(d.year, d.month, d.day) || base > 0 && !latest.holds(d) {
		return false
	}
	k.canon = appendDate(k.canon, d)
	return k.add(Finding{Type: Birthdate, Detector: birthdate{}.ID(), Start: int(c.start), End: int(c.end),
		Confidence: .99, Validated: true})
}

func (k *claims) card(text []byte, c cell) bool {
	d := &k.number
	at := len(k.canon)
	n, groups, gap := k.digits(text[c.start:c.end], d.size[:])
	if n < 12 || gap == 1 {
		return k.drop(at)
	}
	d.groups = groups
	digits := k.canon[at:]
	if groups > 1 && !cardShape(d, groups) || !isCard(digits) {
		return k.drop(at)
	}
	t := Card
	if testCard(digits) {
		t = TestCard
	} else if monotone(digits) {
		return k.drop(at)
	}
	return k.add(Finding{Type: t, Detector: card{}.ID(), Start: int(c.start), End: int(c.end),
		Confidence: .99, Validated: true})
}

func (k *claims) myNumber(text []byte, c cell) bool {
	at := len(k.canon)
	sizes := k.number.size[:]
	n, groups, gap := k.digits(text[c.start:c.end], sizes)
	if n != 12 || gap == 1 || groups != 1 && (groups != 3 || sizes[0] != 4 || sizes[1] != 4) || !validMyNumber(k.canon[at:]) {
		return k.drop(at)
	}
	return k.add(Finding{Type: MyNumber, Detector: myNumber{}.ID(), Start: int(c.start), End: int(c.end),
		Confidence: .99, Validated: true})
}
