package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/sekimori-dlp/sekimori/alarm"
	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console"
	"github.com/sekimori-dlp/sekimori/fleet"
	"github.com/sekimori-dlp/sekimori/proxy"
	"github.com/sekimori-dlp/sekimori/proxy/destination"
	"github.com/sekimori-dlp/sekimori/proxy/door"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/icap"
	"github.com/sekimori-dlp/sekimori/proxy/identity"
	"github.com/sekimori-dlp/sekimori/proxy/intercept"
	"github.com/sekimori-dlp/sekimori/proxy/milter"
	"github.com/sekimori-dlp/sekimori/proxy/smtp"
	"github.com/sekimori-dlp/sekimori/release"
	"github.com/sekimori-dlp/sekimori/rules"
)

func serveCommand() *command {
	return &command{
		name: "serve", short: "run the proxy", run: runServe,
		long: `
Needs no configuration: on the first start it makes its own CA and a state
folder, and takes the built-in rules. Prints where it listens once it is ready;
logs go to standard error. SIGHUP loads listeners, rules, accounts and lists again (a
change of the files of rules and accounts does so too); SIGTERM and Ctrl-C let uploads under way finish; a second one ends
at once.`,
	}
}

func runServe(ctx context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	file := f.String("config", "", "the configuration `FILE`, see docs/configuration.md")
	data := f.String("data", "", "the state `FOLDER` (default "+defaultData+")")
	listen := f.String("listen", "", "where clients connect, `HOST:PORT` (default "+defaultProxy+")")
	admin := f.String("admin", "", "health, metrics, PAC file and CA certificate, `HOST:PORT` (default "+defaultAdmin+")")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	cfg, err := loadConfig(*file)
	if err != nil {
		return err
	}
	for _, o := range []struct{ from, to *string }{{data, &cfg.Data}, {listen, &cfg.Listen}, {admin, &cfg.Admin}} {
		if *o.from != "" {
			*o.to = *o.from
		}
	}
	i, err := cfg.install(p.stderr)
	if err != nil {
		return err
	}
	i.listen = *listen
	return errors.Join(i.serve(ctx, p), i.close())
}

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
		g = &generation{set, mode, gate.Policy{Scanner: set.Scanner(), Rules: under(mode, set)}}
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
	deps := proxy.Deps{
		Releases: i.releases, Pieces: uploads, Past: past, PersonKey: personKey,
		Policy: i.policy, Access: access, Traces: i.openTraces(registry), Halted: i.modes.halted,
		Audit: i.audit, Hold: spool, Identity: i.who, Classes: i.classes, CA: ca, Log: i.log, Registry: registry,
		Checks: []proxy.Check{
			{Name: "rules", Probe: func() error { return i.rules.Status().Err }},
			{Name: "running", Probe: i.staying},
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
	i.joinFleet(&deps)
	i.server, err = proxy.New(c.Proxy, deps)
	if err != nil {
		return nil, err
	}
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

// reloaded tells the log, the record and the metrics how a load of the rules
// went.
func (i *installation) reloaded(s rules.Status, reloads *prometheus.CounterVec) {
	ev := audit.Event{Kind: "reload", Time: time.Now(), RuleSet: s.Digest}
	if s.Err != nil {
		reloads.WithLabelValues("failed").Inc()
		ev.Action, ev.Severity, ev.Reason = "failed", "high", s.Err.Error()
		i.log.Error("rules not loaded; the last good ones stay in force", "error", s.Err, "digest", s.Digest)
	} else {
		reloads.WithLabelValues("ok").Inc()
		i.log.Info("rules loaded", "digest", s.Digest)
	}
	i.record(ev)
	if s.Err == nil && i.noticing.Load() {
		i.noticeRules()
	}
}

// reconfigure reads the configuration again and puts in force what can be
// without a restart: the listeners, the bypass list, the limits on sites, the ways
// to origins, the catalogue of services and the CA. It is all or nothing.
func (i *installation) reconfigure(ctx context.Context, failed chan<- error) {
	if i.cfg.file == "" {
		return
	}
	fresh, err := loadConfig(i.cfg.file)
	var ways turnover
	var catalogue *destination.Catalogue
	var ca *intercept.CA
	if err == nil {
		catalogue, err = fresh.catalogue()
	}
	if err == nil {
		ca, err = fresh.openCA(false)
	}
	if err == nil {
		fresh.Listen = cmp.Or(i.listen, fresh.Listen)
		ways, err = i.turnOver(ctx, fresh)
	}
	if err == nil {
		if err = i.server.Reconfigure(fresh.Proxy); err != nil {
			ways.drop()
		}
	}
	if err == nil {
		err = i.take(ways, failed)
	}
	if err != nil {
		i.log.Error("configuration not loaded; the last good one stays in force", "error", err)
		i.record(audit.Event{Kind: "reload", Time: time.Now(), Action: "failed", Severity: "high", Reason: "configuration not loaded: " + err.Error()})
		return
	}
	i.classes.Store(catalogue)
	if old := i.ca.Swap(ca); old.Fingerprint() != ca.Fingerprint() || !old.Certificate().Equal(ca.Certificate()) {
		i.server.UseCA(ca)
		i.log.Warn("another CA signs from now on", "fingerprint", ca.Fingerprint())
		i.record(audit.Event{Kind: "ca", Details: map[string]string{"what": "in force", "fingerprint": ca.Fingerprint()}})
	}
	i.log.Info("listeners, bypass list, limits on sites, ways to origins, catalogue and CA loaded")
	if keys := i.cfg.cold(fresh); len(keys) > 0 {
		i.log.Warn("changed, but in force after a restart only", "keys", keys)
	}
	if now := i.fronts[0].Addr().String(); now != i.advertised && len(i.cfg.Proxy.PAC.Proxies) == 0 {
		i.log.Warn("the PAC file goes on naming the first listener of the start until a restart", "names", i.advertised, "first", now)
	}
	i.record(audit.Event{Kind: "reload", Time: time.Now(), RuleSet: i.rules.Status().Digest, Reason: "bypass list and sites: " + fresh.lists(),
		Details: map[string]string{"listeners": i.listing()}})
}

// record appends an event that is no decision. Its failure shows in readiness
// and stops every decision, so here it is only logged.
func (i *installation) record(ev audit.Event) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := i.audit.Append(ctx, ev); err != nil {
		i.log.Error("audit record not written", "kind", ev.Kind, "error", err)
	}
}

// heal takes the audit log back into use once there is room on the disk again;
// until then nothing is let out.
func (i *installation) heal(ctx context.Context) {
	if i.audit.Healthy() == nil {
		return
	}
	if err := i.audit.Reopen(ctx); err != nil {
		i.log.Error("the audit log cannot be written; nothing is let out", "error", err)
		return
	}
	i.log.Warn("the audit log is written again")
}

// serve listens, tells where, and runs until ctx is done.
func (i *installation) serve(ctx context.Context, p *program) error {
	ways, err := i.turnOver(ctx, i.cfg)
	if err != nil {
		return err
	}
	fronts := ways.all
	backs, err := door.Options{Address: i.cfg.Admin}.Listen(ctx)
	if err != nil {
		ways.drop()
		return fmt.Errorf("listen for the admin address: %w", err)
	}
	front, back := fronts[0], backs[0]
	i.advertised = front.Addr().String()
	if help := i.help(fronts[0]); i.cfg.Help != "" {
		ls, err := door.Options{Address: i.cfg.Help}.Listen(ctx)
		if err != nil {
			return fmt.Errorf("listen for the help address: %w", err)
		}
		defer help.Close()
		for _, l := range ls {
			go help.Serve(l) //nolint:errcheck // ends with Close
		}
	}
	admin := &http.Server{Handler: i.admin(i.advertised), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	failed := make(chan error, len(fronts)+1)
	if err := i.take(ways, failed); err != nil {
		return err
	}
	go func() {
		if err := admin.Serve(back); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve the admin address: %w", err)
		}
	}()
	if err := i.serveSMTP(ctx, p, failed); err != nil {
		return err
	}
	if err := i.serveMilter(ctx, p, failed); err != nil {
		return err
	}
	if err := i.serveICAP(ctx, p, failed); err != nil {
		return err
	}
	i.look()
	i.clocks.look()
	i.record(audit.Event{Kind: "start", Time: time.Now(), RuleSet: i.rules.Status().Digest, Reason: version()})
	i.noticeAll()
	i.outlets.start()
	i.runFleet()
	if i.runAlarms != nil {
		i.runAlarms()
	}
	i.noticeEvidence()
	// Before anybody is told that the proxy is there: nobody has to wait until it
	// knows the signal.
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, reloadSignals...)
	defer signal.Stop(hangup)
	i.greet(p.stdout, fronts, back.Addr())
	notify(daemon.SdNotifyReady)

	heal := time.NewTicker(5 * time.Second)
	defer heal.Stop()
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		select {
		case <-hangup:
			_ = i.rules.Reload(ctx) // told by reloaded
			i.reconfigure(ctx, failed)
			i.turnAccess()
			i.noticeConfig()
			if err := i.who.Reload(); err != nil {
				i.log.Error("accounts not loaded; the last good ones stay in force", "error", err)
				i.record(audit.Event{Kind: "reload", Action: "failed", Severity: "high", Reason: "accounts not loaded: " + err.Error()})
			} else {
				i.record(audit.Event{Kind: "reload", Reason: "accounts loaded"})
			}
			continue
		case <-look.C:
			i.look()
			i.clocks.look()
			continue
		case <-heal.C:
			i.heal(ctx)
			continue
		case err = <-failed:
		case <-ctx.Done():
		}
		break
	}
	i.ending.Store(true)
	notify(daemon.SdNotifyStopping)
	i.log.Info("ending; uploads under way may finish", "within", i.cfg.Shutdown.String())
	end, cancel := context.WithTimeout(context.Background(), i.cfg.Shutdown)
	defer cancel()
	again := make(chan os.Signal, 1)
	signal.Notify(again, os.Interrupt)
	defer signal.Stop(again)
	go func() {
		select {
		case <-again:
			cancel()
		case <-end.Done():
		}
	}()
	if i.icap != nil {
		if e := i.icap.Shutdown(end); e != nil {
			i.log.Warn("ICAP requests were cut off", "error", e)
		}
	}
	if i.milter != nil {
		if e := i.milter.Shutdown(end); e != nil {
			i.log.Warn("messages were cut off; their mail servers will ask again", "error", e)
		}
	}
	if i.smtp != nil {
		if e := i.smtp.Shutdown(end); e != nil {
			i.log.Warn("mail was cut off; its senders will try again", "error", e)
		}
	}
	if e := i.server.Shutdown(end); e != nil {
		i.log.Warn("uploads were cut off", "error", e)
	}
	_ = admin.Close()
	i.record(audit.Event{Kind: "stop", Time: time.Now()})
	return err
}

