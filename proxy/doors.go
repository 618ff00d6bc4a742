package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/door"
	"github.com/sekimori-dlp/sekimori/proxy/intercept"
	"github.com/sekimori-dlp/sekimori/proxy/socks"
	"github.com/sekimori-dlp/sekimori/rules"
)

// DoorKind is what is spoken at a door before the first request.
type DoorKind string

// The kinds of doors.
const (
	DoorHTTP     DoorKind = "http"     // an explicit proxy; the zero value means it too
	DoorHTTPS    DoorKind = "https"    // the same, with TLS to the proxy
	DoorSOCKS    DoorKind = "socks5"   // RFC 1928
	DoorRedirect DoorKind = "redirect" // connections that netfilter's REDIRECT or DNAT sends
	DoorTPROXY   DoorKind = "tproxy"   // connections that netfilter's TPROXY hands over
)

// Door is one way in, with a policy of its own. The zero Door is an explicit
// HTTP proxy under the server's policy. Do not change one that is in use; give
// its Way another.
type Door struct {
	Name string // in logs and metrics
	Kind DoorKind

	// Names are those that a DoorHTTPS has certificates for, made by the
	// installation's authority, unless TLS brings its own. TLS may also ask
	// for client certificates.
	Names []string
	TLS   *tls.Config

	// Peers are load balancers that put a PROXY protocol header before a
	// client's bytes; from them one is required, from others none is read.
	Peers []netip.Prefix

	Identity    Identifier // nil: the server's
	Groups      []string   // added to whoever comes by this door, for rules to name
	Sites       *Sites     // where requests may go; nil: the server's
	NoBypass    bool       // no tunnel is exempt here
	Connections int        // open at once; 0: no limit of its own
}

func (d *Door) kind() DoorKind {
	if d.Kind == "" {
		return DoorHTTP
	}
	return d.Kind
}

// plain tells whether connections can be handed to net/http as they are.
func (d *Door) plain() bool { return d.kind() == DoorHTTP && len(d.Peers) == 0 }

// ServeDoor takes clients from l by the rules of a door until Shutdown, then
// returns nil. It may be called for several listeners.
func (s *Server) ServeDoor(l net.Listener, d *Door) error {
	w, err := s.Open(l, d)
	if err != nil {
		return err
	}
	return w.Serve()
}

// withTLS completes the TLS configuration of a door.
func (s *Server) withTLS(d *Door) (*Door, error) {
	c := d.TLS.Clone()
	if c == nil {
		c = &tls.Config{}
	}
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	c.NextProtos = []string{"http/1.1"}
	if len(c.Certificates) == 0 && c.GetCertificate == nil {
		if len(d.Names) == 0 {
			return nil, fmt.Errorf("door %q: TLS without a certificate; give it one, or the names to make one for", d.Name)
		}
		names := slices.Clone(d.Names)
		c.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if name := normalHost(h.ServerName); slices.Contains(names, name) {
				return s.issuer.Certificate(name)
			}
			return s.issuer.Certificate(names[0])
		}
	}
	own := *d
	own.TLS = c
	return &own, nil
}

// listeners are those that are open.
type listeners struct {
	mu      sync.Mutex
	open    map[net.Listener]struct{}
	serving sync.WaitGroup // what takes connections from those
	closed  bool
}

func (ls *listeners) add(l net.Listener) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.closed {
		return false
	}
	if ls.open == nil {
		ls.open = map[net.Listener]struct{}{}
	}
	ls.open[l] = struct{}{}
	ls.serving.Add(1)
	return true
}

// remove says that nothing is taken from l any more.
func (ls *listeners) remove(l net.Listener) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if _, ok := ls.open[l]; ok {
		delete(ls.open, l)
		ls.serving.Done()
	}
}

// close closes the listeners and waits until what they accepted last is in the
// servers' hands, which would not know of it otherwise.
func (ls *listeners) close() {
	ls.mu.Lock()
	ls.closed = true
	for l := range ls.open {
		l.Close()
	}
	ls.mu.Unlock()
	ls.serving.Wait()
}

