package proxy

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/bypass"
	"github.com/sekimori-dlp/sekimori/proxy/intercept"
	"github.com/sekimori-dlp/sekimori/proxy/trust"
)

// Help returns the handler of what everybody inside may see: /proxy.pac and
// /wpad.dat, the page /trust, the CA's certificate in its forms and its list of
// revoked certificates, if there is one. advertise is as with Admin.
func (s *Server) Help(advertise string) http.Handler {
	mux := http.NewServeMux()
	s.pages(mux, advertise)
	mux.Handle("GET /{$}", http.RedirectHandler(trust.PathPage, http.StatusFound))
	return mux
}

func (s *Server) pages(mux *http.ServeMux, advertise string) {
	mux.HandleFunc("GET /proxy.pac", func(w http.ResponseWriter, r *http.Request) { s.writePAC(w, r, advertise) })
	mux.HandleFunc("GET /wpad.dat", func(w http.ResponseWriter, r *http.Request) { s.writePAC(w, r, advertise) })
	s.trustSite().Register(mux)
	if s.crlHost != "" {
		mux.HandleFunc("GET "+intercept.PathCRL, s.writeRevoked)
	}
}

func (s *Server) trustSite() *trust.Site {
	return &trust.Site{Authorities: func() []*x509.Certificate { return s.ca.Load().Anchors() }, Organisation: s.cfg.Organisation, Contact: s.cfg.Contact, Try: "https://" + TryHost + "/"}
}

func (s *Server) writePAC(w http.ResponseWriter, r *http.Request, advertise string) {
	c := s.cfg.PAC
	if len(c.Proxies) == 0 {
		kind := "PROXY"
		if rest, ok := strings.CutPrefix(advertise, "https://"); ok {
			kind, advertise = "HTTPS", rest
		}
		c.Proxies = []string{kind + " " + proxyAddress(advertise, r)}
	}
	script, err := c.Script()
	if err != nil {
		s.log.Error("PAC file not written", "error", err)
		http.Error(w, "not available", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/x-ns-proxy-autoconfig")
	h.Set("Cache-Control", "max-age=300")
	fmt.Fprint(w, script)
}

// bypassEntry is one entry as /bypass shows it.
type bypassEntry struct {
	ID      string     `json:"id"`
	Hosts   []string   `json:"hosts"`
	Owner   string     `json:"owner,omitempty"`
	Reason  string     `json:"reason,omitempty"`
	Expires *time.Time `json:"expires,omitempty"`
	Expired bool       `json:"expired"`
}

// bypassList tells what is not inspected, and what seems to want to be.
func (s *Server) bypassList(w http.ResponseWriter, _ *http.Request) {
	var out struct {
		Entries  []bypassEntry    `json:"entries"`
		Suspects []bypass.Suspect `json:"suspects"`
	}
	now := time.Now()
	for _, e := range s.bypass.Load().Entries() {
		b := bypassEntry{ID: e.ID, Hosts: e.Hosts, Owner: e.Owner, Reason: e.Reason, Expired: e.Expired(now)}
		if !e.Expires.IsZero() {
			b.Expires = &e.Expires
		}
		out.Entries = append(out.Entries, b)
	}
	out.Suspects = s.pins.Suspects()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(out); err != nil {
		s.log.Debug("bypass list not written", "error", err)
	}
}
