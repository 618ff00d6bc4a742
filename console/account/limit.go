package account

import (
	"net/netip"
	"sync"
	"time"
)

// Limits of guesses: so many within the window, for one name and for one
// address.
const (
	guessWindow  = 15 * time.Minute
	guessName    = 10
	guessAddress = 30
	maxGuessers  = 10_000
)

// Guesses counts failed log-ins, so that passwords cannot be tried in bulk.
// Safe for concurrent use.
type Guesses struct {
	now func() time.Time
	mu  sync.Mutex
	all map[string]*tries
}

type tries struct {
	n     int
	since time.Time
}

// NewGuesses begins without any.
func NewGuesses() *Guesses { return &Guesses{now: time.Now, all: map[string]*tries{}} }

// Take counts a try before its outcome is known, so that tries at the same
// time count too. It tells whether the try may be made; first is true for the
// first that may not.
func (g *Guesses) Take(name, address string) (ok, first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if len(g.all) > maxGuessers {
		for k, t := range g.all {
			if now.Sub(t.since) > guessWindow {
				delete(g.all, k)
			}
		}
		if len(g.all) > maxGuessers {
			return false, false
		}
	}
	// An address that may not try leaves no names behind: it could fill the table,
	// and nobody would be let in any more.
	for _, c := range []struct {
		key string
		max int
	}{{addressKey(address), guessAddress}, {"n" + name, guessName}} {
		t := g.all[c.key]
		if t == nil || now.Sub(t.since) > guessWindow {
			t = &tries{since: now}
			g.all[c.key] = t
		}
		t.n++
		if t.n > c.max {
			return false, t.n == c.max+1
		}
	}
	return true, false
}

// Neighbourhood is the address itself, or of IPv6 its /64, all of which one machine may
// have.
func Neighbourhood(address string) string {
	if a, err := netip.ParseAddr(address); err == nil && a.Is6() && !a.Is4In6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return address
}

// addressKey is under what tries from an address are counted.
func addressKey(address string) string { return "a" + Neighbourhood(address) }

// Forgive forgets the tries for name after a good log-in, and takes back the
// one of address.
func (g *Guesses) Forgive(name, address string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.all, "n"+name)
	if t := g.all[addressKey(address)]; t != nil && t.n > 0 {
		t.n--
	}
}
