// Package history remembers how much has left over time: how many different
// persons' data, uploads and bytes each sender, group and destination has sent,
// and how often somebody was stopped, so that rules can see a drip that no
// single upload shows.
//
// Persons are kept as keyed digests, never as values: exactly up to a few
// thousand in an hour or a window, beyond that as HyperLogLog sketches (Flajolet
// et al., 2007) with a standard error of 1.6 %. Windows of up to two days go by
// the hour, longer ones by the day, both counted back from now and including
// the hour or day in which they begin: a window may look up to one hour or day
// farther back than it says, never less far. What is older than Keep is gone.
//
// What is added is on disk within a second and survives a restart; a crash may
// lose that second. The record of what was decided is package audit's.
package history

import (
	"slices"
	"sync"
	"time"

	"github.com/axiomhq/hyperloglog"
)

// Keep is how far back history goes.
const Keep = 366 * 24 * time.Hour

// Entry is one upload, or one try.
type Entry struct {
	Time    time.Time
	User    string // the account, or the address of who has none
	Groups  []string
	Host    string
	Classes []string
	Bytes   int64
	Stopped bool     // it did not leave
	Persons []uint64 // digests of the persons in it
	Content uint64   // digest of what was sent; 0 if there is none
}

// Scope says whose past is asked for.
type Scope uint8

// The scopes.
const (
	ByUser Scope = iota
	ByGroup
	ByHost
	ByClass
)

// Query asks about a scope and a window of time that ends now.
type Query struct {
	Scope   Scope
	Names   []string // users, groups, hosts or classes; counted together
	Classes []string // only what went to these classes; empty: all
	Window  time.Duration
	Now     time.Time
	Plus    []uint64 // persons to be counted in addition
	Of      Kinds    // what of the Sums is asked for; 0: all of it
}

// Kinds are what Sums have.
type Kinds uint8

// The kinds.
const (
	People Kinds = 1 << iota
	Uploads
	Bytes
	Stopped
)

// Sums answers a Query.
type Sums struct {
	People  int // different persons in what left, those of Plus included
	Uploads int // that left
	Bytes   int64
	Stopped int // tries that were stopped
}

// History is safe for concurrent use.
type History struct {
	mu     sync.Mutex
	series map[name][]*series  // by class
	size   int                 // how many series there are
	found  []*series           // by the last query
	hosts  map[hostKey]visits  // when a user first sent to a host, unix hours
	same   map[uint64]*senders // who sent a content
	file   *journal            // nil: kept in memory only
	swept  int64               // hour of the last sweep
	seen   map[string]uint64   // see AddOnce
}

// name is one that a scope goes by.
type name struct {
	scope Scope
	name  string
}

type hostKey struct{ user, host string }

// visits are the first and the last hour in which a user sent to a host.
type visits struct{ first, last int64 }

// What a client names itself, hosts above all, is bounded: beyond maxNames, new
// names count together as one, which is rather too much than too little.
const (
	maxNames = 200_000 // of series, and of hosts by user
	maxSame  = 100_000 // contents whose senders are known
	others   = "(others)"
)

// senders are the users who sent one content.
type senders struct {
	last  int64
	users []string
}

const maxSenders = 16

// series is what went to one class under one name: by the hour for two days,
// then by the day.
type series struct {
	class   string
	hours   []bucket // ascending
	days    []bucket
	rhythm  rhythm
	members map[string]int64 // of a group: who sent, and the last day
}

// bucket is one hour or day.
type bucket struct {
	at      int64 // unix hours or days
	people  persons
	uploads int
	stopped int
	bytes   int64
}

// exactPersons is up to how many persons are kept exactly.
const exactPersons = 4096

// persons is a set of digests.
type persons struct {
	list   []uint64 // sorted; nil once there is a sketch
	sketch *hyperloglog.Sketch
}

const precision = 12

