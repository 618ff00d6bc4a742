package intercept

import (
	"bytes"
	"container/list"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

// Lifetimes of leaf certificates. Clients refuse more than 398 days. A certificate is
// made anew before it gets old.
const (
	leafLife  = 90 * 24 * time.Hour
	leafRenew = 30 * 24 * time.Hour // before the end
	leafSkew  = 24 * time.Hour      // before now: clients' clocks differ
)

// ErrName is returned for names for which no certificate is made.
var ErrName = errors.New("not a valid host name")

// Issuer makes leaf certificates and keeps the most recently used ones. All of
// them share one key, made anew by each process: making a key for each name
// would cost more than it protects, for whoever has one has the process. Safe
// for concurrent use.
type Issuer struct {
	ca    atomic.Pointer[CA]
	key   *ecdsa.PrivateKey
	max   int
	now   func() time.Time
	group singleflight.Group

	revoked revocations

	mu    sync.Mutex
	byUse *list.List // of *leaf, most recently used first
	names map[string]*list.Element
	stats Stats
}

type leaf struct {
	name string
	cert *tls.Certificate
}

// Stats counts what the cache did.
type Stats struct {
	Kept                         int    // now
	Hits, Made, Evicted, Refused uint64 // since start
}

// NewIssuer returns an Issuer which keeps at most max certificates.
func NewIssuer(ca *CA, max int) (*Issuer, error) {
	if max < 1 {
		return nil, fmt.Errorf("certificate cache of %d; at least 1 is needed", max)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make leaf key: %w", err)
	}
	i := &Issuer{key: key, max: max, now: time.Now, byUse: list.New(), names: map[string]*list.Element{}}
	i.ca.Store(ca)
	return i, nil
}

// Use has certificates signed by another authority from now on.
func (i *Issuer) Use(ca *CA) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ca.Store(ca)
	i.byUse.Init()
	clear(i.names)
}

// Stats returns the counters.
func (i *Issuer) Stats() Stats {
	i.mu.Lock()
	defer i.mu.Unlock()
	s := i.stats
	s.Kept = i.byUse.Len()
	return s
}

// Named is a connection that knows the name its client asked the proxy for; a
// client that sends no SNI gets a certificate for it.
type Named interface{ TunnelHost() string }

// TLS returns the one server configuration to be shared by all intercepted
// connections: sessions resume across them, because its ticket keys are one.
func (i *Issuer) TLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1", "http/1.0"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			name := hello.ServerName
			if n, ok := hello.Conn.(Named); ok && name == "" {
				name = n.TunnelHost()
			}
			return i.Certificate(name)
		},
	}
}

// Certificate returns a certificate for a host name or address. Concurrent
// calls for one name make one certificate.
func (i *Issuer) Certificate(name string) (*tls.Certificate, error) {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if c := i.kept(name); c != nil {
		return c, nil
	}
	c, err, _ := i.group.Do(name, func() (any, error) {
		if c := i.kept(name); c != nil {
			return c, nil
		}
		c, err := i.sign(name)
		if err == nil {
			i.keep(name, c)
		}
		return c, err
	})
	if err != nil {
		i.mu.Lock()
		i.stats.Refused++
		i.mu.Unlock()
		return nil, err
	}
	return c.(*tls.Certificate), nil
}

func (i *Issuer) kept(name string) *tls.Certificate {
	i.mu.Lock()
	defer i.mu.Unlock()
	e, ok := i.names[name]
	if !ok {
		return nil
	}
	l := e.Value.(*leaf)
	now, ca := i.now(), i.ca.Load().cert
	if now.Before(l.cert.Leaf.NotBefore) && l.cert.Leaf.NotBefore.After(ca.NotBefore) {
		return nil // the clock was set back since
	}
	if now.After(l.cert.Leaf.NotAfter.Add(-leafRenew)) && ca.NotAfter.After(l.cert.Leaf.NotAfter) {
		return nil // keep replaces it
	}
	i.byUse.MoveToFront(e)
	i.stats.Hits++
	return l.cert
}

func (i *Issuer) keep(name string, c *tls.Certificate) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !bytes.Equal(c.Leaf.AuthorityKeyId, i.ca.Load().cert.SubjectKeyId) {
		return // another authority signs since
	}
	i.stats.Made++
	if e, ok := i.names[name]; ok {
		e.Value.(*leaf).cert = c
		i.byUse.MoveToFront(e)
		return
	}
	i.names[name] = i.byUse.PushFront(&leaf{name, c})
	if i.byUse.Len() > i.max {
		old := i.byUse.Remove(i.byUse.Back()).(*leaf)
		delete(i.names, old.name)
		i.stats.Evicted++
	}
}

func (i *Issuer) sign(name string) (*tls.Certificate, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	ca, now := i.ca.Load(), i.now().UTC()
	t := &x509.Certificate{
		SerialNumber:   serial,
		NotBefore:      now.Add(-leafSkew),
		NotAfter:       now.Add(leafLife),
		KeyUsage:       x509.KeyUsageDigitalSignature,
		ExtKeyUsage:    []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		AuthorityKeyId: ca.cert.SubjectKeyId,

		CRLDistributionPoints: i.revoked.points(ca),
	}
	if t.NotAfter.After(ca.cert.NotAfter) {
		t.NotAfter = ca.cert.NotAfter
	}
	if t.NotBefore.Before(ca.cert.NotBefore) {
		t.NotBefore = ca.cert.NotBefore
	}
	if ip := net.ParseIP(strings.Trim(name, "[]")); ip != nil {
		t.IPAddresses = []net.IP{ip}
	} else if hostName(name) {
		t.DNSNames = []string{name}
	} else {
		return nil, ErrName
	}
	if len(name) <= 64 { // RFC 5280, ub-common-name; clients read the SAN
		t.Subject = pkix.Name{CommonName: name}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, ca.cert, i.key.Public(), ca.key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate: %w", err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read own certificate: %w", err)
	}
	c := &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: i.key, Leaf: parsed}
	// A root is not sent along: clients have it. An intermediate has to be.
	if !selfSigned(ca.cert) {
		c.Certificate = append(c.Certificate, ca.chain...)
	}
	return c, nil
}

func selfSigned(c *x509.Certificate) bool {
	return string(c.RawSubject) == string(c.RawIssuer)
}

// hostName tells whether name is a host name as RFC 1123 has them, underscores
// allowed because some services use them.
func hostName(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, b := range []byte(label) {
			if !(b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '-' || b == '_') {
				return false
			}
		}
	}
	return true
}
