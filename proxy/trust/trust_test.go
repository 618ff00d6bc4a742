package trust

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func authority(t *testing.T, name string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now(), NotAfter: time.Date(2036, 1, 2, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return c
}

func site(t *testing.T) (*Site, []*x509.Certificate, func(path string, header ...string) *httptest.ResponseRecorder) {
	all := []*x509.Certificate{authority(t, "Example & Co <CA>"), authority(t, "the next")}
	s := &Site{Authorities: func() []*x509.Certificate { return all }, Organisation: "Example & Co", Contact: map[string]string{"ja": "内線 1234"}, Try: "https://try.example/"}
	mux := http.NewServeMux()
	s.Register(mux)
	return s, all, func(path string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", path, nil)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
}

func TestDownloads(t *testing.T) {
	_, all, get := site(t)
	rest := get(PathPEM).Body.Bytes()
	for i, c := range all {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil || !bytes.Equal(b.Bytes, c.Raw) {
			t.Errorf("PEM: certificate %d is not in it", i)
		}
	}
	for path, c := range map[string]*x509.Certificate{PathDER: all[0], PathDER + "?n=2": all[1]} {
		if w := get(path); !bytes.Equal(w.Body.Bytes(), c.Raw) || w.Header().Get("Content-Type") != "application/x-x509-ca-cert" {
			t.Errorf("%s is not the certificate", path)
		}
	}
	w := get(PathMobile)
	if w.Header().Get("Content-Type") != "application/x-apple-aspen-config" {
		t.Error("an iPhone does not take the profile for one")
	}
	var data []string
	for d := xml.NewDecoder(w.Body); ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the profile is no XML: %v", err)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "data" {
			var s string
			if err := d.DecodeElement(&s, &e); err != nil {
				t.Fatal(err)
			}
			data = append(data, s)
		}
	}
	if len(data) != 2 {
		t.Fatalf("%d certificates in the profile", len(data))
	}
	for i, c := range all {
		if der, err := base64.StdEncoding.DecodeString(data[i]); err != nil || !bytes.Equal(der, c.Raw) {
			t.Errorf("certificate %d of the profile: %v", i, err)
		}
	}
	if a, b := get(PathMobile).Body.String(), get(PathMobile).Body.String(); a != b {
		t.Error("the profile is not the same each time")
	}
}

func TestPage(t *testing.T) {
	_, all, get := site(t)
	ja := get(PathPage, "Accept-Language", "ja,en;q=0.5", "User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130").Body.String()
	for _, want := range []string{`lang="ja"`, "信頼されたルート証明機関", "内線 1234", colons(sum(all[0])), colons(sum(all[1])), "<details open><summary>Windows", "2036-01-02", "Example &amp; Co &lt;CA&gt;"} {
		if !strings.Contains(ja, want) {
			t.Errorf("the Japanese page lacks %q", want)
		}
	}
	en := get(PathPage, "Accept-Language", "en-US", "User-Agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)").Body.String()
	for _, want := range []string{`lang="en"`, "Certificate Trust Settings", "<details open><summary>iPhone", "Trusted Root Certification Authorities", "Keychain Access", "update-ca-certificates", "Trust this CA to identify websites"} {
		if !strings.Contains(en, want) {
			t.Errorf("the English page lacks %q", want)
		}
	}
	if strings.Contains(en, "証明書") {
		t.Error("the English page is partly Japanese")
	}
	if other := get(PathPage+"?lang=en", "Accept-Language", "ja").Body.String(); !strings.Contains(other, `lang="en"`) {
		t.Error("the language cannot be chosen")
	}
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0": "firefox", "Mozilla/5.0 (Linux; Android 15)": "android",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605": "macos", "Mozilla/5.0 (X11; Linux x86_64) Chrome/130": "linux", "curl/8": "",
	} {
		if got := device(agent); got != want {
			t.Errorf("%s: %q, want %q", agent, got, want)
		}
	}
}

func sum(c *x509.Certificate) []byte { s := sha256.Sum256(c.Raw); return s[:] }