// help serves what everybody inside may see.
func (i *installation) help(front opened) *http.Server {
	at := front.Addr().String()
	if front.scheme() == "https" {
		at = "https://" + at
	}
	return &http.Server{Handler: i.server.Help(at), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10}
}

// shared records an account that seems to be used by many.
func (i *installation) shared(user string, addresses int) {
	i.alarms.Inc()
	i.record(audit.Event{Kind: "alarm", Time: time.Now(), User: user, Reason: fmt.Sprintf("the account came from %d addresses within the time set", addresses)})
}

// greet tells a newcomer where everything is.
func (i *installation) greet(w io.Writer, fronts []opened, back net.Addr) {
	n := len(i.rules.Set().List())
	caFile := i.cfg.CACert
	if caFile == "" {
		caFile = filepath.Join(i.cfg.folder("ca"), "ca.pem")
	}
	for _, f := range fronts {
		fmt.Fprintf(w, "proxy: %s://%s%s\n", f.scheme(), f.Addr(), i.named(f.door))
	}
	front := fronts[0].Addr()
	fmt.Fprintf(w, "admin: http://%s  (health, metrics, PAC file, CA certificate)\n", back)
	i.greetOfficers(w, back)
	fmt.Fprintf(w, "rules: %d in force%s\n", n, with(" from the built-in set and ", paths(i.cfg.Rules)))
	if i.cfg.Identity.Anonymous == "allow" {
		fmt.Fprintln(w, "users: anyone may use it; set auth.htpasswd to ask for accounts")
	}
	fmt.Fprintf(w, "try:   curl -x http://%s --cacert %s -d hello https://%s/\n", front, caFile, proxy.TryHost)
}

// named tells a listener's name where there are several.
func (i *installation) named(d *proxy.Door) string {
	if len(i.cfg.Listeners) == 0 {
		return ""
	}
	return "  (" + d.Name + ")"
}

// staying tells a load balancer in time that the proxy is about to end.
func (i *installation) staying() error {
	if i.ending.Load() {
		return errors.New("it was told to end")
	}
	return nil
}

// notify tells the service manager, where there is one, how it stands.
func notify(state string) { _, _ = daemon.SdNotify(false, state) }

func paths(p []string) string {
	switch len(p) {
	case 0:
		return ""
	case 1:
		return p[0]
	}
	return fmt.Sprintf("%s and %d more", p[0], len(p)-1)
}
