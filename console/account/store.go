package account

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// How long links and wishes may be used.
const (
	linkFor = 72 * time.Hour
	wishFor = 7 * 24 * time.Hour
)

// founders is up to how many operators links printed at start may found: with
// two, everything else can take two people.
const founders = 2

// maxName bounds a name, in characters.
const maxName = 64

// state is the file.
type state struct {
	Accounts []*Account `json:"accounts"`
	Wishes   []Wish     `json:"wishes,omitempty"`
	Links    []link     `json:"links,omitempty"`
}

// Store is the accounts of an installation. Safe for concurrent use. What
// changes them takes a function that records the change; it is called when all
// else is checked, and if it fails nothing is changed.
type Store struct {
	path string
	now  func() time.Time

	mu sync.Mutex
	state
}

// Open reads the accounts at path; a file that is not there is no account yet.
func Open(path string) (*Store, error) {
	s := &Store{path: path, now: time.Now}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &s.state)
	}
	if err != nil {
		return nil, fmt.Errorf("read the console's accounts %s: %w", path, err)
	}
	for _, a := range s.Accounts {
		if err := Apart(a.Roles); err != nil {
			return nil, fmt.Errorf("read the console's accounts %s: account %q: %w", path, a.Name, err)
		}
	}
	return s, nil
}

// change runs f on the accounts and keeps what it did, or nothing of it: if f
// or the writing fails, all is as before.
func (s *Store) change(f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, err := json.Marshal(s.state)
	if err != nil {
		return fmt.Errorf("keep the accounts: %w", err)
	}
	now := s.now()
	s.Wishes = slices.DeleteFunc(s.Wishes, func(w Wish) bool { return now.After(w.Expires) })
	s.Links = slices.DeleteFunc(s.Links, func(l link) bool { return now.After(l.Expires) })
	if err = f(); err == nil {
		err = s.write()
	}
	if err != nil {
		s.state = state{}
		err = errors.Join(err, json.Unmarshal(before, &s.state))
	}
	return err
}

func (s *Store) write() error {
	data, err := json.MarshalIndent(s.state, "", "  ")
	if err != nil {
		return fmt.Errorf("write the accounts: %w", err)
	}
	return WriteFile(s.path, data)
}

// WriteFile puts data in path's place, whole or not at all, readable by the
// owner only.
func WriteFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// find returns the account called name, in any case.
func (s *Store) find(name string) *Account {
	for _, a := range s.Accounts {
		if strings.EqualFold(a.Name, name) {
			return a
		}
	}
	return nil
}

// Get returns an account.
func (s *Store) Get(name string) (Account, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.find(name); a != nil {
		return a.clone(), true
	}
	return Account{}, false
}

