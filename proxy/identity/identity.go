// Package identity tells who sends a request: by the client's certificate, by
// Basic proxy authentication against a password file or an LDAP directory, by
// a Kerberos ticket, by the network the client is in, or, where that is allowed
// in so many words, nobody in particular at an address.
//
// It reads the credentials of requests but never forwards, logs or keeps them;
// the caller removes Proxy-Authorization before a request leaves.
package identity

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/rules"
)

// Config is what an Identifier needs.
type Config struct {
	// Htpasswd is a file of user:hash lines, as htpasswd -B writes it; ""
	// if there are no passwords. Groups is a file of "group: user user"
	// lines. Both are read again when they change.
	Htpasswd string
	Groups   string

	Members   map[string][]string // group to users, besides the file
	Networks  []Network           // what an address tells; the longest prefix counts
	Trusted   []netip.Prefix      // peers whose forwarding header is believed
	Forwarded string              // that header: "X-Forwarded-For" (default) or "Forwarded"
	Anonymous string              // "allow" or "deny"; there is no default
	Realm     string              // of the log-in question; default "Sekimori"
	LDAP      *LDAP               // a directory of users beside the file; nil: none
	Kerberos  *Kerberos           // log-in by ticket; nil: none
	Shared    Shared              // what counts as one account for many people
	// OnShared is told of an account that more people seem to use; nil: nobody.
	OnShared func(user string, addresses int)
	Log      *slog.Logger // takes faults met on reading the files again; nil: nowhere
}

// Network says who is at some addresses. Without a user it only adds groups.
type Network struct {
	Prefix netip.Prefix
	User   string
	Groups []string
}

// The ways in which a principal was told, as Principal.How.
const (
	Basic     = "basic"
	ByLDAP    = "ldap"
	Ticket    = "kerberos"
	ByCert    = "certificate"
	ByNetwork = "network"
	Anonymous = "anonymous"
)

// Identifier tells who sends. Safe for concurrent use.
type Identifier struct {
	c         Config
	networks  []Network // longest prefix first
	anonymous bool
	slow      *slow
	ldap      *ldapDirectory // nil: none
	tickets   *negotiator    // nil: none
	shared    *sharing
	log       *slog.Logger
	now       func() time.Time

	current atomic.Pointer[directory]
	checked atomic.Int64 // when the files were last looked at, Unix nanoseconds
	mu      sync.Mutex   // reading the files
	fault   error        // guarded by mu
	faulty  stamp        // guarded by mu: the files that were found at fault
}

// New checks c and reads its files. It returns all faults at once, those of
// files as file:line.
func New(c Config) (*Identifier, error) {
	i := &Identifier{c: c, log: c.Log, now: time.Now}
	if i.log == nil {
		i.log = slog.New(slog.DiscardHandler)
	}
	i.slow = newSlow()
	var errs []error
	fault := func(format string, a ...any) { errs = append(errs, fmt.Errorf(format, a...)) }
	switch c.Anonymous {
	case "allow", "deny":
		i.anonymous = c.Anonymous == "allow"
	default:
		fault(`anonymous is %q; write "allow" or "deny"`, c.Anonymous)
	}
	switch http.CanonicalHeaderKey(c.Forwarded) {
	case "":
		i.c.Forwarded = xForwardedFor
	case xForwardedFor, forwarded:
		i.c.Forwarded = http.CanonicalHeaderKey(c.Forwarded)
	default:
		fault(`forwarding header is %q; write %q or %q`, c.Forwarded, xForwardedFor, forwarded)
	}
	if c.Realm == "" {
		i.c.Realm = "Sekimori"
	}
	if strings.ContainsFunc(i.c.Realm, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		fault("realm %q: write ASCII letters without quotes", c.Realm)
	}
	seen := map[netip.Prefix]bool{}
	for _, n := range c.Networks {
		switch {
		case !n.Prefix.IsValid():
			fault("a network has no prefix; write one such as \"192.0.2.0/24\"")
		case n.Prefix != n.Prefix.Masked():
			fault("network %v has bits beyond its length; write %v", n.Prefix, n.Prefix.Masked())
		case seen[n.Prefix]:
			fault("network %v is there twice", n.Prefix)
		case n.User == "" && len(n.Groups) == 0:
			fault("network %v gives neither a user nor groups", n.Prefix)
		}
		seen[n.Prefix] = true
	}
	for _, p := range c.Trusted {
		if !p.IsValid() {
			fault("a trusted network is no prefix; write one such as \"192.0.2.0/24\"")
		}
	}
	i.networks = slices.Clone(c.Networks)
	slices.SortStableFunc(i.networks, func(a, b Network) int { return b.Prefix.Bits() - a.Prefix.Bits() })
	d, err := readDirectory(&i.c)
	errs = append(errs, err)
	if c.LDAP != nil {
		i.ldap, err = newLDAP(*c.LDAP)
		errs = append(errs, err)
	}
	if c.Kerberos != nil {
		i.tickets, err = newNegotiator(*c.Kerberos)
		errs = append(errs, err)
	}
	i.shared, err = newSharing(c.Shared)
	errs = append(errs, err)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	i.current.Store(d)
	i.checked.Store(i.now().UnixNano())
	return i, nil
}

