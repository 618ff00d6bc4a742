package hold

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// Reader reads a Body from the start: an io.ReadSeekCloser, io.ReaderAt and
// io.WriterTo. One goroutine may read; Close may come from another at any
// time, as http.Transport's does, and does not wait for it.
type Reader struct {
	b      *Body
	closed atomic.Bool

	mu     sync.Mutex // held while the window is in use
	off    int64
	window window
}

// enter takes the reader and its body for an operation; leave ends it.
func (r *Reader) enter() bool {
	r.mu.Lock()
	if !r.closed.Load() && r.b.acquire() {
		return true
	}
	r.closed.Store(true)
	r.unlock()
	return false
}

func (r *Reader) leave() {
	r.b.release()
	r.unlock()
}

// unlock frees the window of a reader that was closed meanwhile.
func (r *Reader) unlock() {
	r.mu.Unlock()
	if r.closed.Load() {
		r.free()
	}
}

// free wipes the window, unless an operation has it, which then does.
func (r *Reader) free() {
	if r.mu.TryLock() {
		r.window.free()
		r.mu.Unlock()
	}
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if !r.enter() {
		return 0, ErrClosed
	}
	defer r.leave()
	src, err := r.b.at(r.off, &r.window)
	if err != nil {
		r.window.free()
		return 0, err
	}
	n := copy(p, src)
	r.off += int64(n)
	return n, nil
}

// WriteTo implements io.WriterTo.
func (r *Reader) WriteTo(w io.Writer) (done int64, err error) {
	if !r.enter() {
		return 0, ErrClosed
	}
	defer r.leave()
	defer r.window.free()
	for !r.closed.Load() && !r.b.closed.Load() {
		src, err := r.b.at(r.off, &r.window)
		if err == io.EOF {
			return done, nil
		}
		if err != nil {
			return done, err
		}
		n, err := w.Write(src)
		r.off += int64(n)
		done += int64(n)
		if err == nil && n < len(src) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return done, err
		}
	}
	return done, ErrClosed
}

// ReadAt implements io.ReaderAt. It may be called at any time.
func (r *Reader) ReadAt(p []byte, off int64) (int, error) {
	if r.closed.Load() {
		return 0, ErrClosed
	}
	return r.b.ReadAt(p, off)
}

// Seek implements io.Seeker.
func (r *Reader) Seek(off int64, whence int) (int64, error) {
	r.mu.Lock()
	defer r.unlock()
	switch whence {
	case io.SeekCurrent:
		off += r.off
	case io.SeekEnd:
		off += r.b.size
	}
	if off < 0 {
		return 0, fmt.Errorf("seek in body: offset %d is negative", off)
	}
	r.off = off
	return off, nil
}

// Close ends the reader, not the body. Later reads fail with ErrClosed.
func (r *Reader) Close() error {
	r.closed.Store(true)
	r.free()
	return nil
}