func (ls *listeners) ended() bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.closed
}

// take counts a connection in, or refuses it.
func (s *Server) take(c net.Conn, w *Way, d *Door) *client {
	client, why := s.clients.add(c, w, d)
	if client == nil {
		s.metrics.refused.WithLabelValues(why).Inc()
		go refuse(c, d, why)
	}
	return client
}

// arrive brings a connection to where requests begin. Whatever is not there
// within the handshake's time is closed.
func (s *Server) arrive(c *client, d *Door) {
	c.relay(nil) // nobody else looks after it yet
	stage, err := s.pass(c, d)
	if err == nil {
		return
	}
	c.Close()
	s.metrics.arrivals.WithLabelValues(string(d.kind()), stage).Inc()
	s.log.Info("connection not served", "door", d.Name, "address", c.RemoteAddr().String(), "stage", stage, "error", err.Error())
}

func (s *Server) pass(c *client, d *Door) (stage string, err error) {
	deadline := time.Now().Add(s.cfg.Timeouts.Handshake)
	c.SetDeadline(deadline)
	if len(d.Peers) > 0 {
		if a, ok := addrOf(c.Conn); ok && door.Contains(d.Peers, a) {
			announced, err := door.Announced(c.Conn, s.cfg.Timeouts.Handshake)
			if err != nil {
				return "proxy-header", err
			}
			c.Conn = announced
			if a, _ := addrOf(announced); !s.clients.move(c, a) {
				s.metrics.refused.WithLabelValues(perClient).Inc()
				refuse(c, d, perClient)
				return "limit", errors.New("too many connections of this client")
			}
			c.SetDeadline(deadline)
		}
	}
	switch d.kind() {
	case DoorHTTP:
		return "serve", s.hand(c, s.inner1, s.guarded(c))
	case DoorHTTPS:
		t := tls.Server(c, d.TLS)
		if err := t.Handshake(); err != nil {
			return "handshake", err
		}
		return "serve", s.hand(c, s.inner1, s.guarded(t))
	case DoorSOCKS:
		return s.passSOCKS(c, d)
	case DoorRedirect, DoorTPROXY:
		return s.passTransparent(c, d)
	}
	return "kind", fmt.Errorf("%q is no kind of door", d.Kind)
}

// hand gives a connection to an HTTP server.
func (s *Server) hand(c *client, to *feed, conn net.Conn) error {
	conn.SetDeadline(time.Time{})
	c.settle()
	return to.push(conn)
}

// sender asks who comes by a door that has no HTTP request to ask about.
func (s *Server) sender(c *client, d *Door, given socks.Credentials) (rules.Principal, error) {
	r := &http.Request{Method: http.MethodConnect, RemoteAddr: c.RemoteAddr().String(), Header: http.Header{}}
	if given.Given {
		r.Header["Proxy-Authorization"] = []string{"Basic " + base64.StdEncoding.EncodeToString([]byte(given.User+":"+given.Password))}
	}
	return s.identifyAt(r, d)
}

// identifyAt asks who sends, and adds what the door says of its senders.
func (s *Server) identifyAt(r *http.Request, d *Door) (rules.Principal, error) {
	of := s.deps.Identity
	if d != nil && d.Identity != nil {
		of = d.Identity
	}
	who, err := of.Identify(r)
	if err == nil && d != nil && len(d.Groups) > 0 {
		who.Groups = slices.Concat(who.Groups, d.Groups)
		slices.Sort(who.Groups)
		who.Groups = slices.Compact(who.Groups)
	}
	return who, err
}

