package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/sekimori-dlp/sekimori/proxy/hold"
)

// way is one way in which a client can send a body.
type way struct {
	name  string
	proto string // as audited
	send  func(h *house, body string) (status int, answer string)
}

func rawWay(name, proto string, conn func(h *house) net.Conn, request func(body string) string) way {
	return way{name, proto, func(h *house, body string) (int, string) {
		resp, text := raw(h.t, conn(h), request(body))
		return resp.StatusCode, text
	}}
}

func clientWay(name, proto, url string, http2 bool, mend func(*http.Request)) way {
	return way{name, proto, func(h *house, body string) (int, string) {
		req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
		if err != nil {
			h.t.Fatal(err)
		}
		if mend != nil {
			mend(req)
		}
		resp, err := h.client(http2).Do(req)
		if err != nil {
			h.t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			h.t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}}
}

func post(target, version, extra, body string) string {
	return fmt.Sprintf("POST %s HTTP/%s\r\nHost: %s\r\n%sContent-Length: %d\r\n\r\n%s", target, version, originHost, extra, len(body), body)
}

func chunked(r *http.Request) { r.ContentLength = -1; r.Body = io.NopCloser(io.MultiReader(r.Body)) }

func toProxy(h *house) net.Conn { return h.dial() }
func inTLS(h *house) net.Conn   { return h.open(originHost+":443", originHost, "http/1.1") }
func noALPN(h *house) net.Conn  { return h.open(originHost+":443", originHost) }
func in80(h *house) net.Conn    { return h.connect(originHost + ":80") }

// ways are all those in which a body is accepted.
var ways = []way{
	rawWay("HTTP/1.0 absolute", "HTTP/1.0", toProxy, func(b string) string { return post("http://"+originHost+"/", "1.0", "", b) }),
	rawWay("HTTP/1.1 absolute", "HTTP/1.1", toProxy, func(b string) string { return post("http://"+originHost+"/", "1.1", "", b) }),
	rawWay("HTTP/1.1 absolute https", "HTTP/1.1", toProxy, func(b string) string { return post("https://"+originHost+"/", "1.1", "", b) }),
	rawWay("HTTP/1.1 absolute, other Host", "HTTP/1.1", toProxy, func(b string) string {
		return fmt.Sprintf("POST http://%s/ HTTP/1.1\r\nHost: other.example\r\nContent-Length: %d\r\n\r\n%s", originHost, len(b), b)
	}),
	rawWay("HTTP/1.0 in TLS", "HTTP/1.0", func(h *house) net.Conn { return h.open(originHost+":443", originHost, "http/1.0") }, func(b string) string { return post("/", "1.0", "", b) }),
	rawWay("HTTP/1.1 in TLS", "HTTP/1.1", inTLS, func(b string) string { return post("/", "1.1", "", b) }),
	rawWay("HTTP/1.1 in TLS without ALPN", "HTTP/1.1", noALPN, func(b string) string { return post("/", "1.1", "", b) }),
	rawWay("absolute in TLS", "HTTP/1.1", inTLS, func(b string) string { return post("https://"+originHost+"/", "1.1", "", b) }),
	rawWay("upgrade to h2c", "HTTP/1.1", toProxy, func(b string) string {
		return post("http://"+originHost+"/", "1.1", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n", b)
	}),
	rawWay("CONNECT to port 80", "HTTP/1.1", in80, func(b string) string { return post("/", "1.1", "", b) }),
	rawWay("upgrade to h2c in a tunnel", "HTTP/1.1", in80, func(b string) string {
		return post("/", "1.1", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n", b)
	}),
	rawWay("method of one's own", "HTTP/1.1", inTLS, func(b string) string {
		return strings.Replace(post("/", "1.1", "", b), "POST", "FROB", 1)
	}),
	rawWay("GET with a body", "HTTP/1.1", inTLS, func(b string) string { return strings.Replace(post("/", "1.1", "", b), "POST", "GET", 1) }),
	clientWay("client, plain", "HTTP/1.1", "http://"+originHost+"/", false, nil),
	clientWay("client, TLS", "HTTP/1.1", "https://"+originHost+"/", false, nil),
	clientWay("client, TLS, chunked", "HTTP/1.1", "https://"+originHost+"/", false, chunked),
	clientWay("client, TLS, Expect", "HTTP/1.1", "https://"+originHost+"/", false, func(r *http.Request) { r.Header.Set("Expect", "100-continue") }),
	clientWay("client, h2", "HTTP/2.0", "https://"+originHost+"/", true, nil),
	clientWay("client, h2, unknown length", "HTTP/2.0", "https://"+originHost+"/", true, chunked),
	clientWay("client, h2, Expect", "HTTP/2.0", "https://"+originHost+"/", true, func(r *http.Request) { r.Header.Set("Expect", "100-continue") }),
	{"h2 on a connection of its own", "HTTP/2.0", func(h *house, body string) (int, string) {
		tr := &http.Transport{ForceAttemptHTTP2: true, DialTLSContext: func(context.Context, string, string) (net.Conn, error) {
			return h.open(originHost+":443", originHost, "h2"), nil
		}}
		defer tr.CloseIdleConnections()
		req, _ := http.NewRequest("PUT", "https://"+originHost+"/a.txt", strings.NewReader(body))
		resp, err := tr.RoundTrip(req)
		if err != nil {
			h.t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}},
}

// No way leads around the gate: a secret is stopped on all of them, without
// one byte or one request at the origin; anything else arrives whole.
func TestEveryWayLeadsThroughTheGate(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			h := build(t)
			for _, size := range []int{0, 100_000} {
				status, text := w.send(h, strings.Repeat("a", size)+secret)
				if status != http.StatusForbidden || !strings.Contains(text, "SK-") {
					t.Fatalf("a secret after %d bytes was answered %d %q", size, status, text)
				}
				if strings.Contains(text, secret) {
					t.Error("the answer tells the secret")
				}
			}
			h.untouched()
			status, text := w.send(h, strings.Repeat("b", 100_000))
			if status != http.StatusOK || text != "got 100000" {
				t.Fatalf("a harmless body was answered %d %q", status, text)
			}
			evs := h.audit.events()
			if len(evs) != 3 {
				t.Fatalf("%d events, want 3", len(evs))
			}
			for i, ev := range evs {
				if want := []string{"block", "block", "allow"}[i]; ev.Action != want || ev.Protocol != w.proto || ev.Host != originHost {
					t.Errorf("event %d: %s over %s to %s, want %s over %s", i, ev.Action, ev.Protocol, ev.Host, want, w.proto)
				}
			}
			h.clean()
		})
	}
}

// What is not a request that the gate could judge is refused, not relayed.
func TestRefusedWays(t *testing.T) {
	preface := http2.ClientPreface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	cases := []struct {
		name string
		conn func(h *house) net.Conn
		send string
		want int
	}{
		{"h2c prior knowledge to the proxy", toProxy, preface, 400},
		{"h2c prior knowledge in a tunnel", in80, preface, 400},
		{"CONNECT within TLS", inTLS, "CONNECT " + originHost + ":443 HTTP/1.1\r\nHost: " + originHost + ":443\r\n\r\n", 405},
		{"CONNECT within CONNECT to port 80", in80, "CONNECT " + originHost + ":443 HTTP/1.1\r\nHost: " + originHost + ":443\r\n\r\n", 405},
		{"other Host within TLS", inTLS, "GET / HTTP/1.1\r\nHost: other.example\r\n\r\n", 421},
		{"other port within TLS", inTLS, "GET / HTTP/1.1\r\nHost: " + originHost + ":8443\r\n\r\n", 421},
		{"other scheme within TLS", inTLS, "GET http://" + originHost + ":443/ HTTP/1.1\r\nHost: " + originHost + "\r\n\r\n", 421},
		{"other authority within TLS", inTLS, "GET https://other.example/ HTTP/1.1\r\nHost: " + originHost + "\r\n\r\n", 421},
		{"other name in TLS than in CONNECT", func(h *house) net.Conn { return h.open(originHost+":443", "other.example") }, "GET / HTTP/1.1\r\nHost: " + originHost + "\r\n\r\n", 421},
		{"both other names", func(h *house) net.Conn { return h.open(originHost+":443", "other.example") }, "GET / HTTP/1.1\r\nHost: other.example\r\n\r\n", 421},
		{"origin form to the proxy", toProxy, "GET / HTTP/1.1\r\nHost: " + originHost + "\r\n\r\n", 400},
		{"OPTIONS * to the proxy", toProxy, "OPTIONS * HTTP/1.1\r\nHost: " + originHost + "\r\n\r\n", 400},
		{"ftp", toProxy, "GET ftp://" + originHost + "/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"user in the URL", toProxy, "GET http://u:p@" + originHost + "/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"CONNECT without a port", toProxy, "CONNECT " + originHost + " HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"port out of range", toProxy, "GET http://" + originHost + ":70000/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"loop", toProxy, "GET http://" + originHost + "/ HTTP/1.1\r\nHost: a\r\nVia: 1.0 fred, 1.1 sekimori-test\r\n\r\n", 508},
		{"loop of CONNECT", toProxy, "CONNECT " + originHost + ":443 HTTP/1.1\r\nHost: a\r\nVia: 1.1 sekimori-test (x)\r\n\r\n", 508},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := build(t)
			resp, text := raw(t, c.conn(h), c.send)
			if resp.StatusCode != c.want {
				t.Errorf("answered %d %q, want %d", resp.StatusCode, text, c.want)
			}
			h.untouched()
		})
	}
}

