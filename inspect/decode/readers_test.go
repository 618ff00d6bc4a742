package decode

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/url"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

const customers = "顧客番号,氏名,フリガナ,電話番号,住所\r\n" +
	"1001,関守 太郎,セキモリ タロウ,090-0000-0001,東京都千代田区架空町1-2-3\r\n" +
	"1002,門番 花子,モンバン ハナコ,080-0000-0002,大阪府大阪市北区架空町4-5-6\r\n" +
	"1003,見張 次郎,ミハリ ジロウ,03-0000-0003,北海道札幌市中央区架空町7-8-9\r\n"

const person = "門番 花子"

var encodings = map[string]encoding.Encoding{
	"utf-8":       encoding.Nop,
	"utf-8 bom":   unicode.UTF8BOM,
	"utf-16le":    unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	"utf-16be":    unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	"utf-16 bom":  unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
	"utf-16be b.": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
	"utf-32":      utf32.UTF32(utf32.LittleEndian, utf32.UseBOM),
	"cp932":       japanese.ShiftJIS,
	"euc-jp":      japanese.EUCJP,
	"iso-2022-jp": japanese.ISO2022JP,
}

// inspect reads a body that comes as a stream, within the default limits.
func inspect(t testing.TB, p part.Part, body string) *parttest.Tree {
	t.Helper()
	p.Body, p.Size = io.LimitReader(strings.NewReader(body), int64(len(body))), int64(len(body))
	return parttest.Read(t, Readers(), p, part.Limits{})
}

