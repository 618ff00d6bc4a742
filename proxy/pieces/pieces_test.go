package pieces

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var testKey = bytes.Repeat([]byte{7}, 32)

func open(t *testing.T, c Config) *Store {
	t.Helper()
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	c.Key = testKey
	s, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func add(t *testing.T, s *Store, session string, at Place, text string) *Held {
	t.Helper()
	h, err := s.Add(session, at, strings.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// joined reads a whole, and tells what is wrong with it.
func joined(t *testing.T, s *Store, session string, order ...string) string {
	t.Helper()
	w := s.Join(session, order)
	defer w.Close()
	b, err := io.ReadAll(w.Reader())
	if err != nil || int64(len(b)) != w.Size() {
		t.Fatalf("%d bytes of %d: %v", len(b), w.Size(), err)
	}
	out := string(b)
	if w.Missing {
		out += " missing"
	}
	if w.Lost {
		out += " lost"
	}
	return out
}

func TestJoin(t *testing.T) {
	at := func(off, total int64) Place { return Place{Offset: off, Total: total} }
	id := func(id string) Place { return Place{ID: id, Total: -1} }
	type step struct {
		Place
		text string
	}
	for name, c := range map[string]struct {
		steps []step
		order []string
		want  string
	}{
		"in order":           {[]step{{at(0, 6), "ab"}, {at(2, 6), "cd"}, {at(4, 6), "ef"}}, nil, "abcdef"},
		"out of order":       {[]step{{at(4, -1), "ef"}, {at(0, -1), "ab"}, {at(2, 6), "cd"}}, nil, "abcdef"},
		"a piece again":      {[]step{{at(0, 4), "xx"}, {at(2, 4), "cd"}, {at(0, 4), "ab"}}, nil, "abcd"},
		"overlapping":        {[]step{{at(0, 6), "abcd"}, {at(2, 6), "cdef"}}, nil, "abcdef"},
		"a gap":              {[]step{{at(0, 6), "ab"}, {at(4, 6), "ef"}}, nil, "abef missing"},
		"the end is missing": {[]step{{at(0, 6), "ab"}}, nil, "ab missing"},
		"unknown size":       {[]step{{at(0, -1), "ab"}, {at(2, -1), "cd"}}, nil, "abcd"},
		"by number":          {[]step{{id("00002"), "cd"}, {id("00001"), "ab"}}, nil, "abcd"},
		"by list":            {[]step{{id("b"), "cd"}, {id("a"), "ab"}, {id("c"), "no"}}, []string{"b", "a"}, "cdab"},
		"by list, not all":   {[]step{{id("a"), "ab"}}, []string{"a", "z"}, "ab missing"},
		"number again":       {[]step{{id("1"), "xx"}, {id("1"), "ab"}}, []string{"1"}, "ab"},
		"remote":             {[]step{{id("1"), "ab"}, {Place{ID: "2", Remote: true, Total: -1}, ""}}, []string{"1", "2"}, "ab"},
		"size told first":    {[]step{{at(0, 6), ""}, {at(0, -1), "ab"}}, nil, "ab missing"},
		"nothing":            {nil, nil, " missing"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, Config{Dir: dir})
			for _, st := range c.steps {
				add(t, s, "x", st.Place, st.text)
			}
			if got := joined(t, s, "x", c.order...); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if got := joined(t, open(t, Config{Dir: dir}), "x", c.order...); got != c.want {
				t.Errorf("after a restart: got %q, want %q", got, c.want)
			}
			if got := joined(t, s, "y"); got != " missing" {
				t.Errorf("another upload: %q", got)
			}
			s.Drop("x")
			if st := s.Stats(); st != (Stats{}) {
				t.Errorf("left: %+v", st)
			}
		})
	}
}

func TestComplete(t *testing.T) {
	s := open(t, Config{})
	if add(t, s, "x", Place{Offset: 3, Total: 6}, "def").Complete() {
		t.Error("complete without its start")
	}
	h := add(t, s, "x", Place{Total: -1}, "abc")
	if !h.Complete() {
		t.Error("not complete")
	}
	h.Withdraw()
	if got := joined(t, s, "x"); got != "def missing" {
		t.Errorf("after withdrawal: %q", got)
	}
	if add(t, s, "y", Place{Total: -1}, "abc").Complete() || add(t, s, "z", Place{ID: "1", Total: 3}, "abc").Complete() {
		t.Error("complete though nobody knows its size")
	}
}

func TestAround(t *testing.T) {
	s := open(t, Config{})
	add(t, s, "x", Place{Offset: 0, Total: 9}, "abc")
	mid := add(t, s, "x", Place{Offset: 3, Total: 9}, "def")
	add(t, s, "x", Place{Offset: 6, Total: 9}, "ghi")
	if b, a := mid.Around(2); string(b) != "bc" || string(a) != "gh" {
		t.Errorf("%q and %q", b, a)
	}
	far := add(t, s, "x", Place{Offset: 20, Total: 30}, "xyz")
	if b, a := far.Around(2); len(b) != 0 || len(a) != 0 {
		t.Errorf("across a gap: %q and %q", b, a)
	}
}

func TestRandomPieces(t *testing.T) {
	want := make([]byte, 700<<10)
	rng := rand.NewChaCha8([32]byte{3})
	rng.Read(want)
	dir := t.TempDir()
	s := open(t, Config{Dir: dir})
	var cuts []int64
	for at := 0; at < len(want); at += 1 + rand.IntN(150<<10) {
		cuts = append(cuts, int64(at))
	}
	cuts = append(cuts, int64(len(want)))
	var wg sync.WaitGroup
	complete := make(chan bool, len(cuts))
	for _, i := range rand.Perm(len(cuts) - 1) {
		wg.Go(func() {
			b := want[cuts[i]:cuts[i+1]]
			h, err := s.Add("x", Place{Offset: cuts[i], Total: int64(len(want))}, bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Error(err)
				return
			}
			complete <- h.Complete()
		})
	}
	wg.Wait()
	close(complete)
	some := false
	for c := range complete {
		some = some || c
	}
	if !some {
		t.Error("none of the pieces completed the upload")
	}
	for _, s := range []*Store{s, open(t, Config{Dir: dir})} {
		w := s.Join("x", nil)
		got, err := io.ReadAll(w.Reader())
		if err != nil || !bytes.Equal(got, want) || w.Missing {
			t.Errorf("the whole differs: %d bytes, %v", len(got), err)
		}
		for range 50 {
			off := rand.IntN(len(want))
			p := make([]byte, rand.IntN(min(100_000, len(want)-off)+1))
			if n, err := w.ReadAt(p, int64(off)); err != nil && err != io.EOF || n != len(p) || !bytes.Equal(p, want[off:off+n]) {
				t.Fatalf("ReadAt(%d, %d): %d, %v", len(p), off, n, err)
			}
		}
		w.Close()
	}
	if a, b := s.Join("x", nil).Digest(), open(t, Config{Dir: dir}).Join("x", nil).Digest(); a != b {
		t.Error("the digest is another one after a restart")
	}
}

func TestBounds(t *testing.T) {
	for name, c := range map[string]Config{
		"bytes of one": {Upload: 5},
		"bytes of all": {Total: 5},
		"pieces":       {Pieces: 1},
	} {
		t.Run(name, func(t *testing.T) {
			c.Dir = t.TempDir()
			s := open(t, c)
			add(t, s, "x", Place{ID: "1", Total: -1}, "abc")
			if _, err := s.Add("x", Place{ID: "2", Total: -1}, strings.NewReader("def"), 3); !errors.Is(err, ErrFull) {
				t.Errorf("got %v", err)
			}
			if got := joined(t, s, "x"); got != "abc lost" {
				t.Errorf("%q", got)
			}
			if got := joined(t, open(t, c), "x"); got != "abc lost" {
				t.Errorf("after a restart: %q", got)
			}
		})
	}
	s := open(t, Config{Count: 1})
	add(t, s, "x", Place{}, "a")
	if _, err := s.Add("y", Place{}, strings.NewReader("a"), 1); !errors.Is(err, ErrFull) {
		t.Errorf("a second upload: %v", err)
	}
	if _, err := s.Add("x", Place{Offset: 1}, strings.NewReader("a"), 2); err == nil {
		t.Error("a short piece was taken")
	}
	for name, c := range map[string]Config{"folder": {Key: testKey}, "key": {Dir: t.TempDir()}, "negative": {Dir: t.TempDir(), Key: testKey, Total: -1}} {
		if _, err := Open(c); err == nil {
			t.Errorf("opened without a good %s", name)
		}
	}
}

func TestExpiry(t *testing.T) {
	s := open(t, Config{Keep: time.Hour})
	now := time.Now()
	s.now = func() time.Time { return now }
	add(t, s, "old", Place{}, "abc")
	now = now.Add(50 * time.Minute)
	add(t, s, "new", Place{}, "abc")
	now = now.Add(20 * time.Minute)
	add(t, s, "new", Place{Offset: 3}, "def")
	if got := joined(t, s, "old"); got != " missing" {
		t.Errorf("expired, yet %q", got)
	}
	if got := joined(t, s, "new"); got != "abcdef" {
		t.Errorf("%q", got)
	}
	if dirs, _ := os.ReadDir(s.c.Dir); len(dirs) != 1 {
		t.Errorf("%d folders", len(dirs))
	}
}

func TestRename(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir})
	add(t, s, "opening", Place{Total: -1}, "abc")
	if err := s.Rename("opening", "named"); err != nil {
		t.Fatal(err)
	}
	add(t, s, "named", Place{Offset: 3, Total: 6}, "def")
	if got := joined(t, s, "named"); got != "abcdef" {
		t.Errorf("%q", got)
	}
	if got := joined(t, open(t, Config{Dir: dir}), "named"); got != "abcdef" {
		t.Errorf("after a restart: %q", got)
	}
	if s.Rename("opening", "other") == nil {
		t.Error("renamed what is not there")
	}
}

