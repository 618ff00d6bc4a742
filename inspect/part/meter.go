package part

import (
	"context"
	"errors"
	"io"
	"sync"
)

// Meter reads what a decoder puts out, counts it against the budget, and gives
// the decoder's errors a Reason. Only bytes that a decoder makes anew are
// counted so; whoever hands on bytes as they stand spends 0, to look at the
// clock.
type Meter struct {
	ctx  context.Context
	b    *Budget
	r    io.Reader
	name string
	err  error
}

// NewMeter meters r, the output of the decoder of that name.
func NewMeter(ctx context.Context, b *Budget, name string, r io.Reader) *Meter {
	return &Meter{ctx: ctx, b: b, r: r, name: name}
}

// Err returns how r ended: io.EOF if well, nil if it has not yet.
func (m *Meter) Err() error { return m.err }

func (m *Meter) Read(p []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	n, err := m.r.Read(p)
	if over := m.b.Spend(m.ctx, n); over != nil {
		m.err = over
		return 0, over
	}
	m.err = Decoding(m.name, err)
	return n, m.err
}

// Decoding gives an error of the decoder of that name a Reason, unless it has
// one. nil and io.EOF stay as they are.
func Decoding(name string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	var f *Fault
	var x *Exhausted
	switch {
	case errors.As(err, &f), errors.As(err, &x),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &Fault{Reason: Truncated, Detail: name + " ends early"}
	}
	return &Fault{Reason: DecodeError, Detail: name + " is damaged", Err: err}
}

var drains = sync.Pool{New: func() any { b := make([]byte, 16<<10); return &b }}

// Drain reads r to its end, within the budget's time, so that what stands
// behind it can be read: a child may leave some of its Body.
func Drain(ctx context.Context, b *Budget, r io.Reader) error {
	buf := drains.Get().(*[]byte)
	defer drains.Put(buf)
	for idle := 0; idle < 100; idle++ {
		n, err := r.Read(*buf)
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = b.Spend(ctx, 0)
		}
		if err != nil {
			return err
		}
		if n > 0 {
			idle = 0
		}
	}
	return io.ErrNoProgress
}

// Stop tells e why reading ended early and returns what Read is to return then:
// an error only when ctx is done.
func Stop(ctx context.Context, e Emitter, err error, partly bool) error {
	reason, detail := ReasonOf(err)
	e.Skip(reason, partly, detail)
	return ctx.Err()
}