func encode(t testing.TB, e encoding.Encoding, s string) string {
	t.Helper()
	out, err := e.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestTextEncodings reads the same file in every encoding and follows a value
// back to its bytes.
func TestTextEncodings(t *testing.T) {
	for name, enc := range encodings {
		t.Run(name, func(t *testing.T) {
			body := encode(t, enc, customers)
			x := inspect(t, part.Part{Name: "customers.csv"}, body)
			s := x.Find(person)
			if s.Path != "upload" || len(x.Skips()) > 0 {
				t.Errorf("read otherwise than whole:\n%s", x)
			}
			want := strings.TrimPrefix(strings.TrimPrefix(encode(t, enc, person), "\xff\xfe\x00\x00"), "\xff\xfe")
			want = strings.TrimPrefix(strings.TrimPrefix(want, "\xfe\xff"), "\xef\xbb\xbf")
			got := string(s.Bytes(person))
			if name == "iso-2022-jp" {
				want = strings.TrimSuffix(strings.TrimPrefix(want, "\x1b$B"), "\x1b(B")
				got = strings.TrimSuffix(strings.TrimSuffix(got, "\x1b(B"), "\x1b$B")
			}
			if got != want {
				t.Errorf("the value leads to % x, want % x", got, want)
			}
		})
	}
}

// TestLateEncoding puts the first character that is not ASCII behind megabytes.
func TestLateEncoding(t *testing.T) {
	filler := strings.Repeat("0123456789,abcdefghij,2026-01-01\r\n", 40000)
	for _, name := range []string{"utf-8", "cp932", "euc-jp", "iso-2022-jp"} {
		body := filler + encode(t, encodings[name], customers)
		x := inspect(t, part.Part{}, body)
		if s := x.Find(person); len(x.Skips()) > 0 || s.Charset != name {
			t.Errorf("%s is taken for %s, %v", name, s.Charset, x.Skips())
		}
	}
}

// TestMixedEncodings changes the encoding in the middle of a file.
func TestMixedEncodings(t *testing.T) {
	decoy := "これは無害な文章です。何も含まれていません。\n"
	for _, times := range []int{1, 700} {
		for first, a := range encodings {
			for second, b := range encodings {
				if strings.HasPrefix(first, "utf-16") || strings.HasPrefix(first, "utf-32") ||
					strings.HasPrefix(second, "utf-16") || strings.HasPrefix(second, "utf-32") || strings.HasSuffix(second, "bom") {
					continue
				}
				body := encode(t, a, strings.Repeat(decoy, times)) + encode(t, b, customers)
				x := inspect(t, part.Part{}, body)
				if !x.Has(person) {
					t.Errorf("%d lines of %s, then %s: not found:\n%s", times, first, second, x)
				}
			}
		}
	}
}

func compress(t testing.TB, name, s string) string {
	t.Helper()
	var b bytes.Buffer
	switch name {
	case "gzip", "x-gzip":
		w := gzip.NewWriter(&b)
		w.Write([]byte(s))
		w.Close()
	case "deflate":
		w := zlib.NewWriter(&b)
		w.Write([]byte(s))
		w.Close()
	case "raw deflate":
		w, _ := flate.NewWriter(&b, 6)
		w.Write([]byte(s))
		w.Close()
	case "br":
		w := brotli.NewWriter(&b)
		w.Write([]byte(s))
		w.Close()
	case "zstd":
		w, _ := zstd.NewWriter(&b)
		w.Write([]byte(s))
		w.Close()
	case "base64":
		return base64.StdEncoding.EncodeToString([]byte(s))
	default:
		t.Fatal(name)
	}
	return b.String()
}

func TestContentEncodings(t *testing.T) {
	for _, c := range []struct {
		declared []string
		applied  []string
	}{
		{[]string{"gzip"}, []string{"gzip"}},
		{[]string{"x-gzip"}, []string{"gzip"}},
		{[]string{"deflate"}, []string{"deflate"}},
		{[]string{"deflate"}, []string{"raw deflate"}},
		{[]string{"br"}, []string{"br"}},
		{[]string{"zstd"}, []string{"zstd"}},
		{[]string{"identity"}, nil},
		{[]string{"gzip", "identity", "br"}, []string{"gzip", "br"}},
		{[]string{"br", "zstd", "deflate", "gzip"}, []string{"br", "zstd", "deflate", "gzip"}},
		{[]string{"gzip", "gzip"}, []string{"gzip", "gzip"}},
		{nil, []string{"gzip"}},
		{nil, []string{"zstd"}},
		{nil, []string{"deflate"}},
		{nil, []string{"gzip", "zstd", "deflate", "gzip"}},
		{nil, []string{"base64"}},
		{nil, []string{"gzip", "base64", "base64"}},
		{[]string{"gzip"}, []string{"gzip", "gzip"}},
	} {
		body := encode(t, japanese.ShiftJIS, customers)
		for _, a := range c.applied {
			body = compress(t, a, body)
		}
		x := inspect(t, part.Part{Encodings: c.declared, Name: "c.csv.gz"}, body)
		if x.Find(person); len(x.Skips()) > 0 {
			t.Errorf("%v applied, %v declared: %v", c.applied, c.declared, x.Skips())
		}
	}
}

func TestBrokenContentEncodings(t *testing.T) {
	text := customers
	for i := range 2000 {
		text += fmt.Sprintf("%d,%x\n", i, i*i*i*7919)
	}
	for _, c := range []struct {
		name, declared, body string
		reason               part.Reason
	}{
		{"declared, but plain", "gzip", text, part.DecodeError},
		{"declared br, but plain", "br", text, part.DecodeError},
		{"unknown", "compress", text, part.UnknownFormat},
		{"truncated", "gzip", compress(t, "gzip", text)[:5000], part.Truncated},
		{"truncated br", "br", compress(t, "br", text)[:5000], part.Truncated},
		{"truncated zstd", "zstd", compress(t, "zstd", text)[:5000], part.Truncated},
		{"not declared and truncated", "", compress(t, "gzip", text)[:5000], part.Truncated},
		{"damaged", "gzip", compress(t, "gzip", text)[:5000] + "xxxxxxxxxxxxxxxx" + compress(t, "gzip", text)[5016:], part.DecodeError},
	} {
		var declared []string
		if c.declared != "" {
			declared = []string{c.declared}
		}
		x := inspect(t, part.Part{Encodings: declared}, c.body)
		if !x.Has(person) && c.declared != "zstd" || !strings.Contains(strings.Join(x.Skips(), " "), string(c.reason)) {
			t.Errorf("%s: %v\n%s", c.name, x.Skips(), x)
		}
	}
}

func TestGzipMembersAndTrailer(t *testing.T) {
	x := inspect(t, part.Part{}, compress(t, "gzip", "first\n")+compress(t, "gzip", customers)+"\x00\x00\x00")
	if s := x.Find(person); !strings.HasPrefix(s.Text(), "first\n") || len(x.Parts) != 2 {
		t.Errorf("members:\n%s", x)
	}
	x = inspect(t, part.Part{}, compress(t, "gzip", "first\n")+customers)
	if s := x.Find(person); s.Path != "upload » trailing data" {
		t.Errorf("trailer:\n%s", x)
	}
}

func TestBomb(t *testing.T) {
	zeros := strings.Repeat("\x00", 64<<20)
	for _, name := range []string{"gzip", "br", "zstd"} {
		body := compress(t, name, zeros)
		x := inspect(t, part.Part{Encodings: []string{name}}, body)
		if !strings.Contains(strings.Join(x.Skips(), " "), string(part.Bomb)) {
			t.Errorf("%s: 64 MiB of zeros in %d bytes pass: %v", name, len(body), x.Skips())
		}
	}
}

func TestDepth(t *testing.T) {
	body := customers
	for range 20 {
		body = compress(t, "gzip", body)
	}
	x := inspect(t, part.Part{}, body)
	if got := x.Skips(); len(got) != 1 || got[0] != string(part.TooDeep) {
		t.Errorf("twenty layers: %v", got)
	}
}

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
		{"base64 で " + person, "upload » 門番.txt » base64", part.Body},
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

func TestForm(t *testing.T) {
	for name, enc := range encodings {
		if strings.HasPrefix(name, "utf-16") || strings.HasPrefix(name, "utf-32") || strings.HasSuffix(name, "bom") {
			continue
		}
		body := "id=7&name=" + url.QueryEscape(encode(t, enc, person)) + "&tel=090-0000-0001+x"
		x := inspect(t, part.Part{MediaType: "application/x-www-form-urlencoded"}, body)
		s := x.Find("name=" + person + "\ntel=090-0000-0001 x")
		if name == "iso-2022-jp" {
			continue
		}
		if got := string(s.Bytes(person)); got != url.QueryEscape(encode(t, enc, person))+"" && got != url.QueryEscape(encode(t, enc, person))+"&" {
			t.Errorf("%s: the value leads to %q", name, got)
		}
		if s.Layout != part.Form || len(x.Skips()) > 0 {
			t.Errorf("%s:\n%s", name, x)
		}
	}
	x := inspect(t, part.Part{Role: part.Query}, "q=%E9%96%80%E7%95%AA&x")
	x.Find("q=門番\nx")
}

func TestFormValues(t *testing.T) {
	long := strings.Repeat(customers, 1000)
	b64 := base64.StdEncoding.EncodeToString([]byte(customers))
	for name, value := range map[string]string{
		"lines":           url.QueryEscape(customers),
		"base64":          url.QueryEscape(b64),
		"base64, plus":    b64,
		"base64url":       base64.RawURLEncoding.EncodeToString([]byte(customers)),
		"long":            url.QueryEscape(long),
		"long base64":     url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(long))),
		"long bare":       base64.StdEncoding.EncodeToString([]byte(long)),
		"json":            url.QueryEscape(`{"name":"` + person + `","n":"\u9580\u756a"}`),
		"data URL":        url.QueryEscape("data:text/csv;base64," + b64),
		"cp932 in base64": base64.StdEncoding.EncodeToString([]byte(encode(t, japanese.ShiftJIS, customers))),
	} {
		x := inspect(t, part.Part{MediaType: "application/x-www-form-urlencoded"}, "a=1&file="+value+"&b=end")
		if s := x.Find(person); !strings.HasPrefix(s.Path, "upload » file") || !x.Has("b=end") || len(x.Skips()) > 0 {
			t.Errorf("%s:\n%s", name, x)
		}
	}
}

