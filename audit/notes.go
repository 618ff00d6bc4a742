package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
)

// Checkpoints lie in files of a day (UTC) each, one after the other, each of
// exactly these lines: origin, size, root, number, time, an empty one, the
// signature.

const (
	notesPrefix = "checkpoints-"
	noteLines   = 7
	maxNoteLine = 1 << 10

	defaultCheckpoint = 5 * time.Second
	defaultHeartbeat  = time.Minute
)

// Signed is a checkpoint of this log and the signed note that says it.
type Signed struct {
	checkpoint.Checkpoint
	Note []byte
}

// snapshot is what a checkpoint is to say.
type snapshot struct {
	size uint64
	root tlog.Hash
}

// notes is the state of making checkpoints.
type notes struct {
	last Signed // Number is 0 before the first
	file string // where it stands
	size int64  // how much of that is whole
}

// Checkpoint returns the last checkpoint, nil if there is none yet. It must
// not be changed.
func (l *Log) Checkpoint() *Signed { return l.noted.Load() }

// CheckpointNow waits until a checkpoint is over all that is acknowledged, for
// whoever is about to end. Without a key it does nothing.
func (l *Log) CheckpointNow(ctx context.Context) error {
	want := l.acked.Load()
	for l.opt.Key != nil {
		if c := l.noted.Load(); c != nil && c.Size >= want {
			break
		}
		if err := l.Healthy(); err != nil {
			return err
		}
		select {
		case l.now <- struct{}{}:
		default:
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// askCheckpoint hands the state of the tree over if a checkpoint is due. It is
// the writer's.
func (l *Log) askCheckpoint() {
	if l.opt.Key == nil || l.failure() != nil {
		return
	}
	if n := l.noted.Load(); n != nil && n.Size == l.tree.size && time.Since(n.Time) < l.opt.Heartbeat {
		return
	}
	select {
	case l.notes <- snapshot{l.tree.size, l.tree.root()}:
	default: // the disk is slow; the next one will say more
	}
}

func (l *Log) makeCheckpoints() {
	for s := range l.notes {
		if err := l.makeCheckpoint(s); err != nil {
			l.fail(err)
		}
	}
}

// makeCheckpoint signs s and puts it on disk, after the hashes it stands for.
func (l *Log) makeCheckpoint(s snapshot) error {
	l.noteMu.Lock()
	defer l.noteMu.Unlock()
	if s.size < l.note.last.Size {
		return nil // asked for before the log was reopened
	}
	if err := l.tree.f.Sync(); err != nil {
		return explain("sync audit tree", err)
	}
	c := checkpoint.Checkpoint{
		Origin: l.opt.Key.Name(), Size: s.size, Root: s.root,
		Number: l.note.last.Number + 1, Time: time.Now().UTC().Truncate(time.Second),
	}
	b, err := c.Sign(l.opt.Key)
	if err != nil {
		return err
	}
	// The file's name must not go back with the clock.
	name := max(notesPrefix+c.Time.Format(time.DateOnly), l.note.file)
	if name != l.note.file {
		l.note.file, l.note.size = name, 0
	}
	if err := l.addNote(b); err != nil {
		return explain("write checkpoint", err)
	}
	l.note.size += int64(len(b))
	l.note.last = Signed{c, b}
	l.noted.Store(&Signed{c, b})
	return nil
}

func (l *Log) addNote(b []byte) error {
	f, err := os.OpenFile(filepath.Join(l.dir, l.note.file), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	// What a failed write may have left goes away.
	err = f.Truncate(l.note.size)
	if err == nil {
		_, err = f.WriteAt(b, l.note.size)
	}
	err = errors.Join(err, blockingSync(f), f.Close())
	if err == nil && l.note.size == 0 {
		err = syncDir(l.dir)
	}
	return err
}

// lastCheckpoint covers what was written since the last one, on closing, and
// tells the head.
func (l *Log) lastCheckpoint() error {
	if l.opt.Key != nil && (l.note.last.Number == 0 || l.tree.size != l.note.last.Size) {
		if err := l.makeCheckpoint(snapshot{l.tree.size, l.tree.root()}); err != nil {
			return err
		}
	}
	return l.syncHead()
}

// recoverNotes finds the last checkpoint. count is how many the head knows of.
func (l *Log) recoverNotes(count uint64) error {
	files, err := noteFiles(l.dir)
	if err != nil {
		return err
	}
	for k := len(files) - 1; k >= 0 && l.note.last.Number == 0; k-- {
		in, err := openNotes(l.dir, files[k:k+1])
		if err != nil {
			return err
		}
		var last []byte
		var whole int64
		for {
			b, err := in.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				in.Close()
				return err
			}
			last = append(last[:0], b...)
			whole += int64(len(b))
		}
		in.Close()
		if in.torn > 0 && k == len(files)-1 {
			if err := os.Truncate(filepath.Join(l.dir, files[k].name), whole); err != nil {
				return explain("recover checkpoints", err)
			}
		}
		if l.note.file == "" {
			l.note.file, l.note.size = files[k].name, whole
		}
		if last == nil {
			continue
		}
		var known []note.Verifier
		if l.opt.Key != nil {
			known = append(known, l.opt.Key.Verifier)
		}
		c, err := readNote(last, known...)
		if err != nil {
			return fmt.Errorf("%s: the last checkpoint is not of this node's key, or damaged: %w", files[k].name, err)
		}
		l.note.last = Signed{c, bytes.Clone(last)}
	}
	if l.note.last.Number < count {
		return fmt.Errorf("checkpoint %d was made and is missing: the last one there is %d", count, l.note.last.Number)
	}
	return nil
}

// readNote reads a checkpoint as this log writes it, to the byte. Without
// known keys the signature is not looked at.
func readNote(b []byte, known ...note.Verifier) (c checkpoint.Checkpoint, err error) {
	text, sig, ok := strings.Cut(string(b), "\n\n")
	if !ok {
		return c, errors.New("it is not of a checkpoint's form")
	}
	if len(known) == 0 {
		c, err = checkpoint.Parse(text + "\n")
	} else {
		var n *note.Note
		c, n, err = checkpoint.Open(b, known...)
		// base64 leaves room for spellings of the same signature.
		if err == nil && (len(n.Sigs) != 1 || sig != "— "+n.Sigs[0].Name+" "+n.Sigs[0].Base64+"\n" || !canonical(n.Sigs[0].Base64)) {
			err = errors.New("the signature line is not as it was written")
		}
	}
	if err == nil && (c.Text() != text+"\n" || c.Number == 0 || c.Time.IsZero()) {
		err = errors.New("it is not of a checkpoint's form")
	}
	return c, err
}

func canonical(b64 string) bool {
	_, err := base64.StdEncoding.Strict().DecodeString(b64)
	return err == nil
}

// noteFile is a file of checkpoints, as long as it was when it was listed.
type noteFile struct {
	name string
	size int64
}

func noteFiles(dir string) ([]noteFile, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list checkpoints: %w", err)
	}
	var out []noteFile
	for _, e := range entries {
		day, ok := strings.CutPrefix(e.Name(), notesPrefix)
		if _, err := time.Parse(time.DateOnly, day); !ok || err != nil || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, fmt.Errorf("list checkpoints: %w", err)
		}
		out = append(out, noteFile{e.Name(), info.Size()})
	}
	slices.SortFunc(out, func(a, b noteFile) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

// noteReader reads checkpoints one by one.
type noteReader struct {
	dir  string
	left []noteFile
	f    *os.File
	b    *bufio.Reader
	name string
	size int64
	line int // where the last one begins, from 1
	torn int // bytes at the end of the last file that are no whole checkpoint
}

func openNotes(dir string, files []noteFile) (*noteReader, error) {
	r := &noteReader{dir: dir, left: files}
	return r, r.step()
}

func (r *noteReader) step() error {
	r.Close()
	r.f = nil
	if len(r.left) == 0 {
		return nil
	}
	f, err := os.Open(filepath.Join(r.dir, r.left[0].name))
	if err != nil {
		return fmt.Errorf("open checkpoints: %w", err)
	}
	r.f, r.name, r.size, r.line, r.torn = f, r.left[0].name, r.left[0].size, 1-noteLines, 0
	r.b = bufio.NewReaderSize(io.LimitReader(f, r.left[0].size), 64<<10)
	r.left = r.left[1:]
	return nil
}

// Close may be called twice.
func (r *noteReader) Close() {
	if r.f != nil {
		r.f.Close()
	}
}

// next returns the next checkpoint as it stands there. After the last one
// comes io.EOF; torn then tells of what is left.
func (r *noteReader) next() ([]byte, error) {
	for r.f != nil {
		var b []byte
		for range noteLines {
			line, err := r.b.ReadSlice('\n')
			b = append(b, line...)
			if len(line) > maxNoteLine || errors.Is(err, bufio.ErrBufferFull) {
				return nil, damaged{errors.New("a line is too long")}
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("read checkpoints: %w", err)
			}
		}
		r.line += noteLines
		if bytes.Count(b, []byte{'\n'}) == noteLines {
			return b, nil
		}
		r.torn = len(b)
		if r.torn > 0 && len(r.left) > 0 {
			return nil, damaged{errors.New("a checkpoint is cut off")}
		}
		if len(r.left) == 0 {
			break
		}
		if err := r.step(); err != nil {
			return nil, err
		}
	}
	return nil, io.EOF
}

// Checkpoints calls fn for each checkpoint of the log in dir, oldest first, as
// it stands there: signatures are not checked. It ends early with fn's error.
func Checkpoints(dir string, fn func(Signed) error) error {
	files, err := noteFiles(dir)
	if err != nil {
		return err
	}
	in, err := openNotes(dir, files)
	if err != nil {
		return err
	}
	defer in.Close()
	for {
		b, err := in.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", in.name, in.line, err)
		}
		c, err := readNote(b)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", in.name, in.line, err)
		}
		if err := fn(Signed{c, b}); err != nil {
			return err
		}
	}
}

// CheckpointOver returns the first checkpoint of the log in dir over at least
// size records; the last one if size is 0.
func CheckpointOver(dir string, size uint64) (Signed, error) {
	var got Signed
	enough := errors.New("enough")
	err := Checkpoints(dir, func(s Signed) error {
		if got = s; size > 0 && s.Size >= size {
			return enough
		}
		return nil
	})
	switch {
	case errors.Is(err, enough):
		return got, nil
	case err != nil:
		return got, fmt.Errorf("find checkpoint: %w", err)
	case got.Number == 0:
		return got, errors.New("find checkpoint: there is none yet")
	case got.Size < size:
		return got, fmt.Errorf("find checkpoint: there is none over %d records yet, the last one is over %d", size, got.Size)
	}
	return got, nil
}