// List returns all accounts by name.
func (s *Store) List() []Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Account, len(s.Accounts))
	for i, a := range s.Accounts {
		all[i] = a.clone()
	}
	slices.SortFunc(all, func(a, b Account) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Pending returns what waits for a second person.
func (s *Store) Pending() []Wish {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	return slices.DeleteFunc(slices.Clone(s.Wishes), func(w Wish) bool { return now.After(w.Expires) })
}

func (s *Store) newName(name string) error {
	switch {
	case name == "" || utf8.RuneCountInString(name) > maxName || strings.TrimSpace(name) != name || !utf8.ValidString(name):
		return fmt.Errorf("%w: it has 1 to %d characters, no blank at its ends", ErrName, maxName)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("%w: it holds an invisible character", ErrName)
	case s.find(name) != nil:
		return fmt.Errorf("%w: there is an account of that name, or there was one", ErrName)
	}
	return nil
}

// token makes a secret and what is kept of it.
func token() (secret, hash string) {
	b := make([]byte, 32)
	rand.Read(b)
	secret = base64.RawURLEncoding.EncodeToString(b)
	return secret, hashOf(secret)
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// founded counts the operators who can log in.
func (s *Store) founded() (n int) {
	for _, a := range s.Accounts {
		if a.Has(Operator) && (a.Hash != "" || a.External()) {
			n++
		}
	}
	return n
}

// Found makes a link that founds an account, as long as fewer than two
// operators can log in; earlier such links stop working. secret is "" if there are
// enough.
func (s *Store) Found() (secret string, expires time.Time, err error) {
	err = s.change(func() error {
		s.Links = slices.DeleteFunc(s.Links, func(l link) bool { return l.For == "" })
		if s.founded() >= founders {
			return nil
		}
		var l link
		secret, l.Hash = token()
		l.Expires = s.now().Add(linkFor)
		expires = l.Expires
		s.Links = append(s.Links, l)
		return nil
	})
	return secret, expires, err
}

// Link tells for whom a link is; founds is true if it founds an account.
func (s *Store) Link(secret string) (name string, founds bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.link(secret)
	if i < 0 {
		return "", false, ErrLink
	}
	return s.Links[i].For, s.Links[i].For == "", nil
}

func (s *Store) link(secret string) int {
	h, now := hashOf(secret), s.now()
	return slices.IndexFunc(s.Links, func(l link) bool {
		return l.Hash == h && !now.After(l.Expires) && (l.For != "" || s.founded() < founders)
	})
}

// Redeem uses a link up: it founds the account name with roles, or sets the
// password of the account the link is for. record is called before it is kept;
// if it fails, nothing is.
func (s *Store) Redeem(secret, name string, roles []Role, password string, record func(Account) error) (Account, error) {
	if _, founds, err := s.Link(secret); err != nil {
		return Account{}, err
	} else if !founds {
		name, _, _ = s.Link(secret)
	}
	if err := checkPassword(name, password); err != nil {
		return Account{}, err
	}
	hash := hashPassword(password) // slow: outside the lock
	var made Account
	err := s.change(func() error {
		i := s.link(secret)
		if i < 0 {
			return ErrLink
		}
		a := s.find(s.Links[i].For)
		if s.Links[i].For == "" {
			if err := s.newName(name); err != nil {
				return err
			}
			if err := Apart(roles); err != nil {
				return err
			}
			if !slices.Contains(roles, Operator) {
				return fmt.Errorf("%w: a founding account is an operator", ErrRole)
			}
			a = &Account{Name: name, Roles: slices.Clone(roles), Founder: true, Created: s.now()}
			s.Accounts = append(s.Accounts, a)
		}
		if a == nil {
			return ErrLink
		}
		a.Hash = hash
		s.Links = slices.Delete(s.Links, i, i+1)
		made = a.clone()
		return record(made)
	})
	return made, err
}

// operator returns the account by if it may administer.
func (s *Store) operator(by string) (*Account, error) {
	a := s.find(by)
	if a == nil || !a.Has(Operator) {
		return nil, ErrRole
	}
	return a, nil
}

// Invite makes an account without roles and a link for its person. by must be
// an operator.
func (s *Store) Invite(by, name string, record func() error) (secret string, err error) {
	err = s.change(func() error {
		if _, err := s.operator(by); err != nil {
			return err
		}
		if err := s.newName(name); err != nil {
			return err
		}
		s.Accounts = append(s.Accounts, &Account{Name: name, Created: s.now()})
		secret = s.newLink(name)
		return record()
	})
	return secret, err
}

func (s *Store) newLink(name string) (secret string) {
	l := link{For: name, Expires: s.now().Add(linkFor)}
	secret, l.Hash = token()
	s.Links = slices.DeleteFunc(s.Links, func(o link) bool { return o.For == name })
	s.Links = append(s.Links, l)
	return secret
}

// Ask makes a wish that another operator has to confirm. Nobody asks for
// themselves.
func (s *Store) Ask(by, what, name string, roles []Role, record func(Wish) error) (Wish, error) {
	var w Wish
	err := s.change(func() error {
		a := s.find(name)
		if _, err := s.operator(by); err != nil {
			return err
		}
		switch {
		case a == nil:
			return ErrUnknown
		case strings.EqualFold(by, name):
			return ErrSelf
		case a.External() && what != WishEnable:
			return ErrExternal
		case what == WishRoles:
			if err := Apart(roles); err != nil {
				return err
			}
		case what == WishEnable && a.Disabled, what == WishReset && !a.Disabled:
			roles = nil
		default:
			return ErrGone
		}
		id := make([]byte, 8)
		rand.Read(id)
		w = Wish{ID: hex.EncodeToString(id), What: what, For: a.Name, Roles: slices.Clone(roles), By: by, At: s.now(), Expires: s.now().Add(wishFor)}
		s.Wishes = slices.DeleteFunc(s.Wishes, func(o Wish) bool { return o.For == a.Name && o.What == what })
		s.Wishes = append(s.Wishes, w)
		return record(w)
	})
	return w, err
}

// Confirm does what a wish asks for. by must be an operator who neither asked
// nor is the one it is for. secret is the link of a reset.
func (s *Store) Confirm(by, id string, record func(Wish) error) (w Wish, secret string, err error) {
	err = s.change(func() error {
		if _, err := s.operator(by); err != nil {
			return err
		}
		i := slices.IndexFunc(s.Wishes, func(w Wish) bool { return w.ID == id })
		if i < 0 {
			return ErrGone
		}
		w = s.Wishes[i]
		if strings.EqualFold(by, w.By) || strings.EqualFold(by, w.For) {
			return ErrSelf
		}
		asker, a := s.find(w.By), s.find(w.For)
		if a == nil || asker == nil || !asker.Has(Operator) {
			return ErrGone // who asked may not ask any more
		}
		switch w.What {
		case WishRoles:
			if err := Apart(w.Roles); err != nil {
				return err
			}
			a.Roles = slices.Clone(w.Roles)
		case WishEnable:
			a.Disabled = false
		case WishReset:
			a.Hash, a.TOTP, a.TOTPLast, a.Handle, a.Passkeys = "", "", 0, nil, nil
			secret = s.newLink(a.Name)
		}
		s.Wishes = slices.Delete(s.Wishes, i, i+1)
		return record(w)
	})
	return w, secret, err
}

// Refuse takes a wish away: any operator may, the one who asked too.
func (s *Store) Refuse(by, id string, record func(Wish) error) (w Wish, err error) {
	err = s.change(func() error {
		if _, err := s.operator(by); err != nil {
			return err
		}
		i := slices.IndexFunc(s.Wishes, func(w Wish) bool { return w.ID == id })
		if i < 0 {
			return ErrGone
		}
		w = s.Wishes[i]
		s.Wishes = slices.Delete(s.Wishes, i, i+1)
		return record(w)
	})
	return w, err
}

// Disable shuts an account at once. That takes one operator only: shutting
// somebody out must not wait. If one operator is left, the next start prints a
// link that founds another.
func (s *Store) Disable(by, name string, record func() error) error {
	return s.change(func() error {
		if _, err := s.operator(by); err != nil {
			return err
		}
		a := s.find(name)
		if a == nil {
			return ErrUnknown
		}
		if strings.EqualFold(by, name) {
			return ErrSelf
		}
		a.Disabled = true
		s.Links = slices.DeleteFunc(s.Links, func(l link) bool { return l.For == a.Name })
		return record()
	})
}
