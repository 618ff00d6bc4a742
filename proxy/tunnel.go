package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/framing"
	"github.com/sekimori-dlp/sekimori/rules"
)

// tunnel is what a CONNECT opened: a connection that claims to be for one
// authority, by one sender. It is a net.Conn which first gives back what the
// front had read beyond the request.
type tunnel struct {
	net.Conn
	ahead []byte

	client *client
	who    rules.Principal
	host   string // lower case, without port
	port   int
	named  bool // host is known; if not, each request names its own
	// protocol is the version of the CONNECT, "" if there was none.
	protocol string
	// What follows is known once the first bytes have told.
	scheme    string // "https" or "http"
	authority string // host and port as requests are expected to name them
	sni       string // "" if the client sent none

	messages *messages // inspects a WebSocket; nil for anything else
}

// Read implements net.Conn.
func (t *tunnel) Read(p []byte) (int, error) {
	if t.messages != nil {
		return t.messages.Read(p)
	}
	return t.raw(p)
}

// Write implements net.Conn.
func (t *tunnel) Write(p []byte) (int, error) {
	if t.messages != nil {
		return t.messages.Write(p)
	}
	return t.Conn.Write(p)
}

// raw reads what the client sends.
func (t *tunnel) raw(p []byte) (int, error) {
	if len(t.ahead) > 0 {
		n := copy(p, t.ahead)
		if t.ahead = t.ahead[n:]; len(t.ahead) == 0 {
			t.ahead = nil
		}
		return n, nil
	}
	return t.Conn.Read(p)
}

// CloseWrite half-closes.
func (t *tunnel) CloseWrite() error {
	if c, ok := t.Conn.(*tls.Conn); ok { // TLS to the proxy has an end of its own
		return c.CloseWrite()
	}
	return t.client.CloseWrite()
}

// CloseRead half-closes; goproxy relays half-closing only where both exist.
func (t *tunnel) CloseRead() error {
	if _, ok := t.Conn.(*tls.Conn); ok {
		return nil
	}
	return t.client.CloseRead()
}

// TunnelHost implements intercept.Named.
func (t *tunnel) TunnelHost() string { return t.host }

// link is what is known of the connection a request came on.
type link struct {
	tunnel *tunnel       // nil at the front
	guard  *framing.Conn // nil with HTTP/2
	way    *Way          // by which the client came
	tls    *tls.Conn     // to the proxy itself, at the front; else nil

	own atomic.Pointer[own] // nil where requests go as those of all

	// sending counts requests that have a connection to an origin and are
	// not yet written whole to it, of this connection's exchanges together;
	// each retry counts. When one ends without a word it stays too high.
	sending atomic.Int64
}

// sent tells whether nothing of an exchange that has its answer is still being
// written. It may be false although nothing is.
func (l *link) sent() bool { return l.sending.Load() == 0 }

// door is what holds where the client came in; nil if that is not known.
func (l *link) door() *Door {
	if l == nil || l.way == nil {
		return nil
	}
	return l.way.door.Load()
}

// ends tells whether the connection is to end with the answer that is due.
func (l *link) ends() bool { return l != nil && l.way != nil && l.way.closing.Load() }

type linkKey struct{}

// connContext puts a connection's link into the context of its requests.
func connContext(ctx context.Context, c net.Conn) context.Context {
	l := new(link)
	if g, ok := c.(*framing.Conn); ok {
		l.guard = g
		c = g.Conn
	}
	if p, ok := c.(*patient); ok {
		c = p.Conn
	}
	outer, _ := c.(*tls.Conn)
	if outer != nil {
		c = outer.NetConn()
	}
	if l.tunnel, _ = c.(*tunnel); l.tunnel == nil {
		l.tls = outer
	}
	if client := clientOf(c); client != nil {
		l.way = client.way
	}
	return httptrace.WithClientTrace(context.WithValue(ctx, linkKey{}, l), &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { l.sending.Add(1) },
		WroteRequest: func(httptrace.WroteRequestInfo) { l.sending.Add(-1) },
	})
}

func linkOf(ctx context.Context) *link {
	l, ok := ctx.Value(linkKey{}).(*link)
	if !ok {
		panic("request without a connection")
	}
	return l
}

// errSilent is what serveTunnel's log says of a client that waits for the
// server to speak first.
var errSilent = errors.New("nothing was sent")

// serveTunnel looks at what is spoken in the tunnel and hands it to the server
// for it. It returns when that server has taken over; net/http's goroutine of
// the CONNECT ends then.
func (s *Server) serveTunnel(t *tunnel, http10 bool) {
	t.client.relay(nil) // until a server has taken over
	kind, err := s.open(t, http10)
	if err == nil {
		return
	}
	t.Close()
	s.metrics.tunnels.WithLabelValues(kind).Inc()
	s.log.Info("tunnel not opened", "host", t.host, "port", t.port, "stage", kind, "error", err.Error())
}

