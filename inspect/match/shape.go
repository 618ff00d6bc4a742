package match

import (
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// byteSet has a bit for each byte value.
type byteSet [4]uint64

var anyByte = byteSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

func (s *byteSet) add(c byte) { s[c>>6] |= 1 << (c & 63) }

func (s *byteSet) has(c byte) bool { return s[c>>6]>>(c&63)&1 != 0 }

func (s *byteSet) addRange(lo, hi byte) {
	for c := int(lo); c <= int(hi); c++ {
		s.add(byte(c))
	}
}

func (s *byteSet) join(o *byteSet) {
	for k := range s {
		s[k] |= o[k]
	}
}

func (s *byteSet) within(o *byteSet) bool {
	return s[0]&^o[0]|s[1]&^o[1]|s[2]&^o[2]|s[3]&^o[3] == 0
}

func (s *byteSet) minus(o *byteSet) (d byteSet) {
	for k := range s {
		d[k] = s[k] &^ o[k]
	}
	return d
}

// reach is how many bytes from its start on a shape describes.
type reach int

const (
	markReach reach = markBytes - 1 // for marks
	fineReach reach = fineBytes - 1
)

// shape is a way in which the text of an expression can begin: what its first
// bytes may be. Where the text may end earlier, anything may follow.
type shape struct {
	n     reach // bytes described so far
	bytes [fineReach]byteSet
}

// maxShapes bounds the ways that one expression is described by.
const maxShapes = 48

// shapesOf lists the ways in which a sequence of expressions can begin.
func (far reach) shapesOf(seq []*syntax.Regexp) []shape {
	list := []shape{{}}
	for _, re := range seq {
		list = far.extend(list, re)
	}
	for i := range list {
		for list[i].n < far {
			list[i].bytes[list[i].n] = anyByte
			list[i].n++
		}
	}
	return tidy(list)
}

// extend continues each shape by what re can begin with.
func (far reach) extend(list []shape, re *syntax.Regexp) []shape {
	full := true
	for i := range list {
		full = full && list[i].n == far
	}
	if full {
		return list
	}
	switch re.Op {
	case syntax.OpNoMatch:
		return nil
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			ranges := []rune{r, r}
			if re.Flags&syntax.FoldCase != 0 {
				for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
					ranges = append(ranges, f, f)
				}
			}
			list = far.extendRunes(list, ranges)
		}
	case syntax.OpCharClass:
		list = far.extendRunes(list, re.Rune)
	case syntax.OpAnyChar:
		list = far.extendRunes(list, []rune{0, unicode.MaxRune})
	case syntax.OpAnyCharNotNL:
		list = far.extendRunes(list, []rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune})
	case syntax.OpCapture:
		list = far.extend(list, re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			list = far.extend(list, sub)
		}
	case syntax.OpAlternate:
		var all []shape
		for _, sub := range re.Sub {
			all = append(all, far.extend(list, sub)...)
		}
		list = tidy(all)
	case syntax.OpQuest:
		list = far.repeat(list, re.Sub[0], 0, 1)
	case syntax.OpStar:
		list = far.repeat(list, re.Sub[0], 0, -1)
	case syntax.OpPlus:
		list = far.repeat(list, re.Sub[0], 1, -1)
	case syntax.OpRepeat:
		list = far.repeat(list, re.Sub[0], re.Min, re.Max)
	}
	return list // assertions take no bytes
}

func (far reach) repeat(list []shape, sub *syntax.Regexp, lo, hi int) []shape {
	if hi < 0 || hi > lo+int(far) {
		hi = lo + int(far) // more repetitions reach no further, or take no bytes
	}
	var all []shape
	for k := 0; ; k++ {
		if k >= lo {
			all = append(all, list...)
		}
		if k == hi || k >= int(far) && k >= lo {
			return tidy(all)
		}
		list = tidy(far.extend(append([]shape(nil), list...), sub))
	}
}

// extendRunes continues each shape by one character of the given ranges.
func (far reach) extendRunes(list []shape, ranges []rune) []shape {
	ways := encodings(ranges)
	var all []shape
	for _, s := range list {
		if s.n == far {
			all = append(all, s)
			continue
		}
		for _, w := range ways {
			t := s
			for k := reach(0); k < w.n && t.n < far; k++ {
				t.bytes[t.n] = w.bytes[k]
				t.n++
			}
			all = append(all, t)
		}
	}
	return tidy(all)
}

// encodings gives the bytes that encode characters of the given ranges: one
// way a size and, for few characters, exactly.
func encodings(ranges []rune) []shape {
	var ways [utf8.UTFMax]shape
	for n := range ways {
		ways[n].n = reach(n) + 1
	}
	var exact []shape
	for k := 0; k+1 < len(ranges); k += 2 {
		lo, hi := ranges[k], ranges[k+1]
		if lo <= utf8.RuneError && utf8.RuneError <= hi {
			ways[0].bytes[0].addRange(0x80, 0xff) // a byte of invalid UTF-8 reads as U+FFFD
		}
		if hi-lo < 4 && lo >= utf8.RuneSelf && len(exact) < maxShapes/2 {
			for r := lo; r <= hi; r++ {
				var b [utf8.UTFMax]byte
				s := shape{n: reach(utf8.EncodeRune(b[:], r))}
				for i := range s.n {
					s.bytes[i].add(b[i])
				}
				exact = append(exact, s)
			}
			continue
		}
		for n, most := range []rune{0x7f, 0x7ff, 0xffff, unicode.MaxRune} {
			if lo > hi || lo > most {
				continue
			}
			top := min(hi, most)
			var b, t [utf8.UTFMax]byte
			utf8.EncodeRune(b[:], lo)
			utf8.EncodeRune(t[:], top)
			if n == 2 && (lo&^0x7ff == 0xd800 || top&^0x7ff == 0xd800) {
				b[0], t[0] = 0xe0, 0xef // surrogates do not encode
			}
			ways[n].bytes[0].addRange(b[0], t[0])
			for i := 1; i <= n; i++ {
				if string(b[:i]) == string(t[:i]) {
					ways[n].bytes[i].addRange(b[i], t[i])
				} else {
					ways[n].bytes[i].addRange(0x80, 0xbf)
				}
			}
			lo = most + 1
		}
	}
	for _, w := range ways {
		if w.bytes[0] != (byteSet{}) {
			exact = append(exact, w)
		}
	}
	return exact
}

// tidy drops duplicates and, where there are too many, joins shapes of the
// same length, those with the same first byte first.
func tidy(list []shape) []shape {
	seen := make(map[shape]bool, len(list))
	out := list[:0:0]
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	if len(out) <= maxShapes {
		return out
	}
	type kind struct {
		n     reach
		first byteSet
	}
	for _, byFirst := range []bool{true, false} {
		index := map[kind]int{}
		joined := out[:0:0]
		for _, s := range out {
			k := kind{n: s.n}
			if byFirst {
				k.first = s.bytes[0]
			}
			at, ok := index[k]
			if !ok {
				index[k] = len(joined)
				joined = append(joined, s)
				continue
			}
			for i := range s.n {
				joined[at].bytes[i].join(&s.bytes[i])
			}
		}
		if out = joined; len(out) <= maxShapes {
			break
		}
	}
	return out
}