// Identify tells who sends r. Call it for the CONNECT request of a tunnel and
// carry the principal to the requests inside. An error is a *Refusal.
//
// A certificate of the client's comes first, then credentials, then the
// network, then anonymity; the groups of the network are added in each case.
// Wrong credentials are refused even where anonymous use is allowed; where
// there is nothing to check them with, they are not looked at. The groups are
// not to be changed.
func (i *Identifier) Identify(r *http.Request) (rules.Principal, error) {
	return i.identify(r, i.anonymous)
}

// View is an Identifier for one door, which may differ from others in whether
// it lets in people without a name.
type View struct {
	*Identifier
	anonymous bool
}

// View returns a view with an "allow" or "deny" of its own for anonymous use.
func (i *Identifier) View(anonymous string) *View { return &View{i, anonymous == "allow"} }

// Identify tells who sends r, as Identifier.Identify does.
func (v *View) Identify(r *http.Request) (rules.Principal, error) {
	return v.identify(r, v.anonymous)
}

func (i *Identifier) identify(r *http.Request, anonymous bool) (rules.Principal, error) {
	p := rules.Principal{Address: i.address(r)}
	n := i.network(p.Address)
	d := i.directory()
	if user := certified(r); user != "" {
		p.User, p.How, p.Groups = user, ByCert, i.groups(r.Context(), d, user, n)
		return i.alone(p)
	}
	if d.passwords || i.ldap != nil || i.tickets != nil {
		switch given := r.Header["Proxy-Authorization"]; len(given) {
		case 0:
		case 1:
			user, how, err := i.logIn(r.Context(), d, given[0], p.Address)
			if err != nil {
				return rules.Principal{}, err
			}
			p.User, p.How, p.Groups = user, how, i.groups(r.Context(), d, user, n)
			return i.alone(p)
		default:
			return rules.Principal{}, i.refuse(http.StatusBadRequest, p.Address, "more than one Proxy-Authorization")
		}
	}
	switch {
	case n.User != "":
		p.User, p.How, p.Groups = n.User, ByNetwork, d.groupsOf(n.User, n.Groups)
	case anonymous:
		p.How, p.Groups = Anonymous, n.Groups
	case d.passwords || i.ldap != nil || i.tickets != nil:
		return rules.Principal{}, i.refuse(http.StatusProxyAuthRequired, p.Address, "no credentials")
	default:
		return rules.Principal{}, i.refuse(http.StatusForbidden, p.Address, "address belongs to no known network")
	}
	return p, nil
}

// certified is the user whose certificate the connection to the proxy was
// opened with, "" if there is none. The name is the first that the certificate
// gives of: e-mail address, DNS name, common name.
func certified(r *http.Request) string {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 || len(r.TLS.VerifiedChains[0]) == 0 {
		return ""
	}
	switch c := r.TLS.VerifiedChains[0][0]; {
	case len(c.EmailAddresses) > 0:
		return c.EmailAddresses[0]
	case len(c.DNSNames) > 0:
		return c.DNSNames[0]
	default:
		return c.Subject.CommonName
	}
}

// groups are the user's by the files, the directory and the network.
func (i *Identifier) groups(ctx context.Context, d *directory, user string, n Network) []string {
	more := n.Groups
	if i.ldap != nil {
		e, ok, err := i.ldap.who(ctx, user)
		if err != nil {
			i.log.Error("groups not asked for", "error", err, "remembered", ok)
		}
		if ok {
			more = slices.Concat(more, e.groups)
		}
	}
	return d.groupsOf(user, more)
}

