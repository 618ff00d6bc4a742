package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	agekey "filippo.io/age"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/evidence"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// rawEvidence is [evidence] as it stands.
type rawEvidence struct {
	Recipients []string      `toml:"recipients"`
	Max        tomlfile.Size `toml:"max"`
	Total      tomlfile.Size `toml:"total"`
	Keep       age           `toml:"keep"`
}

func (r *rawEvidence) check(n tomlfile.Node, report tomlfile.Report) evidence.Config {
	for i := range r.Recipients {
		if _, err := evidence.Recipients(r.Recipients[i : i+1]); err != nil {
			report(n.Key("recipients").Elem(i).Pos(), "evidence.recipients: %v", err)
		}
	}
	return evidence.Config{Recipients: r.Recipients, Max: int64(r.Max), Total: int64(r.Total), Keep: time.Duration(r.Keep)}
}

// evidenceDir is where evidence lies.
func (c *config) evidenceDir() string { return c.folder("evidence") }

// openEvidence opens the store, if there are keys to encrypt to, and deletes
// what is over its time, now and each hour.
func (i *installation) openEvidence() (*evidence.Store, error) {
	if len(i.cfg.Evidence.Recipients) == 0 {
		return nil, nil
	}
	c := i.cfg.Evidence
	c.Dir = i.cfg.evidenceDir()
	s, err := evidence.Open(c)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Hour)
		defer tick.Stop()
		for {
			i.expireEvidence(s)
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	i.closers = append(i.closers, func() error { stop(); <-done; return nil })
	return s, nil
}

// expireEvidence records what is over its time, and deletes it.
func (i *installation) expireEvidence(s *evidence.Store) {
	old, err := s.Expired(time.Now())
	if err != nil {
		i.log.Error("old evidence not found", "error", err)
		return
	}
	for _, e := range old {
		ctx, cancel := context.WithTimeout(context.Background(), recordTime)
		_, err := i.audit.Append(ctx, audit.Event{Kind: "evidence", Action: "expired", Time: time.Now(), Incident: e.Incident,
			Details: map[string]string{"kept": e.Kept.UTC().Format(time.RFC3339)}})
		cancel()
		if err == nil {
			err = s.Remove(e.Incident)
		}
		if err != nil {
			i.log.Error("old evidence not deleted; it is tried again", "error", err)
			return
		}
	}
}

// noticeEvidence tells of rules that ask for evidence that nobody could open.
func (i *installation) noticeEvidence() {
	if len(i.cfg.Evidence.Recipients) > 0 {
		return
	}
	for _, r := range i.rules.Set().List() {
		if r.Evidence != "" {
			i.log.Warn("a rule asks for evidence and there is no key to encrypt it to; none is kept. Set evidence.recipients", "rule", r.ID)
		}
	}
}

func evidenceCommand() *command {
	return &command{
		name: "evidence", short: "list and open what rules kept of uploads, with an auditor's key",
		subs: []*command{
			{name: "list", short: "print what is kept: incident, size, time", run: runEvidenceList},
			{name: "open", args: "INCIDENT", short: "decrypt the evidence of an incident", run: runEvidenceOpen, long: `
Needs the private key of one of evidence.recipients, and a reason. That it is
opened, by whom and why, is recorded first; while the proxy runs, it is not
opened before that is in the record. The content goes to standard output, what
it is to standard error.`},
		},
	}
}

func runEvidenceList(_ context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	data := f.String("data", "", "the state `FOLDER` (default "+defaultData+")")
	configFile := f.String("config", "", "the installation's configuration `FILE`")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	cfg, err := stateConfig(*configFile, *data)
	if err != nil {
		return err
	}
	all, err := evidence.List(cfg.evidenceDir())
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
	for _, e := range all {
		fmt.Fprintf(w, "%s\t%d bytes\t%s\n", e.Incident, e.Bytes, e.Kept.Local().Format(time.DateTime))
	}
	return w.Flush()
}

func runEvidenceOpen(ctx context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	data := f.String("data", "", "the state `FOLDER` (default "+defaultData+")")
	configFile := f.String("config", "", "the installation's configuration `FILE`")
	identity := f.String("identity", "", "the `FILE` with the auditor's private key, as age-keygen writes it")
	reason := f.String("reason", "", "why, for the record")
	out := f.String("out", "", "write the content to this new `FILE` instead of standard output")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	switch {
	case len(rest) != 1:
		return errors.New("evidence open: name one incident, such as SK-7F3K-9Q2M")
	case strings.TrimSpace(*reason) == "":
		return errors.New("evidence open: a reason is needed for the record; write --reason \"…\"")
	case *identity == "":
		return errors.New("evidence open: name the auditor's private key with --identity FILE")
	}
	cfg, err := stateConfig(*configFile, *data)
	if err != nil {
		return err
	}
	keys, err := os.Open(*identity)
	if err != nil {
		return fmt.Errorf("evidence open: read the private key: %w", err)
	}
	defer keys.Close()
	identities, err := agekey.ParseIdentities(keys)
	if err != nil {
		return fmt.Errorf("evidence open: read the private key: %w", err)
	}
	incident := rest[0]
	if _, ok := evidence.Stat(cfg.evidenceDir(), incident); !ok {
		return fmt.Errorf("evidence open: %w: %s", evidence.ErrNone, incident)
	}
	opening := audit.Event{Kind: "evidence", Action: "opened", Incident: incident, Reason: *reason, User: caller(), Severity: "info"}
	if err := recordOpening(ctx, cfg.folder("audit"), opening); err != nil {
		return fmt.Errorf("evidence open: it is not opened, because that could not be recorded: %w", err)
	}
	return p.openEvidence(cfg.evidenceDir(), incident, *out, identities)
}

// openingTime bounds how long an opening waits for the running proxy to record
// it.
const openingTime = 15 * time.Second

// recordOpening leaves word of an opening and, while the proxy runs, waits until
// it has taken it into the record.
func recordOpening(ctx context.Context, dir string, openings ...audit.Event) error {
	for _, ev := range openings {
		if err := audit.Leave(dir, ev); err != nil {
			return err
		}
	}
	for end := time.Now().Add(openingTime); audit.InUse(dir); {
		left, err := filepath.Glob(filepath.Join(audit.Inbox(dir), "*.json"))
		if err != nil || len(left) == 0 {
			return err
		}
		if time.Now().After(end) {
			return errors.New("the running proxy did not take it in")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}

// openEvidence writes out what was kept.
func (p *program) openEvidence(dir, incident, out string, identities []agekey.Identity) (err error) {
	h, content, err := evidence.Read(dir, incident, identities...)
	if err != nil {
		return err
	}
	defer content.Close()
	head, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		return err
	}
	fmt.Fprintln(p.stderr, string(head))
	to := p.stdout
	if out != "" {
		f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("evidence open: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		to = f
	}
	if _, err := io.Copy(to, content); err != nil {
		return fmt.Errorf("evidence open: what was written is not whole: %w", err)
	}
	return nil
}
