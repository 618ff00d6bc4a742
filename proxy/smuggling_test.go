package proxy

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/sekimori-dlp/sekimori/proxy/hold"
)

// tap is an origin that keeps the requests it gets byte by byte, and takes
// nothing that could be read in two ways.
type tap struct {
	mu     sync.Mutex
	got    []tapped
	faults []string

	seen    int      // events
	allowed []string // that have not arrived
	arrived int
}

type tapped struct{ method, target, head, body string }

func (o *tap) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go o.take(c)
	}
}

func (o *tap) take(c net.Conn) {
	defer c.Close()
	br := bufio.NewReader(c)
	for {
		q, err := o.read(br)
		if err == io.EOF {
			return
		}
		o.mu.Lock()
		if o.got = append(o.got, q); err != nil {
			o.faults = append(o.faults, fmt.Sprintf("%v in %q", err, q.head))
		}
		o.mu.Unlock()
		if err != nil {
			return
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	}
}

func (o *tap) read(br *bufio.Reader) (q tapped, err error) {
	length, chunked := -1, false
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			if q.head == "" {
				return q, io.EOF
			}
			return q, err
		}
		q.head += line
		text, ok := strings.CutSuffix(line, "\r\n")
		if !ok || strings.ContainsAny(text, "\r\x00") {
			return q, fmt.Errorf("line %q", line)
		}
		if text == "" {
			break
		}
		if q.method == "" {
			f := strings.Split(text, " ")
			if len(f) != 3 || f[2] != "HTTP/1.1" {
				return q, fmt.Errorf("request line %q", text)
			}
			q.method, q.target = f[0], f[1]
			continue
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok || strings.ContainsAny(name, " \t") {
			return q, fmt.Errorf("field %q", text)
		}
		switch value = strings.TrimSpace(value); strings.ToLower(name) {
		case "content-length":
			n, err := strconv.Atoi(value)
			if err != nil || length >= 0 || strconv.Itoa(n) != value {
				return q, fmt.Errorf("length %q", text)
			}
			length = n
		case "transfer-encoding":
			if value != "chunked" || chunked {
				return q, fmt.Errorf("coding %q", text)
			}
			chunked = true
		}
	}
	if chunked {
		if length >= 0 {
			return q, fmt.Errorf("length and coding")
		}
		// What the proxy writes is what net/http reads without a word.
		r, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), br)))
		if err != nil {
			return q, err
		}
		b, err := io.ReadAll(r.Body)
		q.body = string(b)
		return q, err
	}
	b := make([]byte, max(length, 0))
	_, err = io.ReadFull(br, b)
	q.body = string(b)
	return q, err
}

// tapHouse is a house whose origins are a tap.
func tapHouse(t *testing.T) (*house, *tap) {
	o := &tap{}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cert, root := originCertificate(t)
	secure := tls.NewListener(inner, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}})
	go o.serve(plain)
	go o.serve(secure)
	t.Cleanup(func() { plain.Close(); secure.Close() })
	return build(t, func(c *Config, _ *Deps, _ *hold.Config) {
		c.Record = RecordAll
		c.Timeouts.Header, c.Timeouts.Body, c.Timeouts.Idle = 300*time.Millisecond, 300*time.Millisecond, 300*time.Millisecond
		c.Upstream.CAFiles = append(c.Upstream.CAFiles, root)
		c.Upstream.Resolve = map[string]string{originHost + ":80": plain.Addr().String(), originHost + ":443": inner.Addr().String()}
	}), o
}

// same fails unless what has reached the origin was decided on just so, and
// nothing of it holds the secret. What was allowed and did not arrive, because
// its sender's connection broke, stays in allowed.
func (o *tap) same(t *testing.T, h *house, name string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	evs := h.audit.events()
	for _, ev := range evs[o.seen:] {
		if ev.Action == "allow" {
			o.allowed = append(o.allowed, fmt.Sprintf("%s of %d bytes", ev.Method, ev.Bytes))
		}
	}
	o.seen = len(evs)
	for _, q := range o.got {
		o.arrived++
		if strings.Contains(q.head+q.body, secret) {
			t.Errorf("%s: the secret reached the origin in %q", name, q.head)
		}
		as := fmt.Sprintf("%s of %d bytes", q.method, len(q.body))
		if i := slices.Index(o.allowed, as); i >= 0 {
			o.allowed = slices.Delete(o.allowed, i, i+1)
		} else {
			t.Errorf("%s: the origin got %s, which was not allowed; head %q", name, as, q.head)
		}
	}
	for _, f := range o.faults {
		t.Errorf("%s: %s", name, f)
	}
	o.got, o.faults = nil, nil
}

