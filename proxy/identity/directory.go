package identity

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"
)

// directory is what the files say at one time. It is immutable but for its
// memory of verified passwords, which ends with it: a user who was removed or
// has a new password is not let in by it.
type directory struct {
	stamp     stamp
	passwords bool
	users     map[string]credential
	decoy     credential // verified against where there is no such user
	groups    map[string][]string
	verified  *verified
	flight    singleflight.Group
}

// stamp tells one state of the files from another.
type stamp [2]struct {
	size  int64
	mtime time.Time
}

// reloadEvery is how often the files are looked at.
const reloadEvery = time.Second

// verifying bounds how many passwords are checked at once in the process: each
// takes a core for a good part of a second.
var verifying = semaphore.NewWeighted(int64(max(1, runtime.GOMAXPROCS(0)/2)))

// asking bounds how many passwords a directory is asked about at once.
var asking = semaphore.NewWeighted(32)

const verifyWait = 10 * time.Second

var errBusy = errors.New("too many log-ins at once")

// tooSoon is for how long no password of the user is looked at.
type tooSoon time.Duration

func (tooSoon) Error() string { return "too many wrong passwords" }

// check verifies a password, once for all requests that come with it at the
// same time. It takes as long where there is no such user.
// remote, if not nil, is where the user is asked for instead of in the file.
func (i *Identifier) check(d *directory, key digest, user, password string, from netip.Addr, remote *ldapDirectory) (bool, error) {
	right, err, _ := d.flight.Do(string(key[:]), func() (any, error) {
		if d.verified.has(key, i.now()) {
			return true, nil // while this one was on its way here
		}
		ctx, cancel := context.WithTimeout(context.Background(), verifyWait)
		defer cancel()
		turns := verifying
		if remote != nil {
			turns = asking
		}
		if turns.Acquire(ctx, 1) != nil {
			return false, errBusy
		}
		defer turns.Release(1)
		// Not before: guesses that came with this one may have been looked at.
		if wait := i.slow.wait(from, user, i.now()); wait > 0 {
			return false, tooSoon(wait)
		}
		right, err := false, error(nil)
		if remote != nil {
			right, err = remote.check(ctx, user, password)
		} else {
			c, known := d.users[user]
			if !known {
				c = d.decoy
			}
			right = c != nil && c.verify(password) && known
		}
		switch {
		case right:
			d.verified.add(key, i.now())
			i.slow.forget(from, user)
		case err == nil:
			i.slow.wrong(from, user, i.now())
		}
		return right, err
	})
	return right.(bool), err
}

// groupsOf returns the user's groups and more, sorted, each once.
func (d *directory) groupsOf(user string, more []string) []string {
	own := d.groups[user]
	if len(more) == 0 {
		return own
	}
	all := slices.Concat(own, more)
	slices.Sort(all)
	return slices.Compact(all)
}

// readDirectory reads the files of c and reports all their faults.
func readDirectory(c *Config) (*directory, error) {
	d := &directory{groups: map[string][]string{}, verified: newVerified()}
	d.stamp, _ = look(c)
	var errs []error
	if c.Htpasswd != "" {
		d.passwords = true
		errs = append(errs, readFile(c.Htpasswd, func(r io.Reader) (err error) {
			d.users, err = parseHtpasswd(c.Htpasswd, r)
			return err
		}))
		var first string
		for user, c := range d.users {
			if first == "" || user < first {
				first, d.decoy = user, c
			}
		}
	}
	for group, users := range c.Members {
		for _, u := range users {
			d.groups[u] = append(d.groups[u], group)
		}
	}
	if c.Groups != "" {
		errs = append(errs, readFile(c.Groups, func(r io.Reader) error {
			return parseGroups(c.Groups, r, d.groups)
		}))
	}
	for u, g := range d.groups {
		slices.Sort(g)
		d.groups[u] = slices.Compact(g)
	}
	return d, errors.Join(errs...)
}

// maxFile bounds the files: some 200,000 users.
const maxFile = 16 << 20

func readFile(name string, parse func(io.Reader) error) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > maxFile {
		return fmt.Errorf("%s: larger than %d MiB", name, maxFile>>20)
	}
	return parse(io.LimitReader(f, maxFile))
}

// parseGroups reads "group: user user" lines, as Apache's AuthGroupFile.
func parseGroups(name string, r io.Reader, groups map[string][]string) error {
	var errs []error
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	n := 0
	for s.Scan() {
		n++
		text := strings.TrimSpace(s.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		group, users, ok := strings.Cut(text, ":")
		if group = strings.TrimSpace(group); !ok || group == "" {
			errs = append(errs, fmt.Errorf("%s:%d: this is no line of a group; write \"group: user user\"", name, n))
			continue
		}
		for _, u := range strings.Fields(users) {
			groups[u] = append(groups[u], group)
		}
	}
	if err := s.Err(); err != nil {
		errs = append(errs, fmt.Errorf("%s:%d: %w", name, n+1, err))
	}
	return errors.Join(errs...)
}

func look(c *Config) (s stamp, err error) {
	for k, name := range []string{c.Htpasswd, c.Groups} {
		if name == "" {
			continue
		}
		info, e := os.Stat(name)
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		s[k].size, s[k].mtime = info.Size(), info.ModTime()
	}
	return s, err
}

// directory returns what the files say, looking at them at most once in
// reloadEvery. One request does the looking; others go on with what is there.
func (i *Identifier) directory() *directory {
	now, last := i.now().UnixNano(), i.checked.Load()
	if now-last >= int64(reloadEvery) && i.checked.CompareAndSwap(last, now) {
		if s, err := look(&i.c); err != nil || s != i.current.Load().stamp {
			i.reload(false)
		}
	}
	return i.current.Load()
}

// Reload reads the files now. If they are at fault, what was read before stays
// in force and the faults are returned.
func (i *Identifier) Reload() error { return i.reload(true) }

func (i *Identifier) reload(again bool) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	s, _ := look(&i.c)
	if !again && i.fault != nil && s == i.faulty {
		return i.fault // told already
	}
	d, err := readDirectory(&i.c)
	if err != nil {
		i.fault, i.faulty = fmt.Errorf("read users and groups: %w", err), s
		i.log.Error("users and groups stay as they were", "err", err)
		return i.fault
	}
	if i.fault != nil || d.stamp != i.current.Load().stamp {
		i.log.Info("users and groups read", "users", len(d.users))
	}
	i.fault = nil
	i.current.Store(d)
	return nil
}

// Healthy returns why the files as they are now are not in force, or nil.
func (i *Identifier) Healthy() error {
	i.directory()
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fault
}