func TestCurlDeclaresEverythingForm(t *testing.T) {
	for _, body := range []string{`{"name":"` + person + `"}`, customers, "mail=a+b@example.jp, tel +81 90 0000 0001\n"} {
		x := inspect(t, part.Part{MediaType: "application/x-www-form-urlencoded"}, body)
		if x.Parts[0].Reader == "form" {
			t.Errorf("%q is read as a form", body)
		}
	}
}

func TestJSON(t *testing.T) {
	escaped, _ := json.Marshal(map[string]any{"name": person, "quote": `a "b" \ c`})
	ascii := []byte(`{"name":"` + strings.Trim(fmt.Sprintf("%+q", person), `"`) + `","tel":"090\u002d0000-0001","e":"\ud83d\ude00","bad":"\ud83d \x"}`)
	x := inspect(t, part.Part{MediaType: "application/json"}, string(escaped))
	x.Find(`"quote":"a 'b' \ c"`)
	x = inspect(t, part.Part{}, string(ascii))
	s := x.Find(`"name":"` + person + `"`)
	if got := string(s.Bytes(person)); got != strings.Trim(fmt.Sprintf("%+q", person), `"`) {
		t.Errorf("the value leads to %q", got)
	}
	if s := x.Find("090-0000-0001"); s.Layout != part.JSON {
		t.Errorf("layout %v", s.Layout)
	}
	x.Find(`"e":"😀"`)
}

