package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Open opens the log in dir for appending, and makes it if there is none. It
// returns ErrInUse while another process has it.
//
// An unfinished end, which a killed process or a power loss leaves and which
// was never acknowledged, is moved to a file of its own and recorded in an
// event of kind "gap". Any other damage near the end, such as a missing record
// that had been acknowledged, is an error: the folder is evidence then, to be
// put aside as it is. Open reads the last segment only; Verify reads all.
func Open(dir string, o Options) (*Log, error) {
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = defaultSegment
	}
	if o.Checkpoint <= 0 {
		o.Checkpoint = defaultCheckpoint
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = defaultHeartbeat
	}
	if o.open == nil {
		o.open = openFile
	}
	l, torn, err := open(dir, o)
	if err != nil {
		return nil, fmt.Errorf("open audit log %s: %w", dir, err)
	}
	go l.write()
	l.noting.Go(l.makeCheckpoints)
	ctx, quit := context.WithCancel(context.Background())
	l.quit = quit
	l.careful.Go(func() { l.takeCare(ctx) })
	if torn != "" {
		if _, err := l.Append(context.Background(), Event{Kind: "gap", Reason: torn}); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	return l, nil
}

// Reopen takes a log into use again whose disk failed or was full: it reads
// the end anew, as Open does, and records a "gap" that names the failure. If
// the disk still fails, the log stays as it was. It does nothing to a healthy
// log.
func (l *Log) Reopen(ctx context.Context) error {
	failed := l.Healthy()
	if failed == nil {
		return nil
	}
	if errors.Is(failed, ErrClosed) {
		return failed
	}
	done := make(chan healed, 1)
	select {
	case l.heal <- done:
	case <-l.gone:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	h := <-done
	if h.err != nil {
		return fmt.Errorf("reopen audit log %s: %w", l.dir, h.err)
	}
	reason := "reopened after: " + failed.Error()
	if h.torn != "" {
		reason += "; " + h.torn
	}
	_, err := l.Append(ctx, Event{Kind: "gap", Reason: reason})
	return err
}

// healed is what came of reading the end anew.
type healed struct {
	torn string
	err  error
}

// reread is the writer's part of Reopen.
func (l *Log) reread() (h healed) {
	if l.Healthy() == nil {
		return h
	}
	l.noteMu.Lock()
	defer l.noteMu.Unlock()
	fresh := &Log{dir: l.dir, opt: l.opt, chain: chain{h: newHasher()}}
	if h.torn, h.err = fresh.recover(); h.err != nil {
		h.err = errors.Join(h.err, fresh.closeFiles())
		return h
	}
	l.closeFiles() // their errors were told when they came
	l.seg, l.segSize, l.segDay, l.head = fresh.seg, fresh.segSize, fresh.segDay, fresh.head
	l.tree, l.note = fresh.tree, fresh.note
	l.acked.Store(fresh.chain.seq)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.chain, l.err = fresh.chain, nil
	return h
}

func open(dir string, o Options) (l *Log, torn string, err error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := errors.Join(os.MkdirAll(dir, 0o700), syncDir(filepath.Dir(dir))); err != nil {
			return nil, "", err
		}
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, "", err
	}
	if taken, err := lock(f); taken {
		return nil, "", errors.Join(ErrInUse, f.Close())
	} else if err != nil {
		return nil, "", errors.Join(fmt.Errorf("lock: %w", err), f.Close())
	}
	l = &Log{
		dir: dir, opt: o, lock: f,
		wake:  make(chan struct{}, 1),
		full:  make(chan struct{}, 1),
		gone:  make(chan struct{}),
		heal:  make(chan chan healed),
		notes: make(chan snapshot, 1),
		now:   make(chan struct{}, 1),
		care:  make(chan struct{}, 1),
		chain: chain{h: newHasher()},
	}
	if torn, err = l.recover(); err != nil {
		return nil, "", errors.Join(err, l.release())
	}
	l.acked.Store(l.chain.seq)
	if l.note.last.Number > 0 {
		last := l.note.last
		l.noted.Store(&last)
	}
	return l, torn, nil
}

