package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/sekimori-dlp/sekimori/alarm"
	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console"
	"github.com/sekimori-dlp/sekimori/fleet"
	"github.com/sekimori-dlp/sekimori/proxy"
	"github.com/sekimori-dlp/sekimori/proxy/destination"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/icap"
	"github.com/sekimori-dlp/sekimori/proxy/identity"
	"github.com/sekimori-dlp/sekimori/proxy/intercept"
	"github.com/sekimori-dlp/sekimori/proxy/milter"
	"github.com/sekimori-dlp/sekimori/proxy/smtp"
	"github.com/sekimori-dlp/sekimori/proxy/trace"
	"github.com/sekimori-dlp/sekimori/release"
	"github.com/sekimori-dlp/sekimori/rules"
)

// installation is everything a running proxy consists of.
type installation struct {
	cfg       *config
	log       *slog.Logger
	rules     *rules.Watcher
	who       *identity.Identifier
	classes   *destination.Current
	ca        atomic.Pointer[intercept.CA]
	audit     *audit.Log
	outlets   *outlets
	server    *proxy.Server
	console   *console.Console // nil if there is none
	releases  *release.Store
	fleet     atomic.Pointer[fleet.Fleet] // nil if there is none
	alerts    *alarm.Alarms               // nil if there are none
	runAlarms func()                      // nil if there are none
	smtp      *smtp.Server                // nil if there is none
	icap      *icap.Server                // nil if there is none
	milter    *milter.Server              // nil if there is none
	traces    *trace.Tracer               // nil if nothing is traced
	modes     *switchboard
	clocks    *clocks
	ending    atomic.Bool        // it was told to end
	turn      func() error       // opens the access log's file anew; nil if there is none
	alarms    prometheus.Counter // of shared accounts
	closers   []func() error
	fronts    []opened // where clients connect
	listen    string   // the address that the command line gives; "" for none
	// advertised is the address that the PAC file names by default.
	advertised string
	// noticing: changes of the rules are recorded with their difference.
	noticing atomic.Bool
	// accountsSeen is how the files of accounts were when they were last looked at.
	accountsSeen string

	inForce atomic.Pointer[generation]
}

// generation is a set of rules, the mode it is under, and what comes of both.
type generation struct {
	set    *rules.Set
	mode   string
	policy gate.Policy
}

// policy returns the rules in force and their scanner.
func (i *installation) policy() *gate.Policy {
	set, mode := i.rules.Set(), i.modes.mode()
	g := i.inForce.Load()
	if g == nil || g.set != set || g.mode != mode {
		g = &generation{set, mode, gate.Policy{Scanner: set.Scanner(), Rules: under(mode, set), Streams: set}}
		i.inForce.Store(g)
	}
	return &g.policy
}

func (i *installation) close() error {
	var errs []error
	for k := len(i.closers) - 1; k >= 0; k-- {
		errs = append(errs, i.closers[k]())
	}
	return errors.Join(errs...)
}

