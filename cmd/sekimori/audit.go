package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

func auditCommand() *command {
	return &command{
		name: "audit", short: "read and verify the record of decisions",
		subs: []*command{
			{name: "verify", short: "check that no record was changed, removed, added or reordered", run: runAuditVerify, long: `
Reads the whole log and checks every record against its hash, its predecessor
and its number. Exit code 1 and the first bad record if anything is wrong.`},
			{name: "show", short: "print records, newest last", run: runAuditShow, long: `
Without --json, a line a record for people; with it, the events as recorded, one
a line. All filters must hold.`},
		},
	}
}

// auditDir finds the log from --data or --config.
func auditDir(configFile, data string) (string, error) {
	cfg, err := loadConfig(configFile)
	if err != nil {
		return "", err
	}
	if data != "" {
		cfg.Data = data
	}
	dir := cfg.folder("audit")
	if _, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("there is no audit log: %w; name the state folder with --data or --config", err)
	}
	return dir, nil
}

func runAuditVerify(_ context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	data := f.String("data", "", "the state `FOLDER` (default "+defaultData+")")
	configFile := f.String("config", "", "the installation's configuration `FILE`")
	asJSON := f.Bool("json", false, "print the outcome as a JSON object")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	dir, err := auditDir(*configFile, *data)
	if err != nil {
		return err
	}
	res, err := p.verify(dir)
	if err != nil {
		return fmt.Errorf("audit verify: %w", err)
	}
	if *asJSON {
		if err := json.NewEncoder(p.stdout).Encode(res); err != nil {
			return err
		}
	} else if res.Bad != nil {
		fmt.Fprintf(p.stdout, "BAD: %s line %d, record %d: %s\n", res.Bad.Segment, res.Bad.Line, res.Bad.Seq, res.Bad.What)
	} else {
		fmt.Fprintf(p.stdout, "ok: %d records in %d files, %d bytes; last is record %d, hash %x\n", res.Records, res.Segments, res.Bytes, res.Last.Seq, res.Last.Hash[:8])
		if res.Torn > 0 {
			fmt.Fprintf(p.stdout, "the last %d bytes are an unfinished record that was never acknowledged\n", res.Torn)
		}
	}
	if res.Bad != nil {
		return errFound
	}
	return nil
}

func (p *program) verify(dir string) (audit.Result, error) {
	var b bar
	defer func() { b.Close() }()
	return audit.Verify(dir, func(done, total int64) {
		if b.ProgressBar == nil {
			b = p.bar(total, "verifying")
		}
		b.Set64(done)
	})
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
	dir, err := auditDir(*configFile, *data)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(p.stdout)
	var keep []string // the last ones, where only those are wanted
	err = audit.Read(dir, filter, func(r audit.Record) error {
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
	return out.Flush()
}

// showEvent gives a record as one line for people.
func showEvent(r audit.Record) string {
	e := r.Event
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s %s", r.Seq, e.Time.Local().Format("2006-01-02 15:04:05.000"), e.Kind)
	for _, field := range []struct{ name, value string }{
		{"", e.Action}, {"incident", e.Incident}, {"user", e.User}, {"from", e.Address}, {"", e.Method},
		{"to", strings.TrimSuffix(e.Scheme+"://"+e.Host+e.Path, "://")}, {"rule", e.Rule}, {"because", e.Clause}, {"reason", e.Reason},
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
