package history

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var noon = time.Date(2026, 4, 1, 12, 30, 0, 0, time.UTC)

// digests are n persons from a first one on.
func digests(first, n int) []uint64 {
	out := make([]uint64, n)
	for i := range out {
		r := rand.New(rand.NewPCG(uint64(first+i), 99))
		out[i] = r.Uint64()
	}
	return out
}

func upload(t time.Time, persons []uint64) Entry {
	return Entry{Time: t, User: "sato", Groups: []string{"sales"}, Host: "www.dropbox.com", Classes: []string{"cloud-storage"}, Bytes: 1000, Persons: persons}
}

func TestCountsDifferentPersonsInAWindow(t *testing.T) {
	h := New()
	for day := range 30 { // a hundred a day, half of them those of the day before
		h.Add(upload(noon.AddDate(0, 0, day), digests(50*day, 100)))
	}
	now := noon.AddDate(0, 0, 29)
	for _, c := range []struct {
		window time.Duration
		people int
	}{{time.Hour, 100}, {30 * time.Hour, 150}, {7 * 24 * time.Hour, 450}, {30 * 24 * time.Hour, 1550}, {365 * 24 * time.Hour, 1550}} {
		q := Query{Scope: ByUser, Names: []string{"sato"}, Window: c.window, Now: now}
		if got := h.Count(q).People; got != c.people {
			t.Errorf("%v: %d people, want %d", c.window, got, c.people)
		}
		q.Plus = append(digests(50*29, 10), digests(90000, 5)...)
		if got := h.Count(q).People; got != c.people+5 {
			t.Errorf("%v with five more: %d people, want %d", c.window, got, c.people+5)
		}
	}
	for name, q := range map[string]Query{
		"group":       {Scope: ByGroup, Names: []string{"sales"}},
		"host":        {Scope: ByHost, Names: []string{"www.dropbox.com"}},
		"class":       {Scope: ByClass, Names: []string{"cloud-storage", "web-mail"}},
		"to a class":  {Scope: ByUser, Names: []string{"sato"}, Classes: []string{"cloud-storage"}},
		"two classes": {Scope: ByUser, Names: []string{"sato"}, Classes: []string{"web-mail", "cloud-storage"}},
	} {
		q.Window, q.Now = 30*24*time.Hour, now
		if got := h.Count(q); got.People != 1550 || got.Uploads != 30 || got.Bytes != 30000 {
			t.Errorf("by %s: %+v", name, got)
		}
	}
	for name, q := range map[string]Query{
		"another":          {Scope: ByUser, Names: []string{"ito"}},
		"to another class": {Scope: ByUser, Names: []string{"sato"}, Classes: []string{"web-mail"}},
	} {
		q.Window, q.Now = 30*24*time.Hour, now
		if got := h.Count(q); got != (Sums{}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := h.Count(Query{Names: []string{"sato"}, Window: Keep, Now: now.AddDate(2, 0, 0)}); got != (Sums{}) {
		t.Errorf("two years later: %+v", got)
	}
}

func TestStoppedTriesSendNobody(t *testing.T) {
	h := New()
	for range 3 {
		e := upload(noon, digests(0, 10))
		e.Stopped = true
		h.Add(e)
	}
	if got := h.Count(Query{Names: []string{"sato"}, Window: time.Hour, Now: noon}); got != (Sums{Stopped: 3}) {
		t.Errorf("%+v", got)
	}
	if !h.NewHost("sato", "www.dropbox.com", time.Hour, noon) {
		t.Error("a stopped try makes a host known")
	}
}

// Large counts are sketches; they stay within four standard errors, and small
// ones are exact.
func TestSketchesAreCloseEnough(t *testing.T) {
	for _, n := range []int{1, 100, exactPersons, exactPersons + 1, 20_000, 200_000} {
		h := New()
		for i := 0; i < n; i += 1000 {
			h.Add(upload(noon.Add(time.Duration(i)*time.Second), digests(i, min(1000, n-i))))
		}
		got := h.Count(Query{Names: []string{"sato"}, Window: 5 * 24 * time.Hour, Now: noon.Add(100 * time.Hour)}).People
		switch off := math.Abs(float64(got-n)) / float64(n); {
		case n <= exactPersons && got != n:
			t.Errorf("%d counted as %d", n, got)
		case off > 4*1.04/64:
			t.Errorf("%d counted as %d", n, got)
		}
	}
}

func TestHostsAndAccounts(t *testing.T) {
	h := New()
	if !h.NewHost("sato", "www.dropbox.com", 24*time.Hour, noon) {
		t.Error("it is known before anything was sent")
	}
	e := upload(noon, digests(0, 5))
	e.Content = 77
	h.Add(e)
	if !h.NewHost("sato", "www.dropbox.com", 24*time.Hour, noon.Add(time.Hour)) {
		t.Error("on its first day it is not new")
	}
	if h.NewHost("sato", "www.dropbox.com", 24*time.Hour, noon.Add(50*time.Hour)) {
		t.Error("it stays new")
	}
	for i, user := range []string{"sato", "ito", "kato"} {
		if got := h.Accounts(77, user); got != max(1, i+1) {
			t.Errorf("%s: %d accounts", user, got)
		}
		e.User = user
		h.Add(e)
	}
	if got := h.Accounts(78, "sato"); got != 1 {
		t.Errorf("%d accounts for something else", got)
	}
}

// Names that a client can make up do not fill the memory, and hide nobody.
func TestNamesAreBounded(t *testing.T) {
	h := New()
	h.Add(upload(noon, digests(0, 3)))
	for i := range maxNames + 1000 {
		e := upload(noon, nil)
		e.Groups, e.Host, e.User = nil, fmt.Sprint("host", i), "sato"
		h.Add(e)
	}
	if h.size > maxNames+10 || len(h.hosts) > maxNames {
		t.Fatalf("%d names, %d hosts", h.size, len(h.hosts))
	}
	late := upload(noon, digests(100, 5))
	late.User = "kato"
	h.Add(late)
	for user, want := range map[string]int{"sato": 3, "kato": 5, "nobody": 5} {
		if got := h.Count(Query{Names: []string{user}, Window: time.Hour, Now: noon}).People; got != want {
			t.Errorf("%s: %d people, want %d", user, got, want)
		}
	}
}

// A host that goes on being used stays known, however long ago it was first.
func TestKnownHostsStayKnown(t *testing.T) {
	h := New()
	for month := range 20 {
		h.Add(upload(noon.AddDate(0, month, 0), nil))
	}
	if h.NewHost("sato", "www.dropbox.com", 24*time.Hour, noon.AddDate(0, 20, 0)) {
		t.Error("it is new again")
	}
	h.Add(Entry{Time: noon.AddDate(3, 0, 0), User: "ito", Host: "other.example"})
	if !h.NewHost("sato", "www.dropbox.com", 24*time.Hour, noon.AddDate(3, 0, 0)) {
		t.Error("it is known after years")
	}
}

func TestSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	q := Query{Names: []string{"sato"}, Window: 90 * 24 * time.Hour, Now: now}
	h, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		h.Add(upload(now.Add(-time.Duration(i)*time.Minute), digests(i*10, 15)))
	}
	want := h.Count(q)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	// A crash leaves half a line; a month that is over is packed.
	present := filepath.Join(dir, now.UTC().Format("2006-01")+".jsonl")
	whole, err := os.ReadFile(present)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(present, append(whole, `{"t":17`...), 0o600); err != nil {
		t.Fatal(err)
	}
	past := filepath.Join(dir, now.UTC().AddDate(0, 0, -40).Format("2006-01")+".jsonl")
	if err := os.WriteFile(past, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	ancient := filepath.Join(dir, now.UTC().AddDate(-2, 0, 0).Format("2006-01")+".jsonl")
	if err := os.WriteFile(ancient, []byte("of no use any more"), 0o600); err != nil {
		t.Fatal(err)
	}
	if h, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	// The lines of the past month are those of this one: twice the uploads, the
	// same people.
	if got := h.Count(q); got.People != want.People || got.Uploads != 2*want.Uploads || got.Bytes != 2*want.Bytes {
		t.Fatalf("%+v, want twice %+v", got, want)
	}
	h.Add(upload(now, nil))
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{past, ancient} {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s is still there", filepath.Base(name))
		}
	}
	if _, err := os.Stat(past + ".gz"); err != nil {
		t.Error(err)
	}
	if h, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	if got := h.Count(q); got.Uploads != 41 || got.People != want.People {
		t.Errorf("after one more: %+v", got)
	}
	h.Close()
	if err := os.WriteFile(present, []byte("{]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil {
		t.Error("a damaged file is taken for a whole one")
	}
}

func BenchmarkCountYear(b *testing.B) {
	h := New()
	for day := range 365 {
		h.Add(upload(noon.AddDate(0, 0, day), digests(100*day, 200)))
	}
	q := Query{Names: []string{"sato"}, Window: 365 * 24 * time.Hour, Now: noon.AddDate(0, 0, 365), Plus: digests(0, 50)}
	for b.Loop() {
		h.Count(q)
	}
}

// A question about one kind is answered as one about all is.
func TestCountOfAKind(t *testing.T) {
	h, now := New(), time.Unix(1_800_000_000, 0)
	for i := range 5 {
		h.Add(Entry{Time: now, User: "anna", Host: "a.example", Classes: []string{"paste"}, Bytes: 10, Stopped: i == 4, Persons: []uint64{uint64(i), 7}})
	}
	q := Query{Scope: ByUser, Names: []string{"anna"}, Window: time.Hour, Now: now, Plus: []uint64{7, 8}}
	all := h.Count(q)
	if all != (Sums{People: 6, Uploads: 4, Bytes: 40, Stopped: 1}) {
		t.Fatalf("%+v", all)
	}
	for kind, get := range map[Kinds]func(Sums) int64{
		People: func(s Sums) int64 { return int64(s.People) }, Uploads: func(s Sums) int64 { return int64(s.Uploads) },
		Bytes: func(s Sums) int64 { return s.Bytes }, Stopped: func(s Sums) int64 { return int64(s.Stopped) },
	} {
		q.Of = kind
		if got := h.Count(q); get(got) != get(all) {
			t.Errorf("kind %d: %+v", kind, got)
		}
	}
}
