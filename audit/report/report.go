// Package report counts what an audit log holds of a day or a month, draws a
// sample that nobody could choose, and writes both down for people, in
// Japanese or English. All figures can be counted again from the records that
// the report names.
package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

// Period is a day or a month.
type Period struct {
	Name     string // 2026-11-21 or 2026-11
	From, To time.Time
}

// Day reads "2006-01-02".
func Day(s string, loc *time.Location) (Period, error) {
	t, err := time.ParseInLocation(time.DateOnly, s, loc)
	if err != nil {
		return Period{}, fmt.Errorf("%q is no day; write such as 2026-11-21", s)
	}
	return Period{s, t, t.AddDate(0, 0, 1)}, nil
}

// Month reads "2006-01".
func Month(s string, loc *time.Location) (Period, error) {
	t, err := time.ParseInLocation("2006-01", s, loc)
	if err != nil {
		return Period{}, fmt.Errorf("%q is no month; write such as 2026-11", s)
	}
	return Period{s, t, t.AddDate(0, 1, 0)}, nil
}

// Count is how often something occurs.
type Count struct {
	Name string
	N    int64
	Of   int64 // all, for shares
}

// Share is in percent.
func (c Count) Share() float64 { return 100 * float64(c.N) / float64(max(c.Of, 1)) }

// Line is a record that is named.
type Line struct {
	Seq    uint64
	Hash   string
	Record audit.Event
}

// Report is what was counted.
type Report struct {
	Period Period
	Made   time.Time
	Log    string // its name, that of its key; "" without checkpoints

	Records     int64 // in the period
	First, Last uint64
	FirstHash   string
	LastHash    string
	Checkpoint  *audit.Signed // the first over all of them; nil if there is none yet

	Decisions  int64
	Stopped    int64 // blocked, held, warned
	Bytes      int64 // of what was decided on
	People     int64 // records of persons in what was stopped
	Kinds      []Count
	Actions    []Count // sums to Decisions
	Severities []Count
	Rules      []Count // the top ones, of what a rule decided, and a last one for the rest
	Users      []Count
	Hosts      []Count
	Types      []Count // findings, by type
	Releases   []Count // steps of requests for a release: asked, approved, expired and so on
	Unread     int64   // decisions on what could not be inspected wholly
	Hours      [24]Count
	Grave      []Line // alarms and gaps; at most maxLines
	Privileged []Line // what was done by people in charge; at most maxLines
	More       int    // lines beyond

	Sample []Line // drawn from the decisions
}

const (
	top      = 15
	maxLines = 200
)

// privileged are the kinds of event that people in charge cause.
var privileged = []string{"config", "rules", "accounts", "reload", "ca", "start", "stop", "read", "console", "bypass", audit.KindExpire}

// Make reads the log in dir twice: to count, and to fetch the sample of so many
// decisions.
func Make(dir string, p Period, sample int) (*Report, error) {
	r := &Report{Period: p, Made: time.Now()}
	c := counter{r: r, kinds: tally{}, actions: tally{}, severities: tally{}, rules: tally{}, users: tally{}, hosts: tally{}, types: tally{}, releases: tally{}}
	if err := audit.Read(dir, audit.Filter{From: p.From, To: p.To}, c.add); err != nil {
		return nil, fmt.Errorf("read the record: %w", err)
	}
	c.finish()
	over, err := audit.CheckpointOver(dir, r.Last)
	if err == nil && r.Last > 0 {
		r.Checkpoint, r.Log = &over, over.Origin
	}
	if r.Checkpoint == nil || r.Decisions == 0 {
		return r, nil
	}
	wanted := Draw(over.Root.String(), p.Name, r.Decisions, sample)
	return r, r.fetch(dir, wanted)
}

// Draw chooses k of n by a seed: for i = 0, 1, 2, … the first eight bytes, big
// endian, of SHA-256("sekimori sample v1\n" seed "\n" name "\n" i) modulo n, in
// that order, without repetition. It returns them from 0 in rising order.
func Draw(seed, name string, n int64, k int) []int64 {
	seen := map[int64]bool{}
	var out []int64
	for i := 0; int64(len(out)) < min(int64(k), n); i++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "sekimori sample v1\n%s\n%s\n%d", seed, name, i))
		if at := int64(binary.BigEndian.Uint64(sum[:8]) % uint64(n)); !seen[at] {
			seen[at] = true
			out = append(out, at)
		}
	}
	slices.Sort(out)
	return out
}

