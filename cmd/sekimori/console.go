package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console"
	"github.com/sekimori-dlp/sekimori/console/page"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
	"github.com/sekimori-dlp/sekimori/proxy/destination"
	"github.com/sekimori-dlp/sekimori/rules"
)

// rawConsole is [console] as it stands.
type rawConsole struct {
	Enabled *bool  `toml:"enabled"`
	Origin  string `toml:"origin"`
}

// consoleConfig is where officers look at what happened.
type consoleConfig struct {
	Off    bool
	Origin string
}

func (r *rawConsole) check(n tomlfile.Node, report tomlfile.Report) consoleConfig {
	c := consoleConfig{Off: r.Enabled != nil && !*r.Enabled, Origin: strings.TrimSuffix(r.Origin, "/")}
	if c.Origin != "" {
		u, err := url.Parse(c.Origin)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
			report(n.Key("origin").Pos(), "console.origin: %q is no origin; write such as \"https://dlp.example.co.jp\"", r.Origin)
		}
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
func (i *installation) openConsole(catalogue *destination.Catalogue, metrics prometheus.Gatherer, checks ...console.Check) error {
	if i.cfg.Console.Off {
		return nil
	}
	checks = append([]console.Check{
		{Name: "rules", Probe: func() error { return i.rules.Status().Err }},
		{Name: "audit", Probe: i.audit.Healthy},
		{Name: "accounts", Probe: i.who.Healthy},
	}, checks...)
	c, err := console.New(console.Config{
		Dir: i.cfg.folder("console"), RuleDir: i.cfg.consoleRules(), Origin: i.cfg.Console.Origin,
		Record: &reader{dir: i.cfg.folder("audit"), log: i.audit}, Recorder: i.audit,
		Rules:    &judges{cfg: i.cfg, watcher: i.rules, catalogue: catalogue},
		Releases: i.releases, Groups: i.who.Groups,
		Checks: checks, Metrics: metrics, Integrity: i.integrity, Log: i.log, Version: version(),
	})
	if err != nil {
		return err
	}
	c.Run()
	i.console = c
	i.closers = append(i.closers, c.Close)
	return nil
}

// admin is what the admin address serves.
func (i *installation) admin(advertise string) http.Handler {
	if i.console == nil {
		return i.server.Admin(advertise)
	}
	mux := http.NewServeMux()
	mux.Handle("/", i.server.Admin(advertise))
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
func (i *installation) integrity(lang string) []console.Point {
	last := i.audit.Checkpoint()
	if last == nil {
		return nil
	}
	name, over := "Last checkpoint", fmt.Sprintf("no. %d over %s records", last.Number, page.Number(int64(last.Size)))
	if lang == "ja" {
		name, over = "最後のチェックポイント", fmt.Sprintf("第%d号、%s件まで", last.Number, page.Number(int64(last.Size)))
	}
	return []console.Point{{Name: name, Value: last.Time.Local().Format(time.TimeOnly), Detail: over}}
}

// reader shows the record to the console.
type reader struct {
	dir string
	log *audit.Log

	mu   sync.Mutex
	left *audit.Follower // where the last Read ended
	next uint64          // the record that left would give
}

// Acknowledged implements index.Source.
func (r *reader) Acknowledged() uint64 { return r.log.Acknowledged() }

// Read implements index.Source.
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
	return audit.Verify(r.dir, progress)
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
			Line: f.Line, Masked: f.Masked, In: report.Place(f.Part)})
	}
	// The record has the same form.
	data, err := json.Marshal(report.Coverage)
	if err == nil {
		err = json.Unmarshal(data, &t.Coverage)
	}
	return t, err
}

// Past implements console.Rules. The record has counts by type and of persons,
// not what a rule counts: distinct values of enough confidence. So what it
// gives is an estimate from above.
func (j *judges) Past(set *rules.Set, r audit.Record) (action, rule string) {
	ev := &r.Event
	if ev.Reason != "" { // it failed; no rule had a say
		return ev.Action, ""
	}
	t := rules.Transaction{
		Report:    &inspect.Report{Records: ev.Records},
		Principal: rules.Principal{User: ev.User, Groups: ev.Groups, How: ev.How},
		Destination: rules.Destination{Scheme: ev.Scheme, Host: ev.Host, Port: ev.Port, Method: ev.Method, Path: ev.Path,
			Service: ev.Service, Classes: ev.Classes},
		Bytes: ev.Bytes, Time: ev.Time,
	}
	if ev.How == "anonymous" {
		t.Principal.User = ""
	}
	t.Principal.Address, _ = netip.ParseAddr(ev.Address) // the zero address is in no network
	var d struct {
		Coverage inspect.Coverage `json:"coverage"`
	}
	if err := json.Unmarshal(r.Raw, &d); err == nil {
		t.Report.Coverage = d.Coverage
	}
	for why, n := range d.Coverage.Reasons {
		for range min(n, 100) {
			t.Report.Parts = append(t.Report.Parts, inspect.PartReport{State: inspect.Not, Reason: why, Bytes: d.Coverage.Missed[why] / int64(n)})
		}
	}
	any := func(types []inspect.Type) (n int) {
		for _, typ := range types {
			n += ev.Counts[string(typ)]
		}
		return n
	}
	for _, q := range set.Spec().Queries {
		n := 0
		if q.People {
			if n = ev.Records; slices.ContainsFunc(q.With, func(ts []inspect.Type) bool { return any(ts) == 0 }) {
				n = 0
			}
		} else {
			n = any(q.With[0])
		}
		t.Report.Answers = append(t.Report.Answers, n)
	}
	v := set.Decide(t)
	return v.Action.String(), v.Rule
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
