package evasion

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
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
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/decode"
	"github.com/sekimori-dlp/sekimori/inspect/extract"
	"github.com/sekimori-dlp/sekimori/inspect/isolate"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/proxy"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/intercept"
	"github.com/sekimori-dlp/sekimori/proxy/upstream"
	"github.com/sekimori-dlp/sekimori/rules"
)

// upload is a request as a case makes it. The zero fields are those of a plain
// POST to /upload.
type upload struct {
	method  string
	path    string // with the query
	media   string // Content-Type
	coding  string // Content-Encoding
	body    []byte
	header  http.Header
	trailer http.Header
	drops   bool          // sent byte by byte, in chunks of one byte each
	talk    *conversation // instead of a body
}

// outcome is what became of an upload.
type outcome struct {
	report  *inspect.Report
	verdict rules.Verdict
	status  int
	denied  bool  // by a status of gRPC
	arrived int64 // bytes of bodies at the origin
	talked  bool  // in turns, of which the first may have arrived
}

// house is a proxy with the built-in rules and an origin behind it.
type house struct {
	set    *rules.Set
	people int           // the query that counts persons with means to reach them
	got    atomic.Int64  // bytes that reached the origin
	came   chan struct{} // has something in it when that has changed

	address string // of the proxy
	roots   *x509.CertPool
	client  *http.Client
	client2 *http.Client // by HTTP/2

	mu   sync.Mutex
	last outcome
}

const store = "store.example"

// readerProcess is the argument that makes this program a process of readers.
const readerProcess = "reader-process"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == readerProcess {
		if err := isolate.Serve(readers(), os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func readers() []part.Reader { return slices.Concat(extract.Readers(), decode.Readers()) }

// apart returns all readers, those of complex formats in processes of their own,
// as serve has them.
func apart(t *testing.T) []part.Reader {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	pool, err := isolate.NewPool(isolate.Config{Command: []string{self, readerProcess}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool.Readers(readers())
}

// build starts a proxy as serve does, with a scanner and rules that remember
// what they said. Readers of complex formats run in processes of their own.
func build(t *testing.T) *house {
	t.Helper()
	set, err := rules.Load(nil, rules.Options{Untested: true, Inspect: inspect.Options{Readers: apart(t)}})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{set: set, people: -1, came: make(chan struct{}, 1), roots: x509.NewCertPool()}
	for i, q := range set.Spec().Queries {
		if q.People && q.AtLeast == 10 && len(q.With) == 2 && slices.Contains(q.With[1], "EMAIL") {
			h.people = i
		}
	}
	if h.people < 0 {
		t.Fatal("no built-in rule counts people")
	}
	ca, err := intercept.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	origin := httptest.NewUnstartedServer(http.HandlerFunc(h.answer))
	origin.Config.ErrorLog = log.New(io.Discard, "", 0)
	dir := t.TempDir()
	theirs, err := intercept.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := intercept.NewIssuer(theirs, 1)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := issuer.Certificate(store)
	if err != nil {
		t.Fatal(err)
	}
	origin.TLS = &tls.Config{Certificates: []tls.Certificate{*cert}}
	origin.EnableHTTP2 = true
	origin.StartTLS()
	spool, err := hold.Open(hold.Config{Dir: filepath.Join(t.TempDir(), "spool")})
	if err != nil {
		t.Fatal(err)
	}
	policy := &gate.Policy{Scanner: remembering{h}, Rules: remembering{h}}
	srv, err := proxy.New(proxy.Config{
		Name: "sekimori-evasion", Timeouts: proxy.Timeouts{Pause: 20 * time.Millisecond},
		Upstream: upstream.Config{
			CAFiles:      []string{filepath.Join(dir, "ca.pem")},
			Resolve:      map[string]string{store + ":443": origin.Listener.Addr().String()},
			AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		},
	}, proxy.Deps{
		Policy: func() *gate.Policy { return policy }, Audit: nowhere{}, Hold: spool,
		Identity: anybody{}, Classes: cloud{}, CA: ca,
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(l)
	h.address = l.Addr().String()
	h.roots.AddCert(ca.Certificate())
	h.client, h.client2 = h.newClient(false), h.newClient(true)
	t.Cleanup(func() {
		h.client.CloseIdleConnections()
		h.client2.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		srv.Shutdown(ctx)
		origin.CloseClientConnections()
		origin.Close()
	})
	return h
}

func (h *house) newClient(http2 bool) *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		Proxy:              http.ProxyURL(&url.URL{Scheme: "http", Host: h.address}),
		TLSClientConfig:    &tls.Config{RootCAs: h.roots},
		DisableCompression: true, ForceAttemptHTTP2: http2,
	}}
}

// remembering is the built-in scanner and rules.
type remembering struct{ h *house }

func (r remembering) Scan(ctx context.Context, roots []part.Part, o inspect.ScanOptions) *inspect.Report {
	o.UntilDecided = false // so that people are counted beyond what the rules ask
	rep := r.h.set.Scanner().Scan(ctx, roots, o)
	r.h.mu.Lock()
	r.h.last.report = rep
	r.h.mu.Unlock()
	return rep
}

func (r remembering) Decide(t rules.Transaction) rules.Verdict {
	v := r.h.set.Decide(t)
	r.h.mu.Lock()
	r.h.last.verdict = v
	r.h.mu.Unlock()
	return v
}

func (r remembering) Digest() string                            { return r.h.set.Digest() }
func (r remembering) Release(rule string) (rules.Release, bool) { return r.h.set.Release(rule) }

type nowhere struct{}

func (nowhere) Append(context.Context, audit.Event) (audit.Receipt, error) {
	return audit.Receipt{Seq: 1}, nil
}

type anybody struct{}

func (anybody) Identify(r *http.Request) (rules.Principal, error) {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	return rules.Principal{User: "tester", Address: ap.Addr(), How: "basic"}, err
}

type cloud struct{}

func (cloud) Lookup(scheme, host string, port int, method, path string) rules.Destination {
	return rules.Destination{Scheme: scheme, Host: host, Port: port, Method: method, Path: path, Classes: []string{"cloud-storage"}}
}

// send puts an upload through the proxy.
func (h *house) send(u upload) (outcome, error) {
	h.mu.Lock()
	h.last = outcome{}
	h.mu.Unlock()
	h.got.Store(0)
	if u.talk != nil {
		return h.converse(u)
	}
	method, path := u.method, u.path
	if method == "" {
		method = http.MethodPost
	}
	if path == "" {
		path = "/upload"
	}
	var body io.Reader
	if u.body != nil {
		body = bytes.NewReader(u.body)
	}
	if u.drops {
		body = iotest.OneByteReader(body)
	} else if u.trailer != nil {
		body = io.MultiReader(body)
	}
	req, err := http.NewRequest(method, "https://"+store+path, body)
	if err != nil {
		return outcome{}, fmt.Errorf("making the request: %w", err)
	}
	for k, v := range u.header {
		req.Header[k] = v
	}
	if u.media != "" {
		req.Header.Set("Content-Type", u.media)
	}
	if u.coding != "" {
		req.Header.Set("Content-Encoding", u.coding)
	}
	req.Trailer = u.trailer
	resp, err := h.client.Do(req)
	if err != nil {
		return outcome{}, fmt.Errorf("sending: %w", err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last.status, h.last.arrived = resp.StatusCode, h.got.Load()
	h.last.denied = denied(resp)
	return h.last, nil
}

// denied tells whether a call of gRPC was not carried out.
func denied(resp *http.Response) bool {
	status := resp.Header.Get("Grpc-Status")
	return status != "" && status != "0"
}