// Shapes about which parsers disagree, in one request and behind another.
func TestSmuggling(t *testing.T) {
	const head = "POST http://" + originHost + "/ HTTP/1.1\r\nHost: " + originHost + "\r\n"
	inner := "GET http://" + originHost + "/hidden HTTP/1.1\r\nHost: " + originHost + "\r\n\r\n"
	cases := map[string]string{
		"CL and TE":          head + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
		"TE and CL":          head + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
		"CL twice":           head + "Content-Length: 0\r\nContent-Length: 60\r\n\r\n" + inner,
		"CL twice the same":  head + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
		"CL list":            head + "Content-Length: 1, 1\r\n\r\na",
		"CL signed":          head + "Content-Length: +1\r\n\r\na",
		"TE twice":           head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"TE padded":          head + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
		"TE folded":          head + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
		"TE with tab":        head + "Transfer-Encoding:\tchunked, identity\r\nContent-Length: 3\r\n\r\nabc",
		"TE in 1.0":          "POST http://" + originHost + "/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"bare LF":            "POST http://" + originHost + "/ HTTP/1.1\nHost: a\nContent-Length: 0\n\n",
		"bare CR":            head + "X: a\rContent-Length: 5\r\n\r\n",
		"Host twice":         "GET http://" + originHost + "/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"no Host":            "GET / HTTP/1.1\r\n\r\n",
		"NUL in a value":     head + "X: a\x00b\r\n\r\n",
		"blank in a name":    head + "X Y: a\r\n\r\n",
		"chunk extension":    head + "Transfer-Encoding: chunked\r\n\r\n1;a\r\na\r\n0\r\n\r\n",
		"chunk too long":     head + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
		"chunk size signed":  head + "Transfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n",
		"chunk size huge":    head + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\na\r\n0\r\n\r\n",
		"chunk size garbage": head + "Transfer-Encoding: chunked\r\n\r\nzz\r\na\r\n0\r\n\r\n",
		"CL in the trailer":  head + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nContent-Length: 9\r\n\r\n",
		"HTTP/0.9":           "GET http://" + originHost + "/\r\n\r\n",
		"HTTP/3.0 in words":  "GET http://" + originHost + "/ HTTP/3.0\r\nHost: a\r\n\r\n",
	}
	for name, request := range cases {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			c := h.dial()
			resp, text := raw(t, c, request)
			if resp.StatusCode != 400 && resp.StatusCode != 505 || !resp.Close {
				t.Errorf("answered %d %q, close: %v", resp.StatusCode, text, resp.Close)
			}
			h.untouched()
			// Nothing that came after is taken for a request.
			if n, err := io.Copy(io.Discard, c); n != 0 {
				t.Errorf("%d more bytes answered, %v", n, err)
			}
			h.untouched()
			h.clean()
		})
	}
}

