package evasion

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf16"

	"golang.org/x/net/idna"
	"golang.org/x/text/encoding/japanese"
)

// letter is some harmless text, longer than what readers look at first.
var letter = strings.Repeat("いつもお世話になっております。ご依頼の資料をお送りいたします。ご確認のほど、よろしくお願いいたします。\n", 60)

// amid puts what a list is made into behind a letter.
func amid(steps ...func([]byte) []byte) func(list) upload {
	return func(l list) upload {
		b := []byte(l.csv())
		for _, s := range steps {
			b = s(b)
		}
		return plain(letter + string(b) + "\n以上です。\n")
	}
}

// base58 writes bytes as Bitcoin does.
func base58(b []byte) []byte {
	const digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	var out []byte
	n, base, rest := new(big.Int).SetBytes(b), big.NewInt(58), new(big.Int)
	for n.Sign() > 0 {
		n.DivMod(n, base, rest)
		out = append(out, digits[rest.Int64()])
	}
	return reversed(out)
}

// z85 writes bytes as ZeroMQ does.
func z85(b []byte) []byte {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
	var out []byte
	for len(b)%4 != 0 {
		b = append(b, '\n')
	}
	for ; len(b) > 0; b = b[4:] {
		v := binary.BigEndian.Uint32(b)
		var g [5]byte
		for i := range g {
			g[4-i], v = digits[v%85], v/85
		}
		out = append(out, g[:]...)
	}
	return out
}

// base45 writes bytes by RFC 9285.
func base45(b []byte) []byte {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	var out []byte
	for ; len(b) > 1; b = b[2:] {
		v := int(b[0])<<8 | int(b[1])
		out = append(out, digits[v%45], digits[v/45%45], digits[v/2025])
	}
	if len(b) == 1 {
		out = append(out, digits[b[0]%45], digits[b[0]/45])
	}
	return out
}

// mapped writes each byte as one character.
func mapped(f func(c byte) rune) func([]byte) []byte {
	return func(b []byte) []byte {
		var s strings.Builder
		for _, c := range b {
			s.WriteRune(f(c))
		}
		return []byte(s.String())
	}
}

// selector is a variation selector for each byte.
func selector(c byte) rune {
	if c < 16 {
		return 0xFE00 + rune(c)
	}
	return 0xE0100 + rune(c) - 16
}

// zeroWidthBits writes each bit as a character that nobody sees.
func zeroWidthBits(b []byte) []byte {
	return []byte(strings.NewReplacer("0", "\u200b", "1", "\u200c").Replace(strings.ReplaceAll(string(bits(b)), " ", "")))
}

// codePoints writes characters as numbers.
func codePoints(format string) func([]byte) []byte {
	return func(b []byte) []byte {
		var s []string
		for _, u := range utf16.Encode([]rune(string(b))) {
			s = append(s, fmt.Sprintf(format, u))
		}
		return []byte(strings.Join(s, ","))
	}
}

// perCell encodes each cell for itself.
func perCell(f func([]byte) []byte) func(list) upload {
	return func(l list) upload {
		for _, r := range l.rows {
			for k := range r {
				r[k] = string(f([]byte(r[k])))
			}
		}
		return plain(l.csv())
	}
}

// pieced cuts base64 into pieces of n.
func pieced(l list, n int) []string {
	var p []string
	for b := string(base64ed([]byte(l.csv()))); b != ""; b = b[min(n, len(b)):] {
		p = append(p, b[:min(n, len(b))])
	}
	return p
}

