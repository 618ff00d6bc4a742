package proxy

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

//go:embed admin.html
var adminPage string

var adminTemplate = template.Must(template.New("admin").Parse(adminPage))

// Admin returns the handler of the admin address: /healthz, /readyz, /metrics,
// /bypass, a page that says how to use the proxy, and what Help has. advertise is
// the "host:port" at which clients reach the proxy; if its host is empty or
// unspecified, the PAC file names the host by which it was asked for.
func (s *Server) Admin(advertise string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.deps.Registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /bypass", s.bypassList)
	s.pages(mux, advertise)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
		err := adminTemplate.Execute(w, map[string]any{
			"Proxy": proxyAddress(advertise, r), "Subject": s.ca.Load().Certificate().Subject.CommonName,
			"Fingerprint": s.ca.Load().Fingerprint(), "Until": s.ca.Load().Certificate().NotAfter.Format("2006-01-02"),
		})
		if err != nil {
			s.log.Debug("admin page not written", "error", err)
		}
	})
	return mux
}

// ready answers 200 if uploads can be checked and recorded now, else 503, with
// one entry for each condition. Asked with "leaving=404" it says 404 where all is
// well but that it is about to end, by which HAProxy (disable-on-404) knows to
// send nobody any more and to leave alone who is there.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	state := map[string]string{}
	status := http.StatusOK
	leaves := false
	note := func(name string, err error) {
		state[name] = "ok"
		if err != nil {
			state[name], status = err.Error(), http.StatusServiceUnavailable
		}
	}
	if s.deps.Policy() == nil {
		note("inspection", errNoRules)
	} else {
		note("inspection", nil)
	}
	for _, c := range s.deps.Checks {
		was, err := status, c.Probe()
		note(c.Name, err)
		if c.Notes || c.Leaves {
			status = was
		}
		leaves = leaves || c.Leaves && err != nil
	}
	switch {
	case !leaves || status != http.StatusOK:
	case r.FormValue("leaving") == "404":
		status = http.StatusNotFound
	default:
		status = http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(map[string]any{"ready": status == http.StatusOK, "checks": state}); err != nil {
		s.log.Debug("readiness not written", "error", err)
	}
}

// proxyAddress is where clients reach the proxy, as far as that is known.
func proxyAddress(advertise string, r *http.Request) string {
	host, port, err := net.SplitHostPort(advertise)
	if err != nil {
		return advertise
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = r.Host
		if h, _, err := net.SplitHostPort(r.Host); err == nil {
			host = h
		}
	}
	return net.JoinHostPort(host, port)
}
