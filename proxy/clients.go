package proxy

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/proxy/door"
	"github.com/sekimori-dlp/sekimori/proxy/framing"
)

// clients tracks every open client connection, also those that net/http has
// handed out and no longer knows of.
type clients struct {
	max       int
	perClient int
	patience  time.Duration // with a client that takes nothing of an answer

	mu   sync.Mutex
	open map[*client]struct{}
	by   map[netip.Addr]int // open ones of a client, of IPv6 of its /64
}

// client is one accepted connection.
type client struct {
	net.Conn
	all  *clients
	way  *Way
	from netip.Addr // under which it is counted
	once sync.Once
	// used is when bytes last passed, by elapsed; kept only while the
	// connection is relayed, else 0.
	used atomic.Int64
	// until is the write deadline, by elapsed.
	until atomic.Int64
	sent  prometheus.Counter // of the bytes relayed; may be nil; set before used
	// turn is odd while an HTTP server has a request of the connection, and
	// grows with each.
	turn atomic.Int64
}

var began = time.Now()

// elapsed is the time since this process began, and never 0. Somebody may set the
// clock; this one goes on.
func elapsed() int64 { return int64(time.Since(began)) + 1 }

// Why a connection is not taken.
const (
	inTotal   = "total"
	perDoor   = "door"
	perClient = "client"
)

// add counts a connection in, or says why it is not taken.
func (cs *clients) add(c net.Conn, w *Way, d *Door) (cl *client, why string) {
	from := subnet(c)
	cs.mu.Lock()
	defer cs.mu.Unlock()
	switch {
	case len(cs.open) >= cs.max:
		return nil, inTotal
	case d.Connections > 0 && w.open.Load() >= int64(d.Connections):
		return nil, perDoor
	// Those of a load balancer are counted once it has told whose they are.
	case cs.by[from] >= cs.perClient && !door.Contains(d.Peers, from):
		return nil, perClient
	}
	if cs.open == nil {
		cs.open, cs.by = map[*client]struct{}{}, map[netip.Addr]int{}
	}
	cl = &client{Conn: c, all: cs, way: w, from: from}
	cs.open[cl] = struct{}{}
	cs.by[from]++
	w.open.Add(1)
	return cl, ""
}

// adopt counts in a stream of c that is relayed as connections are. It is not
// refused: whoever has the connection has its streams.
func (c *client) adopt(s net.Conn) *client {
	cs := c.all
	cs.mu.Lock()
	defer cs.mu.Unlock()
	a := &client{Conn: s, all: cs, way: c.way, from: c.from}
	cs.open[a] = struct{}{}
	cs.by[a.from]++
	a.way.open.Add(1)
	return a
}

// move counts a connection under the address that was announced for it; false
// if that one has too many.
func (cs *clients) move(c *client, to netip.Addr) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.leave(c.from)
	c.from = masked(to)
	cs.by[c.from]++
	return cs.by[c.from] <= cs.perClient
}

func (cs *clients) leave(a netip.Addr) {
	if cs.by[a]--; cs.by[a] <= 0 {
		delete(cs.by, a)
	}
}

func subnet(c net.Conn) netip.Addr {
	a, _ := addrOf(c)
	return masked(a)
}

// masked is what is counted as one client.
func masked(a netip.Addr) netip.Addr {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}

func (cs *clients) count() int {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return len(cs.open)
}

// quiet is how long a relayed connection passes nothing before it is taken to
// be between two messages.
const quiet = time.Second

