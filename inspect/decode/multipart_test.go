package decode

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func TestMultipart(t *testing.T) {
	cp932 := encode(t, japanese.ShiftJIS, customers)
	name := encode(t, japanese.ShiftJIS, "表\\予約 門番花子.csv")
	body := "preamble 090-0000-0009\r\n--XX\r\n" +
		"Content-Disposition: form-data; name=\"comment\"\r\n\r\n一行だけ\r\n--XX\r\n" +
		"Content-Disposition: form-data; name=\"f\"; filename=\"" + name + "\"\r\nContent-Type: text/csv\r\n\r\n" + cp932 + "\r\n--XX\r\n" +
		"Content-Disposition: form-data; name=\"g\"; filename*=UTF-8''%E9%96%80%E7%95%AA.txt\r\n" +
		"Content-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte("base64 で "+person)) + "\r\n--XX\r\n" +
		"Content-Disposition: form-data; name=\"h\"; filename=\"=?ISO-2022-JP?B?" +
		base64.StdEncoding.EncodeToString([]byte(encode(t, japanese.ISO2022JP, "名簿"))) + "?=\"\r\nX-Note: 関守\r\n\r\nx\r\n--XX--\r\nepilogue\r\n"
	x := inspect(t, part.Part{MediaType: "multipart/form-data; boundary=XX"}, body)
	if len(x.Skips()) > 0 {
		t.Errorf("skipped: %v", x.Skips())
	}
	for _, c := range []struct {
		text, path string
		role       part.Role
	}{
		{"090-0000-0009", "upload » preamble", part.Body},
		{"一行だけ", "upload » comment", part.Field},
		{"門番花子.csv", "upload » filename", part.FileName},
		{person, "upload » 表\\予約 門番花子.csv", part.Body},
		{"base64 で " + person, "upload » 門番.txt", part.Body},
		{"名簿", "upload » filename", part.FileName},
		{"X-Note: 関守", "upload » headers", part.Header},
		{"epilogue", "upload » epilogue", part.Body},
	} {
		ok := false
		for _, s := range x.Parts {
			ok = ok || s.Path == c.path && s.Role == c.role && strings.Contains(s.Text(), c.text)
		}
		if !ok {
			t.Errorf("a text is not in %s:\n%s", c.path, x)
		}
	}
	if s := x.Find("一行だけ"); s.Layout != part.Single || s.Label != "comment" {
		t.Errorf("field: layout %v, label %q", s.Layout, s.Label)
	}
}

func TestMultipartFaults(t *testing.T) {
	part1 := "Content-Disposition: form-data; name=\"f\"; filename=\"a.csv\"\r\n\r\n" + customers
	for _, c := range []struct{ name, declared, body, reason string }{
		{"not declared", "", "--XX\r\n" + part1 + "\r\n--XX--\r\n", ""},
		{"another boundary declared", "multipart/form-data; boundary=YY", "--XX\r\n" + part1 + "\r\n--XX--\r\n", ""},
		{"bare line feeds", "multipart/form-data; boundary=XX", strings.ReplaceAll("--XX\r\n"+part1+"\r\n--XX--\r\n", "\r\n", "\n"), ""},
		{"no end", "multipart/form-data; boundary=XX", "--XX\r\n" + part1, "truncated"},
		{"no boundary in body", "multipart/form-data; boundary=XX", customers, ""},
		{"no headers", "multipart/form-data; boundary=XX", "--XX\r\n\r\n" + customers + "\r\n--XX--", ""},
		{"endless header", "multipart/form-data; boundary=XX", "--XX\r\nX: " + strings.Repeat("a", 200000) + "\r\n\r\n" + customers + "\r\n--XX--", "decode-error"},
		{"boundary in the headers", "multipart/form-data; boundary=XX", "--XX\r\nA: b\r\n--XX\r\n\r\n" + customers + "\r\n--XX--", "decode-error"},
		{"boundary as a prefix", "multipart/form-data; boundary=XX", "--XX\r\n\r\n--XXtra\r\n" + customers + "\r\n--XX--", ""},
		{"nested", "multipart/mixed; boundary=XX", "--XX\r\nContent-Type: multipart/mixed; boundary=YY\r\n\r\n--YY\r\n\r\n" + customers + "\r\n--YY--\r\n--XX--", ""},
	} {
		x := inspect(t, part.Part{MediaType: c.declared}, c.body)
		x.Find(person)
		if got := strings.Join(x.Skips(), " "); got != c.reason {
			t.Errorf("%s: skipped %q, want %q:\n%s", c.name, got, c.reason, x)
		}
	}
}

func TestManyParts(t *testing.T) {
	var b strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&b, "--XX\r\nContent-Disposition: form-data; name=\"f%d\"\r\n\r\nvalue %d\r\n", i, i)
	}
	b.WriteString("--XX--\r\n")
	x := inspect(t, part.Part{MediaType: "multipart/form-data; boundary=XX"}, b.String())
	if len(x.Parts) != 10001 || len(x.Skips()) > 0 || !x.Has("value 9999") {
		t.Errorf("%d parts, %v", len(x.Parts), x.Skips())
	}
}
