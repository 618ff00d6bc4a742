package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Way is a listener in use, and the door by whose rules clients come in by it.
// The door may be changed and the way closed while clients are there. Safe for
// concurrent use.
type Way struct {
	net.Listener
	s       *Server
	door    atomic.Pointer[Door]
	open    atomic.Int64 // connections
	closing atomic.Bool
	serving sync.WaitGroup // Serve
}

// Open returns a way in that is yet to be served. It fails if the door is to
// speak TLS and has nothing to make a certificate from.
func (s *Server) Open(l net.Listener, d *Door) (*Way, error) {
	w := &Way{Listener: l, s: s}
	if err := w.Use(d); err != nil {
		return nil, err
	}
	return w, nil
}

// Use puts another door in force for connections to come and, but for what is
// spoken before the first request, for requests to come on those that are open.
// If it fails, all stays as it was.
func (w *Way) Use(d *Door) error {
	if d.kind() == DoorHTTPS {
		var err error
		if d, err = w.s.withTLS(d); err != nil {
			return err
		}
	}
	w.door.Store(d)
	return nil
}

// Serve takes clients until Close or the server's Shutdown, then returns nil.
func (w *Way) Serve() error {
	w.serving.Add(1)
	defer w.serving.Done()
	w.s.begin()
	if !w.s.doors.add(w.Listener) {
		w.Listener.Close()
		return nil
	}
	defer w.s.doors.remove(w.Listener)
	err := w.s.h1.Serve(front{w})
	if errors.Is(err, http.ErrServerClosed) || w.over() {
		return nil
	}
	return fmt.Errorf("serve %s: %w", w.Addr(), err)
}

func (w *Way) over() bool { return w.closing.Load() || w.s.doors.ended() }

// Close takes no clients any more. Those that are there get the answers to what
// they asked, with the word that the connection ends with it; connections on
// which nothing goes on are closed. It returns when none is left, or cuts off
// the rest when ctx ends and tells how many these were.
func (w *Way) Close(ctx context.Context) (cut int) {
	w.closing.Store(true)
	w.Listener.Close()
	w.serving.Wait() // what was accepted last is counted in then
	tick := time.NewTicker(quiet)
	defer tick.Stop()
	for turns := map[*client]int64{}; ; {
		left, idle := w.s.clients.resting(w, turns)
		for _, c := range idle {
			c.Close()
		}
		if left == 0 {
			return 0
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			left, _ := w.s.clients.resting(w, nil)
			w.s.clients.closeAll(w)
			return left
		}
	}
}

// front is a way's side towards net/http: it counts and limits what is accepted,
// hands over what speaks HTTP at once, and brings the rest to where it does.
type front struct{ *Way }

// Close implements net.Listener.
func (f front) Close() error { return f.Listener.Close() }

// Accept implements net.Listener.
func (f front) Accept() (net.Conn, error) {
	for {
		c, err := f.Listener.Accept()
		d := f.door.Load()
		if err != nil {
			if !f.over() { // out of file descriptors, most likely; net/http tries again
				f.s.log.Warn("connection not accepted", "door", d.Name, "error", err)
			}
			return nil, err
		}
		client := f.s.take(c, f.Way, d)
		switch {
		case client == nil:
		case d.plain():
			return f.s.guarded(client), nil
		default:
			go f.s.arrive(client, d)
		}
	}
}
