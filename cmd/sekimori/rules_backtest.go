package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	agekey "filippo.io/age"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/evidence"
	"github.com/sekimori-dlp/sekimori/history"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/replay"
	"github.com/sekimori-dlp/sekimori/rules"
)

const backtestHelp = `
Judges each recorded decision again and counts by action, rule, person and
destination what the rules would have made of it, and where the verdict would
have been another. FILEs come beside the installation's rules (built-in, those
of --config, those changed on the console), and are compared with those judged
in the same way; with --alone they stand in their place. Without FILEs the
installation's rules are compared with what was decided at the time.

The record keeps counts and places, not content, so this is an estimate: see
"Dry run" in docs/console.md. With --identity, what rules kept as evidence is
inspected again, which is exact where the whole body was kept; that it is opened
is recorded first, and needs --reason.`

// backtest is one run over the record.
type backtest struct {
	set, base  *rules.Set // base nil: what was decided at the time
	past       *history.Replay
	evidence   string // folder
	kept       map[string]bool
	identities []agekey.Identity
	tally      replay.Tally
	unread     int // evidence that these keys do not open, or that is damaged
}

func runRulesBacktest(ctx context.Context, p *program, c *command, args []string) error {
	var r ruleFlags
	f := p.flags(c)
	r.register(f)
	data := f.String("data", "", "the state `FOLDER` (default "+defaultData+")")
	since := f.String("since", "", "only from this `TIME` on (RFC 3339 or 2006-01-02, local)")
	until := f.String("until", "", "only before this `TIME`")
	alone := f.Bool("alone", false, "judge by the built-in rules and FILEs only, without the installation's")
	identity := f.String("identity", "", "a `FILE` with an auditor's private key, to inspect kept evidence again")
	reason := f.String("reason", "", "why evidence is opened, for the record")
	top := f.Int("top", 10, "show `N` rules, persons and destinations")
	changes := f.Int("changes", 20, "show `N` decisions that would have changed")
	paths, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	switch {
	case *identity != "" && strings.TrimSpace(*reason) == "":
		return errors.New("rules backtest: a reason for opening evidence is needed for the record; write --reason \"…\"")
	case *alone && len(paths) == 0:
		return errors.New("rules backtest: --alone without a FILE leaves nothing to judge by")
	}
	filter := audit.Filter{Kind: "decision"}
	if filter.From, err = moment(*since); err != nil {
		return fmt.Errorf("--since: %w", err)
	}
	if filter.To, err = moment(*until); err != nil {
		return fmt.Errorf("--until: %w", err)
	}
	cfg, dir, err := auditDir(r.config, *data)
	if err != nil {
		return err
	}
	b := backtest{tally: replay.Tally{Most: max(0, *changes)}}
	if err := b.load(cfg, &r, paths, *alone); err != nil {
		return err
	}
	if b.past, err = history.OpenReplay(cfg.folder("history")); err != nil {
		return fmt.Errorf("rules backtest: %w", err)
	}
	defer b.past.Close()
	p.leaveRead(dir, "rules backtest", map[string]string{"rules": b.set.Digest(), "since": *since, "until": *until})
	if *identity != "" {
		if err := b.unlock(ctx, cfg, *identity, *reason, filter); err != nil {
			return fmt.Errorf("rules backtest: %w", err)
		}
	}
	if err := p.backtest(ctx, &b, dir, filter); err != nil {
		return fmt.Errorf("rules backtest: %w", err)
	}
	if b.unread > 0 {
		fmt.Fprintf(p.stderr, "sekimori: %d pieces of evidence could not be opened with this key; those uploads are judged by the record\n", b.unread)
	}
	if r.json {
		return json.NewEncoder(p.stdout).Encode(b.summary(*top))
	}
	return b.print(p.stdout, *top)
}

// load makes the rule sets.
func (b *backtest) load(cfg *config, r *ruleFlags, paths []string, alone bool) error {
	if r.noDefaults {
		cfg.Defaults = false
	}
	catalogue, err := cfg.catalogue()
	if err != nil {
		return err
	}
	own := cfg.rulePaths()
	if _, err := os.Stat(cfg.consoleRules()); err != nil { // never started with a console
		own = cfg.Rules
	}
	from := append(slices.Clone(own), paths...)
	if alone {
		from = paths
	}
	if b.set, err = rules.Load(from, cfg.ruleOptions(catalogue)); err != nil {
		return fmt.Errorf("the rules have faults:\n%w", err)
	}
	if len(paths) == 0 {
		return nil
	}
	opt := cfg.ruleOptions(catalogue)
	opt.Untested = true // they are in force
	if b.base, err = rules.Load(own, opt); err != nil {
		return fmt.Errorf("the installation's rules have faults:\n%w", err)
	}
	return nil
}

// openedAtOnce is how many incidents one event names.
const openedAtOnce = 2000

