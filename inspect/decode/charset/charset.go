// Package charset reads text in the character encodings that uploads come in,
// Japanese ones first: it tells which one it is and turns it into UTF-8, block
// by block, keeping the way back to the original bytes.
//
// Declared charsets are wrong or missing too often to be trusted: Detect tries
// the candidates strictly and takes a declaration as a hint only. Encodings of
// other languages (GB 18030, Big5, EUC-KR) are not known; their text comes out
// as something else, with its ASCII intact.
//
// Long texts are read 64 bytes at a time where the processor has AVX-512
// (VBMI2): of CP932, EUC-JP and ISO-2022-JP a block is cut into characters, these
// are looked up 16 at a time and written without gaps; UTF-16 is computed. What
// is rare (surrogates, JIS X 0212) or not valid is left to the code that reads
// one character after another, which is also the specification. On one core of a
// Sapphire Rapids class machine Japanese prose and CSV are read, with the way
// back, at 0.7 to 1 GB/s of CP932 and EUC-JP, 1.3 of UTF-16, 0.3 to 0.5 of
// ISO-2022-JP, which changes between its character sets every few characters.
package charset

import (
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// Charset is a character encoding.
type Charset uint8

// The encodings. CP932 is Microsoft's Shift_JIS (windows-31j), Latin1 is
// windows-1252, as the WHATWG Encoding Standard reads these names.
const (
	UTF8 Charset = iota
	UTF16LE
	UTF16BE
	UTF32LE
	UTF32BE
	CP932
	EUCJP
	ISO2022JP
	Latin1
)

var names = [...]string{"utf-8", "utf-16le", "utf-16be", "utf-32le", "utf-32be",
	"cp932", "euc-jp", "iso-2022-jp", "windows-1252"}

func (c Charset) String() string { return names[c] }

var labels = map[string]Charset{
	"utf-8": UTF8, "utf8": UTF8, "us-ascii": UTF8, "ascii": UTF8,
	"utf-16": UTF16BE, "utf-16le": UTF16LE, "utf-16be": UTF16BE, "unicode": UTF16LE,
	"utf-32": UTF32BE, "utf-32le": UTF32LE, "utf-32be": UTF32BE,
	"shift_jis": CP932, "shift-jis": CP932, "sjis": CP932, "x-sjis": CP932, "ms_kanji": CP932,
	"windows-31j": CP932, "cswindows31j": CP932, "cp932": CP932, "ms932": CP932, "csshiftjis": CP932,
	"euc-jp": EUCJP, "eucjp": EUCJP, "x-euc-jp": EUCJP, "cp51932": EUCJP, "eucjp-ms": EUCJP,
	"iso-2022-jp": ISO2022JP, "csiso2022jp": ISO2022JP, "iso-2022-jp-ms": ISO2022JP, "cp50221": ISO2022JP,
	"iso-8859-1": Latin1, "latin1": Latin1, "windows-1252": Latin1, "cp1252": Latin1, "iso-8859-15": Latin1,
}

// Named returns the encoding that a label such as "Shift_JIS" means.
func Named(label string) (Charset, bool) {
	c, ok := labels[strings.ToLower(strings.Trim(label, " \t\"'"))]
	return c, ok
}

// Decoder decodes one run of text. The zero Decoder is one for UTF-8. It keeps
// what ISO-2022-JP has to remember between blocks.
type Decoder struct {
	Charset
	set byte // ISO-2022-JP: the character set in force
}

// Decode appends what src stands for to dst as valid UTF-8 and records in m
// where it came from, src's start being offset base of the original; m may be
// nil. n is how many bytes of src were taken. ok is false if the byte at n begins
// nothing valid; the caller says what to do and calls again for what follows. With ok
// true and n < len(src), the rest is the beginning of a character; with last
// set there is none to come and so it is invalid.
func (d *Decoder) Decode(dst, src []byte, base int64, last bool, m *normal.Map) (out []byte, n int, ok bool) {
	switch d.Charset {
	case UTF16LE, UTF16BE:
		return decodeUTF16(dst, src, base, last, d.Charset == UTF16BE, m)
	case UTF32LE, UTF32BE:
		return decodeUTF32(dst, src, base, last, d.Charset == UTF32BE, m)
	case CP932:
		return shiftJIS.decode(dst, src, base, last, m)
	case EUCJP:
		return eucJP.decode(dst, src, base, last, m)
	case ISO2022JP:
		return d.decodeISO2022JP(dst, src, base, last, m)
	case Latin1:
		return decodeLatin1(dst, src, base, m)
	}
	n, ok, _ = Read(src, last)
	if n > 0 {
		if m != nil {
			m.Step(len(dst), base, 1, 1)
		}
		dst = append(dst, src[:n]...)
	}
	return dst, n, ok
}

// Read is Decode for UTF-8, of which src's first n bytes stand for themselves.
// controls is false if there is no control character among these, other than
// white space.
func Read(src []byte, last bool) (n int, ok, controls bool) {
	n, controls = valid(src)
	return n, n == len(src) || !last && incomplete(src[n:]), controls
}

// packed is a character in UTF-8 as a little-endian word, ready to be stored with
// one write. No character here needs four bytes. In the top byte are its lengths,
// as blocks need them: in UTF-8 in the low two bits, of the original above.
type packed uint32

// pack packs a character that took in bytes.
func pack(r rune, in int) packed {
	switch {
	case r < 0x80:
		return packed(r) | packed(1|in<<2)<<24
	case r < 0x800:
		return packed(0xc0|r>>6) | packed(0x80|r&63)<<8 | packed(2|in<<2)<<24
	}
	return packed(0xe0|r>>12) | packed(0x80|r>>6&63)<<8 | packed(0x80|r&63)<<16 | packed(3|in<<2)<<24
}

// size is the length in UTF-8.
func (p packed) size() int { return int(p >> 24 & 3) }

// taken is the length of the original.
func (p packed) taken() int { return int(p >> 26) }

// room returns dst with space for n more bytes, and some to spare for stores of
// whole vectors.
func room(dst []byte, n int) []byte {
	n += 64
	if cap(dst)-len(dst) >= n {
		return dst
	}
	grown := make([]byte, len(dst), max(2*cap(dst), len(dst)+n))
	copy(grown, dst)
	return grown
}

// steps records runs of characters of equal lengths as single steps.
type steps struct {
	m      *normal.Map
	ow, iw int
}

func (s *steps) at(out int, in int64, ow, iw int) {
	if s.m != nil && (s.ow != ow || s.iw != iw) {
		s.m.Step(out, in, ow, iw)
		s.ow, s.iw = ow, iw
	}
}

// Text decodes a short value, replacing what is not valid by U+FFFD.
func Text(b []byte, c Charset) string {
	d := Decoder{Charset: c}
	var out []byte
	for {
		text, n, ok := d.Decode(out, b, 0, true, nil)
		if ok {
			return string(text)
		}
		out = append(text, "\ufffd"...)
		b = b[n+1:]
	}
}
