// Package codepage decodes text by the number of a Windows code page, as the
// older Microsoft formats tell their encodings. Japanese and Unicode ones are
// read by package charset, so that they read as they do anywhere else.
package codepage

import (
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
)

// Code pages that readers ask for by name.
const (
	Unknown  = 0
	Japanese = 932
	UTF16    = 1200
	Western  = 1252
	UTF8     = 65001
)

// known maps code pages to the encodings of package charset. 10001 is the
// Macintosh's Japanese, which differs in a few symbols only.
var known = map[int]charset.Charset{
	Japanese: charset.CP932, 10001: charset.CP932, 943: charset.CP932,
	UTF16: charset.UTF16LE, 1201: charset.UTF16BE,
	Western: charset.Latin1, 20127: charset.Latin1, 28591: charset.Latin1, 32769: charset.Latin1,
	20932: charset.EUCJP, 51932: charset.EUCJP,
	50220: charset.ISO2022JP, 50221: charset.ISO2022JP, 50222: charset.ISO2022JP,
	UTF8: charset.UTF8, 12000: charset.UTF32LE, 12001: charset.UTF32BE,
}

var others = map[int]encoding.Encoding{
	437: charmap.CodePage437, 850: charmap.CodePage850, 852: charmap.CodePage852, 855: charmap.CodePage855,
	858: charmap.CodePage858, 860: charmap.CodePage860, 862: charmap.CodePage862, 863: charmap.CodePage863,
	865: charmap.CodePage865, 866: charmap.CodePage866, 874: charmap.Windows874,
	936: simplifiedchinese.GBK, 52936: simplifiedchinese.HZGB2312, 54936: simplifiedchinese.GB18030, 10008: simplifiedchinese.GBK,
	949: korean.EUCKR, 51949: korean.EUCKR, 1361: korean.EUCKR, 10003: korean.EUCKR,
	950: traditionalchinese.Big5, 10002: traditionalchinese.Big5,
	1250: charmap.Windows1250, 1251: charmap.Windows1251, 1253: charmap.Windows1253, 1254: charmap.Windows1254,
	1255: charmap.Windows1255, 1256: charmap.Windows1256, 1257: charmap.Windows1257, 1258: charmap.Windows1258,
	10000: charmap.Macintosh, 32768: charmap.Macintosh, 10007: charmap.MacintoshCyrillic,
	20866: charmap.KOI8R, 21866: charmap.KOI8U,
	28592: charmap.ISO8859_2, 28593: charmap.ISO8859_3, 28594: charmap.ISO8859_4, 28595: charmap.ISO8859_5,
	28596: charmap.ISO8859_6, 28597: charmap.ISO8859_7, 28598: charmap.ISO8859_8, 28599: charmap.ISO8859_9,
	28605: charmap.ISO8859_15,
}

// Text decodes b, which is in code page page. A page that is not known, or the
// Western one that so many writers name out of habit, gives way to what b looks
// like. What is not valid becomes U+FFFD.
func Text(page int, b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if charset.ASCIIPrefix(b) == len(b) && page != UTF16 && page != 1201 && page/10 != 5022 && page != 52936 {
		return string(b)
	}
	if e := others[page]; e != nil {
		s, _ := e.NewDecoder().Bytes(b) // what is not valid is replaced, not an error
		return string(s)
	}
	c, ok := known[page]
	if !ok || c == charset.Latin1 {
		g := charset.Detect(b, true, false, "")
		if !ok || utf8.Valid(b) || g.Charset == charset.CP932 && g.Sure > 0.8 && paired(b) {
			c = g.Charset
		}
	}
	return charset.Text(b, c)
}

// paired reports whether most of what is not ASCII in b makes pairs of CP932:
// two accented letters side by side are rare in Western text.
func paired(b []byte) bool {
	pairs, single := 0, 0
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] < 0x80:
		case i+1 < len(b) && b[i] >= 0x81 && b[i] <= 0x9f && b[i+1] >= 0x40:
			pairs++
			i++
		default:
			single++
		}
	}
	return pairs > 1 && pairs > 2*single
}

// languages maps primary language identifiers ([MS-LCID]) to the code pages that
// Windows used for them.
var languages = map[int]int{
	0x01: 1256, 0x02: 1251, 0x05: 1250, 0x08: 1253, 0x0d: 1255, 0x0e: 1250, 0x11: Japanese, 0x12: 949,
	0x15: 1250, 0x18: 1250, 0x19: 1251, 0x1a: 1250, 0x1b: 1250, 0x1c: 1250, 0x1e: 874, 0x1f: 1254,
	0x20: 1256, 0x22: 1251, 0x23: 1251, 0x24: 1250, 0x25: 1257, 0x26: 1257, 0x27: 1257, 0x29: 1256,
	0x2a: 1258, 0x2f: 1251, 0x3f: 1251,
}

// OfLanguage returns the code page that goes with a language identifier.
func OfLanguage(lid int) int {
	switch lid {
	case 0x0404, 0x0c04, 0x1404:
		return 950
	case 0x0804, 0x1004:
		return 936
	case 0x0c1a, 0x1c1a:
		return 1251
	}
	if p := languages[lid&0x3ff]; p != 0 {
		return p
	}
	return Western
}

// charsets maps the character sets of fonts (LOGFONT's lfCharSet) to code pages.
var charsets = map[int]int{
	0: Western, 77: 10000, 78: 10001, 79: 10003, 80: 10008, 81: 10002, 128: Japanese, 129: 949, 130: 1361,
	134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256, 186: 1257, 204: 1251,
	222: 874, 238: 1250, 254: 437, 255: 437,
}

// OfFont returns the code page of a font's character set, Unknown if it has none
// of its own.
func OfFont(set int) int { return charsets[set] }
