package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
)

// Options of Open; the zero value has good defaults.
type Options struct {
	// SegmentBytes: a segment that has grown to this is followed by a new
	// one; default 64 MiB.
	SegmentBytes int64
	// Daily: so is one that was begun on an earlier day (UTC).
	Daily bool
	// Pack: closed segments are compressed.
	Pack bool
	// Keep: whole segments whose events are all older than this are deleted,
	// which is an event itself; 0 keeps all for ever.
	Keep time.Duration

	// Key signs checkpoints; without it there are none.
	Key *checkpoint.Key
	// Checkpoint: how often one is made while events come; default 5 s.
	Checkpoint time.Duration
	// Heartbeat: how often one is made while none come; default 1 min.
	Heartbeat time.Duration

	// Trouble is told of failures in packing and deleting, which stop
	// nothing and are tried again. It may be nil.
	Trouble func(error)

	open func(name string, flag int) (file, error) // tests only
}

const (
	defaultSegment = 64 << 20
	maxPending     = 32 << 20        // encoded, not yet written
	headSync       = 1 * time.Second // how long a head may wait for the disk

	// On a busy machine a sync costs more than what it writes. When the last
	// one was shared by busyBatch records, the next waits at most linger for
	// fullBatch of them, as data bases do that commit in groups, and so on as
	// long as lastingBatch come.
	busyBatch    = 4
	lastingBatch = 8
	fullBatch    = 24
	linger       = 500 * time.Microsecond
)

// Errors of Append, told apart with errors.Is.
var (
	// ErrClosed: the log was closed.
	ErrClosed = errors.New("audit log is closed")
	// ErrInUse: another process has the log open.
	ErrInUse = errors.New("audit log is in use by another process")
	// ErrBehind: the disk does not keep up; too much waits to be written.
	ErrBehind = errors.New("audit log is behind: too many records wait for the disk")
	// ErrTooLarge: the encoded event is over 4 MiB.
	ErrTooLarge = errors.New("audit event is too large")
	// ErrDiskFull: the record could not be written for want of room.
	ErrDiskFull = errors.New("disk of the audit log is full")
)

// Receipt says that a record is on disk.
type Receipt struct {
	Seq  uint64 `json:"seq"`
	Hash Hash   `json:"hash"`
}

// Log appends events. Safe for concurrent use. Appends that come while others
// are being written share the next write and sync.
type Log struct {
	dir  string
	opt  Options
	lock *os.File
	wake chan struct{}    // there is a batch, or the log was closed
	full chan struct{}    // the batch has fullBatch records, or the log was closed
	gone chan struct{}    // the writer has ended
	heal chan chan healed // asks the writer to read the end anew

	notes   chan snapshot // asks for a checkpoint
	now     chan struct{} // asks for one that is not due
	noting  sync.WaitGroup
	noteMu  sync.Mutex // held while a checkpoint is made
	note    notes
	noted   atomic.Pointer[Signed]
	acked   atomic.Uint64
	care    chan struct{} // a segment was closed
	quit    context.CancelFunc
	careful sync.WaitGroup

	mu     sync.Mutex
	chain  chain
	salts  salts
	batch  *batch // being filled; nil if nothing waits
	spare  []byte
	leaves []Hash // spare too
	err    error  // sticky: nothing is appended any more
	closed bool

	// The writer's own.
	seg     file
	segSize int64
	segDay  int64 // since 1970
	sure    int64 // on opening: end of the head's record, if in the last segment
	head    head
	tree    tree
}

// batch is what one write and sync puts on disk.
type batch struct {
	buf    []byte
	leaves []Hash
	first  uint64
	last   Receipt
	err    error
	done   chan struct{}
}

// encoded holds buffers for encoding events.
var encoded = sync.Pool{New: func() any { return new([]byte) }}

// maxPooled keeps one giant event from holding memory for ever.
const maxPooled = 64 << 10

