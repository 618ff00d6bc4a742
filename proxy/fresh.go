package proxy

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// fresh knows the connections that were accepted and whose first request was not
// read yet. net/http drops such a request when it is read after a shutdown began;
// its sender would not know whether it was processed.
type fresh struct {
	mu   sync.Mutex
	open map[net.Conn]struct{}
}

// freshTime is how long a shutdown waits for the first requests of connections
// that were accepted before; one tick more lets net/http take them up.
const (
	freshTime = time.Second
	freshTick = 5 * time.Millisecond
)

// note is a http.Server's ConnState.
func (f *fresh) note(c net.Conn, s http.ConnState) {
	if s == http.StateIdle {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if s != http.StateNew {
		delete(f.open, c)
		return
	}
	if f.open == nil {
		f.open = map[net.Conn]struct{}{}
	}
	f.open[c] = struct{}{}
}

// settle waits until there are none.
func (f *fresh) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, freshTime)
	defer cancel()
	for left := 1; left > 0 && ctx.Err() == nil; {
		f.mu.Lock()
		left = len(f.open)
		f.mu.Unlock()
		time.Sleep(freshTick)
	}
}
