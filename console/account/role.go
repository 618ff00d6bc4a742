package account

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Role is what an account may do. An account may have several, but see
// [Apart].
type Role string

// The roles.
const (
	Operator Role = "operator" // keeps the installation running, administers accounts
	Author   Role = "author"   // writes and proposes rules
	Approver Role = "approver" // decides on what others propose, and on releases
	Auditor  Role = "auditor"  // reviews the record
)

// Roles lists all roles in the order in which pages show them.
var Roles = []Role{Operator, Author, Approver, Auditor}

// ErrApart says that two roles may not come together in one account.
var ErrApart = errors.New("one account cannot both change rules and review the record")

// Apart checks a set of roles: they exist, none twice, and rule author and
// auditor are two people.
func Apart(roles []Role) error {
	for i, r := range roles {
		if !slices.Contains(Roles, r) {
			return fmt.Errorf("there is no role %q", r)
		}
		if slices.Contains(roles[:i], r) {
			return fmt.Errorf("role %s is named twice", r)
		}
	}
	if slices.Contains(roles, Author) && slices.Contains(roles, Auditor) {
		return ErrApart
	}
	return nil
}

// Words joins roles for records.
func Words(roles []Role) string {
	s := make([]string, len(roles))
	for i, r := range roles {
		s[i] = string(r)
	}
	return strings.Join(s, " ")
}
