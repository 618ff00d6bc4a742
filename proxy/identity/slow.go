package identity

import (
	"net/netip"
	"strings"
	"sync"
	"time"
)

// slow makes guessing slow. Wrong passwords are counted by user and address
// together, by address, and by user; past a number of free ones each further
// one doubles the time in which no password is even looked at. The limits by
// address and by user alone are wide, because an address may be a whole office
// and because nobody is to lock out somebody else. Credentials that were right
// a short while ago pass without asking here.
type slow struct {
	mu   sync.Mutex
	seen map[subject]*count
}

type subject struct {
	addr netip.Addr // of IPv6 the /64
	user string
}

type count struct {
	wrong int
	last  time.Time
	until time.Time
}

const (
	maxSubjects = 16 << 10
	forgetAfter = 15 * time.Minute
	longest     = 5 * time.Minute
)

func newSlow() *slow { return &slow{seen: map[subject]*count{}} }

// subjects lists what a try is counted under, and how many wrong ones are free.
// Directories do not tell small from capital letters.
func subjects(from netip.Addr, user string) [3]struct {
	subject
	free int
} {
	if from.Is6() {
		if p, err := from.Prefix(64); err == nil {
			from = p.Addr()
		}
	}
	user = strings.ToLower(user)
	return [3]struct {
		subject
		free int
	}{
		{subject{from, user}, 5},
		{subject{from, ""}, 50},
		{subject{netip.Addr{}, user}, 50},
	}
}

// wait is how long no password of this user from this address is looked at.
func (s *slow) wait(from netip.Addr, user string, now time.Time) (d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range subjects(from, user) {
		if c := s.seen[k.subject]; c != nil {
			d = max(d, c.until.Sub(now))
		}
	}
	return d
}

func (s *slow) wrong(from netip.Addr, user string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range subjects(from, user) {
		c := s.seen[k.subject]
		if c == nil {
			s.room(now)
			c = new(count)
			s.seen[k.subject] = c
		}
		if now.Sub(c.last) > forgetAfter {
			c.wrong = 0
		}
		c.last = now
		if c.wrong++; c.wrong >= k.free {
			c.until = now.Add(min(longest, time.Second<<min(c.wrong-k.free, 10)))
		}
	}
}

// forget ends the count of a user who got it right after all.
func (s *slow) forget(from netip.Addr, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.seen, subjects(from, user)[0].subject)
}

// room keeps the counts bounded: old ones go first, then any.
func (s *slow) room(now time.Time) {
	if len(s.seen) < maxSubjects {
		return
	}
	for k, c := range s.seen {
		if now.Sub(c.last) > forgetAfter {
			delete(s.seen, k)
		}
	}
	for k := range s.seen {
		if len(s.seen) < maxSubjects*7/8 {
			return
		}
		delete(s.seen, k)
	}
}
