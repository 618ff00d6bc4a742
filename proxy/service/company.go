package service

import (
	"fmt"
	"slices"
	"strings"
)

// Company knows which mail addresses are the company's own. The zero Company
// has none: everybody is outside.
type Company struct{ domains []string }

// NewCompany makes a Company of its domains; those below them are its own too.
func NewCompany(domains []string) (Company, error) {
	var c Company
	for _, d := range domains {
		d = strings.ToLower(strings.Trim(d, ". "))
		if d == "" || strings.ContainsAny(d, "@*/: ") || !strings.Contains(d, ".") {
			return c, fmt.Errorf("%q is no domain; write one such as \"example.co.jp\"", d)
		}
		c.domains = append(c.domains, d)
	}
	return c, nil
}

// Outside lists the domains, without repetition, of the recipients of u that
// are outside, and counts those recipients.
func (c Company) Outside(u *Use) (domains []string, n int) {
	for _, a := range u.Recipients {
		if c.Inside(a) {
			continue
		}
		n++
		d := a[strings.LastIndexByte(a, '@')+1:]
		if !slices.Contains(domains, d) {
			domains = append(domains, d)
		}
	}
	return domains, n
}

// Inside tells whether a mail address is the company's own.
func (c Company) Inside(address string) bool {
	return c.own(address[strings.LastIndexByte(address, '@')+1:])
}

func (c Company) own(domain string) bool {
	return slices.ContainsFunc(c.domains, func(d string) bool { return domain == d || strings.HasSuffix(domain, "."+d) })
}
