package proxy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/proxy/answer"
	"github.com/sekimori-dlp/sekimori/proxy/bypass"
	"github.com/sekimori-dlp/sekimori/rules"
)

// Sites says where requests may go at all, before any rule looks at what they
// carry. Immutable.
type Sites struct {
	only, never places
	ports       map[int]bool
}

// SitesConfig is what Sites are made of. A place is a host name, "*.name" for
// every name below one, or "class:NAME" for a class of the destination
// catalogue; "class:unknown" is whatever the catalogue does not know.
type SitesConfig struct {
	Only  []string // if not empty, nothing else may be reached
	Never []string
	Ports []int // if not empty, no other port may be reached
}

type places struct {
	hosts   func(string) bool
	classes map[string]bool
	any     bool
}

// NewSites checks c, reports all faults, and returns nil if it limits nothing.
// key is the configuration's name for it.
func NewSites(key string, c SitesConfig) (*Sites, []error) {
	if len(c.Only)+len(c.Never)+len(c.Ports) == 0 {
		return nil, nil
	}
	var errs []error
	compile := func(name string, list []string) places {
		p := places{classes: map[string]bool{}, any: len(list) > 0}
		var hosts []string
		for _, v := range list {
			if class, ok := strings.CutPrefix(v, "class:"); ok && class != "" {
				p.classes[class] = true
			} else if bypass.Pattern(v) {
				hosts = append(hosts, v)
			} else {
				errs = append(errs, fmt.Errorf("%s.%s: %q; write a host name, *.name for all below it, or class:NAME", key, name, v))
			}
		}
		p.hosts = hostMatcher(hosts)
		return p
	}
	s := &Sites{only: compile("only", c.Only), never: compile("never", c.Never)}
	for _, p := range c.Ports {
		if p < 1 || p > 65535 {
			errs = append(errs, fmt.Errorf("%s.ports: %d is no port", key, p))
		}
		if s.ports == nil {
			s.ports = map[int]bool{}
		}
		s.ports[p] = true
	}
	return s, errs
}

func (p *places) has(d *rules.Destination) bool {
	if !p.any {
		return false
	}
	return p.hosts(d.Host) || slices.ContainsFunc(d.Classes, func(c string) bool { return p.classes[c] })
}

// Bars returns in words why a destination may not be reached, "" if it may. A
// nil Sites bars nothing.
func (s *Sites) Bars(d *rules.Destination) string {
	switch {
	case s == nil:
		return ""
	case s.never.has(d):
		return "sites.never names this destination"
	case s.only.any && !s.only.has(d):
		return "sites.only does not name this destination"
	case s.ports != nil && !s.ports[d.Port]:
		return fmt.Sprintf("sites.ports does not name port %d", d.Port)
	}
	return ""
}

// sites are those in force at a door.
func (s *Server) sites(d *Door) *Sites {
	if d != nil && d.Sites != nil {
		return d.Sites
	}
	return s.limits.Load()
}

// bar refuses a request to where it may not go. It returns nil if it may.
func (x *exchange) bar() *answer.Answer {
	sites := x.s.sites(x.link.door())
	if sites == nil || x.host == TryHost && !x.s.cfg.NoTry {
		return nil
	}
	why := sites.Bars(&x.asked.Destination)
	if why == "" {
		return nil
	}
	d := &x.asked.Destination
	ev := decisionOf(x.who)
	ev.Method, ev.Scheme, ev.Host, ev.Port, ev.Protocol = d.Method, d.Scheme, d.Host, d.Port, x.r.Proto
	ev.Service, ev.Classes, ev.Action, ev.Clause = d.Service, d.Classes, rules.Block.String(), why
	if _, err := x.s.deps.Audit.Append(x.r.Context(), ev); err != nil {
		x.s.log.Error("refusal not recorded", "host", d.Host, "error", err)
	}
	x.s.metrics.barred.Inc()
	return &answer.Answer{Kind: answer.Barred, Host: d.Host}
}

// barTunnel tells why a tunnel may not be relayed uninspected, or nil.
func (s *Server) barTunnel(t *tunnel) error {
	if s.deps.Halted != nil && s.deps.Halted() {
		return fmt.Errorf("%w: everything is blocked", errBarred)
	}
	d := s.deps.Classes.Lookup("https", t.host, t.port, "CONNECT", "")
	why := s.sites(t.client.way.door.Load()).Bars(&d)
	if why == "" {
		return nil
	}
	ev := s.bypassEvent(t, &bypass.Entry{})
	ev.Action, ev.Rule, ev.Clause, ev.Service, ev.Classes = rules.Block.String(), "", why, d.Service, d.Classes
	if _, err := s.deps.Audit.Append(context.Background(), ev); err != nil {
		s.log.Error("refusal not recorded", "host", t.host, "error", err)
	}
	s.metrics.barred.Inc()
	return fmt.Errorf("%w: %s", errBarred, why)
}
