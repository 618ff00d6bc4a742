package hold

import (
	"context"
	"fmt"
	"hash"
	"io"
	"sync/atomic"
	"time"
)

// filler reads one body in. It runs in a goroutine of its own, so that Hold
// can leave while a Read hangs.
type filler struct {
	b     *Body
	ctx   context.Context
	limit int64
	timed bool
	stop  atomic.Bool  // Hold has left
	last  atomic.Int64 // when something last came, Unix nanoseconds
}

func (f *filler) touch() {
	if f.timed {
		f.last.Store(time.Now().UnixNano())
	}
}

func (f *filler) idle() time.Duration {
	return time.Duration(time.Now().UnixNano() - f.last.Load())
}

// run reads r to its end into the body. A reader that panics must not end the
// process, which nobody could prevent outside this goroutine.
func (f *filler) run(r io.Reader, expect int64) (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("body's reader panicked")
		}
	}()
	h := f.b.s.mac()
	defer f.b.s.macs.Put(h)
	if err := f.read(r, h, expect); err != nil {
		return err
	}
	h.Sum(f.b.digest[:0])
	return nil
}

func (f *filler) read(r io.Reader, h hash.Hash, expect int64) error {
	b := f.b
	first := classes[1]
	if expect > 0 {
		first = int(min(expect, chunk-1)) + 1 // one more, to see the end without another buffer
	}
	empty := 0
	for {
		space, err := b.space(f.ctx, first)
		if err != nil {
			return err
		}
		n, err := r.Read(space)
		if f.stop.Load() {
			return ErrStalled // Hold has left with its own reason
		}
		if n > 0 {
			f.touch()
			empty = 0
			h.Write(space[:n])
			b.wrote(n)
			if b.size > f.limit {
				return ErrTooLarge
			}
		}
		switch {
		case err == io.EOF:
			return b.finish()
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
	}
}
