package door

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/pires/go-proxyproto"
)

// errNoHeader is what a trusted peer is refused for.
var errNoHeader = errors.New("no PROXY protocol header, though this peer has to send one")

// Announced reads the PROXY protocol header (version 1 or 2) that a trusted
// load balancer puts before a client's bytes, and returns the connection with
// the client's address as its remote one. It takes within at most. A header of
// the LOCAL or UNKNOWN kind, as health checks send it, leaves the addresses as they are.
func Announced(c net.Conn, within time.Duration) (net.Conn, error) {
	p := proxyproto.NewConn(c, proxyproto.WithPolicy(proxyproto.REQUIRE), proxyproto.SetReadHeaderTimeout(within))
	h := p.ProxyHeader() // reads it
	if h == nil {
		return nil, errNoHeader
	}
	if !h.Command.IsLocal() {
		a, ok := h.SourceAddr.(*net.TCPAddr)
		if !ok || a == nil || a.IP == nil {
			return nil, errors.New("the PROXY protocol header names no TCP address")
		}
	}
	return &announced{p}, nil
}

type announced struct{ *proxyproto.Conn }

// CloseWrite half-closes.
func (a *announced) CloseWrite() error {
	if h, ok := a.Raw().(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return nil
}

// CloseRead half-closes.
func (a *announced) CloseRead() error {
	if h, ok := a.Raw().(interface{ CloseRead() error }); ok {
		return h.CloseRead()
	}
	return nil
}

// Contains tells whether one of the networks holds the address.
func Contains(networks []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range networks {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
