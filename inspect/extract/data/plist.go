package data

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
)

// plist reads binary property lists of Apple (CFBinaryPList.c in CoreFoundation).
var plist = nested{"plist", func(head []byte, _ string) bool {
	return bytes.HasPrefix(head, []byte("bplist0"))
}, func(dst, b []byte) ([]byte, bool) {
	p := properties{b: b, out: dst}
	return p.read()
}}

// maxObjects bounds the values written, since one may be referred to often.
const maxObjects = 200_000

type properties struct {
	b       []byte
	out     []byte
	offsets []byte // where objects stand
	width   int    // of an offset
	ref     int    // width of a reference
	count   uint64
	left    int // values that may still be written
}

// read reads from the top object, which the trailer tells.
func (p *properties) read() ([]byte, bool) {
	if len(p.b) < 40 {
		return p.out, false
	}
	t := p.b[len(p.b)-32:]
	p.width, p.ref, p.count = int(t[6]), int(t[7]), binary.BigEndian.Uint64(t[8:])
	top, table := binary.BigEndian.Uint64(t[16:]), binary.BigEndian.Uint64(t[24:])
	if p.width == 0 || p.width > 8 || p.ref == 0 || p.ref > 8 || p.count == 0 || table > uint64(len(p.b)) ||
		p.count > (uint64(len(p.b))-table)/uint64(p.width) {
		return p.out, false
	}
	p.offsets, p.left = p.b[table:], maxObjects
	ok := p.object(top, 0)
	return p.out, ok
}

func bigEndian(b []byte) (v uint64) {
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}

// object appends object n.
func (p *properties) object(n uint64, depth int) bool {
	p.left--
	if n >= p.count || depth > maxNesting || p.left < 0 || len(p.out) > maxBinary {
		p.out = append(p.out, "null"...)
		return false
	}
	at := bigEndian(p.offsets[n*uint64(p.width):][:p.width])
	if at >= uint64(len(p.b)) {
		p.out = append(p.out, "null"...)
		return false
	}
	c, b := p.b[at], p.b[at+1:]
	kind, size := c>>4, uint64(c&15)
	if size == 15 && kind >= 4 { // the length is an integer behind it
		if len(b) < 1 || b[0]>>4 != 1 || len(b) < 1+1<<(b[0]&7) {
			p.out = append(p.out, "null"...)
			return false
		}
		k := 1 << (b[0] & 7)
		size, b = bigEndian(b[1:1+k]), b[1+k:]
	}
	fits := func(n uint64) bool {
		if n > uint64(len(b)) || size > uint64(len(b)) {
			p.out = append(p.out, "null"...)
			return false
		}
		return true
	}
	switch kind {
	case 1, 2, 8:
		k := uint64(1) << size
		if kind == 8 {
			k = size + 1
		}
		if k > 16 || !fits(k) {
			return false
		}
		switch v := bigEndian(b[:k]); {
		case kind == 2 && k == 4:
			p.out = appendFloat(p.out, float64(math.Float32frombits(uint32(v))))
		case kind == 2:
			p.out = appendFloat(p.out, math.Float64frombits(v))
		default:
			p.out = appendInt(p.out, int64(v))
		}
	case 4, 5:
		if !fits(size) {
			return false
		}
		p.out = appendBytes(p.out, b[:size])
	case 6:
		if !fits(2 * size) {
			return false
		}
		p.out = appendString(p.out, []byte(charset.Text(b[:2*size], charset.UTF16BE)))
	case 10, 11, 12:
		if !fits(size * uint64(p.ref)) {
			return false
		}
		return p.list(b, size, depth)
	case 13:
		if !fits(2 * size * uint64(p.ref)) {
			return false
		}
		return p.dictionary(b, size, depth)
	default: // null, booleans, dates
		p.out = append(p.out, "null"...)
	}
	return true
}

func (p *properties) list(b []byte, size uint64, depth int) bool {
	p.out = append(p.out, '[')
	ok := true
	for i := uint64(0); i < size && p.left > 0; i++ {
		if i > 0 {
			p.out = append(p.out, ',')
		}
		ok = p.object(bigEndian(b[:p.ref]), depth+1) && ok
		b = b[p.ref:]
	}
	p.out = append(p.out, ']')
	return ok
}

// key appends object n, which is to be text.
func (p *properties) key(n uint64, depth int) bool {
	if n < p.count {
		if at := bigEndian(p.offsets[n*uint64(p.width):][:p.width]); at < uint64(len(p.b)) && (p.b[at]>>4 == 5 || p.b[at]>>4 == 6) {
			from := len(p.out)
			if ok := p.object(n, depth+1); p.out[from] == '"' {
				return ok
			}
			p.out = p.out[:from]
		}
	}
	p.out = append(p.out, `""`...)
	return false
}

func (p *properties) dictionary(b []byte, size uint64, depth int) bool {
	keys, values := b, b[size*uint64(p.ref):]
	p.out = append(p.out, '{')
	ok := true
	for i := uint64(0); i < size && p.left > 0; i++ {
		if i > 0 {
			p.out = append(p.out, ',')
		}
		ok = p.key(bigEndian(keys[:p.ref]), depth) && ok
		p.out = append(p.out, ':')
		ok = p.object(bigEndian(values[:p.ref]), depth+1) && ok
		keys, values = keys[p.ref:], values[p.ref:]
	}
	p.out = append(p.out, '}')
	return ok
}
