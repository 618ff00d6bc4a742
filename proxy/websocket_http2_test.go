package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/sekimori-dlp/sekimori/proxy/hold"
)

func acceptFor(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// socketStream is the client's side of a WebSocket over HTTP/2.
type socketStream struct {
	*io.PipeWriter
	answer *http.Response
}

// Close ends both directions.
func (s *socketStream) Close() error {
	s.PipeWriter.Close()
	return s.answer.Body.Close()
}

// askStream asks for a WebSocket by an extended CONNECT on a new connection.
func askStream(t *testing.T, h *house, fields http.Header) *socketStream {
	t.Helper()
	return askOn(t, overHTTP2(t, h.open(originHost+":443", originHost, "h2")), fields)
}

func overHTTP2(t *testing.T, c net.Conn) http.RoundTripper {
	t.Helper()
	//lint:ignore SA1019 net/http's own refuses the pseudo-header
	conn, err := (&http2.Transport{}).NewClientConn(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func askOn(t *testing.T, conn http.RoundTripper, fields http.Header) *socketStream {
	t.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	req := (&http.Request{
		Method: http.MethodConnect, URL: &url.URL{Scheme: "https", Host: originHost, Path: "/chat"}, Body: r,
		Header: http.Header{protocolField: {"websocket"}, "Sec-Websocket-Version": {"13"}},
	}).WithContext(ctx)
	for name, values := range fields {
		if req.Header[name] = values; values == nil {
			delete(req.Header, name)
		}
	}
	resp, err := conn.RoundTrip(req)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	return &socketStream{w, resp}
}

func streamSocket(t *testing.T, h *house, agreed string) (io.WriteCloser, *bufio.Reader) {
	t.Helper()
	h.secure.handle = talker(t, h, agreed)
	s := askStream(t, h, http.Header{extensions: {"permessage-deflate; client_max_window_bits, x-unknown"}})
	if s.answer.StatusCode != 200 || len(s.answer.Header[acceptField])+len(s.answer.Header["Upgrade"]) > 0 || s.answer.Header.Get(extensions) != agreed {
		t.Fatalf("%s %v", s.answer.Status, s.answer.Header)
	}
	return s, bufio.NewReader(s.answer.Body)
}

// Only a turned-over connection is one: any other success of the origin must not
// look like it to a client that does not see the origin's answer.
func TestStreamIsTurnedOverByTheOriginOnly(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		head   string
		want   int
	}{
		"refused":            {403, "", 403},
		"redirected":         {302, "Location: /other\r\n", 302},
		"a page":             {200, "", 502},
		"another's answer":   {101, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " + acceptFor("x") + "\r\n", 502},
		"something else":     {101, "Connection: Upgrade\r\nUpgrade: h2c\r\nSec-WebSocket-Accept: KEY\r\n", 502},
		"no word of the key": {101, "Connection: Upgrade\r\nUpgrade: websocket\r\n", 502},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			h.secure.handle = func(w http.ResponseWriter, r *http.Request) {
				conn, rw, err := w.(http.Hijacker).Hijack()
				if err != nil {
					return
				}
				defer conn.Close()
				head := strings.Replace(c.head, "KEY", acceptFor(r.Header.Get(keyField)), 1)
				if c.status != http.StatusSwitchingProtocols {
					head += "Content-Length: 0\r\n"
				}
				fmt.Fprintf(rw, "HTTP/1.1 %d Some\r\n%s\r\n", c.status, head)
				rw.Flush()
			}
			s := askStream(t, h, nil)
			defer s.Close()
			if s.answer.StatusCode != c.want {
				t.Errorf("%s, want %d", s.answer.Status, c.want)
			}
		})
	}
}

// TestStreamsThatAreNoWebSocket: what else an extended CONNECT can say, and what
// net/http lets pass of it.
func TestStreamsThatAreNoWebSocket(t *testing.T) {
	for name, c := range map[string]struct {
		replaced map[string]string // "": left out
		want     string            // the status, or the code of a stream's reset
	}{
		"as it should be":         {nil, "200"},
		"upper case":              {map[string]string{":protocol": "WebSocket"}, "200"},
		"another protocol":        {map[string]string{":protocol": "connect-udp"}, "501"},
		"two protocols":           {map[string]string{":protocol": "websocket, connect-udp"}, "501"},
		"no name of a protocol":   {map[string]string{":protocol": ""}, "405 PROTOCOL_ERROR"},
		"another host":            {map[string]string{":authority": "other.example"}, "421"},
		"another port":            {map[string]string{":authority": originHost + ":444"}, "421"},
		"another host in Host":    {map[string]string{":authority": "", "host": "other.example"}, "421"},
		"another scheme":          {map[string]string{":scheme": "http"}, "200"}, // the connection's counts, as for other requests
		"not a CONNECT":           {map[string]string{":method": "GET"}, "400"},
		"a POST":                  {map[string]string{":method": "POST"}, "400"},
		"without a path":          {map[string]string{":path": ""}, "PROTOCOL_ERROR"},
		"with a length":           {map[string]string{"content-length": "5"}, "400 PROTOCOL_ERROR"},
		"with an upgrade":         {map[string]string{"upgrade": "websocket"}, "400 PROTOCOL_ERROR"},
		"a path of two lines":     {map[string]string{":path": "/chat HTTP/1.1\r\nX: y"}, "PROTOCOL_ERROR"},
		"a key of the client's":   {map[string]string{"sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA=="}, "200"},
		"an old version":          {map[string]string{"sec-websocket-version": "8"}, "403"},
		"no version":              {map[string]string{"sec-websocket-version": ""}, "403"},
		"a secret in the path":    {map[string]string{":path": "/chat?" + secret}, "403"},
		"a secret in a field":     {map[string]string{"x-note": "it says " + secret}, "403"},
		"a CONNECT and no stream": {map[string]string{":protocol": "", ":path": "", ":scheme": ""}, "405"},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			h.secure.handle = talker(t, h, "")
			conn := h.open(originHost+":443", originHost, "h2")
			io.WriteString(conn, http2.ClientPreface)
			fr := http2.NewFramer(conn, conn)
			fr.WriteSettings()
			fields := [][2]string{{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "https"}, {":path", "/chat"}, {":authority", originHost},
				{"sec-websocket-version", "13"}}
			var block bytes.Buffer
			enc := hpack.NewEncoder(&block)
			left := maps.Clone(c.replaced)
			for _, f := range fields {
				if v, ok := left[f[0]]; ok {
					f[1] = v
					delete(left, f[0])
				}
				if f[1] != "" {
					enc.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]})
				}
			}
			for name, v := range left {
				enc.WriteField(hpack.HeaderField{Name: name, Value: v})
			}
			fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true})
			fr.WriteData(1, false, clientFrame(0x81, []byte(secret)))
			if got := outcome(fr); !strings.Contains(c.want, got) || got == "" {
				t.Errorf("%s, want %s", got, c.want)
			}
			conn.Close()
			if c.want != "200" {
				h.untouched()
			}
			if n := h.secure.bytes.Load(); n > 0 {
				t.Errorf("%d bytes of the secret reached the origin", n)
			}
		})
	}
}

