package account

import (
	"errors"
	"fmt"
	"slices"
)

// ErrExternal says that the account is kept by the directory.
var ErrExternal = errors.New("the directory keeps this account's roles and password")

// Admit logs in a person whom the directory knows: it makes the account at the
// first time, and gives it the roles that the directory says, which may not be
// apart from each other as those of any account. subject is the directory's
// lasting name for the person; an account of the same name that is not that
// person's is not taken over. record is told of the account before it is kept,
// and of what roles it had.
func (s *Store) Admit(name, subject string, roles []Role, record func(a Account, before []Role, isNew bool) error) (Account, error) {
	if subject == "" {
		return Account{}, ErrRefused
	}
	if err := Apart(roles); err != nil {
		return Account{}, err
	}
	var in Account
	err := s.change(func() error {
		i := slices.IndexFunc(s.Accounts, func(a *Account) bool { return a.Subject == subject })
		isNew := i < 0
		if isNew {
			if err := s.newName(name); err != nil {
				return fmt.Errorf("%w: it is an account that is not the directory's, or another person's", err)
			}
			s.Accounts = append(s.Accounts, &Account{Name: name, Subject: subject, Created: s.now()})
			i = len(s.Accounts) - 1
		}
		a := s.Accounts[i]
		if a.Disabled {
			return ErrRefused
		}
		before := a.Roles
		a.Roles, a.LastSeen = slices.Clone(roles), s.now()
		in = a.clone()
		return record(in, before, isNew)
	})
	return in, err
}
