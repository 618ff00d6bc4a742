package rules

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"mime/multipart"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"golang.org/x/text/encoding/japanese"
)

// builtInSet is the built-in set, loaded once and with its own tests.
var builtInSet = sync.OnceValues(Default)

func TestDefaultsPassTheirOwnTests(t *testing.T) {
	s, err := builtInSet()
	if err != nil {
		t.Fatal(err)
	}
	if n := s.Notes(); len(n) > 0 {
		t.Error(n)
	}
	for _, i := range s.List() {
		if i.Action >= Warn && !i.Shadow {
			for _, r := range s.rules {
				if r.id == i.ID && (r.say["ja"] == "" || r.say["en"] == "") {
					t.Errorf("rule %s has no message in both languages", i.ID)
				}
			}
		}
	}
}

// upload is one body as a client would send it.
type upload struct {
	name      string
	class     string
	body      []byte
	mediaType string
	encodings []string
	file      string
	want      string // the verdict's action
}

// verdicts decides on the upload to each class. It scans to the end and until
// decided, which must come to the same.
func (u *upload) verdicts(t *testing.T, s *Set, classes ...string) []Verdict {
	t.Helper()
	scan := func(o inspect.ScanOptions) *inspect.Report {
		return s.Scanner().Scan(context.Background(), []part.Part{{
			Path: "body", Name: u.file, MediaType: u.mediaType, Encodings: u.encodings,
			Body: bytes.NewReader(u.body), Size: int64(len(u.body)),
		}}, o)
	}
	whole, early := scan(inspect.ScanOptions{}), scan(inspect.ScanOptions{UntilDecided: true})
	if early.Again {
		early = whole
	}
	tr := Transaction{Bytes: int64(len(u.body)), Time: noon,
		Destination: Destination{Scheme: "https", Host: "host.example", Port: 443, Method: "POST", Path: "/"}}
	if u.file != "" {
		tr.FileNames = []string{u.file}
	}
	var vs []Verdict
	for _, class := range classes {
		tr.Destination.Classes, tr.Report = []string{class}, whole
		v := s.Decide(tr)
		tr.Report = early
		if e := s.Decide(tr); e.Action != v.Action || e.Rule != v.Rule {
			t.Errorf("%s to %s: %v by %q when searched to the end, %v by %q until decided", u.name, class, v.Action, v.Rule, e.Action, e.Rule)
		}
		vs = append(vs, v)
	}
	return vs
}

// TestDailyWork holds the built-in rules to what people do all day.
func TestDailyWork(t *testing.T) {
	s, err := builtInSet()
	if err != nil {
		t.Fatal(err)
	}
	const form = "application/x-www-form-urlencoded"
	mail := "送付先: 佐藤様\n\nお世話になっております。会議の資料をお送りします。\n--\n例示商事株式会社 営業部 山田 太郎\n" +
		"〒100-0005 東京都千代田区丸の内1-2-3\nTEL 03-3456-7801 FAX 03-3456-7802 携帯 090-1234-5601\nyamada.taro@example.jp\n"
	jpeg := append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01"), noise(300_000)...)
	for _, u := range []upload{
		{name: "a log-in", class: "unknown", mediaType: form, body: []byte("user=yamada.taro%40example.jp&password=hunter%212&csrf=9f86d081884c7d659a2feaa0c55ad015"), want: "allow"},
		{name: "a search", class: "search", mediaType: form, body: []byte("q=%E4%BC%9A%E8%AD%B0%E5%AE%A4+%E4%BA%88%E7%B4%84"), want: "allow"},
		{name: "a mail with one's own signature", class: "web-mail", mediaType: "text/plain; charset=utf-8", body: []byte(mail), want: "log"},
		{name: "the same mail put to an assistant", class: "ai-assistant", mediaType: "application/json", body: encoded(t, map[string]any{"prompt": "次のメールを丁寧にしてください。\n" + mail}), want: "log"},
		{name: "a picture", class: "cloud-storage", mediaType: "image/jpeg", file: "IMG_0042.jpg", body: jpeg, want: "log"},
		{name: "a page's measurements", class: "unknown", mediaType: "application/json", body: []byte(`{"events":[{"t":1767700000123,"id":"4980127345612094000","w":1920,"h":1080,"ua":"Mozilla/5.0"}],"session":"5d41402a-bc4b-4a76-b971-9d911017c592"}`), want: "allow"},
		{name: "source code", class: "code-hosting", mediaType: "text/plain", body: []byte("func add(a, b int) int {\n\treturn a + b // 1234567890123\n}\n"), want: "allow"},
		{name: "one's own address in an order", class: "unknown", mediaType: form, body: []byte("name=%E5%B1%B1%E7%94%B0+%E5%A4%AA%E9%83%8E&tel=090-1234-5601&zip=100-0005&address=%E6%9D%B1%E4%BA%AC%E9%83%BD%E5%8D%83%E4%BB%A3%E7%94%B0%E5%8C%BA%E4%B8%B8%E3%81%AE%E5%86%851-2-3"), want: "log"},
		{name: "a text to translate", class: "translation", mediaType: form, body: []byte("text=The+quarterly+report+shows+that+sales+rose+by+12.5%25+to+1%2C234%2C567+yen."), want: "allow"},
	} {
		if v := u.verdicts(t, s, u.class)[0]; v.Action.String() != u.want {
			t.Errorf("%s: %v by %q (%s), want %s", u.name, v.Action, v.Rule, v.Clause, u.want)
		}
	}
}

