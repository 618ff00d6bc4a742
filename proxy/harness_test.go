package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/intercept"
	"github.com/sekimori-dlp/sekimori/proxy/upstream"
	"github.com/sekimori-dlp/sekimori/rules"
)

// The words that the scanner of these tests knows.
const (
	secret  = "SECRET-CONTENT"  // blocked
	doubted = "DOUBTED-CONTENT" // warned
	fatal   = "FATAL-CONTENT"   // makes the scanner panic
)

// wordScanner finds the words above; what it is worth is that it reads all it
// is given and lets nothing pass that it has not read.
type wordScanner struct{}

func (wordScanner) Scan(_ context.Context, roots []part.Part, _ inspect.ScanOptions) *inspect.Report {
	r := &inspect.Report{Total: map[inspect.Type]int{}}
	for i, p := range roots {
		b, err := io.ReadAll(p.Body)
		if err != nil {
			panic(err)
		}
		if bytes.Contains(b, []byte(fatal)) {
			panic("scanner")
		}
		for typ, w := range map[inspect.Type]string{"CARD": secret, "NAME": doubted} {
			if n := bytes.Count(b, []byte(w)); n > 0 {
				at := int64(bytes.Index(b, []byte(w)))
				r.Total[typ] += n
				r.Findings = append(r.Findings, inspect.Finding{Type: typ, Part: i, Start: at, End: at + int64(len(w)), Masked: "S***"})
			}
		}
		r.Parts = append(r.Parts, inspect.PartReport{Path: p.Path, Format: "text", Bytes: int64(len(b)), State: inspect.Inspected})
		r.Coverage.Inspected++
		r.Coverage.Bytes += int64(len(b))
	}
	return r
}

type wordRules struct{}

func (wordRules) Digest() string { return "test" }

func (wordRules) Release(string) (rules.Release, bool) { return rules.Release{}, false }

func (wordRules) Decide(t rules.Transaction) rules.Verdict {
	say := map[string]string{"ja": "理由", "en": "because"}
	switch {
	case t.Report.Total["CARD"] > 0:
		return rules.Verdict{Action: rules.Block, Rule: "no-secrets", Title: say, Say: say}
	case t.Report.Coverage.Not > 0 && !strings.HasPrefix(t.Destination.Path, "/open"):
		return rules.Verdict{Action: rules.Block, Rule: "unreadable", Say: say}
	case t.Report.Total["NAME"] > 0 && !t.Confirmed("doubt"):
		return rules.Verdict{Action: rules.Warn, Rule: "doubt", Title: say, Say: say}
	case t.Report.Total["NAME"] > 0:
		return rules.Verdict{Action: rules.Log, Rule: "doubt"}
	}
	return rules.Verdict{Action: rules.Allow}
}

type tester struct{}

func (tester) Identify(r *http.Request) (rules.Principal, error) {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	return rules.Principal{User: "tester", Address: ap.Addr(), How: "basic"}, err
}

type noClasses struct{}

func (noClasses) Lookup(scheme, host string, port int, method, path string) rules.Destination {
	return rules.Destination{Scheme: scheme, Host: host, Port: port, Method: method, Path: path, Classes: []string{"unknown"}}
}

// recorder is an audit log in memory that can be told to fail.
type recorder struct {
	fail atomic.Bool
	mu   sync.Mutex
	evs  []audit.Event
}

func (r *recorder) Append(_ context.Context, ev audit.Event) (audit.Receipt, error) {
	if r.fail.Load() {
		return audit.Receipt{}, errors.New("disk full")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.evs = append(r.evs, ev)
	return audit.Receipt{Seq: uint64(len(r.evs))}, nil
}

func (r *recorder) events() []audit.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.evs)
}

// origin counts what arrives.
type origin struct {
	*httptest.Server
	requests atomic.Int64
	bytes    atomic.Int64 // of bodies
	seen     atomic.Pointer[http.Request]
	handle   func(w http.ResponseWriter, r *http.Request) // nil: say what came
}

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.requests.Add(1)
	o.seen.Store(r)
	r.Body = counted{r.Body, &o.bytes}
	if o.handle != nil {
		o.handle(w, r)
		return
	}
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		return
	}
	fmt.Fprintf(w, "got %d", n)
}

