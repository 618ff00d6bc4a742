package history

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// journal is the folder that a history is kept in: a file of JSON lines a month.
// Months gone by are compressed at start, with the lines of an hour joined.
type journal struct {
	folder string
	month  string
	file   *os.File
	buf    []byte
	plain  map[string]*line // uploads without persons, not in buf yet
	key    []byte
	err    error // the last; told by Healthy
	stop   chan struct{}
	done   sync.WaitGroup

	marking bool              // what was seen has changed since the last mark
	kept    map[string]uint64 // by the last mark on disk
}

// line is an Entry on disk, or several that were joined.
type line struct {
	Time    int64    `json:"t"`
	User    string   `json:"u"`
	Groups  []string `json:"g,omitempty"`
	Host    string   `json:"h,omitempty"`
	Classes []string `json:"c,omitempty"`
	Bytes   int64    `json:"b,omitempty"`
	Stopped bool     `json:"s,omitempty"`
	N       int      `json:"n,omitempty"` // entries joined, 0 for one
	Persons string   `json:"p,omitempty"`
	Content uint64   `json:"k,omitempty"`
}

// Open reads the history kept in a folder, which it makes if need be, and goes on
// in it. A line that was not written whole is dropped. Close it.
func Open(folder string) (*History, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of history: %w", err)
	}
	h := New()
	names, err := filepath.Glob(filepath.Join(folder, "20??-??.jsonl*"))
	if err != nil {
		return nil, fmt.Errorf("look for history: %w", err)
	}
	slices.Sort(names)
	now := time.Now().UTC()
	oldest, present := now.Add(-Keep).Format("2006-01"), now.Format("2006-01")
	for _, name := range names {
		month := filepath.Base(name)[:7]
		if month < oldest {
			if err := os.Remove(name); err != nil {
				return nil, fmt.Errorf("remove history that is too old: %w", err)
			}
			continue
		}
		if err := h.read(name, month < present); err != nil {
			return nil, fmt.Errorf("read history %s: %w", filepath.Base(name), err)
		}
	}
	h.sweep(now.Unix() / 3600)
	h.file = &journal{folder: folder, stop: make(chan struct{}), kept: maps.Clone(h.seen)}
	h.file.done.Add(1)
	go h.flushing()
	return h, nil
}

// read takes a month in, and compresses it if it is over.
func (h *History) read(name string, over bool) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var in io.Reader = f
	packed := strings.HasSuffix(name, ".gz")
	if packed {
		if in, err = gzip.NewReader(f); err != nil {
			return err
		}
	}
	var joined map[string]*line
	if over && !packed {
		joined = map[string]*line{}
	}
	lines := bufio.NewReaderSize(in, 1<<20)
	var after []line // the last mark, once there is one
	whole, marked := int64(0), len(h.seen) > 0
	for n, at := 1, int64(0); ; n++ {
		b, err := lines.ReadBytes('\n')
		if err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		at += int64(len(b))
		if bytes.HasPrefix(b, []byte(markHead)) {
			var m mark
			if err := json.Unmarshal(b, &m); err != nil {
				return fmt.Errorf("line %d is damaged: %w; remove the line to go on without it", n, err)
			}
			for k, v := range m.Seen {
				h.seen[k] = max(h.seen[k], v)
			}
			for i := range after {
				if err := h.takeLine(&after[i], joined); err != nil {
					return fmt.Errorf("line %d: %w", n-len(after)+i, err)
				}
			}
			after, whole, marked = after[:0], at, true
			continue
		}
		var l line
		if err := json.Unmarshal(b, &l); err != nil {
			return fmt.Errorf("line %d is damaged: %w; remove the line to go on without it", n, err)
		}
		if marked {
			after = append(after, l)
		} else if err := h.takeLine(&l, joined); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if len(after) > 0 && !packed { // their origins tell them again
		if err := os.Truncate(name, whole); err != nil {
			return err
		}
	}
	if joined == nil {
		return nil
	}
	return pack(name, joined, h.seen)
}

// takeLine adds a line of a file, and to those that are joined, if they are.
func (h *History) takeLine(l *line, joined map[string]*line) error {
	e, err := l.entry()
	if err != nil {
		return err
	}
	h.addMany(&e, max(l.N, 1))
	if joined != nil {
		join(joined, *l)
	}
	return nil
}

// addMany adds an entry that stands for n.
func (h *History) addMany(e *Entry, n int) {
	h.add(e)
	if n == 1 {
		return
	}
	more := *e
	more.Bytes, more.Persons = 0, nil
	for range n - 1 {
		h.add(&more)
	}
}

// join puts lines of one hour, sender, destination and outcome together.
func join(all map[string]*line, l line) {
	l.Time -= l.Time % 3600
	l.N = max(l.N, 1)
	k := fmt.Sprint(l.Time, "\x00", l.User, "\x00", l.Groups, "\x00", l.Host, "\x00", l.Classes, l.Stopped, l.Content)
	if was := all[k]; was != nil {
		was.N += l.N
		was.Bytes += l.Bytes
		a, _ := decodePersons(was.Persons)
		b, _ := decodePersons(l.Persons)
		p := append(a, b...)
		slices.Sort(p)
		was.Persons = encodePersons(slices.Compact(p))
		return
	}
	all[k] = &l
}