// TestOnDisk: nothing is in clear there, and what was changed is noticed.
func TestOnDisk(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir})
	secret := strings.Repeat("山田太郎 090-0000-0000\n", 5000)
	add(t, s, "https://up.example/secret", Place{ID: "name-of-a-piece", Total: -1}, secret)
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*"+suffix))
	if len(files) != 1 {
		t.Fatal(files)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, clear := range []string{"山田", "090-", "name-of"} {
		if bytes.Contains(raw, []byte(clear)) {
			t.Error("clear text on disk")
		}
	}
	for _, at := range []int{40, len(raw) / 2, len(raw) - 1} {
		bad := bytes.Clone(raw)
		bad[at] ^= 1
		if err := os.MkdirAll(filepath.Dir(files[0]), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(files[0], bad, 0o600); err != nil {
			t.Fatal(err)
		}
		w := open(t, Config{Dir: dir}).Join("https://up.example/secret", nil)
		if b, err := io.ReadAll(w.Reader()); err == nil && !w.Missing {
			t.Errorf("byte %d changed: %d bytes read without an error", at, len(b))
		}
		w.Close()
	}
	if err := os.WriteFile(files[0], raw[:len(raw)-70000], 0o600); err != nil {
		t.Fatal(err)
	}
	w := open(t, Config{Dir: dir}).Join("https://up.example/secret", nil)
	if _, err := io.ReadAll(w.Reader()); err == nil && !w.Missing {
		t.Error("a cut file was read without an error")
	}
	w.Close()
}

func BenchmarkJoin(b *testing.B) {
	s, err := Open(Config{Dir: b.TempDir(), Key: testKey})
	if err != nil {
		b.Fatal(err)
	}
	block := make([]byte, 8<<20)
	for i := range 4 {
		if _, err := s.Add("x", Place{ID: fmt.Sprint(i), Total: -1}, bytes.NewReader(block), int64(len(block))); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(32 << 20)
	for b.Loop() {
		w := s.Join("x", nil)
		if _, err := io.Copy(io.Discard, struct{ io.Reader }{w.Reader()}); err != nil {
			b.Fatal(err)
		}
		w.Close()
	}
}

// Nobody's uploads leave no room for those of others, over a restart neither.
func TestSharesOfSenders(t *testing.T) {
	dir := t.TempDir()
	c := Config{Dir: dir, Upload: 8, Total: 100, PerSender: 10, Count: 8, OfSender: 3}
	s := open(t, c)
	of := func(sender string) Place { return Place{Total: -1, Sender: sender} }
	try := func(s *Store, session, sender, text string) error {
		_, err := s.Add(session, of(sender), strings.NewReader(text), int64(len(text)))
		return err
	}
	add(t, s, "a1", of("anna"), "12345678")
	if err := try(s, "a2", "anna", "123"); !errors.Is(err, ErrShare) || !errors.Is(err, ErrFull) {
		t.Errorf("more bytes than one may have: %v", err)
	}
	if got := joined(t, s, "a2"); got != " lost" {
		t.Errorf("what did not fit is joined to %q", got)
	}
	add(t, s, "a3", of("anna"), "1")
	s = open(t, c)
	if err := try(s, "a4", "anna", ""); !errors.Is(err, ErrShare) {
		t.Errorf("more uploads than one may have: %v", err)
	}
	add(t, s, "b1", of("ben"), "12345678")
	add(t, s, "n1", of(""), "12345678")
	add(t, s, "n2", of(""), "12345678")
	s.Drop("a1")
	if err := try(s, "a4", "anna", "1234"); err != nil {
		t.Errorf("after another one was done: %v", err)
	}
	if err := try(s, "a4", "ben", "123"); err != nil { // whoever goes on with it, it is anna's
		t.Errorf("sent on by somebody else: %v", err)
	}
	if st := s.Stats(); st.Bytes != 3*8+1+4+3 {
		t.Errorf("%+v", st)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, f := range files {
		if b, _ := os.ReadFile(f); bytes.Contains(b, []byte("anna")) {
			t.Error("a file tells whose it is")
		}
	}
}
