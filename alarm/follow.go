package alarm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

// Log is where events come from.
type Log interface {
	Acknowledged() uint64
}

// Config is what alarms are made of.
type Config struct {
	Rules        []Rule
	Destinations []Destination
	Mail         Mail
	Origin       string // the console's address, "" if it is not known
	Dir          string // of the log
	State        string // folder of what is to be sent
	Log          Log
	Location     *time.Location // of the times in messages; nil: the local one
	// Manager is the account of somebody's manager, "" if nobody is.
	Manager func(account string) string
	// Approvers are the accounts of those who decide on releases.
	Approvers func() []string
	// Decide gives the addresses by which an approver decides on a release
	// without a log-in, "" if there are none. nil: there are none.
	Decide func(release, account string) (approve, refuse string)
	// Record puts an event into the log; it is called when nobody
	// acknowledged an alert, and when something was lost.
	Record func(audit.Event)
	Now    func() time.Time // nil: time.Now
}

// Alarms follow the log and send. Safe for concurrent use.
type Alarms struct {
	cfg    Config
	file   string
	queues map[string]*queue // by destination

	mu    sync.Mutex
	st    state
	saved uint64 // the place in the log that the file has
	lost  uint64 // records that expired before they were looked at
	err   error  // why following the log, or keeping the state, failed
}

// The bounds of following.
const (
	poll      = 250 * time.Millisecond
	saveEvery = 10 * time.Second
	maxLook   = 5000 // records between two plans
)

// New prepares alarms: it reads what was still to be sent. The log is followed
// from where it was left, the first time from its end. Call Run, then cancel.
func New(cfg Config) (*Alarms, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Location == nil {
		cfg.Location = time.Local
	}
	a := &Alarms{cfg: cfg, file: filepath.Join(cfg.State, "state.json"), queues: map[string]*queue{}}
	if err := os.MkdirAll(cfg.State, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of alarms: %w", err)
	}
	end := cfg.Log.Acknowledged()
	st, ok, err := readState(a.file)
	if err != nil {
		// Alarms must not keep the proxy from starting. What was to be sent
		// is lost, and that is an alarm itself.
		_ = os.Rename(a.file, a.file+".bad")
		cfg.record(audit.Event{Kind: "gap", Severity: "high", Reason: err.Error() + "; what was still to be sent is lost, the file is kept as " + a.file + ".bad"})
	}
	if !ok {
		st.Seq = end // before the event above, which is to be told
	}
	a.st, a.saved = st, st.Seq
	if err := a.st.write(a.file); err != nil {
		return nil, err
	}
	for i := range cfg.Destinations {
		s, err := open(&cfg.Destinations[i], &cfg.Mail)
		if err != nil {
			return nil, fmt.Errorf("notify %q: %w", cfg.Destinations[i].Name, err)
		}
		a.queues[cfg.Destinations[i].Name] = newQueue(s)
	}
	if cfg.Mail.Server != "" {
		s, err := newMailer(&cfg.Mail)
		if err != nil {
			return nil, err
		}
		a.queues[personal] = newQueue(s)
	}
	a.st.Tasks = slices.DeleteFunc(a.st.Tasks, func(t task) bool { return a.queues[t.queue()] == nil })
	return a, nil
}

func (c *Config) record(ev audit.Event) {
	if c.Record != nil {
		c.Record(ev)
	}
}

// Run follows and sends until ctx is done.
func (a *Alarms) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for name, q := range a.queues {
		wg.Go(func() { a.deliver(ctx, name, q) })
	}
	a.follow(ctx)
	wg.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	_ = a.save() // the next start looks at some records again
}

