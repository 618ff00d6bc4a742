package glyph

import (
	"encoding/binary"
	"testing"
)

func TestNamed(t *testing.T) {
	for name, want := range map[string]string{
		"A": "A", "eacute": "é", "f_i": "fi", "uni6771": "東", "uni6771.vert": "東", "u20BB7": "𠮷",
		"uniD842DFB7": "𠮷", "a.sc": "a", ".notdef": "", "": "", "g12": "", "uniXYZW": "", "afii10017": "А",
		"uniE000": "", "onesuperior": "¹",
	} {
		if got := Named(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{"a65": "A", "C0048": "0", "g300": "", "65": "", "A": "", "a6543210": ""} {
		if got := Numbered(name); got != want {
			t.Errorf("number of %q: %q, want %q", name, got, want)
		}
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                                "plain",
		"\xfe\xff\x59\x2a\x90\xce":             "太郎",
		"\xff\xfe\x2a\x59\xce\x90":             "太郎",
		"\xef\xbb\xbf太郎":                       "太郎",
		"caf\xe9 \x80":                         "café •",
		"\xfe\xff\x00\x1bjaJP\x00\x1b\x59\x2a": "太",
		"\x8a\xd6\x8e\xe7\x91\xbe\x98\x59\x82\xcc\x8c\xda\x8b\x71\x96\xbc\x95\xeb": "関守太郎の顧客名簿",
	} {
		if got := Text([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestEncodings(t *testing.T) {
	for _, c := range []struct {
		table *Table
		code  byte
		want  string
	}{
		{&Standard, 0x27, "’"}, {&Standard, 0xfb, "ß"}, {&Standard, 0xae, "ﬁ"}, {&Standard, 0x80, ""},
		{&WinAnsi, 0x80, "€"}, {&MacRoman, 0x8e, "é"}, {&Symbol, 0x61, "α"},
	} {
		if got := c.table[c.code]; got != c.want {
			t.Errorf("%#x: %q, want %q", c.code, got, c.want)
		}
	}
	if len(adobe) != 228 || string(adobe[227]) != "ž" || string(adobe[148]) != "ß" {
		t.Errorf("%d characters", len(adobe))
	}
}

func TestCollections(t *testing.T) {
	for _, c := range []struct {
		ordering string
		cid      int
		want     string
	}{
		{"Japan1", 34, "A"}, {"Japan1", 232, "!"}, {"Japan1", 843, "あ"}, {"Japan1", 1125, "亜"}, {"Japan1", 1 << 20, ""},
		{"Japan1", -1, ""}, {"GB1", 34, "A"}, {"CNS1", 34, "A"}, {"Korea1", 34, "A"}, {"None", 34, ""},
	} {
		if got := OfCollection(c.ordering, c.cid); got != c.want {
			t.Errorf("%s %d: %q, want %q", c.ordering, c.cid, got, c.want)
		}
	}
}

// sfnt writes a TrueType program with one cmap subtable of format 4 that leads
// from first to the glyphs from 1 on.
func sfnt(first, n uint16) []byte {
	sub := []uint16{4, 32, 0, 4, 0, 0, 0, first + n - 1, 0xffff, 0, first, 0xffff, 1 - first, 1, 0, 0}
	cmap := []uint16{0, 1, 3, 1, 0, 12}
	b := append([]byte("\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00cmap\x00\x00\x00\x00"), 0, 0, 0, 28, 0, 0, 0, 44)
	for _, v := range append(cmap, sub...) {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func TestPrograms(t *testing.T) {
	if p := ParseProgram(sfnt('あ', 5)); p.Glyphs[1] != "あ" || p.Glyphs[3] != "い" {
		t.Errorf("TrueType: %v", p.Glyphs)
	}
	p := ParseProgram([]byte("%!PS-AdobeFont-1.0: X\n/Encoding 256 array 0 1 255 {1 index exch /.notdef put} for\ndup 1 /A put\ndup 2 /uni592A put\nreadonly def\ncurrentfile eexec\x80\x81"))
	if p.Codes == nil || p.Codes[1] != "A" || p.Codes[2] != "太" {
		t.Errorf("Type 1: %v", p.Codes)
	}
	// A CFF program with the glyphs .notdef, A and one named uni592A, at the
	// codes 7 and 8.
	cff := []byte("\x01\x00\x04\x01" + "\x00\x01\x01\x01\x02X" +
		"\x00\x01\x01\x01\x0d" + "\x1c\x00\x2d\x0f" + "\x1c\x00\x32\x10" + "\x1c\x00\x36\x11" +
		"\x00\x01\x01\x01\x08uni592A" + "\x00\x00" + "\x00\x00\x00\x00" +
		"\x00\x00\x22\x01\x87" + "\x00\x02\x07\x08" + "\x00\x03\x01\x01\x02\x03\x04\x0e\x0e\x0e")
	if p := ParseProgram(cff); p.Codes == nil || p.Codes[7] != "A" || p.Codes[8] != "太" || p.Glyphs[2] != "太" {
		t.Errorf("CFF: %v", p)
	}
}

func FuzzProgram(f *testing.F) {
	f.Add(sfnt('a', 3))
	f.Add([]byte("%!PS\n/Encoding 256 array dup 1 /A put def"))
	f.Add([]byte("\x01\x00\x04\x01\x00\x01\x01\x01\x02X\x00\x01\x01\x01\x02\x8b\x00\x00"))
	f.Fuzz(func(_ *testing.T, b []byte) { ParseProgram(b) })
}

func FuzzCMap(f *testing.F) {
	f.Add([]byte("1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfrange <00> <0f> <0041> endbfrange"), []byte("\x01\x02"))
	f.Add([]byte("/90ms-RKSJ-V usecmap 1 begincidrange <8140> <817e> 633 endcidrange /WMode 1 def"), []byte("\x81\x40a"))
	f.Fuzz(func(t *testing.T, b, text []byte) {
		m := ParseCMap(b, nil)
		for len(text) > 0 {
			code, n := m.Next(text)
			if n < 1 || n > len(text) {
				t.Fatalf("a code of %d bytes", n)
			}
			m.Text(code, n)
			m.CID(code, n)
			text = text[n:]
		}
	})
}