// outcome reads the answer of stream 1: its status, or why it was reset.
func outcome(fr *http2.Framer) string {
	fr.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	for {
		f, err := fr.ReadFrame()
		if err != nil {
			return ""
		}
		switch f := f.(type) {
		case *http2.MetaHeadersFrame:
			return f.PseudoValue("status")
		case *http2.RSTStreamFrame:
			return f.ErrCode.String()
		case *http2.GoAwayFrame:
			return f.ErrCode.String()
		}
	}
}

func announced(t *testing.T, fr *http2.Framer) bool {
	t.Helper()
	for {
		f, err := fr.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := f.(*http2.SettingsFrame); ok && !s.IsAck() {
			v, ok := s.Value(http2.SettingEnableConnectProtocol)
			return ok && v == 1
		}
	}
}

// TestStreamsAreAnnounced fails where the setting has got lost, as with a version
// of Go that reads it elsewhere.
func TestStreamsAreAnnounced(t *testing.T) {
	h := build(t)
	c := h.open(originHost+":443", originHost, "h2")
	io.WriteString(c, http2.ClientPreface)
	fr := http2.NewFramer(c, c)
	fr.WriteSettings()
	if !announced(t, fr) {
		t.Error("SETTINGS_ENABLE_CONNECT_PROTOCOL is not announced")
	}
}

