package glyph

import (
	"strings"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
)

func valid(s []byte) string { return strings.ToValidUTF8(string(s), "\ufffd") }

// legacy reads a text string without a mark. By the standard that is
// PDFDocEncoding, but Japanese programs wrote CP932 or UTF-8 there.
func legacy(s []byte) string {
	high := 0
	for _, c := range s {
		if c >= 0x80 {
			high++
		}
	}
	if high >= 2 {
		if utf8.Valid(s) {
			return string(s)
		}
		if g := charset.Detect(s, true, false, ""); g.Sure > 0.8 && g.Charset != charset.Latin1 {
			return charset.Text(s, g.Charset)
		}
	}
	var out strings.Builder
	for _, c := range s {
		out.WriteString(document[c])
	}
	return out.String()
}
