package proxy

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"
	xproxy "golang.org/x/net/proxy"

	"github.com/sekimori-dlp/sekimori/proxy/bypass"
	"github.com/sekimori-dlp/sekimori/proxy/door"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/rules"
)

// openDoor opens one more way into the house.
func (h *house) openDoor(d *Door) string {
	h.t.Helper()
	ls, err := door.Options{Address: "127.0.0.1:0", ReusePort: true}.Listen(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	go h.srv.ServeDoor(ls[0], d)
	return ls[0].Addr().String()
}

// via is a client through any kind of explicit proxy.
func (h *house) through(proxyURL string) *http.Client {
	u, err := url.Parse(proxyURL)
	if err != nil {
		h.t.Fatal(err)
	}
	tr := &http.Transport{Proxy: http.ProxyURL(u), TLSClientConfig: &tls.Config{RootCAs: h.roots}}
	h.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 10 * time.Second}
}

func (h *house) post(c *http.Client, url, body string) (int, string) {
	h.t.Helper()
	resp, err := c.Post(url, "text/plain", strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

// accounts lets in ann with the password "open sesame", and tells who came.
type accounts struct{}

func (accounts) Identify(r *http.Request) (rules.Principal, error) {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	p := rules.Principal{Address: ap.Addr(), How: "basic"}
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		p.User, p.How = r.TLS.VerifiedChains[0][0].DNSNames[0], "certificate"
		return p, err
	}
	text, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.Header.Get("Proxy-Authorization"), "Basic "))
	if string(text) != "ann:open sesame" {
		return p, errors.New("nobody known")
	}
	p.User = "ann"
	return p, err
}

func TestSOCKSDoorInspects(t *testing.T) {
	h := build(t)
	addr := h.openDoor(&Door{Kind: DoorSOCKS, Identity: accounts{}, Groups: []string{"by-socks"}})
	c := h.through("socks5://ann:open%20sesame@" + addr)
	for _, u := range []string{"https://" + originHost + "/", "http://" + originHost + "/"} {
		if status, text := h.post(c, u, "harmless"); status != 200 {
			t.Errorf("%s: %d %s", u, status, text)
		}
		before := h.plain.requests.Load() + h.secure.requests.Load()
		if status, _ := h.post(c, u, secret); status != 403 {
			t.Errorf("%s: a secret was answered %d", u, status)
		}
		if h.plain.requests.Load()+h.secure.requests.Load() != before {
			t.Errorf("%s: the secret left", u)
		}
	}
	for _, ev := range h.audit.events() {
		if ev.User != "ann" || ev.How != "basic" || len(ev.Groups) != 1 || ev.Groups[0] != "by-socks" {
			t.Errorf("recorded as %s by %s in %v", ev.User, ev.How, ev.Groups)
		}
	}
	for name, auth := range map[string]*xproxy.Auth{"wrong": {User: "ann", Password: "guess"}, "none": nil} {
		d, err := xproxy.SOCKS5("tcp", addr, auth, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := d.Dial("tcp", originHost+":443"); err == nil {
			c.Close()
			t.Errorf("%s credentials opened a tunnel", name)
		}
	}
	if curl, err := exec.LookPath("curl"); err == nil {
		out, err := exec.Command(curl, "-sS", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "--socks5-hostname", addr,
			"--proxy-user", "ann:open sesame", "-d", secret, "http://"+originHost+"/").CombinedOutput()
		if err != nil || string(out) != "403" {
			t.Errorf("curl over SOCKS: %s, %v", out, err)
		}
	}
}

// clientCertificate makes an authority of clients and a certificate by it.
func clientCertificate(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(7), DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(c)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func TestHTTPSDoorWithCertificate(t *testing.T) {
	h := build(t)
	cert, roots := clientCertificate(t, "laptop-7.example")
	clients := &tls.Config{}
	ClientCertificates(clients, roots, true)
	addr := h.openDoor(&Door{Kind: DoorHTTPS, Names: []string{"proxy.example"}, TLS: clients, Identity: accounts{}})
	dial := func(certs ...tls.Certificate) (*tls.Conn, error) {
		return tls.Dial("tcp", addr, &tls.Config{RootCAs: h.roots, ServerName: "proxy.example", Certificates: certs})
	}
	if c, err := dial(); err == nil { // in TLS 1.3 the refusal comes with the first read
		c.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("without a certificate: %v", err)
		}
		c.Close()
	}
	tr := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "https", Host: "proxy.example"}), TLSClientConfig: &tls.Config{RootCAs: h.roots}}
	tr.DialTLSContext = func(context.Context, string, string) (net.Conn, error) { return dial(cert) }
	t.Cleanup(tr.CloseIdleConnections)
	c := &http.Client{Transport: tr, Timeout: 10 * time.Second}
	for _, target := range []string{"https://" + originHost + "/", "http://" + originHost + "/"} {
		if status, text := h.post(c, target, "harmless"); status != 200 {
			t.Errorf("%s: %d %s", target, status, text)
		}
		if status, _ := h.post(c, target, secret); status != 403 {
			t.Errorf("%s: a secret was answered %d", target, status)
		}
	}
	for _, ev := range h.audit.events() {
		if ev.User != "laptop-7.example" || ev.How != "certificate" {
			t.Errorf("recorded as %s by %s", ev.User, ev.How)
		}
	}
}