type counted struct {
	io.ReadCloser
	n *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// house is a proxy with two origins, one with TLS.
type house struct {
	t             *testing.T
	srv           *Server
	addr          string // of the proxy
	plain, secure *origin
	audit         *recorder
	spool         *hold.Spool
	spoolDir      string
	ca            *intercept.CA
	roots         *x509.CertPool // trusts the proxy's authority only
	served        chan error
}

const originHost = "origin.example"

type option func(*Config, *Deps, *hold.Config)

func build(t testing.TB, opts ...option) *house {
	t.Helper()
	h := &house{audit: &recorder{}, spoolDir: filepath.Join(t.TempDir(), "spool"), served: make(chan error, 1)}
	h.t, _ = t.(*testing.T)
	var err error
	if h.ca, err = intercept.Open(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	h.roots = x509.NewCertPool()
	h.roots.AddCert(h.ca.Certificate())
	quiet := log.New(io.Discard, "", 0)
	h.plain, h.secure = &origin{}, &origin{}
	h.plain.Server = httptest.NewUnstartedServer(h.plain)
	h.plain.Config.ErrorLog = quiet
	h.plain.Start()
	h.secure.Server = httptest.NewUnstartedServer(h.secure)
	h.secure.Config.ErrorLog = quiet
	cert, rootFile := originCertificate(t)
	h.secure.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	h.secure.EnableHTTP2 = true
	h.secure.StartTLS()
	cfg := Config{
		Name: "sekimori-test",
		Upstream: upstream.Config{
			CAFiles: []string{rootFile},
			Resolve: map[string]string{
				originHost + ":443":  h.secure.Listener.Addr().String(),
				originHost + ":80":   h.plain.Listener.Addr().String(),
				originHost + ":8080": h.plain.Listener.Addr().String(),
			},
			AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		},
	}
	policy := &gate.Policy{Scanner: wordScanner{}, Rules: wordRules{}}
	deps := Deps{Policy: func() *gate.Policy { return policy }, Audit: h.audit, Identity: tester{}, Classes: noClasses{}, CA: h.ca}
	held := hold.Config{Dir: h.spoolDir}
	for _, o := range opts {
		o(&cfg, &deps, &held)
	}
	if h.spool, err = hold.Open(held); err != nil {
		t.Fatal(err)
	}
	deps.Hold = h.spool
	if h.srv, err = New(cfg, deps); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.addr = l.Addr().String()
	go func() { h.served <- h.srv.Serve(l) }()
	t.Cleanup(func() {
		h.stop(2 * time.Second)
		h.plain.CloseClientConnections()
		h.secure.CloseClientConnections()
		h.plain.Close()
		h.secure.Close()
	})
	return h
}

func (h *house) stop(d time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return h.srv.Shutdown(ctx)
}

// originCertificate makes an authority and a certificate of the origin.
func originCertificate(t testing.TB) (tls.Certificate, string) {
	t.Helper()
	dir := t.TempDir()
	ca, err := intercept.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := intercept.NewIssuer(ca, 1)
	if err != nil {
		t.Fatal(err)
	}
	c, err := issuer.Certificate(originHost)
	if err != nil {
		t.Fatal(err)
	}
	return *c, filepath.Join(dir, "ca.pem")
}

// client is an HTTP client set to the proxy.
func (h *house) client(http2 bool) *http.Client {
	u := &url.URL{Scheme: "http", Host: h.addr, User: url.UserPassword("tester", "pass")}
	tr := &http.Transport{
		Proxy:               http.ProxyURL(u),
		TLSClientConfig:     &tls.Config{RootCAs: h.roots},
		ForceAttemptHTTP2:   http2,
		MaxIdleConnsPerHost: 16,
	}
	h.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 10 * time.Second}
}

// dial opens a connection to the proxy.
func (h *house) dial() net.Conn {
	h.t.Helper()
	c, err := net.Dial("tcp", h.addr)
	if err != nil {
		h.t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(10 * time.Second))
	h.t.Cleanup(func() { c.Close() })
	return c
}

// connect opens a tunnel and returns what is beyond the proxy's answer.
func (h *house) connect(authority string) net.Conn {
	h.t.Helper()
	c := h.dial()
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", authority, authority)
	br := bufio.NewReader(c)
	resp, err := http.ReadResponse(br, &http.Request{Method: http.MethodConnect})
	if err != nil || resp.StatusCode != 200 {
		h.t.Fatalf("CONNECT: %v %v", resp, err)
	}
	if br.Buffered() > 0 {
		h.t.Fatal("bytes after the answer to CONNECT")
	}
	return c
}

// open opens a tunnel with TLS in it.
func (h *house) open(authority, sni string, protos ...string) *tls.Conn {
	h.t.Helper()
	c := tls.Client(h.connect(authority), &tls.Config{RootCAs: h.roots, ServerName: sni, NextProtos: protos})
	if err := c.Handshake(); err != nil {
		h.t.Fatalf("handshake: %v", err)
	}
	return c
}

// raw sends bytes and reads one response.
func raw(t *testing.T, c net.Conn, request string) (*http.Response, string) {
	t.Helper()
	go io.WriteString(c, request)
	return reply(t, bufio.NewReader(c))
}

func reply(t *testing.T, br *bufio.Reader) (*http.Response, string) {
	t.Helper()
	resp, err := http.ReadResponse(br, nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("body of the answer: %v", err)
	}
	return resp, string(b)
}

// untouched fails if anything reached an origin.
func (h *house) untouched() {
	h.t.Helper()
	if n, b := h.plain.requests.Load()+h.secure.requests.Load(), h.plain.bytes.Load()+h.secure.bytes.Load(); n != 0 || b != 0 {
		h.t.Errorf("%d requests and %d bytes reached the origin", n, b)
	}
}

// clean fails if something is held still.
func (h *house) clean() {
	h.t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		st := h.spool.Stats()
		files, err := os.ReadDir(h.spoolDir)
		if err != nil {
			h.t.Fatal(err)
		}
		if st.Bodies == 0 && st.Memory == 0 && st.Disk == 0 && len(files) == 0 {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("still held: %+v, %d files", st, len(files))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !f(); {
		if time.Now().After(deadline) {
			t.Fatalf("not so after 5 s: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (noVerdict) Decide(rules.Transaction) rules.Verdict { return rules.Verdict{} }

type panicking struct{ noClasses }

func (p panicking) Lookup(scheme, host string, port int, method, path string) rules.Destination {
	if path == "/panic" {
		panic("lookup")
	}
	return p.noClasses.Lookup(scheme, host, port, method, path)
}
