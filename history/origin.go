package history

import (
	"encoding/json"
	"fmt"
)

// AddOnce remembers an upload or a try that somebody tells of, such as another
// node, under the number that it has there. Numbers of one origin go upwards;
// one that is not above the last is passed over. With what was added, which
// numbers were is kept, so that after a crash the origin can tell again what
// came after Kept: nothing counts twice and nothing is left out. It reports
// whether the entry was new.
func (h *History) AddOnce(origin string, number uint64, e Entry) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if number <= h.seen[origin] {
		return false
	}
	h.seen[origin] = number
	h.add(&e)
	if h.file != nil {
		h.file.write(&e)
		h.file.marking = true
	}
	return true
}

// Note keeps that everything up to a number of an origin was dealt with.
func (h *History) Note(origin string, number uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if number <= h.seen[origin] {
		return
	}
	h.seen[origin] = number
	if h.file != nil {
		h.file.marking = true
	}
}

// Seen is the last number of an origin that was added or noted, 0 if none was.
func (h *History) Seen(origin string) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seen[origin]
}

// Kept is Seen as of what is on disk.
func (h *History) Kept(origin string) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.file == nil {
		return h.seen[origin]
	}
	return h.file.kept[origin]
}

// mark is a line that tells what the lines before it amount to. What follows
// the last one was not written whole, and its origins tell it again.
type mark struct {
	Seen map[string]uint64 `json:"seen"`
}

// markHead begins such a line.
const markHead = `{"seen":`

// MarshalJSON words an entry as the history's files do. Times are in whole
// seconds.
func (e Entry) MarshalJSON() ([]byte, error) {
	return json.Marshal(&line{Time: e.Time.Unix(), User: e.User, Groups: e.Groups, Host: e.Host, Classes: e.Classes, Bytes: e.Bytes,
		Stopped: e.Stopped, Persons: encodePersons(e.Persons), Content: e.Content})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *Entry) UnmarshalJSON(b []byte) error {
	var l line
	err := json.Unmarshal(b, &l)
	if err == nil {
		*e, err = l.entry()
	}
	if err != nil {
		return fmt.Errorf("entry: %w", err)
	}
	return nil
}
