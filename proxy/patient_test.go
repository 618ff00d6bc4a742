package proxy

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

func patientPair(t *testing.T) (*patient, net.Conn) {
	t.Helper()
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	return &patient{Conn: a, wake: make(chan struct{}, 1), limited: true}, b
}

// A read of one byte is broken off by a deadline in the past at whatever moment,
// and loses nothing.
func TestPatientReadsAreBrokenOff(t *testing.T) {
	c, client := patientPair(t)
	for i := range 300 {
		ended := make(chan error, 1)
		go func() {
			_, err := c.Read(make([]byte, 1))
			ended <- err
		}()
		if i%3 > 0 { // now before it rests, now while it does
			time.Sleep(time.Duration(i%3) * 100 * time.Microsecond)
		}
		c.SetReadDeadline(time.Unix(1, 0))
		if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		c.SetReadDeadline(time.Time{})
	}
	go client.Write([]byte("next"))
	b := make([]byte, 8)
	if n, err := c.Read(b); err != nil || string(b[:n]) != "next" {
		t.Fatalf("%q, %v", b[:n], err)
	}
}

// In the end a read of one byte takes place, and tells that the client is gone.
func TestPatientReadsTakePlace(t *testing.T) {
	c, client := patientPair(t)
	go client.Write([]byte("x"))
	b := make([]byte, 1)
	if n, err := c.Read(b); n != 1 || err != nil || b[0] != 'x' {
		t.Fatalf("%d, %v", n, err)
	}
	client.Close()
	if _, err := c.Read(b); err == nil {
		t.Fatal("the client is gone")
	}
	c, _ = patientPair(t)
	ended := make(chan error, 1)
	go func() {
		_, err := c.Read(make([]byte, 1))
		ended <- err
	}()
	c.Close()
	if <-ended == nil {
		t.Fatal("it was closed")
	}
}

// What was taken over from the server is read at once.
func TestHijackedConnectionsAreNotPatient(t *testing.T) {
	var s Server
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	g := s.guarded(a)
	if _, ok := g.Conn.(*patient); !ok {
		t.Errorf("connections are given to the server as %T", g.Conn)
	}
	if c, _ := unguarded(g); c != a {
		t.Errorf("%T", c)
	}
}
