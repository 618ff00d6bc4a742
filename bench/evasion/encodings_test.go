package evasion

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/ascii85"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"mime/quotedprintable"
	"net/url"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

func plain(s string) upload { return upload{media: "text/plain", body: []byte(s)} }

func binaryFile(b []byte) upload { return upload{media: "application/octet-stream", body: b} }

// by makes a case of the CSV run through steps, the first one first.
func by(steps ...func([]byte) []byte) func(list) upload {
	return func(l list) upload {
		b := []byte(l.csv())
		for _, s := range steps {
			b = s(b)
		}
		return plain(string(b))
	}
}

func gzipped(b []byte) []byte {
	var w bytes.Buffer
	z := gzip.NewWriter(&w)
	z.Write(b)
	z.Close()
	return w.Bytes()
}

func zlibbed(b []byte) []byte {
	var w bytes.Buffer
	z := zlib.NewWriter(&w)
	z.Write(b)
	z.Close()
	return w.Bytes()
}

// wrapped breaks a text into lines of n bytes.
func wrapped(n int) func([]byte) []byte {
	return func(b []byte) []byte {
		var w bytes.Buffer
		for ; len(b) > n; b = b[n:] {
			w.Write(b[:n])
			w.WriteByte('\n')
		}
		w.Write(b)
		w.WriteByte('\n')
		return w.Bytes()
	}
}

func base64ed(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) }
func base64url(b []byte) []byte {
	return []byte(base64.RawURLEncoding.EncodeToString(b))
}
func base32ed(b []byte) []byte { return []byte(base32.StdEncoding.EncodeToString(b)) }
func hexed(b []byte) []byte    { return []byte(hex.EncodeToString(b)) }
func percented(b []byte) []byte {
	return []byte(url.QueryEscape(string(b)))
}

func allPercented(b []byte) []byte {
	var w bytes.Buffer
	for _, c := range b {
		fmt.Fprintf(&w, "%%%02X", c)
	}
	return w.Bytes()
}

func quotedPrintable(b []byte) []byte {
	var w bytes.Buffer
	q := quotedprintable.NewWriter(&w)
	q.Write(b)
	q.Close()
	return w.Bytes()
}

func uuencoded(b []byte) []byte {
	var w bytes.Buffer
	w.WriteString("begin 644 list.csv\n")
	char := func(v byte) byte {
		if v == 0 {
			return '`'
		}
		return ' ' + v
	}
	for len(b) > 0 {
		n := min(45, len(b))
		w.WriteByte(char(byte(n)))
		line := append(bytes.Clone(b[:n]), 0, 0)
		for i := 0; i < n; i += 3 {
			x := line[i : i+3]
			w.Write([]byte{char(x[0] >> 2), char(x[0]<<4&63 | x[1]>>4), char(x[1]<<2&63 | x[2]>>6), char(x[2] & 63)})
		}
		w.WriteByte('\n')
		b = b[n:]
	}
	w.WriteString("`\nend\n")
	return w.Bytes()
}

func yenced(b []byte) []byte {
	var w bytes.Buffer
	fmt.Fprintf(&w, "=ybegin line=128 size=%d name=list.csv\r\n", len(b))
	n := 0
	for _, c := range b {
		c += 42
		if c == 0 || c == '\n' || c == '\r' || c == '=' {
			w.WriteByte('=')
			c += 64
		}
		w.WriteByte(c)
		if n++; n == 128 {
			w.WriteString("\r\n")
			n = 0
		}
	}
	fmt.Fprintf(&w, "\r\n=yend size=%d\r\n", len(b))
	return w.Bytes()
}

func ascii85ed(b []byte) []byte {
	var w bytes.Buffer
	w.WriteString("<~")
	e := ascii85.NewEncoder(&w)
	e.Write(b)
	e.Close()
	w.WriteString("~>")
	return w.Bytes()
}

func charset(e encoding.Encoding) func([]byte) []byte {
	return func(b []byte) []byte {
		out, err := encoding.ReplaceUnsupported(e.NewEncoder()).Bytes(b)
		if err != nil {
			panic(err)
		}
		return out
	}
}

func utf16ed(order binary.AppendByteOrder, mark bool) func([]byte) []byte {
	return func(b []byte) []byte {
		var w []byte
		if mark {
			w = order.AppendUint16(w, 0xFEFF)
		}
		for _, u := range utf16.Encode([]rune(string(b))) {
			w = order.AppendUint16(w, u)
		}
		return w
	}
}

func utf32ed(order binary.AppendByteOrder, mark bool) func([]byte) []byte {
	return func(b []byte) []byte {
		var w []byte
		if mark {
			w = order.AppendUint32(w, 0xFEFF)
		}
		for _, r := range string(b) {
			w = order.AppendUint32(w, uint32(r))
		}
		return w
	}
}