// add takes digests in.
func (p *persons) add(more []uint64) {
	if p.sketch == nil && len(p.list)+len(more) <= 4*exactPersons {
		p.list = append(p.list, more...)
		slices.Sort(p.list)
		p.list = slices.Compact(p.list)
		if len(p.list) <= exactPersons {
			return
		}
		more = nil
	}
	if p.sketch == nil {
		p.sketch, _ = hyperloglog.NewSketch(precision, false) // the precision is valid
		for _, d := range p.list {
			p.sketch.InsertHash(d)
		}
		p.list = nil
	}
	for _, d := range more {
		p.sketch.InsertHash(d)
	}
}

// join takes another set in.
func (p *persons) join(o *persons) {
	if o.sketch == nil {
		if len(o.list) > 0 {
			p.add(o.list)
		}
		return
	}
	if p.sketch == nil {
		list := p.list
		p.list, p.sketch = nil, o.sketch.Clone()
		for _, d := range list {
			p.sketch.InsertHash(d)
		}
		return
	}
	_ = p.sketch.Merge(o.sketch) // of the same precision
}

func (p *persons) count() int {
	if p.sketch != nil {
		return int(p.sketch.Estimate())
	}
	return len(p.list)
}

const (
	hoursKept = 49
	daysKept  = int(Keep/(24*time.Hour)) + 1
)

// at returns the bucket of a time, making it if need be. Time that goes backwards
// is put where it belongs.
func at(list []bucket, t int64) ([]bucket, *bucket) {
	i := len(list)
	for i > 0 && list[i-1].at > t {
		i--
	}
	if i > 0 && list[i-1].at == t {
		return list, &list[i-1]
	}
	list = slices.Insert(list, i, bucket{at: t})
	return list, &list[i]
}

func (s *series) add(e *Entry) {
	hour := e.Time.Unix() / 3600
	var h, d *bucket
	s.hours, h = at(s.hours, hour)
	s.days, d = at(s.days, hour/24)
	if !e.Stopped {
		s.rhythm.add(hour)
	}
	for _, b := range []*bucket{h, d} {
		if e.Stopped {
			b.stopped++
			continue
		}
		b.uploads++
		b.bytes += e.Bytes
		if len(e.Persons) > 0 {
			b.people.add(e.Persons)
		}
	}
}

// trim drops what is too old and reports whether nothing is left.
func (s *series) trim(hour int64) (empty bool) {
	s.leave(hour)
	s.hours = slices.DeleteFunc(s.hours, func(b bucket) bool { return b.at <= hour-hoursKept })
	s.days = slices.DeleteFunc(s.days, func(b bucket) bool { return b.at <= hour/24-int64(daysKept) })
	return len(s.days) == 0
}

// within returns the buckets of a window.
func (s *series) within(now time.Time, window time.Duration) []bucket {
	list, unit := s.days, int64(24*3600)
	if window <= 48*time.Hour {
		list, unit = s.hours, 3600
	}
	from, to := now.Add(-window).Unix()/unit, now.Unix()/unit
	i := len(list)
	for i > 0 && list[i-1].at >= from {
		i--
	}
	j := len(list)
	for j > i && list[j-1].at > to {
		j--
	}
	return list[i:j]
}

// New returns a History in memory.
func New() *History {
	return &History{series: map[name][]*series{}, hosts: map[hostKey]visits{}, same: map[uint64]*senders{}, seen: map[string]uint64{}}
}

// Add remembers an upload or a try.
func (h *History) Add(e Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.add(&e)
	if h.file != nil {
		h.file.write(&e)
	}
}

