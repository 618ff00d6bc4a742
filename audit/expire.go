package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// KindExpire is the kind of the event that tells of deleted segments; its
// Data is an Expired.
const KindExpire = "expire"

// Expired tells what has been deleted because it was older than it had to be
// kept. It is enough to check what is left, and any proof, against the
// checkpoints of before.
type Expired struct {
	Last        uint64      `json:"last"`        // records 1 to Last are gone
	Hash        Hash        `json:"hash"`        // of record Last
	Tree        []tlog.Hash `json:"tree"`        // roots of the perfect subtrees over them, largest first
	Checkpoints uint64      `json:"checkpoints"` // checkpoints 1 to this are gone
	Keep        string      `json:"keep"`        // how long records are kept
	// Segments are those deleted this time.
	Segments []ExpiredSegment `json:"segments"`
}

// ExpiredSegment was one file.
type ExpiredSegment struct {
	First uint64    `json:"first"`
	Last  uint64    `json:"last"`
	Root  tlog.Hash `json:"root"` // RFC 6962 tree hash over its records alone
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
}

// expiredFile holds a copy of the record that told of the last deletion, as it
// stands in the log, so that a reader knows where the log begins before it has
// read it.
const expiredFile = "expired"

// expired is what expiredFile says; zero if nothing has expired.
type expired struct {
	frontier
	hash  Hash
	notes uint64
	line  []byte // the record
	seq   uint64
}

func readExpired(dir string) (e expired, err error) {
	line, err := os.ReadFile(filepath.Join(dir, expiredFile))
	if errors.Is(err, fs.ErrNotExist) {
		return e, nil
	}
	if err != nil {
		return e, fmt.Errorf("read what has expired: %w", err)
	}
	var r raw
	var ev struct {
		Kind string
		Data Expired
	}
	if err := parseLine(line, &r); err != nil || newHasher().record(&r) != r.hash {
		return e, errors.New("the file that tells what has expired is damaged")
	}
	if err := json.Unmarshal(r.event, &ev); err != nil || ev.Kind != KindExpire || ev.Data.Last >= r.seq ||
		ev.Data.Last == 0 || len(ev.Data.Tree) != bits.OnesCount64(ev.Data.Last) {
		return e, errors.New("the file that tells what has expired does not say so")
	}
	d := &ev.Data
	return expired{frontier{d.Last, d.Tree}, d.Hash, d.Checkpoints, line, r.seq}, nil
}

// takeCare packs closed segments, deletes expired ones and takes in events
// from the inbox, until ctx is done. Nothing of it holds up an Append.
func (l *Log) takeCare(ctx context.Context) {
	hour := time.NewTicker(time.Hour)
	defer hour.Stop()
	post := time.NewTicker(inboxEvery)
	defer post.Stop()
	trouble := func(err error) {
		if err != nil && ctx.Err() == nil && l.opt.Trouble != nil {
			l.opt.Trouble(err)
		}
	}
	tidy := func() {
		trouble(l.dropExpired())
		trouble(l.packClosed(ctx))
		trouble(l.expire(ctx))
	}
	tidy()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.care:
			tidy()
		case <-hour.C:
			tidy()
		case <-post.C:
			trouble(l.takeIn(ctx))
		}
	}
}

// packClosed packs every plain segment but the last.
func (l *Log) packClosed(ctx context.Context) error {
	if !l.opt.Pack {
		return nil
	}
	segs, err := segments(l.dir)
	for i := 0; err == nil && i < len(segs)-1 && ctx.Err() == nil; i++ {
		if segs[i].packed == nil {
			err = pack(l.dir, segs[i])
		}
	}
	return err
}

// expire deletes whole segments from the beginning whose events are all older
// than they are to be kept: first the event, then the copy of it, then the
// files. A kill in between leaves a log that is whole, and what is left to do
// is done at the next start.
func (l *Log) expire(ctx context.Context) error {
	if l.opt.Keep <= 0 {
		return nil
	}
	gone, err := readExpired(l.dir)
	if err != nil {
		return err
	}
	segs, err := segments(l.dir)
	if err != nil {
		return err
	}
	before := time.Now().Add(-l.opt.Keep)
	d := Expired{Last: gone.size, Hash: gone.hash, Checkpoints: gone.notes, Keep: l.opt.Keep.String()}
	for i := 0; i < len(segs)-1; i++ {
		s := segs[i]
		foot, last, err := l.span(s, before)
		if err != nil {
			return fmt.Errorf("expire segment: %w", err)
		}
		if !foot.to.Before(before) || foot.to.IsZero() {
			break
		}
		if s.first != d.Last+1 || foot.last+1 != segs[i+1].first {
			return fmt.Errorf("expire segment: %s does not follow record %d", s.name, d.Last)
		}
		one := ExpiredSegment{First: s.first, Last: foot.last, From: foot.from, To: foot.to}
		if one.Root, err = l.rootOf(s.first, foot.last); err != nil {
			return fmt.Errorf("expire segment: %w", err)
		}
		d.Last, d.Hash = foot.last, last
		d.Segments = append(d.Segments, one)
	}
	if len(d.Segments) == 0 {
		return nil
	}
	if d.Tree, err = l.frontierNodes(d.Last); err != nil {
		return fmt.Errorf("expire segment: %w", err)
	}
	if d.Checkpoints, err = l.lastNoteBefore(before, d.Checkpoints); err != nil {
		return fmt.Errorf("expire checkpoints: %w", err)
	}
	r, err := l.Append(ctx, Event{Kind: KindExpire, Data: d,
		Reason: fmt.Sprintf("records %d to %d are older than they are kept", gone.size+1, d.Last)})
	if err != nil {
		return err
	}
	if err := l.copyExpired(r); err != nil {
		return fmt.Errorf("expire segment: %w", err)
	}
	return l.dropExpired()
}

