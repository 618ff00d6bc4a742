package destination

import (
	"strings"
	"sync"
)

// maxKnown bounds the hosts that are remembered. They come from clients, who
// may make up as many as they like.
const maxKnown = 8192

// knownHosts remembers which patterns fit a host: most requests go to hosts
// that others went to. The zero value is ready.
type knownHosts struct {
	mu  sync.RWMutex
	fit map[string][]int32
}

// get returns what find says of a host, now or before.
func (k *knownHosts) get(host string, find func(host string) []int32) []int32 {
	k.mu.RLock()
	fit, ok := k.fit[host]
	k.mu.RUnlock()
	if ok {
		return fit
	}
	fit = find(host)
	if len(host) > maxHost {
		return fit
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fit == nil || len(k.fit) >= maxKnown {
		k.fit = map[string][]int32{}
	}
	k.fit[strings.Clone(host)] = fit
	return fit
}
