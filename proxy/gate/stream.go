package gate

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/rules"
)

// Streams tells which large uploads are sent on while they are still inspected;
// *rules.Set in production. Of the transaction the principal, the destination and
// the time are given.
type Streams interface {
	Stream(rules.Transaction) (rules.Stream, bool)
}

// Beginner is a Holder that can begin; *hold.Spool in production.
type Beginner interface {
	Begin(ctx context.Context, r io.Reader, o hold.Options, above int64) (*hold.Body, *hold.Growing, error)
}

// Stream is a large body that is sent on while it is still coming in and being
// inspected. The door that was given one sends what its readers give. They stay
// behind what was inspected, and what has come, by the bytes that are kept back,
// and give the last bytes and io.EOF only when Check has returned an Outcome that
// passes. They give ErrReset once it is clear that it will not, or may not: the door
// then has to break off so that the origin cannot take what it has for the whole.
//
// Check goes on in either case until the body is here and its verdict on record. A
// body that was broken off and passes after all (a warning that was confirmed, a
// release) is the Outcome's as any other, to be sent from its start.
//
// Safe for concurrent use.
type Stream struct {
	rules.Stream
	g     *hold.Growing
	id    string // in the record
	reset chan struct{}

	mu       sync.Mutex
	changed  chan struct{} // closed at the next change
	judged   int64         // bytes that were inspected, by which no rule stops it
	released bool
	broken   bool
	left     int64 // bytes given to who sends them
}

// ErrReset is what readers of a Stream give once it is not to go on.
var ErrReset = errors.New("upload is not to be completed before its verdict")

// Reset is closed once the stream is not to go on: what was sent has to stay
// incomplete.
func (s *Stream) Reset() <-chan struct{} { return s.reset }

// Complete tells whether the stream may be completed: after Check, whether its
// Outcome is that of what the readers give.
func (s *Stream) Complete() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.released && !s.broken
}

// Left is how many bytes were given to who sends them, at most so many have left.
func (s *Stream) Left() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left
}

// change makes a change known. The caller has mu.
func (s *Stream) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// judge says that so many bytes were inspected, and are not stopped.
func (s *Stream) judge(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > s.judged {
		s.judged = n
		s.change()
	}
}

// breakOff ends the stream, unless it was released.
func (s *Stream) breakOff() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.broken && !s.released {
		s.broken = true
		close(s.reset)
		s.change()
	}
}

// release lets the whole body out. It reports false if the stream was broken off.
func (s *Stream) release() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.broken && !s.released {
		s.released = true
		s.change()
	}
	return s.released
}

// NewReader returns a reader from the start of the body. Any number may be in use.
func (s *Stream) NewReader() io.ReadCloser {
	return &streamReader{s: s, trail: s.g.NewTrail(), closed: make(chan struct{})}
}

// streamReader reads what may leave.
type streamReader struct {
	s      *Stream
	trail  *hold.Trail
	off    int64
	once   sync.Once
	closed chan struct{}
}

// Read implements io.Reader.
func (r *streamReader) Read(p []byte) (int, error) {
	s := r.s
	for {
		ready, ended, grown, err := s.g.State()
		s.mu.Lock()
		changed, released, broken := s.changed, s.released, s.broken
		limit := min(s.judged, ready) - s.Keep
		if released {
			limit = ready
		}
		free := min(int64(len(p)), limit-r.off)
		if free > 0 && !broken {
			s.left = max(s.left, r.off+free) // before they are given: it is never less
		}
		s.mu.Unlock()
		switch {
		case broken, err != nil:
			return 0, ErrReset
		case free > 0:
			n, err := r.trail.ReadAt(p[:free], r.off)
			r.off += int64(n)
			return n, err
		case released && ended:
			return 0, io.EOF
		}
		select {
		case <-changed:
		case <-grown:
		case <-r.closed:
			return 0, hold.ErrClosed
		}
	}
}

// Close implements io.Closer.
func (r *streamReader) Close() error {
	r.once.Do(func() { close(r.closed) })
	return r.trail.Close()
}

// wanted tells whether the body is to be sent on while it is inspected, if it is
// large enough.
func (c *check) wanted() (Beginner, rules.Stream, bool) {
	t := c.t
	if t.Stream == nil {
		return nil, rules.Stream{}, false
	}
	policy := c.Policy()
	b, can := c.Hold.(Beginner)
	if policy == nil || policy.Streams == nil || !can {
		return nil, rules.Stream{}, false
	}
	w, ok := policy.Streams.Stream(rules.Transaction{Principal: t.Principal, Destination: t.Destination, Time: time.Now()})
	if !ok || t.Length >= 0 && t.Length <= w.Above {
		return nil, rules.Stream{}, false
	}
	c.policy = policy
	return b, w, true
}

