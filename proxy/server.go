// Package proxy is the doors: it takes what clients send, hands each request
// to the gate, and acts on the outcome. It is a forward proxy for HTTP/1.0,
// HTTP/1.1 and, inside opened TLS, HTTP/2.
//
// All requests, however they came in, meet in Server.ServeHTTP and leave
// through exchange.request, which calls the gate; there is no other way to an
// origin but a tunnel the administrator listed under Intercept.Bypass.
package proxy

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/proxy/bypass"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/intercept"
	"github.com/sekimori-dlp/sekimori/proxy/service"
	"github.com/sekimori-dlp/sekimori/proxy/trace"
	"github.com/sekimori-dlp/sekimori/rules"
)

// Identifier tells who sends; *identity.Identifier in production. A Refuser's
// answer is given to the client.
type Identifier interface {
	Identify(r *http.Request) (rules.Principal, error)
}

// Classifier tells what is at a destination; *destination.Catalogue in
// production.
type Classifier interface {
	Lookup(scheme, host string, port int, method, path string) rules.Destination
}

// Spool holds bodies; *hold.Spool in production.
type Spool interface {
	gate.Holder
	Room(sender string) *hold.Room
	Stats() hold.Stats
}

// Deps is what a Server works with. All but Past, Releases, Log, Registry, Checks,
// Access, Traces and Halted are needed.
type Deps struct {
	Policy   func() *gate.Policy // the rules in force
	Audit    gate.Recorder
	Hold     Spool
	Identity Identifier
	Classes  Classifier
	CA       *intercept.CA
	Past     gate.Past
	// PersonKey keys the digests by which Past knows persons.
	PersonKey [16]byte
	// ConfirmKey, Confirmed and ConfirmFile are those of gate.Config.
	ConfirmKey  *[32]byte
	Confirmed   func(sum [32]byte, end time.Time)
	ConfirmFile string
	Releases    gate.Releases
	Pieces      gate.Pieces   // nil: uploads in pieces are not put together
	Evidence    gate.Evidence // nil: none is kept
	Log         *slog.Logger
	Registry    *prometheus.Registry // metrics are registered here; default: a new one
	Checks      []Check              // beside the Server's own, for /readyz
	Access      *slog.Logger         // takes a line for each request; nil: none
	Halted      func() bool          // nothing is relayed uninspected while it is true; may be nil
	Traces      *trace.Tracer        // of each exchange; nil: none
}

// Check is one condition of being ready.
type Check struct {
	Name  string
	Probe func() error // nil: all well
	// Notes: what it finds is told, but the proxy is ready all the same.
	Notes bool
	// Leaves: what it finds is that the proxy is about to end.
	Leaves bool
}

var errNoRules = errors.New("no rules in force")

// Server is the proxy. Make one with New, run it with Serve, end it with
// Shutdown.
type Server struct {
	cfg      Config
	deps     Deps
	log      *slog.Logger
	gate     *gate.Gate
	origins  origins
	ca       atomic.Pointer[intercept.CA]
	issuer   *intercept.Issuer
	crlHost  string // where the list of revoked certificates is; "" if there is none
	crlPort  int
	tls      *tls.Config // of intercepted connections
	tlsOld   *tls.Config // likewise, without HTTP/2
	metrics  *metrics
	chain    http.Handler // goproxy
	inspects func(header string) bool
	familiar *familiar // nil if only the fields that are listed are inspected
	bypass   atomic.Pointer[bypass.List]
	limits   atomic.Pointer[Sites]
	pins     *bypass.Pins
	try      *tryOrigin
	via      via

	clients clients
	doors   listeners
	h1, h2  *http.Server
	fresh   fresh
	inner1  *feed // opened tunnels that speak HTTP/1
	inner2  *feed // and HTTP/2
	started sync.Once
}

