// Package milter is the second door for mail: Postfix and Sendmail ask about
// each message while they still have its client at hand, by the protocol of
// Sendmail's libmilter, versions 2 to 6. A message is held whole and judged by
// the same gate as at the relay hop of package smtp; what is kept in gets the
// same answer, which the mail server gives to its client. What may go stays
// with the mail server, in its queue.
//
// The mail server is trusted to ask: set it so that it refuses mail for now
// where it cannot (milter_default_action = tempfail).
//
// github.com/emersion/go-milter has a server too. It forgets who the client is
// after the first message of a connection, drops the parameters of MAIL and
// RCPT and all but the last macros, and knows no time-outs; so the protocol is
// spoken here, and that library's client is what the tests ask with.
package milter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/proxy/door"
	"github.com/sekimori-dlp/sekimori/proxy/mail"
)

// Config is what an operator may choose. Zero numbers take the default named
// beside them.
type Config struct {
	Clients     []netip.Prefix // mail servers that may ask; default loopback
	Size        int64          // of a message, in bytes; default 50 MiB
	Recipients  int            // of a message; default 1,000
	Connections int            // open at once; default 500
	Idle        time.Duration  // between two packets; default 10 min, as long as a client may take
	Message     time.Duration  // for one message to come in, and to be judged; default 30 min
}

// Outbox takes messages over that rules want to go later or changed; the mail
// server is then told to forget them. *smtp.Server in production.
type Outbox interface {
	// TakeOver keeps a message that was judged, or says why it cannot; ok is
	// false where no rule wants it.
	TakeOver(ctx context.Context, m *mail.Message, v *mail.Verdict) (ok bool, no *mail.Reply)
}

// Server answers mail servers. Make one with New, run it with Serve, end it with
// Shutdown.
type Server struct {
	c        Config
	judge    *mail.Judge
	outbox   Outbox // nil: there is none
	messages *prometheus.CounterVec

	mu        sync.Mutex
	listeners []net.Listener
	conns     map[*session]struct{}
	end       bool
	wait      sync.WaitGroup
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// New makes a Server. outbox and registry may be nil.
func New(c Config, judge *mail.Judge, outbox Outbox, registry *prometheus.Registry) (*Server, error) {
	if judge == nil {
		return nil, errors.New("milter needs somebody to judge mail")
	}
	if c.Clients == nil {
		c.Clients = loopback
	}
	c.Size = cmp.Or(c.Size, 50<<20)
	c.Recipients = cmp.Or(c.Recipients, 1000)
	c.Connections = cmp.Or(c.Connections, 500)
	c.Idle = cmp.Or(c.Idle, 10*time.Minute)
	c.Message = cmp.Or(c.Message, 30*time.Minute)
	s := &Server{c: c, judge: judge, outbox: outbox, conns: map[*session]struct{}{}}
	s.messages = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sekimori_milter_messages_total",
		Help: "Messages that mail servers asked about, by what they were told."}, []string{"outcome"})
	if registry != nil {
		if err := registry.Register(s.messages); err != nil {
			return nil, fmt.Errorf("register metrics of the milter: %w", err)
		}
	}
	return s, nil
}

// Serve takes mail servers from l until Shutdown, then returns nil. It may be
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
		if x := s.take(raw); x != nil {
			go s.serve(x)
		} else {
			raw.Close() // the mail server then does what it is set to do without us
		}
	}
}

// take counts a mail server in, or returns nil. One that comes by a socket in a
// folder has no address: the socket's rights let it in.
func (s *Server) take(raw net.Conn) *session {
	ap, err := netip.ParseAddrPort(raw.RemoteAddr().String())
	if err == nil && !door.Contains(s.c.Clients, ap.Addr()) {
		s.judge.Log.Warn("milter client is not in milter.clients", "address", raw.RemoteAddr())
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end || len(s.conns) >= s.c.Connections {
		s.judge.Log.Warn("milter client not taken: too many connections", "address", raw.RemoteAddr())
		return nil
	}
	x := newSession(s, raw)
	s.conns[x] = struct{}{}
	s.wait.Add(1)
	return x
}

func (s *Server) serve(x *session) {
	defer func() {
		if p := recover(); p != nil {
			s.judge.Log.Error("milter session failed", "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		}
		x.conn.Close()
		s.mu.Lock()
		delete(s.conns, x)
		s.mu.Unlock()
		s.wait.Done()
	}()
	if err := x.run(); err != nil {
		s.judge.Log.Info("milter session broken off", "address", x.conn.RemoteAddr(), "error", err)
	}
}

// Shutdown stops taking mail servers and messages, and returns when those under
// way are answered or ctx is done.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.end = true
	var err error
	for _, l := range s.listeners {
		err = errors.Join(err, l.Close())
	}
	for x := range s.conns {
		x.hurry()
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.wait.Wait(); close(done) }()
	select {
	case <-done:
		return err
	case <-ctx.Done():
		s.mu.Lock()
		for x := range s.conns {
			x.conn.Close()
		}
		s.mu.Unlock()
		return ctx.Err()
	}
}

// protocol is what events call this door.
const protocol = "milter"
