package index

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

// pathURL writes a file's path as SQLite's URI names want it.
type pathURL struct{ path string }

func (p *pathURL) String() string {
	return (&url.URL{Path: filepath.ToSlash(p.path)}).EscapedPath()
}

// Actions by number; the order is that of strictness. What is none of them is
// 0.
var Actions = []string{"", "allow", "log", "warn", "hold", "block"}

func actionNumber(word string) int { return max(0, slices.Index(Actions, word)) }

// Dim is a dimension that sums are kept by.
type Dim int

// The dimensions.
const (
	Total Dim = iota
	User
	Host
	Service
	Class
	Rule
	Type
	Reason
	severity
)

type nameKey struct {
	dim  Dim
	text string
}

const (
	batch    = 4000    // events a transaction
	maxNames = 100_000 // in memory
)

var errStale = errors.New("the record is not the one the index was made of")

// Feed takes in what the index does not have yet of the own record. An index
// that was made of another record is emptied and made anew.
func (x *Index) Feed(ctx context.Context) error {
	x.feeding.Lock()
	defer x.feeding.Unlock()
	if at := x.at(&x.own); at.checked && x.src.Acknowledged() == at.last {
		x.set(func(s *Status) { s.Building = false })
		return nil
	}
	x.set(func(s *Status) { s.Total = x.src.Acknowledged() })
	err := x.feed(ctx, x.src, &x.own)
	if errors.Is(err, errStale) {
		if err := x.empty(); err != nil {
			return fmt.Errorf("empty the index: %w", err)
		}
		err = x.feed(ctx, x.src, &x.own)
	}
	if errors.Is(err, errEmptied) { // for another node's sake, or somebody asked for it
		err = x.feed(ctx, x.src, &x.own)
	}
	if err != nil {
		return fmt.Errorf("index the record: %w", err)
	}
	x.set(func(s *Status) { s.Building = false })
	return nil
}

// Rebuild makes the index anew at the next look.
func (x *Index) Rebuild() error { return x.empty() }

// at is how far a record was taken in.
func (x *Index) at(p *place) place {
	x.writing.Lock()
	defer x.writing.Unlock()
	return *p
}

// empty forgets all that was taken in. What is being read is not taken in.
func (x *Index) empty() error {
	x.writing.Lock()
	defer x.writing.Unlock()
	tx, err := x.write.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, t := range []string{"name", "event", "typed", "daily", "block", "flow", "act", "follow"} {
		if _, err := tx.Exec("DELETE FROM " + t); err != nil {
			return err
		}
	}
	for _, reset := range []string{`UPDATE meta SET value = CASE key WHEN 'seq' THEN '0' ELSE '' END WHERE key IN ('seq', 'hash')`, `UPDATE node SET seq = 0, hash = ''`} {
		if _, err := tx.Exec(reset); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	x.names = map[nameKey]int64{}
	x.era++
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, p := range append([]*place{&x.own}, x.nodes...) {
		p.last, p.hash, p.checked, p.caught = 0, "", true, false
	}
	x.status.Last, x.status.Building, x.status.Total = 0, true, 0
	return nil
}

// errEmptied: all was forgotten while a record was being read.
var errEmptied = errors.New("the index was emptied meanwhile; it goes on from the beginning")

// feed takes in what is new of the record at a place.
func (x *Index) feed(ctx context.Context, src Source, p *place) error {
	x.writing.Lock()
	at, era, gentle := *p, x.era, x.gentle
	x.writing.Unlock()
	b, began := newTally(p), time.Now()
	if p == &x.own {
		at.caught = !x.Status().Building
	}
	from := at.last + 1
	if !at.checked {
		from = max(at.last, 1)
		at.checked = at.last == 0
	}
	err := src.Read(from, func(r audit.Record) error {
		if !at.checked { // the record we ended with has to be there still
			if r.Seq != at.last || r.Hash.String() != at.hash {
				return errStale
			}
			at.checked = true
			return nil
		}
		if r.Event.Kind == audit.KindExpire && at.caught {
			return errStale // what is no longer in the record is no longer here
		}
		b.add(x, r)
		if b.n < batch {
			return nil
		}
		if err := x.commit(b, era); err != nil {
			return err
		}
		if gentle {
			x.rest(ctx, time.Since(began))
		}
		b, began = newTally(p), time.Now()
		return ctx.Err()
	})
	if err == nil && !at.checked {
		err = errStale
	}
	if errors.Is(err, errStale) || errors.Is(err, errEmptied) || ctx.Err() != nil {
		return err
	}
	// A record that cannot be read does not keep the others out.
	err = errors.Join(err, x.commit(b, era))
	x.writing.Lock()
	defer x.writing.Unlock()
	if x.era == era {
		p.checked, p.caught = p.checked || at.checked, p.caught || err == nil
	}
	return err
}

// rest waits after a batch as long as its share of the processor asks for. Somebody
// who begins to wait for the index shortens it.
func (x *Index) rest(ctx context.Context, took time.Duration) {
	for began := time.Now(); time.Since(began) < min(x.share()*took, 20*time.Second); {
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(took, 250*time.Millisecond)):
		}
	}
}

