// Package hold keeps a request body whole until the verdict on it is known:
// first in memory, then in an encrypted temporary file whose key exists in
// memory only. What is held can be read any number of times, from any place,
// and is wiped by Close.
//
// All bodies of a Spool share its limits. Memory that runs out sends bodies to
// disk sooner; disk that runs out makes Hold wait a little and then fail with
// ErrFull. Nothing is ever held in part: Hold returns the whole body or an
// error. What the operating system swaps out is beyond this package: encrypt
// the swap, or have none.
package hold

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// Errors of Hold and of readers, told apart with errors.Is.
var (
	// ErrTooLarge: the body is larger than Max. Answer 413.
	ErrTooLarge = errors.New("body is larger than the limit")
	// ErrFull: there is no room to hold the body now. Answer 503.
	ErrFull = errors.New("no room to hold the body")
	// ErrStalled: the sender sent nothing for the idle time. Answer 408.
	ErrStalled = errors.New("sender stopped sending")
	// ErrClosed: the body was closed.
	ErrClosed = errors.New("body is closed")
)

// Config is what a Spool needs; zero fields mean the defaults. Sizes are in
// bytes.
type Config struct {
	Dir           string        // folder of the temporary files, made with mode 0700; required
	MemoryPerBody int64         // of one body kept in memory, in buffers of 4, 16 and 64 KiB; default 1 MiB
	TotalMemory   int64         // of all bodies and Rooms kept in memory; default 256 MiB
	Messages      int64         // of it, kept for Rooms; default a quarter
	TotalDisk     int64         // of all bodies on disk; default 8 GiB
	PerSender     int64         // of one sender's bodies on disk; default half of TotalDisk; one body of Max at least
	Max           int64         // of one body; default 2 GiB
	Wait          time.Duration // how long Hold waits for room on disk; default 5 s
	DigestKey     []byte        // key of Body.Digest; random if empty

	MessagesPerSender int64 // of one sender's Rooms; default three quarters of Messages
}

func (c Config) withDefaults() (Config, error) {
	set(&c.MemoryPerBody, 1<<20)
	set(&c.TotalMemory, 256<<20)
	set(&c.Messages, c.TotalMemory/4)
	set(&c.MessagesPerSender, c.Messages/4*3)
	set(&c.TotalDisk, 8<<30)
	set(&c.Max, 2<<30)
	set(&c.Wait, 5*time.Second)
	set(&c.PerSender, c.TotalDisk/2)
	c.PerSender = max(c.PerSender, onDisk(c.Max))
	switch {
	case c.Dir == "":
		return c, errors.New("no folder for the spool is given")
	case c.MemoryPerBody < 0 || c.TotalMemory < 0 || c.TotalDisk < 0 || c.PerSender < 0 || c.Max < 0 || c.Wait < 0 || c.Messages < 0 || c.MessagesPerSender < 0:
		return c, errors.New("a limit of the spool is negative")
	case c.Messages > c.TotalMemory || c.MessagesPerSender > c.Messages:
		return c, errors.New("the share of messages is larger than the memory of all")
	}
	if len(c.DigestKey) == 0 {
		c.DigestKey = make([]byte, sha256.Size)
		if _, err := rand.Read(c.DigestKey); err != nil {
			return c, err
		}
	}
	return c, nil
}

