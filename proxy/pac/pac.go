// Package pac writes proxy auto-configuration files: the JavaScript function by
// which browsers and systems choose between a proxy and a direct connection.
//
// What it writes uses none of the functions that resolve names: they would
// stop a browser at every link, and tell the resolver of every site. Networks
// are therefore compared with hosts written as addresses only.
package pac

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Config is the policy that a file is written from.
type Config struct {
	// Proxies are tried in turn: "PROXY host:port", "HTTPS host:port" (TLS to
	// the proxy), "SOCKS5 host:port". At least one. With Spread each site has
	// its own first one, so that the load is shared and a site stays with a
	// proxy; otherwise the first in the list is everybody's first.
	Proxies []string
	Spread  bool
	// Direct is what goes past the proxy: names, "*.name" for every name below
	// one, and networks.
	Direct []string
	// Through is what goes to the proxy although Direct or the private
	// networks would have it past it.
	Through []string
	// Everything sends also those to the proxy that otherwise go past it,
	// because it would refuse them: names without a dot, the machine itself,
	// and hosts written as private addresses.
	Everything bool
}

// private are the networks that the proxy does not reach.
var private = []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10"}

// Proxy checks an entry of Config.Proxies.
func Proxy(entry string) error {
	kind, address, ok := strings.Cut(entry, " ")
	host, port, err := net.SplitHostPort(address)
	if !ok || err != nil || host == "" || port == "" || !slices.Contains([]string{"PROXY", "HTTP", "HTTPS", "SOCKS", "SOCKS5"}, kind) {
		return fmt.Errorf("%q; write \"PROXY host:port\", \"HTTPS host:port\" or \"SOCKS5 host:port\"", entry)
	}
	return nil
}

// place is one thing that a host is compared with.
type place struct {
	Name  string `json:"n,omitempty"` // a name
	Below string `json:"b,omitempty"` // with the leading dot
	V4    string `json:"a,omitempty"` // an address and its mask, for isInNet
	Mask  string `json:"m,omitempty"`
	V6    []int  `json:"h,omitempty"` // the first groups of an IPv6 prefix
	Bits  int    `json:"l,omitempty"` // how many bits of them count
}

func parse(s string) (place, error) {
	s = strings.ToLower(s)
	if p, err := netip.ParsePrefix(s); err == nil {
		p = p.Masked()
		if p.Addr().Is4() {
			return place{V4: p.Addr().String(), Mask: net.IP(net.CIDRMask(p.Bits(), 32)).String()}, nil
		}
		b := p.Addr().As16()
		out := place{V6: []int{}, Bits: p.Bits()}
		for i := 0; i*16 < p.Bits(); i++ {
			out.V6 = append(out.V6, int(b[2*i])<<8|int(b[2*i+1]))
		}
		return out, nil
	}
	if name, ok := strings.CutPrefix(s, "*."); ok {
		s = "." + name
	}
	name := strings.TrimPrefix(s, ".")
	if name == "" || strings.ContainsAny(name, "*/: \"\\") {
		return place{}, fmt.Errorf("%q; write a name, *.name for all below it, or a network", s)
	}
	if s[0] == '.' {
		return place{Below: s}, nil
	}
	return place{Name: s}, nil
}

func parseAll(key string, list []string) (out []place, err error) {
	out = []place{}
	var errs []error
	for _, s := range list {
		p, err := parse(s)
		if err != nil {
			errs = append(errs, fmt.Errorf("pac.%s: %w", key, err))
			continue
		}
		out = append(out, p)
	}
	return out, errors.Join(errs...)
}

// Validate reports everything that is wrong.
func (c Config) Validate() error {
	_, derr := parseAll("direct", c.Direct)
	_, terr := parseAll("through", c.Through)
	errs := []error{derr, terr}
	for _, p := range c.Proxies {
		if err := Proxy(p); err != nil {
			errs = append(errs, fmt.Errorf("pac.proxies: %w", err))
		}
	}
	return errors.Join(errs...)
}

// Script writes the file. There is no DIRECT to fall back to when no proxy
// answers: what cannot be inspected does not leave.
func (c Config) Script() (string, error) {
	if err := c.Validate(); err != nil {
		return "", err
	}
	if len(c.Proxies) == 0 {
		return "", errors.New("pac: no proxy; name at least one")
	}
	direct, _ := parseAll("direct", c.Direct)
	through, _ := parseAll("through", c.Through)
	if !c.Everything {
		more, _ := parseAll("", private)
		direct = append(direct, more...)
	}
	var b strings.Builder
	b.WriteString("// Written by Sekimori from its configuration.\n")
	for _, v := range []struct {
		name  string
		value any
	}{{"PROXIES", c.Proxies}, {"DIRECT", direct}, {"THROUGH", through}} {
		text, err := json.Marshal(v.value)
		if err != nil { // cannot be: texts and numbers
			return "", err
		}
		fmt.Fprintf(&b, "var %s = %s;\n", v.name, text)
	}
	fmt.Fprintf(&b, "var SPREAD = %t, PLAIN = %t;\n", c.Spread, !c.Everything)
	b.WriteString(code)
	return b.String(), nil
}

// code is ECMAScript 3, which every client that reads such files knows.
const code = `
function groups(host) {
  // The eight groups of an IPv6 address, or null.
  if (host.indexOf(":") < 0) return null;
  var text = host.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  var halves = text.split("::");
  if (halves.length > 2) return null;
  var head = halves[0] ? halves[0].split(":") : [];
  var tail = halves.length > 1 && halves[1] ? halves[1].split(":") : [];
  var all = head;
  if (halves.length > 1) {
    for (var i = head.length + tail.length; i < 8; i++) all = all.concat(["0"]);
    all = all.concat(tail);
  }
  if (all.length !== 8) return null;
  var out = [];
  for (var k = 0; k < 8; k++) out[k] = parseInt(all[k], 16);
  return out;
}
function within(host, places) {
  var v4 = /^\d+\.\d+\.\d+\.\d+$/.test(host), v6 = groups(host);
  for (var i = 0; i < places.length; i++) {
    var p = places[i];
    if (p.n && host === p.n) return true;
    if (p.b && host.length > p.b.length && host.substring(host.length - p.b.length) === p.b) return true;
    if (p.a && v4 && isInNet(host, p.a, p.m)) return true;
    if (p.h && v6) {
      var same = true;
      for (var k = 0; same && k < p.h.length; k++) {
        var bits = Math.min(16, p.l - 16 * k), shift = 16 - bits;
        same = (v6[k] >> shift) === (p.h[k] >> shift);
      }
      if (same) return true;
    }
  }
  return false;
}
function FindProxyForURL(url, host) {
  host = host.toLowerCase().replace(/\.$/, "");
  if (!within(host, THROUGH)) {
    if (PLAIN && (host === "localhost" || host.indexOf(".") < 0 && host.indexOf(":") < 0)) return "DIRECT";
    if (within(host, DIRECT)) return "DIRECT";
  }
  var first = 0;
  if (SPREAD) {
    for (var i = 0; i < host.length; i++) first = (first * 31 + host.charCodeAt(i)) % 65521;
  }
  var out = [];
  for (var k = 0; k < PROXIES.length; k++) out[k] = PROXIES[(first + k) % PROXIES.length];
  return out.join("; ");
}
`
