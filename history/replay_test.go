package history

import (
	"testing"
	"time"
)

// TestReplayKnowsWhatWasKnown asks at moments of the past what a history in
// memory would have answered then.
func TestReplayKnowsWhatWasKnown(t *testing.T) {
	dir := t.TempDir()
	kept, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now().UTC().Truncate(time.Hour).Add(-3 * time.Hour)
	entry := func(i int) Entry {
		e := Entry{Time: began.Add(time.Duration(i) * time.Minute), User: []string{"sato", "ito"}[i%2], Groups: []string{"sales"},
			Host: "www.dropbox.com", Classes: []string{"cloud-storage"}, Bytes: int64(i)}
		if i%3 == 0 {
			e.Persons, e.Content = []uint64{uint64(i), uint64(i) + 1}, uint64(1000+i)
		}
		e.Stopped = i%7 == 0
		return e
	}
	for i := range 100 {
		kept.Add(entry(i))
		if i%20 == 0 {
			kept.flush() // so that those of an hour are not all joined
		}
	}
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReplay(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	then := New()
	for i := range 100 {
		e := entry(i)
		if err := r.Until(e.Time); err != nil {
			t.Fatal(err)
		}
		q := Query{Scope: ByUser, Names: []string{e.User}, Window: 24 * time.Hour, Now: e.Time, Plus: e.Persons}
		if got, want := r.Count(q), then.Count(q); got.People != want.People || got.Stopped != want.Stopped {
			t.Fatalf("at %d: %+v, was %+v", i, got, want)
		}
		content := uint64(0)
		if i%2 == 0 {
			content = e.Content
		}
		people, same, err := r.Take(e.Time, e.User, e.Host, content)
		if err != nil || len(people) != len(e.Persons) || same != e.Content {
			t.Fatalf("entry %d: %v %d, %v; want %v %d", i, people, same, err, e.Persons, e.Content)
		}
		if people, _, _ = r.Take(e.Time, e.User, e.Host, e.Content); len(e.Persons) > 0 && len(people) > 0 {
			t.Fatalf("entry %d is given twice", i)
		}
		then.Add(e)
	}
	if empty, err := OpenReplay(dir + "/nothing"); err != nil || empty.Until(time.Now()) != nil {
		t.Error("no folder is no history:", err)
	}
}
