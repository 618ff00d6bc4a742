package proxy

import (
	"context"
	"errors"
	"net"
	"net/http"
	"reflect"
	"sync/atomic"

	"github.com/sekimori-dlp/sekimori/proxy/bypass"
	"github.com/sekimori-dlp/sekimori/proxy/intercept"
	"github.com/sekimori-dlp/sekimori/proxy/upstream"
)

// origins reaches origins by the configuration in force.
type origins struct {
	now    atomic.Pointer[upstream.Origins]
	config upstream.Config // of Reconfigure, one at a time
}

func (o *origins) RoundTrip(r *http.Request) (*http.Response, error) {
	return o.now.Load().RoundTrip(r)
}

func (o *origins) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return o.now.Load().DialContext(ctx, network, addr)
}

func (o *origins) Tunnel(ctx context.Context, addr string) (net.Conn, error) {
	return o.now.Load().Tunnel(ctx, addr)
}

func (o *origins) Speaks(host string, port int) upstream.Version {
	return o.now.Load().Speaks(host, port)
}

func (o *origins) CloseIdleConnections() { o.now.Load().CloseIdleConnections() }

// Reconfigure puts the list of bypassed hosts, the limits on sites and the ways
// to origins of c in force, for requests and tunnels to come. Nothing else of c
// is looked at. Either all of it is in force afterwards, or what was. Call it
// from one goroutine at a time.
func (s *Server) Reconfigure(c Config) error {
	list, err := bypass.New(c.Intercept.entries())
	if err != nil {
		return err
	}
	sites, faults := NewSites("sites", c.Sites)
	if err := errors.Join(faults...); err != nil {
		return err
	}
	// The same connections go on where nothing changed.
	if old := s.origins.now.Load(); old == nil || !reflect.DeepEqual(c.Upstream, s.origins.config) {
		fresh, err := upstream.New(c.Upstream)
		if err != nil {
			return err
		}
		fresh.Interim = s.interim
		s.origins.now.Store(fresh)
		s.origins.config = c.Upstream
		if old != nil {
			old.CloseIdleConnections()
		}
	}
	s.bypass.Store(list)
	s.limits.Store(sites)
	return nil
}

// UseCA has certificates made by another authority from now on.
func (s *Server) UseCA(ca *intercept.CA) {
	s.ca.Store(ca)
	s.issuer.Use(ca)
}
