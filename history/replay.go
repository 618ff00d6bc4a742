package history

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Replay goes through the history kept in a folder in the order of time, so
// that what was known at a moment of the past can be asked again. It reads
// beside a running proxy and changes nothing. Months gone by are kept by the
// hour, so within those an hour is as exact as it gets. Not safe for concurrent
// use.
type Replay struct {
	*History
	files   []string // still to be read, ascending
	file    *os.File
	lines   *bufio.Reader
	pending []ahead // read, not taken in yet
}

// ahead is an entry that is still to come.
type ahead struct {
	Entry
	n     int  // entries that it stands for
	given bool // by Take
}

// OpenReplay begins before the first entry. A folder that is not there is an
// empty history. Close it.
func OpenReplay(folder string) (*Replay, error) {
	names, err := filepath.Glob(filepath.Join(folder, "20??-??.jsonl*"))
	if err != nil {
		return nil, fmt.Errorf("look for history: %w", err)
	}
	names = slices.DeleteFunc(names, func(n string) bool { return strings.HasSuffix(n, ".new") })
	slices.Sort(names)
	return &Replay{History: New(), files: names}, nil
}

// Close lets go of the file.
func (r *Replay) Close() {
	if r.file != nil {
		r.file.Close()
		r.file = nil
	}
}

// Until takes in what happened before the second of t; times that do not ascend
// take in nothing more.
func (r *Replay) Until(t time.Time) error {
	for {
		if len(r.pending) == 0 {
			switch ok, err := r.fetch(); {
			case err != nil:
				return err
			case !ok:
				return nil
			}
		}
		if r.pending[0].Time.Unix() >= t.Unix() {
			return nil
		}
		r.addMany(&r.pending[0].Entry, r.pending[0].n)
		r.pending = r.pending[1:]
	}
}

// near is how much later than its beginning an upload may have been entered.
const near = 5 * time.Second

// Take looks for the entry of an upload that began at t, after Until(t): by its
// content, or if that is 0 by who sent it where to about that time. It gives the
// persons and the content, of each entry once.
func (r *Replay) Take(t time.Time, user, host string, content uint64) (people []uint64, same uint64, err error) {
	end := t.Add(near).Unix()
	for len(r.pending) == 0 || r.pending[len(r.pending)-1].Time.Unix() <= end {
		ok, err := r.fetch()
		if err != nil {
			return nil, 0, err
		}
		if !ok {
			break
		}
	}
	for i := range r.pending {
		e := &r.pending[i]
		if e.Time.Unix() > end {
			break
		}
		if e.User != user || e.Host != host || len(e.Persons) == 0 || e.n != 1 || e.given || content != 0 && e.Content != content {
			continue
		}
		e.given = true
		return e.Persons, e.Content, nil
	}
	return nil, 0, nil
}

// fetch reads the next entry; ok is false at the end.
func (r *Replay) fetch() (ok bool, err error) {
	for {
		if r.lines == nil {
			if len(r.files) == 0 {
				return false, nil
			}
			if err := r.open(r.files[0]); err != nil {
				return false, fmt.Errorf("read history %s: %w", filepath.Base(r.files[0]), err)
			}
			r.files = r.files[1:]
			continue
		}
		b, err := r.lines.ReadBytes('\n')
		if err == io.EOF { // what is being written has no end of line yet
			r.Close()
			r.lines = nil
			continue
		}
		if bytes.HasPrefix(b, []byte(markHead)) {
			continue
		}
		var l line
		if err == nil {
			err = json.Unmarshal(b, &l)
		}
		var e Entry
		if err == nil {
			e, err = l.entry()
		}
		if err != nil {
			return false, fmt.Errorf("read history: %w", err)
		}
		r.pending = append(r.pending, ahead{Entry: e, n: max(l.N, 1)})
		return true, nil
	}
}

// open opens a month. One that was packed since it was listed is read packed.
func (r *Replay) open(name string) error {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) && !strings.HasSuffix(name, ".gz") {
		name += ".gz"
		f, err = os.Open(name)
	}
	if err != nil {
		return err
	}
	var in io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			f.Close()
			return err
		}
	}
	r.file, r.lines = f, bufio.NewReaderSize(in, 1<<20)
	return nil
}
