package account

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"time"
)

// How long a session lasts: without a request, and at most.
const (
	IdleFor     = 30 * time.Minute
	AbsoluteFor = 12 * time.Hour
)

// maxSessions bounds the sessions of one account; the oldest gives way.
const maxSessions = 5

// Session is a logged-in person's.
type Session struct {
	Name    string
	CSRF    string // what every form has to carry
	Began   time.Time
	Seen    time.Time
	Address string
	id      string // hash of the cookie
}

// Sessions keeps who is logged in. Safe for concurrent use.
type Sessions struct {
	now func() time.Time
	mu  sync.Mutex
	all map[string]*Session
}

// NewSessions begins with nobody logged in.
func NewSessions() *Sessions { return &Sessions{now: time.Now, all: map[string]*Session{}} }

// Begin logs name in and returns the cookie's value.
func (s *Sessions) Begin(name, address string) (cookie string, ses Session) {
	cookie, id := token()
	b := make([]byte, 24)
	rand.Read(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	n := &Session{Name: name, CSRF: base64.RawURLEncoding.EncodeToString(b), Began: now, Seen: now, Address: address, id: id}
	s.sweep(now)
	for {
		var oldest *Session
		count := 0
		for _, o := range s.all {
			if o.Name == name {
				count++
				if oldest == nil || o.Seen.Before(oldest.Seen) {
					oldest = o
				}
			}
		}
		if count < maxSessions {
			break
		}
		delete(s.all, oldest.id)
	}
	s.all[id] = n
	return cookie, *n
}

func over(o *Session, now time.Time) bool {
	return now.Sub(o.Seen) > IdleFor || now.Sub(o.Began) > AbsoluteFor
}

func (s *Sessions) sweep(now time.Time) {
	for id, o := range s.all {
		if over(o, now) {
			delete(s.all, id)
		}
	}
}

// Get returns the session of a cookie and notes that it is in use.
func (s *Sessions) Get(cookie string) (Session, bool) {
	id := hashOf(cookie)
	s.mu.Lock()
	defer s.mu.Unlock()
	o, now := s.all[id], s.now()
	if o == nil {
		return Session{}, false
	}
	if over(o, now) {
		delete(s.all, id)
		return Session{}, false
	}
	o.Seen = now
	return *o, true
}

// End ends the session of a cookie.
func (s *Sessions) End(cookie string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, hashOf(cookie))
}

// EndAll ends every session of name, but for keep.
func (s *Sessions) EndAll(name string, keep *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, o := range s.all {
		if strings.EqualFold(o.Name, name) && (keep == nil || id != keep.id) {
			delete(s.all, id)
		}
	}
}

// Genuine tells whether a form carries the session's token.
func (ses Session) Genuine(form string) bool {
	return subtle.ConstantTimeCompare([]byte(form), []byte(ses.CSRF)) == 1
}

// LogIn checks a password and, where it is asked for, a one-time code. The
// error is ErrCode if only the code is missing, ErrPasskey if a passkey is, else
// ErrRefused: who is wrong about a name learns nothing. ErrWrong, which is one too, is
// for the record.
func (s *Store) LogIn(name, password, code string) (Account, error) {
	s.mu.Lock()
	var hash string
	if a := s.find(name); a != nil && !a.Disabled {
		hash = a.Hash
	}
	s.mu.Unlock()
	if !verifyPassword(hash, password) { // slow: outside the lock
		return Account{}, ErrRefused
	}
	var in Account
	err := s.change(func() error {
		a := s.find(name)
		if a == nil || a.Disabled || a.Hash != hash {
			return ErrRefused
		}
		if a.TOTP != "" {
			if code == "" {
				return ErrCode
			}
			step, ok := checkCode(a.TOTP, code, s.now(), a.TOTPLast)
			if !ok {
				return ErrWrong
			}
			a.TOTPLast = step
		} else if len(a.Passkeys) > 0 {
			return ErrPasskey
		}
		a.LastSeen = s.now()
		in = a.clone()
		return nil
	})
	return in, err
}

// SetPassword lets a person choose another password; old is the present one.
func (s *Store) SetPassword(name, old, password string, record func() error) error {
	s.mu.Lock()
	var hash string
	if a := s.find(name); a != nil {
		hash = a.Hash
	}
	s.mu.Unlock()
	if !verifyPassword(hash, old) {
		return ErrRefused
	}
	if err := checkPassword(name, password); err != nil {
		return err
	}
	fresh := hashPassword(password)
	return s.change(func() error {
		a := s.find(name)
		if a == nil || a.Hash != hash {
			return ErrRefused
		}
		a.Hash = fresh
		return record()
	})
}

// NewSecret offers a key for one-time codes. It counts once [Store.Enrol] has
// seen a code made with it.
func NewSecret() string { return newSecret() }

// Enrol asks name for one-time codes from now on. password proves that it is
// the person, code that their app has the secret.
func (s *Store) Enrol(name, password, secret, code string, record func() error) error {
	s.mu.Lock()
	var hash string
	if a := s.find(name); a != nil {
		hash = a.Hash
	}
	s.mu.Unlock()
	if !verifyPassword(hash, password) {
		return ErrRefused
	}
	return s.change(func() error {
		a := s.find(name)
		if a == nil || a.Hash != hash {
			return ErrRefused
		}
		step, ok := checkCode(secret, code, s.now(), 0)
		if !ok {
			return fmt.Errorf("%w: the code does not fit the key", ErrCode)
		}
		a.TOTP, a.TOTPLast = secret, step
		return record()
	})
}
