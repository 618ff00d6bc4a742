package decode

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

func TestMail(t *testing.T) {
	word := func(s string) string { return encodedWord(encode(t, japanese.ISO2022JP, s), "ISO-2022-JP") }
	body := "From: " + word(person) + " <a@example.jp>\r\nTo: b@example.jp\r\nSubject: " + word("名簿の件") +
		"\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"XX\"\r\n\r\n--XX\r\n" +
		"Content-Type: text/plain; charset=ISO-2022-JP\r\n\r\n" + encode(t, japanese.ISO2022JP, "門番です。") + "\r\n--XX\r\n" +
		"Content-Type: text/csv; name=\"" + word("名簿.csv") + "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		wrap(base64.StdEncoding.EncodeToString([]byte(encode(t, japanese.ShiftJIS, customers))), 76) + "--XX\r\n" +
		"Content-Type: message/rfc822\r\n\r\nFrom: c@example.jp\r\nSubject: x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E8=BB=A2=E9=80=81\r\n--XX--\r\n"
	x := inspect(t, part.Part{}, body)
	for text, path := range map[string]string{
		person + " <a@example.jp>": "upload » headers",
		"名簿の件":                     "upload » headers",
		"門番です。":                    "upload » part 1",
		"門番 花子,モンバン":               "upload » 名簿.csv",
		"転送":                       "upload » part 3 » body",
	} {
		if s := x.Find(text); s.Path != path {
			t.Errorf("%q is in %s, want %s", text, s.Path, path)
		}
	}
	if len(x.Skips()) > 0 {
		t.Errorf("skipped: %v\n%s", x.Skips(), x)
	}
	for _, not := range []string{"Name: x\nPhone: 1\n\nhello", "氏名: x\n", "key: value\nfrom: here\n", "From here on\n\n"} {
		if x := inspect(t, part.Part{}, not); x.Parts[0].Reader != "text" {
			t.Errorf("%q is taken for %s", not, x.Parts[0].Reader)
		}
	}
}

func encodedWord(s, label string) string {
	return "=?" + label + "?B?" + base64.StdEncoding.EncodeToString([]byte(s)) + "?="
}

