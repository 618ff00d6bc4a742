// Package icap is the door for proxies that a company already has: an ICAP
// server (RFC 3507) by which they ask the gate about each request that they
// are about to send. REQMOD requests are held, judged like any upload, and
// answered with leave (204) or with the page that says why not; RESPMOD is
// answered with leave at once, because what comes in is no concern of ours.
//
// The neighbour is trusted to ask: whatever it sends without asking is not
// judged. It says who its client is in X-Client-IP, X-Authenticated-User and
// X-Authenticated-Groups, believed only of the networks named for it.
package icap

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/proxy/answer"
	"github.com/sekimori-dlp/sekimori/proxy/door"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/trace"
	"github.com/sekimori-dlp/sekimori/rules"
)

// Config is what an operator may choose. Zero numbers take the default named
// beside them.
type Config struct {
	Version     string         // of the program, for OPTIONS
	Clients     []netip.Prefix // proxies that may ask; default loopback
	Trusted     []netip.Prefix // whose word on who their clients are is believed; default Clients
	UserCoding  string         // of names in headers: Plain, Base64 or Auto (default)
	Connections int            // open at once; default 2,000
	Preview     int            // bytes asked for in a preview; default 4 KiB
	Header      int            // bytes of an ICAP head, and of an encapsulated one; default 64 KiB
	Idle        time.Duration  // between requests; default 5 min
	Body        time.Duration  // without a byte in a request; default 60 s
}

// The codings of names.
const (
	Auto   = "auto" // base64 where that gives a readable name, else as it stands
	Plain  = "plain"
	Base64 = "base64"
)

// Web is the HTTP door, which knows what a request is and how to answer it;
// *proxy.Server in production.
type Web interface {
	Describe(r *http.Request, who rules.Principal) (*gate.Transaction, *answer.Answer)
	Refuse(t *gate.Transaction, o *gate.Outcome) *answer.Answer
	Confirm(r *http.Request, who rules.Principal) *answer.Answer
	Write(a *answer.Answer, r *http.Request) *http.Response
}

// Checker is the gate.
type Checker interface {
	Check(ctx context.Context, t *gate.Transaction) gate.Outcome
}

// Accounts tells what is known of a user; *identity.Identifier in production.
type Accounts interface {
	Named(ctx context.Context, user string, groups []string, at netip.Addr, how string) rules.Principal
}

// Deps is what a Server works with. All but Log, Registry and Traces are needed.
type Deps struct {
	Gate     Checker
	Web      Web
	Accounts Accounts
	Digest   func() string // of the rules in force
	Log      *slog.Logger
	Registry *prometheus.Registry
	Traces   *trace.Tracer // of each request that the gate is asked about; nil: none
}

// Server answers ICAP. Make one with New, run it with Serve, end it with
// Shutdown.
type Server struct {
	c        Config
	d        Deps
	requests *prometheus.CounterVec
	tagged   atomic.Pointer[tagged] // the last

	mu        sync.Mutex
	listeners []net.Listener
	conns     map[*conn]struct{}
	end       bool
	wait      sync.WaitGroup
}

func set[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// loopback is whose questions are answered unless others are named.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// New makes a Server.
func New(c Config, d Deps) (*Server, error) {
	if d.Gate == nil || d.Web == nil || d.Accounts == nil || d.Digest == nil {
		return nil, errors.New("ICAP needs the gate, the HTTP door, accounts and the rules' digest")
	}
	if c.Clients == nil {
		c.Clients = loopback
	}
	if c.Trusted == nil {
		c.Trusted = c.Clients
	}
	set(&c.UserCoding, Auto)
	set(&c.Connections, 2000)
	set(&c.Preview, 4<<10)
	set(&c.Header, 64<<10)
	set(&c.Idle, 5*time.Minute)
	set(&c.Body, time.Minute)
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{c: c, d: d, conns: map[*conn]struct{}{}}
	s.requests = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sekimori_icap_requests_total",
		Help: "ICAP requests by method and status."}, []string{"method", "status"})
	if d.Registry != nil {
		if err := d.Registry.Register(s.requests); err != nil {
			return nil, fmt.Errorf("register metrics of ICAP: %w", err)
		}
	}
	return s, nil
}

// Serve takes neighbours from l until Shutdown, then returns nil. It may be
// called for several listeners.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.end {
		s.mu.Unlock()
		return l.Close()
	}
	s.listeners = append(s.listeners, l)
	s.mu.Unlock()
	for {
		raw, err := l.Accept()
		if err != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.end {
				return nil
			}
			return fmt.Errorf("accept: %w", err)
		}
		c, full := s.take(raw)
		if c == nil {
			go func() {
				raw.SetDeadline(time.Now().Add(2 * time.Second))
				if full {
					fmt.Fprintf(raw, "ICAP/1.0 503 Service overloaded\r\nISTag: %s\r\nConnection: close\r\nEncapsulated: null-body=0\r\n\r\n", s.tag())
				}
				raw.Close()
			}()
			continue
		}
		go s.serve(c)
	}
}

// take counts a neighbour in; full tells whether there are too many, else it
// is none of ours.
func (s *Server) take(raw net.Conn) (c *conn, full bool) {
	ap, err := netip.ParseAddrPort(raw.RemoteAddr().String())
	if err != nil || !door.Contains(s.c.Clients, ap.Addr()) {
		s.d.Log.Warn("ICAP client is not in icap.clients", "address", raw.RemoteAddr())
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end || len(s.conns) >= s.c.Connections {
		return nil, true
	}
	c = newConn(raw, ap.Addr().Unmap().WithZone(""), s.c.Body)
	s.conns[c] = struct{}{}
	s.wait.Add(1)
	return c, false
}

func (s *Server) serve(c *conn) {
	defer func() {
		if p := recover(); p != nil {
			s.d.Log.Error("ICAP request failed", "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		}
		c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		s.wait.Done()
	}()
	for s.one(c) {
	}
}

// Shutdown stops taking neighbours and requests, and returns when those under
// way are answered or ctx is done.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.end = true
	var err error
	for _, l := range s.listeners {
		err = errors.Join(err, l.Close())
	}
	for c := range s.conns {
		c.hurry()
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.wait.Wait(); close(done) }()
	select {
	case <-done:
		return err
	case <-ctx.Done():
		s.mu.Lock()
		for c := range s.conns {
			c.Close()
		}
		s.mu.Unlock()
		return ctx.Err()
	}
}

// tag is the ISTag (RFC 3507, 4.7): it changes with the rules, so that nobody
// goes by an old answer.
func (s *Server) tag() string {
	digest := s.d.Digest()
	if t := s.tagged.Load(); t != nil && t.digest == digest {
		return t.tag
	}
	sum := sha256.Sum256([]byte(s.c.Version + " " + digest))
	t := &tagged{digest, `"` + hex.EncodeToString(sum[:15]) + `"`}
	s.tagged.Store(t)
	return t.tag
}

// tagged is the ISTag of a digest.
type tagged struct{ digest, tag string }

// protocol is what events call this door.
const protocol = "ICAP"
