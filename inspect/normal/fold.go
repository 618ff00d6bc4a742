package normal

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode"
	"unicode/utf8"
)

// Fold appends src, valid UTF-8, to dst in the form that detectors look at. in
// leads, from offset from on, from src to where it came from; out, which leads there
// from dst, goes on with what is appended, or begins anew with an empty dst. Both
// maps may be nil; they must not be the same.
//
// Folding is idempotent. A few characters are judged by their neighbours, those
// at dst's end among them, so a text folded in pieces comes out the same only if
// it is cut at a Border.
func Fold(dst, src []byte, in *Map, from int, out *Map) []byte {
	if in == nil {
		in = &identity
	}
	if out == nil {
		out = new(Map)
	}
	if len(dst) == 0 {
		out.Reset(in.origin(from, &out.hint))
	}
	f := folder{dst: room(dst, len(src)), src: src, in: in, from: from, out: out, mark: -1}
	for {
		f.plain()
		if f.pos == len(src) {
			return f.dst
		}
		if !f.narrow() {
			f.one()
		}
	}
}

var identity Map // never written to

// String folds a string: for words that are compared with folded text.
func String(s string) string {
	b := []byte(s)
	if plainRun(b, 0) == len(b) {
		return s
	}
	return string(Fold(nil, b, nil, 0, nil))
}

// folder is the state of one Fold.
type folder struct {
	dst, src []byte
	pos      int // what stands before has been folded
	in, out  *Map
	from     int // where in in's output src stands
	mark     int // where in dst an enclosed digit ended last, -1 at first
}

// room returns dst with space for n more bytes, and to spare for a vector.
func room(dst []byte, n int) []byte { return slices.Grow(dst, n+wideSize) }

// plain takes the plain text at pos over, and some that is not.
func (f *folder) plain() {
	if n := len(f.src) - f.pos; useVectors && n >= 2*wideSize {
		f.dst = room(f.dst, n)
		f.blocks()
	}
	start, from := len(f.dst), f.pos
	f.take(plainRun(f.src, from))
	if n := f.pos - from; n > 0 {
		f.out.Copy(start, f.in, f.from+from, n)
	}
}

// take appends what stands before end as it is.
func (f *folder) take(end int) {
	f.dst = append(f.dst, f.src[f.pos:end]...)
	f.pos = end
}

// narrow folds a run of full-width ASCII and ideographic spaces at pos, the most
// frequent things to be folded, in one step. It reports false if there is none.
func (f *folder) narrow() bool {
	start, from, src := len(f.dst), f.pos, f.src
	for f.pos+3 <= len(src) {
		c := byte(0)
		switch b := src[f.pos+1]; {
		case src[f.pos] == 0xef && b&^1 == 0xbc:
			c = narrowed[b&1<<6|src[f.pos+2]&63]
		case src[f.pos] == 0xe3 && b == 0x80 && src[f.pos+2] == 0x80:
			c = ' '
		}
		if c == 0 {
			break
		}
		f.dst = append(f.dst, c)
		f.pos += 3
	}
	f.narrowed(start, from, len(f.dst)-start)
	return f.pos > from
}

// one folds the character at pos.
func (f *folder) one() {
	e, n := folds.at(f.src[f.pos:])
	from := f.src[f.pos : f.pos+n]
	switch e.kind {
	case same:
		f.out.Copy(len(f.dst), f.in, f.from+f.pos, n)
		f.take(f.pos + n)
	case replace:
		f.put(e.to, n)
	case remove:
		f.pos += n
	case enclosed:
		f.enclosed(e.to, n)
	case voiced:
		f.voiced(e.to, n)
	case wave:
		if f.afterDigit() && f.beforeDigit(n) {
			f.put("-", n)
		} else {
			f.put(e.to, n)
		}
	case overlay:
		f.accent(from)
	case lookalike:
		before, after := f.afterDigit(), f.beforeDigit(n)
		if before && after || before && !f.beforeLetter(n) || after && !f.afterLetter() {
			f.put(e.to, n)
		} else {
			f.put(string(from), n)
		}
	}
}

// put writes to for the n bytes at pos.
func (f *folder) put(to string, n int) {
	f.out.Unit(len(f.dst), len(to), f.in, f.from+f.pos, n)
	f.dst = append(f.dst, to...)
	f.pos += n
}

// enclosed writes an enclosed digit. Where one stands alone at one end of a
// number, as in "①090-…" and "…-5678²", it marks a list or a note and is set
// off with a space; more of them, or one amid digits, are part of the number.
func (f *folder) enclosed(to string, n int) {
	follows, _ := f.significant(n)
	alone := follows.kind != enclosed && f.mark != len(f.dst)
	before, after := f.afterDigit(), f.beforeDigit(n)
	if alone && before && !after {
		f.out.Unit(len(f.dst), 1, f.in, f.from+f.pos, 0)
		f.dst = append(f.dst, ' ')
	}
	f.put(to, n)
	if alone && after && !before {
		f.out.Unit(len(f.dst), 1, f.in, f.from+f.pos, 0)
		f.dst = append(f.dst, ' ')
		return
	}
	f.mark = len(f.dst)
}

// voiced joins a mark with the kana before it.
func (f *folder) voiced(mark string, n int) {
	if len(f.dst) >= 3 {
		kana, size := utf8.DecodeRune(f.dst[len(f.dst)-3:])
		if r := join(kana, mark); size == 3 && r != 0 {
			f.merge(size, r, n)
			return
		}
	}
	f.put(mark, n)
}

