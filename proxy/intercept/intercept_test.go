package intercept

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func open(t testing.TB) (*CA, string) {
	t.Helper()
	dir := t.TempDir()
	ca, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return ca, dir
}

func issuer(t testing.TB, ca *CA, max int) *Issuer {
	t.Helper()
	i, err := NewIssuer(ca, max)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestOpenMakesAnAuthorityOnce(t *testing.T) {
	ca, dir := open(t)
	again, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(ca.PEM(), again.PEM()) || ca.Fingerprint() != again.Fingerprint() {
		t.Error("a second start made another authority")
	}
	other, _ := open(t)
	if ca.Certificate().Subject.CommonName == other.Certificate().Subject.CommonName {
		t.Error("two installations have the same name")
	}
	c := ca.Certificate()
	if !c.IsCA || c.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign || !c.MaxPathLenZero || len(c.PermittedDNSDomains) != 0 {
		t.Errorf("authority: %+v", c)
	}
	if years := time.Until(c.NotAfter).Hours() / 24 / 365; years < 9.9 || years > 10.1 {
		t.Errorf("valid for %.1f years", years)
	}
	fi, err := os.Stat(filepath.Join(dir, "ca-key.pem"))
	if err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", fi.Mode(), err)
	}
	if ca.Healthy() != nil {
		t.Error(ca.Healthy())
	}
}

func TestOpenDoesNotReplaceHalfAnAuthority(t *testing.T) {
	for _, lost := range []string{"ca.pem", "ca-key.pem"} {
		_, dir := open(t)
		if err := os.Remove(filepath.Join(dir, lost)); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil {
			t.Errorf("without %s: no error", lost)
		}
	}
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	_, dir := open(t)
	_, otherDir := open(t)
	cert, key := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca-key.pem")
	write := func(name string, b []byte, mode os.FileMode) string {
		name = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(name, b, mode); err != nil {
			t.Fatal(err)
		}
		return name
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	ca, err := Load(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := issuer(t, ca, 1).Certificate("a.example")
	if err != nil {
		t.Fatal(err)
	}
	leafPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Certificate[0]})
	for name, c := range map[string]struct{ cert, key, want string }{
		"no file":            {"/nonexistent", key, "no such file"},
		"no certificate":     {write("c", []byte("x"), 0o600), key, "no certificate"},
		"not parsable":       {write("c", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), 0o600), key, "x509"},
		"no key":             {cert, write("k", []byte("x"), 0o600), "no private key"},
		"other key":          {cert, filepath.Join(otherDir, "ca-key.pem"), "not this certificate's"},
		"readable by others": {cert, write("k", read(key), 0o644), "chmod 600"},
		"no authority":       {write("c", leafPEM, 0o600), key, "not this certificate's"},
	} {
		if _, err := Load(c.cert, c.key); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	late := *ca
	if err := late.check(time.Now().AddDate(11, 0, 0)); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("expired: %v", err)
	}
	if err := late.check(time.Now().AddDate(-1, 0, 0)); err == nil || !strings.Contains(err.Error(), "valid only from") {
		t.Errorf("too early: %v", err)
	}
}

