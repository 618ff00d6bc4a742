package account

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Passkey is a key pair on a person's device (WebAuthn, W3C), as far as the
// console knows it.
type Passkey struct {
	ID    []byte    `json:"id"`
	Name  string    `json:"name"` // which device, in the person's words
	Added time.Time `json:"added"`
	Used  time.Time `json:"used,omitzero"`
	// Credential is the public key and its counter, for whoever verifies.
	Credential json.RawMessage `json:"credential"`
}

// ErrPasskey says that a password alone is not enough: the account has a
// passkey, and no one-time codes.
var ErrPasskey = errors.New("a passkey is needed")

const maxPasskeys = 10

// AddPasskey takes a passkey in that was made for handle. password proves that
// it is the person. From then on a password alone does not log in.
func (s *Store) AddPasskey(name, password string, handle []byte, k Passkey, record func() error) error {
	return s.proven(name, password, func(a *Account) error {
		switch {
		case len(a.Handle) > 0 && !bytes.Equal(a.Handle, handle), len(handle) == 0:
			return ErrGone
		case len(a.Passkeys) >= maxPasskeys || slices.ContainsFunc(a.Passkeys, func(o Passkey) bool { return bytes.Equal(o.ID, k.ID) }):
			return ErrGone
		}
		if k.Name = strings.TrimSpace(k.Name); utf8.RuneCountInString(k.Name) > maxName || !utf8.ValidString(k.Name) {
			return ErrName
		}
		k.Added = s.now()
		a.Handle, a.Passkeys = bytes.Clone(handle), append(a.Passkeys, k)
		return record()
	})
}

// RemovePasskey forgets one.
func (s *Store) RemovePasskey(name, password string, id []byte, record func() error) error {
	return s.proven(name, password, func(a *Account) error {
		n := len(a.Passkeys)
		a.Passkeys = slices.DeleteFunc(a.Passkeys, func(k Passkey) bool { return bytes.Equal(k.ID, id) })
		if len(a.Passkeys) == n {
			return ErrGone
		}
		return record()
	})
}

// proven changes the account of who knows its password.
func (s *Store) proven(name, password string, f func(*Account) error) error {
	s.mu.Lock()
	var hash string
	if a := s.find(name); a != nil {
		hash = a.Hash
	}
	s.mu.Unlock()
	if !verifyPassword(hash, password) { // slow: outside the lock
		return ErrRefused
	}
	return s.change(func() error {
		a := s.find(name)
		if a == nil || a.Hash != hash {
			return ErrRefused
		}
		return f(a)
	})
}

// ByHandle returns the account that passkeys know by handle.
func (s *Store) ByHandle(handle []byte) (Account, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.Accounts {
		if len(handle) > 0 && bytes.Equal(a.Handle, handle) {
			return a.clone(), true
		}
	}
	return Account{}, false
}

// UsedPasskey logs a person in whose passkey was verified, and keeps what the
// verification said of it.
func (s *Store) UsedPasskey(name string, id []byte, credential json.RawMessage, record func(Account) error) (Account, error) {
	var in Account
	err := s.change(func() error {
		a := s.find(name)
		if a == nil || a.Disabled {
			return ErrRefused
		}
		i := slices.IndexFunc(a.Passkeys, func(k Passkey) bool { return bytes.Equal(k.ID, id) })
		if i < 0 {
			return ErrRefused
		}
		a.Passkeys[i].Credential, a.Passkeys[i].Used, a.LastSeen = credential, s.now(), s.now()
		in = a.clone()
		return record(in)
	})
	return in, err
}
