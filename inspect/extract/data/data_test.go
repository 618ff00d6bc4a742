package data

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/decode"
	"github.com/sekimori-dlp/sekimori/inspect/extract/table"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

const person = "門番 花子"

func readers() []part.Reader {
	return append(append(Readers(), table.Reader{}), decode.Readers()...)
}

// inspect reads body as a stream and from a ReaderAt, and checks that both come
// to the same.
func inspect(t testing.TB, mediaType, body string) *parttest.Tree {
	t.Helper()
	size := int64(len(body))
	p := part.Part{MediaType: mediaType, Body: io.LimitReader(strings.NewReader(body), size), Size: size}
	stream := parttest.Read(t, readers(), p, part.Limits{})
	p.Body = strings.NewReader(body)
	at := parttest.Read(t, readers(), p, part.Limits{})
	if stream.String() != at.String() {
		t.Errorf("as a stream:\n%s\nfrom a ReaderAt:\n%s", stream, at)
	}
	return at
}

// holds checks that a part of that path holds each of the texts.
func holds(t *testing.T, x *parttest.Tree, path string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		found := false
		for _, s := range x.Parts {
			found = found || s.Path == path && strings.Contains(s.Text(), text)
		}
		if !found {
			t.Errorf("%q is not in %s:\n%s", text, path, x)
		}
	}
}

func example(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func FuzzReaders(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.*")
	for _, name := range names {
		if b, err := os.ReadFile(name); err == nil {
			f.Add("", b)
		}
	}
	for _, seed := range [][2]string{
		{"", "BEGIN:VCARD\nN;CHARSET=SHIFT_JIS;ENCODING=QUOTED-PRINTABLE:=96=E5;=\n=89=D4\nPHOTO;ENCODING=b:AAAA\n AAAA\nADR:;;a;b;c;d;e\nEND:VCARD\n"},
		{"", "BEGIN:VCALENDAR\nATTENDEE;CN=\"a:b\":mailto:c@d\nATTACH;ENCODING=BASE64:AAAA\nEND:VCALENDAR\n"},
		{"", "dn: x\ncn:: 6ZaA\nb: c\n d\n\n"},
		{"", "CREATE TABLE t(a,b);\nINSERT INTO t VALUES (1,'x''y\\n'),(0x4142,f(1)) x;\nCOPY t (a) FROM stdin;\n1\\N\n\\.\n"},
		{"", "WARC/1.0\r\nContent-Length: 40\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"},
		{"", "a=\\u9580\\u756a\\ud83d\\ude00"},
		{"application/grpc", "\x00\x00\x00\x00\x05\x0a\x03abc\x80\x00\x00\x00\x01x"},
		{"application/x-protobuf", list()},
		{"application/msgpack", "\x82\xa1a\x93\x01\xc0\xcb\x00\x00\x00\x00\x00\x00\x00\x00\xd9\x01b\xc4\x01\x00"},
		{"application/cbor", "\xa2\x61a\x9f\x01\xff\xc1\x1a\x00\x00\x00\x01\xfb\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"", "bplist00\xd1\x01\x02\x51a\xa1\x00\x08\x0b\x0d" + strings.Repeat("\x00", 6) + "\x01\x01\x00\x00\x00\x00\x00\x00\x00\x03" + strings.Repeat("\x00", 15) + "\x0f"},
	} {
		f.Add(seed[0], []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, mediaType string, body []byte) {
		start := time.Now()
		parttest.Read(t, readers(), part.Part{MediaType: mediaType, Body: bytes.NewReader(body), Size: int64(len(body))},
			part.Limits{Bytes: 1 << 20, Entries: 100, Time: 5 * time.Second})
		if d := time.Since(start); d > 4*time.Second {
			t.Errorf("%d bytes took %v", len(body), d)
		}
	})
}

// BenchmarkMatch is what it costs to know that a small body is none of these
// formats, which every upload pays.
func BenchmarkMatch(b *testing.B) {
	for name, body := range map[string]string{
		"json": `{"name":"` + person + `","tel":"090-0000-0001","note":"` + strings.Repeat("a few words ", 40) + `"}`,
		"csv":  strings.Repeat("1001,関守 太郎,セキモリ タロウ,090-0000-0001\r\n", 60),
	} {
		b.Run(name, func(b *testing.B) {
			p := &part.Part{MediaType: "application/json; charset=utf-8"}
			head := []byte(body)[:min(len(body), part.HeadSize)]
			readers := Readers()
			b.ReportAllocs()
			for b.Loop() {
				for _, r := range readers {
					if r.Match(p, head) {
						b.Fatal(r.Name())
					}
				}
			}
		})
	}
}

// TestFloods reads what is made to cost much: all of it is read, or told, soon.
func TestFloods(t *testing.T) {
	start := time.Now()
	for name, body := range map[string]string{
		"properties of one card": "BEGIN:VCARD\n" + strings.Repeat("X:1\n", 50_000) + "TEL:090-0000-0001",
		"parameters of one line": "BEGIN:VCARD\nTEL" + strings.Repeat(";TYPE=a", 20_000) + ":090-0000-0001",
		"one value":              "INSERT INTO t VALUES ('" + strings.Repeat("x", 12<<20) + " 090-0000-0001",
		"statements alike":       strings.Repeat("INSERT INTO t\n", 20_000) + "VALUES ('090-0000-0001');",
		"maps as keys":           strings.Repeat("\x81", 60) + "\xad090-0000-0001\xc0",
	} {
		kind := ""
		if name == "maps as keys" {
			kind = "application/msgpack"
		}
		inspect(t, kind, body).Find("090-0000-0001")
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s: %v", name, d)
		}
	}
}

func TestStarts(t *testing.T) {
	wide := func(mark, s string) string { return mark + strings.Join(strings.Split(s, ""), "\x00") + "\x00" }
	for _, head := range []string{
		"BEGIN:VCARD\n", "begin:VCard", "\xef\xbb\xbfBEGIN:VCARD", "\xef\xbb\xbf \r\n\tBEGIN:VCARD", strings.Repeat(" \n", 999) + "BEGIN:VCARD",
		wide("\xff\xfe", "BEGIN:VCARD"), "\xfe\xff\x00" + wide("", "\n BEGIN:VCARD"), "BEGIN:VCAR", "BEGIN", "", " ", "\x01BEGIN:VCARD",
		"\x00BEGIN:VCARD", "BEGIN\x1aVCARD", "XBEGIN:VCARD", strings.Repeat("\n", 4096),
	} {
		if got, want := starts([]byte(head), "BEGIN:VCARD"), hasPrefixFold(start([]byte(head)), "BEGIN:VCARD"); got != want {
			t.Errorf("%q: %v, want %v", head, got, want)
		}
	}
}

// Control characters are found wherever they stand, and others are taken for none.
func TestControls(t *testing.T) {
	for c := range 256 {
		for at := range 20 {
			b := []byte("abcdefgh 関守太郎 abcdefgh")
			b[at] = byte(c)
			text := utf8.Valid(b)
			odd := c < '\t' || c > '\r' && c < ' '
			if got, want := readable(b), text && !odd && c != 0x7f; got != want {
				t.Errorf("readable(%q) is %v", b, got)
			}
			if got, want := hasControls(b), !text || odd && c != 0x1b; got != want {
				t.Errorf("hasControls(%q) is %v", b, got)
			}
		}
	}
}
