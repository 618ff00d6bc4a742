package intercept

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func init() { sealWork = 8 }

const phrase = "correct horse battery staple"

func TestSealedKey(t *testing.T) {
	dir := t.TempDir()
	made, err := OpenSealed(dir, phrase)
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(dir, keyName)
	b, err := os.ReadFile(key)
	if err != nil || !sealed(b) || bytes.Contains(b, []byte("PRIVATE KEY")) {
		t.Fatalf("the key is in clear on disk: %v", err)
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrSealed) {
		t.Errorf("without the passphrase: %v", err)
	}
	if _, err := OpenSealed(dir, "guess"); err == nil || strings.Contains(err.Error(), "guess") {
		t.Errorf("with a wrong one: %v", err)
	}
	again, err := OpenSealed(dir, phrase)
	if err != nil || again.Fingerprint() != made.Fingerprint() {
		t.Errorf("with the right one: %v", err)
	}
}

func TestSealInPlace(t *testing.T) {
	dir := t.TempDir()
	made, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(dir, keyName)
	if err := Seal(key, ""); err == nil {
		t.Error("sealed under nothing")
	}
	for range 2 { // the second time there is nothing to do
		if err := Seal(key, phrase); err != nil {
			t.Fatal(err)
		}
	}
	if again, err := OpenSealed(dir, phrase); err != nil || again.Fingerprint() != made.Fingerprint() {
		t.Errorf("%v", err)
	}
}

// accepts tells whether a client with these anchors takes a leaf of ca's.
func accepts(t *testing.T, ca *CA, anchors ...*x509.Certificate) bool {
	t.Helper()
	i, err := NewIssuer(ca, 8)
	if err != nil {
		t.Fatal(err)
	}
	c, err := i.Certificate("www.example.jp")
	if err != nil {
		t.Fatal(err)
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, a := range anchors {
		roots.AddCert(a)
	}
	for _, der := range c.Certificate[1:] {
		m, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		between.AddCert(m)
	}
	_, err = c.Leaf.Verify(x509.VerifyOptions{DNSName: "www.example.jp", Roots: roots, Intermediates: between})
	return err == nil
}

func TestRotationWithOverlap(t *testing.T) {
	dir := t.TempDir()
	old, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := Promote(dir, time.Now()); !errors.Is(err, ErrNoNext) {
		t.Errorf("promote before prepare: %v", err)
	}
	if n := len(old.Anchors()); n != 1 {
		t.Errorf("%d anchors before a rotation", n)
	}
	if _, err := Prepare(dir, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := Prepare(dir, ""); err == nil {
		t.Error("a second rotation was begun within the first")
	}
	anchors := old.Anchors() // what a client is given during the overlap
	if len(anchors) != 2 {
		t.Fatalf("%d anchors during a rotation", len(anchors))
	}
	if !accepts(t, old, anchors...) {
		t.Error("during the overlap the old authority is not accepted")
	}
	if err := Promote(dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	next, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if next.Fingerprint() == old.Fingerprint() || !accepts(t, next, anchors...) {
		t.Error("after the rotation the new authority is not accepted by those who were given it")
	}
	if accepts(t, next, old.Certificate()) {
		t.Error("the new authority is accepted by those who trust the old one only; this test tests nothing")
	}
	kept, _ := filepath.Glob(filepath.Join(dir, "old-*"))
	if len(kept) != 2 {
		t.Errorf("kept of the old one: %v", kept)
	}
}

func TestInterruptedPromotion(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir); err != nil {
		t.Fatal(err)
	}
	next, err := Prepare(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	// The machine stopped between the two renames.
	if err := os.Rename(filepath.Join(dir, nextKeyName), filepath.Join(dir, keyName)); err != nil {
		t.Fatal(err)
	}
	if err := Promote(dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	if now, err := Open(dir); err != nil || now.Fingerprint() != next.Fingerprint() {
		t.Errorf("%v", err)
	}
}

func TestIntermediateUnderTheCompanysOwn(t *testing.T) {
	dir := t.TempDir()
	csr, keyFile, certFile := filepath.Join(dir, "ca.csr"), filepath.Join(dir, "ca-key.pem"), filepath.Join(dir, "ca.pem")
	if err := Request(csr, keyFile, "Example Sekimori", phrase); err != nil {
		t.Fatal(err)
	}
	if err := Request(csr, keyFile, "Example Sekimori", phrase); err == nil {
		t.Error("a second request overwrote the first one's key")
	}
	b, err := os.ReadFile(csr)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := pem.Decode(b)
	req, err := x509.ParseCertificateRequest(p.Bytes)
	if err != nil || req.CheckSignature() != nil || len(req.Extensions) != 2 {
		t.Fatalf("%v %v", req, err)
	}
	// The company signs it.
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Example Root"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0)}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if root, err = x509.ParseCertificate(rootDER); err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(2), Subject: req.Subject, ExtraExtensions: req.Extensions,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0)}, root, req.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	chain := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER})...)
	if err := os.WriteFile(certFile, chain, 0o644); err != nil {
		t.Fatal(err)
	}
	ca, err := LoadSealed(certFile, keyFile, phrase)
	if err != nil {
		t.Fatal(err)
	}
	if !accepts(t, ca, root) {
		t.Error("who trusts the company's root does not accept the intermediate's leaves")
	}
	if a := ca.Anchors(); len(a) != 1 || !a[0].Equal(root) {
		t.Error("the anchor is not the company's root")
	}
}

func TestHelloGivesTheNameAndLosesNothing(t *testing.T) {
	a, b := net.Pipe()
	go func() {
		c := tls.Client(a, &tls.Config{ServerName: "www.example.jp"})
		_ = c.Handshake()
	}()
	name, read, err := Hello(b)
	if err != nil || name != "www.example.jp" || len(read) < 100 || read[0] != 22 {
		t.Errorf("%q, %d bytes, %v", name, len(read), err)
	}
	a.Close()
	for _, bad := range []string{"", "\x16", "GET / HTTP/1.1\r\n", "\x16\x03\x01\xff\xff" + strings.Repeat("x", 100)} {
		if name, _, err := Hello(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is a ClientHello for %q", bad, name)
		}
	}
}

func FuzzHello(f *testing.F) {
	f.Add([]byte("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, read, _ := Hello(bytes.NewReader(b)); !bytes.HasPrefix(b, read) {
			t.Error("other bytes came back than were read")
		}
	})
}
