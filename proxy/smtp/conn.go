package smtp

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/door"
)

// front is the listener's side towards go-smtp: it counts, limits and times
// what is accepted.
type front struct {
	net.Listener
	s        *Server
	implicit bool
}

// Accept implements net.Listener.
func (f *front) Accept() (net.Conn, error) {
	for {
		raw, err := f.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := f.s.take(raw)
		if c == nil {
			go func() {
				raw.SetDeadline(time.Now().Add(2 * time.Second))
				if !f.implicit {
					raw.Write([]byte("421 4.3.2 Too many connections, try again later\r\n"))
				}
				raw.Close()
			}()
			continue
		}
		if f.implicit {
			return tls.Server(c, f.s.c.TLS), nil
		}
		return c, nil
	}
}

// take counts a connection in, or returns nil if there are too many.
func (s *Server) take(raw net.Conn) *conn {
	c := &conn{Conn: raw, s: s}
	c.quota.Store(noQuota)
	if ap, err := netip.ParseAddrPort(raw.RemoteAddr().String()); err == nil {
		c.at = ap.Addr().Unmap().WithZone("")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end || len(s.conns) >= s.c.Connections || s.from[c.at] >= s.c.PerClient {
		return nil
	}
	s.conns[c] = struct{}{}
	s.from[c.at]++
	return c
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.conns[c]; !ok {
		return
	}
	delete(s.conns, c)
	if s.from[c.at]--; s.from[c.at] == 0 {
		delete(s.from, c.at)
	}
}

// noQuota: as much may be read as comes.
const noQuota = int64(1) << 62

// conn is a client's connection below TLS. Its read deadline moves on with
// every byte; go-smtp's own would count for a whole message.
type conn struct {
	net.Conn
	s        *Server
	at       netip.Addr
	quota    atomic.Int64          // bytes that may still be read
	busy     atomic.Bool           // a message is under way
	hurried  atomic.Bool           // to end as soon as it is not busy
	answered atomic.Pointer[entry] // in the journal: passed on, and the client not yet heard since
}

var errQuota = errors.New("the client sends on after it was refused")

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	left := c.quota.Load()
	if left <= 0 {
		return 0, errQuota
	}
	if int64(len(p)) > left {
		p = p[:left]
	}
	wait := c.s.c.Idle
	if c.hurried.Load() && !c.busy.Load() {
		wait = 0
	}
	c.Conn.SetReadDeadline(time.Now().Add(wait))
	if c.hurried.Load() && !c.busy.Load() { // it may have come in between
		c.Conn.SetReadDeadline(time.Unix(1, 0))
	}
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.quota.Add(-int64(n))
		if e := c.answered.Swap(nil); e != nil {
			c.s.journal.heard(e) // it goes on, so it has our answer
		}
	}
	return n, err
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if e := c.answered.Load(); e != nil && err == nil {
		c.s.journal.told(e)
	}
	return n, err
}

// SetReadDeadline leaves the time to Read.
func (c *conn) SetReadDeadline(time.Time) error { return nil }

// SetDeadline sets the time to write only.
func (c *conn) SetDeadline(t time.Time) error { return c.Conn.SetWriteDeadline(t) }

// Close implements net.Conn.
func (c *conn) Close() error {
	c.s.forget(c)
	return c.Conn.Close()
}

// hurry ends the connection once no message is under way.
func (c *conn) hurry() {
	c.hurried.Store(true)
	if !c.busy.Load() {
		c.Conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// interrupt makes a Read under way return.
func (c *conn) interrupt() { c.Conn.SetReadDeadline(time.Unix(1, 0)) }

// connOf finds our connection below go-smtp's.
func connOf(c net.Conn) *conn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	ours, _ := c.(*conn)
	return ours
}

// trusted tells whether an address may send without a log-in.
func (s *Server) trusted(a netip.Addr) bool { return door.Contains(s.c.Clients, a) }
