package hold

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// Growing is a body that is still coming in. What has come can be read. Safe for
// concurrent use.
type Growing struct {
	b      *Body
	done   chan struct{} // closed when nothing more comes
	stop   atomic.Bool
	past   int64 // of ready, when Begin returns
	passed chan struct{}

	mu      sync.Mutex // of the body while it grows, and of what follows
	ready   int64      // bytes that can be read
	ended   bool
	err     error
	changed chan struct{} // closed at the next change; nil if nobody waits
}

// errStop ends the reading of a body that nobody wants any more.
var errStop = errors.New("the rest of the body is not wanted")

// Begin reads r as Hold does. Of a body of more than above bytes it returns as
// soon as so many have come: the rest comes in while the caller goes on. Any other
// body is returned whole, and the Growing is nil then.
func (s *Spool) Begin(ctx context.Context, r io.Reader, o Options, above int64) (*Body, *Growing, error) {
	g := &Growing{done: make(chan struct{}), passed: make(chan struct{}), past: max(above, 0)}
	go func() {
		b, err := s.end(s.hold(ctx, r, o, g))
		g.mu.Lock()
		defer g.mu.Unlock()
		g.ended, g.err = true, err
		if err == nil {
			g.b, g.ready = b, b.size
		}
		g.tell()
		close(g.done)
	}()
	select {
	case <-g.done:
	case <-g.passed:
		return nil, g, nil
	}
	return g.b, nil, g.err
}

// grew publishes what has come. The caller has mu.
func (g *Growing) grew(b *Body) {
	g.b = b
	ready := b.memSize
	if b.file != nil {
		ready += b.file.chunks * chunk
	}
	if ready == g.ready {
		return
	}
	if g.ready <= g.past && ready > g.past {
		close(g.passed)
	}
	g.ready = ready
	g.tell()
}

func (g *Growing) tell() {
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}

// State tells how much can be read, whether that is all there will be, and why it
// is not the whole body, if so. changed is closed when any of it has changed.
func (g *Growing) State() (ready int64, ended bool, changed <-chan struct{}, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.changed == nil && !g.ended {
		g.changed = make(chan struct{})
	}
	return g.ready, g.ended, g.changed, g.err
}

// Wait returns the whole body, which the caller closes, or why it did not come.
func (g *Growing) Wait() (*Body, error) {
	<-g.done
	if g.err != nil {
		return nil, g.err
	}
	return g.b, nil
}

// Stop ends the reading with the next bytes that come, or when Options.Idle is
// over, and returns then. A body that was whole before stays so.
func (g *Growing) Stop() {
	g.stop.Store(true)
	<-g.done
}

// A Trail reads a Growing. It is for one goroutine; Close may come from another.
type Trail struct {
	g      *Growing
	mu     sync.Mutex
	closed bool
	window window
}

// NewTrail returns a Trail of its own.
func (g *Growing) NewTrail() *Trail { return &Trail{g: g} }

// ReadAt reads what has come from off on: some of it, not always all that fits.
// Past what has come it gives io.EOF, also if more will.
func (t *Trail) ReadAt(p []byte, off int64) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.g
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case t.closed, g.err != nil:
		return 0, ErrClosed
	case off < 0:
		return 0, fmt.Errorf("read body: offset %d is negative", off)
	case off >= g.ready:
		return 0, io.EOF
	case !g.b.acquire():
		return 0, ErrClosed
	}
	defer g.b.release()
	src, err := g.b.at(off, &t.window)
	if err != nil {
		return 0, err
	}
	return copy(p, src[:min(int64(len(src)), g.ready-off)]), nil
}

// Close ends the Trail, not the body.
func (t *Trail) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.window.free()
	return nil
}
