package smtp

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// address is an address of the envelope. The zero one is the null sender.
type address struct {
	local  string // without its quotes
	domain string // lower case, A-labels
}

// parseAddress takes an address as go-smtp hands it on, without quotes. It
// refuses what next hops could take for something else.
func parseAddress(s string) (address, bool) {
	i := strings.LastIndexByte(s, '@')
	if i <= 0 || len(s) > 500 || !utf8.ValidString(s) {
		return address{}, false
	}
	a := address{s[:i], strings.TrimSuffix(strings.ToLower(s[i+1:]), ".")}
	if strings.ContainsFunc(a.local, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return address{}, false
	}
	if ascii, err := idna.Lookup.ToASCII(a.domain); err == nil {
		a.domain = ascii
	}
	literal := strings.HasPrefix(a.domain, "[") && strings.HasSuffix(a.domain, "]")
	for _, r := range strings.Trim(a.domain, "[]") {
		if r < 0x80 && r != '.' && r != '-' && r != '_' && !(literal && r == ':') && (r < '0' || r > '9') && (r < 'a' || r > 'z') {
			return address{}, false
		}
	}
	return a, strings.Trim(a.domain, "[].") != ""
}

// String writes the address, its local part quoted where it has to be (RFC
// 5321, 4.1.2), so that nothing in it is taken for a part of the command.
func (a address) String() string {
	if a == (address{}) {
		return ""
	}
	plain := a.local != "" && a.local[0] != '.' && !strings.HasSuffix(a.local, ".") && !strings.Contains(a.local, "..")
	for _, r := range a.local {
		plain = plain && (r >= 0x80 || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", r))
	}
	local := a.local
	if !plain {
		local = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(local) + `"`
	}
	return local + "@" + a.domain
}

// ascii tells whether the address needs no SMTPUTF8.
func (a address) ascii() bool {
	for i := range len(a.local) {
		if a.local[i] >= 0x80 {
			return false
		}
	}
	for i := range len(a.domain) {
		if a.domain[i] >= 0x80 {
			return false
		}
	}
	return true
}

// reroutes tells whether a mail server could take a part of the local part for
// another domain ("user%outside@inside").
func (a address) reroutes() bool { return strings.ContainsAny(a.local, "%!@") }

// inside tells whether an address is the company's own: in one of its domains
// or below one.
func (s *Server) inside(a address) bool {
	for d := a.domain; d != ""; {
		if s.domains[d] {
			return true
		}
		_, d, _ = strings.Cut(d, ".")
	}
	return false
}
