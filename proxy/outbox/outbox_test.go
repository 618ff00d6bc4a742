package outbox

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var key = bytes.Repeat([]byte("k"), 32)

func open(t *testing.T, dir string, max int64) *Store {
	t.Helper()
	s, err := Open(Config{Dir: dir, Key: key, Max: max})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t *testing.T, s *Store, id string) string {
	t.Helper()
	i, err := s.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	b, err := io.ReadAll(io.NewSectionReader(i, 0, i.Size()))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestItemsOutliveTheProcess(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 0)
	body := strings.Repeat("a message, longer than a package of the seal. ", 5000)
	one, two, three := NewID(), NewID(), NewID()
	for id, b := range map[string]string{one: body, two: "", three: "x"} {
		if err := s.Put(id, []byte("about "+id), strings.NewReader(b)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Update(one, []byte("changed")); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(three); err != nil {
		t.Fatal(err)
	}
	// As a crash may leave them: bytes without a word about them, a word without
	// bytes, and halves of files.
	for _, name := range []string{NewID() + bytesSuffix, NewID() + aboutSuffix, one + aboutSuffix + newSuffix} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, dir, 0)
	got := map[string]string{}
	if n := s.Each(func(id string, about []byte) { got[id] = string(about) }); n != 0 {
		t.Errorf("%d unreadable", n)
	}
	if len(got) != 2 || got[one] != "changed" || got[two] != "about "+two {
		t.Errorf("kept: %v", got)
	}
	if read(t, s, one) != body || read(t, s, two) != "" {
		t.Error("other bytes than those that were put")
	}
	if files, _ := os.ReadDir(dir); len(files) != 4 {
		t.Errorf("left over: %v", files)
	}
}

func TestNothingLiesInClear(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 0)
	if err := s.Put(NewID(), []byte("to somebody@outside.example"), strings.NewReader("a plain word")); err != nil {
		t.Fatal(err)
	}
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil || bytes.Contains(b, []byte("plain")) || bytes.Contains(b, []byte("outside")) {
			t.Errorf("%s: %v, in clear", f.Name(), err)
		}
	}
}

// What is changed, cut, exchanged or of another key is noticed, and stays.
func TestDamage(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, a, b string){
		"changed": func(t *testing.T, a, _ string) {
			raw, err := os.ReadFile(a)
			if err != nil {
				t.Fatal(err)
			}
			raw[len(raw)-1] ^= 1
			if err := os.WriteFile(a, raw, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"cut":       func(t *testing.T, a, _ string) { os.Truncate(a, 40) },
		"empty":     func(t *testing.T, a, _ string) { os.Truncate(a, 0) },
		"exchanged": func(t *testing.T, a, b string) { os.Rename(b, a) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir, 0)
			one, two := NewID(), NewID()
			for _, id := range []string{one, two} {
				if err := s.Put(id, []byte("about"), strings.NewReader("bytes")); err != nil {
					t.Fatal(err)
				}
			}
			spoil(t, s.path(one, aboutSuffix), s.path(two, aboutSuffix))
			s = open(t, dir, 0)
			if n := s.Each(func(id string, _ []byte) {
				if id == one {
					t.Error("read what is not its own")
				}
			}); n != 1 {
				t.Errorf("%d unreadable", n)
			}
			if _, err := os.Stat(s.path(one, bytesSuffix)); err != nil {
				t.Error("what could not be read is gone")
			}
		})
	}
	if _, err := Open(Config{Dir: t.TempDir(), Key: key[:8]}); err == nil {
		t.Error("a short key")
	}
}

func TestRoom(t *testing.T) {
	s := open(t, t.TempDir(), 1000)
	id := NewID()
	if err := s.Put(id, nil, strings.NewReader(strings.Repeat("x", 700))); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(NewID(), nil, strings.NewReader(strings.Repeat("x", 700))); !errors.Is(err, ErrFull) {
		t.Errorf("too much: %v", err)
	}
	if err := s.Remove(id); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(NewID(), nil, strings.NewReader(strings.Repeat("x", 700))); err != nil {
		t.Errorf("room was not given back: %v", err)
	}
	if err := s.Put("../../etc/x", nil, strings.NewReader("")); err == nil {
		t.Error("a name that leaves the folder")
	}
	if err := s.Update(id, nil); err == nil {
		t.Error("said something about what is gone")
	}
}
