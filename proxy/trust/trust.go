// Package trust shows employees how to trust the installation's certificate
// authority: a page in Japanese and English that walks them through it on
// Windows, macOS, iOS, Android, Linux and in Firefox, and the certificate in
// the forms that these take.
//
// It serves nothing secret; it may be reached by everybody inside.
package trust

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	texttemplate "text/template"
	"time"
)

// Site is what the page tells of an installation.
type Site struct {
	// Authorities are the certificates to be trusted: the one in use first,
	// then one that will follow it, during a rotation.
	Authorities func() []*x509.Certificate
	// Organisation is shown as whom the certificate is from; may be "".
	Organisation string
	// Contact is whom to ask, by language ("ja", "en"); may be nil.
	Contact map[string]string
	// Try is where an employee sees whether it worked.
	Try string
}

// The forms of the certificate, by path. Each holds all authorities but DER,
// which can hold only one: there, the number n of ?n=2 chooses the second.
const (
	PathPage   = "/trust"
	PathPEM    = "/ca.pem"
	PathDER    = "/ca.crt"
	PathMobile = "/ca.mobileconfig"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("trust").Parse(pageText))

// Register adds the page and the downloads to a mux.
func (s *Site) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET "+PathPage, s.page)
	mux.HandleFunc("GET "+PathPEM, s.pem)
	mux.HandleFunc("GET "+PathDER, s.der)
	mux.HandleFunc("GET "+PathMobile, s.mobile)
}

func (s *Site) pem(w http.ResponseWriter, _ *http.Request) {
	var b bytes.Buffer
	for _, c := range s.Authorities() {
		if err := pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}); err != nil {
			http.Error(w, "not available", http.StatusInternalServerError)
			return
		}
	}
	download(w, "application/x-x509-ca-cert", "sekimori-ca.pem", b.Bytes())
}

func (s *Site) der(w http.ResponseWriter, r *http.Request) {
	all := s.Authorities()
	n := 0
	if r.URL.Query().Get("n") == "2" {
		n = 1
	}
	if n >= len(all) {
		http.NotFound(w, r)
		return
	}
	// Windows, iOS and Android know what to do with this type.
	download(w, "application/x-x509-ca-cert", "sekimori-ca.crt", all[n].Raw)
}

func (s *Site) mobile(w http.ResponseWriter, _ *http.Request) {
	b, err := s.profile()
	if err != nil {
		http.Error(w, "not available", http.StatusInternalServerError)
		return
	}
	download(w, "application/x-apple-aspen-config", "sekimori.mobileconfig", b)
}

func download(w http.ResponseWriter, kind, name string, b []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(b)
}

// profileText is an Apple configuration profile with root certificates
// (Apple's "Configuration Profile Reference", com.apple.security.root).
var profileText = texttemplate.Must(texttemplate.New("profile").Parse(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PayloadContent</key>
	<array>
{{- range .Certificates}}
		<dict>
			<key>PayloadCertificateFileName</key><string>sekimori-ca-{{.Number}}.cer</string>
			<key>PayloadContent</key><data>{{.Data}}</data>
			<key>PayloadDescription</key><string>{{html .Name}}</string>
			<key>PayloadDisplayName</key><string>{{html .Name}}</string>
			<key>PayloadIdentifier</key><string>sekimori.ca.{{.UUID}}</string>
			<key>PayloadType</key><string>com.apple.security.root</string>
			<key>PayloadUUID</key><string>{{.UUID}}</string>
			<key>PayloadVersion</key><integer>1</integer>
		</dict>
{{- end}}
	</array>
	<key>PayloadDisplayName</key><string>{{html .Name}}</string>
	<key>PayloadIdentifier</key><string>sekimori.trust</string>
	<key>PayloadRemovalDisallowed</key><false/>
	<key>PayloadScope</key><string>System</string>
	<key>PayloadType</key><string>Configuration</string>
	<key>PayloadUUID</key><string>{{.UUID}}</string>
	<key>PayloadVersion</key><integer>1</integer>
</dict>
</plist>
`))

type profileCertificate struct {
	Number           int
	Name, UUID, Data string
}

// profile is the same for the same certificates, so that installing it again
// replaces it.
func (s *Site) profile() ([]byte, error) {
	var certificates []profileCertificate
	var all []byte
	for i, c := range s.Authorities() {
		certificates = append(certificates, profileCertificate{i + 1, c.Subject.CommonName, uuid(c.Raw), base64.StdEncoding.EncodeToString(c.Raw)})
		all = append(all, c.Raw...)
	}
	name := "Sekimori"
	if s.Organisation != "" {
		name = s.Organisation + " (Sekimori)"
	}
	var b bytes.Buffer
	err := profileText.Execute(&b, map[string]any{"Name": name, "UUID": uuid(append(all, "profile"...)), "Certificates": certificates})
	return b.Bytes(), err
}

// uuid is made of content (RFC 9562, version 8).
func uuid(b []byte) string {
	h := sha512.Sum512(b)
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80
	x := strings.ToUpper(hex.EncodeToString(h[:16]))
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}

// shown is one authority on the page.
type shown struct {
	Name, Until, SHA256 string
	Query               string // of the DER download
}

func (s *Site) page(w http.ResponseWriter, r *http.Request) {
	lang := r.URL.Query().Get("lang")
	if lang != "ja" && lang != "en" {
		lang = "ja"
		if a := strings.ToLower(r.Header.Get("Accept-Language")); a != "" && !strings.HasPrefix(a, "ja") {
			lang = "en"
		}
	}
	var all []shown
	for i, c := range s.Authorities() {
		sum := sha256.Sum256(c.Raw)
		a := shown{Name: c.Subject.CommonName, Until: c.NotAfter.Format(time.DateOnly), SHA256: colons(sum[:])}
		if i > 0 {
			a.Query = fmt.Sprintf("?n=%d", i+1)
		}
		all = append(all, a)
	}
	var b bytes.Buffer
	err := page.Execute(&b, map[string]any{
		"Ja": lang == "ja", "Lang": lang, "All": all, "Device": device(r.UserAgent()),
		"Contact": s.Contact[lang], "Try": s.Try, "Organisation": s.Organisation,
		"PEM": PathPEM, "DER": PathDER, "Mobile": PathMobile, "Page": PathPage,
	})
	if err != nil {
		http.Error(w, "not available", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", lang)
	h.Set("Vary", "Accept-Language, User-Agent")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	_, _ = w.Write(b.Bytes())
}

// device guesses which steps to open.
func device(agent string) string {
	for _, d := range []struct{ word, device string }{
		{"Firefox/", "firefox"}, {"iPhone", "ios"}, {"iPad", "ios"}, {"Android", "android"}, {"CrOS", "chromeos"},
		{"Windows", "windows"}, {"Macintosh", "macos"}, {"Linux", "linux"},
	} {
		if strings.Contains(agent, d.word) {
			return d.device
		}
	}
	return ""
}

func colons(b []byte) string {
	var out strings.Builder
	for i, x := range b {
		if i > 0 {
			out.WriteByte(':')
		}
		fmt.Fprintf(&out, "%02X", x)
	}
	return out.String()
}
