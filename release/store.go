package release

import (
	"bufio"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Bounds of the store.
const (
	maxReason  = 1000   // characters of a reason that are kept
	maxWaiting = 10_000 // requests that may wait at once
	maxOwn     = 50     // of one sender
	keep       = 90 * 24 * time.Hour
)

// Config equips a Store. Zero fields take the defaults.
type Config struct {
	Wait    time.Duration            // how long a request waits for a decision; default 3 days
	Manager func(user string) string // who the manager of an account is, "" if nobody; nil: nobody
	Now     func() time.Time         // default time.Now
	// Record is called before each step takes effect; an error undoes it. It
	// has to be durable when it returns. nil: nothing is called.
	Record func(Step) error
	// Recorded tells whether a step that was given to Record at or after since
	// is on record; it is called where a crash or an error left that open. nil:
	// it is not.
	Recorded func(st Step, since time.Time) (bool, error)
	// Key is of digests, where several stores have to agree on them; nil: a key
	// of the store's own, kept in its folder.
	Key []byte
	// Node names this store among several that tell each other what happens,
	// and Share is given each piece of that once it has taken effect here, to
	// be given to Take of the others. nil: there is one store.
	Node  string
	Share func(news []byte)
}

// Step is one thing that happened to a request, as it goes on record.
type Step struct {
	What string // "asked", "approved", "agreed", "denied", "withdrawn", "expired", "emergency", "delegated", "passed"
	By   string
	Case Case
	Note string // a reason or what else is to be said; never a value
}

// Delegation lets another decide during an absence.
type Delegation struct {
	Of     string    `json:"of"`
	Groups []string  `json:"groups"` // of the one who is away, when he delegated
	To     string    `json:"to"`     // "" once it was ended
	From   time.Time `json:"from"`
	Until  time.Time `json:"until"`
	Made   time.Time `json:"made,omitzero"` // set by [Store.Delegate]; the latest counts
}

// Store keeps requests in one folder. Safe for concurrent use.
type Store struct {
	Config
	manager func(string) string
	key     []byte

	mu          sync.Mutex
	file        *os.File
	cases       map[string]*Case
	bySubject   map[Subject]*Case    // the latest
	delegations []Delegation         // the latest of each person, also ended ones: an earlier one may be told late
	lapses      map[string]time.Time // ends that may be on record, by number
	due         time.Time            // no end is to be recorded before
	broken      error                // the file could not be written
}

// line is a line of the file: a case as it stands from then on, a delegation, or
// that the end of a case is about to be recorded.
type line struct {
	Case       *Case       `json:"case,omitempty"`
	Delegation *Delegation `json:"delegation,omitempty"`
	Lapse      *lapse      `json:"lapse,omitempty"`
}

// Open opens the store in a folder, making it if need be. A last line that was
// not written whole, by a crash, is dropped: its step never took effect.
func Open(folder string, c Config) (*Store, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Wait == 0 {
		c.Wait = 72 * time.Hour
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of releases: %w", err)
	}
	s := &Store{Config: c, manager: c.Manager, cases: map[string]*Case{}, bySubject: map[Subject]*Case{}, lapses: map[string]time.Time{}}
	var err error
	if s.key = c.Key; s.key == nil {
		if s.key, err = openKey(filepath.Join(folder, "key")); err != nil {
			return nil, err
		}
	}
	name := filepath.Join(folder, "releases.jsonl")
	if err := s.read(name); err != nil {
		return nil, fmt.Errorf("read releases: %w", err)
	}
	if err := s.rewrite(name); err != nil {
		return nil, fmt.Errorf("write releases: %w", err)
	}
	return s, nil
}

// openKey reads the key of digests and tokens, or makes one.
func openKey(name string) ([]byte, error) {
	if k, err := os.ReadFile(name); err == nil {
		if len(k) != 32 {
			return nil, fmt.Errorf("key of releases %s has %d bytes; it should have 32: put back the one that was there, or remove it, which ends all releases", name, len(k))
		}
		return k, nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read key of releases: %w", err)
	}
	k := make([]byte, 32)
	if _, err := rand.Read(k); err != nil {
		return nil, fmt.Errorf("make key of releases: %w", err)
	}
	if err := writeDurably(name, k); err != nil {
		return nil, fmt.Errorf("write key of releases: %w", err)
	}
	return k, nil
}

// writeDurably writes a file so that it is there whole or not at all.
func writeDurably(name string, b []byte) error {
	f, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(name+".new", name)
	}
	if err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (s *Store) read(name string) error {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	for n := 1; ; n++ {
		b, err := in.ReadBytes('\n')
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		var l line
		if err := json.Unmarshal(b, &l); err != nil {
			return fmt.Errorf("line %d is damaged: %w", n, err)
		}
		s.take(l)
	}
}

// take applies a line.
func (s *Store) take(l line) {
	if c := l.Case; c != nil {
		s.cases[c.ID] = c
		if s.runs(c) {
			s.due = earlier(s.due, c.Ends)
		} else {
			delete(s.lapses, c.ID)
		}
		// The latest counts; but where two nodes were asked at once, the one
		// that was approved.
		was := s.bySubject[c.Subject]
		if was == nil || was.ID == c.ID || !c.Asked.Before(was.Asked) && !(c.State == Waiting && was.State == Approved && s.Now().Before(was.Ends)) ||
			c.State == Approved && was.State == Waiting {
			s.bySubject[c.Subject] = c
		}
	}
	if p := l.Lapse; p != nil {
		s.lapses[p.ID] = p.At
	}
	if d := l.Delegation; d != nil {
		s.delegations = append(slices.DeleteFunc(s.delegations, func(o Delegation) bool { return same(o.Of, d.Of) }), *d)
	}
}

// rewrite starts the file anew with what still matters.
func (s *Store) rewrite(name string) error {
	var b []byte
	now := s.Now()
	for _, c := range s.sorted() {
		if c.Ends.Add(keep).Before(now) && !s.runs(c) {
			delete(s.cases, c.ID)
			if s.bySubject[c.Subject] == c {
				delete(s.bySubject, c.Subject)
			}
			continue
		}
		lines := []line{{Case: c}}
		if at, ok := s.lapses[c.ID]; ok {
			lines = append(lines, line{Lapse: &lapse{c.ID, at}})
		}
		for _, l := range lines {
			x, err := json.Marshal(l)
			if err != nil {
				return err
			}
			b = append(append(b, x...), '\n')
		}
	}
	for i := range s.delegations {
		x, err := json.Marshal(line{Delegation: &s.delegations[i]})
		if err != nil {
			return err
		}
		b = append(append(b, x...), '\n')
	}
	if err := writeDurably(name, b); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0o600)
	s.file = f
	return err
}