// utf7ed encodes all that is not plain (RFC 2152).
func utf7ed(b []byte) []byte {
	var w bytes.Buffer
	var run []rune
	flush := func() {
		if len(run) == 0 {
			return
		}
		u := utf16ed(binary.BigEndian, false)([]byte(string(run)))
		w.WriteString("+" + base64.RawStdEncoding.EncodeToString(u) + "-")
		run = run[:0]
	}
	for _, r := range string(b) {
		if r < 0x80 && r != '+' {
			flush()
			w.WriteRune(r)
		} else {
			run = append(run, r)
		}
	}
	flush()
	return w.Bytes()
}

// escaped writes every character that is not ASCII, or all with every, by a
// format that takes its number; astral ones by halves where pairs is set.
func escaped(format string, every bool) func([]byte) []byte {
	return func(b []byte) []byte {
		var w bytes.Buffer
		for _, r := range string(b) {
			if r < 0x80 && (!every || r == '\n') {
				w.WriteRune(r)
			} else {
				fmt.Fprintf(&w, format, r)
			}
		}
		return w.Bytes()
	}
}

func bytesEscaped(format string) func([]byte) []byte {
	return func(b []byte) []byte {
		var w bytes.Buffer
		for _, c := range b {
			if c < 0x80 {
				w.WriteByte(c)
			} else {
				fmt.Fprintf(&w, format, c)
			}
		}
		return w.Bytes()
	}
}

func inJSON(b []byte) []byte {
	out, err := json.Marshal(map[string]string{"content": string(b)})
	if err != nil {
		panic(err)
	}
	return out
}

func rot13(b []byte) []byte {
	return bytes.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return 'a' + (r-'a'+13)%26
		case r >= 'A' && r <= 'Z':
			return 'A' + (r-'A'+13)%26
		}
		return r
	}, b)
}

func xored(b []byte) []byte {
	w := bytes.Clone(b)
	for i := range w {
		w[i] ^= 0x5A
	}
	return w
}

func dumped(b []byte) []byte { return []byte(hex.Dump(b)) }

func spacedHex(b []byte) []byte {
	var w bytes.Buffer
	for _, c := range b {
		fmt.Fprintf(&w, "%02X ", c)
	}
	return w.Bytes()
}

func decimals(b []byte) []byte {
	return []byte(strings.Trim(strings.ReplaceAll(fmt.Sprint(b), " ", ","), "[]"))
}

func bits(b []byte) []byte {
	var w bytes.Buffer
	for _, c := range b {
		fmt.Fprintf(&w, "%08b ", c)
	}
	return w.Bytes()
}

