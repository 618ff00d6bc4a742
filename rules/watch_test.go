package rules

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// watched starts a Watcher on path and gives the outcomes of its loads.
func watched(t *testing.T, path string) (*Watcher, <-chan Status) {
	t.Helper()
	told := make(chan Status, 100)
	w, err := Watch([]string{path}, checked, func(s Status) { told <- s })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	<-told // the first load
	return w, told
}

func next(t *testing.T, told <-chan Status) Status {
	t.Helper()
	select {
	case s := <-told:
		return s
	case <-time.After(10 * time.Second):
		t.Fatal("the change was not noticed")
		return Status{}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

const (
	ruleA   = "[[rule]]\nid='a'\naction='log'\n"
	ruleB   = "[[rule]]\nid='b'\naction='log'\n"
	noRule  = "[[rule]]\nid='b'\naction='nothing'\n"
	inForce = "the set in force is %q, want %q"
)

func only(s *Set) string { return s.List()[0].ID }

func TestWatcherFollowsAndKeepsTheLastGoodSet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "a.toml")
	write(t, file, ruleA)
	w, told := watched(t, dir)
	first := w.Set()
	if only(first) != "a" || w.Status().Digest != first.Digest() || w.Status().LoadedAt.IsZero() {
		t.Fatalf("status %+v", w.Status())
	}

	write(t, file, noRule)
	if s := next(t, told); s.Err == nil || !strings.Contains(s.Err.Error(), "a.toml:3:8") || s.ErrAt.IsZero() || s.Digest != first.Digest() {
		t.Errorf("after a fault: %+v", s)
	}
	if w.Set() != first {
		t.Error("a faulty set came into force")
	}

	// Editors write a new file and put it in the old one's place.
	write(t, file+".new", ruleB)
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
	if s := next(t, told); s.Err != nil || only(w.Set()) != "b" {
		t.Errorf("after the fault was mended: %+v, "+inForce, s, only(w.Set()), "b")
	}

	write(t, filepath.Join(dir, "notes.txt"), "nothing to do with rules")
	write(t, filepath.Join(filepath.Dir(dir), "sekimori.toml"), "nor has a neighbour of the folder")
	select {
	case s := <-told:
		t.Errorf("loaded again for no reason: %+v", s)
	case <-time.After(3 * settle):
	}
}

// TestWatcherFollowsConfigMap does what the kubelet does: files are links into
// ..data, which is a link to a folder, and an update puts another in its place.
func TestWatcherFollowsConfigMap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	publish := func(version, text string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(dir, version), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, version, "rules.toml"), text)
		if err := os.Symlink(version, filepath.Join(dir, "..data_tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	publish("..2026_01", ruleA)
	if err := os.Symlink(filepath.Join("..data", "rules.toml"), filepath.Join(dir, "rules.toml")); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"folder": dir, "file": filepath.Join(dir, "rules.toml")} {
		w, told := watched(t, path)
		was := only(w.Set())
		want := map[string]string{"a": "b", "b": "a"}[was]
		publish("..2026_"+name, map[string]string{"a": ruleA, "b": ruleB}[want])
		if s := next(t, told); s.Err != nil || only(w.Set()) != want {
			t.Errorf("%s: %+v, "+inForce, name, s, only(w.Set()), want)
		}
	}
}

func TestWatcherFollowsFilesThatRulesName(t *testing.T) {
	t.Parallel()
	dir, words := t.TempDir(), filepath.Join(t.TempDir(), "words.txt")
	write(t, words, "alpha\n")
	write(t, filepath.Join(dir, "a.toml"), ruleA+"what={keywords='k'}\n[[keywords]]\nid='k'\nfile='"+words+"'\n")
	w, told := watched(t, dir)
	before := w.Set().Digest()
	write(t, words, "alpha\nbeta\n")
	if s := next(t, told); s.Err != nil || s.Digest == before {
		t.Errorf("after the word list changed: %+v", s)
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "a.toml")
	write(t, file, ruleA)
	w, _ := watched(t, file)
	write(t, file, ruleB)
	if err := w.Reload(context.Background()); err != nil || only(w.Set()) != "b" {
		t.Errorf("reload: %v, "+inForce, err, only(w.Set()), "b")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := w.Reload(context.Background()); err == nil || only(w.Set()) != "b" || w.Status().Err == nil {
		t.Errorf("reload of nothing: %v, "+inForce, err, only(w.Set()), "b")
	}
	if _, err := Watch([]string{file}, checked, nil); err == nil {
		t.Error("watching began without a good set")
	}
}
