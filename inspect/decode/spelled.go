package decode

import (
	"bytes"
	"context"
	"encoding/ascii85"
	"encoding/base32"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// spelled reads a body whose bytes are written as something else from its start
// to its end: hexadecimal (with or without separators, 0x and \x, also the
// dumps of xxd and hexdump), bits, decimal numbers, base32 (RFC 4648) or Ascii85.
// It is taken for that only if what it stands for is text or a known format.
type spelled struct{}

func (spelled) Name() string { return "spelled" }

// minSpelled is the least length of such a body: shorter ones are codes.
const minSpelled = 48

func (spelled) Match(p *part.Part, head []byte) bool {
	return p.Role.Content() && spelling(head) != nil
}

func (spelled) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	return recode(ctx, func(head []byte) (string, recoding) {
		if n := spelling(head); n != nil {
			return n.name, n.recoding()
		}
		return "text", nil
	}, p, e, b)
}

// ascii85Chars are the characters of Ascii85, "z" with them.
var ascii85Chars = func() string {
	var b []byte
	for c := byte('!'); c <= 'u'; c++ {
		b = append(b, c)
	}
	return string(append(b, 'z'))
}()

// notation is a way to write bytes.
type notation struct {
	name  string
	chars *letters               // it is made of; nil if that alone tells nothing
	fits  func(head []byte) bool // more that is to be so; may be nil
	share int                    // of chars, how many in 64 are digits at least
	step  recoding
	whole bool // it can be read only as a whole
}