// obfuscations of a coding or a length, after the public lists (Kettle's
// "HTTP desync attacks", "HTTP/1 must die", PortSwigger's smuggler, and others).
var obfuscations = []string{
	"Transfer-Encoding: chunked", "transfer-encoding: Chunked", "Transfer-Encoding : chunked", "Transfer-Encoding\t: chunked",
	" Transfer-Encoding: chunked", "Transfer-Encoding:chunked", "Transfer-Encoding:\tchunked", "Transfer-Encoding:\x0bchunked",
	"Transfer-Encoding: \x0cchunked", "Transfer-Encoding: \x00chunked", "Transfer-Encoding: chunked\x00", "Transfer-Encoding: \x85chunked",
	"Transfer-Encoding: xchunked", "Transfer-Encoding: chunkedx", "Transfer-Encoding: 'chunked'", "Transfer-Encoding: \"chunked\"",
	"Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity, chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked;q=1",
	"Transfer-Encoding: chunked\r\nTransfer-Encoding: x", "Transfer-Encoding: x\r\nTransfer-Encoding: chunked", "Transfer-Encoding:\r\n chunked",
	"Transfer-Encoding: \r\n chunked", "Transfer-Encoding: chunked\r\n x", "X: a\nTransfer-Encoding: chunked", "X: a\rTransfer-Encoding: chunked",
	"X: a\r\n\rTransfer-Encoding: chunked", "Transfer_Encoding: chunked", "Transfer Encoding: chunked", "Transfer-\r\nEncoding: chunked", "Transfer-Encoding",
	"\xefTransfer-Encoding: chunked", "Transfer-Encoding\x00: chunked", "Content-Encoding: chunked", "TE: chunked", "Trailer: Content-Length",
	"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked", "Connection: Content-Length", "Connection: Host", "Proxy-Connection: Content-Length",
	"Content-Length: 0", "Content-Length: 5", "Content-Length : 5", "Content-Length: 5 ", "Content-Length: 05", "Content-Length: 0x5", "Content-Length: +5",
	"Content-Length: -1", "Content-Length: 5, 5", "Content-Length: 5;", "Content-Length:\t5", "Content-Length: 5\r\n 5", "Content-Length: 5\x00", "Content_Length: 5", "Content-Length\x0b: 5",
	"Content-Length: 18446744073709551621", "Expect: 100-continue", "Expect: y 100-continue", "Expect: 100-continue\r\nTransfer-Encoding: chunked",
	"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__", "Upgrade: websocket\r\nConnection: Upgrade",
	"Host: other.example", "Host : other.example", "X-HTTP-Method-Override: PUT", "Max-Forwards: 0", "Range: bytes=0-0",
}

// chunkings end a chunked body in ways that parsers read differently.
var chunkings = []string{
	"0\r\n\r\n", "0\n\n", "0\r\n\n", "0\r\r\n\r\n", "0;\r\n\r\n", "0 \r\n\r\n", " 0\r\n\r\n", "00000000000000000\r\n\r\n", "-0\r\n\r\n", "0x0\r\n\r\n", "0\r\nX: y\r\n\r\n",
	"0\r\nTransfer-Encoding: x\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhelloXX0\r\n\r\n", "5;\n\r\nhello\r\n0\r\n\r\n", "5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n",
	"ffffffffffffffff\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n", "5\r\nhello\r\n0\r\nbad\r\n\r\n", "5\x00\r\nhello\r\n0\r\n\r\n", "5_0\r\nhello\r\n0\r\n\r\n",
}

// TestNothingDiffersFromWhatWasInspected sends each shape with a hidden request
// behind it, on plain connections and in tunnels.
func TestNothingDiffersFromWhatWasInspected(t *testing.T) {
	h, o := tapHouse(t)
	hidden := "GET /hidden?" + secret + " HTTP/1.1\r\nHost: " + originHost + "\r\nConnection: close\r\n\r\n"
	var all []string
	for _, x := range obfuscations {
		for _, other := range []string{"", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"} {
			for _, body := range []string{"hello", "0\r\n\r\n"} {
				all = append(all, "POST TARGET HTTP/1.1\r\nHost: "+originHost+"\r\n"+other+x+"\r\n\r\n"+body+hidden)
			}
		}
		all = append(all, "GET TARGET HTTP/1.1\r\nHost: "+originHost+"\r\n"+x+"\r\n\r\n"+hidden)
	}
	for _, x := range chunkings {
		all = append(all, "POST TARGET HTTP/1.1\r\nHost: "+originHost+"\r\nTransfer-Encoding: chunked\r\n\r\n"+x+hidden)
	}
	for _, line := range []string{"POST TARGET HTTP/1.1 ", "POST  TARGET HTTP/1.1", "POST TARGET\tHTTP/1.1", "POST TARGET?\x00 HTTP/1.1", "POST TARGET HTTP/1.2", "POST TARGET HTTP/2.0", "POST TARGET http/1.1",
		"POST TARGET#x HTTP/1.1", "POST TARGET%0d%0a HTTP/1.1", "PO\x00ST TARGET HTTP/1.1", "POST TARGET?a b HTTP/1.1", "\r\nPOST TARGET HTTP/1.1", "\x00POST TARGET HTTP/1.1", "POST TARGET HTTP/1.1\r"} {
		all = append(all, line+"\r\nHost: "+originHost+"\r\nContent-Length: 5\r\n\r\nhello"+hidden)
	}
	for place, c := range map[string]struct {
		target string
		open   func() net.Conn
	}{
		"to the proxy": {"http://" + originHost + "/up", h.dial},
		"in TLS":       {"/up", func() net.Conn { return h.open(originHost+":443", originHost, "http/1.1") }},
		"in CONNECT":   {"/up", func() net.Conn { return h.connect(originHost + ":80") }},
	} {
		t.Run(place, func(t *testing.T) {
			for _, v := range all {
				conn := c.open()
				io.WriteString(conn, strings.Replace(v, "TARGET", c.target, 1))
				io.Copy(io.Discard, conn)
				conn.Close()
				o.same(t, h, fmt.Sprintf("%q", v))
			}
			if len(o.allowed) > 0 || o.arrived < 50 {
				t.Errorf("%d arrived; allowed, but not arrived: %q", o.arrived, o.allowed)
			}
		})
	}
}

