package glyph

import "encoding/binary"

// cff reads the charset and the encoding of a Compact Font Format program
// (Adobe Technical Note 5176). The glyphs of CID-keyed fonts have no names.
func (p *Program) cff(b []byte) {
	if len(b) < 4 {
		return
	}
	_, at := cffIndex(b, int(b[2]))
	tops, at := cffIndex(b, at)
	strings, _ := cffIndex(b, at)
	if len(tops) == 0 {
		return
	}
	top := cffDict(tops[0])
	if _, keyed := top[12<<8|30]; keyed {
		return
	}
	glyphs, _ := cffIndex(b, top[17])
	names := make([]string, len(glyphs)) // text by glyph
	text := func(sid int) string {
		switch {
		case sid >= 1 && sid <= len(adobe):
			return string(adobe[sid-1])
		case sid >= 391 && sid-391 < len(strings):
			return Named(string(strings[sid-391]))
		}
		return ""
	}
	cffCharset(b, top[15], len(glyphs), func(gid, sid int) { names[gid] = text(sid) })
	for gid, s := range names {
		if s != "" {
			p.Glyphs[gid] = s
		}
	}
	codes := new(Table)
	switch at := top[16]; at {
	case 0:
		*codes = Standard
	case 1: // expert
		return
	default:
		cffEncoding(b, at, func(code, gid int) {
			if gid < len(names) {
				codes[code] = names[gid]
			}
		})
	}
	p.Codes = codes
}

// cffIndex reads an INDEX and returns the offset behind it.
func cffIndex(b []byte, at int) ([][]byte, int) {
	h := cut(b, at, 3)
	if h == nil {
		return nil, len(b)
	}
	n, size := int(binary.BigEndian.Uint16(h)), int(h[2])
	if n == 0 {
		return nil, at + 2
	}
	offsets := cut(b, at+3, (n+1)*size)
	if offsets == nil || size < 1 || size > 4 {
		return nil, len(b)
	}
	data := at + 3 + (n+1)*size - 1
	offset := func(i int) int { return int(number(offsets[i*size : (i+1)*size])) }
	items := make([][]byte, n)
	for i := range items {
		items[i] = cut(b, data+offset(i), offset(i+1)-offset(i))
	}
	return items, data + offset(n)
}

// cffDict reads the first operand of each operator; operators of two bytes are
// keyed by 12<<8 and the second.
func cffDict(b []byte) map[int]int {
	d := map[int]int{}
	first, has := 0, false
	operand := func(v int) {
		if !has {
			first, has = v, true
		}
	}
	for len(b) > 0 {
		c := int(b[0])
		n := 1
		switch {
		case c == 12 && len(b) > 1:
			d[12<<8|int(b[1])] = first
			n, has, first = 2, false, 0
		case c <= 21:
			d[c] = first
			has, first = false, 0
		case c == 28 && len(b) > 2:
			operand(int(int16(binary.BigEndian.Uint16(b[1:]))))
			n = 3
		case c == 29 && len(b) > 4:
			operand(int(int32(binary.BigEndian.Uint32(b[1:]))))
			n = 5
		case c == 30: // a real number, to the nibble 0xf
			for n < len(b) && b[n]&0x0f != 0x0f && b[n]>>4 != 0x0f {
				n++
			}
			n = min(n+1, len(b))
			operand(0)
		case c >= 32 && c <= 246:
			operand(c - 139)
		case c >= 247 && c <= 250 && len(b) > 1:
			operand((c-247)*256 + int(b[1]) + 108)
			n = 2
		case c >= 251 && c <= 254 && len(b) > 1:
			operand(-(c-251)*256 - int(b[1]) - 108)
			n = 2
		}
		b = b[n:]
	}
	return d
}

// cffCharset calls found with the string number of each glyph but the first.
func cffCharset(b []byte, at, glyphs int, found func(gid, sid int)) {
	if at <= 2 { // ISOAdobe; the expert sets are not read
		for gid := 1; gid < glyphs && at == 0; gid++ {
			found(gid, gid)
		}
		return
	}
	h := cut(b, at, 1)
	if h == nil {
		return
	}
	at++
	for gid := 1; gid < glyphs; {
		if h[0] == 0 {
			s := cut(b, at, 2)
			if s == nil {
				return
			}
			found(gid, int(binary.BigEndian.Uint16(s)))
			gid, at = gid+1, at+2
			continue
		}
		size := 2 + int(min(h[0], 2)) // of the count: one byte or two
		s := cut(b, at, size)
		if s == nil {
			return
		}
		first, left := int(binary.BigEndian.Uint16(s)), int(number(s[2:]))
		for i := 0; i <= left && gid < glyphs; i++ {
			found(gid, first+i)
			gid++
		}
		at += size
	}
}

// cffEncoding calls found with the glyph of each code.
func cffEncoding(b []byte, at int, found func(code, gid int)) {
	h := cut(b, at, 2)
	if h == nil {
		return
	}
	n := int(h[1])
	gid := 1
	for i := range n {
		if h[0]&0x7f == 0 {
			if s := cut(b, at+2+i, 1); s != nil {
				found(int(s[0]), i+1)
			}
			continue
		}
		s := cut(b, at+2+2*i, 2)
		if s == nil {
			return
		}
		for k := 0; k <= int(s[1]) && int(s[0])+k < 256; k++ {
			found(int(s[0])+k, gid)
			gid++
		}
	}
}