var notations = append([]notation{
	{name: "hexdump", fits: isDump, step: undump},
	{name: "binary", chars: chars("01", " \t\r\n,;"), share: 32, step: unbits},
	{name: "decimal", chars: chars("0123456789", " \t\r\n,;[]-"), share: 1, step: undecimal},
	{name: "hexadecimal", chars: chars("0123456789abcdefABCDEF", " \t\r\n,;:-xX\\[]{}h"), share: 24, step: unhexed},
	{name: "base32", chars: chars("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "=\r\n"), share: 48, step: unbase32},
	{name: "base32", chars: chars("abcdefghijklmnopqrstuvwxyz234567", "=\r\n"), share: 48, step: unbase32},
	{name: "ascii85", chars: chars(ascii85Chars, "\r\n"), fits: isAscii85, step: unascii85},
}, moreNotations()...)

// spelling returns the notation that a body with that head is in, nil if none.
func spelling(head []byte) *notation {
	if len(head) < minSpelled || head[0] >= 0x80 {
		return nil
	}
	whole := len(head) < part.HeadSize
	head = head[:min(len(head), part.HeadSize)]
	for i := range notations {
		n := &notations[i]
		if n.whole && !whole {
			continue
		}
		if n.has(head) && n.promises(head) && n.reads(through(n.recoding(), head, whole)) {
			return n
		}
	}
	return nil
}

// reads reports whether what the notation makes of bytes is anything.
func (n *notation) reads(b []byte) bool {
	if n.name == codePoints {
		return readsCode(b)
	}
	return reads(b) || n.name == "hexadecimal" && wideText(b)
}

// wideText reports whether b is text in UTF-16: code units written as numbers.
func wideText(b []byte) bool {
	if len(b) < minSpelled || bytes.Count(b, []byte{0})*16 < len(b) {
		return false
	}
	g := charset.Detect(b, true, true, "")
	if g.Charset != charset.UTF16BE && g.Charset != charset.UTF16LE || g.Sure <= 0.8 {
		return false
	}
	text := []byte(charset.Text(b[:len(b)&^1], g.Charset))
	return reads(text) && familiar(text)
}

// reads reports whether b is text, not all of a few characters, or begins as a
// known format that is no text does.
func reads(b []byte) bool {
	return magical(b) || len(b) >= 16 && varied(b) && !hasControls(b) && worthwhile(b, false)
}

// varied reports whether b has a dozen different bytes.
func varied(b []byte) bool {
	const few = 12
	var seen [256]bool
	n := 0
	for _, c := range b {
		if seen[c] {
			continue
		}
		seen[c] = true
		if n++; n == few {
			return true
		}
	}
	return false
}

// glimpseSize is how much of a body is decoded to see whether it is worth going on.
const glimpseSize = 192

// promises reports whether the start of b, in the notation, may be the start of
// something that reads: what is in no notation decodes to noise, and of that one
// byte in nine is a control character.
func (n *notation) promises(b []byte) bool {
	if n.whole || len(b) <= glimpseSize {
		return true // asNumber sees for itself
	}
	start := through(n.recoding(), b[:glimpseSize], false)
	if n.name == "hexadecimal" && bytes.Count(start, []byte{0})*32 >= len(start) {
		return true // wideText
	}
	return promising(start)
}

// promising reports whether start may be how something begins that reads. Names
// with zeros behind them are at the start of archives (tar), zeros in that of other
// formats.
func promising(start []byte) bool {
	return len(start) > 0 && (!hasControls(bytes.TrimRight(start, "\x00")) || magical(start) || bytes.Contains(start, make([]byte, 4)))
}

// has reports whether head may be in the notation, by its characters.
func (n *notation) has(head []byte) bool {
	if n.chars != nil {
		if n.fits != nil && !n.fits(head[:min(len(head), 256)]) {
			return false
		}
		if body, ok := bytes.CutPrefix(head, []byte("<~")); ok {
			head, _, _ = bytes.Cut(body, []byte("~"))
		}
		if n.chars.prefix(head) < len(head) || n.chars.digits(head)*64 < n.share*len(head) {
			return false
		}
	}
	return n.fits == nil || n.fits(head)
}

// recoding reads a body in the notation as far as it goes; what is behind stays
// as it stands.
func (n *notation) recoding() recoding {
	if n.chars == nil {
		return n.step
	}
	over := false
	return func(dst, src []byte, last bool) ([]byte, int) {
		if over {
			return asItStands(dst, src, last)
		}
		if bytes.HasPrefix(src, []byte("<~")) {
			return dst, 2
		}
		if k := n.chars.prefix(src); k < len(src) {
			over = true
			dst, _ = n.step(dst, src[:k], true)
			return append(append(dst, '\n'), src[k]), k + 1
		}
		return n.step(dst, src, last)
	}
}

// magical reports whether b begins as a known format that is no text does.
func magical(b []byte) bool {
	f := sniff(b)
	return f != nil && !f.text && len(f.magic) >= 2
}

// unhexed takes pairs of digits; a prefix of 0x or \x and what else stands
// between them is passed over. A digit on its own is a byte.
func unhexed(dst, src []byte, last bool) ([]byte, int) {
	i := 0
	for i < len(src) {
		c := src[i]
		if i+2 >= len(src) && !last && unhex[c] < 16 {
			break
		}
		switch {
		case c == '0' && i+1 < len(src) && src[i+1]|0x20 == 'x':
			i += 2
		case unhex[c] >= 16:
			i++
		case i+1 < len(src) && unhex[src[i+1]] < 16:
			dst = append(dst, unhex[c]<<4|unhex[src[i+1]])
			i += 2
		default:
			dst = append(dst, unhex[c])
			i++
		}
	}
	return dst, i
}

// undecimal takes numbers up to 255. A larger one or one with a zero before it
// is none of a byte and stays.
func undecimal(dst, src []byte, last bool) ([]byte, int) {
	used := 0
	for i := 0; i < len(src); {
		if src[i] < '0' || src[i] > '9' {
			i++
			used = i
			continue
		}
		v, k := 0, i
		for k < len(src) && k < i+4 && src[k] >= '0' && src[k] <= '9' {
			v = v*10 + int(src[k]-'0')
			k++
		}
		if k == len(src) && !last {
			break
		}
		if v > 255 || k > i+1 && src[i] == '0' {
			for k < len(src) && src[k] >= '0' && src[k] <= '9' {
				k++
			}
			dst = append(append(dst, 0), src[i:k]...) // 0, which no text has
			i, used = k, k
			continue
		}
		if i > 0 && src[i-1] == '-' {
			v = -v // a byte with a sign
		}
		dst = append(dst, byte(v))
		i, used = k, k
	}
	return dst, used
}

// unbits takes eight digits a byte.
func unbits(dst, src []byte, last bool) ([]byte, int) {
	used, n := 0, 0
	var v byte
	for i, c := range src {
		if c == '0' || c == '1' {
			v = v<<1 | c&1
			n++
		}
		if n == 8 {
			dst, used, n = append(dst, v), i+1, 0
		}
	}
	if last {
		used = len(src)
	}
	return dst, used
}

// unbase32 takes eight characters a group of five bytes.
func unbase32(dst, src []byte, last bool) ([]byte, int) {
	var group [8]byte
	used, n := 0, 0
	for i, c := range src {
		if c == '\n' || c == '\r' {
			continue
		}
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		group[n] = c
		if n++; n == len(group) {
			dst, used, n = appendBase32(dst, group[:]), i+1, 0
		}
	}
	if last {
		if n > 0 {
			dst = appendBase32(dst, append(group[:n:n], "========"[n:]...))
		}
		used = len(src)
	}
	return dst, used
}

func appendBase32(dst, group []byte) []byte {
	var five [5]byte
	n, err := base32.StdEncoding.Decode(five[:], group)
	if err != nil {
		return append(append(dst, 0), group...)
	}
	return append(dst, five[:n]...)
}

// isAscii85 tells the notation by its many signs.
func isAscii85(head []byte) bool {
	odd := 0
	for i, c := range head {
		if odd += int(neither[c]); i == 255 && odd*16 < i {
			return false // not half of what it takes, as in base64
		}
	}
	return odd*8 >= len(head)
}

// neither is 1 for the characters of Ascii85 that are no letters or digits.
var neither = func() (t [256]uint8) {
	for i := range t {
		if c := byte(i); c < '0' || c > '9' && c < 'A' || c > 'Z' && c < 'a' {
			t[i] = 1
		}
	}
	return t
}()

// unascii85 takes groups of five characters; what is none stays.
func unascii85(dst, src []byte, last bool) ([]byte, int) {
	at := len(dst)
	dst = append(dst, make([]byte, 4*len(src)+4)...)
	n, used, err := ascii85.Decode(dst[at:], src, last)
	switch {
	case err != nil:
		return append(append(dst[:at], 0), src...), len(src)
	case last:
		used = len(src)
	}
	return dst[:at+n], used
}

// isDump tells lines of an offset and bytes: the dumps of hexdump -C and xxd.
func isDump(head []byte) bool {
	if dumpOffset(head) == 0 {
		return false // most text
	}
	lines := 0
	for line := range bytes.Lines(head) {
		if _, ok := dumpedBytes(line); !ok {
			return lines >= 2 && line[len(line)-1] != '\n'
		}
		lines++
	}
	return lines >= 2
}

// dumpOffset returns the length of the offset that a line of a dump begins with, 0
// if it is none.
func dumpOffset(line []byte) int {
	const least = 6
	if len(line) < least || unhex[line[0]]|unhex[line[1]]|unhex[line[2]]|unhex[line[3]]|unhex[line[4]]|unhex[line[5]] >= 16 {
		return 0
	}
	n := least
	for n < len(line) && unhex[line[n]] < 16 {
		n++
	}
	if n > 16 || n < len(line) && line[n] != ' ' && line[n] != ':' && line[n] != '\r' && line[n] != '\n' {
		return 0
	}
	return n
}

// dumpedBytes returns what of a line of a dump are the bytes.
func dumpedBytes(line []byte) ([]byte, bool) {
	n := dumpOffset(line)
	if n == 0 {
		return nil, false
	}
	line = bytes.TrimRight(line[n:], "\r\n")
	if len(line) == 0 {
		return nil, true // the length, at the end
	}
	colon := line[0] == ':'
	if colon {
		line = line[1:]
	}
	if line[0] != ' ' {
		return nil, false
	}
	line = bytes.TrimLeft(line, " ")
	if k := bytes.Index(line, []byte(" |")); k >= 0 {
		line = line[:k]
	} else if k := bytes.Index(line, []byte("  ")); k >= 0 && colon {
		line = line[:k]
	}
	for _, c := range line {
		if unhex[c] >= 16 && c != ' ' {
			return nil, false
		}
	}
	return line, len(line) >= 2
}

func undump(dst, src []byte, last bool) ([]byte, int) {
	used := 0
	for line := range bytes.Lines(src) {
		if !last && line[len(line)-1] != '\n' && len(line) < len(src) {
			break
		}
		if b, ok := dumpedBytes(line); ok {
			dst, _ = unhexed(dst, b, true)
		} else {
			dst = append(dst, line...)
		}
		used += len(line)
	}
	return dst, used
}
