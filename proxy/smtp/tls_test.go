package smtp

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/sekimori-dlp/sekimori/proxy/mail/mailtest"
)

// certificate is one for an address, and the roots that trust it.
func certificate(t *testing.T, ip string) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, IPAddresses: []net.IP{net.ParseIP(ip)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}

// What goes on goes by TLS as the configuration says, or not at all.
func TestTLSToTheNextHop(t *testing.T) {
	good, roots := certificate(t, "127.0.0.1")
	other, otherRoots := certificate(t, "192.0.2.1")
	for name, c := range map[string]struct {
		mode     string
		next     *tls.Config // nil: it has none
		implicit bool
		roots    *x509.CertPool
		goes     bool
		sealed   bool
	}{
		"never, though offered":                {Never, good, false, roots, true, false},
		"where it is offered":                  {Opportunistic, good, false, roots, true, true},
		"where it is offered, by anybody":      {Opportunistic, other, false, roots, true, true},
		"where it is not offered":              {Opportunistic, nil, false, roots, true, false},
		"required":                             {Required, good, false, roots, true, true},
		"required and not offered":             {Required, nil, false, roots, false, false},
		"required, of another authority":       {Required, good, false, otherRoots, false, false},
		"required, for another name":           {Required, other, false, otherRoots, false, false},
		"from the first byte":                  {Implicit, good, true, roots, true, true},
		"from the first byte, for another":     {Implicit, other, true, otherRoots, false, false},
		"from the first byte, and not offered": {Implicit, nil, false, roots, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := &relay{t: t, next: &mailbox{tls: c.next, implicit: c.implicit}, log: &mailtest.Recorder{}, rules: &mailtest.WordRules{}}
			r.next.start(t)
			r.open(t, filepath.Join(t.TempDir(), "journal"), func(o *Config) { o.Next.TLS, o.Next.Roots, o.Next.Timeout = c.mode, c.roots, 2*time.Second })
			a := r.send("sato@corp.example", outside, text("x", "y"))
			if strings.HasPrefix(a, "250") != c.goes || !c.goes && !strings.HasPrefix(a, "451") {
				t.Errorf("answered %q", a)
			}
			got := r.next.messages()
			if len(got) != map[bool]int{true: 1}[c.goes] || c.goes && got[0].tls != c.sealed {
				t.Errorf("arrived: %d, sealed: %v", len(got), len(got) > 0 && got[0].tls)
			}
		})
	}
}

// Clients get TLS, and nothing that was said before it counts (CVE-2011-0411).
func TestTLSFromClients(t *testing.T) {
	config, roots := certificate(t, "127.0.0.1")
	r := start(t, func(c *Config) { c.TLS = config })
	for _, before := range []string{"", "MAIL FROM:<mallory@corp.example>\r\n"} {
		c := r.dial()
		if a := c.say("250", "EHLO mail.corp.example"); !strings.Contains(a, "STARTTLS") {
			t.Fatalf("not offered: %q", a)
		}
		_, _ = io.WriteString(c, "STARTTLS\r\n"+before)
		c.want("220")
		inner := tls.Client(c.Conn, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
		k := &client{t, inner, bufio.NewReader(inner)}
		if err := inner.Handshake(); err != nil {
			if before == "" {
				t.Fatal(err)
			}
			continue // what stood between is none of TLS
		}
		if before != "" {
			k.say("250", "EHLO mail.corp.example")
			k.say("5", "RCPT TO:<a@outside.example>") // nobody said MAIL
			continue
		}
		if a := k.say("250", "EHLO mail.corp.example"); strings.Contains(a, "STARTTLS") {
			t.Errorf("offered twice: %q", a)
		}
		if a := k.mail("sato@corp.example", outside, text("x", "y")); !strings.HasPrefix(a, "250") {
			t.Errorf("answered %q", a)
		}
	}
	got := r.next.messages()
	if len(got) != 1 || !strings.Contains(got[0].data, " with ESMTPS id ") {
		t.Errorf("arrived: %+v", got)
	}
}

// What a client wants to be told of delivery goes on to who delivers (RFC 3461).
func TestReportsAreAskedForThere(t *testing.T) {
	r := start(t, nil)
	c := r.dial()
	if a := c.say("250", "EHLO mail.corp.example"); !strings.Contains(a, "DSN") {
		t.Fatalf("not offered: %q", a)
	}
	c.say("250", "MAIL FROM:<sato@corp.example> RET=HDRS ENVID=QQ314159")
	c.say("250", "RCPT TO:<a@outside.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b@elsewhere.example")
	c.say("250", "RCPT TO:<c@outside.example> NOTIFY=NEVER")
	c.say("354", "DATA")
	c.say("250", "%s\r\n.", text("x", "y"))
	got := r.next.messages()
	if len(got) != 1 || len(got[0].rcpt) != 2 {
		t.Fatalf("arrived: %+v", got)
	}
	m := got[0]
	if m.opts.Return != gosmtp.DSNReturnHeaders || m.opts.EnvelopeID != "QQ314159" ||
		!slices.Equal(m.rcpt[0].Notify, []gosmtp.DSNNotify{gosmtp.DSNNotifySuccess, gosmtp.DSNNotifyFailure}) || m.rcpt[0].OriginalRecipient != "b@elsewhere.example" ||
		!slices.Equal(m.rcpt[1].Notify, []gosmtp.DSNNotify{gosmtp.DSNNotifyNever}) {
		t.Errorf("asked for there: %+v %+v", m.opts, m.rcpt)
	}
}
