package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

func auditCommand() *command {
	return &command{
		name: "audit", short: "read, verify, prove and hand out the record of decisions",
		subs: []*command{
			{name: "verify", short: "check that no record was changed, removed, added or reordered", run: runAuditVerify, long: `
Reads the whole log and checks every record against its hash, its predecessor
and its number, the Merkle tree, and each signed checkpoint. Exit code 1 and the
first bad record if anything is wrong. Against somebody who holds this machine
and its keys only what others hold helps: name it with --checkpoint or
--witness. Times without a checkpoint are told.`},
			{name: "show", short: "print records, newest last", run: runAuditShow, long: `
Without --json, a line a record for people; with it, the events as recorded, one
a line. All filters must hold.`},
			{name: "export", short: "print records in the format of another system", run: runAuditExport},
			{name: "report", short: "a day's or a month's report, with a sample to be checked by a third person", run: runAuditReport, long: `
Its figures are counted from the records it names and the checkpoint that covers
them, so that anybody can count them again. The sample is drawn by the root hash
of that checkpoint: nobody could choose it.`},
			{name: "key", short: "print the public key of this node's log, to be given to witnesses and auditors", run: runAuditKey},
			{name: "checkpoint", short: "print a signed checkpoint, to be kept where nobody here can change it", run: runAuditCheckpoint},
			{name: "prove", short: "print a proof that a record is in the log, or that the log only grew", run: runAuditProve},
			{name: "check-proof", args: "FILE|-", short: "check such a proof, without the log", run: runAuditCheckProof},
		},
	}
}

// stateConfig finds the installation from --data or --config.
func stateConfig(configFile, data string) (*config, error) {
	cfg, err := loadConfig(configFile)
	if err != nil {
		return nil, err
	}
	if data != "" {
		cfg.Data = data
	}
	return cfg, nil
}

// auditDir finds the log from --data or --config.
func auditDir(configFile, data string) (*config, string, error) {
	cfg, err := stateConfig(configFile, data)
	if err != nil {
		return nil, "", err
	}
	dir := cfg.folder("audit")
	if _, err := os.Stat(dir); err != nil {
		return nil, "", fmt.Errorf("there is no audit log: %w; name the state folder with --data or --config", err)
	}
	return cfg, dir, nil
}

func runAuditVerify(ctx context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	data := f.String("data", "", "the state `FOLDER` (default "+defaultData+")")
	configFile := f.String("config", "", "the installation's configuration `FILE`")
	asJSON := f.Bool("json", false, "print the outcome as a JSON object")
	own := f.String("log-key", "", "the log's public `KEY` (default that of the state folder)")
	var files, witnesses, keys list
	f.Var(&files, "checkpoint", "a `FILE` or folder with checkpoints of this log that were kept elsewhere; may be given several times")
	f.Var(&witnesses, "witness", "ask the witness at `URL` what it has cosigned; needs --key; may be given several times")
	f.Var(&keys, "key", "the public `KEY` of the witness")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	cfg, dir, err := auditDir(*configFile, *data)
	if err != nil {
		return err
	}
	check := audit.Check{Heartbeat: cfg.Audit.Options.Heartbeat}
	if audit.InUse(dir) {
		check.Now = time.Now()
	}
	log, err := logKey(cfg, *own)
	if err != nil {
		return fmt.Errorf("audit verify: %w", err)
	}
	if log != nil {
		check.Keys = append(check.Keys, log)
	}
	if check.Outside, err = p.outside(ctx, cfg, files, witnesses, keys, log); err != nil {
		return fmt.Errorf("audit verify: %w", err)
	}
	res, err := p.verify(dir, check)
	if err != nil {
		return fmt.Errorf("audit verify: %w", err)
	}
	if *asJSON {
		if err := json.NewEncoder(p.stdout).Encode(res); err != nil {
			return err
		}
	} else {
		p.showResult(&res, len(check.Outside))
	}
	if res.Bad != nil {
		return errFound
	}
	return nil
}

// showResult tells people what was found.
func (p *program) showResult(res *audit.Result, outside int) {
	w := p.stdout
	for _, s := range res.Silences {
		why := "nobody says why"
		if s.Stopped {
			why = "stopped or started meanwhile"
		}
		fmt.Fprintf(w, "silence: no checkpoint from %s to %s, after record %d (%s)\n", s.From.Local().Format(time.DateTime), s.To.Local().Format(time.DateTime), s.Record, why)
	}
	if res.MoreSilence > 0 {
		fmt.Fprintf(w, "silence: and %d times more\n", res.MoreSilence)
	}
	if b := res.Bad; b != nil {
		fmt.Fprintf(w, "BAD: %s\n", b)
		if b.Pending {
			fmt.Fprintln(w, "A crash leaves such an end, too: the next start moves aside what is not whole, keeps the rest, and records it.")
		}
		return
	}
	fmt.Fprintf(w, "ok: %d records in %d files, %d bytes; last is record %d, hash %x\n", res.Records, res.Segments, res.Bytes, res.Last.Seq, res.Last.Hash[:8])
	if res.First > 1 {
		fmt.Fprintf(w, "records 1 to %d have expired, which is recorded\n", res.First-1)
	}
	if c := res.Checkpoint; c != nil {
		signed := "signed by " + c.Origin
		if res.Unsigned {
			signed = "signatures NOT checked: name the key with --log-key"
		}
		fmt.Fprintf(w, "ok: %d checkpoints, %s; the last one, %d, over %d records, at %s (%s ago)\n", res.Checkpoints, signed, c.Number, c.Size,
			c.Time.Local().Format(time.DateTime), time.Since(c.Time).Round(time.Second))
	}
	if outside > 0 {
		fmt.Fprintf(w, "ok: agrees with %d of %d checkpoints that others hold; %d records are newer\n", res.Outside, outside, res.Unwitnessed)
	}
	for _, n := range res.Unproved {
		fmt.Fprintf(w, "not compared: the checkpoint over %d records, all expired\n", n)
	}
}