// Close closes the file.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == nil {
		s.broken = os.ErrClosed
	}
	return s.file.Close()
}

// commit records a step, makes it durable and then applies it. The caller has
// mu.
func (s *Store) commit(l line, st Step) error {
	if s.broken != nil {
		return fmt.Errorf("releases cannot be written: %w", s.broken)
	}
	if s.Record != nil {
		if err := s.Record(st); err != nil {
			return fmt.Errorf("record release: %w", err)
		}
	}
	was := s.before(l)
	if err := s.write(l); err != nil {
		return err
	}
	s.share(was, l)
	return nil
}

// write makes a line durable and applies it. The caller has mu.
func (s *Store) write(l line) error {
	if s.broken != nil {
		return fmt.Errorf("releases cannot be written: %w", s.broken)
	}
	b, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("encode release: %w", err)
	}
	if _, err = s.file.Write(append(b, '\n')); err == nil {
		err = s.file.Sync()
	}
	if err != nil {
		s.broken = err // what is on disk is not known any more
		return fmt.Errorf("write release: %w", err)
	}
	s.take(l)
	return nil
}

// Digest is a keyed digest, for Subject.Content and tokens that outlive a
// restart.
func (s *Store) Digest(of []byte) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write(of)
	return h.Sum(nil)
}

