package glyph

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// coding is how a predefined CMap (9.7.5.2) forms codes. Those that are not of
// the identity encode characters in a charset, which is all that has to be
// known of them: the glyphs of their collections do not matter here.
type coding struct {
	size   func([]byte) int // of the next code, at least 1
	enc    encoding.Encoding
	prefix string // put before a code to decode it
	high   bool   // codes of seven bits are decoded with the eighth set
	wide   bool   // ASCII is half as wide as kanji, not proportional
	latin  bool   // codes of ASCII are ASCII whatever their length
	direct bool   // codes are CIDs
}

func fixed(n int) func([]byte) int { return func([]byte) int { return n } }

// lead tells codes of two bytes by their first.
func lead(ranges string) func([]byte) int {
	return func(s []byte) int {
		for i := 0; i < len(ranges); i += 2 {
			if s[0] >= ranges[i] && s[0] <= ranges[i+1] {
				return 2
			}
		}
		return 1
	}
}

func utf16Size(s []byte) int {
	if s[0] >= 0xd8 && s[0] <= 0xdb {
		return 4
	}
	return 2
}

func utf8Size(s []byte) int { _, n := utf8.DecodeRune(s); return max(n, 1) }

func gb18030Size(s []byte) int {
	if s[0] >= 0x81 && len(s) > 1 && s[1]-'0' < 10 {
		return 4
	}
	return lead("\x81\xfe")(s)
}

var (
	identity = coding{size: fixed(2), direct: true}

	sjis    = coding{size: lead("\x81\x9f\xe0\xfc"), enc: japanese.ShiftJIS, wide: true}
	sjisp   = coding{size: lead("\x81\x9f\xe0\xfc"), enc: japanese.ShiftJIS}
	eucjp   = coding{size: lead("\xa1\xfe\x8e\x8e"), enc: japanese.EUCJP, wide: true}
	jis     = coding{size: fixed(2), enc: japanese.EUCJP, high: true}
	hojo    = coding{size: fixed(2), enc: japanese.EUCJP, high: true, prefix: "\x8f"}
	gbk     = coding{size: lead("\x81\xfe"), enc: simplifiedchinese.GBK}
	gb7     = coding{size: fixed(2), enc: simplifiedchinese.GBK, high: true}
	gb18    = coding{size: gb18030Size, enc: simplifiedchinese.GB18030}
	big5    = coding{size: lead("\x81\xfe"), enc: traditionalchinese.Big5}
	euckr   = coding{size: lead("\x81\xfe"), enc: korean.EUCKR}
	ksc7    = coding{size: fixed(2), enc: korean.EUCKR, high: true}
	utf16be = coding{size: utf16Size, enc: unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), latin: true}
	utf16hw = coding{size: utf16Size, enc: unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), latin: true, wide: true}
	utf8enc = coding{size: utf8Size, enc: unicode.UTF8}
	utf32be = coding{size: fixed(4), enc: utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)}
)

// codings lists the predefined CMaps by their names without -H or -V. Those
// whose names begin with Uni are told by what follows.
var codings = map[string]*coding{
	"Identity":  &identity,
	"83pv-RKSJ": &sjisp, "90ms-RKSJ": &sjis, "90msp-RKSJ": &sjisp, "90pv-RKSJ": &sjisp,
	"Add-RKSJ": &sjis, "Ext-RKSJ": &sjis, "78-RKSJ": &sjis, "78ms-RKSJ": &sjis, "RKSJ": &sjis,
	"EUC": &eucjp, "78-EUC": &eucjp,
	"": &jis, "78": &jis, "Add": &jis, "Ext": &jis, "NWP": &jis, "Hojo": &hojo,
	"GB-EUC": &gbk, "GBpc-EUC": &gbk, "GBK-EUC": &gbk, "GBKp-EUC": &gbk, "GB": &gb7, "GBK2K": &gb18,
	"B5pc": &big5, "HKscs-B5": &big5, "ETen-B5": &big5, "ETenms-B5": &big5, "ETHK-B5": &big5,
	"KSC-EUC": &euckr, "KSCms-UHC": &euckr, "KSCms-UHC-HW": &euckr, "KSCpc-EUC": &euckr, "KSC": &ksc7,
}

// Predefined returns the predefined CMap of that name, nil if it is not known.
func Predefined(name string) *CMap {
	stem, vertical := strings.CutSuffix(name, "V")
	if !vertical {
		stem = strings.TrimSuffix(name, "H")
	}
	if stem == name {
		return nil
	}
	stem = strings.TrimSuffix(stem, "-")
	c := codings[stem]
	if strings.HasPrefix(stem, "Uni") {
		switch {
		case strings.HasSuffix(stem, "-HW"):
			c = &utf16hw
		case strings.Contains(stem, "UCS2"), strings.Contains(stem, "UTF16"):
			c = &utf16be
		case strings.Contains(stem, "UTF8"):
			c = &utf8enc
		case strings.Contains(stem, "UTF32"):
			c = &utf32be
		}
	}
	if c == nil {
		return nil
	}
	return &CMap{Vertical: vertical, coding: c}
}

// text decodes one code.
func (c *coding) text(code uint32, n int) string {
	if c.enc == nil {
		return ""
	}
	src := append(make([]byte, 0, 8), c.prefix...)
	for i := n - 1; i >= 0; i-- {
		b := byte(code >> (8 * i))
		if c.high {
			b |= 0x80
		}
		src = append(src, b)
	}
	out, err := c.enc.NewDecoder().Bytes(src)
	if err != nil || strings.ContainsRune(string(out), utf8.RuneError) {
		return ""
	}
	text := []byte{}
	for _, r := range string(out) {
		text = append(text, clean(r)...)
	}
	return string(text)
}

// cid is known of the identity only; of the others, what the widths of Latin
// letters in Japanese fonts are listed under.
func (c *coding) cid(code uint32, n int) (int, bool) {
	switch {
	case c.direct:
		return int(code), true
	case (n == 1 || c.latin) && code >= ' ' && code < 0x7f:
		if c.wide {
			return int(code) - ' ' + 231, true
		}
		return int(code) - ' ' + 1, true
	}
	return 0, false
}
