// Package console is the officers' pages: what left, to where, what was kept in
// and why; the rules and their changes; the record's integrity; accounts.
//
// It is an [http.Handler] for /console/, made by [New] from the record, the
// rules and a state folder, all behind small interfaces declared here. Pages
// read from an index of the record, and of those of a fleet's other nodes
// ([index]); one incident is read from the record itself. Who may do what is one table, [Console.routes]; every log-in,
// search, view and change is an event of kind "console" in the record, and
// what cannot be recorded is not done.
//
// Nothing personal is in clear on any page: the record holds masked forms
// only. The console is meant for tens of officers, not for employees.
package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/console/change"
	"github.com/sekimori-dlp/sekimori/console/index"
	"github.com/sekimori-dlp/sekimori/console/page"
	"github.com/sekimori-dlp/sekimori/rules"
)

// Record is the audit log for reading.
type Record interface {
	index.Source
	// Get reads one record; ok is false if it was never written or expired.
	Get(seq uint64) (r audit.Record, ok bool, err error)
	Verify(progress func(done, total int64)) (audit.Result, error)
}

// Elsewhere is the records of the fleet's other nodes, as far as they have been
// shipped.
type Elsewhere interface {
	index.Others
	// Get reads one record; ok is false if it is not there (any more).
	Get(node string, seq uint64) (r audit.Record, ok bool, err error)
}

// Recorder is the audit log for writing; *audit.Log in production.
type Recorder interface {
	Append(ctx context.Context, ev audit.Event) (audit.Receipt, error)
}

// Rules is what the console needs of the rules and of inspection.
type Rules interface {
	Set() *rules.Set
	Status() rules.Status
	// With compiles the installation's rules with those of folder in the
	// place of the console's own, and runs their tests.
	With(folder string) (*rules.Set, error)
	// Try inspects a sample and asks set for its verdict.
	Try(ctx context.Context, set *rules.Set, s Sample) (Trial, error)
}

// Sample is something an officer wants judged. It is never stored.
type Sample struct {
	Name, To, User string
	Groups         []string
	Body           []byte
}

// Trial is what came of a sample.
type Trial struct {
	Explanation rules.Explanation
	Host        string
	Classes     []string
	Findings    []Finding // the first ones
	Coverage    Coverage
}

// Finding is a found value by place; it holds no clear value.
type Finding struct {
	Type       string  `json:"type"`
	Confidence float32 `json:"confidence"`
	Validated  bool    `json:"validated"`
	Line       int     `json:"line"`
	At         string  `json:"at"`    // a cell, a path in JSON, or line and column; may be empty
	Start      int64   `json:"start"` // bytes from the part's beginning
	Masked     string  `json:"masked"`
	In         string  `json:"in"`
}

// Place is where findings were found, and those of it.
type Place struct {
	In  string
	All []Finding
}

// places groups findings by place, in the order in which they come.
func places(all []Finding) (groups []Place) {
	at := map[string]int{}
	for _, f := range all {
		i, ok := at[f.In]
		if !ok {
			i = len(groups)
			at[f.In] = i
			groups = append(groups, Place{In: f.In})
		}
		groups[i].All = append(groups[i].All, f)
	}
	return groups
}

// Coverage tells what was inspected, as the record has it.
type Coverage struct {
	Inspected int              `json:"inspected"`
	Partly    int              `json:"partly"`
	Not       int              `json:"not"`
	Bytes     int64            `json:"bytes"`
	Reasons   map[string]int   `json:"reasons"`
	Missed    map[string]int64 `json:"missed_bytes"`
}

// Check is a condition of readiness.
type Check struct {
	Name  string
	Probe func() error
}

// Point is a fact of the record's integrity, such as the last checkpoint.
type Point struct{ Name, Value, Detail string }

// Config says what a console is made of.
type Config struct {
	Dir       string // its state: accounts, proposals, the index
	RuleDir   string // the rules folder that its changes go to
	Origin    string // "https://dlp.example.co.jp", if it is reached through a proxy that speaks TLS
	Record    Record
	Node      string    // this node's name in its fleet
	Elsewhere Elsewhere // nil: there are no other nodes
	History   string    // the folder of what left over time, for dry runs; "": rules over time do not apply in them
	Recorder  Recorder
	Rules     Rules
	Releases  Releases                   // nil: there are none
	Links     bool                       // approvers may decide by signed links
	Groups    func(user string) []string // the groups of a person, as the proxy knows them; nil: none
	Accounts  map[string]string          // by which account the proxy knows an officer, where the names differ
	Directory Directory                  // nil: log-ins by accounts of its own only
	Alarms    Alarms                     // nil: none are set up
	Report    Reporter                   // nil: no reports
	// Evidence tells whether there is some of an incident, and how much; nil:
	// none is kept.
	Evidence func(incident string) (bytes int64, kept time.Time, ok bool)
	// Installation is what the checklist asks of it; nil: not known.
	Installation func() Installation
	Checks       []Check
	Nodes        func() []Node             // of the fleet; nil, or none: there is no fleet
	Metrics      prometheus.Gatherer       // nil: no figures
	Integrity    func(lang string) []Point // nil: nothing beside verification
	Log          *slog.Logger
	Location     *time.Location // of days and times; nil: the local one
	Version      string
}