// recover finds the end of the log, makes it whole and opens it.
func (l *Log) recover() (torn string, err error) {
	segs, err := segments(l.dir)
	if err != nil {
		return "", err
	}
	mark, damage, key, err := l.readMark(len(segs) == 0)
	if err != nil {
		return "", err
	}
	if len(segs) > 0 {
		if torn, err = l.readEnd(segs, mark); err != nil {
			return "", err
		}
		last := segs[len(segs)-1]
		if last.packed == nil {
			if l.seg, err = l.opt.open(filepath.Join(l.dir, last.name), os.O_WRONLY|os.O_APPEND); err != nil {
				return "", err
			}
		}
	} else if gone, err := readExpired(l.dir); err != nil || gone.size > 0 {
		return "", errors.Join(err, errors.New("the records that had not expired are missing"))
	}
	if extra := l.chain.seq - mark.Seq; l.chain.seq > mark.Seq && mark.turn > 0 {
		torn = strings.TrimPrefix(fmt.Sprintf("%s; %d whole records, %d to %d, came after the last one known as acknowledged and are kept",
			torn, extra, mark.Seq+1, l.chain.seq), "; ")
	}
	if l.chain.seq < mark.Seq {
		return "", fmt.Errorf("record %d was acknowledged and is missing: the log ends at %d", mark.Seq, l.chain.seq)
	}
	if l.head.f, err = l.opt.open(filepath.Join(l.dir, headFile), os.O_RDWR|os.O_CREATE); err != nil {
		return "", err
	}
	if err := l.recoverNotes(mark.notes); err != nil {
		return "", err
	}
	if err := l.recoverTree(); err != nil {
		return "", err
	}
	l.head.mac, l.head.mark = hmac.New(sha256.New, key), mark
	for range 2 { // both slots, so that neither is stale or torn
		if err := l.head.write(Receipt{l.chain.seq, l.chain.last}, max(mark.notes, l.note.last.Number)); err != nil {
			return "", err
		}
	}
	if damage != "" {
		// It may have named a later record than the one that is left.
		torn = strings.TrimPrefix(torn+"; the audit head was damaged and is made anew: "+damage, "; ")
	}
	return torn, errors.Join(l.head.sync(), syncDir(l.dir))
}

// readMark reads the head, or makes the key of a new log. damage says what is
// wrong with a head of which one slot is good.
func (l *Log) readMark(empty bool) (m headMark, damage string, key []byte, err error) {
	key, err = readKey(l.dir)
	if errors.Is(err, fs.ErrNotExist) && empty {
		if _, err := os.Stat(filepath.Join(l.dir, headFile)); err == nil {
			return m, "", nil, errors.New("audit head is there without its key and without records")
		}
		key, err = newKey(l.dir)
	}
	if err != nil {
		return m, "", nil, err
	}
	m, damage, err = readHead(l.dir, key)
	if errors.Is(err, errNoHead) && empty {
		return m, "", key, nil
	}
	return m, damage, key, err
}

// readEnd follows the chain from the segment that holds the head's record to
// the end and cuts off what was never acknowledged and is not whole.
func (l *Log) readEnd(segs []segment, mark headMark) (torn string, err error) {
	gone, err := readExpired(l.dir)
	if err != nil {
		return "", err
	}
	from := len(segs) - 1
	for from > 0 && (segs[from].first > mark.Seq || segs[from].size == 0) {
		from--
	}
	for i, s := range segs[from:] {
		wrong, at, line, err := l.readSegment(s, i == 0, mark, gone)
		if err != nil {
			return "", err
		}
		if wrong == "" {
			l.segSize = s.size
			continue
		}
		if l.chain.seq < mark.Seq || from+i != len(segs)-1 || s.packed != nil {
			return "", fmt.Errorf("%s line %d (record %d): %s", s.name, line, l.chain.seq+1, wrong)
		}
		side, err := l.cut(s, at)
		if err != nil {
			return "", err
		}
		l.segSize = at
		torn = fmt.Sprintf("recovered: %d bytes from line %d of %s, never acknowledged, moved to %s (%s)",
			s.size-at, line, s.name, side, wrong)
	}
	if last := segs[len(segs)-1]; last.packed == nil {
		return torn, l.rewrite(last)
	}
	return torn, nil
}

