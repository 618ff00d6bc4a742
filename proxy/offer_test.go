package proxy

import (
	"bufio"
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/proxy/hold"
)

// oldOrigin is an origin at originHost, port 8443, that speaks HTTP/1.1 alone.
func oldOrigin(t *testing.T) (o *origin, at option) {
	t.Helper()
	cert, root := originCertificate(t)
	o = &origin{}
	o.Server = httptest.NewUnstartedServer(o)
	o.Config.ErrorLog = log.New(io.Discard, "", 0)
	o.Server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	o.StartTLS()
	t.Cleanup(func() { o.CloseClientConnections(); o.Close() })
	return o, func(c *Config, _ *Deps, _ *hold.Config) {
		c.Upstream.CAFiles = append(c.Upstream.CAFiles, root)
		c.Upstream.Resolve[originHost+":8443"] = o.Listener.Addr().String()
	}
}

// chosen is what a client gets that offers these, with its connection.
func (h *house) chosen(authority string, protos ...string) (string, *tls.Conn) {
	h.t.Helper()
	c := h.open(authority, originHost, protos...)
	return c.ConnectionState().NegotiatedProtocol, c
}

// Clients are offered what the origin speaks, once it has answered somebody.
func TestOfferedIsWhatTheOriginSpeaks(t *testing.T) {
	old, at := oldOrigin(t)
	h := build(t, at)
	old.handle = func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Trailer", "Grpc-Status")
		io.WriteString(w, r.Proto)
		w.Header().Set("Grpc-Status", r.Trailer.Get("Sum"))
	}
	// call sends a body with a trailer by HTTP/2, whatever the origin speaks.
	call := func(c *tls.Conn) {
		t.Helper()
		req, _ := http.NewRequest("POST", "https://"+originHost+":8443/", io.MultiReader(strings.NewReader("harmless")))
		req.Trailer = http.Header{"Sum": {"7"}}
		resp, err := overHTTP2(t, c).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || string(body) != "HTTP/1.1" || resp.Trailer.Get("Grpc-Status") != "7" {
			t.Errorf("%s %q, trailer %v, %v", resp.Status, body, resp.Trailer, err)
		}
	}
	const speaksOld, speaksNew = originHost + ":8443", originHost + ":443"
	protocol, c := h.chosen(speaksOld, "h2", "http/1.1")
	if protocol != "h2" {
		t.Fatalf("at an origin that nobody has asked: %q", protocol)
	}
	call(c)
	if protocol, c = h.chosen(speaksOld, "h2", "http/1.1"); protocol != "http/1.1" {
		t.Errorf("at an origin of HTTP/1.1: %q", protocol)
	} else if resp, body := raw(t, c, "GET / HTTP/1.1\r\nHost: "+speaksOld+"\r\n\r\n"); resp.StatusCode != 200 || body != "HTTP/1.1" {
		t.Errorf("%s %q", resp.Status, body)
	}
	if protocol, c = h.chosen(speaksOld, "h2"); protocol != "h2" {
		t.Errorf("a client of HTTP/2 alone: %q", protocol)
	} else {
		call(c)
	}

	// An origin of HTTP/2 stays one, though its WebSockets are of HTTP/1.1.
	if resp, err := h.client(true).Get("https://" + originHost + "/"); err != nil {
		t.Fatal(err)
	} else {
		resp.Body.Close()
	}
	h.secure.handle = talker(t, h, "")
	_, c = h.chosen(speaksNew, "http/1.1")
	if resp, err := http.ReadResponse(bufio.NewReader(c), upgrade(t, c)); err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("no WebSocket: %v %v", resp, err)
	}
	for _, protos := range [][]string{{"h2", "http/1.1"}, {"http/1.1"}} {
		if protocol, _ = h.chosen(speaksNew, protos...); protocol != protos[0] {
			t.Errorf("at an origin of HTTP/2, a client of %v: %q", protos, protocol)
		}
	}
}

// upgrade asks for a WebSocket.
func upgrade(t *testing.T, c io.Writer) *http.Request {
	t.Helper()
	r, err := http.NewRequest("GET", "https://"+originHost+"/chat", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, keyField: {"AAAAAAAAAAAAAAAAAAAAAA=="}}
	if err := r.Write(c); err != nil {
		t.Fatal(err)
	}
	return r
}

// A session goes on, whatever it is that is offered then.
func TestSessionsResumeOverVersions(t *testing.T) {
	_, at := oldOrigin(t)
	h := build(t, at)
	cache := tls.NewLRUClientSessionCache(10)
	for i, want := range []string{"h2", "http/1.1"} {
		c := tls.Client(h.connect(originHost+":8443"), &tls.Config{RootCAs: h.roots, ServerName: originHost, ClientSessionCache: cache, NextProtos: []string{"h2", "http/1.1"}})
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		state := c.ConnectionState()
		if state.NegotiatedProtocol != want || state.DidResume != (i > 0) {
			t.Errorf("connection %d: %q, resumed: %v", i, state.NegotiatedProtocol, state.DidResume)
		}
		if want == "h2" {
			req, _ := http.NewRequest("GET", "https://"+originHost+":8443/", nil)
			if resp, err := overHTTP2(t, c).RoundTrip(req); err != nil {
				t.Fatal(err)
			} else {
				resp.Body.Close()
			}
		}
	}
}
