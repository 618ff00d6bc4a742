// Package upstream reaches origins: it resolves and dials under policy,
// verifies their certificates, and pools connections for many users.
package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
)

// The pool is sized for a company behind few services: net/http's default of
// two idle connections to a host makes most requests wait for a handshake.
const (
	idlePerHost = 256
	idleTotal   = 8192
	sessions    = 4096
	bufferSize  = 32 << 10
)

// Origins sends requests to origins. Safe for concurrent use.
type Origins struct {
	*http.Transport
	// Interim is given the informational answers to a request (RFC 9110, 15.2), while
	// RoundTrip has not returned; nil: nobody is. Set it before the first request.
	Interim func(r *http.Request, status int, h http.Header)

	allow   []netip.Prefix
	resolve map[string]string
	parent  *parent // nil if there is none
	dialer  net.Dialer
	direct  *direct // nil if each request is to go by the Transport
	deaf    deaf
}

// New returns Origins. It never goes through another proxy named in the
// environment, and never skips verification.
func New(c Config) (*Origins, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	roots, err := rootsWith(c.CAFiles)
	if err != nil {
		return nil, err
	}
	o := &Origins{allow: c.AllowPrivate, resolve: map[string]string{}}
	if o.parent, err = c.Parent.parse(); err != nil {
		return nil, err
	}
	for from, to := range c.Resolve {
		o.resolve[strings.ToLower(from)] = to
	}
	o.dialer = net.Dialer{Timeout: c.DialTime(), KeepAlive: 30 * time.Second, Control: o.control}
	o.Transport = &http.Transport{
		DialContext: o.DialContext,
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			RootCAs:            roots,
			ClientSessionCache: tls.NewLRUClientSessionCache(sessions),
		},
		TLSHandshakeTimeout:    or(c.TLS, 10*time.Second),
		ResponseHeaderTimeout:  or(c.Response, 5*time.Minute),
		IdleConnTimeout:        or(c.Idle, 90*time.Second),
		MaxIdleConns:           idleTotal,
		MaxIdleConnsPerHost:    idlePerHost,
		MaxResponseHeaderBytes: 256 << 10,
		WriteBufferSize:        bufferSize,
		ReadBufferSize:         bufferSize,
		DisableCompression:     true, // the client's Accept-Encoding goes through
		ForceAttemptHTTP2:      true,
		ExpectContinueTimeout:  askWait,
	}
	if o.parent != nil {
		o.Transport.Proxy = o.proxy
	}
	o.direct = newDirect(o)
	return o, nil
}

// RoundTrip implements http.RoundTripper.
func (o *Origins) RoundTrip(r *http.Request) (*http.Response, error) {
	if o.direct != nil {
		if authority, ok := o.direct.fits(r); ok {
			return o.direct.send(r, authority)
		}
	}
	listening, done := o.listen(r)
	defer done()
	resp, err := o.ask(listening)
	if err == nil && o.direct != nil {
		o.direct.learn(r, resp)
	}
	return resp, err
}

// Speaks is the version in which an origin with TLS answered last; Unknown where that
// was an hour ago, or never. It connects to nobody.
func (o *Origins) Speaks(host string, port int) Version {
	o.direct.mu.Lock()
	defer o.direct.mu.Unlock()
	return o.direct.speaks("https://" + net.JoinHostPort(host, strconv.Itoa(port)))
}

// CloseIdleConnections closes what is not in use.
func (o *Origins) CloseIdleConnections() {
	o.Transport.CloseIdleConnections()
	o.direct.closeIdle()
}

// DialContext connects to "host:port" under the policy.
func (o *Origins) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if to, ok := o.resolve[strings.ToLower(addr)]; ok {
		addr = to
	}
	if o.parent != nil && addr == o.parent.address { // named by the administrator, and mostly inside
		d := o.dialer
		d.Control = nil
		return d.DialContext(ctx, network, addr)
	}
	return o.dialer.DialContext(ctx, network, addr)
}

func rootsWith(files []string) (*x509.CertPool, error) {
	if len(files) == 0 {
		return nil, nil // the system's
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("load the system's roots: %w", err)
	}
	var errs []error
	for _, name := range files {
		pem, err := os.ReadFile(name)
		if err != nil {
			errs = append(errs, fmt.Errorf("upstream.ca_files: %w", err))
		} else if !pool.AppendCertsFromPEM(pem) {
			errs = append(errs, fmt.Errorf("upstream.ca_files: %s: no certificate in it; it has to be a PEM file", name))
		}
	}
	return pool, errors.Join(errs...)
}

func or(d, def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return d
}

// Cause says in one word why an origin could not be reached, for answers and
// metrics; the words are those of package answer. status is 403, 502 or 504.
func Cause(err error) (word string, status int) {
	var (
		dns   *net.DNSError
		cert  *tls.CertificateVerificationError
		host  x509.HostnameError
		auth  x509.UnknownAuthorityError
		alert tls.AlertError
		rec   tls.RecordHeaderError
		op    *net.OpError
		timed interface{ Timeout() bool }
	)
	switch {
	case errors.Is(err, ErrInner):
		return "origin-inner", http.StatusForbidden
	case errors.As(err, &dns) && dns.IsNotFound:
		return "origin-unknown", http.StatusBadGateway
	case errors.As(err, &cert), errors.As(err, &host), errors.As(err, &auth):
		return "origin-certificate", http.StatusBadGateway
	case errors.As(err, &alert), errors.As(err, &rec):
		return "origin-tls", http.StatusBadGateway
	case errors.As(err, &timed) && timed.Timeout():
		return "origin-timeout", http.StatusGatewayTimeout
	case errors.As(err, &op) && op.Op == "dial":
		return "origin-refused", http.StatusBadGateway
	}
	return "origin-broken", http.StatusBadGateway
}

// Say puts err into words for a log. What net/http quotes of an answer that it cannot
// read is left out: an origin may have sent back what it was sent.
func Say(err error) string {
	word, _ := Cause(err)
	if err == nil || word != "origin-broken" {
		return fmt.Sprint(err)
	}
	text, _, _ := strings.Cut(err.Error(), `"`)
	return strings.TrimRight(text, " ")
}