func (s *Server) passSOCKS(c *client, d *Door) (stage string, err error) {
	t := &tunnel{Conn: c, client: c, named: true, protocol: "SOCKS5"}
	asked, err := socks.Accept(c, func(given socks.Credentials) (err error) {
		if t.who, err = s.sender(c, d, given); err != nil {
			s.metrics.identity.WithLabelValues("no-identity").Inc()
		}
		return err
	})
	if err != nil {
		return "socks", err
	}
	var ok bool
	if t.host, t.port, ok = splitAuthority(net.JoinHostPort(asked.Host, fmt.Sprint(asked.Port)), ""); !ok {
		_ = socks.Answer(c, socks.NoAddress)
		return "socks", socks.ErrAddress
	}
	if pass := s.exempt(t.host, d); pass != nil {
		return "bypass", s.splice(t, pass, func(err error) error {
			reply := socks.Granted
			if errors.Is(err, errBarred) {
				reply = socks.NotAllowed
			} else if err != nil {
				reply = socks.Unreachable
			}
			return socks.Answer(t, reply)
		})
	}
	// As with CONNECT, the origin is dialled for each request and not before.
	if err := socks.Answer(c, socks.Granted); err != nil {
		return "socks", err
	}
	stage, err = s.look(t)
	return s.opened(t, stage, err)
}

// passTransparent serves a client that does not know of the proxy. What it
// dialled tells the port; the name comes from its TLS or from its request. The
// name is resolved anew here, so that what is dialled is what was decided on,
// whatever address the client had picked for it.
func (s *Server) passTransparent(c *client, d *Door) (stage string, err error) {
	var to netip.AddrPort
	if d.kind() == DoorRedirect {
		if to, err = door.Original(beneath(c.Conn)); err != nil {
			return "destination", err
		}
	} else if to, err = netip.ParseAddrPort(c.LocalAddr().String()); err != nil {
		return "destination", err
	}
	if own, err := netip.ParseAddrPort(c.LocalAddr().String()); d.kind() == DoorRedirect && err == nil && own == to {
		return "destination", errors.New("the client dialled the proxy itself, which serves redirected connections only")
	}
	t := &tunnel{Conn: c, client: c, port: int(to.Port())}
	if t.who, err = s.sender(c, d, socks.Credentials{}); err != nil {
		s.metrics.identity.WithLabelValues("no-identity").Inc()
		return "identity", err
	}
	first := make([]byte, 1)
	if _, err := c.Read(first); err != nil {
		return "first-byte", err
	}
	t.ahead = first
	if first[0] != tlsHandshake {
		t.named = false // by each request
		stage, err = s.look(t)
		return s.opened(t, stage, err)
	}
	name, read, err := intercept.Hello(t)
	t.ahead = read
	if err != nil {
		return "handshake", err
	}
	t.named = true
	if t.host = normalHost(name); t.host == "" {
		t.host = to.Addr().Unmap().String()
	}
	if pass := s.exempt(t.host, d); pass != nil {
		return "bypass", s.splice(t, pass, func(error) error { return nil })
	}
	stage, err = s.look(t)
	return s.opened(t, stage, err)
}

// opened counts a tunnel that a door opened or could not open.
func (s *Server) opened(t *tunnel, stage string, err error) (string, error) {
	if err != nil {
		s.metrics.tunnels.WithLabelValues(stage).Inc()
	}
	return stage, err
}

// beneath is the accepted connection itself.
func beneath(c net.Conn) net.Conn {
	if r, ok := c.(interface{ Raw() net.Conn }); ok {
		return r.Raw()
	}
	return c
}

// addrOf is a connection's remote address.
func addrOf(c net.Conn) (netip.Addr, bool) {
	if t, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		a, ok := netip.AddrFromSlice(t.IP)
		return a.Unmap(), ok
	}
	p, err := netip.ParseAddrPort(c.RemoteAddr().String())
	return p.Addr().Unmap().WithZone(""), err == nil
}

// ClientCertificates makes the part of a door's TLS configuration that asks
// for certificates under the given roots. Without one a client may go on, if
// need is false, and identify otherwise.
func ClientCertificates(c *tls.Config, roots *x509.CertPool, need bool) {
	c.ClientCAs, c.ClientAuth = roots, tls.VerifyClientCertIfGiven
	if need {
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
}

// deadlineContext ends when the handshake's time is over.
func (s *Server) deadlineContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), s.cfg.Timeouts.Handshake+s.cfg.Upstream.DialTime())
}