func TestJSONChildren(t *testing.T) {
	long := strings.Repeat(customers, 2000)
	for name, value := range map[string]string{
		"lines":       customers,
		"long":        long,
		"base64":      base64.StdEncoding.EncodeToString([]byte(customers)),
		"base64url":   base64.RawURLEncoding.EncodeToString([]byte(customers)),
		"MIME base64": strings.ReplaceAll(wrap(base64.StdEncoding.EncodeToString([]byte(long)), 76), "\n", "\r\n"),
		"long base64": base64.StdEncoding.EncodeToString([]byte(long)),
		"gzip base64": base64.StdEncoding.EncodeToString([]byte(compress(t, "gzip", long))),
		"data URL":    "data:text/csv;base64," + base64.StdEncoding.EncodeToString([]byte(encode(t, japanese.ShiftJIS, long))),
		"data URL %":  "data:text/csv;charset=utf-8," + url.PathEscape(customers),
		"json":        `{"a":[{"n":"` + person + `"}]}`,
		"short":       base64.StdEncoding.EncodeToString([]byte("氏名 " + person + " 様")),
		"utf-16":      base64.StdEncoding.EncodeToString([]byte(encode(t, encodings["utf-16le"], customers))),
	} {
		for _, slashes := range []bool{false, true} {
			b, _ := json.Marshal(map[string]any{"a": 1, "files": []any{"x", map[string]string{"content": value}}, "z": "the end"})
			if slashes {
				b = bytes.ReplaceAll(b, []byte("/"), []byte(`\/`))
			}
			x := inspect(t, part.Part{MediaType: "application/json"}, string(b))
			s := x.Find(person)
			if !strings.HasPrefix(s.Path, "upload » $.files[1].content") || len(x.Skips()) > 0 {
				t.Errorf("%s:\n%s", name, x)
			}
			if root := x.Parts[0].Text(); !strings.HasSuffix(root, `"content":""}],"z":"the end"}`) {
				t.Errorf("%s: what is left ends %q", name, root[max(0, len(root)-200):])
			}
		}
	}
}

func wrap(s string, width int) string {
	var b strings.Builder
	for len(s) > width {
		b.WriteString(s[:width] + "\n")
		s = s[width:]
	}
	return b.String() + s + "\n"
}