// unlock reads the auditor's key and records what is about to be opened.
func (b *backtest) unlock(ctx context.Context, cfg *config, identity, reason string, filter audit.Filter) error {
	keys, err := os.Open(identity)
	if err == nil {
		defer keys.Close()
		b.identities, err = agekey.ParseIdentities(keys)
	}
	if err != nil {
		return fmt.Errorf("read the private key: %w", err)
	}
	b.evidence, b.kept = cfg.evidenceDir(), map[string]bool{}
	all, err := evidence.List(b.evidence)
	if err != nil {
		return err
	}
	var names []string
	for _, e := range all {
		if e.Kept.Before(filter.From) { // kept after it was decided
			continue
		}
		b.kept[e.Incident] = true
		names = append(names, e.Incident)
	}
	var openings []audit.Event
	for some := range slices.Chunk(names, openedAtOnce) {
		openings = append(openings, audit.Event{Kind: "evidence", Action: "opened", Reason: reason, User: caller(), Severity: "info",
			Details: map[string]string{"for": "rules backtest", "rules": b.set.Digest()}, Data: map[string][]string{"incidents": some}})
	}
	if err := recordOpening(ctx, cfg.folder("audit"), openings...); err != nil {
		return fmt.Errorf("evidence is not opened, because that could not be recorded: %w", err)
	}
	return nil
}

// backtest goes through the record.
func (p *program) backtest(ctx context.Context, b *backtest, dir string, filter audit.Filter) error {
	var pb bar
	defer func() { pb.Close() }()
	filter.Progress = func(done, total int64) {
		if pb.ProgressBar == nil {
			pb = p.bar(total, "judging")
		}
		pb.Set64(done)
	}
	return audit.Read(dir, filter, func(r audit.Record) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return b.judge(ctx, &r)
	})
}

func (b *backtest) judge(ctx context.Context, r *audit.Record) error {
	recorded, ok := replay.Recorded(r)
	if !ok {
		b.tally.Skipped++
		return nil
	}
	u := replay.Read(r)
	if err := u.Remember(b.past); err != nil {
		return err
	}
	c := replay.Change{Seq: r.Seq, Time: r.Event.Time, Incident: r.Event.Incident, User: r.Event.User, Host: r.Event.Host, Recorded: recorded, Was: recorded}
	var seen *inspect.Report
	if b.kept[r.Event.Incident] {
		report, name, whole, err := b.inspect(ctx, r.Event.Incident)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			b.unread++
		case whole:
			c.Exact, c.Would = true, u.Exactly(b.set, report, name)
		default:
			seen = report
		}
	}
	if !c.Exact {
		c.Would = u.Judge(b.set, seen)
		if b.base != nil {
			c.Was = u.Judge(b.base, nil)
		}
	}
	b.tally.Add(c)
	return nil
}

// maxAgain bounds the evidence of one incident that is inspected again.
const maxAgain = 64 << 20

// inspect opens evidence and inspects it once more. whole: it is the body as it
// was sent, and all of it.
func (b *backtest) inspect(ctx context.Context, incident string) (r *inspect.Report, name string, whole bool, err error) {
	h, content, err := evidence.Read(b.evidence, incident, b.identities...)
	if err != nil {
		return nil, "", false, err
	}
	defer content.Close()
	body, err := io.ReadAll(io.LimitReader(content, maxAgain))
	if err != nil {
		return nil, "", false, err
	}
	root := part.Part{Path: "body", Name: h.FileName, MediaType: h.MediaType, Encodings: h.Encodings}
	if whole = h.What == evidence.Body && int64(len(body)) == h.Bytes; h.What == evidence.Matched {
		if body, err = around(body); err != nil {
			return nil, "", false, err
		}
	}
	root.Body, root.Size = bytes.NewReader(body), int64(len(body))
	return b.set.Scanner().Scan(ctx, []part.Part{root}, inspect.ScanOptions{Key: scanKey}), h.FileName, whole, nil
}

// around puts kept matches, with the text that stood around them, together.
func around(pieces []byte) ([]byte, error) {
	var text []byte
	for d := json.NewDecoder(bytes.NewReader(pieces)); ; {
		var p evidence.Piece
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return text, nil
		case errors.Is(err, io.ErrUnexpectedEOF): // cut off at its bound
			return text, nil
		case err != nil:
			return nil, err
		}
		if p.Around == "" {
			p.Around = p.Value
		}
		text = append(append(text, p.Around...), '\n')
	}
}

// backtestSum and backtestSummary are what --json prints.
type backtestSum struct {
	Key     string         `json:"key"`
	Uploads int            `json:"uploads,omitempty"`
	Was     map[string]int `json:"was"`
	Would   map[string]int `json:"would"`
	Changed int            `json:"changed"`
}

type backtestVerdict struct {
	Action string `json:"action"`
	Rule   string `json:"rule,omitempty"`
	Clause string `json:"clause,omitempty"`
}

type backtestChange struct {
	Record   uint64          `json:"record"`
	Time     time.Time       `json:"time"`
	Incident string          `json:"incident,omitempty"`
	User     string          `json:"user"`
	Host     string          `json:"host"`
	Recorded backtestVerdict `json:"recorded"`
	Was      backtestVerdict `json:"was"`
	Would    backtestVerdict `json:"would"`
	Exact    bool            `json:"exact"`
}