// Append writes ev and returns when it is on disk. A zero Time is set to now.
// After any error the event must be taken as not recorded; when the error is
// ctx's it may still be. After a failed write or sync every Append fails until
// Reopen, or until the log is closed and opened anew.
func (l *Log) Append(ctx context.Context, ev Event) (Receipt, error) {
	if err := ctx.Err(); err != nil {
		return Receipt{}, fmt.Errorf("append to audit log: %w", err)
	}
	if ev.Kind == "" {
		return Receipt{}, errors.New("append to audit log: event has no kind")
	}
	if ev.Time.IsZero() {
		ev.Time = time.Now().UTC()
	}
	buf := encoded.Get().(*[]byte)
	event, err := appendEvent((*buf)[:0], &ev)
	if err == nil && len(event) > maxEvent {
		err = ErrTooLarge
	}
	var (
		b *batch
		r Receipt
	)
	if err == nil {
		b, r, err = l.enqueue(event)
	}
	if cap(event) <= maxPooled {
		*buf = event
		encoded.Put(buf)
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("append to audit log: %w", err)
	}
	select {
	case <-b.done:
	default:
		select {
		case <-b.done:
		case <-ctx.Done():
			return Receipt{}, fmt.Errorf("append to audit log: %w", ctx.Err())
		}
	}
	if b.err != nil {
		return Receipt{}, fmt.Errorf("append to audit log: %w", b.err)
	}
	return r, nil
}

// enqueue numbers, chains and adds an encoded event to the batch being filled.
func (l *Log) enqueue(event []byte) (*batch, Receipt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return nil, Receipt{}, l.err
	}
	if l.closed {
		return nil, Receipt{}, ErrClosed
	}
	if l.batch != nil && len(l.batch.buf) > maxPending {
		return nil, Receipt{}, ErrBehind
	}
	if l.batch == nil {
		l.batch = &batch{buf: l.spare[:0], leaves: l.leaves[:0], first: l.chain.seq + 1, done: make(chan struct{})}
		l.spare, l.leaves = nil, nil
		notify(l.wake)
	}
	r := raw{seq: l.chain.seq + 1, salt: l.salts.next(), prev: l.chain.last, event: event}
	r.hash = l.chain.h.record(&r)
	l.chain.seq, l.chain.last = r.seq, r.hash
	l.batch.buf = appendLine(l.batch.buf, &r)
	l.batch.leaves = append(l.batch.leaves, r.hash)
	l.batch.last = Receipt{r.seq, r.hash}
	if len(l.batch.leaves) == fullBatch {
		notify(l.full)
	}
	return l.batch, l.batch.last, nil
}

// notify sends to a channel that has room for one, unless it is full.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// write is the writer's loop.
func (l *Log) write() {
	defer close(l.gone)
	busy := false // a sync is worth waiting for others to share it
	late := time.NewTimer(linger)
	defer late.Stop()
	timer := time.NewTimer(headSync)
	defer timer.Stop()
	due := time.NewTicker(l.opt.Checkpoint)
	defer due.Stop()
	for {
		select {
		case <-l.wake:
		case <-timer.C:
			if err := l.syncHead(); err != nil {
				l.fail(err)
			}
			timer.Reset(headSync)
			continue
		case <-due.C:
			l.askCheckpoint()
			continue
		case <-l.now:
			l.askCheckpoint()
			continue
		case done := <-l.heal:
			done <- l.reread()
			continue
		}
		if busy {
			late.Reset(linger)
			select {
			case <-l.full:
			case <-late.C:
			}
		} else { // others that are ready to append share the sync
			runtime.Gosched()
			runtime.Gosched()
		}
		l.mu.Lock()
		b, err, closed := l.batch, l.err, l.closed
		l.batch = nil
		select {
		case <-l.full: // it was for this batch
		default:
		}
		l.mu.Unlock()
		if b != nil {
			n := len(b.leaves)
			busy = n >= lastingBatch || !busy && n >= busyBatch
			if err == nil {
				err = l.commit(b)
			}
			if err != nil {
				l.fail(err)
				b.err = l.Healthy()
			}
			if err == nil {
				l.acked.Store(b.last.Seq) // before those who wait ask for it
			}
			close(b.done)
			if err == nil {
				if err := l.tree.grow(b.leaves); err != nil {
					l.fail(err)
				}
			}
			l.mu.Lock()
			if cap(b.buf) > cap(l.spare) && cap(b.buf) <= 1<<20 {
				l.spare, l.leaves = b.buf, b.leaves
			}
			l.mu.Unlock()
		}
		if closed {
			return
		}
	}
}

