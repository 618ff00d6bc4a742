package icap

import (
	"bufio"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// conn is a neighbour's connection. Its deadlines move on with every byte.
type conn struct {
	net.Conn
	at    netip.Addr
	in    *bufio.Reader
	out   *bufio.Writer
	usual time.Duration // between two bytes of a request

	wait    atomic.Int64 // nanoseconds
	idle    atomic.Bool  // no request is under way
	hurried atomic.Bool
	once    sync.Once
}

func newConn(raw net.Conn, at netip.Addr, usual time.Duration) *conn {
	c := &conn{Conn: raw, at: at, usual: usual}
	c.wait.Store(int64(usual))
	c.in, c.out = bufio.NewReaderSize(c, 32<<10), bufio.NewWriterSize(c, 32<<10)
	return c
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	c.Conn.SetReadDeadline(time.Now().Add(time.Duration(c.wait.Load())))
	if c.hurried.Load() && c.idle.Load() { // it may have come in between
		c.interrupt()
	}
	return c.Conn.Read(p)
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	c.Conn.SetWriteDeadline(time.Now().Add(c.usual))
	return c.Conn.Write(p)
}

// Close implements net.Conn.
func (c *conn) Close() (err error) {
	c.once.Do(func() { err = c.Conn.Close() })
	return err
}

// await waits for the first byte of a request.
func (c *conn) await(within time.Duration) error {
	c.wait.Store(int64(within))
	c.idle.Store(true)
	_, err := c.in.Peek(1)
	c.idle.Store(false)
	c.wait.Store(int64(c.usual))
	return err
}

// hurry ends the connection once no request is under way.
func (c *conn) hurry() {
	c.hurried.Store(true)
	if c.idle.Load() {
		c.interrupt()
	}
}

// interrupt makes a Read under way return.
func (c *conn) interrupt() { c.Conn.SetReadDeadline(time.Unix(1, 0)) }
