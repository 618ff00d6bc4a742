package history

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A kill at any byte loses nothing that its origin is not asked for again, and
// counts nothing twice.
func TestOriginsTellAgainAfterACrash(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	entry := func(n uint64) Entry {
		e := Entry{Time: now, User: "mori", Host: "h", Classes: []string{"storage"}, Bytes: 1}
		if n%2 == 0 {
			e.Persons = []uint64{n}
		}
		return e
	}
	const all = 40
	tell := func(h *History, origin string) {
		for n := h.Kept(origin) + 1; n <= all; n++ {
			h.AddOnce(origin, n, entry(n))
		}
	}
	h, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint64(all) { // in several writes
		h.AddOnce("a", n+1, entry(n+1))
		if n%8 == 7 {
			h.flush()
		}
	}
	if h.AddOnce("a", 3, entry(3)) || h.Seen("a") != all {
		t.Error("an entry counts twice")
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, now.UTC().Format("2006-01")+".jsonl")
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut <= len(whole); cut += 7 {
		if err := os.WriteFile(name, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		h, err := Open(dir)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		first := h.Kept("a") == 0 // the very first write has no mark before it
		tell(h, "a")
		s := h.Count(Query{Scope: ByUser, Names: []string{"mori"}, Window: time.Hour, Now: now})
		if !first && (s.Uploads != all || s.People != all/2) {
			t.Errorf("cut at %d of %d: %+v", cut, len(whole), s)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Without origins, what follows a mark stays.
func TestEntriesWithoutOriginStay(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		h, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		h.Note("x", h.Seen("x")+1)
		h.flush()
		h.Add(Entry{Time: time.Now(), User: "mori", Host: "h", Classes: []string{"c"}, Persons: []uint64{uint64(h.Seen("x"))}})
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
	h, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if s := h.Count(Query{Scope: ByUser, Names: []string{"mori"}, Window: time.Hour, Now: time.Now()}); s.Uploads != 3 || s.People != 3 || h.Kept("x") != 3 {
		t.Errorf("%+v, %d", s, h.Kept("x"))
	}
}