// TestNothingDiffersOverHTTP2 is the same with what HTTP/2 can carry and
// HTTP/1.1, in which it goes on, cannot.
func TestNothingDiffersOverHTTP2(t *testing.T) {
	h, o := tapHouse(t)
	hidden := "\r\n\r\nGET /hidden?" + secret + " HTTP/1.1\r\nHost: " + originHost + "\r\nX: "
	type field = hpack.HeaderField
	pseudo := map[string]string{":method": "POST", ":path": "/up", ":scheme": "https", ":authority": originHost}
	var all [][]field
	for _, f := range []field{
		{Name: "transfer-encoding", Value: "chunked"}, {Name: "transfer-encoding", Value: "identity"}, {Name: "Transfer-Encoding", Value: "chunked"},
		{Name: "content-length", Value: "0"}, {Name: "content-length", Value: "3"}, {Name: "content-length", Value: "500"}, {Name: "content-length", Value: "x"},
		{Name: "connection", Value: "transfer-encoding"}, {Name: "connection", Value: "close, content-length"}, {Name: "upgrade", Value: "h2c"},
		{Name: "x", Value: "a\r\nTransfer-Encoding: chunked"}, {Name: "x", Value: "a\nb"}, {Name: "x", Value: "a\x00b"}, {Name: "x", Value: "a" + hidden}, {Name: "x\r\ny", Value: "a"}, {Name: "x: y", Value: "a"}, {Name: "x y", Value: "a"},
		{Name: "x" + hidden, Value: "a"}, {Name: "", Value: "a"}, {Name: "host", Value: "other.example"}, {Name: "host", Value: originHost + hidden}, {Name: ":path", Value: "/other"}, {Name: ":method", Value: "GET"}, {Name: ":other", Value: "x"}, {Name: ":protocol", Value: "websocket"}, {Name: ":protocol", Value: "h2c" + hidden},
		{Name: "te", Value: "chunked"}, {Name: "trailer", Value: "content-length"}, {Name: "expect", Value: "100-continue"},
	} {
		all = append(all, []field{f})
	}
	for name, values := range map[string][]string{
		":method":    {"POST /up HTTP/1.1" + hidden, "PO ST", "", "post\r\n"},
		":path":      {"/up HTTP/1.1" + hidden, "/a b", "", "up", "*", "/a\tb", "/a#b", "https://other.example/", "//other.example/"},
		":scheme":    {"http", "https://other.example/?", "", "https" + hidden},
		":authority": {originHost + hidden, "other.example", "user@" + originHost, originHost + ":443", "", originHost + "/x"},
	} {
		for _, v := range values {
			all = append(all, []field{{Name: name, Value: v, Sensitive: true}}) // Sensitive: it replaces
		}
	}
	for i, extra := range all {
		c := h.open(originHost+":443", originHost, "h2")
		io.WriteString(c, http2.ClientPreface)
		fr := http2.NewFramer(c, c)
		fr.AllowIllegalWrites = true
		fr.WriteSettings()
		var block bytes.Buffer
		enc := hpack.NewEncoder(&block)
		replaced := extra[0].Sensitive
		for _, name := range []string{":method", ":path", ":scheme", ":authority"} {
			if v := pseudo[name]; !replaced || extra[0].Name != name {
				enc.WriteField(field{Name: name, Value: v})
			} else {
				enc.WriteField(field{Name: name, Value: extra[0].Value})
			}
		}
		if !replaced {
			enc.WriteField(extra[0])
		}
		fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true})
		fr.WriteData(1, true, bytes.Repeat([]byte("a"), 100+i)) // no two are the same
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		for ended := false; !ended; {
			f, err := fr.ReadFrame()
			if err != nil {
				break
			}
			switch f := f.(type) {
			case *http2.HeadersFrame:
				ended = f.StreamEnded()
			case *http2.DataFrame:
				ended = f.StreamEnded()
			case *http2.RSTStreamFrame, *http2.GoAwayFrame:
				ended = true
			}
		}
		c.Close()
		o.same(t, h, fmt.Sprintf("%q", extra))
	}
	if o.arrived < 5 {
		t.Errorf("%d arrived: the test tried little", o.arrived)
	}
}
