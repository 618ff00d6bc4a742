package console

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/console/index"
	"github.com/sekimori-dlp/sekimori/rules"
)

// Installation is what the checklist asks of the program that the console is
// part of.
type Installation struct {
	Mode      string   // "enforce" where rules are in force
	Anonymous bool     // whether anybody is served without an account
	LogIns    []string // by what people log in: "htpasswd", "LDAP", …
	Shared    bool     // accounts that come from many places are noticed
	Bypass    int      // entries of hosts whose TLS is not opened
	Unowned   int      // of those, without an owner
	Only      bool     // what may be reached at all is limited
	Mail      bool     // mail is judged, too
	Managers  int      // persons whose manager is known
	Witnesses []Witness
	Exports   int // systems that get every record
	Keep      time.Duration
	Alarms    int // that are set up
	Outside   int // destinations of alarms
	Evidence  int // keys to which evidence is encrypted
	TLS       bool
}

// Witness is a program under others that cosigns the record.
type Witness struct {
	Name string
	At   time.Time // of its last cosignature
	Err  error
}

// verdict says how far an item is met.
type verdict string

// The verdicts.
const (
	does   verdict = "does"
	partly verdict = "partly"
	cannot verdict = "cannot"
)

// text is a sentence by language.
type text struct{ ja, en string }

func (t text) in(lang string) string {
	if lang == "ja" {
		return t.ja
	}
	return t.en
}

func textf(t text, args ...any) text {
	return text{fmt.Sprintf(t.ja, args...), fmt.Sprintf(t.en, args...)}
}

// item is one thing that an inspection looks for, in our words, and how far
// this installation meets it.
type item struct {
	theme string
	asks  text
	judge func(*facts) (verdict, text)
	link  string // where more is to be seen
}

// facts are what items are judged by.
type facts struct {
	Installation
	now      time.Time
	accounts []account.Account
	set      *rules.Set
	rules    []rules.Info
	verified *verification
	last     map[string]time.Time // the last act of a kind
	alerts   int                  // that nobody acknowledged
	managed  bool                 // alerts can be acknowledged
	ready    error
}

// gather collects the facts.
func (c *Console) gather(ctx context.Context) (*facts, error) {
	f := &facts{now: time.Now(), accounts: c.accounts.List(), set: c.cfg.Rules.Set(), last: map[string]time.Time{}}
	if c.cfg.Installation != nil {
		f.Installation = c.cfg.Installation()
	}
	f.rules = f.set.List()
	c.mu.Lock()
	if v := c.verified; v != nil && !v.Running {
		done := *v
		f.verified = &done
	}
	c.mu.Unlock()
	for _, kind := range []string{"sample-looked", "report", "note", "verify", "account-disabled"} {
		all, _, err := c.index.Acts(ctx, index.ActFilter{Kind: "console", Action: kind}, 1)
		if err != nil {
			return nil, err
		}
		if len(all) > 0 {
			f.last[kind] = all[0].Time
		}
	}
	if c.cfg.Alarms != nil {
		f.managed = true
		for _, a := range c.cfg.Alarms.List() {
			if a.Open() {
				f.alerts++
			}
		}
	}
	for _, k := range c.cfg.Checks {
		if err := k.Probe(); err != nil && f.ready == nil {
			f.ready = fmt.Errorf("%s: %w", k.Name, err)
		}
	}
	return f, nil
}

// within tells whether an act of a kind was done in the last so many days.
func (f *facts) within(kind string, days int) bool {
	return f.now.Sub(f.last[kind]) < time.Duration(days)*24*time.Hour
}

// stops counts live rules of at least an action that apply to a class of
// destinations, all of them if class is "".
func (f *facts) stops(class string, least rules.Action) (n int) {
	for _, r := range f.rules {
		if r.Shadow || r.Action < least {
			continue
		}
		var classes []string
		for _, need := range r.Needs {
			if _, rest, ok := strings.Cut(need, "class: "); ok && !strings.Contains(need, "not_class: ") {
				classes = append(classes, rest)
			}
		}
		if class == "" || len(classes) == 0 || slices.ContainsFunc(classes, func(s string) bool { return strings.Contains(s, class) }) {
			n++
		}
	}
	return n
}

// holds counts live rules that hold, those that take two people, and those that
// name the manager.
func (f *facts) holds() (all, two, manager int) {
	for _, r := range f.rules {
		rel, ok := f.set.Release(r.ID)
		if r.Shadow || !ok {
			continue
		}
		all++
		if rel.People >= 2 {
			two++
		}
		if slices.Contains(rel.By, "manager") {
			manager++
		}
	}
	return all, two, manager
}

// usable counts accounts with a role that can log in.
func (f *facts) usable(role account.Role) (n, twoStep int) {
	for i := range f.accounts {
		if a := &f.accounts[i]; a.Has(role) {
			n++
			if a.TwoStep() {
				twoStep++
			}
		}
	}
	return n, twoStep
}

type checkedItem struct {
	N        int
	Asks     string
	Verdict  verdict
	Evidence string
	Link     string
}

type checkedTheme struct {
	Theme string
	Items []checkedItem
}

type checklistBody struct {
	Themes               []checkedTheme
	Does, Partly, Cannot int
	At                   time.Time
}

func (c *Console) checklist(q *request) {
	if err := q.record("view", audit.Event{Details: map[string]string{"page": "checklist"}}); err != nil {
		q.broken(err)
		return
	}
	f, err := c.gather(q.Context())
	if err != nil {
		q.broken(err)
		return
	}
	b := checklistBody{At: f.now}
	for i, it := range items {
		v, why := it.judge(f)
		switch v {
		case does:
			b.Does++
		case partly:
			b.Partly++
		default:
			b.Cannot++
		}
		if len(b.Themes) == 0 || b.Themes[len(b.Themes)-1].Theme != it.theme {
			b.Themes = append(b.Themes, checkedTheme{Theme: it.theme})
		}
		at := &b.Themes[len(b.Themes)-1]
		at.Items = append(at.Items, checkedItem{i + 1, it.asks.in(q.lang), v, why.in(q.lang), it.link})
	}
	q.draw("checklist", q.view(q.t("nav.checklist"), b))
}

// over tells whether a condition of a rule counts over time.
func over(need string) bool {
	key, _, _ := strings.Cut(need, ":")
	return strings.Contains(key, " over ")
}