// fetch reads the decisions with these indices.
func (r *Report) fetch(dir string, wanted []int64) error {
	enough := errors.New("enough")
	var at int64
	err := audit.Read(dir, audit.Filter{From: r.Period.From, To: r.Period.To, FromSeq: r.First, Kind: "decision"}, func(rec audit.Record) error {
		if len(wanted) == 0 {
			return enough
		}
		if at == wanted[0] {
			r.Sample = append(r.Sample, Line{rec.Seq, rec.Hash.String(), rec.Event})
			wanted = wanted[1:]
		}
		at++
		return nil
	})
	if err != nil && !errors.Is(err, enough) {
		return fmt.Errorf("read the sample: %w", err)
	}
	return nil
}

type tally map[string]int64

// list gives the counts, largest first; beyond limit (0: none) they are summed up.
func (t tally) list(limit int) []Count {
	var of int64
	out := make([]Count, 0, len(t))
	for name, n := range t {
		out = append(out, Count{Name: name, N: n})
		of += n
	}
	slices.SortFunc(out, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Name, b.Name))
	})
	if limit > 0 && len(out) > limit {
		var rest int64
		for _, c := range out[limit:] {
			rest += c.N
		}
		out = append(out[:limit], Count{Name: Rest, N: rest})
	}
	for i := range out {
		out[i].Of = of
	}
	return out
}

// Rest names the count of all that have no line of their own.
const Rest = "…"

type counter struct {
	r                                                                *Report
	kinds, actions, severities, rules, users, hosts, types, releases tally
}

func (c *counter) add(rec audit.Record) error {
	r, ev := c.r, &rec.Event
	if r.Records++; r.First == 0 || rec.Seq < r.First {
		r.First, r.FirstHash = rec.Seq, rec.Hash.String()
	}
	if rec.Seq > r.Last {
		r.Last, r.LastHash = rec.Seq, rec.Hash.String()
	}
	c.kinds[ev.Kind]++
	switch {
	case ev.Kind == "alarm" || ev.Kind == "gap":
		r.name(&r.Grave, rec)
	case slices.Contains(privileged, ev.Kind):
		r.name(&r.Privileged, rec)
	case ev.Kind == "release":
		c.releases[ev.Action]++
	}
	if ev.Kind != "decision" {
		return nil
	}
	r.Decisions++
	r.Bytes += ev.Bytes
	r.Hours[ev.Time.In(r.Period.From.Location()).Hour()].N++
	c.actions[ev.Action]++
	if ev.Action == "block" || ev.Action == "hold" || ev.Action == "warn" {
		r.Stopped++
		r.People += int64(ev.Records)
		c.users[ev.User]++
		c.hosts[ev.Host]++
		if ev.Severity != "" {
			c.severities[ev.Severity]++
		}
	}
	if ev.Rule != "" {
		c.rules[ev.Rule]++
	}
	for typ, n := range ev.Counts {
		c.types[typ] += int64(n)
	}
	if m, ok := ev.Coverage.(map[string]any); ok {
		partly, _ := m["partly"].(float64)
		not, _ := m["not"].(float64)
		if partly+not > 0 {
			r.Unread++
		}
	}
	return nil
}

func (r *Report) name(to *[]Line, rec audit.Record) {
	if len(*to) == maxLines {
		r.More++
		return
	}
	*to = append(*to, Line{rec.Seq, rec.Hash.String(), rec.Event})
}

func (c *counter) finish() {
	r := c.r
	r.Kinds, r.Actions, r.Severities = c.kinds.list(0), c.actions.list(0), c.severities.list(0)
	r.Rules, r.Users, r.Hosts, r.Types = c.rules.list(top), c.users.list(top), c.hosts.list(top), c.types.list(top)
	r.Releases = c.releases.list(0)
	for h := range r.Hours {
		r.Hours[h].Name = fmt.Sprintf("%02d", h)
		r.Hours[h].Of = r.Decisions
	}
}

// Reconciles reports whether the parts sum up to the whole.
func (r *Report) Reconciles() bool {
	sum := func(all []Count) (n int64) {
		for _, c := range all {
			n += c.N
		}
		return n
	}
	return sum(r.Kinds) == r.Records && sum(r.Actions) == r.Decisions && sum(r.Hours[:]) == r.Decisions &&
		sum(r.Users) == r.Stopped && sum(r.Hosts) == r.Stopped
}
