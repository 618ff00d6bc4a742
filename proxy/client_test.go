package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/hold"
)

func limits(f func(*Config)) option { return func(c *Config, _ *Deps, _ *hold.Config) { f(c) } }
func holding(f func(*hold.Config)) option {
	return func(_ *Config, _ *Deps, hc *hold.Config) { f(hc) }
}

func TestContinueIsSentWhenTheBodyIsWanted(t *testing.T) {
	h := build(t)
	for name, conn := range map[string]func(*house) net.Conn{"front": toProxy, "TLS": inTLS} {
		c := conn(h)
		target := map[string]string{"front": "http://" + originHost + "/", "TLS": "/"}[name]
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: %s\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", target, originHost)
		br := bufio.NewReader(c)
		line, err := br.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "HTTP/1.1 100 ") {
			t.Fatalf("%s: %q, %v", name, line, err)
		}
		br.ReadString('\n')
		io.WriteString(c, "hello")
		if resp, text := reply(t, br); resp.StatusCode != 200 || text != "got 5" {
			t.Errorf("%s: %d %q", name, resp.StatusCode, text)
		}
	}
}

// A body that would be refused anyway is not asked for.
func TestNoContinueForTooLarge(t *testing.T) {
	h := build(t, holding(func(c *hold.Config) { c.Max = 1000 }))
	c := inTLS(h)
	resp, _ := raw(t, c, "POST / HTTP/1.1\r\nHost: "+originHost+"\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n")
	if resp.StatusCode != http.StatusRequestEntityTooLarge || !resp.Close || resp.Header.Get("Sekimori-Incident") == "" {
		t.Errorf("%d, close %v", resp.StatusCode, resp.Close)
	}
	h.untouched()
}

// A client that sends all before it reads still gets to see why.
func TestTooLargeIsDrainedAndAnswered(t *testing.T) {
	h := build(t, holding(func(c *hold.Config) { c.Max = 1 << 20 }))
	for _, chunk := range []bool{false, true} {
		c := inTLS(h)
		if chunk {
			io.WriteString(c, "POST / HTTP/1.1\r\nHost: "+originHost+"\r\nTransfer-Encoding: chunked\r\n\r\n")
		} else {
			io.WriteString(c, "POST / HTTP/1.1\r\nHost: "+originHost+"\r\nContent-Length: 8388608\r\n\r\n")
		}
		block := bytes.Repeat([]byte("x"), 1<<16)
		for range 128 {
			if chunk {
				fmt.Fprintf(c, "%x\r\n", len(block))
			}
			if _, err := c.Write(block); err != nil {
				t.Fatalf("chunked %v: cut off while sending: %v", chunk, err)
			}
			if chunk {
				io.WriteString(c, "\r\n")
			}
		}
		if chunk {
			io.WriteString(c, "0\r\n\r\n")
		}
		if resp, text := reply(t, bufio.NewReader(c)); resp.StatusCode != 413 || !strings.Contains(text, "SK-") {
			t.Errorf("chunked %v: %d %q", chunk, resp.StatusCode, text)
		}
	}
	resp, err := h.client(true).Post("https://"+originHost+"/", "text/plain", bytes.NewReader(make([]byte, 8<<20)))
	if err != nil {
		t.Fatalf("h2: %v", err)
	}
	resp.Body.Close()
	if resp.StatusCode != 413 || resp.ProtoMajor != 2 {
		t.Errorf("h2: %d over %s", resp.StatusCode, resp.Proto)
	}
	h.untouched()
	h.clean()
}

func TestConnectionsStayOpenAfterABlock(t *testing.T) {
	h := build(t)
	for _, http2 := range []bool{false, true} {
		cl := h.client(http2)
		reused := 0
		trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
			if i.Reused {
				reused++
			}
		}}
		for i := range 6 {
			body, want := "harmless", 200
			if i%2 == 0 {
				body, want = secret, 403
			}
			req, _ := http.NewRequestWithContext(httptrace.WithClientTrace(context.Background(), trace), "POST", "https://"+originHost+"/", strings.NewReader(body))
			resp, err := cl.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("h2 %v: %d, want %d", http2, resp.StatusCode, want)
			}
		}
		if reused != 5 {
			t.Errorf("h2 %v: connection used again %d times of 5", http2, reused)
		}
	}
}

