// Package change lets two people change the rules: one proposes the text of a
// rule file, another, an approver, puts it in force. Nothing that one account
// does, in whatever order, changes a file of the rules folder; the store
// itself holds to that, whatever a page does.
//
// Every proposal is kept as a file of its own with the text before and after,
// so that any change can be rolled back, which is a proposal again.
package change

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/sekimori-dlp/sekimori/console/account"
)

// Errors, told apart with errors.Is.
var (
	ErrName   = errors.New("a rule file has a name of small letters, digits and hyphens that ends in .toml")
	ErrRole   = errors.New("your role does not allow this")
	ErrSelf   = errors.New("this takes a second person")
	ErrGone   = errors.New("there is no such proposal, or it was decided already")
	ErrStale  = errors.New("the file has changed since it was proposed")
	ErrSeen   = errors.New("this is not the text that you were shown")
	ErrLarge  = errors.New("the text is larger than 1 MiB")
	ErrSame   = errors.New("this changes nothing")
	ErrReason = errors.New("a reason is missing")
	ErrFile   = errors.New(`rules written on the console name no files of the machine; write words = [...] or text = "..." instead of file = "..."`)
	ErrMany   = errors.New("too many proposals wait for a decision")
)

// What a change may be.
const (
	Proposed  = "proposed"
	Applied   = "applied"
	Refused   = "refused"
	Withdrawn = "withdrawn"
)

const (
	maxText    = 1 << 20
	maxReason  = 1000
	maxWaiting = 100
)

