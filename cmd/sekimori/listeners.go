package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
	"github.com/sekimori-dlp/sekimori/proxy"
	"github.com/sekimori-dlp/sekimori/proxy/bypass"
	"github.com/sekimori-dlp/sekimori/proxy/door"
	"github.com/sekimori-dlp/sekimori/proxy/upstream"
)

// rawListener is one more way in, with a policy of its own.
type rawListener struct {
	Name              string         `toml:"name"`
	Address           string         `toml:"address"`
	Kind              string         `toml:"kind"`
	ReusePort         bool           `toml:"reuse_port"`
	Names             []string       `toml:"names"`
	Certificate       string         `toml:"certificate"`
	Key               string         `toml:"key"`
	ClientCA          string         `toml:"client_ca"`
	ClientCertificate string         `toml:"client_certificate"`
	ProxyProtocol     []netip.Prefix `toml:"proxy_protocol"`
	Anonymous         string         `toml:"anonymous"`
	Groups            []string       `toml:"groups"`
	Only              []string       `toml:"only"`
	Never             []string       `toml:"never"`
	Ports             []int          `toml:"ports"`
	Bypass            *bool          `toml:"bypass"`
	Connections       int            `toml:"connections"`
}

// rawBypass is an entry of the list of hosts whose TLS is not opened.
type rawBypass struct {
	ID     string    `toml:"id"`
	Hosts  []string  `toml:"hosts"`
	Owner  string    `toml:"owner"`
	Reason string    `toml:"reason"`
	Until  time.Time `toml:"until"`
}

// rawParent is another proxy on the way to origins.
type rawParent struct {
	URL          string   `toml:"url"`
	User         string   `toml:"user"`
	PasswordFile string   `toml:"password_file"`
	Except       []string `toml:"except"`
}

// listener is a checked rawListener.
type listener struct {
	door      *proxy.Door
	listen    door.Options
	anonymous string // "" for the installation's own

	certificate, key, clientCA string // files
	need                       bool   // a client certificate
}

func (r *rawConfig) listeners(n tomlfile.Node, path func(string) string, report tomlfile.Report) []listener {
	var all []listener
	seen := map[string]bool{}
	for i, l := range r.Listeners {
		at := n.Key("listener").Elem(i)
		fault := func(key, format string, a ...any) {
			report(at.Key(key).Pos(), "listener %q: %s: %s", l.Name, key, fmt.Sprintf(format, a...))
		}
		if l.Name == "" || seen[l.Name] {
			report(at.Pos(), "listener: entry %d has no name of its own; write name = \"…\"", i+1)
		}
		seen[l.Name] = true
		if err := door.Check(l.Address); err != nil {
			fault("address", "%v", err)
		}
		kind := proxy.DoorKind(l.Kind)
		switch kind {
		case "":
			kind = proxy.DoorHTTP
		case proxy.DoorHTTP, proxy.DoorHTTPS, proxy.DoorSOCKS, proxy.DoorRedirect, proxy.DoorTPROXY:
		default:
			fault("kind", "%q is unknown; write %q, %q, %q, %q or %q", l.Kind, proxy.DoorHTTP, proxy.DoorHTTPS, proxy.DoorSOCKS, proxy.DoorRedirect, proxy.DoorTPROXY)
		}
		if kind != proxy.DoorHTTPS {
			for key, set := range map[string]bool{"certificate": l.Certificate != "", "key": l.Key != "", "names": len(l.Names) > 0, "client_ca": l.ClientCA != ""} {
				if set {
					fault(key, "only a listener of kind \"https\" has one; leave it out")
				}
			}
		} else if (l.Certificate == "") != (l.Key == "") || l.Certificate == "" && len(l.Names) == 0 {
			fault("certificate", "write certificate and key (PEM files), or names = [\"proxy.example.jp\"] for one by the installation's CA")
		}
		if kind == proxy.DoorTPROXY && len(l.ProxyProtocol) > 0 {
			fault("proxy_protocol", "a connection that TPROXY hands over has no such header; leave it out")
		}
		need := false
		switch l.ClientCertificate {
		case "", "ask":
		case "require":
			need = true
		default:
			fault("client_certificate", "%q is unknown; write \"ask\" or \"require\"", l.ClientCertificate)
		}
		if l.ClientCertificate != "" && l.ClientCA == "" {
			fault("client_ca", "name the PEM file of the CA that signs the clients' certificates")
		}
		switch l.Anonymous {
		case "", "allow", "deny":
		default:
			fault("anonymous", "%q is unknown; write \"allow\" or \"deny\"", l.Anonymous)
		}
		if l.Connections < 0 {
			fault("connections", "%d is negative; leave it out for no limit of its own", l.Connections)
		}
		sites, faults := proxy.NewSites("listener", proxy.SitesConfig{Only: l.Only, Never: l.Never, Ports: l.Ports})
		for _, err := range faults {
			report(at.Pos(), "listener %q: %v", l.Name, err)
		}
		for k, name := range l.Names {
			l.Names[k] = strings.ToLower(name)
		}
		all = append(all, listener{
			door: &proxy.Door{Name: l.Name, Kind: kind, Names: l.Names, Peers: l.ProxyProtocol, Groups: l.Groups, Sites: sites,
				NoBypass: l.Bypass != nil && !*l.Bypass, Connections: l.Connections},
			listen:    door.Options{Address: l.Address, ReusePort: l.ReusePort, Transparent: kind == proxy.DoorTPROXY},
			anonymous: l.Anonymous, certificate: path(l.Certificate), key: path(l.Key), clientCA: path(l.ClientCA), need: need,
		})
	}
	return all
}