// Console is the officers' pages. Safe for concurrent use.
type Console struct {
	cfg      Config
	loc      *time.Location
	pages    *page.Pages
	index    *index.Index
	accounts *account.Store
	sessions *account.Sessions
	guesses  *account.Guesses
	changes  *change.Store
	handler  http.Handler
	began    time.Time
	flows    flows
	shelf    shelf

	ceremonies *ceremonies
	trying     chan struct{} // bounds samples and dry runs under way

	mu       sync.Mutex
	founding struct{ path, base string }
	verified *verification
	dry      map[string]dryRun // by the digest of the proposal
	making   *made             // the report under way, or the last one that failed

	end  context.CancelFunc
	work sync.WaitGroup
}

// New opens the state folder. Run it, then close it.
func New(cfg Config) (*Console, error) {
	c := &Console{cfg: cfg, loc: cfg.Location, sessions: account.NewSessions(), guesses: account.NewGuesses(), began: time.Now(),
		ceremonies: newCeremonies(), shelf: shelf{filepath.Join(cfg.Dir, "reports")}, trying: make(chan struct{}, 1), dry: map[string]dryRun{}}
	if c.loc == nil {
		c.loc = time.Local
	}
	if cfg.Log == nil {
		c.cfg.Log = slog.New(slog.DiscardHandler)
	}
	err := os.MkdirAll(cfg.Dir, 0o700)
	if err == nil {
		c.pages, err = page.New(c.loc)
	}
	if err == nil {
		c.accounts, err = account.Open(filepath.Join(cfg.Dir, "accounts.json"))
	}
	if err == nil {
		c.changes, err = change.Open(cfg.RuleDir, filepath.Join(cfg.Dir, "changes"), c.accounts, func(folder string) error {
			_, err := cfg.Rules.With(folder)
			return err
		})
	}
	if err == nil {
		c.index, err = index.Open(filepath.Join(cfg.Dir, "index.sqlite"), cfg.Record, c.loc)
	}
	if err == nil && cfg.Elsewhere != nil {
		err = c.index.Beside(cfg.Node, cfg.Elsewhere)
	}
	if err != nil {
		return nil, fmt.Errorf("open the console: %w", err)
	}
	c.handler = c.router()
	return c, nil
}

// followEvery is the least time between two looks at the record's growth.
const followEvery = 2 * time.Second

// Run keeps the index following the record until Close.
func (c *Console) Run() {
	ctx, cancel := context.WithCancel(context.Background())
	c.end = cancel
	c.work.Go(func() { c.index.Run(ctx, followEvery) })
}

// Close ends what is under way and closes the index.
func (c *Console) Close() error {
	if c.end != nil {
		c.end()
	}
	c.work.Wait()
	return c.index.Close()
}

// Found writes a one-time link that founds an account, if fewer than two
// operators can log in: to path, which only the owner may read, and in what it
// returns. link is "" if there are enough operators; then path is removed. Once
// the link is used, the next one is written to path.
func (c *Console) Found(path, base string) (link string, err error) {
	secret, expires, err := c.accounts.Found()
	if err != nil {
		return "", fmt.Errorf("make the first account's link: %w", err)
	}
	if secret == "" {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("remove the first account's link: %w", err)
		}
		return "", nil
	}
	if c.cfg.Origin != "" {
		base = c.cfg.Origin
	}
	c.mu.Lock()
	c.founding.path, c.founding.base = path, base
	c.mu.Unlock()
	link = base + "/console/setup?token=" + secret
	text := fmt.Sprintf("%s\nworks once, until %s\n", link, expires.Format(time.RFC3339))
	if err := account.WriteFile(path, []byte(text)); err != nil {
		return "", fmt.Errorf("keep the first account's link: %w", err)
	}
	return link, nil
}

// ServeHTTP serves /console/ and what is below it.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.handler.ServeHTTP(w, r) }

// Healthy tells what is wrong with the console, nil if nothing. A console that
// lags does not keep uploads in.
func (c *Console) Healthy() error { return c.index.Status().Err }

// Behind is how many records its pages do not show yet.
func (c *Console) Behind() uint64 {
	last, all := c.index.Status().Last, c.cfg.Record.Acknowledged()
	return all - min(last, all)
}

// Approvers are the accounts, as the proxy knows them, of those who decide on
// releases.
func (c *Console) Approvers() (all []string) {
	for _, a := range c.accounts.List() {
		if a.Has(account.Approver) {
			all = append(all, c.knownAs(a.Name))
		}
	}
	return all
}

// knownAs is the account by which the proxy knows an officer.
func (c *Console) knownAs(name string) string {
	for officer, user := range c.cfg.Accounts {
		if strings.EqualFold(officer, name) {
			return user
		}
	}
	return name
}