func TestHTTPSDoorWithBypassedTunnel(t *testing.T) {
	h := build(t, limits(func(c *Config) { c.Intercept.Bypass = []string{originHost} }))
	addr := h.openDoor(&Door{Kind: DoorHTTPS, Names: []string{"proxy.example"}})
	c, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: h.roots, ServerName: "proxy.example"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(c, "CONNECT %s:443 HTTP/1.1\r\nHost: %s:443\r\n\r\n", originHost, originHost)
	br := bufio.NewReader(c)
	if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != 200 {
		t.Fatalf("CONNECT: %v %v", resp, err)
	}
	inner := tls.Client(c, &tls.Config{InsecureSkipVerify: true, ServerName: originHost})
	resp, text := raw(t, inner, post("/", "1.1", "Connection: close\r\n", "harmless"))
	if resp.StatusCode != 200 || text != "got 8" {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	if issuer := inner.ConnectionState().PeerCertificates[0].Issuer.CommonName; issuer == h.ca.Certificate().Subject.CommonName {
		t.Error("a bypassed tunnel was opened")
	}
	inner.Close()
	c.Close()
	eventually(t, "the end is on record, with its bytes", func() bool {
		evs := h.audit.events()
		last := evs[len(evs)-1]
		return last.Kind == "bypass-end" && last.Bytes > 100 && last.Rule == listed
	})
}

func TestPROXYProtocol(t *testing.T) {
	h := build(t)
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	addr := h.openDoor(&Door{Peers: loopback})
	for _, version := range []byte{1, 2} {
		for _, client := range []string{"192.0.2.77", "2001:db8::77"} {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			c.SetDeadline(time.Now().Add(10 * time.Second))
			hdr := proxyproto.HeaderProxyFromAddrs(version, &net.TCPAddr{IP: net.ParseIP(client), Port: 4242}, &net.TCPAddr{IP: net.ParseIP(client), Port: 8080})
			// In one write with the request: nothing behind the header is lost.
			head, err := hdr.Format()
			if err != nil {
				t.Fatal(err)
			}
			resp, text := raw(t, c, string(head)+post("http://"+originHost+"/", "1.1", "", "harmless"))
			if resp.StatusCode != 200 {
				t.Errorf("version %d: %d %s", version, resp.StatusCode, text)
			}
			c.Close()
			evs := h.audit.events()
			if got := evs[len(evs)-1].Address; got != client {
				t.Errorf("version %d: recorded as %s, want %s", version, got, client)
			}
		}
	}
	before := h.plain.requests.Load()
	for name, start := range map[string]string{
		"no header": "", "wrong header": "PROXY TCP9 a b c d\r\n", "another's address as name": "PROXY TCP4 localhost localhost 1 2\r\n",
	} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(c, start+post("http://"+originHost+"/", "1.1", "", "harmless"))
		if b, _ := io.ReadAll(c); len(b) != 0 {
			t.Errorf("%s: answered %q", name, b)
		}
		c.Close()
	}
	// From others than the peers a header is nothing but a broken request.
	other := h.openDoor(&Door{Peers: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	c, err := net.Dial("tcp", other)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	resp, _ := raw(t, c, "PROXY TCP4 198.51.100.1 198.51.100.2 1 2\r\n"+post("http://"+originHost+"/", "1.1", "", "harmless"))
	if resp.StatusCode != 400 {
		t.Errorf("a header from anybody: %d", resp.StatusCode)
	}
	if n := h.plain.requests.Load(); n != before {
		t.Errorf("%d requests reached the origin", n-before)
	}
}

func TestLimitsOfDoorsAndClients(t *testing.T) {
	h := build(t, limits(func(c *Config) { c.Limits.PerClient = 3 }))
	busy := func(addr string) (int, net.Conn) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(10 * time.Second))
		resp, _ := raw(t, c, "GET http://"+originHost+"/ HTTP/1.1\r\nHost: "+originHost+"\r\n\r\n")
		return resp.StatusCode, c
	}
	small := h.openDoor(&Door{Connections: 1})
	_, first := busy(small)
	if status, _ := busy(small); status != 503 {
		t.Errorf("the second at a door for one: %d", status)
	}
	busy(h.addr)
	busy(h.addr)
	if status, _ := busy(h.addr); status != 429 {
		t.Errorf("the fourth of a client: %d", status)
	}
	first.Close()
	eventually(t, "there is room again", func() bool { status, _ := busy(h.addr); return status == 200 })
}

