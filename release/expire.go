package release

import (
	"fmt"
	"slices"
	"time"
)

// lapse is what is noted before the end of a case goes on record, so that after
// a crash in between it can be looked up whether it did.
type lapse struct {
	ID string    `json:"id"`
	At time.Time `json:"at"`
}

// never is later than any case ends.
var never = time.Unix(1<<40, 0)

// runs reports whether the end of c by its time is still to be recorded by this
// store. Of several stores it is the one that was asked.
func (s *Store) runs(c *Case) bool {
	return (c.State == Waiting || c.State == Approved) && c.Lapsed != c.State && (c.Node == "" || c.Node == s.Node)
}

// Expire records the end of each request whose time is over: of one that nobody
// decided on in time, and of one that was approved. Each end is recorded once,
// also over restarts, crashes and failures of the record. It costs nothing while
// none is due; an error ends it, and the next call goes on there.
//
// Whether a request is over is a matter of the clock alone, so nothing passes
// for longer where Expire is called late.
func (s *Store) Expire() error {
	s.mu.Lock()
	now := s.Now()
	if now.Before(s.due) {
		s.mu.Unlock()
		return nil
	}
	var over []lapse
	s.due = never
	for _, c := range s.cases {
		switch {
		case !s.runs(c):
		case now.Before(c.Ends):
			s.due = earlier(s.due, c.Ends)
		default:
			over = append(over, lapse{c.ID, c.Ends})
		}
	}
	s.mu.Unlock()
	slices.SortFunc(over, func(a, b lapse) int { return a.At.Compare(b.At) })
	for _, l := range over {
		if err := s.expire(l.ID); err != nil {
			return err
		}
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// expire records the end of one request.
func (s *Store) expire(id string) (err error) {
	s.mu.Lock() // others have their turn in between
	defer s.mu.Unlock()
	defer func() {
		if err != nil {
			s.due = time.Time{}
		}
	}()
	now, was := s.Now(), s.cases[id]
	if was == nil || !s.runs(was) || now.Before(was.Ends) {
		return nil
	}
	c := *was
	c.Lapsed = c.State
	st := Step{What: "expired", Case: s.seen(&c)}
	since, told := s.lapses[id]
	if told = told && s.Recorded != nil; told {
		if told, err = s.Recorded(st, since); err != nil {
			return fmt.Errorf("look whether the end of a release is on record: %w", err)
		}
	}
	if told {
		return s.write(line{Case: &c})
	}
	if err := s.write(line{Lapse: &lapse{id, now}}); err != nil {
		return err
	}
	return s.commit(line{Case: &c}, st)
}
