package account

import (
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
	ok = true
	for _, c := range []struct {
		key string
		max int
	}{{"n" + name, guessName}, {"a" + address, guessAddress}} {
		t := g.all[c.key]
		if t == nil || now.Sub(t.since) > guessWindow {
			t = &tries{since: now}
			g.all[c.key] = t
		}
		t.n++
		if t.n > c.max {
			ok, first = false, first || t.n == c.max+1
		}
	}
	return ok, first
}

// Forgive forgets the tries for name after a good log-in, and takes back the
// one of address.
func (g *Guesses) Forgive(name, address string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.all, "n"+name)
	if t := g.all["a"+address]; t != nil && t.n > 0 {
		t.n--
	}
}
