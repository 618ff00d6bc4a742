package evasion

import (
	"encoding/binary"
	"fmt"
	"mime"
	"strings"

	"golang.org/x/text/encoding/japanese"
)

// message writes a mail of headers and a body.
func message(headers, body string) []byte {
	return []byte("From: a@example.jp\r\nTo: b@example.com\r\nSubject: hello\r\nMIME-Version: 1.0\r\n" + headers + "\r\n" + strings.ReplaceAll(strings.ReplaceAll(body, "\r", ""), "\n", "\r\n"))
}

func parts(kind string, parts ...string) []byte {
	return message("Content-Type: multipart/"+kind+"; boundary=bb\r\n", "--bb\n"+strings.Join(parts, "\n--bb\n")+"\n--bb--\n")
}

func attached(headers string, b []byte) string {
	return headers + "Content-Transfer-Encoding: base64\n\n" + string(wrapped(76)(base64ed(b)))
}

func mailed(f func(l list) []byte) func(list) upload {
	return func(l list) upload { return upload{media: "message/rfc822", body: f(l)} }
}

// words cuts a text into encoded words of n characters.
func words(s, charset, sep string, n int, encode func(string) []byte) string {
	var w []string
	for r := []rune(s); len(r) > 0; r = r[min(n, len(r)):] {
		w = append(w, "=?"+charset+"?B?"+string(base64ed(encode(string(r[:min(n, len(r))]))))+"?=")
	}
	return strings.Join(w, sep)
}

func asIs(s string) []byte { return []byte(s) }