// TestContactsWithoutNames sends what leads to people though nobody is named.
func TestContactsWithoutNames(t *testing.T) {
	s, err := builtInSet()
	if err != nil {
		t.Fatal(err)
	}
	var phones strings.Builder
	phones.WriteString("番号,電話番号\n")
	for i := range 120 {
		fmt.Fprintf(&phones, "%d,090-%04d-%04d\n", i, 1000+i*7, 2000+i*13)
	}
	u := upload{mediaType: "text/csv", body: []byte(phones.String())}
	if v := u.verdicts(t, s, "file-transfer")[0]; v.Rule != "contact-list-outside" {
		t.Errorf("%v by %q (%s)", v.Action, v.Rule, v.Clause)
	}
}

// noise is bytes that mean nothing, the same each time.
func noise(n int) []byte {
	rnd := rand.New(rand.NewPCG(5, 6))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rnd.UintN(256))
	}
	return b
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var (
	familyNames = []string{"山田", "佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "中村", "小林", "加藤"}
	givenNames  = []string{"太郎", "花子", "一郎", "美咲", "健太", "恵子", "大輔", "由美", "誠", "裕子"}
	goods       = []string{"机", "椅子", "棚", "照明", "時計", "鏡", "絨毯", "枕", "毛布", "花瓶"}
)

// customers is a list of n people, and its twin the same table about goods.
func customers(n int) (people, twin string) {
	var p, g strings.Builder
	p.WriteString("番号,氏名,電話番号,登録日\r\n")
	g.WriteString("番号,品名,在庫数,登録日\r\n")
	for i := range n {
		day := fmt.Sprintf("2025-%02d-%02d", 1+i%12, 1+i%28)
		fmt.Fprintf(&p, "%05d,%s %s,090-%04d-%04d,%s\r\n", i, familyNames[i%10], givenNames[i/10%10], 1000+i*7%9000, 1000+i*13%9000, day)
		fmt.Fprintf(&g, "%05d,%s %c型,%d,%s\r\n", i, goods[i%10], 'A'+i/10%26, i*7%900, day)
	}
	return p.String(), g.String()
}

// TestCustomerListInEveryWrapping sends a thousand customers, and a table of
// goods, in the ways that clients send files.
func TestCustomerListInEveryWrapping(t *testing.T) {
	s, err := builtInSet()
	if err != nil {
		t.Fatal(err)
	}
	people, twin := customers(1000)
	wrap := func(text, want string) []upload {
		cp932, err := japanese.ShiftJIS.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		var wide bytes.Buffer
		wide.WriteString("\xff\xfe")
		for _, u := range utf16.Encode([]rune(text)) {
			wide.Write([]byte{byte(u), byte(u >> 8)})
		}
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		if _, err := z.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		var form bytes.Buffer
		m := multipart.NewWriter(&form)
		w, err := m.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {`form-data; name="file"; filename="list.csv"`}, "Content-Type": {"text/csv"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(cp932)); err != nil {
			t.Fatal(err)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		return []upload{
			{name: "UTF-8", body: []byte(text), mediaType: "text/csv", want: want},
			{name: "CP932", body: []byte(cp932), mediaType: "application/octet-stream", want: want},
			{name: "UTF-16", body: wide.Bytes(), mediaType: "text/csv", want: want},
			{name: "gzip", body: zipped.Bytes(), mediaType: "text/csv", encodings: []string{"gzip"}, want: want},
			{name: "gzip, not declared", body: zipped.Bytes(), mediaType: "application/octet-stream", want: want},
			{name: "multipart", body: form.Bytes(), mediaType: m.FormDataContentType(), want: want},
			{name: "JSON", body: encoded(t, map[string]any{"content": text}), mediaType: "application/json", want: want},
			{name: "base64 in JSON", body: encoded(t, map[string]any{"content": base64.StdEncoding.EncodeToString([]byte(text))}), mediaType: "application/json", want: want},
		}
	}
	for _, u := range append(wrap(people, "block"), wrap(twin, "allow")...) {
		classes := []string{"cloud-storage", "web-mail", "file-transfer", "unknown"}
		for i, v := range u.verdicts(t, s, classes...) {
			if v.Action.String() != u.want {
				t.Errorf("%s to %s: %v by %q (%s), want %s", u.name, classes[i], v.Action, v.Rule, v.Clause, u.want)
			}
		}
	}
}