// tally is a batch of records, summed.
type tally struct {
	of     *place
	n      int
	events []event
	acts   []act
	daily  map[dayKey]*sums
	flow   map[flowKey]*sums
	last   uint64
	hash   string
}

type event struct {
	seq, time              int64
	noted                  bool
	action                 int
	incident, failure      string
	user, host             string
	service, class         string
	rule, severity         string
	bytes                  int64
	people, found, notRead int
	types                  map[string]int
}

type act struct {
	seq, time, record                int64
	kind, action, by, address, onInc string
	text, details, state             string
}

type dayKey struct {
	dim    Dim
	day    int
	key    string
	action int
}

type flowKey struct {
	user, host string
	month      int
}

type sums struct{ n, kept, bytes, people int64 }

func newTally(of *place) *tally {
	return &tally{of: of, daily: map[dayKey]*sums{}, flow: map[flowKey]*sums{}}
}

// civil is the day in the zone, counted from 1970-01-01, and the month.
func civil(t time.Time, loc *time.Location) (day, month int) {
	t = t.In(loc)
	_, off := t.Zone()
	day = int((t.Unix() + int64(off)) / 86400)
	return day, t.Year()*12 + int(t.Month()) - 1
}

// kept tells whether an action keeps the upload in.
func kept(action int) bool { return action == 0 || action >= 3 }

func (t *tally) add(x *Index, r audit.Record) {
	t.n++
	t.last, t.hash = r.Seq, r.Hash.String()
	ev := &r.Event
	if ev.Kind != "decision" {
		t.act(x, r.Seq, ev)
		return
	}
	e := event{seq: t.of.number(r.Seq), time: ev.Time.UnixMilli(), action: actionNumber(ev.Action), incident: ev.Incident, failure: ev.Reason,
		user: ev.User, host: ev.Host, service: ev.Service, rule: ev.Rule, severity: ev.Severity, bytes: ev.Bytes, people: ev.Records, types: ev.Counts}
	if len(ev.Classes) > 0 {
		e.class = ev.Classes[0]
	}
	for _, n := range ev.Counts {
		e.found += n
	}
	reasons := gaps(ev.Coverage)
	for _, n := range reasons {
		e.notRead += n
	}
	e.noted = e.incident != "" || e.rule != "" || e.action != 1 || ev.Matches != nil
	t.events = append(t.events, e)

	day, month := civil(ev.Time, x.loc)
	put := func(dim Dim, key string, people int64) {
		s := t.daily[dayKey{dim, day, key, e.action}]
		if s == nil {
			s = &sums{}
			t.daily[dayKey{dim, day, key, e.action}] = s
		}
		s.n++
		s.bytes += e.bytes
		s.people += people
	}
	people := int64(e.people)
	put(Total, "", people)
	put(User, e.user, people)
	put(Host, e.host, people)
	if e.service != "" {
		put(Service, e.service, people)
	}
	if e.class != "" {
		put(Class, e.class, people)
	}
	if e.rule != "" {
		put(Rule, e.rule, people)
	}
	for typ, n := range e.types {
		put(Type, typ, int64(n)) // of a type: the findings
	}
	for why, n := range reasons {
		put(Reason, why, int64(n)) // of a reason: the parts
	}
	f := t.flow[flowKey{e.user, e.host, month}]
	if f == nil {
		f = &sums{}
		t.flow[flowKey{e.user, e.host, month}] = f
	}
	f.n++
	f.bytes += e.bytes
	f.people += people
	if kept(e.action) {
		f.kept++
	}
}

// gaps reads the reasons of a coverage as it was decoded from the record, or as it
// stands there.
func gaps(coverage any) map[string]int {
	if raw, ok := coverage.(json.RawMessage); ok {
		if !bytes.Contains(raw, []byte(`"reasons"`)) {
			return nil // most were inspected whole
		}
		var c struct{ Reasons map[string]int }
		if json.Unmarshal(raw, &c) != nil {
			return nil
		}
		return c.Reasons
	}
	c, _ := coverage.(map[string]any)
	reasons, _ := c["reasons"].(map[string]any)
	if len(reasons) == 0 {
		return nil
	}
	m := make(map[string]int, len(reasons))
	for why, n := range reasons {
		if f, ok := n.(float64); ok {
			m[why] = int(f)
		}
	}
	return m
}

