package hold

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// Body is a held body. Its first bytes are in memory, the rest, if any, in a
// sealed file. Safe for concurrent use.
type Body struct {
	s      *Spool
	sender string // whose share of the disk it is; "" for nobody's
	size   int64
	once   sync.Once
	digest [sha256.Size]byte
	broken error // why there is no digest

	mem      [][]byte // all but the last are full chunks
	one      [1][]byte
	memSize  int64 // bytes of the body in mem
	reserved int64 // of the spool's memory
	file     *sealed

	closed    atomic.Bool
	abandoned atomic.Bool
	refs      atomic.Int64 // of operations under way, and one until Close

	mu     sync.Mutex
	window window // of ReadAt
}

func newBody(s *Spool) *Body {
	b := &Body{s: s}
	b.mem = b.one[:0]
	b.refs.Store(1)
	s.bodies.Add(1)
	return b
}

// Size is the body's length in bytes.
func (b *Body) Size() int64 { return b.size }

// Digest is the HMAC-SHA-256 of the body under the spool's DigestKey. The body is
// read for it when it is first asked for, which must be before Close: most bodies go
// on without anybody asking. An error says that the body cannot be read back, so that
// nobody can tell what it is: it must not leave then.
func (b *Body) Digest() ([sha256.Size]byte, error) {
	b.once.Do(func() { b.broken = b.hash() })
	return b.digest, b.broken
}

func (b *Body) hash() error {
	h := b.s.mac()
	defer b.s.macs.Put(h)
	r := b.NewReader()
	defer r.Close()
	if _, err := io.Copy(h, r); err != nil {
		return fmt.Errorf("hash the body: %w", err)
	}
	h.Sum(b.digest[:0])
	return nil
}

// Bytes returns the body if it lies in memory in one piece, as bodies under
// 64 KiB do unless memory is short. The bytes are not to be changed and are
// wiped by Close, but not by Abandon.
func (b *Body) Bytes() ([]byte, bool) {
	switch {
	case b.closed.Load() || b.file != nil:
		return nil, false
	case len(b.mem) == 0:
		return nil, true
	case len(b.mem) == 1:
		return b.mem[0][:b.memSize:b.memSize], true
	}
	return nil, false
}

// Abandon ends the body as Close does, but what Bytes returned stays as it is
// for as long as somebody has it: a sender may still read it when all else is
// over. It is not wiped then, but left to the garbage collector.
func (b *Body) Abandon() error {
	b.abandoned.Store(true)
	return b.Close()
}

// space returns where the next bytes go: at least one.
func (b *Body) space(ctx context.Context, first int) ([]byte, error) {
	if b.file != nil {
		return b.file.space(ctx)
	}
	want := first
	if n := len(b.mem); n > 0 {
		last := b.mem[n-1]
		used := int(b.memSize) - (n-1)*chunk
		switch {
		case used < len(last):
			return last[used:], nil
		case used < chunk: // the first and only one: it becomes a full chunk
			if more := int64(chunk - used); b.roomFor(more) {
				grown := getMemory(chunk)
				copy(grown, last)
				putMemory(last)
				b.mem[0] = grown
				return grown[used:], nil
			}
			want = 0
		default:
			want = chunk
		}
	}
	if want > 0 && b.roomFor(int64(classOf(want))) {
		m := getMemory(want)
		b.mem = append(b.mem, m)
		return m, nil
	}
	f, err := newSealed(b.s, b.sender)
	if err != nil {
		return nil, err
	}
	b.file = f
	return f.space(ctx)
}

// roomFor reserves n more bytes of memory, or says that they go to disk.
func (b *Body) roomFor(n int64) bool {
	if b.reserved+n > b.s.c.MemoryPerBody || !b.s.takeMemory(n) {
		return false
	}
	b.reserved += n
	return true
}

// wrote says that n bytes were put where space pointed.
func (b *Body) wrote(n int) {
	b.size += int64(n)
	if b.file != nil {
		b.file.fill += n
		return
	}
	b.memSize += int64(n)
}

func (b *Body) finish() error {
	if b.file != nil {
		return b.file.finish()
	}
	return nil
}

// acquire keeps the body's memory and file for an operation.
func (b *Body) acquire() bool {
	for !b.closed.Load() {
		n := b.refs.Load()
		if n == 0 {
			return false
		}
		if b.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
	return false
}

func (b *Body) release() {
	if b.refs.Add(-1) == 0 {
		b.free()
	}
}

func (b *Body) free() {
	if !b.abandoned.Load() || len(b.mem) > 1 {
		for _, m := range b.mem {
			putMemory(m)
		}
	}
	b.mem = nil
	b.s.memory.Add(-b.reserved)
	b.window.free()
	if b.file != nil {
		b.file.close()
	}
	b.s.bodies.Add(-1)
}

// Close wipes the body; what is being read at the moment, as soon as that
// Read is over. Later reads fail with ErrClosed.
func (b *Body) Close() error {
	if !b.closed.Swap(true) {
		b.release()
	}
	return nil
}

// ReadAt implements io.ReaderAt.
func (b *Body) ReadAt(p []byte, off int64) (int, error) {
	if !b.acquire() {
		return 0, ErrClosed
	}
	defer b.release()
	if off < 0 {
		return 0, fmt.Errorf("read body: offset %d is negative", off)
	}
	locked := false
	done := 0
	for done < len(p) {
		if !locked && off+int64(done) >= b.memSize {
			b.mu.Lock()
			defer b.mu.Unlock()
			locked = true
		}
		src, err := b.at(off+int64(done), &b.window)
		if err != nil {
			return done, err
		}
		done += copy(p[done:], src)
	}
	return done, nil
}

// at returns bytes of the body from off on, at least one; io.EOF past the end.
// Those of the file are in w. The caller has acquired the body.
func (b *Body) at(off int64, w *window) ([]byte, error) {
	switch {
	case off >= b.size:
		return nil, io.EOF
	case off < b.memSize:
		i := off / chunk
		end := min(b.memSize-i*chunk, chunk)
		return b.mem[i][off%chunk : end], nil
	}
	off -= b.memSize
	if err := b.file.load(w, off/chunk); err != nil {
		return nil, err
	}
	return w.plain[off%chunk:], nil
}

// NewReader returns a reader of the whole body. Any number may be in use.
func (b *Body) NewReader() *Reader { return &Reader{b: b} }
