package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/audit/report"
	"github.com/sekimori-dlp/sekimori/console"
	"github.com/sekimori-dlp/sekimori/console/page"
	"github.com/sekimori-dlp/sekimori/evidence"
	"github.com/sekimori-dlp/sekimori/fleet"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
	"github.com/sekimori-dlp/sekimori/proxy/destination"
	"github.com/sekimori-dlp/sekimori/rules"
)

// rawConsole is [console] as it stands.
type rawConsole struct {
	Enabled  *bool             `toml:"enabled"`
	Origin   string            `toml:"origin"`
	Accounts map[string]string `toml:"accounts"`
	OIDC     *rawOIDC          `toml:"oidc"`
}

// consoleConfig is where officers look at what happened.
type consoleConfig struct {
	Off      bool
	Origin   string
	Accounts map[string]string // by which account the proxy knows an officer
	OIDC     *oidcConfig       // nil: log-ins by the console's own accounts only
}

func (r *rawConsole) check(n tomlfile.Node, path func(string) string, report tomlfile.Report) consoleConfig {
	c := consoleConfig{Off: r.Enabled != nil && !*r.Enabled, Origin: strings.TrimSuffix(r.Origin, "/"), Accounts: r.Accounts}
	seen := map[string]bool{}
	for officer, user := range r.Accounts {
		if officer == "" || user == "" {
			report(n.Key("accounts").Pos(), "console.accounts: a name is empty; write such as { \"sato.k\" = \"sato\" }")
		}
		if low := strings.ToLower(officer); seen[low] {
			report(n.Key("accounts").Pos(), "console.accounts: %q stands twice, as small and capital letters are the same; leave one out", officer)
		} else {
			seen[low] = true
		}
	}
	if c.Origin != "" {
		u, err := url.Parse(c.Origin)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
			report(n.Key("origin").Pos(), "console.origin: %q is no origin; write such as \"https://dlp.example.co.jp\"", r.Origin)
		}
	}
	if r.OIDC != nil {
		c.OIDC = r.OIDC.check(n.Key("oidc"), c.Origin, path, report)
	}
	return c
}

// consoleRules is the folder of the rules that are changed on the console.
func (c *config) consoleRules() string { return c.folder("rules") }

// rulePaths are the configured rules and, where there is a console, its own.
func (c *config) rulePaths() []string {
	if c.Console.Off {
		return c.Rules
	}
	return append(slices.Clone(c.Rules), c.consoleRules())
}

// openConsole makes the console, if there is to be one.
func (i *installation) openConsole(catalogue *destination.Catalogue, registry *prometheus.Registry, checks ...console.Check) error {
	if i.cfg.Console.Off {
		return nil
	}
	checks = append([]console.Check{
		{Name: "rules", Probe: func() error { return i.rules.Status().Err }},
		{Name: "audit", Probe: i.audit.Healthy},
		{Name: "accounts", Probe: i.who.Healthy},
	}, checks...)
	cfg := console.Config{
		Dir: i.cfg.folder("console"), RuleDir: i.cfg.consoleRules(), Origin: i.cfg.Console.Origin,
		Record: &reader{dir: i.cfg.folder("audit"), log: i.audit, check: i.check}, Recorder: i.audit, History: i.cfg.folder("history"),
		Rules:    &judges{cfg: i.cfg, watcher: i.rules, catalogue: catalogue},
		Releases: i.releases, Links: i.cfg.Release.links, Groups: i.who.Groups,
		Checks: checks, Nodes: i.nodes, Metrics: registry, Integrity: i.integrity, Log: i.log, Version: version(),
		Accounts: i.cfg.Console.Accounts, Installation: i.standing,
		Report: i.makeReport,
		Evidence: func(incident string) (int64, time.Time, bool) {
			e, ok := evidence.Stat(i.cfg.evidenceDir(), incident)
			return e.Bytes, e.Kept, ok
		},
	}
	if i.alerts != nil {
		cfg.Alarms = i.alerts
	}
	if f := i.fleet.Load(); f != nil {
		cfg.Node, cfg.Elsewhere = f.Name(), &shipped{f: f, of: map[string]*fleet.Records{}}
	}
	if o := i.cfg.Console.OIDC; o != nil {
		directory, err := o.open()
		if err != nil {
			return err
		}
		cfg.Directory = directory
	}
	c, err := console.New(cfg)
	if err != nil {
		return err
	}
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "sekimori_console_index_lag_records",
		Help: "Records that the console's pages do not show yet."}, func() float64 { return float64(c.Behind()) }))
	c.Run()
	i.console = c
	i.closers = append(i.closers, c.Close)
	return nil
}