func mails() []evasion {
	jis := func(s string) []byte { return charset(japanese.ISO2022JP)([]byte(s)) }
	hello := "Content-Type: text/plain; charset=utf-8\n\nこんにちは\n"
	return []evasion{
		{name: "a mail in ISO-2022-JP", make: mailed(func(l list) []byte {
			return message("Content-Type: text/plain; charset=iso-2022-jp\r\n", string(jis(l.csv())))
		})},
		{name: "a mail in base64", make: mailed(func(l list) []byte {
			return message("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n", string(wrapped(76)(base64ed([]byte(l.csv())))))
		})},
		{name: "a mail in quoted-printable", make: mailed(func(l list) []byte {
			return message("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n", string(quotedPrintable([]byte(l.csv()))))
		})},
		{name: "a transfer encoding that lies", make: mailed(func(l list) []byte {
			return message("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n", string(wrapped(76)(base64ed([]byte(l.csv())))))
		})},
		{name: "two transfer encodings", make: mailed(func(l list) []byte {
			return message("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nContent-Transfer-Encoding: base64\r\n", string(wrapped(76)(base64ed([]byte(l.csv())))))
		})},
		{name: "a mail in a mail in a mail", make: mailed(func(l list) []byte {
			inner := message("Content-Type: text/plain; charset=utf-8\r\n", l.csv())
			for range 2 {
				inner = parts("mixed", hello, "Content-Type: message/rfc822\n\n"+string(inner))
				inner = []byte(strings.ReplaceAll(string(inner), "\r\n", "\n"))
				inner = []byte(strings.ReplaceAll(string(inner), "boundary=bb", fmt.Sprintf("boundary=b%d", len(inner))))
				inner = []byte(strings.ReplaceAll(string(inner), "--bb", fmt.Sprintf("--b%d", len(inner)-len(fmt.Sprint(len(inner)))+2)))
			}
			return inner
		})},
		{name: "a mail in a mail, attached in base64", make: mailed(func(l list) []byte {
			inner := parts("mixed", hello, attached("Content-Type: application/zip\n", zipped("list.csv", l.csv())))
			return parts("mixed", hello, attached("Content-Type: message/rfc822\nContent-Disposition: attachment; filename=\"x.eml\"\n", inner))
		})},
		{name: "the text before the first part", make: mailed(func(l list) []byte {
			return message("Content-Type: multipart/mixed; boundary=bb\r\n", l.csv()+"\n--bb\n"+hello+"\n--bb--\n")
		})},
		{name: "the text behind the last part", make: mailed(func(l list) []byte {
			return message("Content-Type: multipart/mixed; boundary=bb\r\n", "--bb\n"+hello+"\n--bb--\n"+l.csv())
		})},
		{name: "a boundary that never comes", make: mailed(func(l list) []byte {
			return message("Content-Type: multipart/mixed; boundary=nowhere\r\n", l.csv())
		})},
		{name: "two boundaries declared", make: mailed(func(l list) []byte {
			return message("Content-Type: multipart/mixed; boundary=aa; boundary=bb\r\n", "--aa\n"+hello+"\n--aa--\n--bb\n"+attached("", []byte(l.csv()))+"\n--bb--\n")
		})},
		{name: "the plain alternative differs", make: mailed(func(l list) []byte {
			return parts("alternative", hello, "Content-Type: text/html; charset=utf-8\n\n<pre>"+l.csv()+"</pre>")
		})},
		{name: "an attachment in a signed mail", make: mailed(func(l list) []byte {
			return parts("signed; protocol=\"application/pgp-signature\"", attached("Content-Type: application/zip\n", zipped("list.csv", l.csv())), "Content-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----\n\nabcd\n-----END PGP SIGNATURE-----\n")
		})},
		{name: "a signed mail in one piece (PKCS #7)", make: mailed(func(l list) []byte {
			return message("Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n",
				string(wrapped(76)(base64ed(signedData([]byte("Content-Type: text/plain; charset=utf-8\r\n\r\n"+l.csv()))))))
		})},
		{name: "an encrypted mail (PKCS #7)", make: mailed(func(l list) []byte {
			return message("Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n",
				string(wrapped(76)(base64ed(der(0x30, der(6, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 3}), der(0xa0, der(0x30, der(2, []byte{0}), der(4, xored([]byte(l.csv()))))))))))
		}), opaque: true},
		{name: "an encrypted mail (PGP)", make: mailed(func(l list) []byte {
			return parts("encrypted; protocol=\"application/pgp-encrypted\"", "Content-Type: application/pgp-encrypted\n\nVersion: 1\n",
				"Content-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n\n"+string(wrapped(64)(base64ed(xored([]byte(l.csv())))))+"-----END PGP MESSAGE-----\n")
		}), opaque: true},
		{name: "TNEF (winmail.dat)", make: mailed(func(l list) []byte {
			return parts("mixed", hello, attached("Content-Type: application/ms-tnef; name=winmail.dat\n", tnef("list.csv", l.csv())))
		})},
		{name: "subject in encoded words", make: mailed(func(l list) []byte {
			return message("Subject: "+words(l.csv(), "utf-8", "\r\n ", 12, asIs)+"\r\n", "hello")
		})},
		{name: "subject in encoded words of ISO-2022-JP", make: mailed(func(l list) []byte {
			return message("Subject: "+words(l.csv(), "iso-2022-jp", "\r\n ", 10, jis)+"\r\n", "hello")
		})},
		{name: "encoded words that cut characters", make: mailed(func(l list) []byte {
			b, w := []byte(l.csv()), []string{}
			for ; len(b) > 0; b = b[min(20, len(b)):] {
				w = append(w, "=?utf-8?B?"+string(base64ed(b[:min(20, len(b))]))+"?=")
			}
			return message("Subject: "+strings.Join(w, "\r\n ")+"\r\n", "hello")
		})},
		{name: "a header of one's own a row", make: mailed(func(l list) []byte {
			return message(l.each(func(i int, r []string) string {
				return fmt.Sprintf("X-Row-%d: %s\r\n", i, mime.QEncoding.Encode("utf-8", strings.Join(r, " ")))
			}), "hello")
		})},
		{name: "file names by RFC 2231, in pieces", make: mailed(func(l list) []byte {
			var p []string
			for _, r := range l.rows {
				s, name := string(percented([]byte(strings.ReplaceAll(r[0], " ", "　")+"_"+r[1]))), ""
				for k := 0; len(s) > 0; k++ {
					n := min(18, len(s))
					name += fmt.Sprintf(";\n filename*%d*=%s%s", k, map[bool]string{true: "utf-8''"}[k == 0], s[:n])
					s = s[n:]
				}
				p = append(p, "Content-Type: text/plain\nContent-Disposition: attachment"+name+"\n\nx\n")
			}
			return parts("mixed", p...)
		})},
		{name: "display names of addresses", make: mailed(func(l list) []byte {
			return message("Cc: "+l.each(func(_ int, r []string) string {
				return mime.BEncoding.Encode("utf-8", r[0]+" "+r[1]) + " <" + strings.ReplaceAll(r[3], "円", "x@example.jp") + ">,\r\n "
			})+"c@example.jp\r\n", "hello")
		})},
		{name: "an attachment cut over two parts (message/partial)", make: mailed(func(l list) []byte {
			b := string(wrapped(76)(base64ed(zipped("list.csv", l.csv()))))
			return parts("mixed", "Content-Type: message/partial; id=\"x\"; number=1; total=2\n\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n\n"+b[:len(b)/2],
				"Content-Type: message/partial; id=\"x\"; number=2; total=2\n\n"+b[len(b)/2:])
		}), opaque: true},
		{name: "uuencode in the text", make: mailed(func(l list) []byte {
			return message("Content-Type: text/plain\r\n", "hello\n\n"+string(uuencoded(zipped("list.csv", l.csv()))))
		})},
		{name: "BinHex in the text", make: mailed(func(l list) []byte {
			return message("Content-Type: application/mac-binhex40\r\n", "(This file must be converted with BinHex 4.0)\n\n:"+string(binhex([]byte(l.csv())))+":\n")
		})},
		{name: "a mailbox of one row a mail", make: func(l list) upload {
			return upload{media: "application/mbox", body: []byte(l.each(func(i int, r []string) string {
				return "From a@example.jp Thu Jan  1 00:00:00 2026\nSubject: " + fmt.Sprint(i) + "\n\n" + strings.Join(r, ",") + "\n\n"
			}))}
		}},
		{name: "a calendar", make: func(l list) upload {
			return upload{media: "text/calendar", body: []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + l.each(func(i int, r []string) string {
				return folded("BEGIN:VEVENT\r\nUID:"+fmt.Sprint(i)+"\r\nSUMMARY:"+r[0]+"\r\nDESCRIPTION:"+r[1]+" "+r[3]) + "\r\nEND:VEVENT\r\n"
			}) + "END:VCALENDAR\r\n")}
		}},
		{name: "vCards with folded lines", make: func(l list) upload {
			return upload{media: "text/vcard", body: []byte(l.each(func(i int, r []string) string {
				return "BEGIN:VCARD\r\nVERSION:3.0\r\n" + folded("FN:"+r[0]+"\r\nTEL:"+r[1]+"\r\nEMAIL:"+r[3]) + "\r\nEND:VCARD\r\n"
			}))}
		}},
	}
}

