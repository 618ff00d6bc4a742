package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jimlambrt/gldap"
)

// people is a small directory server: two users in it, one of them twice.
type people struct {
	url    string
	binds  atomic.Int64
	broken atomic.Bool
}

var passwords = map[string]string{
	"cn=proxy,dc=example,dc=jp":              "service",
	"uid=sato,ou=people,dc=example,dc=jp":    "correct horse",
	"uid=suzuki,ou=people,dc=example,dc=jp":  "battery staple",
	"uid=suzuki,ou=leavers,dc=example,dc=jp": "battery staple",
}

func directoryServer(t *testing.T, conf *tls.Config) *people {
	t.Helper()
	p := &people{}
	s, err := gldap.NewServer()
	if err != nil {
		t.Fatal(err)
	}
	mux, err := gldap.NewMux()
	if err != nil {
		t.Fatal(err)
	}
	mux.Bind(func(w *gldap.ResponseWriter, r *gldap.Request) {
		p.binds.Add(1)
		m, err := r.GetSimpleBindMessage()
		code := gldap.ResultInvalidCredentials
		if err == nil && m.Password == "" {
			code = gldap.ResultSuccess // an unauthenticated bind, RFC 4513, 5.1.2
		} else if err == nil && passwords[m.UserName] == string(m.Password) {
			code = gldap.ResultSuccess
		}
		if p.broken.Load() {
			code = gldap.ResultUnavailable
		}
		w.Write(r.NewBindResponse(gldap.WithResponseCode(code)))
	})
	mux.Search(func(w *gldap.ResponseWriter, r *gldap.Request) {
		m, err := r.GetSearchMessage()
		if err != nil {
			return
		}
		entry := func(dn string, attributes map[string][]string) {
			w.Write(r.NewSearchResponseEntry(dn, gldap.WithAttributes(attributes)))
		}
		filter := strings.ToLower(m.Filter)
		switch {
		case m.BaseDN == "ou=groups,dc=example,dc=jp" && strings.Contains(filter, "(member=uid=sato,"):
			entry("cn=経理,ou=groups,dc=example,dc=jp", map[string][]string{"cn": {"経理"}})
		case strings.Contains(filter, "(uid=sato)"):
			entry("uid=sato,ou=people,dc=example,dc=jp", map[string][]string{"uid": {"sato"},
				"memberOf": {"cn=Finance\\, Tokyo,ou=groups,dc=example,dc=jp", "plain"}})
		case strings.Contains(filter, "(uid=suzuki)"):
			entry("uid=suzuki,ou=people,dc=example,dc=jp", map[string][]string{"uid": {"suzuki"}})
			entry("uid=suzuki,ou=leavers,dc=example,dc=jp", map[string][]string{"uid": {"suzuki"}})
		case strings.Contains(filter, "(uid=*)"):
			t.Error("a user name became a wildcard")
		}
		w.Write(r.NewSearchDoneResponse(gldap.WithResponseCode(gldap.ResultSuccess)))
	})
	s.Router(mux)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	scheme, options := "ldap://", []gldap.Option{}
	if conf != nil {
		scheme, options = "ldaps://", append(options, gldap.WithTLSConfig(conf))
	}
	go s.Run(addr, options...)
	t.Cleanup(func() { s.Stop() })
	for range 200 {
		if s.Ready() {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	p.url = scheme + addr
	return p
}

func (p *people) config() *LDAP {
	return &LDAP{URL: p.url, Clear: true, BindDN: "cn=proxy,dc=example,dc=jp", Password: "service",
		Base: "dc=example,dc=jp", Filter: "(uid={user})", GroupBase: "ou=groups,dc=example,dc=jp", Timeout: 2 * time.Second}
}

func status(err error) int {
	var f *Refusal
	if errors.As(err, &f) {
		return f.Status
	}
	return 0
}

func TestLDAP(t *testing.T) {
	p := directoryServer(t, nil)
	i := mustNew(t, Config{Anonymous: "deny", LDAP: p.config(), Htpasswd: file(t, "users", "local:"+bcryptOf(t, "here")+"\n"), Members: map[string][]string{"vip": {"sato"}}})
	log := func(user, password string) (who string, err error) {
		pr, err := i.Identify(request("192.0.2.1:1", "Proxy-Authorization", basic(user, password)))
		return fmt.Sprint(pr.User, " ", pr.How, " ", pr.Groups), err
	}
	for _, name := range []string{"sato", "SATO", "sato"} { // one person, however typed
		if who, err := log(name, "correct horse"); err != nil || who != "sato ldap [Finance, Tokyo plain vip 経理]" {
			t.Errorf("%s: %q %v", name, who, err)
		}
	}
	if who, err := log("local", "here"); err != nil || who != "local basic []" {
		t.Errorf("of the file: %q %v", who, err)
	}
	binds := p.binds.Load()
	if _, err := log("sato", "correct horse"); err != nil || p.binds.Load() != binds {
		t.Errorf("asked again within the time that a log-in holds: %v", err)
	}
	for name, c := range map[string][2]string{
		"wrong": {"sato", "guess"}, "nobody": {"tanaka", "x"}, "two of the name": {"suzuki", "battery staple"},
		"no password": {"sato", ""}, "wildcard": {"*", "correct horse"}, "injected": {"sato)(uid=*", "correct horse"},
	} {
		if who, err := log(c[0], c[1]); status(err) != 407 {
			t.Errorf("%s: %q %v", name, who, err)
		}
	}
	p.broken.Store(true)
	if _, err := log("sato", "another"); status(err) != 503 {
		t.Errorf("with a directory that does not answer: %v", err)
	}
	if _, err := log("sato", "correct horse"); err != nil {
		t.Errorf("who logged in a moment ago is sent away while the directory is down: %v", err)
	}
}

func TestLDAPOverTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	p := directoryServer(t, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	l := p.config()
	l.Clear = false
	r := request("192.0.2.1:1", "Proxy-Authorization", basic("sato", "correct horse"))
	if _, err := mustNew(t, Config{Anonymous: "deny", LDAP: l}).Identify(r); status(err) != 503 {
		t.Errorf("a directory that nobody vouches for: %v", err)
	}
	l.CAFiles = []string{file(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))}
	if pr, err := mustNew(t, Config{Anonymous: "deny", LDAP: l}).Identify(r); err != nil || pr.User != "sato" {
		t.Errorf("%+v, %v", pr, err)
	}
}

func TestLDAPFaults(t *testing.T) {
	for want, l := range map[string]LDAP{
		"in clear":   {URL: "ldap://dc.example.jp", Base: "dc=x"},
		"no base":    {URL: "ldaps://dc.example.jp"},
		"url":        {URL: "dc.example.jp", Base: "dc=x"},
		"filter":     {URL: "ldaps://dc.example.jp", Base: "dc=x", Filter: "(uid={user}"},
		"no {user}":  {URL: "ldaps://dc.example.jp", Base: "dc=x", Filter: "(uid=x)"},
		"ca_files":   {URL: "ldaps://dc.example.jp", Base: "dc=x", CAFiles: []string{"/nowhere/ca.pem"}},
		"start_tls":  {URL: "ldap://dc.example.jp", Base: "dc=x"},
		"group_filt": {URL: "ldaps://dc.example.jp", Base: "dc=x", GroupFilter: "(("},
	} {
		if _, err := New(Config{Anonymous: "deny", LDAP: &l}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestSharedAccounts(t *testing.T) {
	htpasswd := file(t, "users", "pos:"+bcryptOf(t, "x")+"\n")
	var told []int
	c := Config{Anonymous: "deny", Htpasswd: htpasswd, Shared: Shared{Addresses: 2, Within: time.Minute}, OnShared: func(_ string, n int) { told = append(told, n) }}
	at := func(i *Identifier, a string) int {
		_, err := i.Identify(request(a+":1", "Proxy-Authorization", basic("pos", "x")))
		return status(err)
	}
	i := mustNew(t, c)
	for _, a := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.3", "192.0.2.4"} {
		if s := at(i, a); s != 0 {
			t.Errorf("%s: %d though it is only to be told", a, s)
		}
	}
	if !slices.Equal(told, []int{3}) {
		t.Errorf("told %v, want once, at the third", told)
	}
	c.Shared.Refuse = true
	i = mustNew(t, c)
	now := time.Now()
	i.now = func() time.Time { return now }
	if at(i, "192.0.2.1") != 0 || at(i, "192.0.2.2") != 0 || at(i, "192.0.2.3") != http.StatusForbidden || at(i, "192.0.2.1") != 0 {
		t.Error("the third address is to be refused, and no other")
	}
	now = now.Add(2 * time.Minute)
	if s := at(i, "192.0.2.3"); s != 0 {
		t.Errorf("once the others are quiet: %d", s)
	}
}

func TestViewsDifferInAnonymousUseOnly(t *testing.T) {
	i := mustNew(t, Config{Anonymous: "deny", Htpasswd: file(t, "users", "ann:"+bcryptOf(t, "x")+"\n")})
	open := i.View("allow")
	if p, err := open.Identify(request("192.0.2.1:1")); err != nil || p.How != Anonymous {
		t.Errorf("%+v %v", p, err)
	}
	if _, err := i.Identify(request("192.0.2.1:1")); status(err) != 407 {
		t.Errorf("elsewhere: %v", err)
	}
	if _, err := open.Identify(request("192.0.2.1:1", "Proxy-Authorization", basic("ann", "wrong"))); status(err) != 407 {
		t.Errorf("wrong credentials pass where none are needed: %v", err)
	}
}

func TestClientCertificate(t *testing.T) {
	i := mustNew(t, Config{Anonymous: "deny", Members: map[string][]string{"devices": {"laptop-7.example.jp"}}})
	r := request("192.0.2.1:1")
	r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{DNSNames: []string{"forged.example.jp"}}}}
	if _, err := i.Identify(r); status(err) != 403 {
		t.Errorf("a certificate that nobody verified: %v", err)
	}
	r.TLS.VerifiedChains = [][]*x509.Certificate{{{DNSNames: []string{"laptop-7.example.jp"}}}}
	p, err := i.Identify(r)
	if err != nil || p.User != "laptop-7.example.jp" || p.How != ByCert || !slices.Equal(p.Groups, []string{"devices"}) {
		t.Errorf("%+v %v", p, err)
	}
}