// Leaf certificates are such that strict clients take them.
func TestCertificate(t *testing.T) {
	ca, _ := open(t)
	i := issuer(t, ca, 10)
	roots := x509.NewCertPool()
	roots.AddCert(ca.Certificate())
	long := strings.Repeat("a", 60) + "." + strings.Repeat("b", 60) + ".example"
	for _, name := range []string{"www.example.jp", "WWW.Example.JP.", "xn--eckwd4c7c.xn--zckzah", "192.0.2.1", "2001:db8::1", "under_score.example", long} {
		c, err := i.Certificate(name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		opts := x509.VerifyOptions{Roots: roots, DNSName: strings.TrimSuffix(name, "."), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
		if strings.Contains(name, ":") {
			opts.DNSName = "[" + name + "]"
		}
		if _, err := c.Leaf.Verify(opts); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if life := c.Leaf.NotAfter.Sub(c.Leaf.NotBefore); life > 397*24*time.Hour {
			t.Errorf("%s: valid for %v", name, life)
		}
		if len(c.Certificate) != 1 {
			t.Errorf("%s: the root is sent along", name)
		}
	}
	for _, name := range []string{"", ".", "a b", "*.example", "-a.example", "a..example", "a/b", strings.Repeat("a", 64) + ".example", strings.Repeat("a.", 200), "日本.example", "a\x00b"} {
		if _, err := i.Certificate(name); err != ErrName {
			t.Errorf("%q: %v", name, err)
		}
	}
	if s := i.Stats(); s.Refused != 11 || s.Made != 6 || s.Hits != 1 {
		t.Errorf("stats: %+v", s)
	}
}

// An intermediate under a company's root is sent along, and works.
func TestIntermediate(t *testing.T) {
	root, _ := open(t)
	_, dir := open(t)
	certFile, keyFile := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca-key.pem")
	sub, err := Load(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	// The root made here allows no authority below it; make one that does.
	tmpl := *root.cert
	tmpl.MaxPathLenZero, tmpl.MaxPathLen = false, 1
	rootDER, err := x509.CreateCertificate(nil, &tmpl, &tmpl, root.key.Public(), root.key)
	if err != nil {
		t.Fatal(err)
	}
	rootCert, _ := x509.ParseCertificate(rootDER)
	subTmpl := *sub.cert
	subDER, err := x509.CreateCertificate(nil, &subTmpl, rootCert, sub.key.Public(), root.key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: subDER}), 0o644); err != nil {
		t.Fatal(err)
	}
	if sub, err = Load(certFile, keyFile); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(rootCert)
	handshake(t, issuer(t, sub, 1).TLS(), &tls.Config{RootCAs: roots, ServerName: "a.example"})
}

type named struct{ net.Conn }

func (named) TunnelHost() string { return "192.0.2.7" }

func handshake(t *testing.T, server, client *tls.Config) tls.ConnectionState {
	t.Helper()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	deadline := time.Now().Add(5 * time.Second)
	a.SetDeadline(deadline)
	b.SetDeadline(deadline)
	done := make(chan error, 1)
	s := tls.Server(named{a}, server)
	go func() { done <- s.Handshake() }()
	c := tls.Client(b, client)
	if err := c.Handshake(); err != nil {
		t.Fatalf("client: %v", err)
	}
	if err := <-done; err != nil {
		t.Fatalf("server: %v", err)
	}
	return c.ConnectionState()
}

func TestTLSChoosesByNameOrTunnel(t *testing.T) {
	ca, _ := open(t)
	roots := x509.NewCertPool()
	roots.AddCert(ca.Certificate())
	cfg := issuer(t, ca, 10).TLS()
	st := handshake(t, cfg, &tls.Config{RootCAs: roots, ServerName: "a.example", NextProtos: []string{"h2"}})
	if st.PeerCertificates[0].DNSNames[0] != "a.example" || st.NegotiatedProtocol != "h2" {
		t.Errorf("%v, %s", st.PeerCertificates[0].DNSNames, st.NegotiatedProtocol)
	}
	// An address is sent in no SNI: the certificate is for the tunnel's.
	st = handshake(t, cfg, &tls.Config{RootCAs: roots, ServerName: "192.0.2.7"})
	if len(st.PeerCertificates[0].IPAddresses) != 1 {
		t.Errorf("%v", st.PeerCertificates[0].IPAddresses)
	}
}

func TestCacheIsBoundedAndRenews(t *testing.T) {
	ca, _ := open(t)
	i := issuer(t, ca, 3)
	first, _ := i.Certificate("0.example")
	for k := range 5 {
		if _, err := i.Certificate(fmt.Sprintf("%d.example", k)); err != nil {
			t.Fatal(err)
		}
	}
	if s := i.Stats(); s.Kept != 3 || s.Evicted != 2 || s.Made != 5 {
		t.Errorf("stats: %+v", s)
	}
	if again, _ := i.Certificate("0.example"); again == first {
		t.Error("the least recently used was kept")
	}
	before, _ := i.Certificate("4.example")
	i.now = func() time.Time { return time.Now().Add(leafLife - leafRenew + time.Hour) }
	after, err := i.Certificate("4.example")
	if err != nil || after == before || !after.Leaf.NotAfter.After(before.Leaf.NotAfter) {
		t.Errorf("an old certificate was not made anew: %v", err)
	}
	if s := i.Stats(); s.Kept != 3 {
		t.Errorf("stats: %+v", s)
	}
}

func TestConcurrentCallsMakeOne(t *testing.T) {
	ca, _ := open(t)
	i := issuer(t, ca, 10)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := i.Certificate("a.example"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if s := i.Stats(); s.Made != 1 {
		t.Errorf("made %d", s.Made)
	}
}

func BenchmarkMake(b *testing.B) {
	ca, _ := open(b)
	i := issuer(b, ca, 1)
	for k := 0; b.Loop(); k++ {
		if _, err := i.Certificate(fmt.Sprintf("%d.example", k)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkKept(b *testing.B) {
	ca, _ := open(b)
	i := issuer(b, ca, 1)
	for b.Loop() {
		if _, err := i.Certificate("a.example"); err != nil {
			b.Fatal(err)
		}
	}
}