// pack replaces a month's file by one of joined lines.
func pack(name string, all map[string]*line, seen map[string]uint64) error {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	sorted := make([]*line, 0, len(all))
	for _, l := range all {
		sorted = append(sorted, l)
	}
	slices.SortFunc(sorted, func(a, b *line) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.User, b.User), cmp.Compare(a.Host, b.Host))
	})
	for _, l := range sorted {
		b, err := json.Marshal(l)
		if err != nil {
			return err
		}
		z.Write(append(b, '\n')) // to memory
	}
	if len(seen) > 0 {
		b, err := json.Marshal(mark{seen})
		if err != nil {
			return err
		}
		z.Write(append(b, '\n')) // to memory
	}
	if err := z.Close(); err != nil {
		return err
	}
	tmp := name + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(out.Bytes())
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(tmp, name+".gz")
	}
	if err == nil {
		err = os.Remove(name)
	}
	return err
}

func (l *line) entry() (Entry, error) {
	p, err := decodePersons(l.Persons)
	return Entry{Time: time.Unix(l.Time, 0), User: l.User, Groups: l.Groups, Host: l.Host, Classes: l.Classes,
		Bytes: l.Bytes, Stopped: l.Stopped, Persons: p, Content: l.Content}, err
}

func encodePersons(p []uint64) string {
	b := make([]byte, 0, 8*len(p))
	for _, d := range p {
		b = binary.LittleEndian.AppendUint64(b, d)
	}
	return base64.RawStdEncoding.EncodeToString(b)
}

func decodePersons(s string) ([]uint64, error) {
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil || len(b)%8 != 0 {
		return nil, errors.New("digests of persons are damaged")
	}
	p := make([]uint64, 0, len(b)/8)
	for ; len(b) > 0; b = b[8:] {
		p = append(p, binary.LittleEndian.Uint64(b))
	}
	return p, nil
}

// maxBuffer bounds what waits to be written where the disk does not take it.
const maxBuffer = 16 << 20

// write appends an entry to what is to be written. The history's lock is held.
func (j *journal) write(e *Entry) {
	if len(e.Persons) == 0 && !e.Stopped && len(e.Classes) > 0 { // most uploads: joined until they are written
		j.key = append(append(append(append(append(j.key[:0], e.User...), 0), e.Host...), 0), e.Classes[0]...)
		if l := j.plain[string(j.key)]; l != nil {
			l.N++
			l.Bytes += e.Bytes
			return
		}
		if j.plain == nil {
			j.plain = map[string]*line{}
		}
		j.plain[string(j.key)] = &line{Time: e.Time.Unix(), User: e.User, Groups: e.Groups, Host: e.Host, Classes: e.Classes, Bytes: e.Bytes, N: 1}
		return
	}
	j.line(&line{Time: e.Time.Unix(), User: e.User, Groups: e.Groups, Host: e.Host, Classes: e.Classes, Bytes: e.Bytes, Stopped: e.Stopped, Persons: encodePersons(e.Persons), Content: e.Content})
}

// line appends a line to what is to be written.
func (j *journal) line(l *line) {
	b, err := json.Marshal(l)
	if err == nil && len(j.buf)+len(b) > maxBuffer {
		err = errors.New("history cannot be written fast enough; entries are lost at a restart")
	}
	if err != nil {
		j.err = err
		return
	}
	j.buf = append(append(j.buf, b...), '\n')
}

func (h *History) flushing() {
	defer h.file.done.Done()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-h.file.stop:
			h.flush()
			return
		case <-tick.C:
			h.flush()
		}
	}
}

// flush writes what waits.
func (h *History) flush() {
	j := h.file
	h.mu.Lock()
	for _, l := range j.plain {
		j.line(l)
	}
	clear(j.plain)
	out := j.buf
	j.buf = nil
	var seen map[string]uint64
	if j.marking || len(h.seen) > 0 && len(out) > 0 {
		seen = maps.Clone(h.seen)
		if b, err := json.Marshal(mark{seen}); err == nil { // of a map of numbers there is no error
			out = append(append(out, b...), '\n')
		}
		j.marking = false
	}
	h.mu.Unlock()
	if len(out) == 0 {
		return
	}
	err := j.append(out, time.Now().UTC().Format("2006-01"))
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil && seen != nil {
		j.kept = seen
	}
	if j.err = err; err != nil && len(j.buf)+len(out) <= maxBuffer {
		j.buf = append(out, j.buf...) // again later; a line twice counts an upload twice
	}
}

func (j *journal) append(b []byte, month string) error {
	if j.file == nil || j.month != month {
		if j.file != nil {
			j.file.Close()
		}
		f, err := os.OpenFile(filepath.Join(j.folder, month+".jsonl"), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return fmt.Errorf("open history: %w", err)
		}
		if err := endLine(f); err != nil {
			return fmt.Errorf("open history: %w", err)
		}
		j.file, j.month = f, month
	}
	if _, err := j.file.Write(b); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	return nil
}

// endLine cuts a last line that a crash left unfinished.
func endLine(f *os.File) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return err
	}
	tail := make([]byte, min(size, 1<<20))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return err
	}
	if k := bytes.LastIndexByte(tail, '\n'); k < len(tail)-1 {
		return f.Truncate(size - int64(len(tail)) + int64(k) + 1)
	}
	return nil
}

// Healthy returns an error while the history cannot be written.
func (h *History) Healthy() error {
	if h.file == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.file.err
}

// Close writes what waits and closes the files.
func (h *History) Close() error {
	if h.file == nil {
		return nil
	}
	close(h.file.stop)
	h.file.done.Wait()
	err := h.Healthy()
	if h.file.file != nil {
		err = errors.Join(err, h.file.file.Close())
	}
	return err
}
