package identity

import (
	"net/http"
	"net/netip"
	"strings"
)

const (
	xForwardedFor = "X-Forwarded-For"
	forwarded     = "Forwarded"
)

// address is the client's. A forwarding header is read from the right, as far
// as each address in it was written by a trusted peer: the first that is not
// trusted is the client. Only the one header is read that the trusted peers
// are known to set; another could come from the client untouched.
func (i *Identifier) address(r *http.Request) netip.Addr {
	a, ok := parseAddress(r.RemoteAddr)
	if !ok || !i.trusted(a) {
		return a
	}
	rest := strings.Join(r.Header[i.c.Forwarded], ",")
	for rest != "" {
		var last string
		rest, last = cutLast(rest, ',')
		if i.c.Forwarded == forwarded {
			last = forwardedFor(last)
		}
		next, ok := parseAddress(strings.TrimSpace(last))
		if !ok {
			break // "unknown" and the like: the peer is all that is known
		}
		if a = next; !i.trusted(a) {
			break
		}
	}
	return a
}

func (i *Identifier) trusted(a netip.Addr) bool {
	for _, p := range i.c.Trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// parseAddress takes an address with or without a port.
func parseAddress(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	if a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")); err == nil {
		return a.Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}

// cutLast splits s at its last sep that is not inside a quoted string.
func cutLast(s string, sep byte) (before, after string) {
	cut, quoted := -1, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			cut = i
		}
	}
	if cut < 0 {
		return "", s
	}
	return s[:cut], s[cut+1:]
}

// forwardedFor returns the for parameter of an element of RFC 7239.
func forwardedFor(element string) string {
	for element != "" {
		var pair string
		element, pair = cutLast(element, ';')
		name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if ok && strings.EqualFold(name, "for") {
			return strings.Trim(value, `"`)
		}
	}
	return ""
}