// drain waits until all connections are gone, closing relayed ones that are
// quiet.
func (cs *clients) drain(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var idle []*client
		cs.mu.Lock()
		n := len(cs.open)
		for c := range cs.open {
			if used := c.used.Load(); used != 0 && time.Duration(elapsed()-used) > quiet {
				idle = append(idle, c)
			}
		}
		cs.mu.Unlock()
		if n == 0 {
			return nil
		}
		for _, c := range idle {
			c.Close()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// resting tells how many connections of a way are open, and on which of them
// nothing went on since the call before with the same turns.
func (cs *clients) resting(w *Way, turns map[*client]int64) (open int, idle []*client) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for c := range cs.open {
		if c.way != w {
			continue
		}
		open++
		used, turn := c.used.Load(), c.turn.Load()
		was, seen := turns[c]
		switch {
		case used != 0:
			if time.Duration(elapsed()-used) > quiet {
				idle = append(idle, c)
			}
		case seen && was == turn && turn%2 == 0:
			idle = append(idle, c)
		case turns != nil:
			turns[c] = turn
		}
	}
	return open, idle
}

// note keeps turn, as a http.Server's ConnState. A connection has one server at
// a time, which calls it in turn.
func (c *client) note(s http.ConnState) {
	switch s {
	case http.StateActive:
		c.turn.Store(c.turn.Load() | 1)
	case http.StateNew, http.StateIdle:
		c.turn.Store((c.turn.Load() | 1) + 1)
	}
}

// closeAll closes all connections, or those of one way.
func (cs *clients) closeAll(of *Way) {
	cs.mu.Lock()
	all := make([]*client, 0, len(cs.open))
	for c := range cs.open {
		if of == nil || c.way == of {
			all = append(all, c)
		}
	}
	cs.mu.Unlock()
	for _, c := range all {
		c.Close()
	}
}

// relay marks the connection as one that no server looks after, so that it is
// closed on shutdown when it is quiet, and its bytes are counted.
func (c *client) relay(sent prometheus.Counter) {
	c.sent = sent
	c.used.Store(elapsed())
}

// settle ends relay: an HTTP server has taken over.
func (c *client) settle() { c.used.Store(0) }

func (c *client) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.used.Load() != 0 && n > 0 {
		c.used.Store(elapsed())
		if c.sent != nil {
			c.sent.Add(float64(n))
		}
	}
	return n, err
}

// Write implements net.Conn. A client that takes nothing is given up in time;
// the deadline is moved only now and then, since moving it costs.
func (c *client) Write(p []byte) (int, error) {
	now := elapsed()
	if c.used.Load() != 0 {
		c.used.Store(now)
	}
	if patience := c.all.patience; c.until.Load()-now < int64(patience) {
		further := patience + patience/4
		c.until.Store(now + int64(further))
		if err := c.Conn.SetWriteDeadline(time.Now().Add(further)); err != nil {
			return 0, err
		}
	}
	return c.Conn.Write(p)
}

// SetDeadline implements net.Conn.
func (c *client) SetDeadline(t time.Time) error {
	c.until.Store(0)
	return c.Conn.SetDeadline(t)
}

// SetWriteDeadline implements net.Conn.
func (c *client) SetWriteDeadline(t time.Time) error {
	c.until.Store(0)
	return c.Conn.SetWriteDeadline(t)
}

func (c *client) Close() error {
	c.once.Do(func() {
		c.all.mu.Lock()
		delete(c.all.open, c)
		c.all.leave(c.from)
		c.way.open.Add(-1)
		c.all.mu.Unlock()
	})
	return c.Conn.Close()
}

// CloseWrite half-closes where that can be done.
func (c *client) CloseWrite() error {
	if h, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return nil
}

// CloseRead half-closes where that can be done.
func (c *client) CloseRead() error {
	if h, ok := c.Conn.(interface{ CloseRead() error }); ok {
		return h.CloseRead()
	}
	return nil
}

// clientOf finds the accepted connection beneath one that was handed out.
func clientOf(c net.Conn) *client {
	for {
		switch u := c.(type) {
		case *client:
			return u
		case *tunnel:
			return u.client
		case *framing.Conn:
			c = u.Conn
		case *patient:
			c = u.Conn
		case *tls.Conn:
			c = u.NetConn()
		default:
			return nil
		}
	}
}