// admin is what the admin address serves.
func (i *installation) admin(advertise string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", i.server.Admin(advertise))
	if i.console == nil {
		mux.HandleFunc("/console/", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "the console is switched off (console.enabled)", http.StatusNotFound)
		})
		return mux
	}
	mux.Handle("/console", i.console)
	mux.Handle("/console/", i.console)
	return mux
}

// greetOfficers tells where the console is and, as long as it has fewer than
// two operators, the link that makes one.
func (i *installation) greetOfficers(w interface{ Write([]byte) (int, error) }, back net.Addr) {
	if i.console == nil {
		return
	}
	base := "http://" + back.String()
	fmt.Fprintf(w, "console: %s/console/\n", cmp.Or(i.cfg.Console.Origin, base))
	file := filepath.Join(i.cfg.folder("console"), "first-account")
	switch link, err := i.console.Found(file, base); {
	case err != nil:
		i.log.Error("no link for a first account of the console", "error", err)
	case link != "":
		fmt.Fprintf(w, "first account: %s  (works once, for 72 hours; also in %s)\n", link, file)
	}
}

// integrity tells of the record what a verification does not.
func (i *installation) integrity(lang string) (points []console.Point) {
	point := func(ja, en, value, detailJa, detailEn string) {
		p := console.Point{Name: en, Value: value, Detail: detailEn}
		if lang == "ja" {
			p.Name, p.Detail = ja, detailJa
		}
		points = append(points, p)
	}
	if last := i.audit.Checkpoint(); last != nil {
		n := page.Number(int64(last.Size))
		point("最後のチェックポイント", "Last checkpoint", last.Time.Local().Format(time.TimeOnly),
			fmt.Sprintf("第%d号、%s件まで", last.Number, n), fmt.Sprintf("no. %d over %s records", last.Number, n))
	}
	for _, w := range i.witnesses() {
		value := "–"
		if !w.At.IsZero() {
			value = w.At.Local().Format(time.TimeOnly)
		}
		ja, en := w.Name+" の連署", "cosigned by "+w.Name
		if w.Err != nil {
			ja, en = w.Name+" と連絡が取れないか、一致しません", w.Name+" does not answer or does not agree"
		}
		point("証人", "Witness", value, ja, en)
	}
	return points
}

// makeReport counts a time, as far as it is over, after a checkpoint over all of
// it: the sample is drawn by that.
func (i *installation) makeReport(p report.Period, sample int) (*report.Report, error) {
	if now := time.Now(); p.To.After(now) {
		p.To = now
	}
	ctx, cancel := context.WithTimeout(context.Background(), recordTime)
	defer cancel()
	if err := i.audit.CheckpointNow(ctx); err != nil {
		return nil, fmt.Errorf("make a checkpoint for the report: %w", err)
	}
	return report.Make(i.cfg.folder("audit"), p, sample)
}

// witnesses tells how those stand that cosign the record.
func (i *installation) witnesses() (all []console.Witness) {
	for _, w := range i.outlets.witnesses {
		s := w.Status()
		all = append(all, console.Witness{Name: s.Name, At: s.At, Err: s.Err})
	}
	return all
}

// check is a verification of the record with the node's key and what the
// witnesses have cosigned.
func (i *installation) check() (audit.Check, error) {
	c := audit.Check{Heartbeat: i.cfg.Audit.Options.Heartbeat, Now: time.Now()}
	key, err := logKey(i.cfg, "")
	if err != nil {
		return c, err
	}
	if key != nil {
		c.Keys = append(c.Keys, key)
	}
	for _, w := range i.outlets.witnesses {
		if s := w.Status(); !s.At.IsZero() {
			c.Outside = append(c.Outside, s.Cosigned)
		}
	}
	return c, nil
}

// standing is what the checklist asks of the installation.
func (i *installation) standing() console.Installation {
	c := i.cfg
	s := console.Installation{
		Mode: i.modes.mode(), Anonymous: c.Identity.Anonymous == "allow", Shared: c.Identity.Shared.Addresses > 0,
		Only: len(c.Proxy.Sites.Only) > 0, Mail: c.SMTP != nil, Managers: len(c.Release.managers), Witnesses: i.witnesses(),
		Exports: len(c.Audit.Exports), Keep: c.Audit.Options.Keep, Alarms: len(c.Alarms.rules), Outside: len(c.Alarms.to),
		Evidence: len(c.Evidence.Recipients), TLS: strings.HasPrefix(c.Console.Origin, "https://"),
		Bypass: len(c.Proxy.Intercept.Entries) + len(c.Proxy.Intercept.Bypass), Unowned: len(c.Proxy.Intercept.Bypass),
	}
	for name, has := range map[string]bool{"htpasswd": c.Identity.Htpasswd != "", "LDAP": c.Identity.LDAP != nil, "Kerberos": c.Identity.Kerberos != nil} {
		if has {
			s.LogIns = append(s.LogIns, name)
		}
	}
	slices.Sort(s.LogIns)
	for _, l := range c.Listeners {
		s.Anonymous = s.Anonymous || l.anonymous == "allow"
	}
	return s
}