// install opens the state folder and wires the rooms. What was opened is closed
// again if it fails.
func (c *config) install(logTo io.Writer) (_ *installation, err error) {
	i := &installation{cfg: c, log: c.logger(logTo)}
	defer func() {
		if err != nil {
			_ = i.close()
		}
	}()
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the state folder: %w", err)
	}
	// First the log: it also keeps a second proxy out of the same folder.
	if i.audit, err = c.openAudit(i.log); err != nil {
		return nil, err
	}
	i.closers = append(i.closers, i.audit.Close)
	_, noCA := c.openCA(false)
	ca, err := c.openCA(true)
	if err != nil {
		return nil, fmt.Errorf("open the CA: %w", err)
	}
	if noCA != nil {
		i.record(audit.Event{Kind: "ca", Details: map[string]string{"what": "made", "fingerprint": ca.Fingerprint()}})
	}
	if c.Fleet != nil {
		if err := c.loadFleetKeys(); err != nil {
			return nil, err
		}
	}
	if c.Hold.DigestKey, err = c.key("content"); err != nil {
		return nil, err
	}
	if c.Hold.Dir == "" {
		c.Hold.Dir = c.folder("spool")
	}
	spool, err := hold.Open(c.Hold)
	if err != nil {
		return nil, fmt.Errorf("open the spool: %w", err)
	}
	catalogue, err := c.catalogue()
	if err != nil {
		return nil, err
	}
	i.classes = new(destination.Current)
	i.classes.Store(catalogue)
	i.ca.Store(ca)
	healthyCA := func() error { return i.ca.Load().Healthy() }
	c.Identity.Log = i.log
	c.Identity.OnShared = i.shared
	if i.who, err = identity.New(c.Identity); err != nil {
		return nil, fmt.Errorf("the accounts have faults:\n%w", err)
	}
	registry := prometheus.NewRegistry()
	i.modes = newSwitchboard(registry)
	i.clocks = newClocks(registry, i.clockSet)
	i.alarms = prometheus.NewCounter(prometheus.CounterOpts{Name: "sekimori_shared_accounts_total",
		Help: "Alarms about accounts that came from too many addresses at once."})
	registry.MustRegister(i.alarms)
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if i.outlets, err = c.openOutlets(i.audit, i.record, registry); err != nil {
		return nil, err
	}
	i.closers = append(i.closers, i.outlets.close)
	reloads := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sekimori_rules_reloads_total",
		Help: "Tries to load the rules, by outcome."}, []string{"outcome"})
	registry.MustRegister(reloads)
	for _, o := range []string{"ok", "failed"} {
		reloads.WithLabelValues(o)
	}
	if err := i.isolateReaders(registry); err != nil {
		return nil, err
	}
	if err := c.makeConsoleRules(); err != nil {
		return nil, err
	}
	past, personKey, err := i.openHistory()
	if err != nil {
		return nil, err
	}
	if i.releases, err = i.openReleases(); err != nil {
		return nil, err
	}
	if err := i.openFleet(past, catalogue, registry); err != nil {
		return nil, err
	}
	if i.rules, err = rules.Watch(c.rulePaths(), c.ruleOptions(i.classes), func(s rules.Status) { i.reloaded(s, reloads) }); err != nil {
		return nil, fmt.Errorf("the rules have faults:\n%w", err)
	}
	i.closers = append(i.closers, i.rules.Close)
	if err := i.openAlarms(registry); err != nil {
		return nil, err
	}
	kept, err := i.openEvidence()
	if err != nil {
		return nil, err
	}
	uploads, err := i.openPieces(registry)
	if err != nil {
		return nil, err
	}
	access, err := i.openAccess(logTo)
	if err != nil {
		return nil, err
	}
	i.traces = i.openTraces(registry)
	deps := proxy.Deps{
		Releases: i.releases, Pieces: uploads, Past: past, PersonKey: personKey,
		Policy: i.policy, Access: access, Traces: i.traces, Halted: i.modes.halted,
		Audit: i.audit, Hold: spool, Identity: i.who, Classes: i.classes, CA: ca, Log: i.log, Registry: registry,
		Checks: []proxy.Check{
			{Name: "rules", Probe: func() error { return i.rules.Status().Err }},
			{Name: "running", Probe: i.staying, Leaves: true},
			{Name: "audit", Probe: i.audit.Healthy},
			{Name: "ca", Probe: healthyCA},
			{Name: "accounts", Probe: i.who.Healthy},
			{Name: "hold", Probe: spool.Healthy},
			{Name: "history", Probe: past.Healthy},
		},
	}
	if kept != nil {
		deps.Evidence = kept
	}
	confirmKey, err := c.key("confirm")
	if err != nil {
		return nil, err
	}
	deps.ConfirmKey, deps.ConfirmFile = (*[32]byte)(confirmKey), c.folder("confirmed")
	i.joinFleet(&deps)
	i.server, err = proxy.New(c.Proxy, deps)
	if err != nil {
		return nil, err
	}
	i.closers = append(i.closers, i.server.Gate().Close)
	if err := i.openSMTP(spool, i.classes, ca, registry); err != nil {
		return nil, err
	}
	if err := i.openMilter(spool, i.classes, registry); err != nil {
		return nil, err
	}
	if err := i.openICAP(registry); err != nil {
		return nil, err
	}
	if err := i.openConsole(catalogue, registry, console.Check{Name: "ca", Probe: healthyCA}, console.Check{Name: "hold", Probe: spool.Healthy}); err != nil {
		return nil, err
	}
	// Before anything is served: a switch that was set outlives a restart.
	if err := i.look(); err != nil {
		return nil, fmt.Errorf("read the mode: %w; remove that file for %q", err, modeEnforce)
	}
	return i, nil
}

func (c *config) logger(w io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogText {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}

// key reads a secret of the installation, made on first use. It keys digests,
// so that they can be compared only here.
func (c *config) key(name string) ([]byte, error) {
	if key := c.sharedKey(name); key != nil {
		return key, nil
	}
	path := filepath.Join(c.folder("keys"), name)
	key, err := os.ReadFile(path)
	switch {
	case err == nil && len(key) == 32:
		return key, nil
	case err == nil:
		return nil, fmt.Errorf("read the key %s: it has %d bytes instead of 32", path, len(key))
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read the key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the key folder: %w", err)
	}
	key = make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	if err := os.WriteFile(path, key, 0o600); err != nil {
		return nil, fmt.Errorf("write the key: %w", err)
	}
	return key, nil
}