// folded breaks lines every eleven characters (RFC 5545, section 3.1).
func folded(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if r == '\r' || r == '\n' {
			n = 0
		} else if n += 1; n == 12 {
			b.WriteString("\r\n ")
			n = 1
		}
		b.WriteRune(r)
	}
	return b.String()
}

// der writes one element of ASN.1.
func der(tag byte, of ...[]byte) []byte {
	var b []byte
	for _, o := range of {
		b = append(b, o...)
	}
	if len(b) < 128 {
		return append([]byte{tag, byte(len(b))}, b...)
	}
	return append([]byte{tag, 0x82, byte(len(b) >> 8), byte(len(b))}, b...)
}

func signedData(b []byte) []byte {
	oid := func(last byte) []byte { return der(6, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, last}) }
	return der(0x30, oid(2), der(0xa0, der(0x30, der(2, []byte{1}), der(0x31), der(0x30, oid(1), der(0xa0, der(4, b))), der(0x31))))
}

func tnef(name, body string) []byte {
	b := []byte("\x78\x9f\x3e\x22\x01\x00")
	put := func(level byte, id uint32, v string) {
		b = append(b, level)
		b = binary.LittleEndian.AppendUint32(b, id)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(v)))
		b = append(b, v...)
		var sum uint16
		for i := range len(v) {
			sum += uint16(v[i])
		}
		b = binary.LittleEndian.AppendUint16(b, sum)
	}
	put(1, 0x00089006, "\x00\x00\x01\x00")
	put(2, 0x00069002, strings.Repeat("\x00", 14))
	put(2, 0x00018010, name+"\x00")
	put(2, 0x0006800f, body)
	return b
}

func binhex(b []byte) []byte {
	const chars = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
	var out []byte
	for len(b)%3 != 0 {
		b = append(b, 0)
	}
	for ; len(b) > 0; b = b[3:] {
		out = append(out, chars[b[0]>>2], chars[b[0]<<4&63|b[1]>>4], chars[b[1]<<2&63|b[2]>>6], chars[b[2]&63])
	}
	return wrapped(64)(out)
}