// commit puts b on disk, then tells the head.
func (l *Log) commit(b *batch) error {
	if l.seg == nil || l.segSize >= l.opt.SegmentBytes || l.opt.Daily && l.segSize > 0 && l.segDay != today() {
		if err := l.rotate(b.first); err != nil {
			return err
		}
	}
	n, err := l.seg.Write(b.buf)
	l.segSize += int64(n)
	if err != nil {
		return explain("write audit segment", err)
	}
	if err := l.seg.Sync(); err != nil {
		return explain("sync audit segment", err)
	}
	return l.head.write(b.last, l.head.mark.notes)
}

// syncHead tells the head of a new checkpoint and syncs it.
func (l *Log) syncHead() error {
	if n := l.noted.Load(); n != nil && n.Number != l.head.mark.notes && l.failure() == nil {
		if err := l.head.write(l.head.mark.Receipt, n.Number); err != nil {
			return err
		}
	}
	return l.head.sync()
}

// Acknowledged is the number of the last record that is on disk.
func (l *Log) Acknowledged() uint64 { return l.acked.Load() }

func today() int64 { return time.Now().Unix() / (24 * 60 * 60) }

// rotate begins the segment whose first record is first.
func (l *Log) rotate(first uint64) error {
	const how = os.O_WRONLY | os.O_APPEND | os.O_CREATE | os.O_EXCL
	f, err := l.opt.open(filepath.Join(l.dir, segmentName(first)), how)
	if err != nil {
		return explain("begin audit segment", err)
	}
	if l.seg != nil {
		err = l.seg.Close()
	}
	l.seg, l.segSize, l.segDay = f, 0, today()
	if err = errors.Join(err, syncDir(l.dir)); err != nil {
		return explain("begin audit segment", err)
	}
	select {
	case l.care <- struct{}{}:
	default:
	}
	return nil
}

// explain makes a full disk something that callers and people recognise.
func explain(step string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%s: %w: %w", step, ErrDiskFull, err)
	}
	return fmt.Errorf("%s: %w", step, err)
}

// fail makes err the reason why nothing is appended any more. What a disk
// holds after a failed write or sync is not known until it is read again.
func (l *Log) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
}

func (l *Log) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Healthy returns why nothing can be appended, or nil.
func (l *Log) Healthy() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil && l.closed {
		return ErrClosed
	}
	return l.err
}

// Close writes what waits, syncs, and lets another process open the log. It
// returns the error that stopped the log, if one did.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		<-l.gone
		return nil
	}
	l.closed = true
	l.mu.Unlock()
	l.quit()
	notify(l.wake)
	notify(l.full)
	<-l.gone
	l.careful.Wait()
	close(l.notes)
	l.noting.Wait()
	err := l.err
	if err == nil {
		err = l.lastCheckpoint()
	}
	return errors.Join(err, l.release())
}

// release closes the files and gives up the lock.
func (l *Log) release() error { return errors.Join(l.closeFiles(), l.lock.Close()) }

func (l *Log) closeFiles() (err error) {
	if l.seg != nil {
		err = l.seg.Close()
	}
	if l.head.f != nil {
		err = errors.Join(err, l.head.f.Close())
	}
	if l.tree.f != nil {
		err = errors.Join(err, l.tree.f.Close())
	}
	return err
}
