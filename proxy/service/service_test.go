package service

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// told is a Use as testdata gives it.
type told struct {
	Service    string     `json:"service"`
	Operation  Operation  `json:"operation"`
	Files      []string   `json:"files,omitempty"`
	Recipients []string   `json:"recipients,omitempty"`
	Unclear    bool       `json:"unclear,omitempty"`
	Public     bool       `json:"public,omitempty"`
	Pieces     []toldPart `json:"pieces,omitempty"`
	Content    string     `json:"content,omitempty"`
}

type toldPart struct {
	Session string   `json:"session,omitempty"`
	Trusted bool     `json:"trusted,omitempty"`
	Offset  int64    `json:"offset,omitempty"`
	ID      string   `json:"id,omitempty"`
	Empty   bool     `json:"empty,omitempty"`
	Remote  bool     `json:"remote,omitempty"`
	Total   int64    `json:"total"`
	Count   int      `json:"count,omitempty"`
	Last    bool     `json:"last,omitempty"`
	Order   []string `json:"order,omitempty"`
	Abort   bool     `json:"abort,omitempty"`
}

func tell(u *Use, body []byte) *told {
	if u == nil {
		return nil
	}
	t := &told{Service: u.Service, Operation: u.Operation, Files: u.Files, Recipients: u.Recipients, Unclear: u.Unclear, Public: u.Public}
	for _, p := range u.Pieces {
		t.Pieces = append(t.Pieces, toldPart{p.Session, p.Trusted, p.Offset, p.ID, p.Empty, p.Remote, p.Total, p.Count, p.Last, p.Order, p.Abort})
	}
	if u.Content != nil {
		b, err := io.ReadAll(u.Content.Of(bytes.NewReader(body)))
		if err != nil {
			return nil
		}
		t.Content = string(b)
	}
	return t
}

// TestRecordedRequests reads the shapes in testdata: what is to be told after
// ">>>", then the request. The X-Lines field, which is not sent, tells of line
// ends that a text file does not keep.
func TestRecordedRequests(t *testing.T) {
	files, err := filepath.Glob("testdata/*.http")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, shape := range strings.Split(string(text), "\n>>> ")[1:] {
			want, rest, _ := strings.Cut(shape, "\n")
			head, body, _ := strings.Cut(rest, "\n\n")
			body = strings.TrimSuffix(body, "\n")
			first, fields, _ := strings.Cut(head, "\n")
			method, target, _ := strings.Cut(first, " ")
			at, err := url.Parse(target)
			if err != nil {
				t.Fatalf("%s, shape %d: %v", name, i+1, err)
			}
			h := http.Header{}
			for line := range strings.SplitSeq(fields, "\n") {
				if k, v, ok := strings.Cut(line, ":"); ok {
					h.Add(k, strings.TrimSpace(v))
				}
			}
			switch h.Get("X-Lines") {
			case "crlf":
				body = strings.ReplaceAll(body, "\n", "\r\n")
			case "crlf, an empty one last":
				body = strings.ReplaceAll(body, "\n", "\r\n") + "\r\n\r\n"
			}
			h.Del("X-Lines")
			var got *told
			if read := Find(method, at.Host, at.EscapedPath(), at.RawQuery, h); read != nil {
				got = tell(read(&Request{Method: method, Host: at.Host, Path: at.EscapedPath(), Query: at.RawQuery, Header: h,
					Body: strings.NewReader(body), Size: int64(len(body))}), []byte(body))
			}
			var wanted *told
			if err := json.Unmarshal([]byte(want), &wanted); err != nil {
				t.Fatalf("%s, shape %d: %v", name, i+1, err)
			}
			a, _ := json.Marshal(wanted)
			b, _ := json.Marshal(got)
			if !bytes.Equal(a, b) {
				t.Errorf("%s: %s\n got %s\nwant %s", name, first, b, a)
			}
		}
	}
}

