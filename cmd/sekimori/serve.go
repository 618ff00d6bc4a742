package main

import (
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

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/proxy"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/identity"
	"github.com/sekimori-dlp/sekimori/rules"
)

func serveCommand() *command {
	return &command{
		name: "serve", short: "run the proxy", run: runServe,
		long: `
Needs no configuration: on the first start it makes its own CA and a state
folder, and takes the built-in rules. Prints where it listens once it is ready;
logs go to standard error. SIGHUP loads the rules and accounts again (a change of
their files does so too); SIGTERM and Ctrl-C let uploads under way finish; a second one ends
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
	return errors.Join(i.serve(ctx, p), i.close())
}

// installation is everything a running proxy consists of.
type installation struct {
	cfg     *config
	log     *slog.Logger
	rules   *rules.Watcher
	who     *identity.Identifier
	audit   *audit.Log
	server  *proxy.Server
	closers []func() error

	inForce atomic.Pointer[gate.Policy]
}

// policy returns the rules in force and their scanner.
func (i *installation) policy() *gate.Policy {
	set := i.rules.Set()
	p := i.inForce.Load()
	if p == nil || p.Rules != set {
		p = &gate.Policy{Scanner: set.Scanner(), Rules: set}
		i.inForce.Store(p)
	}
	return p
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
	if i.audit, err = audit.Open(c.folder("audit"), audit.Options{SegmentBytes: c.Segment}); err != nil {
		return nil, fmt.Errorf("open the audit log: %w", err)
	}
	i.closers = append(i.closers, i.audit.Close)
	ca, err := c.openCA(true)
	if err != nil {
		return nil, fmt.Errorf("open the CA: %w", err)
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
	c.Identity.Log = i.log
	if i.who, err = identity.New(c.Identity); err != nil {
		return nil, fmt.Errorf("the accounts have faults:\n%w", err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	reloads := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sekimori_rules_reloads_total",
		Help: "Tries to load the rules, by outcome."}, []string{"outcome"})
	registry.MustRegister(reloads)
	for _, o := range []string{"ok", "failed"} {
		reloads.WithLabelValues(o)
	}
	if i.rules, err = rules.Watch(c.Rules, c.ruleOptions(catalogue), func(s rules.Status) { i.reloaded(s, reloads) }); err != nil {
		return nil, fmt.Errorf("the rules have faults:\n%w", err)
	}
	i.closers = append(i.closers, i.rules.Close)
	i.server, err = proxy.New(c.Proxy, proxy.Deps{
		Policy: i.policy,
		Audit:  i.audit, Hold: spool, Identity: i.who, Classes: catalogue, CA: ca, Log: i.log, Registry: registry,
		Checks: []proxy.Check{
			{Name: "rules", Probe: func() error { return i.rules.Status().Err }},
			{Name: "audit", Probe: i.audit.Healthy},
			{Name: "ca", Probe: ca.Healthy},
			{Name: "accounts", Probe: i.who.Healthy},
			{Name: "hold", Probe: spool.Healthy},
		},
	})
	if err != nil {
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
		ev.Reason = s.Err.Error()
		i.log.Error("rules not loaded; the last good ones stay in force", "error", s.Err, "digest", s.Digest)
	} else {
		reloads.WithLabelValues("ok").Inc()
		i.log.Info("rules loaded", "digest", s.Digest)
	}
	i.record(ev)
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
	front, err := net.Listen("tcp", i.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen for clients: %w", err)
	}
	back, err := net.Listen("tcp", i.cfg.Admin)
	if err != nil {
		front.Close()
		return fmt.Errorf("listen for the admin address: %w", err)
	}
	admin := &http.Server{Handler: i.server.Admin(front.Addr().String()), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	failed := make(chan error, 2)
	go func() { failed <- i.server.Serve(front) }()
	go func() {
		if err := admin.Serve(back); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve the admin address: %w", err)
		}
	}()
	tuneCollector()
	i.record(audit.Event{Kind: "start", Time: time.Now(), RuleSet: i.rules.Status().Digest, Reason: version()})
	i.greet(p.stdout, front.Addr(), back.Addr())

	heal := time.NewTicker(5 * time.Second)
	defer heal.Stop()
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, reloadSignals...)
	defer signal.Stop(hangup)
	for {
		select {
		case <-hangup:
			_ = i.rules.Reload(ctx) // told by reloaded
			if err := i.who.Reload(); err != nil {
				i.log.Error("accounts not loaded; the last good ones stay in force", "error", err)
			}
			continue
		case <-heal.C:
			i.heal(ctx)
			continue
		case err = <-failed:
		case <-ctx.Done():
		}
		break
	}
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
	if e := i.server.Shutdown(end); e != nil {
		i.log.Warn("uploads were cut off", "error", e)
	}
	_ = admin.Close()
	i.record(audit.Event{Kind: "stop", Time: time.Now()})
	return err
}

// greet tells a newcomer where everything is.
func (i *installation) greet(w io.Writer, front, back net.Addr) {
	n := len(i.rules.Set().List())
	caFile := i.cfg.CACert
	if caFile == "" {
		caFile = filepath.Join(i.cfg.folder("ca"), "ca.pem")
	}
	fmt.Fprintf(w, "proxy: http://%s\n", front)
	fmt.Fprintf(w, "admin: http://%s  (health, metrics, PAC file, CA certificate)\n", back)
	fmt.Fprintf(w, "rules: %d in force%s\n", n, with(" from the built-in set and ", paths(i.cfg.Rules)))
	if i.cfg.Identity.Anonymous == "allow" {
		fmt.Fprintln(w, "users: anyone may use it; set auth.htpasswd to ask for accounts")
	}
	fmt.Fprintf(w, "try:   curl -x http://%s --cacert %s -d hello https://%s/\n", front, caFile, proxy.TryHost)
}

func paths(p []string) string {
	switch len(p) {
	case 0:
		return ""
	case 1:
		return p[0]
	}
	return fmt.Sprintf("%s and %d more", p[0], len(p)-1)
}
