// Package smtp is the door for mail: a relay hop between the company's mail
// server and the outside. A message is held whole, judged by the gate like any
// upload, and only then passed on; the client has its answer when the next hop
// has taken the message, or refused it. There is no queue: what could not be
// passed on stays with the client, which tries again.
//
// Nothing that was acknowledged is lost, because the next hop has it by then.
// A journal sees to it that a client which did not get our answer, and sends
// again, does not cause a second copy; only where the next hop's own answer
// was lost may a message arrive twice, and the record says so. A client that
// sends again at another node has no journal there; of what an end in the middle
// cut off, the node tells in its record when it starts again.
//
// It is no mail server: it has no mailboxes, no queue and no aliases, and does
// not sign. Use it behind the company's own.
package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/proxy/mail"
)

// Config is what an operator may choose. Zero numbers take the default named
// beside them.
type Config struct {
	Name        string         // of this hop, in greetings and Received; required
	Clients     []netip.Prefix // that may send without a log-in; default loopback
	Auth        Auth
	TLS         *tls.Config   // for STARTTLS; nil: not offered
	Next        Next          //
	Size        int64         // of a message, in bytes; default 50 MiB
	Recipients  int           // of a message; default 100
	Connections int           // open at once; default 500
	PerClient   int           // of one address; default a tenth of Connections, at least 20
	Idle        time.Duration // without a byte from a client; default 5 min
	Message     time.Duration // for one message to come in; default 30 min
	Journal     string        // file of what was passed on; required
	Box         *Box          // nil: nothing is kept to go later
}

// Auth says whether clients may log in, and who checks them.
type Auth string

// The ways to log in.
const (
	NoAuth    Auth = ""      // clients are known by their network alone
	LocalAuth Auth = "local" // against the installation's accounts
	PassAuth  Auth = "pass"  // the next hop checks, and gets the same log-in with each message
)

// Server takes mail. Make one with New, run it with Serve, end it with
// Shutdown.
type Server struct {
	c        Config
	judge    *mail.Judge
	inner    *gosmtp.Server
	journal  *journal
	box      *box // nil: nothing is kept
	messages *prometheus.CounterVec

	mu    sync.Mutex
	conns map[*conn]struct{}
	from  map[netip.Addr]int
	end   bool
}

func set[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// loopback is whose mail is taken unless others are named.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// New makes a Server and opens its journal. registry may be nil.
func New(c Config, judge *mail.Judge, registry *prometheus.Registry) (*Server, error) {
	if c.Name == "" || c.Journal == "" {
		return nil, errors.New("mail needs a name and a journal")
	}
	if c.Clients == nil {
		c.Clients = loopback
	}
	set(&c.Size, 50<<20)
	set(&c.Recipients, 100)
	set(&c.Connections, 500)
	set(&c.PerClient, max(20, c.Connections/10))
	set(&c.Idle, 5*time.Minute)
	set(&c.Message, 30*time.Minute)
	c.Next.name = c.Name
	if err := c.Next.check(); err != nil {
		return nil, err
	}
	if c.Auth == PassAuth && c.Next.TLS == Opportunistic {
		c.Next.TLS = Required // somebody's password goes there
	}
	if c.Auth == PassAuth && c.Next.MX {
		return nil, errors.New("log-ins can be passed on to one next hop only, not to those that MX records name")
	}
	s := &Server{c: c, judge: judge, conns: map[*conn]struct{}{}, from: map[netip.Addr]int{}}
	s.messages = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sekimori_smtp_messages_total",
		Help: "Mail messages by what became of them."}, []string{"outcome"})
	if registry != nil {
		if err := registry.Register(s.messages); err != nil {
			return nil, fmt.Errorf("register metrics of mail: %w", err)
		}
	}
	var err error
	if s.journal, err = openJournal(c.Journal, time.Now); err != nil {
		return nil, err
	}
	if c.Box != nil {
		if c.Auth == PassAuth {
			return nil, errors.New("log-ins cannot be passed on with mail that goes later")
		}
		if s.box, err = openBox(s, *c.Box); err != nil {
			return nil, err
		}
	}
	for _, id := range s.journal.cut() {
		judge.Note(&mail.Message{Protocol: protocol}, audit.Event{Reason: cutOff, Details: map[string]string{"what": "doubtful", "id": id}})
	}
	i := gosmtp.NewServer(gosmtp.BackendFunc(s.session))
	i.Domain, i.TLSConfig = c.Name, c.TLS
	i.MaxMessageBytes, i.MaxRecipients, i.MaxLineLength = c.Size, c.Recipients, maxLine
	i.EnableSMTPUTF8, i.EnableDSN = true, true
	i.ReadTimeout, i.WriteTimeout = c.Idle, c.Idle
	i.ErrorLog = debugLog{judge.Log}
	s.inner = i
	return s, nil
}

// maxLine bounds a line in bytes. RFC 5321 allows 1,000, and many programs
// write longer ones.
const maxLine = 64 << 10

// debugLog takes go-smtp's own messages. They may quote a client.
type debugLog struct{ log *slog.Logger }

func (l debugLog) Printf(format string, v ...any) { l.log.Debug("smtp server", "message", format) }
func (l debugLog) Println(v ...any)               { l.log.Debug("smtp server") }

// Serve takes clients from l until Shutdown, then returns nil. With implicit
// set TLS begins at once (RFC 8314), without STARTTLS. It may be called for several listeners.
func (s *Server) Serve(l net.Listener, implicit bool) error {
	if implicit && s.c.TLS == nil {
		return errors.New("TLS from the first byte needs a certificate")
	}
	err := s.inner.Serve(&front{Listener: l, s: s, implicit: implicit})
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Shutdown stops taking clients and messages, and returns when those under way
// are done or ctx is.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.end = true
	for c := range s.conns {
		c.hurry()
	}
	s.mu.Unlock()
	err := s.inner.Shutdown(ctx)
	if err != nil && !errors.Is(err, gosmtp.ErrServerClosed) {
		s.mu.Lock()
		for c := range s.conns {
			c.Close()
		}
		s.mu.Unlock()
	}
	if s.box != nil {
		err = errors.Join(err, s.box.close(ctx))
	}
	return errors.Join(err, s.journal.close())
}

// cutOff is why a message may arrive twice, if its client does not try again
// here, where the journal knows it, but at another node.
const cutOff = "this node ended before it had answered the client: the next hop may have the message, and the client will send it again"

// protocol is what events call this door.
const protocol = "SMTP"