// network returns the most specific network of a, or the zero one.
func (i *Identifier) network(a netip.Addr) Network {
	for _, n := range i.networks {
		if n.Prefix.Contains(a) {
			return n
		}
	}
	return Network{}
}

// logIn checks the value of a Proxy-Authorization header.
func (i *Identifier) logIn(ctx context.Context, d *directory, header string, from netip.Addr) (user, how string, err error) {
	if scheme, _, _ := strings.Cut(header, " "); i.tickets != nil && strings.EqualFold(scheme, "Negotiate") {
		if user, err = i.tickets.check(header); err != nil {
			return "", "", i.refuse(http.StatusProxyAuthRequired, from, err.Error())
		}
		return user, Ticket, nil
	}
	user, password, ok := parseBasic(header)
	if !ok || !d.passwords && i.ldap == nil {
		return "", "", i.refuse(http.StatusProxyAuthRequired, from, "credentials are not of a form that is asked for")
	}
	_, local := d.users[user]
	how, remote := Basic, i.ldap
	if !local && remote != nil {
		how = ByLDAP
	} else {
		remote = nil
	}
	// named is the user as the directory writes the name: one person is to be
	// one person, whatever was typed.
	named := func() string {
		if remote != nil {
			if e, ok, _ := remote.who(ctx, user); ok {
				return e.user
			}
		}
		return user
	}
	key := d.verified.key(user, password)
	if d.verified.has(key, i.now()) {
		return named(), how, nil
	}
	right, err := false, error(nil)
	if wait := i.slow.wait(from, user, i.now()); wait > 0 {
		err = tooSoon(wait)
	} else {
		right, err = i.check(d, key, user, password, from, remote)
	}
	var soon tooSoon
	switch {
	case errors.As(err, &soon):
		f := i.refuse(http.StatusTooManyRequests, from, soon.Error())
		f.Retry = time.Duration(soon)
		return "", "", f
	case err != nil:
		f := i.refuse(http.StatusServiceUnavailable, from, err.Error())
		f.Retry = time.Second
		return "", "", f
	case right:
		return named(), how, nil
	}
	return "", "", i.refuse(http.StatusProxyAuthRequired, from, "wrong user or password")
}

// Bounds of credentials; longer ones are not looked at.
const (
	maxUser     = 256
	maxPassword = 1024
)

// parseBasic reads the credentials of RFC 7617.
func parseBasic(header string) (user, password string, ok bool) {
	scheme, text, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Basic") || len(text) > 2*(maxUser+maxPassword) {
		return "", "", false
	}
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || !utf8.Valid(b) {
		return "", "", false
	}
	user, password, ok = strings.Cut(string(b), ":")
	if !ok || user == "" || len(user) > maxUser || len(password) > maxPassword || strings.ContainsFunc(user, unicode.IsControl) {
		return "", "", false
	}
	return user, password, true
}

// Refusal says that a request has no principal, and how to answer it.
type Refusal struct {
	Status  int           // 407, 403 where no log-in can help, 400, 429, 503
	Retry   time.Duration // with 429 and 503: when to try again
	Realm   string        // with 407: of the question
	Schemes []string      // with 407: the ways to log in, the best first
	Reason  string        // for the log; names no user and holds no password
	Address netip.Addr    // who was refused
}

func (i *Identifier) refuse(status int, from netip.Addr, reason string) *Refusal {
	f := &Refusal{Status: status, Realm: i.c.Realm, Reason: reason, Address: from}
	if status == http.StatusProxyAuthRequired {
		if i.tickets != nil {
			f.Schemes = append(f.Schemes, "Negotiate")
		}
		if i.ldap != nil || i.c.Htpasswd != "" {
			f.Schemes = append(f.Schemes, "Basic")
		}
	}
	return f
}

// Error implements error.
func (f *Refusal) Error() string { return "identify sender: " + f.Reason }

// SetHeader sets Proxy-Authenticate or Retry-After, as the status asks for.
func (f *Refusal) SetHeader(h http.Header) {
	if f.Status == http.StatusProxyAuthRequired {
		h.Del("Proxy-Authenticate")
		for _, s := range f.Schemes {
			if s == "Basic" {
				s = `Basic realm="` + f.Realm + `", charset="UTF-8"`
			}
			h.Add("Proxy-Authenticate", s)
		}
	}
	if f.Retry > 0 {
		h.Set("Retry-After", fmt.Sprint(int64((f.Retry+time.Second-1)/time.Second)))
	}
}