// Ask makes a request, or returns the one that is open for the same subject.
func (s *Store) Ask(sub Subject, incident, reason string, t Terms) (Case, error) {
	reason, err := cleanReason(reason)
	if err != nil {
		return Case{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	if c := s.bySubject[sub]; c != nil && (c.Open(now) || c.passes(now)) {
		return *c, nil
	}
	waiting, own := 0, 0
	for _, c := range s.cases {
		if c.Open(now) {
			waiting++
			if c.Subject.Sender == sub.Sender {
				own++
			}
		}
	}
	if waiting >= maxWaiting || own >= maxOwn {
		return Case{}, ErrFull
	}
	t.People = min(max(t.People, 1), 5)
	if t.For <= 0 {
		t.For = 24 * time.Hour
	}
	c := &Case{ID: newID(), Incident: incident, Subject: sub, Reason: reason, Terms: t, Asked: now, Ends: now.Add(s.Wait), State: Waiting, Node: s.Node}
	if err := s.commit(line{Case: c}, Step{What: "asked", By: sub.Sender, Case: *c, Note: reason}); err != nil {
		return Case{}, err
	}
	return *c, nil
}

// May tells why an approver cannot decide on a request, nil if he can.
func (s *Store) May(id string, a Approver) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	c := s.cases[id]
	switch {
	case c == nil:
		return ErrUnknown
	case !c.Open(now):
		return ErrClosed
	}
	_, err := s.may(c, a, now)
	return err
}

// Decide takes an approver's decision. The request is approved once as many
// different persons have agreed as its terms ask for; one refusal denies it.
func (s *Store) Decide(id string, a Approver, approve bool, reason string) (Case, error) {
	return s.vote(id, a, approve, false, reason)
}

// Emergency approves a request at once on one approver's word, whatever number
// of people it needs. The caller sees to it that an alarm goes out.
func (s *Store) Emergency(id string, a Approver, reason string) (Case, error) {
	return s.vote(id, a, true, true, reason)
}

func (s *Store) vote(id string, a Approver, approve, emergency bool, reason string) (Case, error) {
	reason, err := cleanReason(reason)
	if err != nil {
		return Case{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	was := s.cases[id]
	switch {
	case was == nil:
		return Case{}, ErrUnknown
	case !was.Open(now):
		return *was, ErrClosed
	}
	instead, err := s.may(was, a, now)
	if err != nil {
		return *was, err
	}
	c := *was
	c.Votes = append(slices.Clone(c.Votes), Vote{By: a.User, For: instead, Approve: approve, Emergency: emergency, Reason: reason, Time: now})
	st := Step{What: "agreed", By: a.User, Note: reason}
	switch {
	case !approve:
		c.State, c.Ends, st.What = Denied, now, "denied"
	case emergency:
		c.State, c.Ends, st.What = Approved, now.Add(c.Terms.For), "emergency"
	case c.Agreed() >= c.Terms.People:
		c.State, c.Ends, st.What = Approved, now.Add(c.Terms.For), "approved"
	}
	st.Case = c
	if err := s.commit(line{Case: &c}, st); err != nil {
		return *was, err
	}
	return c, nil
}

// Withdraw ends a request of the sender's own, also one that was approved.
func (s *Store) Withdraw(id, sender string) (Case, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	was := s.cases[id]
	switch {
	case was == nil || was.Subject.Sender != sender:
		return Case{}, ErrUnknown
	case !was.Open(now) && !was.passes(now):
		return *was, ErrClosed
	}
	c := *was
	c.State, c.Ends = Withdrawn, now
	if err := s.commit(line{Case: &c}, Step{What: "withdrawn", By: sender, Case: c}); err != nil {
		return *was, err
	}
	return c, nil
}

// Delegate lets to decide for of between two times, in place of an earlier
// delegation of his; to "" ends it. groups are those of the one who is away.
func (s *Store) Delegate(d Delegation) error {
	now := s.Now()
	switch {
	case d.Of == "" || same(d.Of, d.To):
		return errors.New("a delegation is from one person to another")
	case d.To != "" && (!d.Until.After(now) || d.Until.Sub(d.From) > 92*24*time.Hour):
		return errors.New("a delegation ends within three months")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d.Made = now
	for _, o := range s.delegations { // made on a node with a faster clock, it is earlier all the same
		if same(o.Of, d.Of) && !o.Made.Before(d.Made) {
			d.Made = o.Made.Add(1)
		}
	}
	return s.commit(line{Delegation: &d}, Step{What: "delegated", By: d.Of, Note: "to " + d.To + " until " + d.Until.Format(time.RFC3339)})
}

// Allowed reports whether the subject may pass by a release, which it returns.
func (s *Store) Allowed(sub Subject) (Case, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.bySubject[sub]
	if c == nil || !c.passes(s.Now()) {
		return Case{}, false
	}
	return *c, true
}

// Passed counts that a release was used.
func (s *Store) Passed(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.cases[id]
	if was == nil {
		return ErrUnknown
	}
	c := *was
	c.Passed++
	return s.commit(line{Case: &c}, Step{What: "passed", By: c.Subject.Sender, Case: c})
}

// Get returns a request as it stands now.
func (s *Store) Get(id string) (Case, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.cases[id]
	if c == nil {
		return Case{}, ErrUnknown
	}
	return s.seen(c), nil
}

// Latest returns the last request for a subject.
func (s *Store) Latest(sub Subject) (Case, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.bySubject[sub]
	if c == nil {
		return Case{}, false
	}
	return s.seen(c), true
}

// List returns all requests that are kept, the newest first.
func (s *Store) List() []Case {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.sorted()
	out := make([]Case, len(all))
	for i, c := range all {
		out[len(all)-1-i] = s.seen(c)
	}
	return out
}

// seen is a copy of c with what time has done to it. Whether a request has
// expired is a matter of the clock alone; [Store.Expire] only records it.
func (s *Store) seen(c *Case) Case {
	out, now := *c, s.Now()
	if (c.State == Waiting || c.State == Approved) && !c.Open(now) && !c.passes(now) {
		out.State, out.Lapsed = Expired, c.State
	}
	return out
}

// Delegations returns those that are not over, and not those that were ended.
func (s *Store) Delegations() []Delegation {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	return slices.DeleteFunc(slices.Clone(s.delegations), func(d Delegation) bool { return d.To == "" || now.After(d.Until) })
}

// sorted lists the cases by time.
func (s *Store) sorted() []*Case {
	out := make([]*Case, 0, len(s.cases))
	for _, c := range s.cases {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b *Case) int {
		if n := a.Asked.Compare(b.Asked); n != 0 {
			return n
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

func cleanReason(r string) (string, error) {
	r = strings.TrimSpace(r)
	if r == "" || !utf8.ValidString(r) {
		return "", ErrReason
	}
	if c := []rune(r); len(c) > maxReason {
		r = string(c[:maxReason])
	}
	return r, nil
}

// newID makes a number that is read aloud without mistakes.
func newID() string {
	var b [5]byte
	rand.Read(b[:])
	s := base32.NewEncoding("23456789ABCDEFGHJKLMNPQRSTUVWXYZ").EncodeToString(b[:])
	return "RL-" + s[:4] + "-" + s[4:]
}

// Content makes a Subject's Content from a digest of what is sent.
func (s *Store) Content(digest [32]byte) string { return hex.EncodeToString(s.Digest(digest[:])) }