func (a *Alarms) follow(ctx context.Context) {
	from := audit.Follow(a.cfg.Dir, a.place()+1)
	defer func() { from.Close() }()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	saved := a.cfg.Now()
	for ctx.Err() == nil {
		n, err := a.look(from)
		if err != nil {
			from.Close()
			from = audit.Follow(a.cfg.Dir, a.place()+1)
		}
		a.plan(err, &saved)
		if n == maxLook {
			continue
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

func (a *Alarms) place() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.st.Seq
}

// look takes the next records in.
func (a *Alarms) look(from *audit.Follower) (n int, err error) {
	limit := a.cfg.Log.Acknowledged()
	for n < maxLook {
		r, ok, err := from.Next(limit)
		if err != nil || !ok {
			return n, err
		}
		n++
		a.mu.Lock()
		if r.Seq > a.st.Seq+1 {
			a.lost += r.Seq - a.st.Seq - 1
		}
		a.st.Seq = r.Seq
		for i := range a.cfg.Rules {
			if a.cfg.Rules[i].When.wants(&r.Event) {
				a.st.fold(&a.cfg.Rules[i], &r)
			}
		}
		a.mu.Unlock()
	}
	return n, nil
}

// plan decides what is to be sent and keeps it before it is.
func (a *Alarms) plan(failed error, saved *time.Time) {
	now := a.cfg.Now()
	a.mu.Lock()
	escalated, changed := a.st.plan(a.cfg.Rules, now, a.expand)
	var events []audit.Event
	for _, x := range escalated {
		events = append(events, audit.Event{Kind: "alarm-escalated", Time: now, Rule: x.Rule, User: x.User,
			Details: map[string]string{"alarm": x.ID, "to": strings.Join(a.rule(x.Alarm).EscalateTo, " ")}})
	}
	if changed || a.st.Seq != a.saved && now.Sub(*saved) >= saveEvery {
		a.st.tidy(now)
		failed = errors.Join(failed, a.save())
		*saved = now
	}
	a.err = failed
	a.mu.Unlock()
	for _, ev := range events {
		a.cfg.record(ev)
	}
	if changed {
		for _, q := range a.queues {
			q.nudge()
		}
	}
}

func (a *Alarms) rule(name string) *Rule {
	if i := slices.IndexFunc(a.cfg.Rules, func(r Rule) bool { return r.Name == name }); i >= 0 {
		return &a.cfg.Rules[i]
	}
	return &Rule{}
}

// save keeps the state. The caller has mu.
func (a *Alarms) save() error {
	err := a.st.write(a.file)
	if err == nil {
		a.saved = a.st.Seq
	}
	return err
}

// personal is the queue of mail to single people; mark stands before the
// address in a task's To.
const (
	personal = " mail"
	mark     = "mailto:"
)

// recipient is a destination; account is whose it is, "" if not one person's.
type recipient struct{ to, account string }

// expand gives the destinations that a name stands for.
func (a *Alarms) expand(name string, x *Alert) (to []recipient) {
	var accounts []string
	switch name {
	case Manager:
		if a.cfg.Manager != nil && x.User != "" {
			accounts = []string{a.cfg.Manager(x.User)}
		}
	case Approvers:
		if a.cfg.Approvers != nil && (x.Kind == "release" || x.Release != "") {
			accounts = a.cfg.Approvers()
		}
	default:
		return []recipient{{to: name}}
	}
	for _, who := range accounts {
		if address := a.cfg.Mail.Address(who); address != "" && !strings.EqualFold(who, x.User) {
			to = append(to, recipient{mark + address, who})
		}
	}
	return to
}

// List returns the alerts that are kept: those that nobody has acknowledged
// first, then the newest first.
func (a *Alarms) List() []Alert {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make([]Alert, len(a.st.Alerts))
	for i, x := range a.st.Alerts {
		out[i] = x.clone()
	}
	slices.SortFunc(out, func(x, y Alert) int {
		if x.Open() != y.Open() {
			if x.Open() {
				return -1
			}
			return 1
		}
		return cmp.Or(y.Last.Compare(x.Last), cmp.Compare(y.Seq, x.Seq))
	})
	return out
}

// Get returns the alert with an id.
func (a *Alarms) Get(id string) (Alert, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if x := a.st.find(id); x != nil {
		return x.clone(), true
	}
	return Alert{}, false
}

func (a *Alert) clone() Alert {
	c := *a
	c.Incidents = slices.Clone(a.Incidents)
	return c
}

// Acknowledge notes that somebody looks after an alert, so that nobody else is
// told. It reports false if there is no such alert, or it was acknowledged
// before. The caller records it first.
func (a *Alarms) Acknowledge(id, by string) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.st.find(id)
	if x == nil || !x.Open() {
		return false, nil
	}
	x.AckBy, x.AckAt = by, a.cfg.Now()
	a.st.Tasks = slices.DeleteFunc(a.st.Tasks, func(t task) bool { return t.Alert == id && t.Escalated })
	return true, a.save()
}
