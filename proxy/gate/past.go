package gate

import (
	"encoding/binary"
	"slices"

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
	// counted tells that the verdict rests on what this upload itself adds to, if it
	// passes, and others that are sent at the same time too.
	counted bool
}

// Count implements rules.History.
func (a *asking) Count(q history.Query) history.Sums {
	switch q.Of {
	case history.Stopped:
	case history.People:
		a.counted = a.counted || len(q.Plus) > 0
	default:
		a.counted = true
	}
	return a.History.Count(q)
}

// Accounts implements rules.History. What else rules ask is of earlier windows, or not
// changed by more of the same.
func (a *asking) Accounts(content uint64, user string) int {
	a.counted = a.counted || content != 0
	return a.History.Accounts(content, user)
}

// inTurn has what passes judged once more, if its verdict rests on the past, and is that
// past for the next one at once: of several that are sent at the same time, none of
// which is too much by itself, each sees those before it. What adds nothing to what its
// verdict rests on is the same in any order, and waits for nobody. Should it not be
// possible to record the decision, nothing leaves and it has been counted all the
// same: too much rather than too little.
func (c *check) inTurn() {
	if !c.past.counted || !c.out.Passes() {
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
