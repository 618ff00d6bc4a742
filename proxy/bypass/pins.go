package bypass

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Pins notices hosts whose clients refuse every certificate but the host's
// own. A client that ends the handshake on seeing ours either pins, or does
// not trust the authority at all; the two are told apart by what the same
// client does elsewhere. Safe for concurrent use, of bounded memory.
type Pins struct {
	now func() time.Time

	mu      sync.Mutex
	hosts   map[string]*hostPins
	trusted map[netip.Addr]time.Time // clients that accepted a certificate of ours
}

type hostPins struct {
	clients map[netip.Addr]int // refusals
	first   time.Time
	last    time.Time
	total   int
	opened  bool // somebody accepted our certificate for it
	told    bool
}

// Bounds and thresholds.
const (
	maxHosts     = 4096
	maxClients   = 64
	maxTrusted   = 64 << 10
	pinsForget   = 24 * time.Hour
	enoughTries  = 3
	maxSuspicion = 500
)

// NewPins returns a Pins without memory.
func NewPins() *Pins {
	return &Pins{now: time.Now, hosts: map[string]*hostPins{}, trusted: map[netip.Addr]time.Time{}}
}

// Suspect is a host that seems to be pinned.
type Suspect struct {
	Host    string    `json:"host"`
	Clients int       `json:"clients"` // that refused our certificate
	Tries   int       `json:"tries"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	// Partly is set when other clients open the host without complaint: then
	// one application pins, and not the whole host.
	Partly bool `json:"partly,omitempty"`
}

// Accepted notes that a client finished a handshake with our certificate.
func (p *Pins) Accepted(client netip.Addr, host string) {
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if last, ok := p.trusted[client]; !ok || now.Sub(last) > time.Minute {
		if !ok && len(p.trusted) >= maxTrusted {
			clear(p.trusted) // it fills again within minutes
		}
		p.trusted[client] = now
	}
	if h := p.hosts[host]; h != nil {
		h.opened = true
	}
}

// Refused notes that a client broke off a handshake on seeing our certificate.
// kind is "untrusted" for a client that has accepted none so far, and "pinned"
// otherwise; suspect is not nil the first time that a host has given reason
// enough to suggest an entry for it.
func (p *Pins) Refused(client netip.Addr, host string) (kind string, suspect *Suspect) {
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if last, ok := p.trusted[client]; !ok || now.Sub(last) > pinsForget {
		return "untrusted", nil
	}
	h := p.hosts[host]
	if h == nil || now.Sub(h.last) > pinsForget {
		if h == nil && len(p.hosts) >= maxHosts {
			p.room(now)
		}
		h = &hostPins{clients: map[netip.Addr]int{}, first: now}
		p.hosts[host] = h
	}
	h.last = now
	h.total++
	if h.clients[client] > 0 || len(h.clients) < maxClients {
		h.clients[client]++
	}
	if h.total < enoughTries || h.told {
		return "pinned", nil
	}
	h.told = true
	s := h.suspect(host)
	return "pinned", &s
}

func (h *hostPins) suspect(host string) Suspect {
	return Suspect{Host: host, Clients: len(h.clients), Tries: h.total, First: h.first, Last: h.last, Partly: h.opened}
}

// room drops what is old, else the least.
func (p *Pins) room(now time.Time) {
	for name, h := range p.hosts {
		if now.Sub(h.last) > pinsForget || h.total < enoughTries {
			delete(p.hosts, name)
		}
	}
	for name := range p.hosts {
		if len(p.hosts) < maxHosts*7/8 {
			return
		}
		delete(p.hosts, name)
	}
}

// Suspects lists the hosts that seem to be pinned, most clients first.
func (p *Pins) Suspects() []Suspect {
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Suspect
	for name, h := range p.hosts {
		if h.total >= enoughTries && now.Sub(h.last) <= pinsForget {
			all = append(all, h.suspect(name))
		}
	}
	slices.SortFunc(all, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(b.Clients, a.Clients), cmp.Compare(b.Tries, a.Tries), cmp.Compare(a.Host, b.Host))
	})
	return all[:min(len(all), maxSuspicion)]
}
