package glyph

import (
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

// Table is the encoding of a simple font: the text of each code.
type Table [256]string

// adobe lists the characters of the standard Latin character set in the order
// of their string numbers in CFF, from 1 (Adobe TN 5176, appendix A).
var adobe = []rune(" !\"#$%&’()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_‘abcdefghijklmnopqrstuvwxyz{|}~" +
	"¡¢£⁄¥ƒ§¤'“«‹›ﬁﬂ–†‡·¶•‚„”»…‰¿`´ˆ˜¯˘˙¨˚¸˝˛ˇ—ÆªŁØŒºæıłøœß" +
	"¹¬µ™Ð½±Þ¼÷¦°þ¾²®−ð×³©ÁÂÄÀÅÃÇÉÊËÈÍÎÏÌÑÓÔÖÒÕŠÚÛÜÙÝŸŽáâäàåãçéêëèíîïìñóôöòõšúûüùýÿž")

// upperStandard holds the codes above 0x7f of the characters of adobe from
// number 96 on.
const upperStandard = "\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab\xac\xad\xae\xaf\xb1\xb2\xb3\xb4\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd\xbf" +
	"\xc1\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xca\xcb\xcd\xce\xcf\xd0\xe1\xe3\xe8\xe9\xea\xeb\xf1\xf5\xf8\xf9\xfa\xfb"

// The encodings of ISO 32000-2, annex D.
var (
	Standard = func() (t Table) {
		for i, r := range adobe[:95] {
			t[' '+i] = string(r)
		}
		for i := range len(upperStandard) {
			t[upperStandard[i]] = string(adobe[95+i])
		}
		return t
	}()
	WinAnsi  = ofCharmap(charmap.Windows1252)
	MacRoman = ofCharmap(charmap.Macintosh)
	Symbol   = func() (t Table) {
		for i, r := range []rune(" !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼") {
			t[' '+i] = string(r)
		}
		t[0xb7] = "•"
		return t
	}()
	document = func() Table {
		t := ofCharmap(charmap.ISO8859_1)
		for i, r := range []rune("˘ˇˆ˙˝˛˚˜") {
			t[0x18+i] = string(r)
		}
		for i, r := range []rune("•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž") {
			t[0x80+i] = string(r)
		}
		t[0xa0] = "€"
		t['\t'], t['\n'], t['\r'] = "\t", "\n", "\n"
		return t
	}()
)

func ofCharmap(c *charmap.Charmap) (t Table) {
	for i := ' '; i < 256; i++ {
		if r := c.DecodeByte(byte(i)); r >= 0xa0 || r >= ' ' && r < 0x7f {
			t[i] = string(r)
		}
	}
	return t
}

// Text reads a text string (7.9.2.2): UTF-16 or UTF-8 with a mark, otherwise
// PDFDocEncoding.
func Text(s []byte) string {
	switch {
	case len(s) >= 2 && s[0] == 0xfe && s[1] == 0xff:
		return utf16BE(s[2:])
	case len(s) >= 2 && s[0] == 0xff && s[1] == 0xfe:
		swapped := make([]byte, len(s)&^1)
		for i := 0; i+1 < len(s); i += 2 {
			swapped[i], swapped[i+1] = s[i+1], s[i]
		}
		return utf16BE(swapped[2:])
	case len(s) >= 3 && string(s[:3]) == "\xef\xbb\xbf":
		return valid(s[3:])
	}
	return legacy(s)
}

func utf16BE(s []byte) string {
	units := make([]uint16, 0, len(s)/2)
	for i := 0; i+1 < len(s); i += 2 {
		u := uint16(s[i])<<8 | uint16(s[i+1])
		if u == 0x1b { // a language, in one unit or two, stands between two escapes
			for _, end := range []int{i + 4, i + 6} {
				if end+1 < len(s) && s[end] == 0 && s[end+1] == 0x1b {
					i = end
					break
				}
			}
			continue
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// fromUnits makes text of UTF-16, without what is no character.
func fromUnits(units []uint16) string {
	var out []byte
	for _, r := range utf16.Decode(units) {
		out = append(out, clean(r)...)
	}
	return string(out)
}
