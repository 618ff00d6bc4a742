package upstream

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Parent is another proxy through which origins are reached.
//
// A name is then resolved by the parent, so the refusal of inner addresses
// covers only addresses that are written as such; the parent has to refuse the
// others.
type Parent struct {
	URL      string // "http://host:port" or "https://host:port"; "" for none
	User     string // for Basic authentication; "" for none
	Password string
	// Except lists what is reached directly: names, "*.name" for every name
	// below one, and networks such as "10.0.0.0/8" for hosts written as
	// addresses.
	Except []string
}

// parent is a checked Parent.
type parent struct {
	url      *url.URL
	address  string
	exact    map[string]bool
	below    []string // with the leading dot
	networks []netip.Prefix
}

func (p Parent) parse() (*parent, error) {
	if p.URL == "" {
		if p.User != "" || len(p.Except) > 0 {
			return nil, errors.New("upstream.parent: no url; write one such as \"http://proxy.example.jp:3128\"")
		}
		return nil, nil
	}
	u, err := url.Parse(p.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return nil, errors.New("upstream.parent.url: write \"http://host:port\" or \"https://host:port\", the user and password apart")
	}
	out := &parent{url: &url.URL{Scheme: u.Scheme, Host: u.Host}, exact: map[string]bool{}}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	out.address = net.JoinHostPort(u.Hostname(), port)
	if p.User != "" {
		out.url.User = url.UserPassword(p.User, p.Password)
	}
	var errs []error
	for _, e := range p.Except {
		e = strings.ToLower(e)
		if prefix, err := netip.ParsePrefix(e); err == nil {
			out.networks = append(out.networks, prefix)
		} else if name, ok := strings.CutPrefix(e, "*."); ok && name != "" && !strings.ContainsAny(name, "*/: ") {
			out.below = append(out.below, "."+name)
		} else if e != "" && !strings.ContainsAny(e, "*/ ") {
			out.exact[e] = true
		} else {
			errs = append(errs, fmt.Errorf("upstream.parent.except: %q; write a name, *.name for all below it, or a network", e))
		}
	}
	return out, errors.Join(errs...)
}

// serves tells whether a host is reached through the parent.
func (p *parent) serves(host string) bool {
	if p == nil {
		return false
	}
	host = strings.ToLower(host)
	if p.exact[host] {
		return false
	}
	for _, b := range p.below {
		if strings.HasSuffix(host, b) {
			return false
		}
	}
	if a, err := netip.ParseAddr(host); err == nil {
		for _, n := range p.networks {
			if n.Contains(a.Unmap()) {
				return false
			}
		}
	}
	return true
}

// proxy is the transport's choice of a proxy for a request.
func (o *Origins) proxy(r *http.Request) (*url.URL, error) {
	host := r.URL.Hostname()
	if !o.parent.serves(host) || o.resolved(r.URL) {
		return nil, nil
	}
	if a, err := netip.ParseAddr(host); err == nil { // nobody resolves it any more
		if err := checkAddr(a, o.allow); err != nil {
			return nil, err
		}
	}
	return o.parent.url, nil
}

// resolved tells whether Config.Resolve sends a URL somewhere by itself.
func (o *Origins) resolved(u *url.URL) bool {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	_, ok := o.resolve[strings.ToLower(net.JoinHostPort(u.Hostname(), port))]
	return ok
}

// Tunnel connects to "host:port", through the parent where there is one for
// it, for bytes that are relayed as they are.
func (o *Origins) Tunnel(ctx context.Context, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if _, fixed := o.resolve[strings.ToLower(addr)]; fixed || !o.parent.serves(host) {
		return o.DialContext(ctx, "tcp", addr)
	}
	if a, err := netip.ParseAddr(host); err == nil {
		if err := checkAddr(a, o.allow); err != nil {
			return nil, err
		}
	}
	c, err := o.DialContext(ctx, "tcp", o.parent.address)
	if err != nil {
		return nil, err
	}
	if until, ok := ctx.Deadline(); ok {
		c.SetDeadline(until)
	}
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if o.parent.url.Scheme == "https" {
		t := tls.Client(c, &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.TLSClientConfig.RootCAs, ServerName: o.parent.url.Hostname()})
		if err := t.HandshakeContext(ctx); err != nil {
			c.Close()
			return nil, err
		}
		c = t
	}
	ahead, err := o.parent.connect(c, addr)
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("connect through the parent proxy: %w", err)
	}
	if !stop() {
		c.Close()
		return nil, context.Cause(ctx)
	}
	c.SetDeadline(time.Time{})
	if len(ahead) > 0 {
		c = &eager{c, ahead}
	}
	return c, nil
}

// connect asks for a tunnel and returns what came behind the answer.
func (p *parent) connect(c net.Conn, addr string) (ahead []byte, err error) {
	r := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: http.Header{}}
	if u := p.url.User; u != nil {
		pass, _ := u.Password()
		r.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+pass)))
	}
	if err := r.Write(c); err != nil {
		return nil, err
	}
	br := bufio.NewReader(c)
	resp, err := http.ReadResponse(br, r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %d", resp.StatusCode)
	}
	ahead, _ = br.Peek(br.Buffered())
	return ahead, nil
}

// eager is a connection of which some bytes were read already.
type eager struct {
	net.Conn
	ahead []byte
}

func (e *eager) Read(p []byte) (int, error) {
	if len(e.ahead) > 0 {
		n := copy(p, e.ahead)
		e.ahead = e.ahead[n:]
		return n, nil
	}
	return e.Conn.Read(p)
}

// CloseWrite half-closes where that can be done.
func (e *eager) CloseWrite() error {
	if h, ok := e.Conn.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return nil
}

// ReachParent tells whether the parent can be connected to.
func (o *Origins) ReachParent(ctx context.Context) error {
	if o.parent == nil {
		return nil
	}
	c, err := o.DialContext(ctx, "tcp", o.parent.address)
	if err != nil {
		return err
	}
	return c.Close()
}
