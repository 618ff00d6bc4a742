package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
	"github.com/sekimori-dlp/sekimori/console"
	"github.com/sekimori-dlp/sekimori/console/index"
	"github.com/sekimori-dlp/sekimori/fleet"
	"github.com/sekimori-dlp/sekimori/history"
	"github.com/sekimori-dlp/sekimori/proxy"
	"github.com/sekimori-dlp/sekimori/proxy/destination"
	"github.com/sekimori-dlp/sekimori/release"
	"github.com/sekimori-dlp/sekimori/rules"
)

// openFleet opens what the node keeps for the fleet, if it is in one. Nothing
// waits for the fleet's engine.
func (i *installation) openFleet(past *history.History, catalogue *destination.Catalogue, registry prometheus.Registerer) error {
	c := i.cfg
	if c.Fleet == nil {
		return nil
	}
	key, err := checkpoint.ReadLogKey(c.logKeyFile())
	if err != nil {
		return err
	}
	f, err := fleet.Open(c.Fleet.Config, fleet.Deps{
		Audit: i.audit, AuditDir: c.folder("audit"), AuditKey: key, Past: past, Releases: i.releases, Record: i.record, Log: i.log,
		Confirmed:  func(sum [32]byte, until time.Time) { i.server.Gate().TakeConfirmed(sum, until) },
		CheckRules: func(folder string) error { return i.tryFleetRules(folder, catalogue) },
		TakeRules:  func() { _ = i.rules.Reload(context.Background()) }, // told by reloaded
		Standing: func(n *fleet.Node) {
			n.Version, n.RuleSet, n.Mode = version(), i.rules.Status().Digest, i.modes.mode()
			for _, k := range i.releases.List() {
				if k.State == release.Waiting {
					n.Released++
				}
			}
		},
	})
	if err != nil {
		return fmt.Errorf("open the fleet: %w", err)
	}
	i.fleet.Store(f)
	i.closers = append(i.closers, f.Close)
	c.withFleetRules()
	registry.MustRegister(fleetMetrics{f})
	return nil
}

// tryFleetRules loads the rules as they would be with a set that the fleet was
// given.
func (i *installation) tryFleetRules(folder string, catalogue *destination.Catalogue) error {
	var paths []string
	for _, p := range i.cfg.rulePaths() {
		if p == i.cfg.fleetRules() {
			p = folder
		}
		paths = append(paths, p)
	}
	_, err := rules.Load(paths, i.cfg.ruleOptions(catalogue))
	return err
}

// runFleet begins, once the node serves.
func (i *installation) runFleet() {
	if f := i.fleet.Load(); f != nil {
		f.Run()
		i.releases.Retell()
	}
}

// joinFleet makes what the proxy works with that of the fleet.
func (i *installation) joinFleet(d *proxy.Deps) {
	f := i.fleet.Load()
	if f == nil {
		return
	}
	d.Past = f.Past()
	d.ConfirmKey, d.Confirmed = &i.cfg.Fleet.Keys.Confirm, f.Confirmed
	d.Checks = append(d.Checks,
		proxy.Check{Name: "fleet", Probe: f.Ready},
		proxy.Check{Name: "fleet-engine", Notes: true, Probe: func() error {
			if since, why := f.Away(); !since.IsZero() {
				return fmt.Errorf("away since %s, this node goes on alone: %w", since.UTC().Format(time.RFC3339), why)
			}
			return nil
		}},
		proxy.Check{Name: "fleet-rules", Notes: true, Probe: f.RulesRefused},
	)
}

// told gives the other nodes of a fleet a step of a release.
func (i *installation) told(news []byte) {
	if f := i.fleet.Load(); f != nil {
		f.Released(news)
	}
}

// nodes shows the fleet to the console.
func (i *installation) nodes() []console.Node {
	f := i.fleet.Load()
	if f == nil {
		return nil
	}
	now := time.Now()
	var all []console.Node
	for _, n := range f.Nodes() {
		all = append(all, console.Node{Name: n.Name, Own: n.Name == f.Name(), At: n.At, Silent: n.Silent(now), Away: n.Away,
			Records: n.Records, Lag: n.Lag(), Untold: n.Untold, Rules: n.RuleSet, Mode: n.Mode, Trouble: n.Trouble, Version: n.Version})
	}
	return all
}

// shipped shows the console what other nodes have shipped.
type shipped struct {
	f *fleet.Fleet

	mu sync.Mutex
	of map[string]*fleet.Records
}

// Nodes implements index.Others.
func (s *shipped) Nodes() []string { return s.f.Others() }

// Of implements index.Others.
func (s *shipped) Of(node string) index.Source { return s.records(node) }

// Get implements console.Elsewhere.
func (s *shipped) Get(node string, seq uint64) (audit.Record, bool, error) {
	return s.records(node).Get(seq)
}

func (s *shipped) records(node string) *fleet.Records {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.of[node]
	if r == nil {
		r = s.f.Records(node)
		s.of[node] = r
	}
	return r
}

// fleetMetrics tells how this node stands in the fleet, and of the others what
// it has heard.
type fleetMetrics struct{ f *fleet.Fleet }

var (
	fleetAway     = prometheus.NewDesc("sekimori_fleet_engine_away_seconds", "For how long the fleet's engine has been away; 0 while it is there.", nil, nil)
	fleetUntold   = prometheus.NewDesc("sekimori_fleet_untold_bytes", "What waits on disk to be told to the other nodes.", nil, nil)
	fleetUnkept   = prometheus.NewDesc("sekimori_fleet_unkept", "Things that the other nodes will not be told, since they could not be kept.", nil, nil)
	fleetLost     = prometheus.NewDesc("sekimori_fleet_expired_records", "Records that expired before they could be shipped.", nil, nil)
	fleetTrouble  = prometheus.NewDesc("sekimori_fleet_trouble", "1 if the last try to ship records or to tell the others failed.", nil, nil)
	fleetRules    = prometheus.NewDesc("sekimori_fleet_rules_number", "Number of the fleet's set of rules in force; 0 before the first.", nil, nil)
	fleetRefused  = prometheus.NewDesc("sekimori_fleet_rules_refused", "1 if the last set of rules was not taken in.", nil, nil)
	fleetSeen     = prometheus.NewDesc("sekimori_fleet_node_seen_seconds", "Time since a node's last heartbeat.", []string{"node"}, nil)
	fleetShipping = prometheus.NewDesc("sekimori_fleet_node_unshipped_records", "Records of a node that are not in the stream yet.", []string{"node"}, nil)
)

// Describe implements prometheus.Collector.
func (fleetMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{fleetAway, fleetUntold, fleetUnkept, fleetLost, fleetTrouble, fleetRules, fleetRefused, fleetSeen, fleetShipping} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m fleetMetrics) Collect(ch chan<- prometheus.Metric) {
	tell := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	bit := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	now := time.Now()
	for _, n := range m.f.Nodes() {
		tell(fleetSeen, now.Sub(n.At).Seconds(), n.Name)
		tell(fleetShipping, float64(n.Lag()), n.Name)
		if n.Name != m.f.Name() {
			continue
		}
		away := 0.0
		if !n.Away.IsZero() {
			away = now.Sub(n.Away).Seconds()
		}
		tell(fleetAway, away)
		tell(fleetUntold, float64(n.Untold))
		tell(fleetUnkept, float64(n.Unkept))
		tell(fleetLost, float64(n.Lost))
		tell(fleetTrouble, bit(n.Trouble != ""))
		tell(fleetRules, float64(n.Rules))
		tell(fleetRefused, bit(n.Refused != ""))
	}
}
