// Package release keeps the requests for taking out what a rule holds: who
// asked for what and why, who decided, and until when it may pass.
//
// A release is bound to one content, one sender, one host and one rule; it ends
// by itself. Nobody decides on a request of their own, and where a rule asks for
// two people, the two are different persons, also through delegation. Every
// step is durable before it counts: the store is a file of JSON lines that is
// read again at start, and the caller records each step in the audit log first.
//
// It knows nothing of HTTP, of the rules' language or of how accounts are kept.
package release

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// State says where a request stands.
type State string

// The states. Only Waiting changes by people; Approved ends with its time.
const (
	Waiting   State = "waiting"
	Approved  State = "approved"
	Denied    State = "denied"
	Withdrawn State = "withdrawn"
	Expired   State = "expired"
)

// Manager stands in Terms.By for the asker's manager.
const Manager = "manager"

// Terms are what a rule asks for before something passes it.
type Terms struct {
	By     []string      // groups whose members may approve, Manager among them; empty: every approver
	People int           // different persons that have to agree; 1 to 5
	For    time.Duration // how long it may pass once it is approved
}

// Subject is what is to be released.
type Subject struct {
	Sender  string `json:"sender"` // as the gate tells senders apart
	User    string `json:"user"`   // the account, "" if anonymous
	Host    string `json:"host"`
	Rule    string `json:"rule"`
	Content string `json:"content"` // keyed digest of what is sent
}

// Case is one request.
type Case struct {
	ID       string    `json:"id"`       // such as "RL-7F3K-9Q2M"
	Incident string    `json:"incident"` // of the hold
	Subject  Subject   `json:"subject"`
	Reason   string    `json:"reason"`
	Terms    Terms     `json:"terms"`
	Asked    time.Time `json:"asked"`
	Ends     time.Time `json:"ends"` // of waiting, then of passing
	State    State     `json:"state"`
	Votes    []Vote    `json:"votes,omitempty"`
	Passed   int       `json:"passed,omitempty"` // how often it was used

	// PassedAt is how often of that on other nodes, by their names.
	PassedAt map[string]int `json:"passed_at,omitempty"`

	// Node is the store that was asked, among several; it records the end.
	Node string `json:"node,omitempty"`
	// Lapsed is the state, Waiting or Approved, whose end by time is on record,
	// and of an expired request that is read the one in which it expired.
	Lapsed State `json:"lapsed,omitempty"`
}

// Vote is one person's decision.
type Vote struct {
	By        string    `json:"by"`
	For       string    `json:"for,omitempty"` // who delegated it, "" if nobody
	Approve   bool      `json:"approve"`
	Emergency bool      `json:"emergency,omitempty"`
	Reason    string    `json:"reason"`
	Time      time.Time `json:"time"`
}

// Approver is who decides.
type Approver struct {
	User     string
	Groups   []string
	Approves bool // whether the account may approve at all
	// Lost tells of one who delegated to User whether they may approve no longer.
	// nil: nobody is so.
	Lost func(of string) bool
}

// Agreed is how many different persons have approved.
func (c *Case) Agreed() int {
	n := 0
	for _, v := range c.Votes {
		if v.Approve {
			n++
		}
	}
	return n
}

// Open reports whether somebody may still decide.
func (c *Case) Open(now time.Time) bool {
	return c.State == Waiting && c.Lapsed != Waiting && now.Before(c.Ends)
}

// maxAhead is by how much the clock of another node may be ahead of this one's.
const maxAhead = 5 * time.Minute

// passes reports whether the subject may pass by the case. A clock that is set
// back makes it hold neither again, once its end is on record, nor for longer
// than it was given for.
func (c *Case) passes(now time.Time) bool {
	return c.State == Approved && c.Lapsed != Approved && now.Before(c.Ends) && c.Ends.Sub(now) <= c.Terms.For+maxAhead
}

// Errors of the store. Their texts are for people.
var (
	ErrUnknown  = errors.New("there is no such request")
	ErrClosed   = errors.New("the request is decided or has expired")
	ErrOwn      = errors.New("nobody decides on a request of their own")
	ErrNotYours = errors.New("the rule names others to decide on this request")
	ErrAgain    = errors.New("this person has decided already, or somebody for them")
	ErrReason   = errors.New("a decision needs a reason")
	ErrFull     = errors.New("too many requests are waiting")
)

// may reports whether a may decide on c, in his own name or for another: the one
// he stands in for, "" if for himself.
func (s *Store) may(c *Case, a Approver, now time.Time) (instead string, err error) {
	switch {
	case a.User == "" || !a.Approves:
		return "", ErrNotYours
	case same(a.User, c.Subject.User):
		return "", ErrOwn
	}
	if s.named(c, a.User, a.Groups) {
		return "", c.voted(a.User, a.User)
	}
	for _, d := range s.delegations {
		if !same(d.To, a.User) || now.After(d.Until) || now.Before(d.From) {
			continue
		}
		if same(d.Of, c.Subject.User) {
			err = ErrOwn // the asker's power does not work through another
			continue
		}
		if s.named(c, d.Of, d.Groups) && (a.Lost == nil || !a.Lost(d.Of)) {
			return d.Of, c.voted(a.User, d.Of)
		}
	}
	if err == nil {
		err = ErrNotYours
	}
	return "", err
}

// same reports whether two names are one account's: directories do not tell
// small from capital letters, so somebody's own request under another spelling
// is their own.
func same(a, b string) bool { return strings.EqualFold(a, b) }

// voted returns ErrAgain if one of two persons has taken part in a vote, in
// whichever way.
func (c *Case) voted(by, instead string) error {
	for _, v := range c.Votes {
		for _, who := range []string{v.By, v.For} {
			if who != "" && (same(who, by) || same(who, instead)) {
				return ErrAgain
			}
		}
	}
	return nil
}

// named reports whether the terms name a person.
func (s *Store) named(c *Case, user string, groups []string) bool {
	if len(c.Terms.By) == 0 {
		return true
	}
	for _, g := range c.Terms.By {
		if g == Manager && s.manager != nil {
			if m := s.manager(c.Subject.User); m != "" && same(m, user) {
				return true
			}
		} else if g != Manager && slices.Contains(groups, g) {
			return true
		}
	}
	return false
}