func (p *program) verify(dir string, check audit.Check) (audit.Result, error) {
	var b bar
	defer func() { b.Close() }()
	check.Progress = func(done, total int64) {
		if b.ProgressBar == nil {
			b = p.bar(total, "verifying")
		}
		b.Set64(done)
	}
	return check.Verify(dir)
}

func runAuditShow(ctx context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	data := f.String("data", "", "the state `FOLDER` (default "+defaultData+")")
	configFile := f.String("config", "", "the installation's configuration `FILE`")
	asJSON := f.Bool("json", false, "print events as recorded, one a line")
	last := f.Int("last", 0, "only the last `N` of those selected")
	var filter audit.Filter
	f.StringVar(&filter.Kind, "kind", "", "only this `KIND` of event: decision, confirm, reload, start, stop, …")
	f.StringVar(&filter.Action, "action", "", "only decisions with this `ACTION`")
	f.StringVar(&filter.User, "user", "", "only this `USER`")
	f.StringVar(&filter.Host, "host", "", "only this destination `HOST`")
	f.StringVar(&filter.Rule, "rule", "", "only decisions by this `RULE`")
	f.StringVar(&filter.Incident, "incident", "", "only this incident `NUMBER`")
	from := f.String("from", "", "only from this `TIME` on (RFC 3339 or 2006-01-02, local)")
	to := f.String("to", "", "only before this `TIME`")
	f.StringVar(from, "since", "", "the same as --from `TIME`, as other commands have it")
	f.StringVar(to, "until", "", "the same as --to `TIME`")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	if filter.From, err = moment(*from); err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	if filter.To, err = moment(*to); err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	_, dir, err := auditDir(*configFile, *data)
	if err != nil {
		return err
	}
	p.leaveRead(dir, "audit show", map[string]string{"kind": filter.Kind, "action": filter.Action, "user": filter.User, "host": filter.Host,
		"rule": filter.Rule, "incident": filter.Incident, "from": *from, "to": *to})
	out := bufio.NewWriter(p.stdout)
	var keep []string // the last ones, where only those are wanted
	found := false
	err = audit.Read(dir, filter, func(r audit.Record) error {
		found = true
		line := string(r.Raw)
		if !*asJSON {
			line = showEvent(r)
		}
		if *last > 0 {
			if keep = append(keep, line); len(keep) > *last {
				keep = keep[1:]
			}
			return ctx.Err()
		}
		fmt.Fprintln(out, line)
		return ctx.Err()
	})
	for _, line := range keep {
		fmt.Fprintln(out, line)
	}
	if err != nil {
		return fmt.Errorf("audit show: %w", err)
	}
	if !found && !*asJSON {
		fmt.Fprintln(p.stderr, "no record fits"+unknownKind(dir, filter.Kind))
	}
	return out.Flush()
}

// unknownKind tells which kinds of events there are if kind is none of them.
func unknownKind(dir, kind string) string {
	if kind == "" {
		return ""
	}
	kinds := map[string]bool{}
	err := audit.Read(dir, audit.Filter{}, func(r audit.Record) error {
		kinds[r.Event.Kind] = true
		return nil
	})
	if err != nil || kinds[kind] {
		return ""
	}
	return fmt.Sprintf("; there is no event of kind %q, but of these: %s", kind, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
}

// showEvent gives a record as one line for people.
func showEvent(r audit.Record) string {
	e := r.Event
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s %s", r.Seq, e.Time.Local().Format("2006-01-02 15:04:05.000"), e.Kind)
	for _, field := range []struct{ name, value string }{
		{"", e.Action}, {"incident", e.Incident}, {"user", e.User}, {"from", e.Address}, {"", e.Method},
		{"to", strings.TrimSuffix(e.Scheme+"://"+e.Host+e.Path, "://")}, {"rule", e.Rule}, {"because", e.Clause}, {"reason", e.Reason}, {"details", showDetails(e.Details)},
	} {
		if field.value == "" {
			continue
		}
		b.WriteByte(' ')
		if field.name != "" {
			b.WriteString(field.name + "=")
		}
		if strings.ContainsAny(field.value, " \"\n") {
			fmt.Fprintf(&b, "%q", field.value)
		} else {
			b.WriteString(field.value)
		}
	}
	return b.String()
}

func showDetails(m map[string]string) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		all = append(all, k+"="+m[k])
	}
	return strings.Join(all, "; ")
}

// moment reads a time as people write it; "" is the zero time.
func moment(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time; write such as 2026-11-21 or 2026-11-21T09:30:00+09:00", s)
}
