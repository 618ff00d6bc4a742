package pdf

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

func composite(cmap, ordering string) (font, below string) {
	return "<< /Type /Font /Subtype /Type0 /BaseFont /Ryumin-Light /Encoding " + cmap + " /DescendantFonts [6 0 R] >>",
		"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Ryumin-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (" + ordering + ") /Supplement 2 >> /DW 1000 >>"
}

func shown(b []byte) string { return "BT /F1 10 Tf 50 700 Td <" + hex.EncodeToString(b) + "> Tj ET" }

// TestPredefined shows text in each of the charsets that predefined CMaps are
// for.
func TestPredefined(t *testing.T) {
	utf16 := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	for _, c := range []struct {
		cmaps, ordering string
		enc             encoding.Encoding
		want            string
	}{
		{"90ms-RKSJ-H 90msp-RKSJ-H 90pv-RKSJ-H 83pv-RKSJ-H Ext-RKSJ-H", "Japan1", japanese.ShiftJIS, "関守 太郎 ｾｷﾓﾘ 090-0000-0001"},
		{"EUC-H", "Japan1", japanese.EUCJP, "関守 太郎 090-0000-0001"},
		{"UniJIS-UCS2-H UniJIS-UCS2-HW-H UniJIS-UTF16-H UniJIS2004-UTF16-H", "Japan1", utf16, "関守 太郎 髙﨑 090-0000-0001"},
		{"UniJIS-UTF16-H", "Japan1", utf16, "𠮷田"},
		{"UniJIS-UTF8-H", "Japan1", unicode.UTF8, "関守 太郎"},
		{"UniJIS-UTF32-H", "Japan1", utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), "関守 太郎"},
		{"GBK-EUC-H GBKp-EUC-H GB-EUC-H", "GB1", simplifiedchinese.GBK, "关守 13800138000"},
		{"GBK2K-H", "GB1", simplifiedchinese.GB18030, "关守㐀"},
		{"ETen-B5-H B5pc-H HKscs-B5-H", "CNS1", traditionalchinese.Big5, "關守 0912345678"},
		{"KSCms-UHC-H KSC-EUC-H KSCms-UHC-HW-H", "Korea1", korean.EUCKR, "홍길동 010-0000-0001"},
		{"UniKS-UTF16-H UniGB-UCS2-H UniCNS-UTF16-H", "Korea1", utf16, "홍길동"},
	} {
		b, err := c.enc.NewEncoder().Bytes([]byte(c.want))
		if err != nil {
			t.Fatal(err)
		}
		for _, cmap := range strings.Fields(c.cmaps) {
			t.Run(cmap, func(t *testing.T) {
				font, below := composite("/"+cmap, c.ordering)
				check(t, pageWith(font, shown(b), below), c.want)
			})
		}
	}
	t.Run("H", func(t *testing.T) { // JIS X 0208 in seven bits
		b, _ := japanese.EUCJP.NewEncoder().Bytes([]byte("関守太郎"))
		for i := range b {
			b[i] &= 0x7f
		}
		font, below := composite("/H", "Japan1")
		check(t, pageWith(font, shown(b), below), "関守太郎")
	})
}

func TestVertical(t *testing.T) {
	font, below := composite("/UniJIS-UTF16-V", "Japan1")
	column := func(x int, s string) string {
		b, _ := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().Bytes([]byte(s))
		return fmt.Sprintf("1 0 0 1 %d 700 Tm <%x> Tj ", x, b)
	}
	check(t, pageWith(font, "BT /F1 10 Tf "+column(280, "東京都")+column(300, "門番花子")+"ET", below), "門番花子\n東京都")
}

// TestStacked shows vertical lines in a horizontal font, as browsers do.
func TestStacked(t *testing.T) {
	font, below := composite("/UniJIS-UTF16-H", "Japan1")
	content := "BT /F1 10 Tf "
	for i, r := range []rune("門番花子") {
		content += fmt.Sprintf("1 0 0 1 300 %d Tm <%04x> Tj ", 700-10*i, r)
	}
	for i, r := range []rune("東京都") {
		content += fmt.Sprintf("1 0 0 1 280 %d Tm <%04x> Tj ", 700-10*i, r)
	}
	check(t, pageWith(font, content+"ET", below), "門番花子\n東京都")
}

