package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// Follower reads records in order as they are written, without beginning anew
// each time. Not safe for concurrent use.
type Follower struct {
	// Lean leaves what an event has of any form (Matches, Coverage, Findings,
	// Data) undecoded, as json.RawMessage: that is most of the work of reading.
	Lean bool

	dir  string
	next uint64
	seg  segment
	r    *lineReader
}

// Follow begins at record from, counted from 1.
func Follow(dir string, from uint64) *Follower { return &Follower{dir: dir, next: max(from, 1)} }

// Close lets go of the file.
func (f *Follower) Close() {
	if f.r != nil {
		f.r.Close()
		f.r = nil
	}
}

// Next returns the next record up to number limit, which must be acknowledged;
// ok is false if there is none yet. A record whose number is not the one after
// the last says that those between have expired.
func (f *Follower) Next(limit uint64) (rec Record, ok bool, err error) {
	var r raw
	if _, ok, err = f.step(limit, &r); !ok || err != nil {
		return rec, false, err
	}
	rec = Record{Segment: f.seg.name, Line: f.r.line, Seq: r.seq, Hash: r.hash, Raw: r.event}
	decode := json.Unmarshal
	if f.Lean {
		decode = lean
	}
	if err := decode(r.event, &rec.Event); err != nil {
		return rec, false, fmt.Errorf("follow audit log: %s:%d: %w", f.seg.name, f.r.line, err)
	}
	return rec, true, nil
}

// lean decodes an event as Follower.Lean has it.
func lean(line []byte, event any) error {
	ev := event.(*Event)
	var raw [4]json.RawMessage
	at := [len(raw)]*any{&ev.Matches, &ev.Coverage, &ev.Findings, &ev.Data}
	for i, p := range at {
		*p = &raw[i]
	}
	err := json.Unmarshal(line, ev)
	for i, p := range at {
		if *p = nil; len(raw[i]) > 0 {
			*p = raw[i]
		}
	}
	return err
}

// NextLine is Next for the record as it stands in the log, with its newline;
// the line is valid until the next call.
func (f *Follower) NextLine(limit uint64) (seq uint64, line []byte, ok bool, err error) {
	var r raw
	line, ok, err = f.step(limit, &r)
	return r.seq, line, ok, err
}

func (f *Follower) step(limit uint64, r *raw) (line []byte, ok bool, err error) {
	for f.next <= limit {
		if f.r == nil {
			if err := f.open(); err != nil {
				return nil, false, fmt.Errorf("follow audit log: %w", err)
			}
		}
		text, err := f.r.next()
		if err == io.EOF {
			f.Close()
			continue // in the next segment
		}
		if err == nil {
			err = parseLine(text, r)
		}
		if err != nil {
			err = fmt.Errorf("follow audit log: %s:%d: %w", f.seg.name, f.r.line, err)
			f.Close()
			return nil, false, err
		}
		if r.seq < f.next {
			continue
		}
		f.next = r.seq + 1
		return text, true, nil
	}
	return nil, false, nil
}

// open finds the segment that holds the next record, or the first after it.
func (f *Follower) open() error {
	for range 3 { // while segments are being packed or deleted
		segs, err := segments(f.dir)
		if err != nil {
			return err
		}
		for len(segs) > 1 && segs[1].first <= f.next {
			segs = segs[1:]
		}
		if len(segs) == 0 {
			return errors.New("there is no segment")
		}
		f.seg = segs[0]
		f.next = max(f.next, f.seg.first)
		if f.r, err = openLinesAt(f.dir, f.seg, f.next); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return fs.ErrNotExist
}
