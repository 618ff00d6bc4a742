package gate

import (
	"bytes"
	"context"
	"io"
	"math"
	"sync/atomic"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/rules"
)

// goesOn tells whether nothing that was found by now stops the upload. What is
// known only of the whole (what it does at a service, that it was confirmed or
// released) is not looked at: where that would let it out after all, it is sent
// anew once it is here.
func (c *check) goesOn(r *inspect.Report) bool {
	t := c.t
	ready, _, _, _ := c.growing.State()
	seen := *r
	if t.Use != nil {
		seen.Coverage = inspect.Coverage{} // what cannot be read may be the service's wrapping
	}
	tx := rules.Transaction{
		Report: &seen, Principal: t.Principal, Destination: t.Destination, FileNames: t.FileNames,
		Bytes: max(ready, t.Length), Time: time.Now(),
		Confirmed: func(string) bool { return false }, Released: func(string) bool { return false },
	}
	if c.Past != nil {
		c.persons = distinct(c.persons)
		tx.History, tx.Persons = c.Past, c.persons
	}
	a := c.policy.Rules.Decide(tx).Action
	return a == rules.Allow || a == rules.Log
}

// Steps of following a stream, in bytes.
const (
	judgeStep = 256 << 10 // between two judgements
	silence   = 4 << 20   // read without text in it: there is none
	turnStep  = 4 << 20   // after which it is another's turn
)

// streamTime bounds the inspection of a body that comes in; once it is there, it
// has the time of any other.
const streamTime = 24 * time.Hour

// follow inspects the body while it comes in, where its format is read from front to
// back, and breaks the stream off when it is clear that a rule stops it. Any other
// body is inspected when it is whole.
func (c *check) follow(ctx context.Context, s *Stream) {
	trail := s.g.NewTrail()
	defer trail.Close()
	head := make([]byte, part.HeadSize)
	n, _ := trail.ReadAt(head, 0) // it has come
	if !frontToBack(head[:n]) {
		s.judge(math.MaxInt64)
		return
	}
	if !c.large.take(ctx, c.Queue) {
		s.breakOff()
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b := &liveBody{c: c, s: s, trail: trail, ctx: ctx, cancel: cancel, turn: true}
	defer b.giveTurn()
	c.live = b
	defer func() { c.live = nil }()
	c.parting = true
	roots := c.roots()
	c.parting = false

	live := &inspect.Live{}
	judged := int64(0)
	live.SoFar = func(sum func() *inspect.Report) {
		off := b.off.Load()
		b.told.Store(off)
		if off-judged < judgeStep {
			return
		}
		if judged = off; c.goesOn(sum()) {
			s.judge(off)
			return
		}
		s.breakOff()
		cancel()
	}
	o := c.scanOptions(wholly)
	o.Live, o.Limits.Time = live, streamTime
	r := c.guarded(ctx, roots, o)
	switch {
	case r == nil:
		s.breakOff() // in doubt; the whole is inspected anew
	case live.Ended:
		s.judge(math.MaxInt64)
	case ctx.Err() != nil: // it was broken off, took too long, or nobody is there
		s.breakOff()
	case !c.goesOn(r):
		s.breakOff()
	default:
		s.judge(math.MaxInt64)
	}
	// What was not read to its end may be when all of it can be read anywhere.
	if r != nil && !live.Ended && ctx.Err() == nil && r.Coverage.Not+r.Coverage.Partly == 0 && c.t.Use == nil {
		c.early, c.earlyBy, c.earlySize = r, c.policy, b.off.Load()
	}
}

// guarded scans; nil if the engine failed.
func (c *check) guarded(ctx context.Context, roots []part.Part, o inspect.ScanOptions) (r *inspect.Report) {
	defer func() {
		if p := recover(); p != nil {
			r = nil
			c.fault("inspecting", p)
		}
	}()
	return c.policy.Scanner.Scan(ctx, roots, o)
}

// takeEarly returns the report that was made while the body came in, once, if it
// holds for the whole.
func (c *check) takeEarly() *inspect.Report {
	r := c.early
	c.early = nil
	if r == nil || c.earlyBy != c.policy || c.earlySize != c.size() || c.use != nil || c.t.Trailer != nil && len(c.t.Trailer()) > 0 {
		return nil
	}
	return r
}

// frontToBack tells whether a body that begins so is inspected in one go from its
// first byte to its last: text, or text that was compressed. Of other formats the
// end is needed first.
func frontToBack(head []byte) bool {
	if bytes.HasPrefix(head, []byte{0x1f, 0x8b}) { // gzip
		return true
	}
	if bytes.HasPrefix(head, []byte("%PDF")) || bytes.HasPrefix(head, []byte("{\\rtf")) {
		return false
	}
	for _, b := range head {
		if b < ' ' && b != '\t' && b != '\n' && b != '\r' && b != '\f' && b != 0x1b {
			return false
		}
	}
	return true
}

// liveBody reads a body while it comes in. While it waits for more, others have
// the turn to inspect.
type liveBody struct {
	c      *check
	s      *Stream
	trail  *hold.Trail
	ctx    context.Context
	cancel context.CancelFunc
	off    atomic.Int64 // read
	told   atomic.Int64 // of it, when there was text last
	turn   bool         // it is ours
	held   int64        // off when it became ours
	ended  bool         // it was seen to be whole
}

// Read implements io.Reader.
func (b *liveBody) Read(p []byte) (int, error) {
	off := b.off.Load()
	if off-b.told.Load() > silence {
		b.s.judge(off - silence)
	}
	if off-b.held > turnStep {
		b.giveTurn()
	}
	for {
		ready, ended, changed, err := b.s.g.State()
		if ended && !b.ended {
			b.ended = true
			time.AfterFunc(b.c.Time, b.cancel)
		}
		switch {
		case err != nil:
			return 0, err
		case off < ready:
			if err := b.takeTurn(); err != nil {
				return 0, err
			}
			n, err := b.trail.ReadAt(p, off)
			b.off.Add(int64(n))
			return n, err
		case ended:
			return 0, io.EOF
		}
		b.giveTurn()
		select {
		case <-changed:
		case <-b.ctx.Done():
			return 0, b.ctx.Err()
		}
	}
}

func (b *liveBody) takeTurn() error {
	if b.turn {
		return nil
	}
	select {
	case b.c.large <- struct{}{}:
		b.turn, b.held = true, b.off.Load()
		return nil
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
}

func (b *liveBody) giveTurn() {
	if b.turn {
		b.turn = false
		b.c.large.give()
	}
}
