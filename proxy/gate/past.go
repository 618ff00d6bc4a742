package gate

import (
	"encoding/binary"
	"slices"

	"github.com/sekimori-dlp/sekimori/history"
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

// remember adds what was decided to the past. What was not inspected because a
// step failed has stopped nobody for what he sent.
func (c *check) remember() {
	if c.Past == nil || c.out.Failure != None || c.size() == 0 && len(c.persons) == 0 {
		return
	}
	t := c.t
	c.Past.Add(history.Entry{
		Time: c.ready, User: t.Principal.Sender(), Groups: t.Principal.Groups, Host: t.Destination.Host, Classes: t.Destination.Classes,
		Bytes: c.size(), Stopped: !c.out.Passes(), Persons: slices.Clone(c.persons), Content: c.contentDigest(),
	})
}