func (r *rawConfig) bypasses(n tomlfile.Node, report tomlfile.Report) []bypass.Entry {
	var all []bypass.Entry
	for i, b := range r.Bypass {
		at := n.Key("bypass").Elem(i)
		e := bypass.Entry{ID: b.ID, Hosts: b.Hosts, Owner: b.Owner, Reason: b.Reason, Expires: b.Until}
		if h, m, s := e.Expires.Clock(); !e.Expires.IsZero() && h+m+s == 0 {
			e.Expires = e.Expires.AddDate(0, 0, 1) // the day named is the last on which it holds
		}
		for key, missing := range map[string]bool{"id": b.ID == "", "owner": b.Owner == "", "reason": b.Reason == "", "until": b.Until.IsZero()} {
			if missing {
				report(at.Pos(), "bypass: entry %d has no %s; write id, owner, reason and until, such as until = 2027-03-31", i+1, key)
			}
		}
		all = append(all, e)
	}
	return all
}

func (r *rawParent) parent(at tomlfile.Pos, path func(string) string, report tomlfile.Report) upstream.Parent {
	p := upstream.Parent{URL: r.URL, User: r.User, Except: r.Except}
	if r.PasswordFile != "" {
		secret, err := readSecret(path(r.PasswordFile))
		if err != nil {
			report(at, "upstream.parent.password_file: %v", err)
		}
		p.Password = secret
	}
	return p
}

// readSecret reads a file of one line that others must not read. A name that
// begins with "$" is that of a systemd credential.
func readSecret(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if m := info.Mode().Perm(); m&0o007 != 0 {
		return "", fmt.Errorf("everybody may read %s (mode %04o); do: chmod o= %s", name, m, name)
	}
	b, err := os.ReadFile(name)
	return strings.TrimRight(string(b), "\r\n"), err
}

// complete gives the door what comes from files.
func (l *listener) complete(i *installation) error {
	if l.anonymous != "" {
		l.door.Identity = i.who.View(l.anonymous)
	}
	if l.door.Kind != proxy.DoorHTTPS {
		return nil
	}
	l.door.TLS = &tls.Config{}
	if l.certificate != "" {
		cert, err := tls.LoadX509KeyPair(l.certificate, l.key)
		if err != nil {
			return fmt.Errorf("listener %q: %w", l.door.Name, err)
		}
		l.door.TLS.Certificates = []tls.Certificate{cert}
	}
	if l.clientCA != "" {
		pem, err := os.ReadFile(l.clientCA)
		if err != nil {
			return fmt.Errorf("listener %q: %w", l.door.Name, err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return fmt.Errorf("listener %q: %s: no certificate in it", l.door.Name, l.clientCA)
		}
		proxy.ClientCertificates(l.door.TLS, roots, l.need)
	}
	return nil
}

// scheme is how a client's settings name the proxy.
func (o *opened) scheme() string {
	switch o.door.Kind {
	case "", proxy.DoorHTTP:
		return "http"
	default:
		return string(o.door.Kind)
	}
}

// lists is the version of the lists that say what is not inspected and where
// nobody goes: a digest of their content.
func (c *config) lists() string {
	b, err := json.Marshal([]any{c.Proxy.Intercept.Bypass, c.Proxy.Intercept.Entries, c.Proxy.Sites})
	if err != nil { // cannot be: texts, numbers and times
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256(b))[:16]
}

// listenAt opens a door at an address that was checked, also at a socket in a
// folder.
func listenAt(ctx context.Context, address string) ([]net.Listener, error) {
	local, ok, err := door.ParseLocal(address)
	if !ok {
		return door.Options{Address: address}.Listen(ctx)
	}
	if err != nil {
		return nil, err
	}
	l, err := local.Listen(ctx)
	return []net.Listener{l}, err
}

// serveAt opens a door at each address, as the named protocol, and tells of each;
// what fails later goes to failed.
func serveAt(ctx context.Context, addresses []string, protocol string, tell func(net.Addr), serve func(net.Listener) error, failed chan<- error) error {
	for _, a := range addresses {
		ls, err := listenAt(ctx, a)
		if err != nil {
			return fmt.Errorf("listen for %s: %w", protocol, err)
		}
		for _, l := range ls {
			tell(l.Addr())
			go func() {
				if err := serve(l); err != nil {
					failed <- fmt.Errorf("serve %s: %w", protocol, err)
				}
			}()
		}
	}
	return nil
}
