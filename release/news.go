package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// news is what one store tells the others: one thing that happened. What each
// of them makes of all of it is the same whatever the order, and a thing that
// is told twice counts once.
type news struct {
	Case       *Case       `json:"case,omitempty"` // it was asked for
	ID         string      `json:"id,omitempty"`   // of the case that the following happened to
	Vote       *Vote       `json:"vote,omitempty"`
	Withdrawn  time.Time   `json:"withdrawn,omitzero"`
	Node       string      `json:"node,omitempty"`
	Passed     int         `json:"passed,omitempty"` // how often on that node, all told
	Delegation *Delegation `json:"delegation,omitempty"`
}

// before is the case that a line is about as it stood, nil if it is new. The
// caller has mu.
func (s *Store) before(l line) *Case {
	if l.Case == nil {
		return nil
	}
	return s.cases[l.Case.ID]
}

// here is how often a case passed on this node.
func (c *Case) here() int {
	n := c.Passed
	for _, k := range c.PassedAt {
		n -= k
	}
	return n
}

// share tells the others what a line has changed.
func (s *Store) share(was *Case, l line) {
	if s.Share == nil {
		return
	}
	tell := func(n news) {
		if b, err := json.Marshal(n); err == nil { // of these types there is no error
			s.Share(b)
		}
	}
	switch c := l.Case; {
	case l.Delegation != nil:
		tell(news{Delegation: l.Delegation})
	case was == nil:
		tell(news{Case: c})
	case len(c.Votes) > len(was.Votes):
		tell(news{ID: c.ID, Vote: &c.Votes[len(c.Votes)-1]})
	case c.State == Withdrawn:
		tell(news{ID: c.ID, Withdrawn: c.Ends})
	case c.Passed > was.Passed:
		tell(news{ID: c.ID, Node: s.Node, Passed: c.here()})
	}
}

// Retell tells everything that still matters anew, for stores that were not
// there, and for what a crash kept from being told.
func (s *Store) Retell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Share == nil {
		return
	}
	now := s.Now()
	for _, c := range s.sorted() {
		if !now.Before(c.Ends) && c.State != Withdrawn && c.State != Denied || now.Sub(c.Ends) > s.Wait {
			continue
		}
		asked := *c
		asked.State, asked.Votes, asked.Passed, asked.PassedAt, asked.Lapsed, asked.Ends = Waiting, nil, 0, nil, "", c.Asked.Add(s.Wait)
		s.share(nil, line{Case: &asked})
		for i := range c.Votes {
			s.share(&Case{Votes: c.Votes[:i]}, line{Case: &Case{ID: c.ID, Votes: c.Votes[:i+1]}})
		}
		if c.State == Withdrawn {
			s.share(c, line{Case: c})
		}
		if n := c.here(); n > 0 {
			s.share(&Case{}, line{Case: &Case{ID: c.ID, Passed: n}})
		}
	}
	for i := range s.delegations {
		s.share(nil, line{Delegation: &s.delegations[i]})
	}
}

// ErrNews: what another store told is not understood.
var ErrNews = errors.New("news of a release are not understood")

// Take takes in what happened on another node, which has recorded it. It is
// durable when it returns nil.
func (s *Store) Take(told []byte) error {
	var n news
	if err := json.Unmarshal(told, &n); err != nil {
		return fmt.Errorf("%w: %w", ErrNews, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := n.Delegation; d != nil {
		if slices.ContainsFunc(s.delegations, func(o Delegation) bool { return same(o.Of, d.Of) && !o.Made.Before(d.Made) }) {
			return nil // known, or a later one is
		}
		return s.write(line{Delegation: d})
	}
	if n.Case != nil {
		if n.Case.ID == "" || s.cases[n.Case.ID] != nil {
			return nil
		}
		return s.write(line{Case: n.Case})
	}
	was := s.cases[n.ID]
	if was == nil {
		return nil // it ended too long ago
	}
	c := *was
	switch {
	case n.Vote != nil:
		if c.voted(n.Vote.By, n.Vote.For) != nil {
			return nil
		}
		c.Votes = append(slices.Clone(c.Votes), *n.Vote)
		slices.SortStableFunc(c.Votes, func(a, b Vote) int { return a.Time.Compare(b.Time) })
		c.settle()
	case !n.Withdrawn.IsZero():
		if c.State == Withdrawn {
			return nil
		}
		c.State, c.Ends = Withdrawn, n.Withdrawn
	case n.Passed > c.PassedAt[n.Node] && n.Node != s.Node:
		c.Passed += n.Passed - c.PassedAt[n.Node]
		if c.PassedAt = maps.Clone(c.PassedAt); c.PassedAt == nil {
			c.PassedAt = map[string]int{}
		}
		c.PassedAt[n.Node] = n.Passed
	default:
		return nil
	}
	return s.write(line{Case: &c})
}

// settle makes of the votes where a case stands: one refusal denies it, also
// one that was made elsewhere at the same time as the last approval.
func (c *Case) settle() {
	if c.State == Withdrawn {
		return
	}
	agreed, done := 0, false
	for _, v := range c.Votes { // by their times
		if !v.Approve {
			c.State, c.Ends = Denied, v.Time
			return
		}
		if agreed++; !done && (v.Emergency || agreed >= c.Terms.People) {
			c.State, c.Ends, done = Approved, v.Time.Add(c.Terms.For), true
		}
	}
}
