package pdf

import (
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/glyph"
	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/object"
)

// font turns the bytes of shown strings into text and advances.
type font struct {
	composite bool
	vertical  bool
	codes     *glyph.CMap // of a composite font
	toUnicode *glyph.CMap
	unicode   bool // codes are UTF-16, by a ToUnicode that is a name
	ordering  string
	program   *glyph.Program // embedded, nil if not read
	embedded  func()         // reads it, nil if that has been done or there is none
	gids      []byte         // CIDToGIDMap, nil if identity
	table     glyph.Table    // of a simple font
	guess     glyph.Table    // what codes probably are that the table does not know
	widths    map[int]float64
	missing   float64                   // width of those not listed
	latin     func(code uint32) float64 // widths of what a simple font does not list
	memo      map[uint64]shape
}

// shape is what one code comes to. Its advance is in units of the font size.
type shape struct {
	text    string
	advance float64
}

// unknown stands for a glyph of which nobody says what it is.
const unknown = "\ufffd"

// font returns the font that a resource names.
func (d *document) font(o any) *font {
	ref, isRef := o.(object.Ref)
	if f, ok := d.fonts[ref]; ok && isRef {
		return f
	}
	dict := d.f.Dict(o)
	f := &font{memo: map[uint64]shape{}, widths: map[int]float64{}}
	switch u := d.f.Get(dict["ToUnicode"]).(type) {
	case *object.Stream:
		f.toUnicode = d.cmap(u, 0)
	case object.Name:
		f.unicode = strings.HasPrefix(string(u), "Identity")
	}
	if dict["Subtype"] == object.Name("Type0") {
		d.compositeFont(f, dict)
	} else {
		d.simpleFont(f, dict)
	}
	if isRef {
		if d.held += f.size(); len(d.fonts) >= maxFonts || d.held > maxGlyphs {
			clear(d.fonts)
			d.held = f.size()
		}
		d.fonts[ref] = f
	}
	return f
}

// What is kept of fonts between pages, at most.
const (
	maxFonts  = 256
	maxGlyphs = 1 << 20
	maxMemo   = 1 << 13 // shapes of one font
)

// size is about how many glyphs f knows.
func (f *font) size() int {
	n := len(f.widths) + len(f.gids)/2
	if f.toUnicode != nil {
		n += f.toUnicode.Size()
	}
	if f.codes != nil {
		n += f.codes.Size()
	}
	if f.program != nil {
		n += len(f.program.Glyphs)
	}
	return n
}

// cmap reads a CMap in a stream, with the one it builds upon.
func (d *document) cmap(s *object.Stream, depth int) *glyph.CMap {
	b, err := d.f.Data(s)
	if err != nil {
		d.fault(err, "a table of characters")
	}
	var base *glyph.CMap
	switch u := d.f.Get(s.Dict["UseCMap"]).(type) {
	case *object.Stream:
		if depth < 4 {
			base = d.cmap(u, depth+1)
		}
	case object.Name:
		base = glyph.Predefined(string(u))
	}
	m := glyph.ParseCMap(b, base)
	if v, ok := d.f.Get(s.Dict["WMode"]).(int); ok {
		m.Vertical = v == 1
	}
	return m
}

// compositeFont reads a Type 0 font (9.7).
func (d *document) compositeFont(f *font, dict object.Dict) {
	f.composite = true
	var below object.Dict
	if kids := d.f.Array(dict["DescendantFonts"]); len(kids) > 0 {
		below = d.f.Dict(kids[0])
	}
	info := d.f.Dict(below["CIDSystemInfo"])
	if s, ok := d.f.Get(info["Ordering"]).(object.String); ok {
		f.ordering = string(s)
	}
	switch e := d.f.Get(dict["Encoding"]).(type) {
	case *object.Stream:
		f.codes = d.cmap(e, 0)
	case object.Name:
		if f.codes = glyph.Predefined(string(e)); f.codes == nil && f.toUnicode == nil {
			d.note("text in an encoding that is not known")
		}
	}
	if f.codes == nil {
		f.codes = glyph.Predefined("Identity-H")
	}
	f.vertical = f.codes.Vertical
	if m, ok := d.f.Get(below["CIDToGIDMap"]).(*object.Stream); ok {
		f.gids, _ = d.f.Data(m)
		f.gids = f.gids[:min(len(f.gids), 1<<17)]
	}
	f.embedded = func() { f.program = d.program(d.f.Dict(below["FontDescriptor"])) }
	f.missing = d.number(below["DW"], 1000) / 1000
	if f.vertical {
		f.missing = 1
		if dw2 := d.f.Array(below["DW2"]); len(dw2) == 2 {
			f.missing = -d.number(dw2[1], -1000) / 1000
		}
		return
	}
	w := d.f.Array(below["W"])
	for i := 0; i+1 < len(w) && len(f.widths) < 1<<16; {
		first := d.f.Int(w[i], 0)
		if list, ok := d.f.Get(w[i+1]).(object.Array); ok {
			for k, o := range list {
				f.widths[first+k] = d.number(o, 0) / 1000
			}
			i += 2
			continue
		}
		if i+2 >= len(w) {
			break
		}
		end, width := d.f.Int(w[i+1], 0), d.number(w[i+2], 0)/1000
		for cid := first; cid <= min(end, first+1<<16) && len(f.widths) < 1<<16; cid++ {
			f.widths[cid] = width
		}
		i += 3
	}
}

