package upstream

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// ErrInner is returned, wrapped, for an origin whose address is not a public
// one and not among Config.AllowPrivate.
var ErrInner = errors.New("address is not public")

// inner lists what is never reached through the proxy unless allowed: a
// browser outside the server network must not borrow the proxy's place in it.
// From the IANA special-purpose registries (RFC 6890) and the addresses at
// which clouds serve machine credentials.
var inner = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
	"172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
	"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"168.63.129.16/32", // Azure's wire server, a public address
	"::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001:db8::/32",
	"fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

// Addresses that carry an IPv4 address within: NAT64 (RFC 6052) and 6to4
// (RFC 3056) would lead to the inner network by a detour.
var (
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
	sixToFour = netip.MustParsePrefix("2002::/16")
	teredo    = netip.MustParsePrefix("2001::/32")
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// control runs for each address that is about to be connected to, after the
// name was resolved: a name that resolves differently the second time gains
// nothing.
func (o *Origins) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %q", ErrInner, address)
	}
	return checkAddr(ap.Addr(), o.allow)
}

func checkAddr(a netip.Addr, allow []netip.Prefix) error {
	a = a.Unmap().WithZone("")
	for _, p := range allow {
		if p.Contains(a) {
			return nil
		}
	}
	b := a.As16()
	switch {
	case nat64.Contains(a):
		a = netip.AddrFrom4([4]byte(b[12:]))
	case sixToFour.Contains(a):
		a = netip.AddrFrom4([4]byte(b[2:6]))
	case teredo.Contains(a):
		return fmt.Errorf("%w: %s", ErrInner, a)
	}
	for _, p := range inner {
		if p.Contains(a) {
			return fmt.Errorf("%w: %s", ErrInner, a)
		}
	}
	return nil
}
