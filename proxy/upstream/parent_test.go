package upstream

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// parentProxy is a proxy that asks for a password and tells what was asked of
// it.
type parentProxy struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
	to    map[string]string // "host:port" to the address dialled
}

func newParent(t *testing.T, secure bool) *parentProxy {
	t.Helper()
	p := &parentProxy{to: map[string]string{}}
	p.Server = httptest.NewUnstartedServer(p)
	if secure {
		p.StartTLS()
	} else {
		p.Start()
	}
	t.Cleanup(p.Close)
	return p
}

func (p *parentProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.Host)
	to := p.to[r.Host]
	p.mu.Unlock()
	if r.Header.Get("Proxy-Authorization") != "Basic c2VraW1vcmk6czNjcmV0" { // sekimori:s3cret
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	if r.Method != http.MethodConnect {
		fmt.Fprint(w, "by the parent")
		return
	}
	up, err := net.Dial("tcp", to)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { io.Copy(up, rw); up.(*net.TCPConn).CloseWrite() }()
	io.Copy(c, up)
	c.Close()
}

func pemFile(t *testing.T, c *x509.Certificate) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestParent(t *testing.T) {
	for _, secure := range []bool{false, true} {
		origin := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "by the origin") }))
		defer origin.Close()
		p := newParent(t, secure)
		p.to["example.com:443"] = origin.Listener.Addr().String() // httptest's certificate is for this name
		c := Config{CAFiles: []string{pemFile(t, origin.Certificate())}, AllowPrivate: []netip.Prefix{},
			Parent: Parent{URL: p.URL, User: "sekimori", Password: "s3cret", Except: []string{"*.inner.example", "127.0.0.0/8"}}}
		o, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		get := func(url string) (string, error) {
			req, _ := http.NewRequest("GET", url, nil)
			resp, err := o.RoundTrip(req)
			if err != nil {
				return "", err
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			return fmt.Sprint(resp.StatusCode, " ", string(b)), err
		}
		if got, err := get("https://example.com/"); err != nil || got != "200 by the origin" {
			t.Errorf("https through the parent: %q %v", got, err)
		}
		if got, err := get("http://example.com/"); err != nil || got != "200 by the parent" {
			t.Errorf("http through the parent: %q %v", got, err)
		}
		before := len(p.asked)
		for _, url := range []string{"http://10.1.2.3/", "http://169.254.169.254/", "https://[fd00::1]/", "http://127.0.0.1:1/"} {
			if _, err := get(url); !errors.Is(err, ErrInner) {
				t.Errorf("%s, an inner address: %v", url, err)
			}
		}
		if _, err := get("http://a.inner.example/"); err == nil {
			t.Error("an exception was answered, by whom?")
		}
		if len(p.asked) != before {
			t.Errorf("asked of the parent: %q", p.asked[before:])
		}
		tunnel, err := o.Tunnel(t.Context(), "example.com:443")
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AddCert(origin.Certificate())
		inner := tls.Client(tunnel, &tls.Config{ServerName: "example.com", RootCAs: roots})
		io.WriteString(inner, "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(inner), nil)
		if err != nil || resp.StatusCode != 200 {
			t.Errorf("in a tunnel through the parent: %v %v", resp, err)
		}
		inner.Close()
		c.Parent.Password = "wrong"
		if o, err = New(c); err != nil {
			t.Fatal(err)
		}
		if _, err := o.Tunnel(t.Context(), "example.com:443"); err == nil || !strings.Contains(err.Error(), "407") || strings.Contains(err.Error(), "wrong") {
			t.Errorf("with a wrong password: %v", err)
		}
	}
}

func TestParentFaults(t *testing.T) {
	for want, p := range map[string]Parent{
		"upstream.parent.url": {URL: "parent:3128"}, "apart": {URL: "http://a:b@parent:3128"}, "no url": {User: "a"},
		"upstream.parent.except": {URL: "http://parent:3128", Except: []string{"http://x/"}}, "write \"http": {URL: "socks5://parent:1"},
	} {
		if err := (Config{Parent: p}).Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
