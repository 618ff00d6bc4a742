package decode

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

var drains = sync.Pool{New: func() any { b := make([]byte, 16<<10); return &b }}

// drain reads what a child has left of r, so that what stands behind it can be
// read, within the budget's time.
func drain(ctx context.Context, b *part.Budget, r io.Reader) error {
	buf := drains.Get().(*[]byte)
	defer drains.Put(buf)
	for idle := 0; idle < 100; {
		n, err := r.Read(*buf)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := b.Spend(ctx, 0); err != nil {
			return err
		}
		idle++
		if n > 0 {
			idle = 0
		}
	}
	return io.ErrNoProgress
}

// spending counts what a decoder puts out against the budget and gives its
// errors a reason. Only bytes that a decoder makes anew are counted; whoever
// hands on bytes as they stand only looks at the clock.
type spending struct {
	ctx  context.Context
	b    *part.Budget
	r    io.Reader
	name string
	err  error // how it ended; io.EOF if well
}

func (s *spending) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	if over := s.b.Spend(s.ctx, n); over != nil {
		s.err = over
		return 0, over
	}
	s.err = s.reason(err)
	return n, s.err
}

func (s *spending) reason(err error) error {
	var f *part.Fault
	var x *part.Exhausted
	switch {
	case err == nil, err == io.EOF, errors.As(err, &f), errors.As(err, &x), s.ctx.Err() != nil:
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &part.Fault{Reason: part.Truncated, Detail: s.name + " ends early"}
	}
	return &part.Fault{Reason: part.DecodeError, Detail: s.name + " is damaged", Err: err}
}
