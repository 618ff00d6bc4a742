package replay

import (
	"cmp"
	"slices"
	"time"
)

// Actions are those that a Tally counts by, the mildest first.
var Actions = []string{"allow", "log", "warn", "hold", "block"}

// number is an action's place in Actions; what is none blocked.
func number(action string) int {
	if i := slices.Index(Actions, action); i >= 0 {
		return i
	}
	return len(Actions) - 1
}

// Sum is what decisions came to, for one person, destination or rule, or for
// all.
type Sum struct {
	Key      string
	N        int
	Recorded [5]int // at the time, in the order of Actions
	Was      [5]int // by the rules it is compared with
	Would    [5]int
	Changed  int
}

// KeptWas is how many were kept in.
func (s Sum) KeptWas() int { return s.Was[2] + s.Was[3] + s.Was[4] }

// KeptWould is how many would have been.
func (s Sum) KeptWould() int { return s.Would[2] + s.Would[3] + s.Would[4] }

// AllWas is how many of Was there are: for a rule, how many it decided.
func (s Sum) AllWas() int { return total(s.Was) }

// AllWould is how many of Would there are.
func (s Sum) AllWould() int { return total(s.Would) }

func total(n [5]int) (sum int) {
	for _, k := range n {
		sum += k
	}
	return sum
}

func (s *Sum) add(was, would int, changed bool) {
	s.N++
	s.Was[was]++
	s.Would[would]++
	if changed {
		s.Changed++
	}
}

// Change is a decision of which the verdict would change.
type Change struct {
	Seq      uint64
	Time     time.Time
	Incident string
	User     string
	Host     string
	Recorded Judged // at the time
	Was      Judged // by the rules it is compared with, in the same way
	Would    Judged
	Exact    bool // inspected again, from evidence
}

// Tally counts a replay. The zero Tally is ready.
type Tally struct {
	All      Sum
	Skipped  int // no rule had a say: a step had failed
	Exact    int // inspected again, from evidence
	From, To time.Time
	Changes  []Change // the first ones, up to Most
	Most     int

	people, hosts, rules map[string]*Sum
}

// maxKeys bounds the names that are counted; further ones count as one.
const maxKeys = 100_000

// Others stands for names beyond those that are counted.
const Others = "(others)"

// Add counts a decision.
func (t *Tally) Add(c Change) {
	if t.people == nil {
		t.people, t.hosts, t.rules = map[string]*Sum{}, map[string]*Sum{}, map[string]*Sum{}
	}
	if t.From.IsZero() || c.Time.Before(t.From) {
		t.From = c.Time
	}
	if c.Time.After(t.To) {
		t.To = c.Time
	}
	if c.Exact {
		t.Exact++
	}
	was, would := number(c.Was.Action), number(c.Would.Action)
	changed := was != would
	t.All.add(was, would, changed)
	t.All.Recorded[number(c.Recorded.Action)]++
	of(t.people, c.User).add(was, would, changed)
	of(t.hosts, c.Host).add(was, would, changed)
	// Under a rule stands what it decided, then and now.
	if c.Was.Rule != "" {
		s := of(t.rules, c.Was.Rule)
		s.Was[was]++
		if changed {
			s.Changed++
		}
	}
	if c.Would.Rule != "" {
		s := of(t.rules, c.Would.Rule)
		s.Would[would]++
		if changed && c.Would.Rule != c.Was.Rule {
			s.Changed++
		}
	}
	if changed && len(t.Changes) < t.Most {
		t.Changes = append(t.Changes, c)
	}
}

func of(m map[string]*Sum, key string) *Sum {
	s := m[key]
	if s == nil && len(m) >= maxKeys {
		key = Others
		s = m[key]
	}
	if s == nil {
		s = &Sum{Key: key}
		m[key] = s
	}
	return s
}

// People lists senders with the most changes first.
func (t *Tally) People() []Sum { return sorted(t.people) }

// Hosts lists destinations with the most changes first.
func (t *Tally) Hosts() []Sum { return sorted(t.hosts) }

// Rules lists the rules that decided, or would have.
func (t *Tally) Rules() []Sum { return sorted(t.rules) }

func sorted(m map[string]*Sum) []Sum {
	all := make([]Sum, 0, len(m))
	for _, s := range m {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b Sum) int {
		return cmp.Or(cmp.Compare(b.Changed, a.Changed), cmp.Compare(b.KeptWould(), a.KeptWould()), cmp.Compare(b.N, a.N), cmp.Compare(a.Key, b.Key))
	})
	return all
}
