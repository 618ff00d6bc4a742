package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
	"github.com/sekimori-dlp/sekimori/audit/export"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// rawAudit is [audit] as it stands.
type rawAudit struct {
	Record     string          `toml:"record"`
	Segment    tomlfile.Size   `toml:"segment"`
	Daily      *bool           `toml:"daily"`
	Compress   *bool           `toml:"compress"`
	Keep       age             `toml:"keep"`
	Checkpoint duration        `toml:"checkpoint"`
	Heartbeat  duration        `toml:"heartbeat"`
	Witnesses  []rawWitness    `toml:"witness"`
	Deliver    duration        `toml:"deliver"`
	Late       duration        `toml:"late"`
	Exports    []export.Config `toml:"export"`
}

type rawWitness struct {
	URL string `toml:"url"`
	Key string `toml:"key"`
}

// age is a time written in days or years ("400d", "5y"), or as a duration.
type age time.Duration

// UnmarshalText reads an age.
func (a *age) UnmarshalText(b []byte) error {
	s := strings.ReplaceAll(string(b), " ", "")
	wrong := errors.New(`not a length of time; write such as "400d", "5y" or "36h"`)
	const day = 24 * time.Hour
	for suffix, unit := range map[string]time.Duration{"d": day, "y": 366 * day} {
		if n, ok := strings.CutSuffix(s, suffix); ok {
			count, err := strconv.Atoi(n)
			if err != nil || count < 0 || count > 200*366 || unit > day && count > 200 {
				return wrong
			}
			*a = age(time.Duration(count) * unit)
			return nil
		}
	}
	if (*duration)(a).UnmarshalText(b) != nil {
		return wrong
	}
	return nil
}

// recordConfig is how the record is kept and who gets it.
type recordConfig struct {
	Options   audit.Options
	Witnesses []rawWitness
	Deliver   time.Duration // how often witnesses are asked
	Late      time.Duration // without a cosignature: an alarm
	Exports   []export.Config
}

func (r *rawAudit) check(n tomlfile.Node, path func(string) string, report tomlfile.Report) recordConfig {
	yes := func(b *bool) bool { return b == nil || *b }
	c := recordConfig{
		Options: audit.Options{SegmentBytes: int64(r.Segment), Daily: yes(r.Daily), Pack: yes(r.Compress), Keep: time.Duration(r.Keep),
			Checkpoint: time.Duration(r.Checkpoint), Heartbeat: time.Duration(r.Heartbeat)},
		Witnesses: r.Witnesses, Deliver: time.Duration(r.Deliver), Late: time.Duration(r.Late),
	}
	if c.Deliver == 0 {
		c.Deliver = 10 * time.Second
	}
	if c.Late == 0 {
		c.Late = 15 * time.Minute
	}
	for i, w := range r.Witnesses {
		at := n.Key("witness").Elem(i)
		if !strings.HasPrefix(w.URL, "http://") && !strings.HasPrefix(w.URL, "https://") {
			report(at.Pos(), "audit.witness: url %q is no address; write such as \"https://witness.example:8700\"", w.URL)
		}
		if _, err := checkpoint.ParseKey(w.Key); err != nil {
			report(at.Pos(), "audit.witness: key: %v; write what \"sekimori witness\" prints at its start", err)
		}
	}
	seen := map[string]bool{}
	for i, e := range r.Exports {
		at := n.Key("export").Elem(i)
		for _, scheme := range []string{"file:", "dir:"} {
			if to, ok := strings.CutPrefix(e.To, scheme); ok {
				e.To = scheme + path(to)
			}
		}
		for _, p := range []*string{&e.CAFile, &e.Cert, &e.Key, &e.SecretFile} {
			*p = path(*p)
		}
		if err := e.Validate(); err != nil {
			for _, fault := range unjoin(err) {
				report(at.Pos(), "audit.export: %v", fault)
			}
		}
		if seen[e.Name] {
			report(at.Pos(), "audit.export: name %q stands twice; write another", e.Name)
		}
		seen[e.Name] = true
		c.Exports = append(c.Exports, e)
	}
	return c
}

// logKeyFile is where the key lies that signs checkpoints.
func (c *config) logKeyFile() string { return c.folder("keys") + "/audit" }

// openAudit opens the log for writing, with the node's key.
func (c *config) openAudit(log *slog.Logger) (*audit.Log, error) {
	key, err := checkpoint.OpenLogKey(c.logKeyFile())
	if err != nil {
		return nil, err
	}
	o := c.Audit.Options
	o.Key = key
	o.Trouble = func(err error) { log.Error("audit log: tidying failed; it is tried again", "error", err) }
	l, err := audit.Open(c.folder("audit"), o)
	if err != nil {
		return nil, fmt.Errorf("open the audit log: %w", err)
	}
	return l, nil
}
