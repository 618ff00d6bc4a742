package rules

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long a folder must be quiet before its rules are read again:
// editors and config maps write in several steps.
const settle = 300 * time.Millisecond

// Status tells which set is in force and how the last try to load one went.
type Status struct {
	Digest   string    // of the set in force
	LoadedAt time.Time // when that set was loaded
	Err      error     // why the last try failed; nil if it did not
	ErrAt    time.Time // when it failed
}

// Watcher keeps a set current: it loads the rules again when their files
// change or when told to. A set with a fault never comes into force; the last
// good one stays. Safe for concurrent use.
type Watcher struct {
	paths   []string
	opt     Options
	changed func(Status)

	current atomic.Pointer[Set]
	loading sync.Mutex // one load at a time
	mu      sync.Mutex // guards status
	status  Status

	files *fsnotify.Watcher
	done  chan struct{}
	end   sync.Once
}

// Watch loads the set and follows its files until Close. It fails if there is
// no good set to begin with. changed is called after every try to load, from
// the goroutine that tried and never two at once; it must not call Reload. nil:
// nobody is told. Folders on file systems without notification are loaded
// again only by Reload.
func Watch(paths []string, opt Options, changed func(Status)) (*Watcher, error) {
	w := &Watcher{paths: paths, opt: opt, changed: changed, done: make(chan struct{})}
	files, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watching the rules: %w", err)
	}
	w.files = files
	if err := w.Reload(context.Background()); err != nil {
		files.Close()
		return nil, err
	}
	go w.follow()
	return w, nil
}

// Set is the set in force. One upload is to be scanned and decided with one
// and the same Set.
func (w *Watcher) Set() *Set { return w.current.Load() }

// Status tells how things stand.
func (w *Watcher) Status() Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.status
}

// Reload loads the rules now and puts them in force if they are good; the
// error is that of Load. ctx is looked at before the load begins.
func (w *Watcher) Reload(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.loading.Lock()
	defer w.loading.Unlock()
	w.observe() // first, so that a change during the load is not missed
	s, err := Load(w.paths, w.opt)
	status := w.Status()
	if err != nil {
		status.Err, status.ErrAt = err, time.Now()
	} else {
		w.current.Store(s)
		status = Status{Digest: s.Digest(), LoadedAt: time.Now()}
		w.observe() // the files that the new set names
	}
	w.mu.Lock()
	w.status = status
	w.mu.Unlock()
	if w.changed != nil {
		w.changed(status)
	}
	return err
}

// Close stops following the files. The set stays usable.
func (w *Watcher) Close() error {
	w.end.Do(func() { close(w.done) })
	return w.files.Close()
}

// observe watches the folders of everything the set is made of: folders, not
// files, since editors and config maps put new files in place of old ones; and
// both ends of a symbolic link.
func (w *Watcher) observe() {
	add := func(path string) {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			path = filepath.Dir(path)
		}
		// A folder that cannot be watched is found at the next Reload.
		_ = w.files.Add(path)
	}
	for _, p := range w.sources() {
		add(p)
		add(filepath.Dir(p)) // where p itself may be a link that is replaced
		if target, err := filepath.EvalSymlinks(p); err == nil && target != p {
			add(target)
		}
	}
}

// follow reloads when a folder has changed and is quiet again.
func (w *Watcher) follow() {
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	defer quiet.Stop()
	for {
		select {
		case <-w.done:
			return
		case e, ok := <-w.files.Events:
			if !ok {
				return
			}
			if e.Op != fsnotify.Chmod && w.concerns(e.Name) {
				quiet.Reset(settle)
			}
		case err, ok := <-w.files.Errors:
			if !ok {
				return
			}
			if errors.Is(err, fsnotify.ErrEventOverflow) {
				quiet.Reset(settle) // something changed that was not told
			}
		case <-quiet.C:
			// The outcome is in Status, and told to changed.
			_ = w.Reload(context.Background())
		}
	}
}

// concerns reports whether a change of name may change the set: one of the
// paths or of the files that rules name, a rule file in a folder, what a link
// leads to, or the link by which a config map puts a new version in place.
func (w *Watcher) concerns(name string) bool {
	name = absolute(name)
	dir := filepath.Dir(name)
	for _, p := range w.sources() {
		p = absolute(p)
		if filepath.Base(name) == "..data" && (dir == p || dir == filepath.Dir(p)) {
			return true
		}
		target, err := filepath.EvalSymlinks(p)
		if err != nil {
			target = p
		}
		if name == p || name == target || filepath.Ext(name) == ".toml" && (dir == p || dir == target) {
			return true
		}
	}
	return false
}

// sources lists everything the set is made of.
func (w *Watcher) sources() []string {
	s := w.current.Load()
	if s == nil {
		return w.paths
	}
	return slices.Concat(w.paths, s.files)
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return filepath.Clean(path)
}