func TestSites(t *testing.T) {
	h := build(t, limits(func(c *Config) {
		c.Sites = SitesConfig{Only: []string{"*.allowed.example", "class:cloud-storage"}, Never: []string{"bad.allowed.example"}, Ports: []int{80, 443}}
		c.Intercept.Bypass = []string{"pinned.example"}
	}))
	d := func(host string, port int, classes ...string) *rules.Destination {
		return &rules.Destination{Host: host, Port: port, Classes: classes}
	}
	s := h.srv.limits.Load()
	for _, c := range []struct {
		to   *rules.Destination
		bars bool
	}{
		{d("www.allowed.example", 443, "unknown"), false},
		{d("allowed.example", 443, "unknown"), true},
		{d("bad.allowed.example", 443, "unknown"), true},
		{d("box.example", 443, "cloud-storage"), false},
		{d("box.example", 8443, "cloud-storage"), true},
		{d("other.example", 443, "unknown"), true},
	} {
		if got := s.Bars(c.to) != ""; got != c.bars {
			t.Errorf("%s:%d %v: barred %v", c.to.Host, c.to.Port, c.to.Classes, got)
		}
	}
	if status, text := h.post(h.client(true), "https://"+originHost+"/", "harmless"); status != 403 || !strings.Contains(text, "not allowed") {
		t.Errorf("a site that is not listed: %d %s", status, text)
	}
	if resp, _ := raw(t, h.dial(), "CONNECT pinned.example:443 HTTP/1.1\r\nHost: pinned.example:443\r\n\r\n"); resp.StatusCode != 403 {
		t.Errorf("a bypassed site that is not listed: %d", resp.StatusCode)
	}
	h.untouched()
	evs := h.audit.events()
	if len(evs) != 2 || evs[0].Action != "block" || !strings.Contains(evs[0].Clause, "sites.only") || evs[0].Host != originHost {
		t.Errorf("events: %+v", evs)
	}
	if err := h.srv.Reconfigure(Config{Upstream: h.srv.origins.config}); err != nil {
		t.Fatal(err)
	}
	if status, _ := h.post(h.client(true), "https://"+originHost+"/", "harmless"); status != 200 {
		t.Errorf("after the limits were lifted: %d", status)
	}
	all := h.openDoor(&Door{Sites: s})
	if status, _ := h.post(h.through("http://"+all), "http://"+originHost+"/", "harmless"); status != 403 {
		t.Errorf("at a door with limits of its own: %d", status)
	}
}

func TestExpiredBypassOpensAgain(t *testing.T) {
	h := build(t, limits(func(c *Config) {
		c.Intercept.Entries = []bypass.Entry{{ID: "old", Hosts: []string{originHost}, Owner: "it", Reason: "pins", Expires: time.Now().Add(-time.Minute)}}
	}))
	if status, _ := h.post(h.client(false), "https://"+originHost+"/", secret); status != 403 {
		t.Errorf("an entry that has ended still exempts: %d", status)
	}
	h.untouched()
}

func TestPinnedHostIsSuggested(t *testing.T) {
	h := build(t)
	open := func(sni string, roots bool) {
		c := h.connect(sni + ":443")
		conf := &tls.Config{ServerName: sni, RootCAs: h.roots}
		if !roots {
			conf.RootCAs = nil // only the public ones, as an app that pins
		}
		tc := tls.Client(c, conf)
		_ = tc.Handshake()
		c.Close()
	}
	open("pinned.example", false) // of a client never seen to trust
	open(originHost, true)
	eventually(t, "trust was noted", func() bool { return len(h.srv.pins.Suspects()) == 0 })
	eventually(t, "the host is suspected", func() bool {
		open("pinned.example", false) // its alert may be lost when the connection is reset
		s := h.srv.pins.Suspects()
		return len(s) == 1 && s[0].Host == "pinned.example" && s[0].Tries >= 3 && s[0].Clients == 1
	})
}

func TestHaltedBypass(t *testing.T) {
	h := build(t, func(c *Config, d *Deps, _ *hold.Config) {
		c.Intercept.Bypass = []string{originHost}
		d.Halted = func() bool { return true }
	})
	if resp, _ := raw(t, h.dial(), "CONNECT "+originHost+":443 HTTP/1.1\r\nHost: a\r\n\r\n"); resp.StatusCode != 403 {
		t.Errorf("with everything blocked: %d", resp.StatusCode)
	}
	h.untouched()
}