// TestMails reads messages as mailers write them and as they should not.
func TestMails(t *testing.T) {
	const top = "From: a@example.jp\nTo: b@example.jp\nSubject: x\nMIME-Version: 1.0\n"
	jis := encode(t, japanese.ISO2022JP, person)
	sjis := encode(t, japanese.ShiftJIS, person+"の名簿です。")
	b64 := func(s string) string { return wrap(base64.StdEncoding.EncodeToString([]byte(s)), 76) }
	mixed := top + "Content-Type: multipart/mixed; boundary=XX\n\n"
	uu := uuencoded("meibo.csv", customers)
	for _, c := range []struct{ name, message, path, reason string }{
		{"JIS", top + "Content-Type: text/plain; charset=iso-2022-jp\n\n" + jis, "upload » body", ""},
		{"JIS, not declared", top + "\n" + jis, "upload » body", ""},
		{"JIS, named after Microsoft", top + "Content-Type: text/plain; charset=iso-2022-jp-ms\n\n" + jis, "upload » body", ""},
		{"CP932", top + "Content-Type: text/plain; charset=windows-31j\n\n" + sjis, "upload » body", ""},
		{"CP932 as us-ascii", top + "Content-Type: text/plain; charset=us-ascii\n\n" + sjis, "upload » body", ""},
		{"CP932 as gb2312", top + "Content-Type: text/plain; charset=gb2312\n\n" + sjis, "upload » body", ""},
		{"a little CP932 as gb2312", top + "Content-Type: text/plain; charset=gb2312\n\n" + encode(t, japanese.ShiftJIS, person), "upload » body", ""},
		{"UTF-8 as iso-8859-1", top + "Content-Type: text/plain; charset=iso-8859-1\n\n" + person, "upload » body", ""},
		{"HTML that begins with text", top + "Content-Type: text/html; charset=utf-8\n\n様 門番 <b>花子</b>", "upload » body", ""},
		{"ISO 8859-1", top + "Content-Type: text/plain; charset=ISO-8859-1\n\nvoil\xe0", "upload » body » utf-8", ""},
		{"GB 18030", top + "Content-Type: text/plain; charset=gb2312\n\n" + encode(t, simplifiedchinese.GBK, person), "upload » body » utf-8", ""},
		{"UTF-7", top + "Content-Type: text/plain; charset=utf-7\n\n+lYB1ag- +grFbUA-", "upload » body » utf-8", ""},
		{"CRLF", strings.ReplaceAll(top+"Content-Transfer-Encoding: base64\n\n"+b64(person), "\n", "\r\n"), "upload » body", ""},
		{"CR only", strings.ReplaceAll(mixed+"--XX\nContent-Type: text/plain\n\n"+person+"\n--XX--\n", "\n", "\r"), "upload » part 1", ""},
		{"empty lines first", "\n\n" + top + "\n" + person, "upload » body", ""},
		{"header that is no field", "Received: x\nReceived: y\nMessage-ID: <1@a>\n" + top + "no field\n\n" + person, "upload » body", ""},
		{"transfer encoding with a comment", top + "Content-Transfer-Encoding: BASE64 (x)\n\n" + b64(person), "upload » body", ""},
		{"unknown transfer encoding", top + "Content-Transfer-Encoding: x-none\n\n" + person, "upload » body » undecoded", "unknown-format"},
		{"plain text as base64", top + "Content-Transfer-Encoding: base64\n\n" + person + "、様", "upload » body", "decode-error"},
		{"numbers as base64", top + "Content-Transfer-Encoding: base64\n\n0123456789\n" + person + "\n", "upload » undecoded", "unknown-format"},
		{"junk within base64", top + "Content-Transfer-Encoding: base64\n\n" + b64(person)[:9] + "!" + b64(person)[9:], "upload » body", ""},
		{"footer behind base64", top + "Content-Transfer-Encoding: base64\n\n" + b64("hello") + "-- \n" + person + "\n", "upload » outside base64", ""},
		{"flowed", top + "Content-Type: text/plain; format=flowed\n\n門番 \n花子", "upload » body » lines joined", ""},
		{"flowed, spaces deleted", top + "Content-Type: text/plain; format=flowed; delsp=yes\n\n門番  \n花子", "upload » body » lines joined", ""},
		{"flowed in base64", top + "Content-Type: text/plain; format=\"Flowed\"\nContent-Transfer-Encoding: base64\n\n" + b64("門番 \n花子"), "upload » body » lines joined", ""},
		{"uuencode in the text", top + "\nhello\n" + uu + "bye\n", "upload » meibo.csv", ""},
		{"uuencode as transfer encoding", top + "Content-Transfer-Encoding: x-uuencode\n\n" + uu, "upload » meibo.csv", ""},
		{"uuencode without end", top + "\n" + strings.TrimSuffix(uu, "end\n"), "upload » meibo.csv", "truncated truncated"},
		{"uuencode in base64 of itself", top + "Content-Transfer-Encoding: base64\n\n" + b64(uu), "upload » body » meibo.csv", ""},
		{"uuencode far down", top + "\n" + strings.Repeat("A line of no interest.\n", 5000) + uu, "upload » meibo.csv", ""},
		{"base64 in the old way", top + "\nbegin-base64 644 a.csv\n" + b64(customers) + "====\n", "upload » a.csv", ""},
		{"yEnc", top + "\nx\n=ybegin line=128 size=13 name=a.txt\n" + yEncoded(person) + "\n=yend size=13\n", "upload » a.txt", ""},
		{"word in two", "Subject: " + encodedWord(person[:5], "utf-8") + "\n " + encodedWord(person[5:], "UTF-8") + "\n" + top + "\nx", "upload » headers", ""},
		{"base64 group in two", "Subject: =?utf-8?B?6ZaA55W?=\n =?utf-8?B?qIOiKseWtkA==?=\n" + top + "\nx", "upload » headers", ""},
		{"Q word", "Subject: =?utf-8?Q?=E9=96=80=E7=95=AA_=e8=8a=b1=e5=ad=90?=\n" + top + "\nx", "upload » headers", ""},
		{"Q word with spaces", "Subject: =?utf-8?Q?=E9=96=80=E7=95=AA =E8=8A=B1=E5=AD=90?=\n" + top + "\nx", "upload » headers", ""},
		{"word without end", "Subject: =?utf-8?B?" + base64.StdEncoding.EncodeToString([]byte(person)) + "\n" + top + "\nx", "upload » headers", ""},
		{"word in quotation marks", "To: \"" + encodedWord(person, "utf-8") + "\" <a@example.jp>\n" + top + "\nx", "upload » headers", ""},
		{"word with a language", "Subject: " + encodedWord(person, "utf-8*ja") + "\n" + top + "\nx", "upload » headers", ""},
		{"CP932 word", "Subject: " + encodedWord(encode(t, japanese.ShiftJIS, person), "cp932") + "\n" + top + "\nx", "upload » headers", ""},
		{"word in an unknown charset", "Subject: " + encodedWord(jis, "x-unknown") + "\n" + top + "\nx", "upload » headers", ""},
		{"raw JIS header", "Subject: " + jis + "\n" + top + "\nx", "upload » headers", ""},
		{"raw CP932 header", "Subject: " + encode(t, japanese.ShiftJIS, person+"の件") + "\n" + top + "\nx", "upload » headers", ""},
		{"RFC 2231 name", mixed + "--XX\nContent-Disposition: attachment;\n filename*0*=iso-2022-jp''" + percent(jis[:6]) + ";\n filename*1*=" + percent(jis[6:]) + "\n\nx\n--XX--\n", "upload » filename", ""},
		{"name in the type only", mixed + "--XX\nContent-Type: text/plain; name=\"" + encodedWord(person, "utf-8") + "\"\nContent-Disposition: attachment\n\nx\n--XX--\n", "upload » filename", ""},
		{"no end", mixed + "--XX\n\n" + person, "upload » part 1", "truncated"},
		{"wrong boundary", top + "Content-Type: multipart/mixed; boundary=YY\n\nA message in MIME.\n--XX\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + b64(person) + "--XX--\n", "upload » part 1", ""},
		{"long preamble", mixed + strings.Repeat("preamble\n", 1000) + "--XX\nContent-Transfer-Encoding: base64\n\n" + b64(person) + "--XX--\n", "upload » part 1", ""},
		{"boundary that begins another", mixed + "--XX\nContent-Type: multipart/mixed; boundary=XX-1\n\n--XX-1\nContent-Transfer-Encoding: base64\n\n" + b64(person) + "--XX-1--\n--XX--\n", "upload » part 1 » part 1", ""},
		{"inner part without end", mixed + "--XX\nContent-Type: multipart/mixed; boundary=YY\n\n--YY\nContent-Transfer-Encoding: base64\n\n" + b64(person) + "\n--XX--\n", "upload » part 1 » part 1", "truncated"},
		{"boundary in pieces", top + "Content-Type: multipart/mixed; boundary*0=X; boundary*1=X\n\n--XX\nContent-Transfer-Encoding: base64\n\n" + b64(person) + "--XX--\n", "upload » part 1", ""},
		{"message in base64", mixed + "--XX\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + b64(top+"Content-Transfer-Encoding: base64\n\n"+b64(person)) + "--XX--\n", "upload » part 1 » body", ""},
		{"message with few headers", mixed + "--XX\nContent-Type: message/rfc822\n\nContent-Transfer-Encoding: base64\n\n" + b64(person) + "--XX--\n", "upload » part 1 » body", ""},
		{"PGP message", top + "\n" + person + "\n-----BEGIN PGP MESSAGE-----\n\nwcBMA0\n-----END PGP MESSAGE-----\nbye\n", "upload » body", "encrypted"},
		{"PGP/MIME", top + "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=XX\n\n" + person + "\n--XX\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--XX\nContent-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n\nwcBMA0\n-----END PGP MESSAGE-----\n--XX--\n", "upload » preamble", "encrypted"},
		{"PGP signed", top + "\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + person + "\n-----BEGIN PGP SIGNATURE-----\n\nwcBMA0\n-----END PGP SIGNATURE-----\n", "upload » body", ""},
	} {
		x := inspect(t, part.Part{}, c.message)
		if got := strings.Join(x.Skips(), " "); got != c.reason {
			t.Errorf("%s: skipped %q, want %q:\n%s", c.name, got, c.reason, x)
		}
		found := false
		for _, s := range x.Parts {
			found = found || s.Path == c.path && (strings.Contains(s.Text(), person) || strings.Contains(s.Text(), "voilà"))
		}
		if !found {
			t.Errorf("%s: not in %s:\n%s", c.name, c.path, x)
		}
	}
}

// TestLegacyInDoubt reads a text that may be in the encoding that it is declared
// in or another: both readings are to be seen.
func TestLegacyInDoubt(t *testing.T) {
	body := encode(t, simplifiedchinese.GBK, person)
	x := inspect(t, part.Part{MediaType: "text/plain; charset=gbk"}, body)
	x.Find(person)
	if s := x.Parts[len(x.Parts)-1]; s.Path != "upload » as found" || string(s.Own) != body {
		t.Errorf("not read as found:\n%s", x)
	}
}

func TestPeopleInHeaders(t *testing.T) {
	x := inspect(t, part.Part{}, "From: a@example.jp\nTo: "+person+" <b@example.jp>,\n \"関守, 太郎\" <c@example.jp>; d@example.jp (x, y)\nSubject: a, b\n\n")
	want := "From: a@example.jp\nTo: " + person + " <b@example.jp>\nTo: 関守  太郎 <c@example.jp>\nTo: d@example.jp (x, y)\nSubject: a, b\n\n"
	if got := x.Parts[1].Text(); got != want {
		t.Errorf("headers read\n%swant\n%s", got, want)
	}
}

func uuencoded(name, s string) string {
	var b strings.Builder
	b.WriteString("begin 644 " + name + "\n")
	for len(s) > 0 {
		line := s[:min(len(s), 45)]
		s = s[len(line):]
		b.WriteByte(' ' + byte(len(line)))
		for len(line) > 0 {
			var g [3]byte
			line = line[copy(g[:], line):]
			for _, v := range []byte{g[0] >> 2, g[0]<<4&48 | g[1]>>4, g[1]<<2&60 | g[2]>>6, g[2] & 63} {
				b.WriteByte(max(' '+v, '!'-1))
			}
		}
		b.WriteByte('\n')
	}
	return b.String() + "`\nend\n"
}

func yEncoded(s string) string {
	var b []byte
	for i := range len(s) {
		switch c := s[i] + 42; c {
		case 0, '\n', '\r', '=':
			b = append(b, '=', c+64)
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

func BenchmarkMail(b *testing.B) {
	text := strings.Repeat(customers, 20000)
	head := "From: a@example.jp\nTo: b@example.jp\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=XX\n\n--XX\n"
	for name, body := range map[string]string{
		"base64":           head + "Content-Transfer-Encoding: base64\n\n" + wrap(base64.StdEncoding.EncodeToString([]byte(text)), 76) + "\n--XX--\n",
		"quoted-printable": head + "Content-Transfer-Encoding: quoted-printable\n\n" + strings.ReplaceAll(strings.Repeat("=E9=96=80=E7=95=AA, 090-0000-0001 a line that is mostly plain=\r\n", 40000), "\r\n", "\n") + "\n--XX--\n",
		"text":             head + "Content-Type: text/plain\n\n" + text + "\n--XX--\n",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				c := &counting{ctx: b.Context(), readers: Readers(), b: part.NewBudget(part.Limits{}, int64(len(body)))}
				if err := c.Child(part.Part{Body: strings.NewReader(body), Size: -1}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// FuzzMail reads messages: reading ends, in pieces that are UTF-8 and lead back.
func FuzzMail(f *testing.F) {
	const top = "From: a@example.jp\nTo: =?utf-8?B?6ZaA?= <b@x>, \"c, d\" <e@y>\nSubject: =?iso-2022-jp?B?GyRCTGc=?= =?utf-8?Q?=E3=81?=\n"
	for _, s := range []string{
		top + "Content-Type: multipart/mixed; boundary*0=X; boundary*1=X\n\np\n--XX\nContent-Disposition: attachment; filename*0*=utf-8''%E9; filename*1=x\nContent-Transfer-Encoding: base64\n\nAAAA!\nnot base64 at all\nAAA=\n--XX-1\n--XX--\ne",
		top + "Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; format=flowed\n\na= \nb=E9=96=80 \nc=",
		top + "\nx\n" + uuencoded("a", person) + "=ybegin line=1 size=1 name=a\n=j\n=yend\nbegin-base64 644 b\nAAAA\n====\n-----BEGIN PGP MESSAGE-----\n\nx\n",
		strings.ReplaceAll(top+"Content-Type: text/plain; charset=utf-7\n\n+lYB1ag-", "\n", "\r"),
		top + "Content-Type: text/html; charset=big5\n\n<b>\xa4\xa4\xa4\xe5",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		start := time.Now()
		parttest.Read(t, Readers(), part.Part{Path: "upload", Body: strings.NewReader(string(body)), Size: int64(len(body))},
			part.Limits{Bytes: 1 << 20, Entries: 100, Time: 5 * time.Second})
		if d := time.Since(start); d > 4*time.Second {
			t.Errorf("%d bytes took %v", len(body), d)
		}
	})
}