func (h *History) add(e *Entry) {
	classes := e.Classes
	if len(classes) == 0 {
		classes = []string{"unknown"}
	}
	for _, class := range classes {
		h.at(name{ByUser, e.User}, class).add(e)
		for _, g := range e.Groups {
			s := h.at(name{ByGroup, g}, class)
			s.add(e)
			if !e.Stopped {
				s.join(e.User, e.Time.Unix()/3600)
			}
		}
		h.at(name{ByHost, e.Host}, class).add(e)
		h.at(name{ByClass, class}, class).add(e)
	}
	hour := e.Time.Unix() / 3600
	if k := (hostKey{e.User, e.Host}); !e.Stopped {
		v, ok := h.hosts[k]
		if !ok && len(h.hosts) < maxNames {
			v, ok = visits{hour, hour}, true
		}
		if ok {
			h.hosts[k] = visits{min(v.first, hour), max(v.last, hour)}
		}
	}
	if e.Content != 0 && len(e.Persons) > 0 {
		s := h.same[e.Content]
		if s == nil {
			s = &senders{}
			if len(h.same) < maxSame {
				h.same[e.Content] = s
			}
		}
		s.last = max(s.last, hour)
		if len(s.users) < maxSenders && !slices.Contains(s.users, e.User) {
			s.users = append(s.users, e.User)
		}
	}
	if hour >= h.swept+24 {
		h.sweep(hour)
	}
}

func (h *History) at(n name, class string) *series {
	s := ofClass(h.series[n], class)
	if s == nil && h.size >= maxNames && n.scope != ByClass {
		n.name = others
		s = ofClass(h.series[n], class)
	}
	if s == nil {
		s = &series{class: class}
		h.series[n] = append(h.series[n], s)
		h.size++
	}
	return s
}

// ofClass returns the one of list that is of a class, nil if there is none.
func ofClass(list []*series, class string) *series {
	for _, s := range list {
		if s.class == class {
			return s
		}
	}
	return nil
}

// sweep forgets what is too old.
func (h *History) sweep(hour int64) {
	h.swept = hour
	h.size = 0
	for n, list := range h.series {
		list = slices.DeleteFunc(list, func(s *series) bool { return s.trim(hour) })
		if h.series[n] = list; len(list) == 0 {
			delete(h.series, n)
		}
		h.size += len(list)
	}
	old := hour - int64(Keep/time.Hour)
	for k, v := range h.hosts {
		if v.last < old {
			delete(h.hosts, k)
		}
	}
	for k, s := range h.same {
		if s.last < hour-31*24 {
			delete(h.same, k)
		}
	}
}

// Count answers a query, at least what it asks for. Plus is counted among the persons
// that left.
func (h *History) Count(q Query) Sums {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out Sums
	var all persons
	people := q.Of == 0 || q.Of&People != 0
	if people {
		all.add(q.Plus)
	}
	for _, s := range h.matching(q) {
		for _, b := range s.within(q.Now, q.Window) {
			out.Uploads += b.uploads
			out.Stopped += b.stopped
			out.Bytes += b.bytes
			if people {
				all.join(&b.people)
			}
		}
	}
	out.People = all.count()
	return out
}

// matching returns the series that a query asks for, until the next call.
func (h *History) matching(q Query) []*series {
	out := h.found[:0]
	add := func(s *series) {
		if s != nil && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for i, called := range q.Names {
		list := h.series[name{q.Scope, called}]
		var rest []*series // in which a name may be counted
		if h.size >= maxNames {
			rest = h.series[name{q.Scope, others}]
		}
		classes := q.Classes
		if q.Scope == ByClass {
			classes = q.Names[i : i+1]
		}
		for _, c := range classes {
			s := ofClass(list, c)
			if s == nil {
				s = ofClass(rest, c)
			}
			add(s)
		}
		if len(classes) > 0 {
			continue
		}
		for _, s := range list {
			add(s)
		}
		for _, s := range rest {
			if ofClass(list, s.class) == nil {
				add(s)
			}
		}
	}
	h.found = out
	return out
}

// NewHost reports whether a user has not sent to a host before the last window.
func (h *History) NewHost(user, host string, window time.Duration, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	v, ok := h.hosts[hostKey{user, host}]
	return !ok || v.first*3600 >= now.Add(-window).Unix()
}

// Accounts is how many accounts sent the same content within the last month, user
// included.
func (h *History) Accounts(content uint64, user string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.same[content]
	if s == nil {
		return 1
	}
	n := len(s.users)
	if !slices.Contains(s.users, user) {
		n++
	}
	return n
}
