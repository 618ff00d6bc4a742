package gate

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/sekimori-dlp/sekimori/history"
	"github.com/sekimori-dlp/sekimori/rules"
)

// maxPersons bounds the persons of one upload that are remembered over time.
const maxPersons = 1 << 20

// person takes a person's digest from the scan.
func (c *check) person(digest uint64) {
	if len(c.persons) == cap(c.persons) && len(c.persons) >= 4096 {
		c.persons = distinct(c.persons)
	}
	if len(c.persons) < maxPersons {
		c.persons = append(c.persons, digest)
	}
}

func distinct(d []uint64) []uint64 {
	slices.Sort(d)
	return slices.Compact(d)
}

// contentDigest identifies a body with persons in it; 0 for any other.
func (c *check) contentDigest() uint64 {
	if len(c.persons) == 0 || c.size() == 0 {
		return 0
	}
	d, err := c.out.Body.Digest()
	if err != nil {
		return 0 // nothing of it leaves, see identified
	}
	return max(1, binary.LittleEndian.Uint64(d[:]))
}

// asking is the past as rules see it.
type asking struct {
	rules.History
	asked bool // a verdict rests on it
}

// Count implements rules.History, and so do the others.
func (a *asking) Count(q history.Query) history.Sums {
	a.asked = true
	return a.History.Count(q)
}

// Usual tells what is usual.
func (a *asking) Usual(q history.Query) (history.Amount, bool) {
	a.asked = true
	return a.History.Usual(q)
}

// Peers tells what is usual among others.
func (a *asking) Peers(q history.Query, user string, groups []string) (history.Amount, bool) {
	a.asked = true
	return a.History.Peers(q, user, groups)
}

// UnusualHour tells of the time of day.
func (a *asking) UnusualHour(q history.Query) (bool, bool) {
	a.asked = true
	return a.History.UnusualHour(q)
}

// NewHost tells of the destination.
func (a *asking) NewHost(user, host string, window time.Duration, now time.Time) bool {
	a.asked = true
	return a.History.NewHost(user, host, window, now)
}

// Accounts tells of the content.
func (a *asking) Accounts(content uint64, user string) int {
	a.asked = true
	return a.History.Accounts(content, user)
}

// inTurn has what passes judged once more, if its verdict rests on the past, and is that
// past for the next one at once: of several that are sent at the same time, none of
// which is too much by itself, each sees those before it. What does not ask the past is
// the same in any order, and waits for nobody. Should it not be possible to record the
// decision, nothing leaves and it has been counted all the same: too much rather than
// too little.
func (c *check) inTurn() {
	if !c.past.asked || !c.out.Passes() {
		return
	}
	c.order.Lock()
	defer c.order.Unlock()
	c.judge()
	c.remember()
}

// remember adds what was decided to the past, once. What was not inspected because a
// step failed has stopped nobody for what he sent.
func (c *check) remember() {
	if c.Past == nil || c.remembered || c.out.Failure != None || c.size() == 0 && len(c.persons) == 0 {
		return
	}
	c.remembered = true
	t := c.t
	c.Past.Add(history.Entry{
		Time: c.ready, User: t.Principal.Sender(), Groups: t.Principal.Groups, Host: t.Destination.Host, Classes: t.Destination.Classes,
		Bytes: c.size(), Stopped: !c.out.Passes(), Persons: slices.Clone(c.persons), Content: c.contentDigest(),
	})
}
