package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// Filter selects records; its zero fields select all.
type Filter struct {
	From, To time.Time // From <= time < To
	FromSeq  uint64
	Kind     string
	Action   string
	User     string
	Host     string
	Rule     string
	Incident string
	Progress Progress
}

func (f *Filter) match(ev *Event) bool {
	is := func(want, got string) bool { return want == "" || want == got }
	return is(f.Kind, ev.Kind) && is(f.Action, ev.Action) && is(f.User, ev.User) &&
		is(f.Host, ev.Host) && is(f.Rule, ev.Rule) && is(f.Incident, ev.Incident) &&
		!ev.Time.Before(f.From) && (f.To.IsZero() || ev.Time.Before(f.To))
}

// meets reports whether a packed segment may hold what f selects. One that is
// damaged says nothing of itself, so it may.
func (f *Filter) meets(p *footer) bool {
	if p.last == 0 {
		return true
	}
	return p.last >= f.FromSeq && (f.From.IsZero() || !p.to.Before(f.From)) && (f.To.IsZero() || p.from.Before(f.To))
}

// Record is one line of the log.
type Record struct {
	Segment string
	Line    int // from 1
	Seq     uint64
	Hash    Hash
	Raw     json.RawMessage // the event exactly as recorded; valid during the call
	Event   Event
}

// Read calls fn for each record of the log in dir that f selects, in order. It
// ends early with fn's error. Records that cannot be read are left out and the
// first of them is the error at the end. Read does not verify; it may run
// beside an open Log.
func Read(dir string, f Filter, fn func(Record) error) error {
	segs, err := segments(dir)
	if err != nil {
		return err
	}
	for len(segs) > 1 && segs[1].first <= f.FromSeq {
		segs = segs[1:]
	}
	var done, total int64
	for _, s := range segs {
		total += s.size
	}
	var unread error
	for _, s := range segs {
		bad, err := f.readSegment(dir, s, done, total, fn)
		if err != nil {
			return err
		}
		if unread == nil {
			unread = bad
		}
		done += s.size
	}
	f.Progress.tell(total, total)
	return unread
}

func (f *Filter) readSegment(dir string, s segment, done, total int64, fn func(Record) error) (bad, err error) {
	if s.packed != nil && !f.meets(s.packed) {
		return nil, nil
	}
	r, err := openLines(dir, s)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // it expired meanwhile
	}
	var broken damaged
	if errors.As(err, &broken) {
		return err, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var told int64
	for {
		text, err := r.next()
		if err == io.EOF {
			return bad, nil
		}
		if errors.As(err, &broken) {
			if bad == nil {
				bad = fmt.Errorf("%s:%d: unreadable audit record: %w", s.name, r.line+1, err)
			}
			return bad, nil
		}
		if err != nil {
			return bad, err
		}
		if r.off-told >= progressStep {
			told = r.off
			f.Progress.tell(done+told, max(done+told, total))
		}
		if unfinished(text) {
			continue // being written, or torn: Verify tells
		}
		var rec raw
		var ev Event
		if err = parseLine(text, &rec); err == nil && rec.seq >= f.FromSeq {
			err = json.Unmarshal(rec.event, &ev)
		}
		if err != nil {
			if bad == nil {
				bad = fmt.Errorf("%s:%d: unreadable audit record: %w", s.name, r.line, err)
			}
			continue
		}
		if rec.seq < f.FromSeq || !f.match(&ev) {
			continue
		}
		if err := fn(Record{s.name, r.line, rec.seq, rec.hash, rec.event, ev}); err != nil {
			return bad, err
		}
	}
}
