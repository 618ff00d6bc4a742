package glyph

import (
	"bytes"
	"encoding/binary"

	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/object"
)

// Program is what an embedded font program says of its glyphs.
type Program struct {
	Codes  *Table         // its own encoding, nil if it has none
	Glyphs map[int]string // text by glyph number
}

// ParseProgram reads a font program: TrueType, OpenType, CFF or Type 1, by its
// content. What it cannot read is missing from the Program.
func ParseProgram(b []byte) *Program {
	p := &Program{Glyphs: map[int]string{}}
	switch {
	case len(b) < 8:
	case string(b[:4]) == "\x00\x01\x00\x00", string(b[:4]) == "true", string(b[:4]) == "OTTO":
		p.trueType(b)
	case b[0] == '%', b[0] == 0x80:
		p.type1(b)
	case b[0] == 1:
		p.cff(b)
	}
	return p
}

// type1 reads the encoding in the clear part of a Type 1 program.
func (p *Program) type1(b []byte) {
	if k := bytes.Index(b, []byte("eexec")); k >= 0 {
		b = b[:k]
	}
	k := bytes.Index(b, []byte("/Encoding"))
	if k < 0 {
		return
	}
	b = b[k+len("/Encoding"):]
	p.Codes = new(Table)
	l := object.NewLexer(b)
	var args []any
	for range 4096 {
		o := l.Next()
		switch v := o.(type) {
		case object.End:
			return
		case object.Keyword:
			n := len(args)
			switch {
			case v == "StandardEncoding":
				*p.Codes = Standard
				return
			case v == "put" && n >= 2:
				code, ok1 := args[n-2].(int)
				name, ok2 := args[n-1].(object.Name)
				if ok1 && ok2 && code >= 0 && code < 256 {
					p.Codes[code] = Named(string(name))
				}
			case v == "def" || v == "readonly":
				if p.any() {
					return
				}
			}
			args = args[:0]
		default:
			args = append(args, o)
		}
	}
}

func (p *Program) any() bool {
	for _, s := range p.Codes {
		if s != "" {
			return true
		}
	}
	return false
}

// trueType reads the cmap table, backwards: which character leads to a glyph.
func (p *Program) trueType(b []byte) {
	tables := map[string][]byte{}
	for i := range min(int(binary.BigEndian.Uint16(b[4:])), 64) {
		r := cut(b, 12+16*i, 16)
		if r == nil {
			break
		}
		at, n := binary.BigEndian.Uint32(r[8:]), binary.BigEndian.Uint32(r[12:])
		if int64(at) < int64(len(b)) {
			tables[string(r[:4])] = b[at:min(int64(at)+int64(n), int64(len(b)))]
		}
	}
	if t := tables["CFF "]; len(t) > 4 {
		p.cff(t)
	}
	cmap := tables["cmap"]
	if len(cmap) < 4 {
		return
	}
	codes := map[int]int{} // of symbol and Macintosh subtables
	for i := range min(int(binary.BigEndian.Uint16(cmap[2:])), 32) {
		r := cut(cmap, 4+8*i, 8)
		if r == nil {
			break
		}
		platform, kind := binary.BigEndian.Uint16(r), binary.BigEndian.Uint16(r[2:])
		at := binary.BigEndian.Uint32(r[4:])
		if int64(at) >= int64(len(cmap)) {
			continue
		}
		unicode := platform == 0 || platform == 3 && (kind == 1 || kind == 10)
		eachMapping(cmap[at:], func(c, gid int) {
			switch {
			case gid == 0 || len(p.Glyphs) > 1<<17:
			case unicode:
				if s := clean(rune(c)); s != "" && p.Glyphs[gid] == "" {
					p.Glyphs[gid] = s
				}
			case platform == 3 && kind == 0 && c>>8 == 0xf0:
				codes[c&0xff] = gid
			case platform == 1 && c < 256 && codes[c] == 0:
				codes[c] = gid
			}
		})
	}
	for c, gid := range codes {
		if s := p.Glyphs[gid]; s != "" && c < 256 {
			if p.Codes == nil {
				p.Codes = new(Table)
			}
			p.Codes[c] = s
		}
	}
}

// cut returns n bytes of b at an offset, nil if there are not as many.
func cut(b []byte, at, n int) []byte {
	if at < 0 || n < 0 || at > len(b)-n {
		return nil
	}
	return b[at : at+n]
}

// eachMapping calls found for the characters in a cmap subtable.
func eachMapping(b []byte, found func(c, gid int)) {
	be := binary.BigEndian
	if len(b) < 8 {
		return
	}
	switch be.Uint16(b) {
	case 0:
		for c, gid := range b[6:min(len(b), 262)] {
			found(c, int(gid))
		}
	case 4:
		segments(b, found)
	case 6:
		if len(b) < 10 {
			return
		}
		first, n := int(be.Uint16(b[6:])), int(be.Uint16(b[8:]))
		for i := range n {
			if g := cut(b, 10+2*i, 2); g != nil {
				found(first+i, int(be.Uint16(g)))
			}
		}
	case 12:
		if len(b) < 16 {
			return
		}
		total := 0
		for i := range be.Uint32(b[12:]) {
			g := cut(b, 16+12*int(i), 12)
			if g == nil {
				return
			}
			lo, hi, gid := be.Uint32(g), be.Uint32(g[4:]), be.Uint32(g[8:])
			for c := lo; c <= hi && c < 0x110000 && total < 1<<18; c++ {
				found(int(c), int(gid+c-lo))
				total++
			}
		}
	}
}

// segments reads a subtable of format 4.
func segments(b []byte, found func(c, gid int)) {
	be := binary.BigEndian
	if len(b) < 16 {
		return
	}
	n := int(be.Uint16(b[6:])) / 2
	ends, starts := cut(b, 14, 2*n), cut(b, 16+2*n, 2*n)
	deltas, offsets := cut(b, 16+4*n, 2*n), cut(b, 16+6*n, 2*n)
	if ends == nil || starts == nil || deltas == nil || offsets == nil {
		return
	}
	total := 0
	for i := range n {
		lo, hi := int(be.Uint16(starts[2*i:])), int(be.Uint16(ends[2*i:]))
		delta, offset := int(be.Uint16(deltas[2*i:])), int(be.Uint16(offsets[2*i:]))
		for c := lo; c <= hi && c < 0xffff && total < 1<<18; c++ {
			total++
			gid := c
			if offset != 0 {
				g := cut(b, 16+6*n+2*i+offset+2*(c-lo), 2)
				if g == nil {
					break
				}
				if gid = int(be.Uint16(g)); gid == 0 {
					continue
				}
			}
			found(c, (gid+delta)&0xffff)
		}
	}
}
