// Package destination tells what service a request goes to, and of which
// classes that service is: web mail, cloud storage, file transfer and so on.
//
// It knows a catalogue of services by host and path, embedded in the program
// and extended or overridden by the administrator's files. It asks no network:
// a host that is in no list is of class "unknown", not harmless.
package destination

import (
	"net/netip"
	"path"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/sekimori-dlp/sekimori/rules"
)

// The classes that have a meaning of their own here.
const (
	Unknown  = "unknown"  // in no list
	Internal = "internal" // private addresses, localhost, names without a dot
)

// Classes lists the classes of the embedded catalogue.
var Classes = []string{
	"ai-assistant", "chat", "cloud-storage", "code-hosting", "crm", "dev-registry",
	"file-transfer", "forms", "groupware", "internal", "paste", "search", "social",
	"translation", "unknown", "update", "video-meeting", "web-mail",
}

var (
	unknownClass  = []string{Unknown}
	internalClass = []string{Internal}
)

// Catalogue knows services. It does not change and is safe for concurrent use.
type Catalogue struct {
	patterns []pattern // the most telling first
	finder   *finder
	known    knownHosts
	services []string
	classes  []string
}

// Services lists the names of all services, sorted.
func (c *Catalogue) Services() []string { return slices.Clone(c.services) }

// Classes lists all classes, those that the administrator added too, sorted.
func (c *Catalogue) Classes() []string { return slices.Clone(c.classes) }

// Lookup tells where a request goes. The host may carry a port, which then
// counts instead of the one given; where there is none it is the scheme's. It
// may be in any case, end in a dot, be in any script or an address in brackets.
//
// An entry of the administrator's that fits is taken before any embedded one;
// among those of either, the one that says most of the host, then of the path,
// then of the method. The classes returned are not to be changed.
func (c *Catalogue) Lookup(scheme, host string, port int, method, path string) rules.Destination {
	host, port = splitPort(host, port)
	if port == 0 {
		port = defaultPort(scheme)
	}
	d := rules.Destination{Scheme: scheme, Host: normalHost(host), Port: port, Method: method, Path: path}
	if p := c.find(d.Host, method, path); p != nil {
		d.Service, d.Classes = p.service, p.classes
	} else if private(d.Host) {
		d.Classes = internalClass
	} else {
		d.Classes = unknownClass
	}
	return d
}

func (c *Catalogue) find(host, method, path string) *pattern {
	clean := ""
	for _, i := range c.known.get(host, c.fitting) {
		p := &c.patterns[i]
		if !p.method(method) {
			continue
		}
		if p.path != "" {
			if clean == "" {
				clean = cleanPath(path)
			}
			if !p.prefixes(clean) {
				continue
			}
		}
		return p
	}
	return nil
}

// fitting lists the patterns whose host fits, in order.
func (c *Catalogue) fitting(host string) []int32 {
	if len(host) > maxHost {
		return nil
	}
	var buf [maxHost + 2]byte
	text := append(append(append(buf[:0], '.'), host...), '/')
	var fit []int32
	for _, list := range c.finder.find(text) {
		for _, i := range c.finder.lists[list] {
			if c.patterns[i].host(host) {
				fit = append(fit, i)
			}
		}
	}
	slices.Sort(fit)
	return slices.Clip(fit)
}

// maxHost is the longest name that DNS allows, in octets.
const maxHost = 253

// splitPort takes a port off a host.
func splitPort(host string, port int) (string, int) {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || strings.IndexByte(host, ':') != i && host[i-1] != ']' {
		return host, port // no port, or an IPv6 address without brackets
	}
	n := 0
	for _, c := range host[i+1:] {
		if c < '0' || c > '9' || n > 65535 {
			return host[:i], port
		}
		n = n*10 + int(c-'0')
	}
	if n > 0 && n <= 65535 {
		port = n
	}
	return host[:i], port
}

func defaultPort(scheme string) int {
	switch scheme {
	case "http", "ws":
		return 80
	case "https", "wss":
		return 443
	}
	return 0
}

// normalHost gives the one spelling of a host: lower case, A-labels, no dot at
// the end, no brackets.
func normalHost(host string) string {
	plain := true
	for i := 0; i < len(host); i++ {
		c := host[i]
		if c >= 0x80 {
			if ascii, err := idna.Lookup.ToASCII(host); err == nil {
				host = ascii
			}
			plain = false
			break
		}
		if c >= 'A' && c <= 'Z' || c == '[' || c == '%' {
			plain = false
		}
	}
	if !plain {
		host = strings.ToLower(host)
		if strings.HasPrefix(host, "[") {
			host = strings.TrimSuffix(host[1:], "]")
			host, _, _ = strings.Cut(host, "%") // a zone means nothing elsewhere
		}
	}
	return strings.TrimRight(host, ".")
}

// private reports whether a host can only be inside: by RFC 1918, 4193, 3927,
// 6761, 6762, 8375 and the reserved top-level domain .internal, or because it
// has no dot.
func private(host string) bool {
	if host == "" {
		return false
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	if c := last[0:min(1, len(last))]; strings.Contains(host, ":") || c >= "0" && c <= "9" {
		a, err := netip.ParseAddr(host)
		if err != nil {
			return false
		}
		a = a.Unmap()
		return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast()
	}
	switch last {
	case host, "localhost", "local", "internal":
		return true
	}
	return host == "home.arpa" || strings.HasSuffix(host, ".home.arpa")
}

// cleanPath gives the path as a server is likely to read it, so that another
// spelling leads to no other service.
func cleanPath(p string) string {
	if p == "" {
		return "/"
	}
	if !strings.ContainsAny(p, "%\\") && !strings.Contains(p, "//") && !strings.Contains(p, "/.") && p[0] == '/' {
		return p
	}
	if len(p) > maxPath {
		p = p[:maxPath]
	}
	b := make([]byte, 0, len(p)+1)
	b = append(b, '/')
	for i := 0; i < len(p); i++ {
		c := p[i]
		if c == '%' && i+2 < len(p) {
			if hi, lo := unhex(p[i+1]), unhex(p[i+2]); hi|lo < 16 {
				c, i = hi<<4|lo, i+2
			}
		}
		if c == '\\' {
			c = '/'
		}
		b = append(b, c)
	}
	slash := b[len(b)-1] == '/'
	clean := path.Clean(string(b))
	if slash && clean != "/" {
		clean += "/"
	}
	return clean
}

// maxPath is how much of an unusual path is looked at; no entry is longer.
const maxPath = 1024

func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 0xff
}