func (s *Server) open(t *tunnel, http10 bool) (stage string, err error) {
	t.SetDeadline(time.Now().Add(s.cfg.Timeouts.Handshake))
	version := "1.1"
	if http10 {
		version = "1.0"
	}
	if _, err := fmt.Fprintf(t, "HTTP/%s 200 Connection established\r\n\r\n", version); err != nil {
		return "answer", err
	}
	return s.look(t)
}

const tlsHandshake = 22 // content type, RFC 8446, 5.1

// look sees what is spoken in a tunnel whose client was told that it is open.
func (s *Server) look(t *tunnel) (stage string, err error) {
	if len(t.ahead) == 0 {
		first := make([]byte, 1)
		if _, err := t.Conn.Read(first); err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				err = errSilent
			}
			return "first-byte", err
		}
		t.ahead = first
	}
	switch b := t.ahead[0]; {
	case b == tlsHandshake:
		return s.openTLS(t)
	case b >= 'A' && b <= 'Z': // an HTTP method
		t.speaks("http")
		t.SetDeadline(time.Time{})
		t.client.settle()
		s.metrics.tunnels.WithLabelValues("http").Inc()
		return "serve", s.inner1.push(s.guarded(t))
	}
	return "protocol", errors.New("neither TLS nor HTTP")
}

func (s *Server) openTLS(t *tunnel) (stage string, err error) {
	t.speaks("https")
	c := tls.Server(t, s.tls)
	if err := c.Handshake(); err != nil { // within the deadline
		s.refusedByClient(t, err)
		return "handshake", err
	}
	t.SetDeadline(time.Time{})
	t.client.settle()
	s.pins.Accepted(t.who.Address, t.host)
	state := c.ConnectionState()
	t.sni = strings.ToLower(state.ServerName)
	s.metrics.tunnels.WithLabelValues("tls").Inc()
	if state.NegotiatedProtocol == "h2" {
		return "serve", s.inner2.push(c)
	}
	return "serve", s.inner1.push(s.guarded(c))
}

func (t *tunnel) speaks(scheme string) {
	t.scheme, t.authority = scheme, joinAuthority(t.host, t.port, scheme)
}

// mismatch tells whether a request in the tunnel is for another authority than
// the one the tunnel was opened to. Three names have to be one: what was asked
// of the proxy, what the certificate was made for, and what the request says.
func (t *tunnel) mismatch(r *http.Request) bool {
	if !t.named {
		return false // there is nothing but the request's own word
	}
	if r.Host != t.authority { // it may be another spelling
		host, port, ok := splitAuthority(r.Host, t.scheme)
		if !ok || host != t.host || port != t.port {
			return true
		}
	}
	if t.sni != "" && t.sni != t.host {
		return true
	}
	return r.URL.IsAbs() && r.URL.Scheme != t.scheme
}

// splitAuthority normalises "host", "host:port" or "[v6]:port": lower case, no
// final dot, the scheme's port if none is given.
func splitAuthority(authority, scheme string) (host string, port int, ok bool) {
	host = authority
	switch scheme {
	case "http":
		port = 80
	case "https":
		port = 443
	}
	if h, p, err := net.SplitHostPort(authority); err == nil {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return "", 0, false
		}
		host, port = h, int(n)
	} else if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	host = normalHost(host)
	if host == "" || port == 0 || strings.ContainsAny(host, " /\\@#?%[]") {
		return "", 0, false
	}
	return host, port, true
}

// joinAuthority is the inverse of splitAuthority: what is dialled is what was
// decided on.
func joinAuthority(host string, port int, scheme string) string {
	if scheme == "http" && port == 80 || scheme == "https" && port == 443 {
		if strings.Contains(host, ":") {
			return "[" + host + "]"
		}
		return host
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// normalHost writes a name or address in the one form that lists are compared
// with.
func normalHost(host string) string {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if strings.Contains(host, ":") {
		if a, err := netip.ParseAddr(host); err == nil {
			return a.String()
		}
		return ""
	}
	return host
}

// hostMatcher compiles a list of names and "*.name".
func hostMatcher(list []string) func(host string) bool {
	exact, below := map[string]bool{}, map[string]bool{}
	for _, p := range list {
		if name, ok := strings.CutPrefix(p, "*."); ok {
			below[normalHost(name)] = true
		} else {
			exact[normalHost(p)] = true
		}
	}
	return func(host string) bool {
		if exact[host] {
			return true
		}
		for {
			_, rest, ok := strings.Cut(host, ".")
			if !ok {
				return false
			}
			if below[rest] {
				return true
			}
			host = rest
		}
	}
}
