// Package index makes the record quick to ask: an SQLite file that is derived
// from the audit log, follows its growth and can be deleted at any time. It is
// never evidence: pages read a record itself from the log.
//
// Kept are the columns that officers search by, sums by day for every
// dimension, and the acts of officers; no finding, no clause. Days are those
// of the local time zone. Memory is bounded by the batch and by SQLite's
// caches, a few tens of MiB. The records of other nodes can be taken in beside
// the own one; then pages show all of them together.
package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/sekimori-dlp/sekimori/audit"
)

// Source is the record as the index reads it.
type Source interface {
	// Read calls fn for each record from number from on that is kept, in
	// order, up to the last one acknowledged, and ends with fn's error. To go
	// on where the last Read ended costs little.
	Read(from uint64, fn func(audit.Record) error) error
	// Acknowledged is the number of the last record; it costs nothing.
	Acknowledged() uint64
}

// version is of the schema; an index of another one is made anew.
const version = "3"

const schema = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE name (id INTEGER PRIMARY KEY, dim INTEGER NOT NULL, text TEXT NOT NULL, UNIQUE (dim, text));
CREATE TABLE event (seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, noted INTEGER NOT NULL, action INTEGER NOT NULL,
	incident TEXT NOT NULL, user INTEGER NOT NULL, host INTEGER NOT NULL, service INTEGER NOT NULL, class INTEGER NOT NULL,
	rule INTEGER NOT NULL, severity INTEGER NOT NULL, bytes INTEGER NOT NULL, people INTEGER NOT NULL, findings INTEGER NOT NULL,
	unread INTEGER NOT NULL, failure TEXT NOT NULL);
CREATE INDEX event_time ON event (time);
CREATE INDEX event_user ON event (user, time);
CREATE INDEX event_host ON event (host, time);
CREATE INDEX noted_time ON event (time) WHERE noted = 1;
CREATE INDEX noted_user ON event (user, time) WHERE noted = 1;
CREATE INDEX noted_host ON event (host, time) WHERE noted = 1;
CREATE INDEX noted_action ON event (action, time) WHERE noted = 1;
CREATE INDEX noted_rule ON event (rule, time) WHERE noted = 1;
CREATE INDEX noted_incident ON event (incident) WHERE noted = 1;
CREATE INDEX unread_time ON event (time) WHERE unread > 0;
CREATE INDEX noted_unread ON event (time) WHERE noted = 1 AND unread > 0;
CREATE TABLE typed (type INTEGER NOT NULL, time INTEGER NOT NULL, seq INTEGER NOT NULL, n INTEGER NOT NULL, noted INTEGER NOT NULL,
	PRIMARY KEY (type, time, seq)) WITHOUT ROWID;
CREATE INDEX noted_typed ON typed (type, time, seq) WHERE noted = 1;
CREATE TABLE daily (dim INTEGER NOT NULL, day INTEGER NOT NULL, key INTEGER NOT NULL, action INTEGER NOT NULL,
	n INTEGER NOT NULL, bytes INTEGER NOT NULL, people INTEGER NOT NULL, PRIMARY KEY (dim, day, key, action)) WITHOUT ROWID;
CREATE INDEX daily_key ON daily (dim, key, day, action, n, bytes, people);
CREATE TABLE block (dim INTEGER NOT NULL, size INTEGER NOT NULL, at INTEGER NOT NULL, key INTEGER NOT NULL, action INTEGER NOT NULL,
	n INTEGER NOT NULL, bytes INTEGER NOT NULL, people INTEGER NOT NULL, PRIMARY KEY (dim, size, at, key, action)) WITHOUT ROWID;
CREATE TABLE flow (user INTEGER NOT NULL, host INTEGER NOT NULL, month INTEGER NOT NULL,
	n INTEGER NOT NULL, kept INTEGER NOT NULL, bytes INTEGER NOT NULL, people INTEGER NOT NULL,
	PRIMARY KEY (user, host, month)) WITHOUT ROWID;
CREATE INDEX flow_host ON flow (host, user);
CREATE TABLE act (seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind TEXT NOT NULL, action TEXT NOT NULL, by TEXT NOT NULL,
	address TEXT NOT NULL, incident TEXT NOT NULL, record INTEGER NOT NULL, text TEXT NOT NULL, details TEXT NOT NULL);
