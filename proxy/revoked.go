package proxy

import (
	"net/http"
	"net/url"

	"github.com/sekimori-dlp/sekimori/proxy/intercept"
)

// Clients ask for the list of revoked certificates in whatever way they reach the proxy:
// by its own address or, where they have it for a proxy, through it; and without saying
// who they are, since it is the system that asks.

// publish begins to serve the list at base, a checked URL.
func (s *Server) publish(base string) error {
	u, err := url.Parse(base)
	if err != nil {
		return err
	}
	s.crlHost, s.crlPort, _ = splitAuthority(u.Host, "http")
	return s.issuer.Publish(base)
}

// asksRevoked tells whether a request is for the list.
func (s *Server) asksRevoked(r *http.Request) bool {
	if s.crlHost == "" || r.URL.Path != intercept.PathCRL || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	host, port, ok := splitAuthority(r.Host, "http")
	return ok && host == s.crlHost && port == s.crlPort
}

func (s *Server) writeRevoked(w http.ResponseWriter, _ *http.Request) {
	list, err := s.issuer.CRL()
	if err != nil {
		s.log.Error("list of revoked certificates not made", "error", err)
		http.Error(w, "not available", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/pkix-crl") // RFC 5280, 4.2.1.13
	w.Header().Set("Cache-Control", "max-age=3600")
	_, _ = w.Write(list) // the client may have gone
}
