package hold

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// filler reads one body in.
type filler struct {
	b         *Body
	ctx       context.Context
	limit     int64
	idle      time.Duration // 0: no limit
	interrupt func()
	grow      *Growing      // whose body it is, nil for one that is held whole first
	reads     atomic.Uint32 // that brought something

	// The watch's, under its lock.
	place int       // in its list
	seen  uint32    // reads at the last look
	since time.Time // when the first look saw that number
	why   error     // f was interrupted for
}

// look interrupts f if its sender has stalled or its context has ended.
func (f *filler) look(now time.Time) {
	if f.why != nil {
		return
	}
	if reads := f.reads.Load(); reads != f.seen || f.since.IsZero() {
		f.seen, f.since = reads, now
	} else if f.idle > 0 && now.Sub(f.since) >= f.idle {
		f.why = ErrStalled
	}
	if err := f.ctx.Err(); err != nil {
		f.why = err
	}
	if f.why != nil && f.interrupt != nil {
		f.interrupt()
	}
}

var errPanic = errors.New("body's reader panicked")

// run reads r to its end into the body.
func (f *filler) run(r io.Reader, expect int64) (err error) {
	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()
	b := f.b
	first := firstMemory
	if expect > 0 {
		first = int(min(expect, chunk-1)) + 1 // one more, to see the end without another buffer
	}
	empty := 0
	for {
		space, err := f.space(first)
		if err != nil {
			return err
		}
		n, err := r.Read(space)
		if n > 0 {
			f.reads.Add(1)
			empty = 0
			f.wrote(n)
			if b.size > f.limit {
				return ErrTooLarge
			}
		}
		switch {
		case err == io.EOF:
			return f.finish()
		case err != nil:
			return fmt.Errorf("read from the sender: %w", err)
		case n == 0:
			if empty++; empty == 100 {
				return fmt.Errorf("read from the sender: %w", io.ErrNoProgress)
			}
		}
		if err := f.ctx.Err(); err != nil {
			return err
		}
		if f.grow != nil && f.grow.stop.Load() {
			return errStop
		}
	}
}

// lock keeps those that read a body while it grows out of it.
func (f *filler) lock() (unlock func()) {
	if f.grow == nil {
		return func() {}
	}
	f.grow.mu.Lock()
	return f.grow.mu.Unlock
}

func (f *filler) space(first int) ([]byte, error) {
	defer f.lock()()
	return f.b.space(f.ctx, first)
}

func (f *filler) wrote(n int) {
	defer f.lock()()
	f.b.wrote(n)
	if f.grow != nil {
		f.grow.grew(f.b)
	}
}

func (f *filler) finish() error {
	defer f.lock()()
	return f.b.finish()
}