func encodings() []evasion {
	jis := charset(japanese.ISO2022JP)
	return []evasion{
		{name: "plain CSV, as a measure", make: by()},
		{name: "base64", make: by(base64ed)},
		{name: "base64 in lines of 76", make: by(base64ed, wrapped(76))},
		{name: "base64url without padding", make: by(base64url)},
		{name: "base64 twice", make: by(base64ed, base64ed)},
		{name: "base64 three times", make: by(base64ed, base64ed, base64ed)},
		{name: "base64 of gzip", make: by(gzipped, base64ed)},
		{name: "base64 of gzip of base64", make: by(base64ed, gzipped, base64ed)},
		{name: "base64 in JSON in base64", make: by(base64ed, inJSON, base64ed)},
		{name: "a data: URI in prose", make: by(base64ed, func(b []byte) []byte {
			return fmt.Appendf(nil, "ご確認ください data:text/csv;base64,%s よろしく", b)
		})},
		{name: "one base64 value a row", make: func(l list) upload {
			return plain(l.each(func(_ int, r []string) string { return string(base64ed([]byte(strings.Join(r, ",")))) + "\n" }))
		}},
		{name: "base64 reversed", make: by(base64ed, reversed)},
		{name: "base32", make: by(base32ed)},
		{name: "Ascii85", make: by(ascii85ed)},
		{name: "hexadecimal", make: by(hexed)},
		{name: "hexadecimal with spaces", make: by(spacedHex)},
		{name: "a hex dump", make: by(dumped)},
		{name: "hexadecimal of gzip", make: by(gzipped, hexed)},
		{name: "bytes as decimal numbers", make: by(decimals)},
		{name: "bytes as bits", make: by(bits)},
		{name: "percent encoding", make: by(percented)},
		{name: "percent encoding of every byte", make: by(allPercented)},
		{name: "percent encoding twice", make: by(percented, percented)},
		{name: "quoted-printable", make: by(quotedPrintable)},
		{name: "uuencode", make: by(uuencoded)},
		{name: "yEnc", make: by(yenced)},
		{name: "UTF-7", make: by(utf7ed)},
		{name: "UTF-16 LE without a mark", make: by(utf16ed(binary.LittleEndian, false))},
		{name: "UTF-16 BE without a mark", make: by(utf16ed(binary.BigEndian, false))},
		{name: "UTF-16 BE with a mark", make: by(utf16ed(binary.BigEndian, true))},
		{name: "UTF-32 LE with a mark", make: by(utf32ed(binary.LittleEndian, true))},
		{name: "UTF-32 BE without a mark", make: by(utf32ed(binary.BigEndian, false))},
		{name: "base64 of UTF-16", make: by(utf16ed(binary.LittleEndian, false), base64ed)},
		{name: "EBCDIC, names in Roman letters", make: func(l list) upload {
			var b strings.Builder
			for _, r := range l.rows {
				family := strings.TrimRight(strings.Split(r[3], "@")[0], "0123456789")
				fmt.Fprintf(&b, "Name: Kenta %s%s, phone %s, mail %s\n", strings.ToUpper(family[:1]), family[1:], r[1], r[3])
			}
			if l.title == goods().title {
				b.Reset()
				b.WriteString(strings.Repeat("Pens and paper of every kind, at a price that pleases.\n", 30))
			}
			return plain(string(charset(charmap.CodePage037)([]byte(b.String()))))
		}},
		{name: "CP932", make: by(charset(japanese.ShiftJIS))},
		{name: "EUC-JP", make: by(charset(japanese.EUCJP))},
		{name: "ISO-2022-JP", make: by(jis)},
		{name: "ISO-2022-JP in quoted-printable", make: by(jis, quotedPrintable)},
		{name: "GB 18030", make: by(charset(simplifiedchinese.GB18030)), opaque: true},
		{name: "EUC-KR", make: by(charset(korean.EUCKR))},
		{name: "CP932 declared as UTF-8", make: func(l list) upload {
			return upload{media: "text/csv; charset=utf-8", body: charset(japanese.ShiftJIS)([]byte(l.csv()))}
		}},
		{name: "UTF-8 declared as ISO-8859-1", make: func(l list) upload {
			return upload{media: "text/csv; charset=iso-8859-1", body: []byte(l.csv())}
		}},
		{name: "UTF-8 taken for Latin-1 and encoded again", make: by(func(b []byte) []byte {
			var w bytes.Buffer
			for _, c := range b {
				w.WriteRune(rune(c))
			}
			return w.Bytes()
		})},
		{name: "half the rows UTF-8, half CP932", opaque: true, make: func(l list) upload {
			return plain(l.cut(0, 15).csv() + string(charset(japanese.ShiftJIS)([]byte(l.cut(15, 30).csv()))))
		}},
		{name: "HTML entities, hexadecimal", make: by(escaped("&#x%x;", false))},
		{name: "HTML entities, decimal, of every character", make: by(escaped("&#%d;", true))},
		{name: "HTML entities of HTML entities", make: by(escaped("&#%d;", false), func(b []byte) []byte { return []byte(html.EscapeString(string(b))) })},
		{name: `JSON \u escapes`, make: func(l list) upload {
			b := escaped(`\u%04x`, false)(inJSON([]byte(l.csv())))
			return upload{media: "application/json", body: b}
		}},
		{name: `\u escapes outside JSON`, make: by(escaped(`\u%04x`, false))},
		{name: `\u{} escapes of every character`, make: by(escaped(`\u{%x}`, true))},
		{name: `\x escapes of UTF-8`, make: by(bytesEscaped(`\x%02x`))},
		{name: `octal escapes of UTF-8`, make: by(bytesEscaped(`\%03o`))},
		{name: "U+ notation", make: by(escaped("U+%04X ", false))},
		{name: "JSON in JSON in JSON", make: by(inJSON, inJSON, inJSON)},
		{name: "ROT13", make: by(rot13)},
		{name: "exclusive or with one byte", make: by(xored)},
		{name: "gzip, then one byte changed in its magic number", make: by(gzipped, func(b []byte) []byte { b[1] ^= 1; return b })},
		{name: "raw deflate", make: by(func(b []byte) []byte { z := zlibbed(b); return z[2 : len(z)-4] })},
		{name: "zlib, undeclared", make: by(zlibbed)},
	}
}

func reversed(b []byte) []byte {
	r := []rune(string(b))
	for i, k := 0, len(r)-1; i < k; i, k = i+1, k-1 {
		r[i], r[k] = r[k], r[i]
	}
	return []byte(string(r))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