func amids() []evasion {
	return []evasion{
		{name: "hexadecimal behind a letter", make: amid(hexed)},
		{name: "hexadecimal with spaces behind a letter", make: amid(spacedHex)},
		{name: "base32 behind a letter", make: amid(base32ed)},
		{name: "Ascii85 behind a letter", make: amid(ascii85ed)},
		{name: "decimal numbers behind a letter", make: amid(decimals)},
		{name: "bits behind a letter", make: amid(bits)},
		{name: "a hex dump behind a letter", make: amid(dumped)},
		{name: "base64 in lines of 76 behind a letter", make: amid(base64ed, wrapped(76))},
		{name: "base64 in lines of 20 behind a letter", make: amid(base64ed, wrapped(20))},
		{name: "hexadecimal of gzip behind a letter", make: amid(gzipped, hexed)},
		{name: "quoted-printable behind a letter", make: amid(quotedPrintable)},
		{name: "percent encoding behind a letter", make: amid(percented)},
		{name: "JSON escapes behind a letter", make: amid(escaped(`\u%04x`, true))},
		{name: "character references behind a letter", make: amid(escaped("&#x%x;", true))},
		{name: "text backwards behind a letter", make: amid(reversed)},
		{name: "spaces between all characters behind a letter", make: amid(func(b []byte) []byte { return []byte(between(" ")(string(b))) })},
		{name: "dots between all characters behind a letter", make: amid(func(b []byte) []byte { return []byte(between(".")(string(b))) })},
		{name: "one character a line behind a letter", make: amid(func(b []byte) []byte { return []byte(between("\n")(string(b))) })},
		{name: "backspaces over junk behind a letter", make: amid(func(b []byte) []byte { return []byte(between("x\b")(string(b))) })},
		{name: "UTF-7 behind a letter", make: func(l list) upload {
			return plain(strings.Repeat("Please see below.\n", 300) + string(utf7ed([]byte(l.csv()))))
		}},
		{name: "uuencode behind a letter", make: amid(uuencoded)},
		{name: "yEnc behind a letter", opaque: true, make: func(l list) upload {
			return binaryFile(append([]byte(letter), yenced([]byte(l.csv()))...))
		}},
		{name: "UTF-16 behind a letter in ASCII", opaque: true, make: func(l list) upload {
			return plain(strings.Repeat("Please see below.\n", 300) + string(utf16ed(binary.LittleEndian, false)([]byte(l.csv()))))
		}},
		{name: "CP932 behind a letter in UTF-8", make: amid(charsetCP932)},
		{name: "ROT13 behind a letter", make: amid(rot13)},
		{name: "base58", make: by(base58)},
		{name: "Z85", make: by(z85)},
		{name: "base45", make: by(base45)},
		{name: "base64 of base32 of hexadecimal", make: by(hexed, base32ed, base64ed)},
		{name: "hexadecimal of hexadecimal", make: by(hexed, hexed)},
		{name: "percent encoding of base64 of gzip", make: by(gzipped, base64ed, percented)},
		{name: "base64 with a sign between all characters", make: by(base64ed, func(b []byte) []byte { return []byte(between("*")(string(b))) })},
		{name: "base64 with spaces after every four", make: by(base64ed, func(b []byte) []byte {
			return []byte(strings.ReplaceAll(string(wrapped(4)(b)), "\n", " "))
		})},
		{name: "base64 in quotation marks, joined by a program", opaque: true, make: by(base64ed, wrapped(60), func(b []byte) []byte {
			return []byte("var s = \"" + strings.ReplaceAll(string(b), "\n", "\" +\n  \"") + "\";")
		})},
		{name: "hexadecimal, one value a cell", make: perCell(hexed)},
		{name: "base64, one value a cell of CSV", make: perCell(base64ed)},
		{name: "percent encoding, one value a cell", make: perCell(percented)},
		{name: "bytes as Braille", make: by(mapped(func(c byte) rune { return 0x2800 + rune(c) }))},
		{name: "bytes as emoji", make: by(mapped(func(c byte) rune { return 0x1F3F7 + rune(c) }))},
		{name: "bytes in the private use area", make: by(mapped(func(c byte) rune { return 0xE000 + rune(c) }))},
		{name: "bytes in variation selectors behind an emoji", make: func(l list) upload {
			return plain("お疲れさまです😀" + string(mapped(selector)([]byte(l.csv()))) + "。")
		}},
		{name: "text in tag characters", make: func(l list) upload {
			return plain("お疲れさまです。" + string(mapped(func(c byte) rune { return 0xE0000 + rune(c) })(base64ed([]byte(l.csv())))))
		}},
		{name: "bits as characters without width", make: func(l list) upload {
			return plain("お疲れさまです。" + string(zeroWidthBits([]byte(l.cut(0, 30).csv()))) + "以上。")
		}},
		{name: "numbers of characters, decimal", make: by(codePoints("%d"))},
		{name: "numbers of characters, hexadecimal", make: by(codePoints("0x%04x"))},
		{name: "String.fromCharCode in a page", make: func(l list) upload {
			return upload{media: "text/html", body: []byte("<html><body><p>こんにちは</p><script>var s=String.fromCharCode(" + string(codePoints("%d")([]byte(l.csv()))) + ");</script></body></html>")}
		}},
		{name: "escapes of CSS in a page", make: func(l list) upload {
			return upload{media: "text/html", body: []byte("<html><style>p:after{content:\"" + string(escaped(`\%04x `, true)([]byte(l.csv()))) + "\"}</style><p>こんにちは</p></html>")}
		}},
		{name: `escapes of Perl`, make: by(escaped(`\x{%x}`, false))},
		{name: "names in Punycode", make: with(func(s string) string {
			lines := strings.Split(s, "\n")
			for i, line := range lines {
				if name, rest, ok := strings.Cut(line, ","); ok {
					lines[i] = must(idna.Punycode.ToASCII(strings.ReplaceAll(name, " ", "-"))) + "," + rest
				}
			}
			return strings.Join(lines, "\n")
		})},
		{name: "encoded words of mail in a text", make: func(l list) upload {
			return plain(l.each(func(_ int, r []string) string { return mime.BEncoding.Encode("utf-8", strings.Join(r[:3], ",")) + "\n" }))
		}},
		{name: "base64 in pieces, a JSON value each", opaque: true, make: func(l list) upload {
			return upload{media: "application/json", body: jsonOf(pieced(l, 50))}
		}},
		{name: "base64 in pieces, a field of a form each", opaque: true, make: func(l list) upload {
			var f []string
			for i, p := range pieced(l, 50) {
				f = append(f, fmt.Sprintf("p%d=%s", i, url.QueryEscape(p)))
			}
			return upload{media: "application/x-www-form-urlencoded", body: []byte(strings.Join(f, "&"))}
		}},
		{name: "base64 in pieces, a header each", make: func(l list) upload {
			h := http.Header{}
			for i, p := range pieced(l, 200) {
				h[fmt.Sprintf("X-Data-%03d", i)] = []string{p}
			}
			return upload{method: "GET", header: h}
		}},
		{name: "names in one part, numbers in another", make: func(l list) upload {
			var names, numbers string
			for _, r := range l.rows {
				names, numbers = names+r[0]+"\n", numbers+r[1]+"\n"
			}
			return form(`name="a"; filename="a.txt"`, names, `name="b"; filename="b.txt"`, numbers)
		}},
		{name: "names in one file of an archive, numbers in another", make: func(l list) upload {
			var names, numbers string
			for _, r := range l.rows {
				names, numbers = names+r[0]+"\n", numbers+r[1]+"\n"
			}
			return file("application/zip", zipped("a.txt", names, "b.txt", numbers), "a.zip")
		}},
		{name: "JSON, one digit a key", make: inBody("application/json", func(l list) []byte {
			var rows []string
			for _, r := range l.rows {
				var cells []string
				for i, c := range []rune(strings.Join(r[:3], ",")) {
					cells = append(cells, fmt.Sprintf(`"c%d":%s`, i, jsonOf(string(c))))
				}
				rows = append(rows, "{"+strings.Join(cells, ",")+"}")
			}
			return []byte("[" + strings.Join(rows, ",") + "]")
		})},
		{name: "JSON, bytes with a sign", make: inBody("application/json", func(l list) []byte {
			var s []string
			for _, c := range []byte(l.csv()) {
				s = append(s, fmt.Sprint(int8(c)))
			}
			return []byte(`{"data":[` + strings.Join(s, ",") + "]}")
		})},
		{name: "JSON, an object of bytes", make: inBody("application/json", func(l list) []byte {
			var s []string
			for i, c := range []byte(l.csv()) {
				s = append(s, fmt.Sprintf(`"%d":%d`, i, c))
			}
			return []byte(`{"type":"Buffer","data":{` + strings.Join(s, ",") + "}}")
		})},
		{name: "a dBASE table", make: inBody("application/dbase", dBase), opaque: true},
		{name: "serialized by PHP", make: by(func(b []byte) []byte { return fmt.Appendf(nil, `a:1:{s:4:"data";s:%d:"%s";}`, len(b), b) })},
		{name: "bencode", make: by(func(b []byte) []byte { return fmt.Appendf(nil, "d4:data%d:%se", len(b), b) })},
		{name: "a subtitle file", make: func(l list) upload {
			return plain(l.each(func(i int, r []string) string {
				return fmt.Sprintf("%d\n00:00:%02d,000 --> 00:00:%02d,000\n%s\n\n", i+1, i, i+1, strings.Join(r[:3], " "))
			}))
		}},
		{name: "a music file, ID3 tags", make: inBody("audio/mpeg", func(l list) []byte {
			text := append([]byte{1, 0xff, 0xfe}, utf16ed(binary.LittleEndian, false)([]byte(l.csv()))...)
			frame := append([]byte("TIT2\x00\x00"), byte(len(text)>>8), byte(len(text)), 0, 0)
			frame = append(frame, text...)
			n := len(frame)
			head := []byte{'I', 'D', '3', 3, 0, 0, byte(n >> 21 & 127), byte(n >> 14 & 127), byte(n >> 7 & 127), byte(n & 127)}
			return append(append(head, frame...), make([]byte, 400)...)
		})},
	}
}

// dBase makes a table of dBASE III in CP932.
func dBase(l list) []byte {
	const width = 60
	b := []byte{3, 126, 1, 1}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(l.rows)))
	b = binary.LittleEndian.AppendUint16(b, uint16(32+32*3+1))
	b = binary.LittleEndian.AppendUint16(b, 1+3*width)
	b = append(b, make([]byte, 20)...)
	for _, n := range []string{"NAME", "TEL", "ADDR"} {
		f := make([]byte, 32)
		copy(f, n)
		f[11], f[16] = 'C', width
		b = append(b, f...)
	}
	b = append(b, '\r')
	for _, r := range l.rows {
		b = append(b, ' ')
		for _, c := range r[:3] {
			cell := charsetCP932([]byte(c))
			b = append(append(b, cell...), strings.Repeat(" ", width-len(cell))...)
		}
	}
	return append(b, 0x1a)
}

var charsetCP932 = charset(japanese.ShiftJIS)