// TestFindCostsNothing: requests of no service, which are most, must not pay.
func TestFindCostsNothing(t *testing.T) {
	h := http.Header{"Content-Type": {"application/json"}, "Accept": {"*/*"}, "User-Agent": {"x"}}
	if n := testing.AllocsPerRun(100, func() {
		if Find("POST", "www.example.co.jp", "/api/orders", "a=b", h) != nil {
			t.Error("known")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFind(b *testing.B) {
	h := http.Header{"Content-Type": {"application/json"}, "Accept": {"*/*"}, "User-Agent": {"x"}, "Content-Length": {"9"}}
	for b.Loop() {
		Find("POST", "www.example.co.jp", "/api/orders/of/the/day", "a=b", h)
	}
}

func TestCompany(t *testing.T) {
	c, err := NewCompany([]string{"Example.co.jp", "example.com"})
	if err != nil {
		t.Fatal(err)
	}
	u := &Use{Recipients: []string{"a@example.co.jp", "b@mail.example.com", "c@notexample.com", "d@gmail.com", "e@gmail.com"}}
	if d, n := c.Outside(u); n != 3 || strings.Join(d, " ") != "notexample.com gmail.com" {
		t.Errorf("%d outside: %v", n, d)
	}
	if _, n := (Company{}).Outside(u); n != 5 {
		t.Errorf("without domains %d are outside", n)
	}
	for _, bad := range []string{"", "jp", "a@b.c", "*.example.jp"} {
		if _, err := NewCompany([]string{bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestSkim(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":{"b":["x",{"c":1}]},"d":"\u5c71\ud83d\ude00\n\""}`: `a.b=x a.b.c=1 d=山😀` + "\n\"",
		"{\"a\":\"1\"}\n{\"a\":\"2\"}":                           `a=1 a=2`,
		`[]`:                                                     ``,
		`{}`:                                                     ``,
		`{"long":"` + strings.Repeat("x", 2*maxValue) + `","b":"end"}`: `long=` + strings.Repeat("x", maxValue) + ` b=end`,
	} {
		var got []string
		if err := skim(strings.NewReader(in), func(p string, v []byte) { got = append(got, p+"="+string(v)) }); err != nil {
			t.Errorf("%.60s: %v", in, err)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%.60s: got %.100q", in, got)
		}
	}
	for _, bad := range []string{`{`, `{"a"`, `{"a":}`, `[1`, `{"a":"x}`, strings.Repeat("[", 1000), `{"a" "b"}`, `"\u12"`} {
		if skim(strings.NewReader(bad), func(string, []byte) {}) == nil {
			t.Errorf("%.20q was read to its end", bad)
		}
	}
}

func TestAWSChunked(t *testing.T) {
	sig := ";chunk-signature=" + strings.Repeat("0af9", 16)
	for in, want := range map[string]string{
		"5" + sig + "\r\nhello\r\n6" + sig + "\r\n world\r\n0" + sig + "\r\n\r\n":                                                "hello world",
		"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:" + strings.Repeat("0af9", 16) + "\r\n\r\n": "hello",
		"0\r\n\r\n": "",
	} {
		s, err := awsChunked(strings.NewReader(in), int64(len(in)))
		if err != nil || s == nil {
			t.Errorf("%.30q: %v", in, err)
			continue
		}
		r := s.Of(strings.NewReader(in))
		if b, err := io.ReadAll(r); err != nil || string(b) != want || r.Size() != int64(len(want)) {
			t.Errorf("%.30q: %q, %v", in, b, err)
		}
		if len(want) > 8 {
			p := make([]byte, 6)
			if _, err := r.ReadAt(p, 3); err != nil || string(p) != want[3:9] {
				t.Errorf("in the middle: %q, %v", p, err)
			}
		}
	}
	// What could carry something unseen is not taken for it.
	for _, bad := range []string{
		"", "5\r\nhello", "5\r\nhello\r\n", "5;name=Yamada\r\nhello\r\n0\r\n\r\n", "zz\r\n", "-5\r\nhello\r\n",
		"5\r\nhelloXX0\r\n\r\n", "0\r\nx-note:090-1234-5678\r\n\r\n", "0\r\n\r\nmore", "0\r\n" + strings.Repeat("x-amz-checksum-crc32:AAAAAA==\r\n", 6), "ffffffffffffffff\r\nx", "5\nhello\n0\n\n",
	} {
		if _, err := awsChunked(strings.NewReader(bad), int64(len(bad))); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func FuzzReaders(f *testing.F) {
	f.Add("PUT", "b.s3.amazonaws.com", "/k", "partNumber=1&uploadId=x", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", []byte("5\r\nhello\r\n0\r\n\r\n"))
	f.Add("POST", "gmail.googleapis.com", "/gmail/v1/users/me/messages/send", "", "multipart/related; boundary=a", []byte(`{"raw":"VG86IGFAYi5jDQoNCg"}`))
	f.Add("POST", "content.dropboxapi.com", "/2/files/upload_session/finish", "", `{"cursor":{"session_id":"a","offset":3},"commit":{"path":"/a"}}`, []byte("x"))
	f.Fuzz(func(t *testing.T, method, host, path, query, field string, body []byte) {
		h := http.Header{"Content-Type": {field}, "X-Amz-Content-Sha256": {field}, "Dropbox-Api-Arg": {field}, "Content-Range": {field}}
		read := Find(method, host, path, query, h)
		if read == nil {
			return
		}
		r := &Request{Method: method, Host: host, Path: path, Query: query, Header: h, Body: bytes.NewReader(body), Size: int64(len(body))}
		u := read(r)
		if u == nil {
			return
		}
		if n, err := io.Copy(io.Discard, u.Content.Of(r.Body)); err != nil || n > r.Size {
			t.Errorf("content of %d bytes in %d: %v", n, r.Size, err)
		}
	})
}