CREATE INDEX act_by ON act (by, seq);
CREATE INDEX act_record ON act (record, seq) WHERE record > 0;
CREATE TABLE follow (record INTEGER PRIMARY KEY, state TEXT NOT NULL, time INTEGER NOT NULL);
CREATE INDEX follow_state ON follow (state);
CREATE TABLE node (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, seq INTEGER NOT NULL DEFAULT 0, hash TEXT NOT NULL DEFAULT '');
`

// Index is an open index. Safe for concurrent use.
type Index struct {
	path  string
	src   Source
	loc   *time.Location
	write *sql.DB
	read  *sql.DB

	others Others       // nil: there are none
	looked atomic.Int64 // when somebody last asked, in Unix seconds

	// One reader of the record, and one of all others, at a time.
	feeding, feedingOthers sync.Mutex

	writing sync.Mutex
	names   map[nameKey]int64
	own     place
	era     int  // times that all was forgotten
	gentle  bool // leave processors to others

	mu     sync.Mutex
	status Status
	nodes  []*place // the others; what they point at is under writing, but id and name
}

// Status tells how far the index is.
type Status struct {
	Last     uint64 // number of the last record taken in
	Building bool   // the record's past is being taken in
	Total    uint64 // number of the last record that there is
	Err      error  // why the last reading of the record failed
	Others   error  // why that of another node's did
	At       time.Time
}

// Open opens or makes the index at path. Records are taken in by [Index.Run].
// A file that is not an index, or of another schema or time zone, is deleted.
func Open(path string, src Source, loc *time.Location) (*Index, error) {
	x := &Index{path: path, src: src, loc: loc}
	x.status.Building = true
	err := x.open()
	if err != nil || !x.current() {
		if err := errors.Join(x.Close(), x.remove()); err != nil {
			return nil, fmt.Errorf("delete the stale index: %w", err)
		}
		err = x.create()
	}
	if err != nil {
		return nil, fmt.Errorf("open the index %s: %w", path, errors.Join(err, x.Close()))
	}
	return x, nil
}

func (x *Index) open() (err error) {
	if err := os.MkdirAll(filepath.Dir(x.path), 0o700); err != nil {
		return err
	}
	// Made before SQLite does, so that nobody else may read it.
	f, err := os.OpenFile(x.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	f.Close()
	name := "file:" + (&pathURL{x.path}).String() + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=temp_store(MEMORY)"
	if x.write, err = sql.Open("sqlite", name+"&_pragma=cache_size(-24000)&_txlock=immediate"); err != nil {
		return err
	}
	x.write.SetMaxOpenConns(1)
	if err := x.write.Ping(); err != nil {
		return err
	}
	if x.read, err = sql.Open("sqlite", name+"&_pragma=cache_size(-8000)&_pragma=query_only(1)"); err != nil {
		return err
	}
	x.read.SetMaxOpenConns(4)
	return nil
}

func (x *Index) create() error {
	if err := x.open(); err != nil {
		return err
	}
	if _, err := x.write.Exec(schema); err != nil {
		return err
	}
	_, err := x.write.Exec(`INSERT INTO meta VALUES ('version', ?), ('zone', ?), ('seq', '0'), ('hash', '')`, version, x.loc.String())
	x.names, x.own = map[nameKey]int64{}, place{checked: true}
	return err
}

// current tells whether the file is an index of ours, and takes up where it
// ends.
func (x *Index) current() bool {
	get := func(key string) (v string) {
		if x.write.QueryRow(`SELECT value FROM meta WHERE key = ?`, key).Scan(&v) != nil {
			return ""
		}
		return v
	}
	if get("version") != version || get("zone") != x.loc.String() {
		return false
	}
	if _, err := fmt.Sscan(get("seq"), &x.own.last); err != nil {
		return false
	}
	x.own.hash, x.names = get("hash"), map[nameKey]int64{}
	x.status.Last = x.own.last
	return true
}

func (x *Index) remove() (err error) {
	for _, end := range []string{"", "-wal", "-shm"} {
		if e := os.Remove(x.path + end); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// Close closes the file. Run must have ended.
func (x *Index) Close() (err error) {
	for _, db := range []*sql.DB{x.write, x.read} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	x.write, x.read = nil, nil
	return err
}

// Status tells how far the index is.
func (x *Index) Status() Status {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.status
}

func (x *Index) set(f func(s *Status)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f(&x.status)
}

// Wanted notes that somebody waits for the index to be made.
func (x *Index) Wanted() { x.look() }

// look notes that somebody asks. While nobody does, following costs less and may
// fall behind.
func (x *Index) look() { x.looked.Store(time.Now().Unix()) }

// share is how many times as long as a batch took the next one waits: a
// twentieth of a processor while nobody looks, half of one otherwise.
func (x *Index) share() time.Duration {
	if time.Now().Unix()-x.looked.Load() < 120 {
		return 1
	}
	return 19
}

// While nobody looks and the record grows by more than busy records a second, the
// index waits, up to patience, for a quieter moment.
const (
	busy     = 300
	patience = 5 * time.Minute
)

// Run takes in the record and follows its growth until ctx is done. every is
// the least time between two looks; a look that took long makes the next one
// later, so that following costs a twentieth of a processor at most while nobody looks.
func (x *Index) Run(ctx context.Context, every time.Duration) {
	x.writing.Lock()
	x.gentle = true
	x.writing.Unlock()
	if x.others != nil {
		var beside sync.WaitGroup
		beside.Go(func() { x.follow(ctx, every) })
		defer beside.Wait()
	}
	var seen uint64 // how far the record was at the last look
	var fed, looked time.Time
	for {
		began := time.Now()
		if now := x.src.Acknowledged(); x.share() > 1 && began.Sub(fed) < patience && float64(now-seen) > busy*began.Sub(looked).Seconds() {
			seen, looked = now, began
			select {
			case <-ctx.Done():
				return
			case <-time.After(every):
			}
			continue
		} else {
			seen, looked, fed = now, began, began
		}
		err := x.Feed(ctx)
		x.set(func(s *Status) { s.Err, s.At = err, time.Now() })
		wait := max(every, 20*time.Since(began))
		if err != nil {
			wait = max(wait, 5*time.Second)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(wait, time.Minute)):
		}
	}
}
