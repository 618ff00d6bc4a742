package identity

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// LDAP is a directory in which users are looked up and against which their
// passwords are tried by a bind (RFC 4513).
type LDAP struct {
	URL      string // "ldaps://host", or "ldap://host" with StartTLS
	StartTLS bool
	CAFiles  []string // roots beside the system's
	// Clear allows passwords over ldap:// without StartTLS. Only for a
	// directory on the same machine.
	Clear bool

	BindDN   string // whose rights the search has; "" for anonymous
	Password string

	Base   string // where users are searched
	Filter string // with {user}; default "(|(sAMAccountName={user})(uid={user}))"
	// UserAttribute holds the user's name as events and rules have it;
	// default: sAMAccountName, uid or the name given, the first that is there.
	UserAttribute string
	// Groups come from GroupAttribute of the user (default "memberOf"), whose
	// values are names or DNs, of which the first part is taken; and, where
	// GroupBase is set, from a search there with GroupFilter, in which {dn}
	// and {user} stand for the user (default "(|(member={dn})(memberUid={user}))").
	GroupAttribute, GroupBase, GroupFilter string

	Timeout time.Duration // of one log-in; default 5 s
	// Keep is how long a user's groups are remembered; default 10 min.
	Keep time.Duration
}

// Bounds of what a directory may answer.
const (
	maxGroups    = 1000
	maxRemembers = 64 << 10
)

// ldapDirectory tries log-ins. Safe for concurrent use.
type ldapDirectory struct {
	c   LDAP
	tls *tls.Config
	now func() time.Time

	mu    sync.Mutex
	known map[string]entry // by the name given, lower case
}

// entry is what a directory says of a user.
type entry struct {
	dn, user string
	groups   []string
	until    time.Time
}

func newLDAP(c LDAP) (*ldapDirectory, error) {
	var errs []error
	fault := func(format string, a ...any) { errs = append(errs, fmt.Errorf("auth.ldap: "+format, a...)) }
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "ldap" && u.Scheme != "ldaps":
		fault("url %q; write \"ldaps://host\" or \"ldap://host:389\"", c.URL)
		u = &url.URL{}
	case u.Scheme == "ldap" && !c.StartTLS && !c.Clear:
		fault("passwords would cross the network in clear; write ldaps://, or start_tls = true")
	}
	if c.Base == "" {
		fault("no base; write such as base = \"ou=people,dc=example,dc=jp\"")
	}
	if c.Filter == "" {
		c.Filter = "(|(sAMAccountName={user})(uid={user}))"
	}
	if c.GroupAttribute == "" {
		c.GroupAttribute = "memberOf"
	}
	if c.GroupFilter == "" {
		c.GroupFilter = "(|(member={dn})(memberUid={user}))"
	}
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	if c.Keep == 0 {
		c.Keep = 10 * time.Minute
	}
	for name, f := range map[string]string{"filter": c.Filter, "group_filter": c.GroupFilter} {
		if !strings.Contains(f, "{user}") && !strings.Contains(f, "{dn}") {
			fault("%s has no {user} in it", name)
		} else if _, err := ldap.CompileFilter(fill(f, "x", "cn=x")); err != nil {
			fault("%s: %v; write such as \"(uid={user})\"", name, err)
		}
	}
	d := &ldapDirectory{c: c, now: time.Now, known: map[string]entry{},
		tls: &tls.Config{MinVersion: tls.VersionTLS12, ServerName: u.Hostname()}}
	if len(c.CAFiles) > 0 {
		pool, err := x509.SystemCertPool()
		if err != nil {
			return nil, fmt.Errorf("load the system's roots: %w", err)
		}
		for _, name := range c.CAFiles {
			if pem, err := os.ReadFile(name); err != nil {
				fault("ca_files: %w", err)
			} else if !pool.AppendCertsFromPEM(pem) {
				fault("ca_files: %s: no certificate in it", name)
			}
		}
		d.tls.RootCAs = pool
	}
	return d, errors.Join(errs...)
}

// fill puts a user into a filter, escaped (RFC 4515, section 3).
func fill(filter, user, dn string) string {
	return strings.NewReplacer("{user}", ldap.EscapeFilter(user), "{dn}", ldap.EscapeFilter(dn)).Replace(filter)
}

// dial connects, with TLS unless it is not wanted.
func (d *ldapDirectory) dial(ctx context.Context) (*ldap.Conn, error) {
	timeout := d.c.Timeout
	if until, ok := ctx.Deadline(); ok {
		timeout = max(time.Until(until), time.Millisecond)
	}
	c, err := ldap.DialURL(d.c.URL, ldap.DialWithDialer(&net.Dialer{Timeout: timeout}), ldap.DialWithTLSConfig(d.tls))
	if err != nil {
		return nil, fmt.Errorf("reach the directory: %w", err)
	}
	c.SetTimeout(timeout)
	if d.c.StartTLS {
		if err := c.StartTLS(d.tls); err != nil {
			c.Close()
			return nil, fmt.Errorf("begin TLS with the directory: %w", err)
		}
	}
	if d.c.BindDN != "" {
		if err := c.Bind(d.c.BindDN, d.c.Password); err != nil {
			c.Close()
			return nil, fmt.Errorf("log in to the directory as %s: %w", d.c.BindDN, err)
		}
	}
	return c, nil
}

