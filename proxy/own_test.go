package proxy

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"

	"github.com/sekimori-dlp/sekimori/proxy/hold"
)

// ntlm is an origin that logs in connections, as NTLM does: by a question, an answer to
// it, and from then on by nothing.
type ntlm struct {
	mu    sync.Mutex
	asked map[string]bool   // connections, by address
	users map[string]string // of those that are logged in
}

func (n *ntlm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	io.Copy(io.Discard, r.Body)
	credentials := r.Header.Get("Authorization")
	user, answered := strings.CutPrefix(credentials, "NTLM answer-of-")
	switch {
	case credentials == "NTLM hello":
		n.asked[r.RemoteAddr] = true
		w.Header().Set("WWW-Authenticate", "NTLM question")
	case answered && n.asked[r.RemoteAddr]:
		n.users[r.RemoteAddr] = user
	}
	if u := n.users[r.RemoteAddr]; u != "" {
		fmt.Fprintf(w, "hello %s", u)
		return
	}
	w.Header().Add("WWW-Authenticate", "NTLM")
	w.WriteHeader(http.StatusUnauthorized)
}

// A log-in that is a connection's holds for the client's own, and for nobody else's.
func TestLogInsOfConnections(t *testing.T) {
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			h := build(t)
			n := &ntlm{asked: map[string]bool{}, users: map[string]string{}}
			h.plain.handle, h.secure.handle = n.ServeHTTP, n.ServeHTTP
			// ask sends a request of a person's connection.
			ask := func(c *http.Client, credentials, body string) (int, string, http.Header) {
				t.Helper()
				req, _ := http.NewRequest("POST", scheme+"://"+originHost+"/", strings.NewReader(body))
				if credentials != "" {
					req.Header.Set("Authorization", credentials)
				}
				resp, err := c.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				b, _ := io.ReadAll(resp.Body)
				return resp.StatusCode, string(b), resp.Header
			}
			people := map[string]*http.Client{"anna": h.client(false), "ben": h.client(false)}
			ask(h.client(false), "", "") // the origin is known, and has connections to it
			for name, c := range people {
				_, _, head := ask(c, "", "")
				if offered := head.Get("Proxy-Support"); (offered != "") != (scheme == "http") {
					t.Errorf("Proxy-Support: %q", offered)
				}
				if status, _, head := ask(c, "NTLM hello", ""); status != 401 || head.Get("WWW-Authenticate") != "NTLM question" {
					t.Fatalf("%s: %d %v", name, status, head)
				}
			}
			for name, c := range people {
				if status, body, _ := ask(c, "NTLM answer-of-"+name, "x"); status != 200 || body != "hello "+name {
					t.Fatalf("%s: %d %s", name, status, body)
				}
			}
			for name, c := range people {
				for _, size := range []int{1, 300 << 10, 2 << 20} {
					if status, body, _ := ask(c, "", strings.Repeat("x", size)); status != 200 || body != "hello "+name {
						t.Errorf("%s, %d bytes: %d %s", name, size, status, body)
					}
				}
			}
			for range 4 {
				if status, body, _ := ask(h.client(false), "", "x"); status != 401 {
					t.Errorf("somebody else: %d %s", status, body)
				}
			}
		})
	}
}

// What an origin wants to be asked by HTTP/1.1 is asked so again.
func TestOriginThatWantsHTTP1(t *testing.T) {
	cert, root := originCertificate(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var refused atomic.Int64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if c.(*tls.Conn).Handshake() == nil && c.(*tls.Conn).ConnectionState().NegotiatedProtocol == "h2" {
					refuseHTTP2(c, &refused)
					return
				}
				r, err := http.ReadRequest(bufio.NewReader(c))
				if err != nil {
					return
				}
				n, _ := io.Copy(io.Discard, r.Body)
				fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\n%s %3d", r.Proto, n)
			}()
		}
	}()
	h := build(t, func(c *Config, _ *Deps, _ *hold.Config) {
		c.Upstream.CAFiles = append(c.Upstream.CAFiles, root)
		c.Upstream.Resolve[originHost+":8443"] = l.Addr().String()
	})
	for _, body := range []string{"", "x", strings.Repeat("x", 300)} {
		resp, err := h.client(true).Post("https://"+originHost+":8443/", "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if want := fmt.Sprintf("HTTP/1.1 %3d", len(body)); resp.StatusCode != 200 || string(got) != want {
			t.Errorf("%s %q, want %q", resp.Status, got, want)
		}
	}
	if refused.Load() == 0 {
		t.Error("the origin was never asked by HTTP/2")
	}
}

// refuseHTTP2 resets each stream with the word that HTTP/1.1 is to be used.
func refuseHTTP2(c net.Conn, refused *atomic.Int64) {
	if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	f := http2.NewFramer(c, c)
	if f.WriteSettings() != nil {
		return
	}
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return
		}
		if frame.Header().Type == http2.FrameHeaders {
			refused.Add(1)
			_ = f.WriteRSTStream(frame.Header().StreamID, http2.ErrCodeHTTP11Required) // else the client is told of a broken connection
		}
	}
}
