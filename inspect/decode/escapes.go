package decode

import (
	"bytes"
	"context"
	"html"
	"strconv"
	wide "unicode/utf16"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// escapes reads a text of which a good part is written by escapes, outside the
// formats that know them: character references of HTML, \u{…}, \xNN and \NNN of
// programs, U+NNNN, %NN and %uNNNN of addresses. What is no escape stays.
type escapes struct{}

func (escapes) Name() string { return "escapes" }

// minEscapes is the least number of escapes in the head of such a text, and
// escapeShare how many in eight of its bytes are theirs.
const (
	minEscapes  = 8
	escapeShare = 2
)

func (escapes) Match(p *part.Part, head []byte) bool {
	if !p.Role.Content() {
		return false
	}
	n, size := 0, 0
	for i := 0; i < len(head); {
		if !leads[head[i]] {
			i++
			if i == 256 && n == 0 {
				return false
			}
			continue
		}
		_, used, _ := readEscape(head[i:])
		if used > 0 {
			n++
			size += used
		}
		i += max(used, 1)
	}
	return n >= minEscapes && size*8 >= escapeShare*len(head)
}

func (escapes) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	return recode(ctx, func([]byte) (string, recoding) { return "escapes", unescapes }, p, e, b)
}

// leads are the bytes that an escape begins with.
var leads = [256]bool{'&': true, '\\': true, '%': true, 'U': true}

// maxEscape is the longest escape that is looked for.
const maxEscape = 34

func unescapes(dst, src []byte, last bool) ([]byte, int) {
	return new(unescaper).step(dst, src, last)
}

// unescaper reads escapes, and notes whether some stood for bytes beyond ASCII: of
// what encoding is not known.
type unescaper struct{ bytes bool }

func (u *unescaper) step(dst, src []byte, last bool) ([]byte, int) {
	i := 0
	for i < len(src) {
		if !leads[src[i]] {
			from := i
			for i++; i < len(src) && !leads[src[i]]; i++ {
			}
			dst = append(dst, src[from:i]...)
			continue
		}
		if len(src)-i < maxEscape && !last {
			break
		}
		if src[i] == '\\' {
			var used int
			if dst, used = plainUnits(dst, src[i:]); used > 0 {
				i += used
				continue
			}
		}
		r, used, isByte := readEscape(src[i:])
		switch {
		case used == 0:
			dst = append(dst, src[i])
			used = 1
		case isByte:
			dst = append(dst, byte(r))
			u.bytes = u.bytes || r >= utf8.RuneSelf
		default:
			dst = utf8.AppendRune(dst, r)
		}
		i += used
	}
	return dst, i
}

// unitSize is the length of an escape like \u95a2.
const unitSize = 6

// plainUnit returns what such an escape at b's start stands for, 0 if it is none or
// half a character: most escapes are, so readEscape is asked for the others.
func plainUnit(b []byte) rune {
	if len(b) < unitSize || b[0] != '\\' || b[1] != 'u' {
		return 0
	}
	high, low := unhex[b[2]]<<4|unhex[b[3]], unhex[b[4]]<<4|unhex[b[5]]
	if unhex[b[2]]|unhex[b[3]]|unhex[b[4]]|unhex[b[5]] >= 16 || high&0xf8 == 0xd8 {
		return 0
	}
	return rune(high)<<8 | rune(low)
}