// holdAndSend reads the body whole, and has the door send it on meanwhile unless
// something stops it already. What it was inspected for meanwhile is in c.early.
func (c *check) holdAndSend(ctx context.Context, by Beginner, w rules.Stream, o hold.Options) (*hold.Body, error) {
	body, g, err := by.Begin(ctx, &c.source, o, w.Above)
	if g == nil {
		return body, err
	}
	c.growing = g
	s := &Stream{Stream: w, g: g, reset: make(chan struct{}), changed: make(chan struct{})}
	if !c.mayBegin(ctx) {
		return g.Wait()
	}
	s.id = newStreamID()
	if err := c.append(c.begun(s)); err != nil {
		c.Log.Error("stream not recorded", "error", err)
		g.Stop()
		return nil, errUnrecorded
	}
	c.stream = s
	c.t.Stream(s)
	go func() {
		if _, err := g.Wait(); err != nil {
			s.breakOff()
		}
	}()
	c.follow(ctx, s)
	return g.Wait()
}

// errUnrecorded is met where the beginning of a stream could not be recorded.
var errUnrecorded = errors.New("beginning of a stream not recorded")

// mayBegin judges what is known beside the body: what is stopped by that is held
// whole, and not a byte of it leaves.
func (c *check) mayBegin(ctx context.Context) bool {
	c.parting = true
	defer func() { c.parting = false }()
	r := c.inspect(ctx, c.roots(), wholly)
	return r != nil && c.goesOn(r)
}

// begun is the event that a stream begins.
func (c *check) begun(s *Stream) audit.Event {
	ev := c.event()
	ev.Kind, ev.Action, ev.Incident, ev.Bytes, ev.Milliseconds = "stream", "begun", "", max(c.t.Length, 0), 0
	ev.Rule = s.ID
	ev.Details = map[string]string{"stream": s.id}
	return ev
}

func newStreamID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// endStream settles the stream by the outcome. With trailers it is sent anew, since
// those have no place in what has been sent.
func (c *check) endStream() {
	if c.stream == nil {
		return
	}
	if !c.out.Passes() || c.t.Trailer != nil && len(c.t.Trailer()) > 0 {
		c.stream.breakOff()
	}
	if c.left == 0 {
		c.left = c.stream.Left() // of what passes, all leaves later
	}
}

// letOut completes what the outcome lets pass, and ends what is not to go on.
func (c *check) letOut() {
	if c.growing != nil && c.out.Body == nil {
		c.growing.Stop() // the door has the client's side again
		if body, err := c.growing.Wait(); err == nil {
			body.Close()
		}
	}
	if c.stream == nil {
		return
	}
	if c.endStream(); c.out.Passes() {
		c.stream.release()
	}
}

// Streamed says what had become of a stream when its verdict was known.
type Streamed string

// What may become of one.
const (
	StreamPassed  Streamed = "passed"  // it is completed
	StreamStopped Streamed = "stopped" // it was reset, and nothing of it leaves any more
	StreamAgain   Streamed = "again"   // it was reset, and is sent anew from its start
)

// streamed says so.
func (c *check) streamed() (became Streamed, left int64) {
	s := c.stream
	if s == nil {
		return "", 0
	}
	s.mu.Lock()
	broken := s.broken
	s.mu.Unlock()
	switch {
	case !broken:
		return StreamPassed, c.left
	case c.out.Passes():
		return StreamAgain, c.left
	}
	return StreamStopped, c.left
}

// tellStream adds to the details of an event how much had left at most when the
// stream was broken off.
func (c *check) tellStream(details map[string]string) map[string]string {
	became, left := c.streamed()
	if became == "" {
		return details
	}
	if details == nil {
		details = map[string]string{}
	}
	details["stream"] = c.stream.id
	details["streamed"] = c.stream.ID
	if became == StreamPassed {
		return details
	}
	details["origin"] = "reset"
	if became == StreamAgain {
		details["origin"] = "reset, then sent anew"
	}
	size := max(c.size(), c.t.Length)
	if size < left { // it did not come whole, and nobody said how much it would be
		details["left"] = fmt.Sprintf("%d bytes", left)
		return details
	}
	details["left"] = fmt.Sprintf("%d of %d bytes (%.0f %%)", left, size, math.Ceil(float64(left)*100/float64(max(size, 1))))
	return details
}
