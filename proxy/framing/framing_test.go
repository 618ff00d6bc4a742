package framing

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
)

type stream struct {
	net.Conn
	io.Reader
}

func (s stream) Read(p []byte) (int, error) { return s.Reader.Read(p) }

func guard(r io.Reader) *Conn { return Guard(stream{Reader: r}, 1<<16) }

var valid = map[string]string{
	"get":              "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"pipelined":        "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
	"length":           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\na\r\nbGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"zero length":      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"chunked":          "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\na\nb\r\nA\r\n0123456789\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
	"trailer":          "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\n\r\nGET / HTTP/1.1\r\n\r\n",
	"blank line first": "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"1.0":              "POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\na",
}

var malformed = map[string]string{
	"length and chunked":       "POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
	"chunked and length":       "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\ncontent-length: 4\r\n\r\n",
	"length and other coding":  "POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\n",
	"length twice":             "POST / HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n",
	"length list":              "POST / HTTP/1.1\r\nContent-Length: 4, 4\r\n\r\n",
	"length signed":            "POST / HTTP/1.1\r\nContent-Length: +4\r\n\r\n",
	"length empty":             "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n",
	"length too long":          "POST / HTTP/1.1\r\nContent-Length: 1111111111111111111\r\n\r\n",
	"coding twice":             "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
	"coding in 1.0":            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
	"bare LF in request line":  "GET / HTTP/1.1\nHost: a\r\n\r\n",
	"bare LF in header":        "GET / HTTP/1.1\r\nHost: a\n\r\n",
	"bare LF ends head":        "GET / HTTP/1.1\r\nHost: a\r\n\n",
	"CR in value":              "GET / HTTP/1.1\r\nX: a\rContent-Length: 3\r\n\r\n",
	"folded":                   "GET / HTTP/1.1\r\nX: a\r\n Content-Length: 3\r\n\r\n",
	"folded at once":           "GET / HTTP/1.1\r\n X: a\r\n\r\n",
	"blank before colon":       "POST / HTTP/1.1\r\nContent-Length : 3\r\n\r\n",
	"no name":                  "GET / HTTP/1.1\r\n: a\r\n\r\n",
	"no colon":                 "GET / HTTP/1.1\r\nHost\r\n\r\n",
	"chunk extension":          "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\na\r\n0\r\n\r\n",
	"chunk size prefix":        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
	"chunk size blank":         "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n",
	"chunk size empty":         "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\na\r\n0\r\n\r\n",
	"chunk size bare LF":       "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n",
	"chunk size overflow":      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000001\r\na\r\n0\r\n\r\n",
	"chunk longer than said":   "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
	"chunk ends in bare LF":    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n",
	"framing field in trailer": "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 3\r\n\r\n",
	"after unknown coding":     "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nGET / HTTP/1.1\r\n\r\n",
}

// Every case goes through in one piece and byte by byte: cuts must not matter.
func readers(s string) map[string]io.Reader {
	return map[string]io.Reader{
		"whole": strings.NewReader(s),
		"bytes": iotest.OneByteReader(strings.NewReader(s)),
		"half":  iotest.HalfReader(strings.NewReader(s)),
	}
}

func TestValid(t *testing.T) {
	for name, s := range valid {
		for cut, r := range readers(s) {
			got, err := io.ReadAll(guard(r))
			if err != nil || string(got) != s {
				t.Errorf("%s, %s: %q, %v", name, cut, got, err)
			}
		}
	}
}

func TestMalformed(t *testing.T) {
	for name, s := range malformed {
		var passed []string
		for cut, r := range readers(s) {
			got, err := io.ReadAll(guard(r))
			var e Error
			if !errors.As(err, &e) {
				t.Errorf("%s, %s: passed %q, %v", name, cut, got, err)
			}
			if !strings.HasPrefix(s, string(got)) {
				t.Errorf("%s, %s: changed the bytes: %q", name, cut, got)
			}
			passed = append(passed, string(got))
		}
		for _, p := range passed {
			if strings.HasSuffix(p, "\r\n\r\n") && !strings.Contains(s, "chunked\r\n\r\n") && name != "after unknown coding" {
				t.Errorf("%s: the whole head was let through", name)
			}
		}
	}
}

// What follows CONNECT belongs to the tunnel and comes through whole, also
// when it is no HTTP and came in the same packet.
func TestRelease(t *testing.T) {
	hello := "\x16\x03\x01\n\x00rest of the handshake\r\n"
	head := "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"
	for cut, r := range readers(head + hello) {
		c := guard(r)
		var got bytes.Buffer
		p := make([]byte, 64)
		for got.Len() < len(head) {
			n, err := c.Read(p)
			if err != nil {
				t.Fatalf("%s: %v", cut, err)
			}
			got.Write(p[:n])
		}
		beneath, held := c.Release()
		got.Write(held)
		rest, err := io.ReadAll(beneath)
		if got.Write(rest); err != nil || got.String() != head+hello {
			t.Errorf("%s: %q, %v", cut, got.String(), err)
		}
	}
}

func TestFirstTunnelByteIsNoError(t *testing.T) {
	c := guard(strings.NewReader("CONNECT a:443 HTTP/1.1\r\n\r\n\x16\n\n"))
	if _, err := io.ReadFull(c, make([]byte, 26)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestLongLine(t *testing.T) {
	c := Guard(stream{Reader: strings.NewReader("GET /" + strings.Repeat("a", 1000) + " HTTP/1.1\r\n\r\n")}, 100)
	if _, err := io.ReadAll(c); err == nil {
		t.Error("passed")
	}
}

func FuzzCutsDoNotMatter(f *testing.F) {
	for _, s := range valid {
		f.Add([]byte(s))
	}
	for _, s := range malformed {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, whole := io.ReadAll(guard(bytes.NewReader(b)))
		got, single := io.ReadAll(guard(iotest.OneByteReader(bytes.NewReader(b))))
		if (whole == nil) != (single == nil) || whole != nil && whole.Error() != single.Error() {
			t.Fatalf("whole: %v, byte by byte: %v", whole, single)
		}
		if !bytes.HasPrefix(b, got) {
			t.Fatal("bytes changed")
		}
	})
}

func BenchmarkUpload(b *testing.B) {
	msg := []byte("POST /upload HTTP/1.1\r\nHost: www.example.jp\r\nUser-Agent: test\r\nAccept: */*\r\nContent-Type: text/csv\r\nContent-Length: 10240\r\n\r\n" + strings.Repeat("a", 10240))
	r := bytes.NewReader(msg)
	c := guard(r)
	p := make([]byte, 4096)
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	for b.Loop() {
		r.Reset(msg)
		for {
			if _, err := c.Read(p); err != nil {
				break
			}
		}
	}
}
