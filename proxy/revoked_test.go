package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/rules"
)

const crlAt = "http://proxy.example:8080"

func crlConfigured(c *Config, _ *Deps, _ *hold.Config) { c.Intercept.CRL = crlAt }

// nobody refuses everybody.
type nobody struct{}

func (nobody) Identify(*http.Request) (rules.Principal, error) {
	return rules.Principal{}, errors.New("who is it")
}

// The list is there by the proxy's own address, through the proxy, and on the pages for
// everybody; and for those who have not said who they are.
func TestListOfRevokedCertificates(t *testing.T) {
	h := build(t, crlConfigured, func(_ *Config, d *Deps, _ *hold.Config) { d.Identity = nobody{} })
	bodies := map[string]string{}
	for how, request := range map[string]string{
		"address": "GET /ca.crl HTTP/1.1\r\nHost: proxy.example:8080\r\n\r\n",
		"through": "GET " + crlAt + "/ca.crl HTTP/1.1\r\nHost: proxy.example:8080\r\n\r\n",
	} {
		resp, body := raw(t, h.dial(), request)
		if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/pkix-crl" {
			t.Errorf("%s: %s %v", how, resp.Status, resp.Header)
		}
		bodies[how] = body
	}
	w := httptest.NewRecorder()
	h.srv.Help("").ServeHTTP(w, httptest.NewRequest("GET", "/ca.crl", nil))
	bodies["help"] = w.Body.String()
	for how, body := range bodies {
		list, err := x509.ParseRevocationList([]byte(body))
		if err != nil {
			t.Errorf("%s: %v", how, err)
			continue
		}
		if err := list.CheckSignatureFrom(h.ca.Certificate()); err != nil {
			t.Errorf("%s: %v", how, err)
		}
		if now := time.Now(); now.Before(list.ThisUpdate) || now.Add(24*time.Hour).After(list.NextUpdate) || len(list.RevokedCertificateEntries) > 0 {
			t.Errorf("%s: from %v to %v with %d entries", how, list.ThisUpdate, list.NextUpdate, len(list.RevokedCertificateEntries))
		}
		if body != bodies["help"] {
			t.Errorf("%s: not the same list", how)
		}
	}
	for name, request := range map[string]string{
		"another host": "GET /ca.crl HTTP/1.1\r\nHost: other.example:8080\r\n\r\n",
		"another port": "GET /ca.crl HTTP/1.1\r\nHost: proxy.example\r\n\r\n",
		"sent to":      "POST /ca.crl HTTP/1.1\r\nHost: proxy.example:8080\r\nContent-Length: 0\r\n\r\n",
	} {
		if resp, _ := raw(t, h.dial(), request); resp.StatusCode == 200 {
			t.Errorf("%s: served", name)
		}
	}
}

// OpenSSL takes the certificates in its strictest mode, the list demanded.
func TestStrictVerification(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	h := build(t, crlConfigured)
	dir := t.TempDir()
	file := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	c := tls.Client(h.connect(originHost+":443"), &tls.Config{RootCAs: h.roots, ServerName: originHost})
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	cert := c.ConnectionState().PeerCertificates[0]
	if at := cert.CRLDistributionPoints; len(at) != 1 || at[0] != crlAt+"/ca.crl" {
		t.Errorf("the certificate names %q", at)
	}
	_, list := raw(t, h.dial(), "GET /ca.crl HTTP/1.1\r\nHost: proxy.example:8080\r\n\r\n")
	ca, leaf := file("ca.pem", "CERTIFICATE", h.ca.Certificate().Raw), file("leaf.pem", "CERTIFICATE", cert.Raw)
	crl := file("crl.pem", "X509 CRL", []byte(list))
	args := []string{"verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", originHost, "-crl_check", "-CAfile", ca}
	if out, err := exec.Command(openssl, append(args, "-CRLfile", crl, leaf)...).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := exec.Command(openssl, append(args, leaf)...).CombinedOutput(); err == nil {
		t.Errorf("it does not ask for the list: %s", out)
	}
}
