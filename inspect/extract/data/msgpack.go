package data

import (
	"math"
)

// msgpack reads MessagePack (https://github.com/msgpack/msgpack, spec.md).
var msgpack = nested{"msgpack", msgpackMatch, func(dst, b []byte) ([]byte, bool) {
	return sequence(dst, b, (*reader).msgpack)
}}

// cbor reads CBOR (RFC 8949).
var cbor = nested{"cbor", cborMatch, func(dst, b []byte) ([]byte, bool) {
	return sequence(dst, b, (*reader).cbor)
}}

func msgpackMatch(head []byte, declared string) bool {
	switch declared {
	case "application/msgpack", "application/x-msgpack", "application/vnd.msgpack":
		return looksNested(head, (*reader).msgpack, 0)
	}
	c := head[0]
	return (c > 0x80 && c < 0xa0 || c >= 0xdc && c <= 0xdf) && looksNested(head, (*reader).msgpack, 2)
}

func cborMatch(head []byte, declared string) bool {
	switch declared {
	case "application/cbor", "application/cbor-seq":
		return looksNested(head, (*reader).cbor, 0)
	}
	c := head[0]
	return (c > 0x80 && c < 0xc0 || c == 0xd9 && head[1] == 0xd9) && looksNested(head, (*reader).cbor, 2)
}

// looksNested reports whether head reads as values, as far as it goes, with at
// least so many keys that are text. Bytes that are plain text are not taken.
func looksNested(head []byte, value func(r *reader) bool, keys int) bool {
	r := reader{b: head, dry: true, strict: keys > 0}
	for len(r.b) > 0 {
		if !value(&r) {
			return r.short && len(head) >= headSize && r.keys > keys && r.oddKeys == 0
		}
	}
	return r.keys >= keys && (keys == 0 || r.oddKeys == 0)
}

// sequence reads values one behind another, a line each.
func sequence(dst, b []byte, value func(r *reader) bool) ([]byte, bool) {
	r := reader{b: b, out: dst}
	for len(r.b) > 0 {
		if !value(&r) {
			return r.out, false
		}
		r.out = append(r.out, '\n')
	}
	return r.out, true
}

// reader takes values off b and appends them to out as JSON. Where b ends in a
// value, what was begun is closed.
type reader struct {
	b       []byte
	out     []byte
	depth   int
	keys    int  // text that is a key in a map
	oddKeys int  // keys that are not
	short   bool // b ended within a value
	quoted  bool // the last value, or what there is of it, is a string in JSON
	dry     bool // write nothing: only the counts are of interest
	strict  bool // when dry, end at a key that is no text
}