func (t *tally) act(x *Index, seq uint64, ev *audit.Event) {
	a := act{seq: t.of.number(seq), time: ev.Time.UnixMilli(), kind: ev.Kind, action: ev.Action, by: ev.User, address: ev.Address, onInc: ev.Incident, text: ev.Reason}
	if len(ev.Details) > 0 {
		b, _ := json.Marshal(ev.Details) // of words there is no error
		a.details = string(b)
		if about, err := strconv.ParseUint(ev.Details["record"], 10, nodeShift); err == nil && about > 0 {
			of := t.of
			if node := ev.Details["node"]; node != "" && ev.Kind == "console" {
				of, err = x.place(node)
			}
			if err == nil {
				a.record = of.number(about)
			}
		}
		if ev.Kind == "console" && ev.Action == "note" {
			a.state = ev.Details["state"]
		}
	}
	t.acts = append(t.acts, a)
}

// commit writes a batch and where the record was read to, together.
func (x *Index) commit(t *tally, era int) (err error) {
	if t.n == 0 {
		return nil
	}
	x.writing.Lock()
	defer x.writing.Unlock()
	if x.era != era {
		return errEmptied
	}
	tx, err := x.write.Begin()
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			x.names = map[nameKey]int64{} // what was made is rolled back
			err = errors.Join(err, tx.Rollback())
		}
	}()
	if len(x.names) > maxNames {
		x.names = map[nameKey]int64{}
	}
	w := writer{tx: tx, names: x.names}
	w.all(t)
	if own := t.of.id == 0; own {
		w.exec(`UPDATE meta SET value = ? WHERE key = 'seq'`, strconv.FormatUint(t.last, 10))
		w.exec(`UPDATE meta SET value = ? WHERE key = 'hash'`, t.hash)
		defer func() {
			if err == nil {
				x.set(func(s *Status) { s.Last = t.last })
			}
		}()
	} else {
		w.exec(`UPDATE node SET seq = ?, hash = ? WHERE id = ?`, int64(t.last), t.hash, int64(t.of.id))
	}
	if w.err != nil {
		return w.err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	t.of.last, t.of.hash, t.of.checked = t.last, t.hash, true
	return nil
}

// writer writes into a transaction until something fails.
type writer struct {
	tx    *sql.Tx
	names map[nameKey]int64
	stmts map[string]*sql.Stmt
	err   error
}

func (w *writer) exec(query string, args ...any) {
	if w.err != nil {
		return
	}
	s := w.stmts[query]
	if s == nil {
		if s, w.err = w.tx.Prepare(query); w.err != nil {
			return
		}
		if w.stmts == nil {
			w.stmts = map[string]*sql.Stmt{}
		}
		w.stmts[query] = s
	}
	_, w.err = s.Exec(args...)
}

// name returns the number of a word, 0 for "".
func (w *writer) name(dim Dim, text string) int64 {
	if text == "" || w.err != nil {
		return 0
	}
	k := nameKey{dim, text}
	if id, ok := w.names[k]; ok {
		return id
	}
	var id int64
	w.err = w.tx.QueryRow(`INSERT INTO name (dim, text) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET text = text RETURNING id`, int(dim), text).Scan(&id)
	w.names[k] = id
	return id
}

func (w *writer) all(t *tally) {
	for i := range t.events {
		e := &t.events[i]
		noted := 0
		if e.noted {
			noted = 1
		}
		w.exec(`INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, e.seq, e.time, noted, e.action, e.incident,
			w.name(User, e.user), w.name(Host, e.host), w.name(Service, e.service), w.name(Class, e.class), w.name(Rule, e.rule),
			w.name(severity, e.severity), e.bytes, e.people, e.found, e.notRead, e.failure)
		for typ, n := range e.types {
			w.exec(`INSERT OR REPLACE INTO typed VALUES (?, ?, ?, ?, ?)`, w.name(Type, typ), e.time, e.seq, n, noted)
		}
	}
	for k, s := range t.daily {
		w.exec(`INSERT INTO daily VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
			SET n = n + excluded.n, bytes = bytes + excluded.bytes, people = people + excluded.people`,
			int(k.dim), k.day, w.name(k.dim, k.key), k.action, s.n, s.bytes, s.people)
	}
	w.blocks(t)
	for k, s := range t.flow {
		w.exec(`INSERT INTO flow VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
			SET n = n + excluded.n, kept = kept + excluded.kept, bytes = bytes + excluded.bytes, people = people + excluded.people`,
			w.name(User, k.user), w.name(Host, k.host), k.month, s.n, s.kept, s.bytes, s.people)
	}
	for i := range t.acts {
		a := &t.acts[i]
		w.exec(`INSERT OR REPLACE INTO act VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, a.seq, a.time, a.kind, a.action, a.by, a.address, a.onInc,
			a.record, a.text, a.details)
		if a.state != "" && a.record > 0 {
			w.exec(`INSERT INTO follow VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state, time = excluded.time WHERE excluded.time >= time`, a.record, a.state, a.time)
		}
	}
}