func TestJSONFaults(t *testing.T) {
	for name, body := range map[string]string{
		"deep":         strings.Repeat("[", 1000000) + `"` + person + `"`,
		"deep object":  strings.Repeat(`{"a":`, 200000) + `"` + person + `"`,
		"not closed":   `{"a": "` + person,
		"a stray mark": `{"a": "x" y", "b": "` + person + `"}`,
		"ndjson":       strings.Repeat(`{"a":1}`+"\n", 10000) + `{"n":"` + person + `"}` + "\n",
		"utf-16":       encode(t, encodings["utf-16 bom"], `{"n":"`+person+`"}`),
		"cp932":        encode(t, japanese.ShiftJIS, `{"n":"`+person+`", "m":"表示"}`),
		"not json":     `{"` + customers,
	} {
		x := inspect(t, part.Part{MediaType: "application/json"}, body)
		if x.Find(person); len(x.Skips()) > 0 {
			t.Errorf("%s: %v", name, x.Skips())
		}
	}
}

func TestBase64InText(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString([]byte(customers))
	long := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(customers, 5000)))
	for name, body := range map[string]string{
		"a cell":        "id,data\n1," + b64 + "\n2,end\n",
		"lines":         "Subject: x\n\n" + wrap(b64, 76) + "\nend\n",
		"long":          "x " + long + " end\n",
		"long lines":    "x\n" + wrap(long, 76) + "090-0000-0004\nend\n",
		"long CRLF":     "x\r\n" + strings.ReplaceAll(wrap(long, 64), "\n", "\r\n") + "\r\n090-0000-0004\r\nend\r\n",
		"xml":           `<?xml version="1.0"?><doc><data>` + b64 + `</data><x>end</x></doc>`,
		"xml long":      `<?xml version="1.0"?><doc><data>` + long + `</data><x>end</x></doc>`,
		"xml attribute": `<?xml version="1.0"?><doc data="` + b64 + `"><x>end</x></doc>`,
		"html image":    `<html><img src="data:text/plain;base64,` + b64 + `">end</html>`,
	} {
		x := inspect(t, part.Part{}, body)
		x.Find(person)
		x.Find("end")
		if strings.Contains(body, "0004") {
			x.Find("090-0000-0004")
		}
		if len(x.Skips()) > 0 {
			t.Errorf("%s: %v", name, x.Skips())
		}
	}
	x := inspect(t, part.Part{}, strings.Repeat("usr/local/lib/SomeThing/AnotherThing/getElementsByTagName d41d8cd98f00b204e9800998ecf8427e0a1b2c3d4e5f\n", 100))
	if len(x.Parts) > 1 {
		t.Errorf("paths and digests are taken for base64:\n%s", x)
	}
}

func TestMarkup(t *testing.T) {
	x := inspect(t, part.Part{}, `<!DOCTYPE html><html><head><title>&#x9580;番&nbsp;&hearts;</title><script>var tel = "090-0000-0005" && 1<2;</script></head>
<body class="x"><!-- メモ 080-0000-0006 --><table><tr><th>氏名</th><th>電話</th></tr><tr><td>門<b>番</b> 花子</td><td>090<wbr>-0000-0001</td></tr></table>
<input name="tel" value="03&#45;0000-0003"><p>a &lt; b &amp; c &unknown; &</p></body></html>`)
	for _, want := range []string{"門番\u00a0♥", `tel = "090-0000-0005" && 1<2`, "080-0000-0006", "\t門番 花子", "090-0000-0001", "name=tel  value=03-0000-0003", "a < b & c &unknown; &"} {
		x.Find(want)
	}
	x = inspect(t, part.Part{}, `<?xml version="1.0" encoding="Shift_JIS"?><c:list xmlns:c="urn:x"><c:name>`+encode(t, japanese.ShiftJIS, person)+`</c:name><tel kind='home'>03-0000-0003</tel><![CDATA[<a>&amp;]]></c:list>`)
	for _, want := range []string{"\nname: " + person, "tel: ", "kind=home", "03-0000-0003", "<a>&"} {
		x.Find(want)
	}
	if s := x.Find(person); s.Charset != "cp932" || string(s.Bytes(person)) != encode(t, japanese.ShiftJIS, person) {
		t.Errorf("%s: % x", s.Charset, s.Bytes(person))
	}
	inspect(t, part.Part{}, encode(t, encodings["utf-16 bom"], "<?xml version=\"1.0\"?><a>"+person+"</a>")).Find(person)
	inspect(t, part.Part{}, "<a "+strings.Repeat("b='c' ", 100000)+">"+person).Find(person)
}

