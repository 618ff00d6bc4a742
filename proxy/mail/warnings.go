package mail

import (
	"sync"
	"time"
)

// maxWarnings bounds the warnings that are remembered.
const maxWarnings = 10_000

// warnings remembers with which tokens a sender may confirm an incident: its
// number can be typed into a subject, a token cannot. A restart forgets them,
// and the sender is then warned again. Safe for concurrent use.
type warnings struct {
	ttl time.Duration
	now func() time.Time

	mu    sync.Mutex
	given map[string]warning
}

type warning struct {
	tokens map[string]string // by host
	end    time.Time
}

func newWarnings(ttl time.Duration) *warnings {
	return &warnings{ttl: ttl, now: time.Now, given: map[string]warning{}}
}

// give remembers the tokens of an incident.
func (w *warnings) give(incident string, tokens map[string]string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	if len(w.given) >= maxWarnings {
		for k, g := range w.given {
			if now.After(g.end) {
				delete(w.given, k)
			}
		}
		if len(w.given) >= maxWarnings {
			return // it can still be confirmed with the token itself
		}
	}
	w.given[incident] = warning{tokens, now.Add(w.ttl)}
}

// take returns the tokens of an incident, nil if it is not known (any more).
// They stay: mail is tried again by machines.
func (w *warnings) take(incident string) map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, ok := w.given[incident]
	if !ok || w.now().After(g.end) {
		return nil
	}
	return g.tokens
}