// TestStreamsAmongOthers: a WebSocket shares its connection with uploads and
// other WebSockets, each with its own end.
func TestStreamsAmongOthers(t *testing.T) {
	h := build(t)
	h.secure.handle = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/chat" {
			talker(t, h, "")(w, r)
			return
		}
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, "got %d", n)
	}
	conn := overHTTP2(t, h.open(originHost+":443", originHost, "h2"))
	one, two := askOn(t, conn, nil), askOn(t, conn, nil)
	first, second := bufio.NewReader(one.answer.Body), bufio.NewReader(two.answer.Body)
	hello := clientFrame(0x81, []byte("hello"))
	one.Write(hello)
	arrived(t, first, len(hello))
	two.Write(clientFrame(0x81, []byte(secret)))
	if code, _ := closed(t, second); code != closePolicy {
		t.Errorf("closed with %d", code)
	}
	req, _ := http.NewRequest(http.MethodPost, "https://"+originHost+"/up", strings.NewReader("an upload"))
	resp, err := conn.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(resp.Body); string(b) != "got 9" {
		t.Errorf("%s %s", resp.Status, b)
	}
	one.Write(hello)
	arrived(t, first, 2*len(hello))
	if n := h.srv.clients.count(); n != 2 { // the connection, and the WebSocket on it
		t.Errorf("%d connections are counted", n)
	}
	one.Close()
	eventually(t, "the WebSocket is not counted any more", func() bool { return h.srv.clients.count() == 1 })
}

// TestStreamEnds: whichever side ends a WebSocket, the other learns it.
func TestStreamEnds(t *testing.T) {
	over := make(chan error, 1)
	ends := func(first string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			conn, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n", acceptFor(r.Header.Get(keyField)))
			rw.Flush()
			if first == "origin" {
				return
			}
			_, err = io.Copy(io.Discard, rw)
			over <- err
		}
	}
	t.Run("origin", func(t *testing.T) {
		h := build(t)
		h.secure.handle = ends("origin")
		s := askStream(t, h, nil)
		if b, err := io.ReadAll(s.answer.Body); err != nil || len(b) > 0 {
			t.Errorf("%q, %v", b, err)
		}
	})
	t.Run("client", func(t *testing.T) {
		h := build(t)
		h.secure.handle = ends("client")
		askStream(t, h, nil).Close()
		<-over
	})
	t.Run("connection", func(t *testing.T) {
		h := build(t)
		h.secure.handle = ends("client")
		c := h.open(originHost+":443", originHost, "h2")
		askOn(t, overHTTP2(t, c), nil)
		c.Close()
		<-over
		eventually(t, "nothing is counted any more", func() bool { return h.srv.clients.count() == 0 })
	})
	t.Run("shutdown", func(t *testing.T) {
		h := build(t)
		h.secure.handle = ends("client")
		s := askStream(t, h, nil)
		if err := h.stop(10 * time.Second); err != nil {
			t.Errorf("a quiet WebSocket kept the proxy from ending: %v", err)
		}
		<-over
		if _, err := io.ReadAll(s.answer.Body); err != nil {
			t.Errorf("it did not end in order: %v", err)
		}
	})
	t.Run("client takes nothing", func(t *testing.T) {
		h := build(t, func(c *Config, _ *Deps, _ *hold.Config) { c.Timeouts.Idle = 100 * time.Millisecond })
		h.secure.handle = func(w http.ResponseWriter, r *http.Request) {
			conn, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n", acceptFor(r.Header.Get(keyField)))
			rw.Flush()
			for err == nil {
				_, err = conn.Write(append([]byte{0x82, 126, 0x10, 0}, make([]byte, 0x1000)...))
			}
			over <- err
		}
		s := askStream(t, h, nil)
		defer s.Close()
		<-over // the origin's frames are taken no more
	})
}