func TestUnknownTransferEncoding(t *testing.T) {
	h := build(t)
	resp, _ := raw(t, h.dial(), "POST http://"+originHost+"/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")
	if resp.StatusCode != http.StatusNotImplemented {
		t.Errorf("answered %d", resp.StatusCode)
	}
	h.untouched()
}

// Bytes that come in one packet with CONNECT belong to the tunnel.
func TestBytesSentWithConnect(t *testing.T) {
	h := build(t)
	c := h.dial()
	var hello bytes.Buffer
	// The client's first flight is kept back and sent together with CONNECT.
	pipe := &firstFlight{Conn: c, first: &hello, head: "CONNECT " + originHost + ":443 HTTP/1.1\r\nHost: " + originHost + ":443\r\n\r\n"}
	tc := tls.Client(pipe, &tls.Config{RootCAs: h.roots, ServerName: originHost})
	if err := tc.Handshake(); err != nil {
		t.Fatal(err)
	}
	if resp, text := raw(t, tc, post("/", "1.1", "", "harmless")); resp.StatusCode != 200 || text != "got 8" {
		t.Errorf("answered %d %q", resp.StatusCode, text)
	}

	c = h.dial()
	request := "CONNECT " + originHost + ":80 HTTP/1.1\r\nHost: " + originHost + ":80\r\n\r\n" + post("/", "1.1", "", secret)
	io.WriteString(c, request)
	br := bufio.NewReader(c)
	if resp, err := http.ReadResponse(br, &http.Request{Method: "CONNECT"}); err != nil || resp.StatusCode != 200 {
		t.Fatalf("CONNECT: %v %v", resp, err)
	}
	if resp, text := reply(t, br); resp.StatusCode != 403 {
		t.Errorf("answered %d %q", resp.StatusCode, text)
	}
	if h.plain.requests.Load() != 0 {
		t.Error("it went out")
	}
}

