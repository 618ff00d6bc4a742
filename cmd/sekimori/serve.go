package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/proxy/destination"
	"github.com/sekimori-dlp/sekimori/proxy/door"
	"github.com/sekimori-dlp/sekimori/proxy/intercept"
	"github.com/sekimori-dlp/sekimori/rules"
)

func serveCommand() *command {
	return &command{
		name: "serve", short: "run the proxy", run: runServe,
		long: `
Needs no configuration: on the first start it makes its own CA and a state
folder, and takes the built-in rules. Prints where it listens once it is ready;
logs go to standard error. SIGHUP loads listeners, rules, accounts and lists again
(a change of the files of rules and accounts does so too); SIGTERM and Ctrl-C let
uploads under way finish; a second one ends at once.`,
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

// reloaded tells the log, the record and the metrics how a load of the rules
// went.
func (i *installation) reloaded(s rules.Status, reloads *prometheus.CounterVec) {
	ev := audit.Event{Kind: "reload", Time: time.Now(), RuleSet: s.Digest}
	if s.Err != nil {
		reloads.WithLabelValues("failed").Inc()
		ev.Action, ev.Severity, ev.Reason = "failed", "high", s.Err.Error()
		told := "rules not loaded; the last good ones stay in force"
		if s.Digest == "" { // at the start there are none
			told = "rules not loaded"
		}
		i.log.Error(told, "error", s.Err, "digest", s.Digest)
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
	log.SetFlags(0)
	log.SetOutput(libraries{i.log})
	admin := &http.Server{Handler: i.admin(i.advertised), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute,
		WriteTimeout: 15 * time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
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
	i.clocks.look()
	i.record(audit.Event{Kind: "start", Time: time.Now(), RuleSet: i.rules.Status().Digest, Reason: version(),
		Details: map[string]string{"ca": i.ca.Load().Fingerprint()}})
	i.noticeAll()
	i.outlets.start()
	i.runFleet()
	if i.runAlarms != nil {
		i.runAlarms()
	}
	i.noticeEvidence()
	i.openReports()
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
			_ = i.look() // told by itself
			i.clocks.look()
			continue
		case <-heal.C:
			i.heal(ctx)
			i.noticeAccounts()
			continue
		case err = <-failed:
		case <-ctx.Done():
		}
		break
	}
	i.ending.Store(true)
	notify(daemon.SdNotifyStopping)
	again := make(chan os.Signal, 1)
	signal.Notify(again, os.Interrupt)
	defer signal.Stop(again)
	hurry := false
	if err == nil && i.cfg.Leave > 0 {
		i.log.Info("about to end; clients are still taken until load balancers have seen it", "for", i.cfg.Leave.String())
		select {
		case <-time.After(i.cfg.Leave):
		case <-again:
			hurry = true
		}
	}
	i.log.Info("ending; uploads under way may finish", "within", i.cfg.Shutdown.String())
	end, cancel := context.WithTimeout(context.Background(), i.cfg.Shutdown)
	defer cancel()
	if hurry {
		cancel()
	}
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

// staying tells a load balancer in time that the proxy is about to end.
func (i *installation) staying() error {
	if i.ending.Load() {
		return errors.New("it was told to end")
	}
	return nil
}

// notify tells the service manager, where there is one, how it stands.
func notify(state string) { _, _ = daemon.SdNotify(false, state) }