// plainUnits appends what the escapes at src's start stand for that plainUnit knows, and
// returns how far they go. In languages without Latin letters they stand side by side.
func plainUnits(dst, src []byte) (out []byte, used int) {
	for {
		r := plainUnit(src[used:])
		if r == 0 {
			return dst, used
		}
		if used += unitSize; r >= 0x800 {
			dst = append(dst, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
		} else {
			dst = utf8.AppendRune(dst, r)
		}
	}
}

// readEscape reads the escape that b begins with: what it stands for, a character
// or a byte, and its length, 0 if it is none.
func readEscape(b []byte) (r rune, used int, isByte bool) {
	b = b[:min(len(b), maxEscape)]
	if len(b) < 3 {
		return 0, 0, false
	}
	switch {
	case b[0] == '&':
		k := bytes.IndexByte(b, ';')
		if k < 2 {
			return 0, 0, false
		}
		switch string(b[1:k]) { // most
		case "lt":
			return '<', k + 1, false
		case "gt":
			return '>', k + 1, false
		case "amp":
			return '&', k + 1, false
		case "quot":
			return '"', k + 1, false
		}
		for _, c := range b[2:k] {
			if c-'0' >= 10 && c|0x20-'a' >= 26 {
				return 0, 0, false // as in conditions of programs
			}
		}
		s := html.UnescapeString(string(b[:k+1]))
		c, n := utf8.DecodeRuneInString(s)
		if n != len(s) {
			return 0, 0, false
		}
		return c, k + 1, false
	case b[0] == '%' && b[1]|0x20 == 'u', b[0] == '\\' && b[1] == 'u' && b[2] != '{':
		v, ok := hexValue(b[2:], 4)
		if !ok {
			return 0, 0, false
		}
		if wide.IsSurrogate(v) && len(b) >= 12 && b[6] == b[0] && b[7] == b[1] {
			if low, ok := hexValue(b[8:], 4); ok && wide.DecodeRune(v, low) != utf8.RuneError {
				return wide.DecodeRune(v, low), 12, false
			}
		}
		return v, 6, false
	case b[0] == '%':
		if v, ok := hexValue(b[1:], 2); ok {
			return v, 3, true
		}
		return 0, 0, false
	case b[0] == 'U':
		if b[1] != '+' {
			return 0, 0, false
		}
		n := 0
		for n < 6 && 2+n < len(b) && unhex[b[2+n]] < 16 {
			n++
		}
		v, ok := hexValue(b[2:], n)
		if !ok || n < 4 {
			return 0, 0, false
		}
		used = 2 + n
		if used < len(b) && b[used] == ' ' {
			used++
		}
		return v, used, false
	}
	return unslash(b)
}

// unslash reads what stands behind a backslash.
func unslash(b []byte) (r rune, used int, isByte bool) {
	switch c := b[1]; {
	case c == 'x' && b[2] == '{':
		if k := bytes.IndexByte(b, '}'); k > 3 {
			if v, ok := hexValue(b[3:], k-3); ok {
				return v, k + 1, false
			}
		}
	case c == 'x':
		if v, ok := hexValue(b[2:], 2); ok {
			return v, 4, true
		}
	case c == 'u':
		if k := bytes.IndexByte(b, '}'); k > 3 {
			if v, ok := hexValue(b[3:], k-3); ok {
				return v, k + 1, false
			}
		}
	case unhex[c] < 16 && len(b) > 5 && unhex[b[2]]|unhex[b[3]]|unhex[b[4]] < 16: // of CSS
		n := 4
		for n < 6 && 1+n < len(b) && unhex[b[1+n]] < 16 {
			n++
		}
		if v, ok := hexValue(b[1:], n); ok && 1+n < len(b) && (b[1+n] == ' ' || b[1+n] == '\\') {
			if b[1+n] == ' ' {
				n++
			}
			return v, 1 + n, false
		}
	case c >= '0' && c <= '3' && len(b) > 3:
		if v, err := strconv.ParseUint(string(b[1:4]), 8, 8); err == nil {
			return rune(v), 4, true
		}
	}
	return 0, 0, false
}

// hexValue reads n hexadecimal digits.
func hexValue(b []byte, n int) (rune, bool) {
	if n < 1 || n > 6 || len(b) < n {
		return 0, false
	}
	var v rune
	for _, c := range b[:n] {
		if unhex[c] >= 16 {
			return 0, false
		}
		v = v<<4 | rune(unhex[c])
	}
	return v, true
}
