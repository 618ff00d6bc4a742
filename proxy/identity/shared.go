package identity

import (
	"errors"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/sekimori-dlp/sekimori/rules"
)

// Shared says when an account is taken to be used by more than one person: it
// comes from more client addresses within a time than one person has devices.
type Shared struct {
	Addresses int           // more than these; 0: it is not looked at
	Within    time.Duration // default 10 min
	// Refuse keeps further addresses out until the others have been quiet for
	// Within; otherwise it is only told.
	Refuse bool
}

// sharing remembers from where accounts come. Safe for concurrent use.
type sharing struct {
	Shared
	mu   sync.Mutex
	seen map[string]*places
}

type places struct {
	at   map[netip.Addr]time.Time
	told time.Time
}

const maxShared = 64 << 10

func newSharing(c Shared) (*sharing, error) {
	if c.Addresses < 0 || c.Within < 0 {
		return nil, errors.New("auth.shared: a negative number; leave it out to look at nothing")
	}
	if c.Within == 0 {
		c.Within = 10 * time.Minute
	}
	return &sharing{Shared: c, seen: map[string]*places{}}, nil
}

// come notes an account at an address. n is how many addresses it has been at
// in time if that is too many, else 0; tell is set once in a while.
func (s *sharing) come(user string, from netip.Addr, now time.Time) (n int, tell bool) {
	if s.Addresses == 0 {
		return 0, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.seen[user]
	if p == nil {
		if len(s.seen) >= maxShared {
			clear(s.seen)
		}
		p = &places{at: map[netip.Addr]time.Time{}}
		s.seen[user] = p
	}
	if _, known := p.at[from]; !known {
		for a, last := range p.at {
			if now.Sub(last) > s.Within {
				delete(p.at, a)
			}
		}
		if n = len(p.at) + 1; n > s.Addresses {
			tell = now.Sub(p.told) > s.Within
			if tell {
				p.told = now
			}
			if s.Refuse || n > 16*s.Addresses {
				return n, tell // not counted as one of its places
			}
		} else {
			n = 0
		}
	}
	p.at[from] = now
	return n, tell
}

// alone refuses or tells of an account that many seem to share.
func (i *Identifier) alone(p rules.Principal) (rules.Principal, error) {
	n, tell := i.shared.come(p.User, p.Address, i.now())
	if tell {
		i.log.Warn("one account comes from many addresses", "user", p.User, "addresses", n, "within", i.shared.Within.String(), "refused", i.shared.Refuse)
		if i.c.OnShared != nil {
			i.c.OnShared(p.User, n)
		}
	}
	if n > 0 && i.shared.Refuse {
		return rules.Principal{}, i.refuse(http.StatusForbidden, p.Address, "the account is in use at too many addresses")
	}
	return p, nil
}