type backtestSummary struct {
	RuleSet      string           `json:"ruleset"`
	From         time.Time        `json:"from"`
	To           time.Time        `json:"to"`
	Decisions    int              `json:"decisions"`
	Skipped      int              `json:"skipped"`
	Exact        int              `json:"exact"`
	Changed      int              `json:"changed"`
	Recorded     map[string]int   `json:"recorded"`
	Was          map[string]int   `json:"was"`
	Would        map[string]int   `json:"would"`
	Rules        []backtestSum    `json:"rules"`
	People       []backtestSum    `json:"people"`
	Destinations []backtestSum    `json:"destinations"`
	Changes      []backtestChange `json:"changes"`
}

func byAction(n [5]int) map[string]int {
	m := map[string]int{}
	for i, a := range replay.Actions {
		if n[i] > 0 {
			m[a] = n[i]
		}
	}
	return m
}

func firstOf(all []replay.Sum, n int) []replay.Sum { return all[:min(len(all), max(0, n))] }

func (b *backtest) summary(top int) backtestSummary {
	t := &b.tally
	list := func(all []replay.Sum) []backtestSum {
		out := []backtestSum{}
		for _, s := range firstOf(all, top) {
			out = append(out, backtestSum{s.Key, s.N, byAction(s.Was), byAction(s.Would), s.Changed})
		}
		return out
	}
	s := backtestSummary{RuleSet: b.set.Digest(), From: t.From, To: t.To, Decisions: t.All.N, Skipped: t.Skipped, Exact: t.Exact, Changed: t.All.Changed,
		Recorded: byAction(t.All.Recorded), Was: byAction(t.All.Was), Would: byAction(t.All.Would),
		Rules: list(t.Rules()), People: list(t.People()), Destinations: list(t.Hosts()), Changes: []backtestChange{}}
	for _, c := range t.Changes {
		s.Changes = append(s.Changes, backtestChange{c.Seq, c.Time, c.Incident, c.User, c.Host,
			backtestVerdict(c.Recorded), backtestVerdict(c.Was), backtestVerdict(c.Would), c.Exact})
	}
	return s
}

func (b *backtest) print(to io.Writer, top int) error {
	out := bufio.NewWriter(to)
	t := &b.tally
	if t.All.N == 0 {
		fmt.Fprintln(out, "no decision in the record to judge")
		return out.Flush()
	}
	fmt.Fprintf(out, "%d decisions from %s to %s", t.All.N, t.From.Local().Format(time.DateTime), t.To.Local().Format(time.DateTime))
	if t.Exact > 0 {
		fmt.Fprintf(out, "; %d inspected again from evidence", t.Exact)
	}
	if t.Skipped > 0 {
		fmt.Fprintf(out, "; %d left out, as no rule had a say", t.Skipped)
	}
	fmt.Fprintf(out, "\nverdicts that would change: %d\n\n", t.All.Changed)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	was := "at the time"
	if b.base != nil {
		was = "present rules"
		fmt.Fprintln(w, "action\trecorded\tpresent rules\twith these\t")
	} else {
		fmt.Fprintln(w, "action\tat the time\twith these\t")
	}
	for i := len(replay.Actions) - 1; i >= 0; i-- {
		if b.base != nil {
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t\n", replay.Actions[i], t.All.Recorded[i], t.All.Was[i], t.All.Would[i])
		} else {
			fmt.Fprintf(w, "%s\t%d\t%d\t\n", replay.Actions[i], t.All.Was[i], t.All.Would[i])
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	table := func(name, counts string, all []replay.Sum, count func(s *replay.Sum) (int, int)) error {
		if len(all) == 0 {
			return nil
		}
		fmt.Fprintln(out)
		w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
		fmt.Fprintf(w, "%s\t%s: %s\twith these\tchanged\n", name, counts, was)
		for _, s := range firstOf(all, top) {
			a, b := count(&s)
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\n", s.Key, a, b, s.Changed)
		}
		if more := len(all) - top; more > 0 {
			fmt.Fprintf(w, "and %d more\n", more)
		}
		return w.Flush()
	}
	all := func(s *replay.Sum) (int, int) { return s.AllWas(), s.AllWould() }
	kept := func(s *replay.Sum) (int, int) { return s.KeptWas(), s.KeptWould() }
	err := errors.Join(table("rule", "decides", t.Rules(), all), table("person", "kept in", t.People(), kept), table("destination", "kept in", t.Hosts(), kept))
	if err != nil {
		return err
	}
	for i, c := range t.Changes {
		if i == 0 {
			fmt.Fprintln(out)
		}
		by := ""
		if c.Would.Rule != "" {
			by = " by " + c.Would.Rule + ": " + c.Would.Clause
		}
		fmt.Fprintf(out, "#%d %s %s → %s: %s → %s%s\n", c.Seq, c.Time.Local().Format(time.DateTime), c.User, c.Host, c.Was.Action, c.Would.Action, by)
	}
	if more := t.All.Changed - len(t.Changes); more > 0 {
		fmt.Fprintf(out, "and %d more\n", more)
	}
	return out.Flush()
}