// span tells which events a segment holds and the hash of the last record. If
// its first event is not older than before, it stops there.
func (l *Log) span(s segment, before time.Time) (f footer, last Hash, err error) {
	stop := errors.New("enough")
	if s.packed != nil && !s.packed.to.Before(before) {
		return *s.packed, last, nil
	}
	err = s.each(l.dir, 0, func(_ segment, _ int, r *raw, _ []byte) error {
		t := eventTime(r.event)
		f.span(t)
		f.last, last = r.seq, r.hash
		if !t.Before(before) {
			return stop
		}
		return nil
	})
	if errors.Is(err, stop) {
		err = nil
	}
	return f, last, err
}

func (l *Log) stored(do func(r hashes) error) error {
	f, err := os.Open(filepath.Join(l.dir, treeFile))
	if err != nil {
		return err
	}
	defer f.Close()
	return do(hashes{f})
}

// rootOf is the tree hash over records first to last alone.
func (l *Log) rootOf(first, last uint64) (root tlog.Hash, err error) {
	err = l.stored(func(r hashes) error {
		var f frontier
		var out []byte
		for n := first; n <= last; n++ {
			leaf, err := r.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(n-1))})
			if err != nil {
				return err
			}
			out = f.push(leaf[0], out[:0])
		}
		root = f.root()
		return nil
	})
	return root, err
}

func (l *Log) frontierNodes(n uint64) (nodes []tlog.Hash, err error) {
	err = l.stored(func(r hashes) error {
		f, err := readFrontier(r, n)
		nodes = f.nodes
		return err
	})
	return nodes, err
}

// lastNoteBefore is the number of the last checkpoint in the files of days
// that are over before the given time; least if there is none.
func (l *Log) lastNoteBefore(before time.Time, least uint64) (uint64, error) {
	files, err := noteFiles(l.dir)
	if err != nil {
		return 0, err
	}
	day := notesPrefix + before.UTC().Format(time.DateOnly)
	for len(files) > 0 && (files[len(files)-1].name >= day || files[len(files)-1].size == 0) {
		files = files[:len(files)-1]
	}
	if len(files) == 0 {
		return least, nil
	}
	in, err := openNotes(l.dir, files[len(files)-1:])
	if err != nil {
		return 0, err
	}
	defer in.Close()
	for {
		b, err := in.next()
		if err != nil {
			if in.torn == 0 && errors.Is(err, io.EOF) {
				return least, nil
			}
			return 0, fmt.Errorf("%s: %w", in.name, err)
		}
		c, err := readNote(b)
		if err != nil {
			return 0, fmt.Errorf("%s:%d: %w", in.name, in.line, err)
		}
		least = max(least, c.Number)
	}
}

// copyExpired makes expiredFile of record r.
func (l *Log) copyExpired(r Receipt) error {
	line, _, err := Line(l.dir, r.Seq)
	if err != nil {
		return err
	}
	return replaceFile(l.dir, expiredFile, line)
}

// replaceFile puts a file in place of another: whole and on disk, or not at all.
func replaceFile(dir, name string, b []byte) error {
	temp := filepath.Join(dir, name+partSuffix)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return explain("write "+name, err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return explain("write "+name, err)
	}
	return errors.Join(os.Rename(temp, filepath.Join(dir, name)), syncDir(dir))
}

// dropExpired deletes the files that expiredFile tells of, oldest first.
func (l *Log) dropExpired() error {
	gone, err := readExpired(l.dir)
	if err != nil || gone.size == 0 {
		return err
	}
	segs, err := segments(l.dir)
	if err != nil {
		return err
	}
	for i := 0; i+1 < len(segs) && segs[i+1].first <= gone.size+1; i++ {
		stem := filepath.Join(l.dir, segmentStem(segs[i].first))
		for _, name := range []string{stem + packedSuffix, stem + segmentSuffix} {
			if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("delete expired segment: %w", err)
			}
		}
	}
	files, err := noteFiles(l.dir)
	if err != nil {
		return err
	}
	for i := 0; i+1 < len(files); i++ {
		last, err := l.firstNote(files[i+1])
		if err != nil || last == 0 || last-1 > gone.notes {
			break
		}
		if err := os.Remove(filepath.Join(l.dir, files[i].name)); err != nil {
			return fmt.Errorf("delete expired checkpoints: %w", err)
		}
	}
	entries, err := os.ReadDir(l.dir)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), packedSuffix+partSuffix) {
			err = errors.Join(err, os.Remove(filepath.Join(l.dir, e.Name())))
		}
	}
	return errors.Join(err, syncDir(l.dir))
}

// firstNote is the number of the first checkpoint in a file, 0 if there is none.
func (l *Log) firstNote(file noteFile) (uint64, error) {
	in, err := openNotes(l.dir, []noteFile{file})
	if err != nil {
		return 0, err
	}
	defer in.Close()
	b, err := in.next()
	if err != nil {
		return 0, err
	}
	c, err := readNote(b)
	return c.Number, err
}
