package proxy

import (
	"net"
	"os"
	"sync"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/framing"
)

// calm is how long net/http's watch over a client that waits for its answer stays
// off the connection.
const calm = 50 * time.Millisecond

// patient is a server connection on which a read of a single byte begins late.
// While a handler runs, net/http reads one byte ahead to learn that the client
// is gone, and breaks that read off when the answer is written. Most answers are
// written before anything comes of it, so that the TLS record layer, the system
// call and the poller are asked in vain: 2 % of the time of a small upload.
//
// Safe for concurrent use as any net.Conn is.
type patient struct {
	net.Conn
	mu      sync.Mutex
	timer   *time.Timer
	wake    chan struct{}
	resting bool // a read is waiting here
	limited bool // the connection beneath may have a read deadline
	expired bool // which lies in the past
}

// guarded readies a connection for one of our HTTP/1 servers.
func (s *Server) guarded(c net.Conn) *framing.Conn {
	return framing.Guard(&patient{Conn: c, wake: make(chan struct{}, 1), limited: true}, s.cfg.Limits.HeaderBytes+guardSlack)
}

// unguarded returns what guarded was given, and what was read from it but kept back.
func unguarded(g *framing.Conn) (c net.Conn, held []byte) {
	c, held = g.Release()
	if p, ok := c.(*patient); ok {
		c = p.Conn
	}
	return c, held
}

// Read implements net.Conn.
func (c *patient) Read(p []byte) (int, error) {
	if len(p) == 1 && !c.rest() {
		return 0, os.ErrDeadlineExceeded
	}
	return c.Conn.Read(p)
}

// rest waits for a while; it returns false if the deadline was put into the past.
func (c *patient) rest() bool {
	c.mu.Lock()
	if c.expired {
		c.mu.Unlock()
		return false
	}
	c.resting = true
	if c.timer == nil {
		c.timer = time.NewTimer(calm)
	} else {
		c.timer.Reset(calm)
	}
	c.mu.Unlock()
	select {
	case <-c.wake:
		c.timer.Stop()
		return false
	case <-c.timer.C:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.resting { // woken in the meantime
		<-c.wake
		return false
	}
	c.resting = false
	return true
}

// SetReadDeadline implements net.Conn. One in the past ends a read that rests; the
// connection beneath does not hear of it.
func (c *patient) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	past := !t.IsZero() && !t.After(time.Now())
	switch {
	case past && c.resting:
		c.resting, c.expired = false, true
		c.wake <- struct{}{}
		return nil
	case t.IsZero() && !c.limited:
		c.expired = false
		return nil
	}
	c.limited, c.expired = !t.IsZero(), past
	return c.Conn.SetReadDeadline(t)
}

// SetDeadline implements net.Conn.
func (c *patient) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.Conn.SetWriteDeadline(t)
}

// Close implements net.Conn.
func (c *patient) Close() error {
	c.mu.Lock()
	if c.resting {
		c.resting, c.expired = false, true
		c.wake <- struct{}{}
	}
	c.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite half-closes where that can be done.
func (c *patient) CloseWrite() error {
	if h, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return nil
}