// New makes a Server.
func New(cfg Config, deps Deps) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	unlisted := cfg.Inspect.Headers == nil
	cfg = cfg.withDefaults()
	if cfg.Name == "" {
		var b [4]byte
		rand.Read(b[:])
		cfg.Name = "sekimori-" + hex.EncodeToString(b[:])
	}
	if deps.Identity == nil || deps.Audit == nil || deps.Classes == nil || deps.CA == nil || deps.Hold == nil {
		return nil, errors.New("proxy needs an identifier, an audit log, a destination catalogue, an authority and a spool")
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Registry == nil {
		deps.Registry = prometheus.NewRegistry()
	}
	s := &Server{
		cfg: cfg, deps: deps, log: deps.Log,
		inspects: headerChooser(cfg.Inspect.Headers), pins: bypass.NewPins(),
		inner1: newFeed(), inner2: newFeed(), via: newVia(cfg.Name),
	}
	if unlisted {
		s.familiar = newFamiliar()
	}
	s.ca.Store(deps.CA)
	if err := s.Reconfigure(cfg); err != nil {
		return nil, err
	}
	var err error
	if s.issuer, err = intercept.NewIssuer(deps.CA, cfg.Intercept.Certificates); err != nil {
		return nil, err
	}
	if base := cfg.Intercept.CRL; base != "" {
		if err := s.publish(base); err != nil {
			return nil, fmt.Errorf("intercept.crl: %w", err)
		}
	}
	s.metrics = newMetrics(deps.Registry, s)
	s.deps.Audit = &meteredRecorder{deps.Audit, s.metrics}
	company, err := service.NewCompany(cfg.Company)
	if err != nil {
		return nil, err
	}
	if s.gate, err = gate.New(gate.Config{
		Policy: deps.Policy, Hold: deps.Hold, Audit: s.deps.Audit, Observer: s.metrics,
		Log: deps.Log, Past: deps.Past, PersonKey: deps.PersonKey, Releases: deps.Releases, Pieces: deps.Pieces, Company: company, Evidence: deps.Evidence, Exact: cfg.Inspect.Exact, Passwords: cfg.Inspect.Passwords, RecordAll: cfg.Record == RecordAll,
		Scans: cfg.Inspect.Scans, Queue: cfg.Inspect.Queue, Time: cfg.Inspect.Time, ConfirmFor: cfg.ConfirmFor,
		ConfirmKey: deps.ConfirmKey, Confirmed: deps.Confirmed, ConfirmFile: deps.ConfirmFile,
	}); err != nil {
		return nil, err
	}
	s.tls = s.issuer.TLS()
	s.tlsOld = s.tls.Clone()
	s.tlsOld.NextProtos = []string{"http/1.1", "http/1.0"}
	s.tls.GetConfigForClient = s.offer
	s.try = newTryOrigin(&s.ca, s.trustSite())
	s.chain = newChain(s)
	s.clients.max, s.clients.perClient, s.clients.patience = cfg.Limits.Connections, cfg.Limits.PerClient, cfg.Timeouts.Idle
	s.h1, s.h2 = s.server(), s.server()
	s.h1.ConnState = func(c net.Conn, state http.ConnState) {
		s.fresh.note(c, state)
		noteTurn(c, state)
	}
	s.h2.ConnState = noteTurn
	s.h1.Protocols = new(http.Protocols)
	s.h1.Protocols.SetHTTP1(true)
	s.h2.Protocols = new(http.Protocols)
	s.h2.Protocols.SetHTTP2(true)
	s.h2.TLSConfig = s.tls.Clone() // net/http changes it; it makes no handshake
	s.h2.HTTP2 = &http.HTTP2Config{
		MaxConcurrentStreams:          cfg.Limits.Streams,
		MaxReceiveBufferPerConnection: 4 << 20,
		MaxReceiveBufferPerStream:     1 << 20,
		SendPingTimeout:               cfg.Timeouts.Idle,
		WriteByteTimeout:              cfg.Timeouts.Body,
	}
	return s, nil
}

