package audit

import (
	"bytes"
	"context"
	"testing"
)

func TestReplay(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(dir, Options{SegmentBytes: 2000})
	if err != nil {
		t.Fatal(err)
	}
	for range 40 {
		if _, err := l.Append(context.Background(), Event{Kind: "decision", User: "mori"}); err != nil {
			t.Fatal(err)
		}
	}
	f := Follow(dir, 1)
	defer f.Close()
	var lines [][]byte
	for {
		seq, line, ok, err := f.NextLine(40)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		if lines = append(lines, bytes.Clone(line)); seq != uint64(len(lines)) {
			t.Fatalf("record %d where %d belongs", seq, len(lines))
		}
	}
	if err := l.Close(); err != nil { // the tree is whole
		t.Fatal(err)
	}
	from := func(base Base) *Replay {
		t.Helper()
		r, err := NewReplay(base)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	all := from(Base{})
	var middle Base
	for i, line := range lines {
		if _, err := all.Add(line); err != nil {
			t.Fatal(err)
		}
		if i == 24 {
			middle = all.Base()
		}
	}
	stored, err := BaseAt(dir, 25, middle.Hash)
	if err != nil {
		t.Fatal(err)
	}
	part := from(stored)
	for _, line := range lines[25:] {
		if _, err := part.Add(line); err != nil {
			t.Fatal(err)
		}
	}
	if all.Root() != l.tree.root() || part.Root() != all.Root() || part.Last() != all.Last() || all.Last().Seq != 40 {
		t.Error("the roots differ")
	}
	if prev, err := PrevHash(lines[25]); err != nil || prev != middle.Hash {
		t.Errorf("%v %v", prev, err)
	}
	changed := bytes.Replace(lines[0], []byte("mori"), []byte("moru"), 1)
	for name, add := range map[string]func() error{
		"a changed record":  func() error { _, err := from(Base{}).Add(changed); return err },
		"one left out":      func() error { _, err := from(Base{}).Add(lines[1]); return err },
		"one twice":         func() error { _, err := part.Add(lines[39]); return err },
		"nothing":           func() error { _, err := part.Add(nil); return err },
		"a tree of no size": func() error { _, err := NewReplay(Base{Size: 3}); return err },
	} {
		if add() == nil {
			t.Errorf("%s passes", name)
		}
	}
}