func set[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// Spool holds bodies. Safe for concurrent use.
type Spool struct {
	c     Config
	disk  *semaphore.Weighted
	parts shares    // of the disk
	macs  sync.Pool // hash.Hash
	watch watch

	messages *semaphore.Weighted // memory of Rooms
	rooms    shares              // of it

	bodies, memory, inRooms, onDisk atomic.Int64
	held, full, tooLarge, stalled   atomic.Uint64
}

// Open makes a Spool, and its folder if need be. Files that a killed process
// left there are removed; nobody has their keys.
func Open(c Config) (*Spool, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	left, err := os.ReadDir(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	for _, e := range left {
		if ours, _ := filepath.Match(tempPattern, e.Name()); !ours {
			continue
		}
		if err := os.Remove(filepath.Join(c.Dir, e.Name())); err != nil {
			return nil, fmt.Errorf("open spool: %w", err)
		}
	}
	s := &Spool{c: c, disk: semaphore.NewWeighted(c.TotalDisk), parts: shares{each: c.PerSender},
		messages: semaphore.NewWeighted(c.Messages), rooms: shares{each: c.MessagesPerSender}}
	s.macs.New = func() any { return hmac.New(sha256.New, c.DigestKey) }
	return s, nil
}

// Options is what is known of one body.
type Options struct {
	// Expect is the declared Content-Length; 0 or less if unknown. It saves
	// memory and refuses early; a wrong one does no harm.
	Expect int64
	// Max lowers the spool's Max for this body; 0 does not.
	Max int64
	// Most raises it, if it is more; what is on disk stays bounded by TotalDisk.
	Most int64
	// Sender is whose PerSender the body counts towards; "": nobody's, nor does one
	// that may be larger than Max.
	Sender string
	// Idle gives up with ErrStalled when nothing was read for so long, give
	// or take 50 ms; 0: never. The time that Hold itself waits for room
	// counts too.
	Idle time.Duration
	// Interrupt is called at most once, from another goroutine, when the
	// sender stalled or the context ended, and must make a Read under way
	// return (http.ResponseController's SetReadDeadline with a past time).
	// It must not block. Without it Hold waits for that Read.
	Interrupt func()
}

// Hold reads r to its end and returns it. It ends early when ctx does or the
// sender stalls; r is not read from any more when it returns.
func (s *Spool) Hold(ctx context.Context, r io.Reader, o Options) (*Body, error) {
	return s.end(s.hold(ctx, r, o, nil))
}

// end counts what became of a body.
func (s *Spool) end(b *Body, err error) (*Body, error) {
	switch {
	case err == nil:
		s.held.Add(1)
		return b, nil
	case errors.Is(err, ErrTooLarge):
		s.tooLarge.Add(1)
	case errors.Is(err, ErrFull):
		s.full.Add(1)
	case errors.Is(err, ErrStalled):
		s.stalled.Add(1)
	}
	return nil, fmt.Errorf("hold body: %w", err)
}

func (s *Spool) hold(ctx context.Context, r io.Reader, o Options, grow *Growing) (*Body, error) {
	limit := max(s.c.Max, o.Most)
	if o.Max > 0 {
		limit = min(limit, o.Max)
	}
	if o.Expect > limit {
		return nil, ErrTooLarge
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b := newBody(s)
	if limit <= s.c.Max {
		b.sender = o.Sender
	}
	f := &filler{b: b, ctx: ctx, limit: limit, idle: o.Idle, interrupt: o.Interrupt, grow: grow}
	s.watch.add(f)
	err := f.run(r, o.Expect)
	if why := s.watch.remove(f); why != nil {
		err = why // and even if all had come: r was interrupted
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// Stats are the gauges and counters of a Spool.
type Stats struct {
	Bodies int64 // held or being read
	Memory int64 // bytes of memory that bodies and Rooms occupy
	Disk   int64 // bytes on disk

	Held, Full, TooLarge, Stalled uint64 // outcomes of Hold since Open
}

// Stats returns the present numbers.
func (s *Spool) Stats() Stats {
	return Stats{
		Bodies: s.bodies.Load(), Memory: s.memory.Load() + s.inRooms.Load(), Disk: s.onDisk.Load(),
		Held: s.held.Load(), Full: s.full.Load(), TooLarge: s.tooLarge.Load(), Stalled: s.stalled.Load(),
	}
}

// Healthy returns why a body that does not fit into memory could not be held
// now, or nil. It writes a little to the folder to find out.
func (s *Spool) Healthy() error {
	if s.onDisk.Load()+diskStep > s.c.TotalDisk && s.onDisk.Load() > 0 {
		return fmt.Errorf("%w: the spool's share of the disk is used up", ErrFull)
	}
	f, err := os.CreateTemp(s.c.Dir, tempPattern)
	if err != nil {
		return explain("make temporary file", err)
	}
	_, err = f.Write(make([]byte, 4<<10))
	if err != nil {
		err = explain("write temporary file", err)
	}
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// takeMemory reserves n bytes of memory for a body if the limit allows it.
func (s *Spool) takeMemory(n int64) bool {
	for {
		m := s.memory.Load()
		if m+n > s.c.TotalMemory-s.c.Messages {
			return false
		}
		if s.memory.CompareAndSwap(m, m+n) {
			return true
		}
	}
}

// takeDisk reserves n bytes on disk, of sh too unless it is nil, waiting for others to
// leave.
func (s *Spool) takeDisk(ctx context.Context, sh *share, n int64) error {
	if sh != nil {
		if err := take(ctx, sh.Weighted, n, s.c.Wait, "sender's share of the disk"); err != nil {
			return err
		}
	}
	if err := take(ctx, s.disk, n, s.c.Wait, "spool's share of the disk"); err != nil {
		if sh != nil {
			sh.Release(n)
		}
		return err
	}
	s.onDisk.Add(n)
	return nil
}

// onDisk is at most what a body of n bytes reserves on disk.
func onDisk(n int64) int64 { return n + (n/chunk+1)*tag + chunk + diskStep }

func (s *Spool) giveDisk(n int64) {
	if n > 0 {
		s.onDisk.Add(-n)
		s.disk.Release(n)
	}
}

func (s *Spool) mac() hash.Hash {
	h := s.macs.Get().(hash.Hash)
	h.Reset()
	return h
}