func TestQuotedPrintable(t *testing.T) {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	w.Write([]byte(customers))
	w.Close()
	inspect(t, part.Part{}, b.String()).Find(person)
	inspect(t, part.Part{Encodings: []string{"quoted-printable"}}, b.String()).Find(person)
}

func TestSecondReading(t *testing.T) {
	// Half-width kana in CP932 that is valid EUC-JP as well, and the reverse.
	x := inspect(t, part.Part{}, "\xd4\xcf\xc0\xde\xca\xc5\xba\xb1")
	found := ""
	for _, p := range x.Parts {
		found += p.Charset + " "
	}
	if !strings.Contains(found, "cp932") || !strings.Contains(found, "euc-jp") {
		t.Errorf("read as %s", found)
	}
}

func TestOpaque(t *testing.T) {
	noise := strings.Repeat("\x00\x93\xf1\x07\x11\xfe", 500)
	for _, c := range []struct{ name, body, format, reason string }{
		{"png", "\x89PNG\r\n\x1a\n" + noise, "png", "unknown-format"},
		{"jpeg", "\xff\xd8\xff\xe1" + noise, "jpeg", "unknown-format"},
		{"zip", "PK\x03\x04\x14\x00\x00\x00" + noise, "zip", "unknown-format"},
		{"zip with a password", "PK\x03\x04\x14\x00\x01\x00" + noise, "zip", "encrypted"},
		{"pdf", "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + noise, "pdf", "unknown-format"},
		{"pdf with a password", "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + noise + "trailer <</Encrypt 5 0 R>>", "pdf", "encrypted"},
		{"none", noise, "binary", "unknown-format"},
		{"utf-8 in it", noise + customers + noise, "binary", "unknown-format"},
		{"cp932 in it", noise + encode(t, japanese.ShiftJIS, customers) + noise, "binary", "unknown-format"},
		{"utf-16 in it", noise + encode(t, encodings["utf-16le"], customers) + noise, "binary", "unknown-format"},
		{"across blocks", strings.Repeat(noise, 10) + strings.Repeat("x", chunk-30000-40) + customers + noise, "binary", "unknown-format"},
	} {
		x := inspect(t, part.Part{}, c.body)
		if got := x.Parts[0]; got.Format != c.format || strings.Join(got.Skips, " ") != c.reason {
			t.Errorf("%s: %s %v", c.name, got.Format, got.Skips)
		}
		if len(c.body) > len(noise)+len(customers) && !x.Has("090-0000-0001") {
			t.Errorf("%s: text in it is not found:\n%s", c.name, x)
		}
	}
}

func TestEmpty(t *testing.T) {
	for _, declared := range []string{"", "application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"} {
		if x := inspect(t, part.Part{MediaType: declared}, ""); len(x.Parts) != 1 || len(x.Skips()) > 0 {
			t.Errorf("%q: %s", declared, x)
		}
	}
	if x := inspect(t, part.Part{Encodings: []string{"gzip"}}, ""); len(x.Skips()) > 0 {
		t.Errorf("empty gzip: %s", x)
	}
}

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

func TestVeiled(t *testing.T) {
	for body, reason := range map[string]string{
		`{\rtf1\ansi\ansicpg932 \'96\'e5\'94\'d4}`:                   "unknown-format",
		"-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE\n": "encrypted",
		"\xc1\x82\x83\x84\x40\xc1\x82\x83\x84\x40\xe2\xe3\xe4\xe5\x40\xc1\x82\x83\x84\x40\xc1\x82\x83\x84\x40\xe2\xe3\xe4\xe5\x40\x25\xc1\x82\x83\x84\x40\xc1\x82\x83\x84\x40\xe2\xe3\xe4\xe5": "decode-error", // EBCDIC
	} {
		if x := inspect(t, part.Part{}, body); len(x.Skips()) != 1 || x.Skips()[0] != reason {
			t.Errorf("%.20q: %v, want %s", body, x.Skips(), reason)
		}
	}
}
