package decode

import (
	"encoding/base64"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func TestMail(t *testing.T) {
	word := func(s string) string {
		return "=?ISO-2022-JP?B?" + base64.StdEncoding.EncodeToString([]byte(encode(t, japanese.ISO2022JP, s))) + "?="
	}
	body := "From: " + word(person) + " <a@example.jp>\r\nTo: b@example.jp\r\nSubject: " + word("名簿の件") +
		"\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"XX\"\r\n\r\n--XX\r\n" +
		"Content-Type: text/plain; charset=ISO-2022-JP\r\n\r\n" + encode(t, japanese.ISO2022JP, "門番です。") + "\r\n--XX\r\n" +
		"Content-Type: text/csv; name=\"" + word("名簿.csv") + "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		wrap(base64.StdEncoding.EncodeToString([]byte(encode(t, japanese.ShiftJIS, customers))), 76) + "--XX\r\n" +
		"Content-Type: message/rfc822\r\n\r\nFrom: c@example.jp\r\nSubject: x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E8=BB=A2=E9=80=81\r\n--XX--\r\n"
	x := inspect(t, part.Part{}, body)
	for text, path := range map[string]string{
		person + " <a@example.jp>": "upload » headers » decoded",
		"名簿の件":                     "upload » headers » decoded",
		"門番です。":                    "upload » body » part 1",
		"門番 花子,モンバン":               "upload » body » 名簿.csv » base64",
		"転送":                       "upload » body » part 3 » body » quoted-printable",
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