func TestCloseAndOldVersions(t *testing.T) {
	h := build(t)
	for name, head := range map[string]string{
		"1.0":   "GET / HTTP/1.0\r\nHost: " + originHost + "\r\n\r\n",
		"close": "GET / HTTP/1.1\r\nHost: " + originHost + "\r\nConnection: close\r\n\r\n",
	} {
		c := inTLS(h)
		io.WriteString(c, head)
		b, err := io.ReadAll(c) // ends only if the proxy closes
		if err != nil || !bytes.Contains(b, []byte("got 0")) {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

func TestAbortedUpload(t *testing.T) {
	h := build(t, holding(func(c *hold.Config) { c.MemoryPerBody = 4 << 10 }))
	for name, head := range map[string]string{
		"length":  "Content-Length: 10000000\r\n\r\n" + strings.Repeat("a", 100_000),
		"chunked": "Transfer-Encoding: chunked\r\n\r\n186a0\r\n" + strings.Repeat("a", 100_000) + "\r\n",
	} {
		c := inTLS(h)
		io.WriteString(c, "POST / HTTP/1.1\r\nHost: "+originHost+"\r\n"+head)
		eventually(t, name+": held", func() bool { return h.spool.Stats().Bodies > 0 || h.spool.Stats().Disk > 0 })
		c.Close()
		h.clean()
	}
	// HTTP/2: the stream is reset halfway.
	ctx, cancel := context.WithCancel(context.Background())
	pr, pw := io.Pipe()
	req, _ := http.NewRequestWithContext(ctx, "POST", "https://"+originHost+"/", pr)
	done := make(chan error, 1)
	go func() { _, err := h.client(true).Do(req); done <- err }()
	pw.Write(bytes.Repeat([]byte("a"), 100_000))
	eventually(t, "h2: held", func() bool { return h.spool.Stats().Disk > 0 })
	cancel()
	pw.CloseWithError(context.Canceled) // a plain Close could still end the upload in order
	if err := <-done; err == nil {
		t.Error("no error")
	}
	h.clean()
	h.untouched()
}

func TestStalledUpload(t *testing.T) {
	h := build(t, limits(func(c *Config) { c.Timeouts.Body = 200 * time.Millisecond }))
	c := inTLS(h)
	resp, text := raw(t, c, "POST / HTTP/1.1\r\nHost: "+originHost+"\r\nContent-Length: 1000\r\n\r\nabc")
	if resp.StatusCode != http.StatusRequestTimeout {
		t.Errorf("%d %q", resp.StatusCode, text)
	}
	h.untouched()
	h.clean()
}

// As long as something comes, however slowly, the upload goes on.
func TestSlowUpload(t *testing.T) {
	h := build(t, limits(func(c *Config) { c.Timeouts.Body = 300 * time.Millisecond }))
	c := inTLS(h)
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: "+originHost+"\r\nContent-Length: 8\r\n\r\n")
	for range 8 {
		time.Sleep(100 * time.Millisecond)
		io.WriteString(c, "a")
	}
	if resp, text := reply(t, bufio.NewReader(c)); resp.StatusCode != 200 || text != "got 8" {
		t.Errorf("%d %q", resp.StatusCode, text)
	}
}

func TestSlowHead(t *testing.T) {
	h := build(t, limits(func(c *Config) { c.Timeouts.Header = 200 * time.Millisecond }))
	for name, c := range map[string]net.Conn{"front": h.dial(), "TLS": inTLS(h)} {
		io.WriteString(c, "GET / HTTP/1.1\r\n")
		start := time.Now()
		io.Copy(io.Discard, c)
		if d := time.Since(start); d > 3*time.Second {
			t.Errorf("%s: closed only after %v", name, d)
		}
	}
}

func TestHugeHeaders(t *testing.T) {
	h := build(t)
	many := strings.Repeat("X-A: "+strings.Repeat("a", 100)+"\r\n", 1000)
	long := "X-A: " + strings.Repeat("a", 200_000) + "\r\n"
	for name, extra := range map[string]string{"many": many, "long": long} {
		for at, conn := range map[string]func(*house) net.Conn{"front": toProxy, "TLS": inTLS} {
			resp, _ := raw(t, conn(h), "GET http://"+originHost+"/ HTTP/1.1\r\nHost: "+originHost+"\r\n"+extra+"\r\n")
			if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
				t.Errorf("%s, %s: %d", name, at, resp.StatusCode)
			}
		}
	}
	h.untouched()
}

func TestClientLeavingCancelsTheOrigin(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		h := build(t)
		reached, cancelled := make(chan bool), make(chan bool)
		h.secure.handle = func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			close(reached)
			select {
			case <-r.Context().Done():
				close(cancelled)
			case <-time.After(5 * time.Second):
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		go func() { <-reached; cancel() }()
		req, _ := http.NewRequestWithContext(ctx, "POST", "https://"+originHost+"/", strings.NewReader("harmless"))
		if _, err := h.client(http2).Do(req); !errors.Is(err, context.Canceled) {
			t.Errorf("h2 %v: %v", http2, err)
		}
		select {
		case <-cancelled:
		case <-time.After(5 * time.Second):
			t.Errorf("h2 %v: the origin was not told", http2)
		}
		h.clean()
	}
}

func TestConnectionLimit(t *testing.T) {
	h := build(t, limits(func(c *Config) { c.Limits.Connections = 2 }))
	a, b := h.dial(), h.dial()
	io.WriteString(a, "GET http://"+originHost+"/ HTTP/1.1\r\nHost: a\r\n\r\n")
	if resp, _ := reply(t, bufio.NewReader(a)); resp.StatusCode != 200 {
		t.Errorf("first: %d", resp.StatusCode)
	}
	eventually(t, "two connections", func() bool { return h.srv.clients.count() == 2 })
	c := h.dial()
	if resp, _ := reply(t, bufio.NewReader(c)); resp.StatusCode != 503 {
		t.Errorf("third: %d", resp.StatusCode)
	}
	b.Close()
	eventually(t, "one connection", func() bool { return h.srv.clients.count() == 1 })
	if resp, _ := raw(t, h.dial(), "GET http://"+originHost+"/ HTTP/1.1\r\nHost: a\r\n\r\n"); resp.StatusCode != 200 {
		t.Errorf("after one had left: %d", resp.StatusCode)
	}
}

func TestSessionsResume(t *testing.T) {
	h := build(t)
	cache := tls.NewLRUClientSessionCache(10)
	for i := range 3 {
		c := tls.Client(h.connect(originHost+":443"), &tls.Config{RootCAs: h.roots, ServerName: originHost, ClientSessionCache: cache})
		if resp, _ := raw(t, c, "GET / HTTP/1.1\r\nHost: "+originHost+"\r\n\r\n"); resp.StatusCode != 200 {
			t.Fatal(resp.StatusCode)
		}
		if did := c.ConnectionState().DidResume; did != (i > 0) {
			t.Errorf("connection %d resumed: %v", i, did)
		}
		c.Close()
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	h := build(t)
	c := tls.Client(h.connect(originHost+":443"), &tls.Config{RootCAs: h.roots, ServerName: originHost, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if err := c.Handshake(); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
}

// A client that asks for much and reads nothing is given up.
func TestClientThatTakesNothing(t *testing.T) {
	h := build(t, limits(func(c *Config) { c.Timeouts.Idle = 300 * time.Millisecond }))
	ended := make(chan bool)
	h.secure.handle = func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		block := make([]byte, 1<<20)
		for range 200 {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
	c := inTLS(h)
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: "+originHost+"\r\n\r\n")
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("the origin is still sending")
	}
	eventually(t, "the connection is gone", func() bool { return h.srv.clients.count() == 0 })
}
