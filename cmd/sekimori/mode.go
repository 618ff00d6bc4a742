package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/rules"
)

// The modes of an installation. Enforce is the usual one; the others are the
// kill switches, for when rules do harm and for when data is leaking.
const (
	modeEnforce  = "enforce"
	modeObserve  = "observe"
	modeBlockAll = "block-all"
)

// mode is what the installation does with verdicts, as it stands in the state
// folder: whoever may write there may set it, and nobody else.
type mode struct {
	Mode   string    `json:"mode"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"` // zero: until it is changed
}

const modeFile = "mode.json"

// readMode returns the mode in force. One that has ended, or none, is enforce.
func readMode(dir string, now time.Time) (mode, error) {
	m := mode{Mode: modeEnforce}
	b, err := os.ReadFile(filepath.Join(dir, modeFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return m, err
	}
	var set mode
	if err := json.Unmarshal(bytes.TrimSpace(b), &set); err != nil {
		return m, fmt.Errorf("%s: %w", modeFile, err)
	}
	switch set.Mode {
	case modeEnforce, modeObserve, modeBlockAll:
	default:
		return m, fmt.Errorf("%s: the mode %q is unknown", modeFile, set.Mode)
	}
	if !set.Until.IsZero() && !now.Before(set.Until) {
		return m, nil
	}
	return set, nil
}

func modeCommand() *command {
	return &command{
		name: "mode", args: "[enforce|observe|block-all]", short: "show or set the kill switches", run: runMode,
		long: `
Without an argument, tells what is in force. "observe" lets through, and records,
what rules would stop; what cannot be inspected or recorded at all is still kept
in. "block-all" lets nothing through. Both are in force within two seconds, are
recorded, and are best given an end (--for).`,
	}
}

func runMode(_ context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	data := f.String("data", "", "the state `FOLDER` (default "+defaultData+")")
	file := f.String("config", "", "the installation's configuration `FILE`")
	reason := f.String("reason", "", "why, for the record")
	within := f.Duration("for", 0, "how long, such as 1h; then enforce again (default: until changed)")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	cfg, err := loadConfig(*file)
	if err != nil {
		return err
	}
	if *data != "" {
		cfg.Data = *data
	}
	now := time.Now()
	switch {
	case len(rest) == 0:
		m, err := readMode(cfg.Data, now)
		if err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, m)
		return nil
	case len(rest) > 1:
		return fmt.Errorf("mode: takes one argument, got %d", len(rest))
	}
	m := mode{Mode: rest[0], By: person(), Reason: *reason, Since: now.UTC().Truncate(time.Second)}
	switch {
	case m.Mode != modeEnforce && m.Mode != modeObserve && m.Mode != modeBlockAll:
		return fmt.Errorf("mode: %q is unknown; write %s, %s or %s", m.Mode, modeEnforce, modeObserve, modeBlockAll)
	case m.Mode != modeEnforce && m.Reason == "":
		return errors.New("mode: a reason is needed for the record; write --reason \"…\"")
	case *within < 0:
		return errors.New("mode: --for is negative")
	case *within > 0 && m.Mode != modeEnforce:
		m.Until = m.Since.Add(*within)
	}
	if err := m.write(cfg.Data); err != nil {
		return fmt.Errorf("set the mode: %w", err)
	}
	fmt.Fprintln(p.stdout, m)
	return nil
}

// person is who runs the command: the one behind sudo, if any.
func person() string {
	if u := os.Getenv("SUDO_USER"); u != "" {
		return u
	}
	u, err := user.Current()
	if err != nil {
		return "unknown"
	}
	return u.Username
}

func (m mode) write(dir string) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".mode-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(b, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	// The proxy may run as another user: it follows the folder's.
	follow(f.Name(), dir)
	return os.Rename(f.Name(), filepath.Join(dir, modeFile))
}

// String words a mode for people.
func (m mode) String() string {
	s := m.Mode
	if m.By != "" {
		s += fmt.Sprintf(" since %s by %s", m.Since.Format(time.RFC3339), m.By)
	}
	if m.Reason != "" {
		s += ": " + m.Reason
	}
	if !m.Until.IsZero() {
		s += " (until " + m.Until.Format(time.RFC3339) + ")"
	}
	return s
}

// switchboard keeps the mode in force. Safe for concurrent use.
type switchboard struct {
	now   atomic.Pointer[mode]
	fault atomic.Pointer[error]
	gauge *prometheus.GaugeVec
}

func newSwitchboard(reg prometheus.Registerer) *switchboard {
	s := &switchboard{gauge: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "sekimori_mode",
		Help: "1 for the mode in force: enforce, observe or block-all."}, []string{"mode"})}
	reg.MustRegister(s.gauge)
	s.set(mode{Mode: modeEnforce})
	return s
}

func (s *switchboard) set(m mode) {
	s.now.Store(&m)
	for _, name := range []string{modeEnforce, modeObserve, modeBlockAll} {
		v := 0.0
		if name == m.Mode {
			v = 1
		}
		s.gauge.WithLabelValues(name).Set(v)
	}
}

func (s *switchboard) mode() string { return s.now.Load().Mode }

// halted tells whether nothing may leave.
func (s *switchboard) halted() bool { return s.mode() == modeBlockAll }

// look puts in force what the state folder says. A file that cannot be read
// leaves things as they are.
func (i *installation) look() error {
	m, err := readMode(i.cfg.Data, time.Now())
	if err != nil {
		if i.modes.fault.Swap(&err) == nil {
			i.log.Error("mode not read; it stays as it was", "mode", i.modes.mode(), "error", err)
		}
		return err
	}
	i.modes.fault.Store(nil)
	before := i.modes.now.Load()
	if m.Mode == before.Mode && m.Until.Equal(before.Until) && m.Reason == before.Reason {
		return nil
	}
	i.modes.set(m)
	i.log.Warn("mode changed", "from", before.Mode, "to", m.Mode, "by", m.By, "reason", m.Reason)
	i.record(audit.Event{Kind: "mode", Time: time.Now(), User: cmp.Or(m.By, "the time that was set"), Action: m.Mode, Reason: m.Reason})
	return nil
}

// under puts rules under a mode.
func under(m string, r gate.Rules) gate.Rules {
	switch m {
	case modeObserve:
		return observing{r}
	case modeBlockAll:
		return blocking{r}
	}
	return r
}

// observing lets through what rules would stop.
type observing struct{ gate.Rules }

// Decide implements gate.Rules.
func (o observing) Decide(t rules.Transaction) rules.Verdict {
	v := o.Rules.Decide(t)
	switch v.Action {
	case rules.Block, rules.Hold, rules.Warn:
		v.Clause = fmt.Sprintf("mode observe: let through; would be %s: %s", v.Action, v.Clause)
		v.Action = rules.Log
	}
	return v
}

// blocking lets nothing through.
type blocking struct{ gate.Rules }

// Decide implements gate.Rules.
func (b blocking) Decide(t rules.Transaction) rules.Verdict {
	v := b.Rules.Decide(t)
	v.Action, v.Clause = rules.Block, "mode block-all: nothing leaves"
	v.Rule, v.Say = "", nil
	v.Title = map[string]string{"ja": "管理者により、すべての送信が停止されています", "en": "An administrator has stopped everything that leaves"}
	return v
}