// firstFlight sends head and the first write in one packet, and drops the
// answer to CONNECT from what it reads.
type firstFlight struct {
	net.Conn
	first *bytes.Buffer
	head  string
	past  bool
}

func (f *firstFlight) Write(p []byte) (int, error) {
	if f.head != "" {
		p2 := append([]byte(f.head), p...)
		f.head = ""
		_, err := f.Conn.Write(p2)
		return len(p), err
	}
	return f.Conn.Write(p)
}

func (f *firstFlight) Read(p []byte) (int, error) {
	if !f.past {
		f.past = true
		b := make([]byte, 1)
		var got []byte
		for !bytes.HasSuffix(got, []byte("\r\n\r\n")) {
			if _, err := f.Conn.Read(b); err != nil {
				return 0, err
			}
			got = append(got, b[0])
		}
	}
	return f.Conn.Read(p)
}

func TestOtherProtocolsInTunnels(t *testing.T) {
	h := build(t, func(c *Config, _ *Deps, _ *hold.Config) { c.Timeouts.Handshake = 300 * time.Millisecond })
	c := h.connect(originHost + ":22")
	io.WriteString(c, "\x00\x01binary protocol")
	if n, _ := io.Copy(io.Discard, c); n != 0 {
		t.Errorf("%d bytes came back", n)
	}
	// A client that waits for the server to speak first is let go in time.
	c = h.connect(originHost + ":25")
	start := time.Now()
	io.Copy(io.Discard, c)
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("closed only after %v", d)
	}
	h.untouched()
}

// A method that may be somebody's data goes nowhere, not into the access log either.
func TestMethodsAreNames(t *testing.T) {
	log := &lockedBuffer{}
	h := build(t, func(_ *Config, d *Deps, _ *hold.Config) { d.Access = slog.New(slog.NewJSONHandler(log, nil)) })
	for method, want := range map[string]int{
		"UPDATEREDIRECTREF": 200, "M-SEARCH": 200, "RPC_IN_DATA": 200,
		"NAME-090-1234-5678": 400, strings.Repeat("NAMES", 5): 400,
	} {
		for _, http2 := range []bool{false, true} {
			before := h.secure.requests.Load()
			req, err := http.NewRequest(method, "https://"+originHost+"/?q", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := h.client(http2).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if arrived := h.secure.requests.Load() > before; resp.StatusCode != want || arrived != (want == 200) {
				t.Errorf("%s, HTTP/2 %v: %d, arrived %v", method, http2, resp.StatusCode, arrived)
			}
		}
	}
	eventually(t, "all is logged", func() bool { return strings.Count(log.String(), "\n") >= 10 })
	for _, told := range []string{"1234-5678", "NAMESNAMES"} {
		if strings.Contains(log.String(), told) {
			t.Errorf("the access log tells %s", told)
		}
	}
}

// lockedBuffer is written and read at the same time.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