// take takes n bytes.
func (r *reader) take(n uint64) ([]byte, bool) {
	if n > uint64(len(r.b)) {
		r.short = true
		return nil, false
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b, true
}

// number takes a big-endian integer of n bytes.
func (r *reader) number(n uint64) (v uint64, ok bool) {
	b, ok := r.take(n)
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v, ok
}

// array reads n values, unless one says that it is the last.
func (r *reader) array(n uint64, value func(*reader) bool, last func() bool) bool {
	if r.depth++; r.depth > maxNesting {
		return false
	}
	r.word("[")
	ok := true
	for i := uint64(0); i < n && ok && (last == nil || !last()); i++ {
		if i > 0 {
			r.word(",")
		}
		ok = value(r)
	}
	r.depth--
	r.word("]")
	r.quoted = false
	return ok
}

// dictionary reads n pairs.
func (r *reader) dictionary(n uint64, value func(*reader) bool, last func() bool) bool {
	if r.depth++; r.depth > maxNesting {
		return false
	}
	r.word("{")
	ok := true
	for i := uint64(0); i < n && ok && (last == nil || !last()); i++ {
		if i > 0 {
			r.word(",")
		}
		at := len(r.out)
		r.quoted = false
		if ok = value(r); r.quoted {
			r.keys++
		} else { // a key that is no text
			r.oddKeys++
			if r.dry && r.strict {
				return false
			}
			if !r.dry {
				r.out = appendKey(r.out, at)
			}
		}
		r.word(":")
		if ok {
			ok = value(r)
		} else {
			r.word("null")
		}
	}
	r.depth--
	r.word("}")
	r.quoted = false
	return ok
}

// appendKey makes a key of the value that stands in dst from offset at on, with
// spaces for what would have to be escaped: keys may be maps with such keys.
func appendKey(dst []byte, at int) []byte {
	for i, c := range dst[at:] {
		if c == '"' || c == '\\' {
			dst[at+i] = ' '
		}
	}
	dst = append(dst, 0, '"')
	copy(dst[at+1:], dst[at:len(dst)-2])
	dst[at] = '"'
	return dst
}

func (r *reader) word(s string) bool {
	if !r.dry {
		r.out = append(r.out, s...)
	}
	return true
}

func (r *reader) integer(v int64) {
	if !r.dry {
		r.out = appendInt(r.out, v)
	}
}

func (r *reader) float(v float64) {
	if !r.dry {
		r.out = appendFloat(r.out, v)
	}
}

// text appends n bytes of text, as many as there are.
func (r *reader) text(n uint64) bool {
	b, ok := r.take(n)
	if !ok {
		b, r.b = r.b, nil
	}
	if r.quoted = true; !r.dry {
		r.out = appendText(r.out, b)
	}
	return ok
}

func (r *reader) bytes(n uint64) bool {
	b, ok := r.take(n)
	if !ok {
		b, r.b = r.b, nil
	}
	if r.quoted = len(b) >= minBase64 || readable(b); !r.dry {
		r.out = appendBytes(r.out, b)
	}
	return ok
}

func (r *reader) msgpack() bool {
	h, ok := r.take(1)
	if !ok {
		return r.word("null") && false
	}
	c := h[0]
	sized := func(n uint64, then func(n uint64) bool) bool {
		v, ok := r.number(n)
		if !ok {
			return r.word("null") && false
		}
		return then(v)
	}
	array := func(n uint64) bool { return r.array(n, (*reader).msgpack, nil) }
	dictionary := func(n uint64) bool { return r.dictionary(n, (*reader).msgpack, nil) }
	switch {
	case c < 0x80:
		r.out = appendInt(r.out, int64(c))
	case c < 0x90:
		return dictionary(uint64(c & 15))
	case c < 0xa0:
		return array(uint64(c & 15))
	case c < 0xc0:
		return r.text(uint64(c & 31))
	case c >= 0xe0:
		r.out = appendInt(r.out, int64(int8(c)))
	case c == 0xc0:
		return r.word("null")
	case c == 0xc1:
		return r.word("null") && false
	case c == 0xc2 || c == 0xc3:
		return r.word([]string{"false", "true"}[c&1])
	case c <= 0xc6:
		return sized(1<<(c-0xc4), r.bytes)
	case c <= 0xc9:
		return sized(1<<(c-0xc7), func(n uint64) bool { return r.bytes(n + 1) })
	case c == 0xca:
		return sized(4, func(v uint64) bool {
			r.float(float64(math.Float32frombits(uint32(v))))
			return true
		})
	case c == 0xcb:
		return sized(8, func(v uint64) bool { r.float(math.Float64frombits(v)); return true })
	case c <= 0xcf:
		return sized(1<<(c-0xcc), func(v uint64) bool { r.integer(int64(v)); return true })
	case c <= 0xd3:
		n := uint64(1) << (c - 0xd0)
		return sized(n, func(v uint64) bool {
			shift := 64 - 8*n
			r.out = appendInt(r.out, int64(v<<shift)>>shift)
			return true
		})
	case c <= 0xd8:
		return r.bytes(1<<(c-0xd4) + 1)
	case c <= 0xdb:
		return sized(1<<(c-0xd9), r.text)
	case c <= 0xdd:
		return sized(2<<(c-0xdc), array)
	default:
		return sized(2<<(c-0xde), dictionary)
	}
	return true
}

func (r *reader) cbor() bool {
	h, ok := r.take(1)
	if !ok {
		return r.word("null") && false
	}
	major, low := h[0]>>5, uint64(h[0]&31)
	n, open := low, false
	switch {
	case low >= 24 && low <= 27:
		if n, ok = r.number(1 << (low - 24)); !ok {
			return r.word("null") && false
		}
	case low == 31 && major >= 2 && major != 6:
		n, open = math.MaxUint64, true
	case low > 27:
		return r.word("null") && false
	}
	stop := func() bool {
		if len(r.b) > 0 && r.b[0] == 0xff {
			r.b = r.b[1:]
			return true
		}
		return false
	}
	if !open {
		stop = nil
	}
	switch major {
	case 0:
		r.out = appendInt(r.out, int64(n))
	case 1:
		r.out = appendInt(r.out, -1-int64(n))
	case 2:
		if open {
			return r.array(n, (*reader).cbor, stop)
		}
		return r.bytes(n)
	case 3:
		if open {
			return r.array(n, (*reader).cbor, stop)
		}
		return r.text(n)
	case 4:
		return r.array(n, (*reader).cbor, stop)
	case 5:
		return r.dictionary(n, (*reader).cbor, stop)
	case 6: // a tag: its value follows
		if r.depth++; r.depth > maxNesting {
			return r.word("null") && false
		}
		ok := r.cbor()
		r.depth--
		return ok
	default:
		return r.simple(low, n)
	}
	return true
}

// simple appends a float or a simple value of CBOR.
func (r *reader) simple(low, n uint64) bool {
	switch low {
	case 20:
		return r.word("false")
	case 21:
		return r.word("true")
	case 26:
		r.float(float64(math.Float32frombits(uint32(n))))
	case 27:
		r.float(math.Float64frombits(n))
	case 31:
		return r.word("null") && false
	default:
		r.word("null")
	}
	return true
}