// program reads the font program that a descriptor names.
func (d *document) program(descriptor object.Dict) *glyph.Program {
	for _, k := range []object.Name{"FontFile", "FontFile2", "FontFile3"} {
		if s, ok := d.f.Get(descriptor[k]).(*object.Stream); ok {
			b, _ := d.f.Data(s)
			return glyph.ParseProgram(b)
		}
	}
	return nil
}

// simpleFont reads a Type 1, TrueType or Type 3 font (9.6).
func (d *document) simpleFont(f *font, dict object.Dict) {
	kind := d.f.Name(dict["Subtype"])
	descriptor := d.f.Dict(dict["FontDescriptor"])
	base := d.f.Name(dict["BaseFont"])
	encoding := d.f.Get(dict["Encoding"])
	name := d.f.Name(encoding)
	differences, _ := encoding.(object.Dict)
	if differences != nil {
		name = d.f.Name(differences["BaseEncoding"])
	}
	var named [256]bool // by the differences
	f.guess = glyph.WinAnsi
	switch name {
	case "WinAnsiEncoding":
		f.table = glyph.WinAnsi
	case "MacRomanEncoding":
		f.table = glyph.MacRoman
	case "StandardEncoding":
		f.table = glyph.Standard
	default:
		// The built-in encoding of the font.
		if strings.Contains(string(base), "Symbol") && descriptor["FontFile2"] == nil {
			f.table = glyph.Symbol
		} else if kind == "Type1" || kind == "MMType1" {
			f.table = glyph.Standard
		}
		f.embedded = func() {
			p := d.program(descriptor)
			for code := range f.table {
				if p != nil && p.Codes != nil && !named[code] {
					f.table[code] = p.Codes[code]
				}
			}
		}
	}
	code := 0
	for _, o := range d.f.Array(differences["Differences"]) {
		switch v := d.f.Get(o).(type) {
		case int:
			code = v
		case object.Name:
			if code >= 0 && code < 256 {
				f.table[code], named[code] = glyph.Named(string(v)), true
				if f.table[code] == "" {
					if n := glyph.Numbered(string(v)); n != "" {
						f.guess[code] = n
					} else if v == ".notdef" {
						f.guess[code] = ""
					}
				}
			}
			code++
		}
	}
	scale := 1.0 / 1000
	if kind == "Type3" {
		if m := d.f.Array(dict["FontMatrix"]); len(m) == 6 {
			scale = d.number(m[0], 0.001)
		}
	}
	first := d.f.Int(dict["FirstChar"], 0)
	for i, o := range d.f.Array(dict["Widths"]) {
		if i > 255 {
			break
		}
		f.widths[first+i] = d.number(o, 0) * scale
	}
	f.missing = d.number(descriptor["MissingWidth"], 0) * scale
	f.latin = latinWidths(string(base))
}

func (d *document) number(o any, otherwise float64) float64 {
	if n, ok := object.Number(d.f.Get(o)); ok {
		return n
	}
	return otherwise
}

// next returns the shape of the code that s begins with, and its length.
func (f *font) next(s []byte) (shape, int) {
	code, n := uint32(s[0]), 1
	if f.composite {
		code, n = f.codes.Next(s)
	}
	key := uint64(n)<<32 | uint64(code)
	g, ok := f.memo[key]
	if !ok {
		if g = f.shape(code, n); len(f.memo) < maxMemo {
			f.memo[key] = g
		}
	}
	return g, n
}

func (f *font) shape(code uint32, n int) shape {
	var g shape
	switch {
	case f.toUnicode != nil:
		g.text = f.toUnicode.Text(code, n)
	case f.unicode:
		g.text = glyph.Predefined("UniJIS-UTF16-H").Text(code, n)
	}
	if g.text == "" {
		f.read()
	}
	if !f.composite {
		if g.text == "" {
			g.text = f.table[code&0xff]
		}
		if g.text == "" {
			g.text = f.guess[code&0xff]
		}
		var ok bool
		if g.advance, ok = f.widths[int(code)]; !ok {
			if g.advance = f.missing; g.advance == 0 {
				g.advance = f.latin(code)
			}
		}
		if g.text == "" && g.advance > 0 && (code < '\t' || code > '\r') {
			g.text = unknown
		}
		return g
	}
	cid, known := f.codes.CID(code, n)
	if g.text == "" {
		g.text = f.codes.Text(code, n)
	}
	if g.text == "" && known {
		g.text = f.textOf(cid)
	}
	if g.text == "" && (cid != 0 || !known) {
		g.text = unknown
	}
	var ok bool
	if g.advance, ok = f.widths[cid]; !ok || !known {
		g.advance = f.missing
		if n == 1 && !f.vertical && f.missing == 1 {
			g.advance = 0.5
		}
	}
	return g
}

// read reads the embedded program, which is needed only where nothing better
// says what glyphs are.
func (f *font) read() {
	if f.embedded == nil || f.composite && glyph.OfCollection(f.ordering, 34) != "" {
		return
	}
	load := f.embedded
	f.embedded = nil
	load()
}

// textOf returns the text of a CID by its collection, or by what the embedded
// program says of the glyph.
func (f *font) textOf(cid int) string {
	if s := glyph.OfCollection(f.ordering, cid); s != "" || f.program == nil {
		return s
	}
	if f.gids != nil {
		if 2*cid+1 >= len(f.gids) {
			return ""
		}
		cid = int(f.gids[2*cid])<<8 | int(f.gids[2*cid+1])
	}
	return f.program.Glyphs[cid]
}