func TestRadicals(t *testing.T) {
	font, below := composite("/Identity-H", "Identity")
	font = strings.Replace(font, "/Encoding", "/ToUnicode 7 0 R /Encoding", 1)
	check(t, pageWith(font, "BT /F1 10 Tf 50 700 Td <000100020003> Tj ET", below,
		stream("", "3 beginbfchar <0001> <2FBC> <0002> <2ED1> <0003> <2EC4> endbfchar")), "高長西")
}

func TestCollections(t *testing.T) {
	for ordering, c := range map[string]struct{ codes, want string }{
		"Japan1": {"<0022 034a 034b>", "Aぁあ"},
		"GB1":    {"<0022>", "A"},
		"CNS1":   {"<0022>", "A"},
		"Korea1": {"<0022>", "A"},
	} {
		t.Run(ordering, func(t *testing.T) {
			font, below := composite("/Identity-H", ordering)
			check(t, pageWith(font, "BT /F1 10 Tf 50 700 Td "+c.codes+" Tj ET", below), c.want)
		})
	}
}

const toUnicode = `/CIDInit /ProcSet findresource begin 12 dict begin begincmap
1 begincodespacerange <0000> <FFFF> endcodespacerange
2 beginbfchar <0001> <95A2> <0002> <D842DFB7> endbfchar
2 beginbfrange <0010> <0012> <5B88> <0020> <0021> [<592A> <90CE>] endbfrange
endcmap end end`

func TestToUnicode(t *testing.T) {
	font, below := composite("/Identity-H", "Identity")
	font = strings.Replace(font, "/Encoding", "/ToUnicode 7 0 R /Encoding", 1)
	check(t, pageWith(font, "BT /F1 10 Tf 50 700 Td <00010010002000210002> Tj ET", below, stream("", toUnicode)), "関守太郎𠮷")
}

func TestEmbeddedCMap(t *testing.T) {
	font, below := composite("7 0 R", "Japan1")
	cmap := "begincmap /90ms-RKSJ-H usecmap 1 begincodespacerange <00> <80> endcodespacerange 1 begincodespacerange <8140> <9ffc> endcodespacerange 1 begincidrange <41> <42> 34 endcidrange endcmap"
	check(t, pageWith(font, "BT /F1 10 Tf 50 700 Td <4142 8ad6> Tj ET", below, stream("/Type /CMap", cmap)), "AB関")
}

func TestSimpleFonts(t *testing.T) {
	for name, c := range map[string]struct{ font, codes, want string }{
		"standard":    {"/Subtype /Type1 /BaseFont /Times-Roman", "<27 41 ae a5>", "’Aﬁ¥"},
		"windows":     {"/Subtype /TrueType /BaseFont /Arial /Encoding /WinAnsiEncoding", "<80 e9 92>", "€é’"},
		"macintosh":   {"/Subtype /TrueType /BaseFont /Arial /Encoding /MacRomanEncoding", "<8e d5>", "é’"},
		"differences": {"/Subtype /Type1 /BaseFont /X /Encoding << /Differences [1 /S /e /k /uni0069 200 /u6771 /f_i /eacute.alt] >>", "<01020304 c8c9ca>", "Seki東fié"},
		"numbered":    {"/Subtype /Type3 /FontMatrix [0.01 0 0 0.01 0 0] /Encoding << /Differences [1 /a48 /a57 /g48] >>", "<010203>", "090"},
		"none":        {"", "<30 39 30>", "090"},
	} {
		t.Run(name, func(t *testing.T) {
			check(t, pageWith("<< /Type /Font "+c.font+" >>", "BT /F1 10 Tf 50 700 Td "+c.codes+" Tj ET"), c.want)
		})
	}
}

// TestUnknownGlyphs shows glyphs of which nothing says what they are.
func TestUnknownGlyphs(t *testing.T) {
	font, below := composite("/Identity-H", "Identity")
	x := inspect(t, pageWith(font, "BT /F1 10 Tf 50 700 Td <0041004200430044> Tj ET", below))
	if s := x.Parts[0].Skips; len(s) != 1 || s[0] != "decode-error" {
		t.Errorf("told as %v", s)
	}
	x = inspect(t, pageWith(font, "BT /F1 10 Tf 50 700 Td <0041> Tj ET", below))
	if s := x.Parts[0].Skips; len(s) != 0 {
		t.Errorf("one symbol is told as %v", s)
	}
}