// Gate is the one way out, for the doors that speak other protocols.
func (s *Server) Gate() *gate.Gate { return s.gate }

func (s *Server) server() *http.Server {
	return &http.Server{
		Handler:           s,
		ReadHeaderTimeout: s.cfg.Timeouts.Header,
		IdleTimeout:       s.cfg.Timeouts.Idle,
		MaxHeaderBytes:    s.cfg.Limits.HeaderBytes,
		ErrorLog:          log.New(debugWriter{s.log}, "", 0),
		ConnContext:       connContext,
		// OPTIONS * is answered like any other request that is none to a proxy.
		DisableGeneralOptionsHandler: true,
	}
}

// noteTurn tells a connection how its HTTP server stands with it.
func noteTurn(c net.Conn, state http.ConnState) {
	if client := clientOf(c); client != nil {
		client.note(state)
	}
}

// debugWriter takes net/http's own messages: addresses and protocol faults.
type debugWriter struct{ log *slog.Logger }

func (w debugWriter) Write(p []byte) (int, error) {
	w.log.Debug("http server", "message", strings.TrimSpace(string(p)))
	return len(p), nil
}

// Serve takes clients from l until Shutdown or Close, then returns nil. It may
// be called for several listeners.
func (s *Server) Serve(l net.Listener) error {
	return s.ServeDoor(l, &Door{})
}

// begin starts the servers of what is handed to them.
func (s *Server) begin() {
	s.started.Do(func() {
		go s.h1.Serve(s.inner1)
		go s.h2.Serve(s.inner2)
	})
}

// Shutdown stops taking clients and requests, and returns when those under way
// are done. Relayed connections (WebSocket, bypassed tunnels) are closed once
// they have been quiet for a second. When ctx ends first, the rest is cut off
// and ctx's error returned.
func (s *Server) Shutdown(ctx context.Context) error {
	s.doors.close()
	s.fresh.settle(ctx)
	done := make(chan error, 3)
	go func() { done <- s.h1.Shutdown(ctx) }()
	go func() { done <- s.h2.Shutdown(ctx) }() // waits for streams that are relayed, too
	go func() { done <- s.clients.drain(ctx) }()
	err := errors.Join(<-done, <-done, <-done)
	s.h1.Close()
	s.h2.Close()
	s.clients.closeAll(nil)
	s.origins.CloseIdleConnections()
	return err
}

// guardSlack lets net/http see a too large head first, so that it answers 431;
// it reads up to 4 KiB more than MaxHeaderBytes.
const guardSlack = 16 << 10

// refuse tells a client over a limit so, without reading what it wants. Where
// no HTTP is spoken yet, it is only closed.
func refuse(c net.Conn, d *Door, why string) {
	defer c.Close()
	if d.kind() != DoorHTTP {
		return
	}
	status := "503 Service Unavailable"
	if why == perClient {
		status = "429 Too Many Requests"
	}
	c.SetDeadline(time.Now().Add(2 * time.Second))
	fmt.Fprintf(c, "HTTP/1.1 %s\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", status)
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		h.CloseWrite()
	}
	io.Copy(io.Discard, io.LimitReader(c, 64<<10)) // or it is reset before it reads
}

// feed is a listener whose connections are pushed in.
type feed struct {
	conns chan net.Conn
	done  chan struct{}
}

func newFeed() *feed { return &feed{make(chan net.Conn), make(chan struct{})} }

func (f *feed) push(c net.Conn) error {
	select {
	case f.conns <- c:
		return nil
	case <-f.done:
		return net.ErrClosed
	}
}

// Accept implements net.Listener.
func (f *feed) Accept() (net.Conn, error) {
	select {
	case c := <-f.conns:
		return c, nil
	case <-f.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. net/http closes a listener once.
func (f *feed) Close() error { close(f.done); return nil }

// Addr implements net.Listener.
func (f *feed) Addr() net.Addr { return &net.TCPAddr{} }
