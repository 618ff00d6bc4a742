// Package account keeps the people who may use the console: who they are, what
// they may do, and that they are logged in.
//
// A [Store] is one file, written whole and atomically at every change; there
// are tens of officers, not thousands. Accounts are never deleted, only
// disabled, so that a name in the record stays one person's for ever.
// Sessions are in memory: a restart logs everybody out.
//
// What the store enforces itself, whatever a page does: the roles of one
// account are apart ([Apart]); a role, and a link to set a new password, takes
// the word of two people, neither of whom is the one it is for.
package account

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Errors, told apart with errors.Is.
var (
	ErrPassword = errors.New("the password cannot be taken")
	ErrName     = errors.New("the name cannot be taken")
	ErrLink     = errors.New("the link is not valid, was used or has expired")
	ErrRefused  = errors.New("log-in refused")
	ErrCode     = errors.New("a one-time code is needed")
	ErrWrong    = fmt.Errorf("%w: the password is right, the one-time code is not", ErrRefused)
	ErrUnknown  = errors.New("there is no such account")
	ErrSelf     = errors.New("this takes a second person")
	ErrRole     = errors.New("your role does not allow this")
	ErrGone     = errors.New("this was decided or has expired")
)

// Account is one person's.
type Account struct {
	Name     string    `json:"name"`
	Roles    []Role    `json:"roles,omitempty"`
	Disabled bool      `json:"disabled,omitempty"`
	Founder  bool      `json:"founder,omitempty"` // made by a link printed at start
	Created  time.Time `json:"created"`
	LastSeen time.Time `json:"last_seen,omitzero"` // last log-in

	// Subject is the directory's lasting name for the person whose roles it
	// keeps, "" for an account of the console's own.
	Subject string `json:"subject,omitempty"`

	Hash     string `json:"hash,omitempty"`      // "" until the person has chosen a password
	TOTP     string `json:"totp,omitempty"`      // base32; asked for once it is set
	TOTPLast uint64 `json:"totp_last,omitempty"` // last step used

	Handle   []byte    `json:"handle,omitempty"` // by which passkeys know the account
	Passkeys []Passkey `json:"passkeys,omitempty"`
}

// Has tells whether the account has one of roles and is in use.
func (a *Account) Has(roles ...Role) bool {
	return !a.Disabled && slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(a.Roles, r) })
}

// TwoStep tells whether a log-in takes more than a password: a one-time code or
// a passkey.
func (a *Account) TwoStep() bool { return a.TOTP != "" || len(a.Passkeys) > 0 }

// External tells whether the directory keeps the account: it has no password
// here, and its roles are those of its groups.
func (a *Account) External() bool { return a.Subject != "" }

// clone gives what may leave the store.
func (a *Account) clone() Account {
	c := *a
	c.Roles = slices.Clone(a.Roles)
	c.Passkeys = slices.Clone(a.Passkeys)
	return c
}

// Wish is what one operator asks for and another has to confirm.
type Wish struct {
	ID      string    `json:"id"`
	What    string    `json:"what"` // WishRoles, WishReset or WishEnable
	For     string    `json:"for"`
	Roles   []Role    `json:"roles,omitempty"` // all that the account shall have
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"`
}

// Words gives the roles asked for as words.
func (w Wish) Words() string { return Words(w.Roles) }

// What a wish may be.
const (
	WishRoles  = "roles"
	WishReset  = "reset"  // a link to set a new password, without one-time codes
	WishEnable = "enable" // take a disabled account into use again
)

// link is a one-time right to set a password. Only its hash is kept.
type link struct {
	Hash    string    `json:"hash"`
	For     string    `json:"for,omitempty"` // "": founds an account
	Expires time.Time `json:"expires"`
}