// reader shows the record to the console.
type reader struct {
	dir string
	log *audit.Log
	// check is what a verification takes beside the log itself.
	check func() (audit.Check, error)

	mu   sync.Mutex
	left *audit.Follower // where the last Read ended
	next uint64          // the record that left would give
}

// Acknowledged implements index.Source.
func (r *reader) Acknowledged() uint64 { return r.log.Acknowledged() }

// Read implements index.Source; see audit.Follower.Lean.
func (r *reader) Read(from uint64, fn func(audit.Record) error) error {
	r.mu.Lock()
	f := r.left
	if r.left = nil; f != nil && r.next != from {
		f.Close()
		f = nil
	}
	r.mu.Unlock()
	if f == nil {
		f = audit.Follow(r.dir, from)
		f.Lean = true
	}
	limit, next := r.Acknowledged(), from
	for {
		rec, ok, err := f.Next(limit)
		if err == nil && ok {
			next = rec.Seq + 1
			err = fn(rec)
		}
		if err != nil {
			f.Close()
			return err
		}
		if !ok {
			break
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left != nil {
		r.left.Close()
	}
	r.left, r.next = f, next
	return nil
}

// Get implements console.Record.
func (r *reader) Get(seq uint64) (audit.Record, bool, error) {
	limit := r.Acknowledged()
	if seq == 0 || seq > limit {
		return audit.Record{}, false, nil
	}
	f := audit.Follow(r.dir, seq)
	defer f.Close()
	rec, ok, err := f.Next(seq)
	return rec, ok && rec.Seq == seq, err
}

// Verify implements console.Record.
func (r *reader) Verify(progress func(done, total int64)) (audit.Result, error) {
	c, err := r.check()
	if err != nil {
		return audit.Result{}, err
	}
	c.Progress = progress
	return c.Verify(r.dir)
}

// judges shows the rules and the inspection to the console.
type judges struct {
	cfg       *config
	watcher   *rules.Watcher
	catalogue *destination.Catalogue
}

// Set implements console.Rules.
func (j *judges) Set() *rules.Set { return j.watcher.Set() }

// Status implements console.Rules.
func (j *judges) Status() rules.Status { return j.watcher.Status() }

// With implements console.Rules.
func (j *judges) With(folder string) (*rules.Set, error) {
	return rules.Load(append(slices.Clone(j.cfg.Rules), folder), j.cfg.ruleOptions(j.catalogue))
}

// shownOfTrial is how many findings of a sample are shown.
const shownOfTrial = 200

// Try implements console.Rules.
func (j *judges) Try(ctx context.Context, set *rules.Set, s console.Sample) (t console.Trial, err error) {
	to := scanFlags{to: cmp.Or(s.To, "https://unknown.example/")}
	d, err := to.destination(j.catalogue)
	if err != nil {
		return t, fmt.Errorf("%q is no URL or host; write such as https://www.dropbox.com/", s.To)
	}
	root := part.Part{Path: s.Name, Name: s.Name, Body: bytes.NewReader(s.Body), Size: int64(len(s.Body))}
	report := set.Scanner().Scan(ctx, []part.Part{root}, inspect.ScanOptions{Key: scanKey})
	if err := ctx.Err(); err != nil {
		return t, err
	}
	by := judge{set: set, destination: d, principal: rules.Principal{User: s.User, Groups: s.Groups, How: "console"}}
	t = console.Trial{Explanation: set.Explain(by.transaction(report, s.Name, int64(len(s.Body)))), Host: d.Host, Classes: d.Classes}
	for k := range report.Findings[:min(len(report.Findings), shownOfTrial)] {
		f := &report.Findings[k]
		t.Findings = append(t.Findings, console.Finding{Type: string(f.Type), Confidence: f.Confidence, Validated: f.Validated,
			Line: f.Line, At: f.At, Start: f.Start, Masked: f.Masked, In: report.Place(f.Part)})
	}
	// The record has the same form.
	data, err := json.Marshal(report.Coverage)
	if err == nil {
		err = json.Unmarshal(data, &t.Coverage)
	}
	return t, err
}

// makeConsoleRules makes the folder before rules are watched in it.
func (c *config) makeConsoleRules() error {
	if c.Console.Off {
		return nil
	}
	if err := os.MkdirAll(c.consoleRules(), 0o700); err != nil {
		return fmt.Errorf("make the console's rules folder: %w", err)
	}
	return nil
}