// accent joins a mark with the letter before it, as NFC does. Over a digit it is
// dropped.
func (f *folder) accent(mark []byte) {
	last, size := utf8.DecodeLastRune(f.dst)
	if size == 1 && isDigit(byte(last)) {
		f.merge(size, last, len(mark))
		return
	}
	m, _ := utf8.DecodeRune(mark)
	if r := accented()[[2]rune{last, m}]; r != 0 {
		f.merge(size, r, len(mark))
		return
	}
	f.put(string(mark), len(mark))
}

// merge makes the n bytes at pos one with the character of size bytes that was
// written last, which becomes r.
func (f *folder) merge(size int, r rune, n int) {
	at := len(f.dst) - size
	start := f.out.Origin(at)
	end := f.in.origin(f.from+f.pos+n, &f.out.hint)
	f.dst = utf8.AppendRune(f.dst[:at], r)
	f.out.Cut(at)
	f.out.Step(at, start, len(f.dst)-at, int(end-start))
	f.pos += n
}

func (f *folder) afterDigit() bool {
	return len(f.dst) > 0 && isDigit(f.dst[len(f.dst)-1])
}

// afterLetter reports whether a letter was written last, or a wave that a digit here
// would make a hyphen.
func (f *folder) afterLetter() bool {
	r, _ := utf8.DecodeLastRune(f.dst)
	return unicode.IsLetter(r) || unicode.IsMark(r) || folds.of(r).kind == wave || r == '~'
}

// beforeLetter reports whether a letter stands after the n bytes at pos.
func (f *folder) beforeLetter(n int) bool {
	for i := f.pos + n; i < len(f.src); {
		e, size := folds.at(f.src[i:])
		if e.kind != remove {
			r, _ := utf8.DecodeRune(f.src[i:])
			if e.kind == replace {
				r, _ = utf8.DecodeRuneInString(e.to)
			}
			return e.kind == voiced || unicode.IsLetter(r) || unicode.IsMark(r)
		}
		i += size
	}
	return false
}

// beforeDigit reports whether what stands after the n bytes at pos will fold to
// a digit.
func (f *folder) beforeDigit(n int) bool {
	e, c := f.significant(n)
	if e.kind == same {
		return isDigit(c)
	}
	return e.kind <= enclosed && isDigit(e.to[0])
}

// significant returns the entry of the first character after the n bytes at pos
// that is not removed, and its first byte.
func (f *folder) significant(n int) (entry, byte) {
	for i := f.pos + n; i < len(f.src); {
		e, size := folds.at(f.src[i:])
		if e.kind != remove {
			return e, f.src[i]
		}
		i += size
	}
	return entry{}, 0
}

const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// plainRun returns the offset of the first character from i on that may not be
// plain, len(b) if all are.
func plainRun(b []byte, i int) int {
	const look = 2 // bytes that the vectors look ahead
	calm := 0      // behind here the last false alarm is far
	for useVectors && i+look+vectorSize <= len(b) {
		i += plainBlocks(&b[i], (len(b)-i-look)/vectorSize)
		for i < len(b) && b[i]&0xc0 == 0x80 {
			i++ // the rest of a character that is plain
		}
		if i == len(b) {
			return i
		}
		// Text with many false alarms is better looked at one by one.
		near := min(i+1, len(b))
		if i < calm {
			near = min(i+vectorSize, len(b))
		}
		if i = plainUntil(b, i, near); i < near {
			return i
		}
		calm = i + 2*vectorSize
	}
	return plainUntil(b, i, len(b))
}

const vectorSize = 32

// plainUntil is plainRun without vectors. It may end once it is at end.
func plainUntil(b []byte, i, end int) int {
	for i < end {
		c := b[i]
		switch {
		case c < 0x80:
			j, ok := plainASCII(b, i, end)
			if !ok {
				return j
			}
			i = j
		case c >= 0xe0 && c < 0xf0:
			for i+4 <= len(b) {
				v := binary.LittleEndian.Uint32(b[i:])
				if v&0xc0c0f0 != 0x8080e0 {
					break
				}
				if folds.three[v&15][v>>8&63]>>(v>>16&63)&1 != 0 {
					return i
				}
				i += 3
			}
			if i < len(b) && b[i] >= 0xe0 {
				e, n := folds.at(b[i:])
				if e.kind != same {
					return i
				}
				i += n
			}
		default:
			if c&0xe0 == 0xc0 && i+1 < len(b) && folds.two[c&31]>>(b[i+1]&63)&1 == 0 && b[i+1]&0xc0 == 0x80 {
				i += 2
				continue
			}
			e, n := folds.at(b[i:])
			if e.kind != same {
				return i
			}
			i += n
		}
	}
	return i
}

// plainASCII returns the end of the run of ASCII from i on, and whether it is
// free of control characters; if not, the offset of the first. It may end once it
// is at end.
func plainASCII(b []byte, i, end int) (int, bool) {
	for ; i+8 <= len(b) && i < end; i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		high := x & highs
		del := x ^ 0x7f*ones
		// Bytes below 0x20 and equal to 0x7f; a borrow may add false ones
		// above a true one, so each is looked at.
		suspects := ((x-0x20*ones)&^x | (del-ones)&^del) & highs
		if high|suspects == 0 {
			continue
		}
		run := 8
		if high != 0 {
			run = bits.TrailingZeros64(high) >> 3
		}
		for ; suspects != 0; suspects &= suspects - 1 {
			k := bits.TrailingZeros64(suspects) >> 3
			if k >= run {
				break
			}
			if isControl(b[i+k]) {
				return i + k, false
			}
		}
		if run < 8 {
			return i + run, true
		}
	}
	for ; i < len(b) && i < end && b[i] < 0x80; i++ {
		if isControl(b[i]) {
			return i, false
		}
	}
	return i, true
}