// errDirectory is what a client is told; the log has the cause.
var errDirectory = errors.New("the directory cannot be asked")

// check tries a log-in. It returns false, without an error, for a user that is
// not there and for a wrong password alike.
func (d *ldapDirectory) check(ctx context.Context, user, password string) (bool, error) {
	if password == "" {
		return false, nil // a bind without a password always succeeds (RFC 4513, 5.1.2)
	}
	ctx, cancel := context.WithTimeout(ctx, d.c.Timeout)
	defer cancel()
	c, err := d.dial(ctx)
	if err != nil {
		return false, fmt.Errorf("%w: %w", errDirectory, err)
	}
	defer c.Close()
	e, err := d.find(c, user)
	if err != nil {
		return false, fmt.Errorf("%w: %w", errDirectory, err)
	}
	if e.dn == "" {
		return false, nil
	}
	switch err := c.Bind(e.dn, password); {
	case err == nil:
	case ldap.IsErrorAnyOf(err, ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInappropriateAuthentication,
		ldap.LDAPResultConstraintViolation, ldap.LDAPResultUnwillingToPerform, ldap.LDAPResultInsufficientAccessRights):
		return false, nil // wrong, locked or expired
	default:
		return false, fmt.Errorf("%w: %w", errDirectory, err)
	}
	d.remember(user, e)
	return true, nil
}

// find searches a user; the zero entry if there is none, or more than one.
func (d *ldapDirectory) find(c *ldap.Conn, user string) (entry, error) {
	attributes := []string{d.c.GroupAttribute, "sAMAccountName", "uid"}
	if d.c.UserAttribute != "" {
		attributes = append(attributes, d.c.UserAttribute)
	}
	seconds := int(max(1, d.c.Timeout/time.Second))
	res, err := c.Search(ldap.NewSearchRequest(d.c.Base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 2, seconds, false,
		fill(d.c.Filter, user, ""), attributes, nil))
	if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) || ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) {
		return entry{}, nil
	}
	if err != nil {
		return entry{}, fmt.Errorf("search the user: %w", err)
	}
	if len(res.Entries) != 1 {
		return entry{}, nil
	}
	found := res.Entries[0]
	e := entry{dn: found.DN, user: user}
	for _, a := range []string{d.c.UserAttribute, "sAMAccountName", "uid"} {
		if v := found.GetEqualFoldAttributeValue(a); a != "" && v != "" {
			e.user = v
			break
		}
	}
	for _, g := range found.GetEqualFoldAttributeValues(d.c.GroupAttribute) {
		e.groups = append(e.groups, groupName(g))
	}
	if d.c.GroupBase != "" {
		res, err := c.Search(ldap.NewSearchRequest(d.c.GroupBase, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, maxGroups, seconds, false,
			fill(d.c.GroupFilter, e.user, e.dn), []string{"cn"}, nil))
		if err != nil && !ldap.IsErrorAnyOf(err, ldap.LDAPResultNoSuchObject, ldap.LDAPResultSizeLimitExceeded) {
			return entry{}, fmt.Errorf("search the user's groups: %w", err)
		}
		if res != nil {
			for _, g := range res.Entries {
				e.groups = append(e.groups, groupName(g.DN))
			}
		}
	}
	slices.Sort(e.groups)
	e.groups = slices.Compact(e.groups)
	e.groups = e.groups[:min(len(e.groups), maxGroups)]
	return e, nil
}

// groupName is the first part of a DN, or the text itself.
func groupName(v string) string {
	dn, err := ldap.ParseDN(v)
	if err != nil || len(dn.RDNs) == 0 || len(dn.RDNs[0].Attributes) == 0 {
		return v
	}
	return dn.RDNs[0].Attributes[0].Value
}

func (d *ldapDirectory) remember(user string, e entry) {
	e.until = d.now().Add(d.c.Keep)
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.known) >= maxRemembers {
		clear(d.known)
	}
	d.known[strings.ToLower(user)] = e
}

// who returns what the directory says of a user, from memory if it is fresh.
// If the directory cannot be asked, an older memory does; ok is false if there
// is none, or no such user.
func (d *ldapDirectory) who(ctx context.Context, user string) (e entry, ok bool, err error) {
	d.mu.Lock()
	e, ok = d.known[strings.ToLower(user)]
	d.mu.Unlock()
	if ok && d.now().Before(e.until) {
		return e, true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, d.c.Timeout)
	defer cancel()
	c, err := d.dial(ctx)
	if err != nil {
		return e, ok, fmt.Errorf("%w: %w", errDirectory, err)
	}
	defer c.Close()
	fresh, err := d.find(c, user)
	if err != nil {
		return e, ok, fmt.Errorf("%w: %w", errDirectory, err)
	}
	if fresh.dn == "" {
		return entry{}, false, nil
	}
	d.remember(user, fresh)
	return fresh, true, nil
}

// probe tells whether the directory can be asked.
func (d *ldapDirectory) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, d.c.Timeout)
	defer cancel()
	c, err := d.dial(ctx)
	if err != nil {
		return err
	}
	return c.Close()
}

// Probe tells whether the directory can be asked; nil where there is none.
func (i *Identifier) Probe(ctx context.Context) error {
	if i.ldap == nil {
		return nil
	}
	return i.ldap.probe(ctx)
}