// readSegment follows the chain through s. wrong says what is the matter with
// the line that starts at offset at.
func (l *Log) readSegment(s segment, begin bool, mark headMark, gone expired) (wrong string, at int64, line int, err error) {
	if !begin && s.first != l.chain.seq+1 {
		return "", 0, 0, fmt.Errorf("segment %s does not begin with record %d", s.name, l.chain.seq+1)
	}
	r, err := openLines(l.dir, s)
	if err != nil {
		return "", 0, 0, err
	}
	defer r.Close()
	l.sure = 0
	if begin {
		l.chain.seq = s.first - 1
	}
	for {
		at = r.off
		text, err := r.next()
		if err == io.EOF {
			return "", at, r.line, nil
		}
		if err != nil {
			return "", at, r.line, err
		}
		var rec raw
		if begin && at == 0 && parseLine(text, &rec) == nil {
			l.chain.last = rec.prev // the segment before it is Verify's to check
			if s.first == gone.size+1 {
				l.chain.last = gone.hash
			}
		}
		if at == 0 {
			l.segDay = eventTime(rec.event).Unix() / (24 * 60 * 60)
		}
		if unfinished(text) {
			return "the line is unfinished", at, r.line, nil
		}
		if wrong := l.chain.follow(text, &rec); wrong != "" {
			return wrong, at, r.line, nil
		}
		if rec.seq == mark.Seq {
			l.sure = r.off
			if rec.hash != mark.Hash {
				return "", at, r.line, fmt.Errorf("record %d is not the one that was acknowledged", rec.seq)
			}
		}
	}
}

// cut moves what follows offset at of s to a file beside it.
func (l *Log) cut(s segment, at int64) (side string, err error) {
	f, err := os.OpenFile(filepath.Join(l.dir, s.name), os.O_RDWR, 0)
	if err != nil {
		return "", fmt.Errorf("recover: %w", err)
	}
	defer f.Close()
	side = fmt.Sprintf("torn-%020d-%d", l.chain.seq+1, time.Now().UnixNano())
	to, err := os.OpenFile(filepath.Join(l.dir, side), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", fmt.Errorf("recover: %w", err)
	}
	_, err = io.Copy(to, io.NewSectionReader(f, at, s.size-at))
	err = errors.Join(err, to.Sync(), to.Close(), syncDir(l.dir))
	if err != nil {
		return "", explain("recover", errors.Join(err, os.Remove(to.Name())))
	}
	if err := errors.Join(f.Truncate(at), f.Sync()); err != nil {
		return "", explain("recover", err)
	}
	return side, nil
}

// rewrite writes what follows the head's record again, over itself. After a
// failed sync the kernel may show, and call clean, pages that never reached
// the disk; writing them makes them dirty, so that the sync is of worth.
func (l *Log) rewrite(s segment) error {
	f, err := os.OpenFile(filepath.Join(l.dir, s.name), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	defer f.Close()
	b := make([]byte, 256<<10)
	for from := l.sure; from < l.segSize; {
		n, err := f.ReadAt(b[:min(int64(len(b)), l.segSize-from)], from)
		if err != nil {
			return fmt.Errorf("recover: %w", err)
		}
		if _, err := f.WriteAt(b[:n], from); err != nil {
			return explain("recover", err)
		}
		from += int64(n)
	}
	if err := f.Sync(); err != nil {
		return explain("recover", err)
	}
	return nil
}
