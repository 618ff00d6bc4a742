package mail

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Address is an address of the envelope. The zero one is the null sender.
type Address struct {
	Local  string // without its quotes
	Domain string // lower case, A-labels
}

// ParseAddress takes an address without angle brackets and without the quotes of
// its local part. It refuses what next hops could take for something else.
func ParseAddress(s string) (Address, bool) {
	i := strings.LastIndexByte(s, '@')
	if i <= 0 || len(s) > 500 || !utf8.ValidString(s) {
		return Address{}, false
	}
	a := Address{s[:i], strings.TrimSuffix(strings.ToLower(s[i+1:]), ".")}
	if strings.ContainsFunc(a.Local, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return Address{}, false
	}
	if ascii, err := idna.Lookup.ToASCII(a.Domain); err == nil {
		a.Domain = ascii
	}
	literal := strings.HasPrefix(a.Domain, "[") && strings.HasSuffix(a.Domain, "]")
	for _, r := range strings.Trim(a.Domain, "[]") {
		if r < 0x80 && r != '.' && r != '-' && r != '_' && !(literal && r == ':') && (r < '0' || r > '9') && (r < 'a' || r > 'z') {
			return Address{}, false
		}
	}
	return a, strings.Trim(a.Domain, "[].") != ""
}

// String writes the address, its local part quoted where it has to be (RFC
// 5321, 4.1.2), so that nothing in it is taken for a part of the command.
func (a Address) String() string {
	if a == (Address{}) {
		return ""
	}
	plain := a.Local != "" && a.Local[0] != '.' && !strings.HasSuffix(a.Local, ".") && !strings.Contains(a.Local, "..")
	for _, r := range a.Local {
		plain = plain && (r >= 0x80 || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", r))
	}
	local := a.Local
	if !plain {
		local = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(local) + `"`
	}
	return local + "@" + a.Domain
}

// ASCII tells whether the address needs no SMTPUTF8.
func (a Address) ASCII() bool {
	for i := range len(a.Local) {
		if a.Local[i] >= 0x80 {
			return false
		}
	}
	for i := range len(a.Domain) {
		if a.Domain[i] >= 0x80 {
			return false
		}
	}
	return true
}

// Reroutes tells whether a mail server could take a part of the local part for
// another domain ("user%outside@inside").
func (a Address) Reroutes() bool { return strings.ContainsAny(a.Local, "%!@") }

// Inside tells whether an address is the company's own: in one of its domains
// or below one.
func (s *Judge) Inside(a Address) bool {
	for d := a.Domain; d != ""; {
		if s.domains[d] {
			return true
		}
		_, d, _ = strings.Cut(d, ".")
	}
	return false
}

// Replies to addresses that are not taken.
var (
	BadAddress = Reply{553, [3]int{5, 1, 3}, []string{"Malformed address"}}
	NeedsUTF8  = Reply{553, [3]int{5, 6, 7}, []string{"The address needs SMTPUTF8"}}
	rerouted   = Reply{553, [3]int{5, 1, 3}, []string{"Addresses that name a second domain are not taken"}}
)

// Recipient takes one of the envelope, or says why it is not taken.
func (s *Judge) Recipient(a Address, inUTF8 bool) (Recipient, *Reply) {
	r := Recipient{a, s.Inside(a)}
	switch {
	case !a.ASCII() && !inUTF8:
		return r, &NeedsUTF8
	case r.Inside && a.Reroutes():
		return r, &rerouted
	}
	return r, nil
}