var fileName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,60}\.toml$`)

// Change is one proposal and what became of it. An empty text is no file.
type Change struct {
	ID         int       `json:"id"`
	File       string    `json:"file"`
	Before     string    `json:"before"`
	After      string    `json:"after"`
	Why        string    `json:"why"`
	By         string    `json:"by"`
	At         time.Time `json:"at"`
	State      string    `json:"state"`
	DecidedBy  string    `json:"decided_by,omitempty"`
	DecidedAt  time.Time `json:"decided_at,omitzero"`
	DecidedWhy string    `json:"decided_why,omitempty"`
}

// Digest names what is proposed: which file, from what, to what.
func (c Change) Digest() string {
	sum := sha256.New()
	for _, s := range []string{c.File, c.Before, c.After} {
		fmt.Fprintf(sum, "%d:%s", len(s), s)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Accounts tells what an account may do now; *account.Store in production.
type Accounts interface {
	Get(name string) (account.Account, bool)
}

// Check says what is wrong with a rules folder; it compiles the rules and runs
// their tests.
type Check func(folder string) error

// Store keeps the proposals of one rules folder. Safe for concurrent use.
type Store struct {
	live, dir string
	who       Accounts
	check     Check
	now       func() time.Time

	mu  sync.Mutex
	all []Change // by ID from 1
}

// Open reads the proposals in dir, which are about the rule files in the
// folder live; both are made if they are missing. A change that was approved
// and not written, because the program ended in between, is written now.
func Open(live, dir string, who Accounts, check Check) (*Store, error) {
	s := &Store{live: live, dir: dir, who: who, check: check, now: time.Now}
	for _, d := range []string{live, dir} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("open the rule changes: %w", err)
		}
	}
	for id := 1; ; id++ {
		data, err := os.ReadFile(s.path(id))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		var c Change
		if err == nil {
			err = json.Unmarshal(data, &c)
		}
		if err == nil && (c.ID != id || !fileName.MatchString(c.File)) {
			err = errors.New("it is damaged")
		}
		if err != nil {
			return nil, fmt.Errorf("read the rule change %s: %w", s.path(id), err)
		}
		s.all = append(s.all, c)
	}
	return s, s.finish()
}

// finish writes what the last approved change of each file says, if the file
// is still as that change found it.
func (s *Store) finish() error {
	last := map[string]*Change{}
	for i := range s.all {
		if c := &s.all[i]; c.State == Applied && (last[c.File] == nil || last[c.File].DecidedAt.Before(c.DecidedAt)) {
			last[c.File] = c
		}
	}
	for _, c := range last {
		now, err := s.text(c.File)
		if err == nil && now == c.Before {
			err = s.write(s.live, c.File, c.After)
		}
		if err != nil {
			return fmt.Errorf("finish the rule change %d: %w", c.ID, err)
		}
	}
	return nil
}

func (s *Store) path(id int) string { return filepath.Join(s.dir, fmt.Sprintf("%06d.json", id)) }

// text is the present text of a file, "" if there is none.
func (s *Store) text(file string) (string, error) {
	b, err := os.ReadFile(filepath.Join(s.live, file))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(b), err
}

func (s *Store) write(folder, file, text string) error {
	path := filepath.Join(folder, file)
	if text != "" {
		return account.WriteFile(path, []byte(text))
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (s *Store) save(c Change) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return account.WriteFile(s.path(c.ID), data)
}

// Files lists the rule files in force.
func (s *Store) Files() ([]string, error) {
	entries, err := os.ReadDir(s.live)
	if err != nil {
		return nil, fmt.Errorf("list the rule files: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && fileName.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Text is the present text of a rule file, "" if there is none.
func (s *Store) Text(file string) (string, error) {
	if !fileName.MatchString(file) {
		return "", ErrName
	}
	text, err := s.text(file)
	if err != nil {
		return "", fmt.Errorf("read a rule file: %w", err)
	}
	return text, nil
}

// List returns all changes, the newest first.
func (s *Store) List() []Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.all)
	slices.SortFunc(all, func(a, b Change) int { return cmp.Compare(b.ID, a.ID) })
	return all
}

// Get returns one change.
func (s *Store) Get(id int) (Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id < 1 || id > len(s.all) {
		return Change{}, ErrGone
	}
	return s.all[id-1], nil
}

// may checks a role now, not as it was when a page was opened.
func (s *Store) may(name string, role account.Role) error {
	a, ok := s.who.Get(name)
	if !ok || !a.Has(role) {
		return ErrRole
	}
	return nil
}

// Try checks what a file would be like with text, without proposing it. The
// error has every fault. with is called with the folder that holds the rules
// as they would be, which is removed afterwards; it may be nil.
func (s *Store) Try(file, text string, with func(folder string) error) error {
	switch {
	case !fileName.MatchString(file):
		return ErrName
	case len(text) > maxText:
		return ErrLarge
	case namesFile(text):
		return ErrFile
	}
	tmp, err := os.MkdirTemp(s.dir, ".try-")
	if err != nil {
		return fmt.Errorf("try the rules: %w", err)
	}
	defer os.RemoveAll(tmp)
	names, err := s.Files()
	if err != nil {
		return err
	}
	for _, n := range names {
		t, err := s.text(n)
		if err == nil {
			err = s.write(tmp, n, t)
		}
		if err != nil {
			return fmt.Errorf("try the rules: %w", err)
		}
	}
	if err := s.write(tmp, file, text); err != nil {
		return fmt.Errorf("try the rules: %w", err)
	}
	if err := s.check(tmp); err != nil {
		return within(err, tmp)
	}
	if with != nil {
		return with(tmp)
	}
	return nil
}

// within takes the temporary folder out of the faults.
func within(err error, tmp string) error {
	return errors.New(strings.ReplaceAll(err.Error(), tmp+string(filepath.Separator), ""))
}

// namesFile tells whether a rule file names another file, which would let its
// author read the machine's files by asking what matches. What is no TOML is
// left to the check.
func namesFile(text string) bool {
	var all map[string]any
	if _, err := toml.Decode(text, &all); err != nil {
		return false
	}
	var walk func(v any) bool
	walk = func(v any) bool {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				if k == "file" || walk(x) {
					return true
				}
			}
		case []map[string]any:
			for _, x := range v {
				if walk(x) {
					return true
				}
			}
		case []any:
			for _, x := range v {
				if walk(x) {
					return true
				}
			}
		}
		return false
	}
	return walk(all)
}

// Propose keeps a proposal. by must be a rule author. record is called before
// it is kept; if it fails, nothing is.
func (s *Store) Propose(by, file, text, why string, record func(Change) error) (Change, error) {
	if err := s.may(by, account.Author); err != nil {
		return Change{}, err
	}
	why = strings.TrimSpace(why)
	if why == "" || len(why) > 4*maxReason {
		return Change{}, ErrReason
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if strings.TrimSpace(text) == "" {
		text = ""
	}
	if err := s.Try(file, text, nil); err != nil {
		return Change{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before, err := s.text(file)
	if err != nil {
		return Change{}, fmt.Errorf("propose: %w", err)
	}
	if before == text {
		return Change{}, ErrSame
	}
	waiting := 0
	for i := range s.all {
		if s.all[i].State == Proposed {
			waiting++
		}
	}
	if waiting >= maxWaiting {
		return Change{}, ErrMany
	}
	c := Change{ID: len(s.all) + 1, File: file, Before: before, After: text, Why: why, By: by, At: s.now(), State: Proposed}
	if err := record(c); err != nil {
		return Change{}, err
	}
	if err := s.save(c); err != nil {
		return Change{}, fmt.Errorf("propose: %w", err)
	}
	s.all = append(s.all, c)
	return c, nil
}

// decide moves a proposal to another state.
func (s *Store) decide(by string, id int, to, why string, allowed func(*Change) error, record func(Change) error) (Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id < 1 || id > len(s.all) || s.all[id-1].State != Proposed {
		return Change{}, ErrGone
	}
	if err := allowed(&s.all[id-1]); err != nil {
		return Change{}, err
	}
	c := s.all[id-1]
	c.State, c.DecidedBy, c.DecidedAt, c.DecidedWhy = to, by, s.now(), strings.TrimSpace(why)
	if err := record(c); err != nil {
		return Change{}, err
	}
	if err := s.save(c); err != nil {
		return Change{}, fmt.Errorf("decide on a rule change: %w", err)
	}
	s.all[id-1] = c
	if to == Applied {
		if err := s.write(s.live, c.File, c.After); err != nil {
			return c, fmt.Errorf("write the rules: %w; the change is approved and written at the next start", err)
		}
	}
	return c, nil
}

// Approve puts a proposal in force. by must be an approver and not its author;
// seen is the Digest of what by was shown.
func (s *Store) Approve(by string, id int, seen, why string, record func(Change) error) (Change, error) {
	shown, err := s.Get(id)
	if err != nil {
		return Change{}, err
	}
	if err := s.may(by, account.Approver); err != nil {
		return Change{}, err
	}
	if strings.EqualFold(by, shown.By) {
		return Change{}, ErrSelf
	}
	if strings.TrimSpace(why) == "" || len(why) > 4*maxReason {
		return Change{}, ErrReason
	}
	// The other files may have changed since it was proposed.
	if err := s.Try(shown.File, shown.After, nil); err != nil {
		return Change{}, err
	}
	return s.decide(by, id, Applied, why, func(c *Change) error {
		now, err := s.text(c.File)
		switch {
		case err != nil:
			return fmt.Errorf("approve: %w", err)
		case c.Digest() != seen:
			return ErrSeen
		case now != c.Before:
			return ErrStale
		case strings.EqualFold(by, c.By):
			return ErrSelf
		}
		return errors.Join(s.may(by, account.Approver), s.may(c.By, account.Author))
	}, record)
}

// Refuse ends a proposal. by must be an approver.
func (s *Store) Refuse(by string, id int, why string, record func(Change) error) (Change, error) {
	if strings.TrimSpace(why) == "" || len(why) > 4*maxReason {
		return Change{}, ErrReason
	}
	return s.decide(by, id, Refused, why, func(c *Change) error {
		if strings.EqualFold(by, c.By) {
			return ErrSelf
		}
		return s.may(by, account.Approver)
	}, record)
}

// Withdraw lets who proposed take it back.
func (s *Store) Withdraw(by string, id int, record func(Change) error) (Change, error) {
	return s.decide(by, id, Withdrawn, "", func(c *Change) error {
		if !strings.EqualFold(by, c.By) {
			return ErrRole
		}
		return s.may(by, account.Author)
	}, record)
}
