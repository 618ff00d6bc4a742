package charset

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// shortSize is the length up to which prospects are looked at.
const shortSize = 128

// prospects is the most that a sample can get for its characters, as read counts
// them: all that trying the encodings on it does not find out cheaply is taken for
// the best.
type prospects struct{ sum, foreign, invalid int }

func (p *prospects) bad(size int) {
	p.sum, p.foreign, p.invalid = p.sum-24, p.foreign+size, p.invalid+1
}

func (p *prospects) char(w *[0x10000]int8, r rune) {
	switch {
	case r < 0x80:
	case r < 0x180:
		p.sum, p.foreign = p.sum+3, p.foreign+1
	case r == 'ﾞ' || r == 'ﾟ':
		p.sum, p.foreign = p.sum+4, p.foreign+1
	case r >= 0xff61 && r < 0xff9e:
		p.sum, p.foreign = p.sum+int(w[r]), p.foreign+1
	default:
		p.sum, p.foreign = p.sum+2*int(w[r]), p.foreign+2
	}
}

// below reports whether the mean is below bound. After so many invalid sequences the
// rest is not read, but it cannot make up for them either.
func (p *prospects) below(bound float64) bool {
	return p.invalid > 16 || float64(p.sum) < bound*float64(p.foreign)
}

// garbage reports whether a short sample, without NUL and escape sequences, is not
// Likely in any encoding. tail is its end from the first byte on that is not ASCII.
// It may say no to some that are not. Most of what looks like base64 and is not
// decodes to garbage.
func garbage(sample, tail []byte, whole bool) bool {
	high, controls := 0, 0
	for _, c := range tail {
		high += int(c >> 7)
		controls += int(noisy[c])
	}
	// With little that is not ASCII anything is Likely; with much, and accents, it
	// is no Western text (see best and bonus).
	if high*5 < len(sample)*2 || high <= 8 || high*5 <= len(tail)*2 {
		return false
	}
	w := weights()
	least := 4*Likely - 2 + 60*float64(controls)/float64(len(tail))
	if least <= 4 && !(unlikelyUTF8(tail, whole, least) && shiftJIS.unlikely(w, tail, whole, least) && eucJP.unlikely(w, tail, whole, least)) {
		return false
	}
	if least > 4 && ValidPrefix(tail) >= len(tail)-utf8.UTFMax {
		return false // which speaks for UTF-8 more than that
	}
	if whole && len(sample)%2 != 0 {
		return true
	}
	const wide = 4*Likely - 2 + 1.5
	return unlikelyUTF16(w, sample, false, wide) && unlikelyUTF16(w, sample, true, wide)
}

func unlikelyUTF8(b []byte, whole bool, bound float64) bool {
	var p prospects
	for i := 0; i < len(b); {
		if b[i] < 0x80 {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if i += n; r != utf8.RuneError || n > 1 {
			p.sum, p.foreign = p.sum+8, p.foreign+2
		} else if whole || i+utf8.UTFMax <= len(b) {
			p.bad(1)
		}
	}
	return p.invalid > 0 && p.below(bound)
}

func (e *pairing) unlikely(w *[0x10000]int8, b []byte, whole bool, bound float64) bool {
	var p prospects
	table := e.plane()
	for i := 0; i < len(b); {
		if b[i] < 0x80 {
			i++
			continue
		}
		v := table.at(b[i:])
		if v == 0 {
			var begun bool
			if v, begun = e.other(b[i:]); v == 0 {
				if begun && !whole {
					break
				}
				p.bad(1)
				i++
				continue
			}
		}
		r, _ := utf8.DecodeRune([]byte{byte(v), byte(v >> 8), byte(v >> 16)})
		p.char(w, r)
		i += v.taken()
	}
	return p.below(bound)
}

func unlikelyUTF16(w *[0x10000]int8, b []byte, big bool, bound float64) bool {
	var p prospects
	for i := 0; i+2 <= len(b); i += 2 {
		r := binary.LittleEndian.Uint16(b[i:])
		if big {
			r = bits.ReverseBytes16(r)
		}
		if r&0xf800 == 0xd800 { // half of a character that weighs 2 at most
			p.sum, p.foreign = p.sum+2, p.foreign+1
			continue
		}
		p.char(w, rune(r))
	}
	return p.below(bound)
}
