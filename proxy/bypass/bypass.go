// Package bypass keeps the list of hosts whose TLS is not opened, each entry
// with who answers for it, why, and until when, and notices hosts that ought to
// be considered for it because their clients pin certificates.
package bypass

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Entry exempts some hosts from interception. What passes by it is not
// inspected.
type Entry struct {
	ID      string
	Hosts   []string // names; "*.example.jp" means every name below example.jp
	Owner   string   // who answers for it
	Reason  string
	Expires time.Time // the first moment at which it no longer holds; zero: never
}

// Expired tells whether the entry no longer holds.
func (e *Entry) Expired(now time.Time) bool { return !e.Expires.IsZero() && !now.Before(e.Expires) }

// List is the entries in force. Immutable.
type List struct {
	entries []Entry
	exact   map[string][]*Entry
	below   map[string][]*Entry
}

// New checks the entries and reports every fault in them.
func New(entries []Entry) (*List, error) {
	l := &List{entries: slices.Clone(entries), exact: map[string][]*Entry{}, below: map[string][]*Entry{}}
	var errs []error
	seen := map[string]bool{}
	for i := range l.entries {
		e := &l.entries[i]
		if e.ID == "" || seen[e.ID] {
			errs = append(errs, fmt.Errorf("bypass: entry %d has no id of its own; write id = \"…\"", i+1))
		}
		seen[e.ID] = true
		if len(e.Hosts) == 0 {
			errs = append(errs, fmt.Errorf("bypass %q: no hosts; write hosts = [\"www.example.jp\"]", e.ID))
		}
		for _, h := range e.Hosts {
			if !Pattern(h) {
				errs = append(errs, fmt.Errorf("bypass %q: %q; write a host name, or *.name for all below it", e.ID, h))
				continue
			}
			if name, ok := strings.CutPrefix(h, "*."); ok {
				l.below[Normal(name)] = append(l.below[Normal(name)], e)
			} else {
				l.exact[Normal(h)] = append(l.exact[Normal(h)], e)
			}
		}
	}
	return l, errors.Join(errs...)
}

// Entries returns all entries, expired ones too.
func (l *List) Entries() []Entry { return l.entries }

// Find returns the entry that exempts a host now, or nil. Of several the one
// that holds longest is returned.
func (l *List) Find(host string, now time.Time) *Entry {
	if len(l.entries) == 0 {
		return nil
	}
	if e := holding(l.exact[host], now); e != nil {
		return e
	}
	for rest := host; ; {
		_, after, ok := strings.Cut(rest, ".")
		if !ok {
			return nil
		}
		if e := holding(l.below[after], now); e != nil {
			return e
		}
		rest = after
	}
}

func holding(of []*Entry, now time.Time) (found *Entry) {
	for _, e := range of {
		if e.Expired(now) {
			continue
		}
		if found == nil || !found.Expires.IsZero() && (e.Expires.IsZero() || e.Expires.After(found.Expires)) {
			found = e
		}
	}
	return found
}

// Pattern tells whether s is a host name, an address, or "*." and a name.
func Pattern(s string) bool {
	name := strings.TrimPrefix(s, "*.")
	if name == "" || strings.ContainsAny(name, "*/ \t@") {
		return false
	}
	if strings.Contains(name, ":") {
		_, err := netip.ParseAddr(name)
		return err == nil
	}
	return true
}

// Normal writes a name in the form that Find compares: lower case, without a
// final dot.
func Normal(host string) string {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if a, err := netip.ParseAddr(host); err == nil {
		return a.String()
	}
	return host
}

// Say words an entry for a record.
func (e *Entry) Say() string {
	s := fmt.Sprintf("bypass %q exempts this host", e.ID)
	if e.Owner != "" || e.Reason != "" {
		s += fmt.Sprintf(" (%s: %s)", cmp.Or(e.Owner, "no owner"), cmp.Or(e.Reason, "no reason given"))
	}
	if !e.Expires.IsZero() {
		s += " until " + e.Expires.Format(time.DateOnly)
	}
	return s + "; relayed uninspected"
}
