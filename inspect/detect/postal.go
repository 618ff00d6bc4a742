package detect

import (
	"github.com/sekimori-dlp/sekimori/inspect/dict"
	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// postals finds Japanese postal codes: behind 〒, under a label, or in front of
// an address in the prefecture that the code belongs to. Seven digits alone
// are no postal code.
type postals struct{}

func (postals) ID() string    { return "postal" }
func (postals) Types() []Type { return []Type{Postal} }

// Patterns implements Vocabulary.
func (postals) Patterns() []match.Pattern {
	return []match.Pattern{{Literal: "〒", Payload: Payload(ClassPlace, uint32(placePostal)<<16)}}
}

// postalReach is how far after a code its address may begin, in bytes.
const postalReach = 24

// Find implements Detector.
func (postals) Find(b *Block, emit func(Finding)) {
	t := b.Text
	hit := 0 // hits before it end before the run
	v, _ := b.context.(*view)
	inJSON := v != nil && v.mode == object
	chosen := b.choose(nil, func(s span, _ uint64) uint64 {
		return s.in(7) | s.in(3)&s.then(1, 4)&s.in(beforeMore)
	})
	for i := chosen.next(0); i >= 0; i = chosen.next(i + 1) {
		start, end := int(b.Runs[i].Start), int(b.Runs[i].End)
		code := 0
		switch end - start {
		case 3:
			if i+1 >= len(b.Runs) {
				return
			}
			next := b.Runs[i+1]
			if next.End-next.Start != 4 || !postalHyphen(t[end:next.Start]) {
				continue
			}
			end = int(next.End)
		case 7:
		default:
			continue
		}
		if start > 0 && (t[start-1] == '-' || t[start-1] == '.' || t[start-1] == '(' && end-start > 7) || end < len(t) && (t[end] == '-' || t[end] == '.' && end+1 < len(t) && t[end+1] >= '0' && t[end+1] <= '9') {
			continue
		}
		// The place behind it.
		for hit < len(b.Hits) && int(b.Hits[hit].Start) < end {
			hit++
		}
		if bare := end-start == 7 && (hit == len(b.Hits) || int(b.Hits[hit].Start) > end+postalReach); bare && inJSON &&
			!behindPostal(t, start) && b.Own(start)&LPostal == 0 {
			continue // most numbers of anything
		}
		for _, c := range t[start:end] {
			if c >= '0' && c <= '9' {
				code = code*10 + int(c-'0')
			}
		}
		prefectures := dict.PostalPrefectures(code)
		if prefectures == 0 {
			continue
		}
		agree, against := false, false
		for k := hit; k < len(b.Hits) && int(b.Hits[k].Start) <= end+postalReach; k++ {
			h := &b.Hits[k]
			if Class(h.Payload>>24) != ClassPlace {
				continue
			}
			switch placeKind(h.Payload >> 16 & 0xFF) {
			case placePrefecture:
				if prefectures.Has(int(h.Payload & 0xFFFF)) {
					agree = true
				} else {
					against = true
				}
			case placeCity:
				names, _ := dict.CityAt(t[h.Start:])
				cities, listed := dict.Postal(code)
				for _, c := range names {
					for _, d := range cities[:listed] {
						agree = agree || int(c) == d
					}
				}
			default:
				continue
			}
			break
		}
		own, near := b.Own(start), Label(0)
		if end-start > 7 { // bare digits need more than words nearby
			_, near = b.Label(start)
		}
		mark := behindPostal(t, start)
		var c float32
		switch {
		case mark && agree, own&LPostal != 0 && agree:
			c = 0.99
		case mark || own&LPostal != 0:
			c = 0.95
		case agree && end-start > 7:
			c = 0.95
		case agree:
			c = 0.7
		case near&LPostal != 0 && end-start > 7:
			c = 0.8
		case own&LAddress != 0 && end-start > 7:
			c = 0.8
		case own != 0:
			continue
		case end-start > 7 && near&LAddress != 0 && listedPostal(code):
			c = 0.6
		case b.fillsCell(start, end) && listedPostal(code):
			c = 0.3 // a column of such says more
		default:
			continue
		}
		if against && !agree {
			c -= 0.4
		}
		var digits [8]byte
		n := 0
		for _, ch := range t[start:end] {
			if ch >= '0' && ch <= '9' && n < len(digits) {
				digits[n] = ch
				n++
			}
		}
		emit(Finding{Type: Postal, Detector: "postal", Start: start, End: end, Confidence: c, Validated: !against && listedPostal(code), Canon: string(digits[:n])})
	}
}

// behindPostal reports whether 〒 stands before offset i of t, with blanks and colons
// between the two perhaps.
func behindPostal(t []byte, i int) bool {
	lo := max(0, i-8)
	for i > lo && (t[i-1] == ' ' || t[i-1] == ':') {
		i--
	}
	return endsWith(t[lo:i], "〒")
}

// postalHyphen reports whether gap is what parts a postal code.
func postalHyphen(gap []byte) bool {
	return len(gap) == 1 && gap[0] == '-' || isLongVowel(gap) && len(gap) == 3 || string(gap) == " - "
}

// fillsCell reports whether the value at [start, end) is a whole cell of a table.
func (b *Block) fillsCell(start, end int) bool {
	v, ok := b.context.(*view)
	if !ok || v.mode != rows {
		return false
	}
	_, c, ok := v.table.at(v.text, start)
	return ok && v.table.cells[c] == cell{int32(start), int32(end)}
}

// listedPostal reports whether a code is in the list of postal codes.
func listedPostal(code int) bool {
	_, n := dict.Postal(code)
	return n > 0
}
