package smtp

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// key identifies a message with its envelope, byte for byte: a mail server that
// tries again sends the very same.
type key [sha256.Size]byte

// The states of an entry, as they stand in the file.
const (
	sending  = 's' // its last byte is about to go to the next hop
	accepted = 'a' // the next hop has it; the client may not know
	done     = 'd' // the client knows, or the next hop has not taken it
)

// entry is one message in the journal.
type entry struct {
	key   key
	state byte
	at    time.Time
	alive bool // begun by this process, and not yet accepted
	// id is by which the record knows it, as long as its client is not answered;
	// "" from then on.
	id string
}

// journal remembers on disk which messages the next hop has while their client
// may not know it yet. Safe for concurrent use.
type journal struct {
	name string
	now  func() time.Time

	mu    sync.Mutex
	file  *os.File
	live  map[key]*entry
	lines int // in the file
}

// keep is how long an entry counts. A client that lost our answer tries again
// within hours. One that says QUIT together with the end of its data, as
// Postfix does, is never heard from after the answer, so most entries live as
// long as this; each takes some 150 bytes of memory.
const keep = 24 * time.Hour

// slackLines is how many lines that count no more a file may have before it is
// written anew.
const slackLines = 10_000

var errBusy = errors.New("the same message is on its way over another connection")

// openJournal reads a journal, or makes an empty one. A line that a crash cut
// short is at the end and was never acted upon.
func openJournal(name string, now func() time.Time) (*journal, error) {
	j := &journal{name: name, now: now, live: map[key]*entry{}}
	f, err := os.Open(name)
	switch {
	case err == nil:
		err = j.read(f)
		f.Close()
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the journal of mail: %w", err)
	}
	if err := j.rewrite(); err != nil {
		return nil, err
	}
	return j, nil
}

func (j *journal) read(r io.Reader) error {
	in := bufio.NewScanner(r)
	for in.Scan() {
		f := strings.Fields(in.Text())
		if len(f) != 3 && len(f) != 4 || len(f[0]) != 1 {
			continue
		}
		raw, err := hex.DecodeString(f[1])
		at, err2 := strconv.ParseInt(f[2], 10, 64)
		if err != nil || err2 != nil || len(raw) != sha256.Size {
			continue
		}
		e := &entry{key: key(raw), state: f[0][0], at: time.Unix(at, 0)}
		if len(f) == 4 {
			e.id = f[3]
		}
		if e.state == done {
			delete(j.live, e.key)
		} else {
			j.live[e.key] = e
		}
	}
	return in.Err()
}

// rewrite writes the file anew with what still counts.
func (j *journal) rewrite() (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write the journal of mail: %w", err)
		}
	}()
	next, err := os.OpenFile(j.name+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	old := j.now().Add(-keep)
	w := bufio.NewWriter(next)
	for k, e := range j.live {
		if e.at.Before(old) {
			delete(j.live, k)
			continue
		}
		w.WriteString(e.line())
	}
	if err = errors.Join(w.Flush(), next.Sync(), os.Rename(j.name+".new", j.name)); err != nil {
		next.Close()
		return err
	}
	if j.file != nil {
		j.file.Close()
	}
	j.file, j.lines = next, len(j.live)
	return nil
}

func (e *entry) line() string {
	line := string(e.state) + " " + hex.EncodeToString(e.key[:]) + " " + strconv.FormatInt(e.at.Unix(), 10)
	if e.id != "" {
		line += " " + e.id
	}
	return line + "\n"
}

// begin is called before the last byte of a message goes to the next hop, with
// its state on disk when begin returns. It tells what became of the same
// message before: 0 nothing, sending or accepted. id is by which the record
// knows this try; "" if nobody is to be told that it was cut off.
func (j *journal) begin(k key, id string) (*entry, byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	before := byte(0)
	if e := j.live[k]; e != nil && j.now().Sub(e.at) < keep {
		if e.alive {
			return nil, 0, errBusy
		}
		if before = e.state; before == accepted {
			return e, before, nil
		}
	}
	e := &entry{key: k, state: sending, at: j.now(), alive: true, id: id}
	j.live[k] = e
	if err := j.write(e, true); err != nil {
		delete(j.live, k)
		return nil, 0, err
	}
	return e, before, nil
}

// accept says that the next hop has taken the message, and returns when that
// is on disk.
func (j *journal) accept(e *entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	e.state, e.alive = accepted, false
	return j.write(e, true)
}

// leave says that this try is over without the next hop having taken the message
// for certain. Whether it has is asked again at the next try where it was open
// before, or is now.
func (j *journal) leave(e *entry, open bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e.alive = false; !open {
		j.drop(e)
		return
	}
	j.settle(e)
}

// told says that the client was sent its answer.
func (j *journal) told(e *entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e.id != "" && j.live[e.key] == e {
		j.settle(e)
	}
}

// settle says that a try was not cut off. If that is lost, it only counts as if
// it had been.
func (j *journal) settle(e *entry) {
	e.id = ""
	_ = j.write(e, false)
}

// cut tells, once, of tries that the end of an earlier process cut off before
// their clients were answered. But for those that the next hop has not taken,
// they will be sent again, which not every one of them has to be to this
// journal's node.
func (j *journal) cut() (ids []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.live {
		if e.id != "" && !e.alive {
			ids = append(ids, e.id)
			j.settle(e)
		}
	}
	slices.Sort(ids)
	return ids
}

// forget says that the next hop has not taken the message.
func (j *journal) forget(e *entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.drop(e)
}

// adopt says that a message is kept of which the client may not know it.
func (j *journal) adopt(k key) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.live[k]
	if e == nil || e.state != sending || e.alive {
		return nil
	}
	e.state = accepted
	return j.write(e, true)
}

// heard says that the client has its answer.
func (j *journal) heard(e *entry) { j.forget(e) }

func (j *journal) drop(e *entry) {
	if j.live[e.key] != e {
		return
	}
	e.state = done
	delete(j.live, e.key)
	_ = j.write(e, false) // if it is lost, the entry only lives longer
}

func (j *journal) write(e *entry, sync bool) error {
	if j.file == nil {
		return fs.ErrClosed
	}
	if _, err := j.file.WriteString(e.line()); err != nil {
		return fmt.Errorf("write the journal of mail: %w", err)
	}
	if j.lines++; j.lines > 2*len(j.live)+slackLines {
		return j.rewrite()
	}
	if sync {
		if err := j.file.Sync(); err != nil {
			return fmt.Errorf("write the journal of mail: %w", err)
		}
	}
	return nil
}

func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	return err
}
