// Package runs finds what reads as text in binary records of known formats: the
// names, titles and remains that stand in structures whose fields no reader
// takes one by one. It is for small structures; whole files of no known format
// are read so by package decode, which tells of them as not inspected.
package runs

import (
	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/extract/codepage"
)

// Lengths from which a run counts: characters of UTF-16, bytes of others.
const (
	minWide   = 4
	minNarrow = 6
)

// Append appends the runs of UTF-16LE and of text in code page page (Unknown: as
// it looks) in b to dst as UTF-8, one a line.
func Append(dst, b []byte, page int) []byte {
	for i := 0; i < len(b); {
		wide, narrow := wideRun(b[i:]), narrowRun(b[i:])
		if wide < 2*minWide || !telling(b[i:i+wide]) && (max(narrow, narrowRun(b[i+1:])) >= minNarrow || !readsWide(b[i:i+wide])) {
			wide = 0
		}
		switch {
		case wide > 0:
			dst = append(append(dst, charset.Text(b[i:i+wide], charset.UTF16LE)...), '\n')
			i += wide
		case narrow >= minNarrow:
			dst = append(append(dst, codepage.Text(page, b[i:i+narrow])...), '\n')
			i += narrow
		default:
			i++
		}
	}
	return dst
}

// printable reports whether c is a byte of text in ASCII.
func printable(c byte) bool { return c >= ' ' && c < 0x7f || c == '\t' || c == '\n' || c == '\r' }

// wideRun returns the length in bytes of the run of usual characters of UTF-16LE
// that b begins with: ASCII, Latin, Greek and Cyrillic letters, kana, kanji,
// full width forms.
func wideRun(b []byte) int {
	n := 0
	for n+2 <= len(b) && usual(b[n], b[n+1]) {
		n += 2
	}
	return n
}

func usual(lo, hi byte) bool {
	return common(lo, hi) || hi == 0 && (lo >= 0xa0 || printable(lo)) || hi == 1 && lo < 0x80 || hi >= 0x4e && hi <= 0x9f || hi == 0x30 && lo <= 0x15
}

// common reports whether a character is one that chance seldom makes: of ASCII,
// kana, Greek, Cyrillic, full width.
func common(lo, hi byte) bool {
	switch hi {
	case 0:
		return lo >= ' ' && lo < 0x7f
	case 3:
		return lo >= 0x86 && lo <= 0xce
	case 4:
		return lo >= 0x10 && lo <= 0x4f
	case 0x30:
		return lo >= 0x41 && lo <= 0xfc
	case 0xff:
		return lo >= 0x01 && lo <= 0x9f
	}
	return false
}

// narrowRun returns the length of the run of ASCII and, if it reads as Japanese,
// of pairs of CP932 that b begins with.
func narrowRun(b []byte) int {
	ascii, n := -1, 0
	for n < len(b) {
		c := b[n]
		if printable(c) {
			n++
			continue
		}
		if n+1 == len(b) || !(c >= 0x81 && c <= 0x9f || c >= 0xe0 && c <= 0xea) || b[n+1] < 0x40 || b[n+1] == 0x7f || b[n+1] > 0xfc {
			break
		}
		if ascii < 0 {
			ascii = n
		}
		n += 2
	}
	if ascii < 0 || n < minNarrow {
		return n
	}
	if g := charset.Detect(b[:min(n, 512)], true, false, ""); g.Charset == charset.CP932 && g.Sure > 0.5 {
		return n
	}
	return ascii
}

// telling reports whether most of b, as UTF-16LE, are common characters.
func telling(b []byte) bool {
	n := 0
	for i := 0; i+2 <= len(b); i += 2 {
		if common(b[i], b[i+1]) {
			n++
		}
	}
	return n*4 > len(b)
}

// readsWide reports whether b is UTF-16LE by more than chance: two letters of
// ASCII in a row look like a kanji.
func readsWide(b []byte) bool {
	g := charset.Detect(b[:min(len(b), 512)], true, true, "")
	return g.Charset == charset.UTF16LE && g.Sure > 0.8
}
