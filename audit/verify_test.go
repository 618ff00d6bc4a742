package audit

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// smallLog makes a log of several segments and returns its files' content.
func smallLog(t *testing.T) (dir string, files map[string][]byte) {
	t.Helper()
	dir = t.TempDir()
	l := mustOpen(t, dir, Options{SegmentBytes: 500})
	for i := range 6 {
		if _, err := l.Append(t.Context(), Event{Kind: "decision", Incident: string(rune('a' + i)), Action: "block"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	mustVerify(t, dir, 6)
	files = map[string][]byte{}
	segs, err := segments(dir)
	if err != nil || len(segs) < 3 {
		t.Fatalf("%d segments, error %v", len(segs), err)
	}
	for _, s := range segs {
		files[s.name] = read(t, filepath.Join(dir, s.name))
	}
	files[headFile] = read(t, filepath.Join(dir, headFile))
	files[keyFile] = read(t, filepath.Join(dir, keyFile))
	return dir, files
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestEveryByte changes each byte of each file in turn, and cuts each file at
// each length: Verify notices every time.
func TestEveryByte(t *testing.T) {
	dir, files := smallLog(t)
	tried, step := 0, 1
	if raceEnabled {
		step = 13 // each takes ten times as long
	}
	for name, whole := range files {
		path := filepath.Join(dir, name)
		for i := 0; i < len(whole); i += step {
			b := slices.Clone(whole)
			if b[i] ^= 1; whole[i] >= 'A' {
				b[i] ^= 1 | 0x20 // the other case of a letter: the same to a careless reader
			}
			write(t, path, b)
			if res, err := Verify(dir, nil); err != nil || res.Bad == nil {
				t.Fatalf("%s: byte %d from %q to %q was not noticed (error %v)", name, i, whole[i], b[i], err)
			}
			write(t, path, whole[:i])
			if res, err := Verify(dir, nil); err != nil || res.Bad == nil {
				t.Fatalf("%s: cut at %d was not noticed (error %v)", name, i, err)
			}
			tried += 2
		}
		write(t, path, whole)
	}
	mustVerify(t, dir, 6)
	t.Logf("%d changes tried", tried)
}

func TestVerifyNamesTheFirstBadRecord(t *testing.T) {
	dir, files := smallLog(t)
	segs, _ := segments(dir)
	first, second, last := segs[0], segs[1], segs[len(segs)-1]
	lines := bytes.SplitAfter(files[first.name], []byte("\n"))
	lines = lines[:len(lines)-1]
	if len(lines) != 2 {
		t.Fatalf("first segment has %d lines", len(lines))
	}
	edit := func(s segment, b []byte) func() { return func() { write(t, filepath.Join(dir, s.name), b) } }
	for name, c := range map[string]struct {
		change func()
		want   Bad
	}{
		"changed":         {edit(first, bytes.Replace(files[first.name], []byte(`"b"`), []byte(`"z"`), 1)), Bad{Segment: first.name, Line: 2, Seq: 2}},
		"removed":         {edit(first, lines[1]), Bad{Segment: first.name, Line: 1, Seq: 1}},
		"swapped":         {edit(first, slices.Concat(lines[1], lines[0])), Bad{Segment: first.name, Line: 1, Seq: 1}},
		"twice":           {edit(first, slices.Concat(lines[0], lines[0], lines[1])), Bad{Segment: first.name, Line: 2, Seq: 2}},
		"blank line":      {edit(first, slices.Concat(lines[0], []byte("\n"), lines[1])), Bad{Segment: first.name, Line: 2, Seq: 2}},
		"last cut off":    {edit(last, nil), Bad{Segment: last.name, Line: 1, Seq: last.first}},
		"segment missing": {func() { os.Remove(filepath.Join(dir, second.name)) }, Bad{Segment: segs[2].name, Line: 1, Seq: second.first}},
		"tail missing": {func() { os.Remove(filepath.Join(dir, last.name)) },
			Bad{Segment: segs[len(segs)-2].name, Line: int(last.first-segs[len(segs)-2].first) + 1, Seq: last.first}},
		"head missing": {func() { os.Remove(filepath.Join(dir, headFile)) }, Bad{}},
		"key missing":  {func() { os.Remove(filepath.Join(dir, keyFile)) }, Bad{}},
	} {
		t.Run(name, func(t *testing.T) {
			c.change()
			defer func() {
				for name, b := range files {
					write(t, filepath.Join(dir, name), b)
				}
			}()
			res, err := Verify(dir, nil)
			if err != nil || res.Bad == nil {
				t.Fatalf("not noticed, error %v", err)
			}
			got := *res.Bad
			if got.What == "" || got.String() == "" {
				t.Error("does not say what is wrong")
			}
			got.What = ""
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestOpenRefusesADamagedEnd(t *testing.T) {
	dir, files := smallLog(t)
	segs, _ := segments(dir)
	last := segs[len(segs)-1].name
	damage := func(name string, b []byte) {
		t.Helper()
		whole := files[name]
		write(t, filepath.Join(dir, name), b)
		if l, err := Open(dir, Options{}); err == nil {
			l.Close()
			t.Errorf("%s with %d of %d bytes was opened", name, len(b), len(whole))
		}
		if got := read(t, filepath.Join(dir, name)); !bytes.Equal(got, b) {
			t.Errorf("%s: the evidence was changed", name)
		}
		write(t, filepath.Join(dir, name), whole)
	}
	for n := 0; n < len(files[last]); n += 5 { // acknowledged, so not to be cut off
		damage(last, files[last][:n])
	}
	damage(last, files[last][:len(files[last])-1])
	damage(last, bytes.Replace(files[last], []byte(`"block"`), []byte(`"allow"`), 1))
	damage(headFile, nil)
	damage(keyFile, bytes.Repeat([]byte{1}, 32))
	os.Remove(filepath.Join(dir, last))
	if l, err := Open(dir, Options{}); err == nil {
		l.Close()
		t.Error("a log without its last segment was opened")
	}
	write(t, filepath.Join(dir, last), files[last])
	os.Remove(filepath.Join(dir, headFile))
	if l, err := Open(dir, Options{}); err == nil {
		l.Close()
		t.Error("a log without its head was opened")
	}
}

// TestRecoversAnUnfinishedEnd appends what a power loss may leave: part of a
// line, zeros, a good line and then part of one.
func TestRecoversAnUnfinishedEnd(t *testing.T) {
	for name, tail := range map[string][]byte{
		"part of a line": []byte(`{"v":1,"seq":7,"salt":"00`),
		"zeros":          make([]byte, 5000),
		"garbage":        []byte("\n\n\x00{}\nxx"),
	} {
		t.Run(name, func(t *testing.T) {
			dir, files := smallLog(t)
			segs, _ := segments(dir)
			last := filepath.Join(dir, segs[len(segs)-1].name)
			write(t, last, slices.Concat(files[filepath.Base(last)], tail))
			l := mustOpen(t, dir, Options{})
			var gap string
			if err := Read(dir, Filter{Kind: "gap"}, func(r Record) error { gap = r.Event.Reason; return nil }); err != nil || gap == "" {
				t.Fatalf("no gap event, error %v", err)
			}
			side, err := filepath.Glob(filepath.Join(dir, "torn-*"))
			if err != nil || len(side) != 1 || !bytes.Equal(read(t, side[0]), tail) {
				t.Errorf("side files %v do not hold what was cut off", side)
			}
			mustAppend(t, l, 2)
			mustVerify(t, dir, 9)
		})
	}
}

// TestDamagedHeadSlot is a power loss while the head is written.
func TestDamagedHeadSlot(t *testing.T) {
	for slot := range 2 {
		dir, files := smallLog(t)
		b := slices.Clone(files[headFile])
		clear(b[slot*slotSize : slot*slotSize+100])
		write(t, filepath.Join(dir, headFile), b)
		if res, err := Verify(dir, nil); err != nil || res.Bad == nil {
			t.Errorf("slot %d: not noticed, error %v", slot, err)
		}
		mustOpen(t, dir, Options{})
		n := 0
		err := Read(dir, Filter{Kind: "gap"}, func(r Record) error {
			n++
			if !strings.Contains(r.Event.Reason, "head was damaged") {
				t.Errorf("gap says %q", r.Event.Reason)
			}
			return nil
		})
		if err != nil || n != 1 {
			t.Errorf("slot %d: %d gap events, error %v", slot, n, err)
		}
		mustVerify(t, dir, 7)
	}
}

// TestEmptyLastSegment is a kill between making a segment and writing to it.
func TestEmptyLastSegment(t *testing.T) {
	dir, _ := smallLog(t)
	write(t, filepath.Join(dir, segmentName(7)), nil)
	l := mustOpen(t, dir, Options{})
	if r := mustAppend(t, l, 1); r.Seq != 7 {
		t.Errorf("went on at %d", r.Seq)
	}
	mustVerify(t, dir, 7)
}

func TestVerifyNothing(t *testing.T) {
	if _, err := Verify(t.TempDir(), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("empty folder: %v, want not exist", err)
	}
	if _, err := Verify(filepath.Join(t.TempDir(), "none"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v, want not exist", err)
	}
	dir := t.TempDir()
	mustOpen(t, dir, Options{})
	mustVerify(t, dir, 0)
}

// TestHashes pins the format: the numbers were computed with other programs
// (see FORMAT.md).
func TestHashes(t *testing.T) {
	r := raw{seq: 1, event: []byte(`{"kind":"start","time":"2026-11-21T09:00:00Z"}`)}
	for i := range r.salt {
		r.salt[i] = byte(i)
	}
	if got := newHasher().record(&r).String(); got != "ca69cb9f296c49346d184400a0f18311b91fee369966d34ba1a439fc16f97769" {
		t.Errorf("hash of the sample record is %s", got)
	}
	r.hash = newHasher().record(&r)
	var back raw
	if err := parseLine(appendLine(nil, &r), &back); err != nil || back.hash != r.hash || back.seq != 1 {
		t.Errorf("read back %+v, error %v", back, err)
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add(appendLine(nil, &raw{seq: 12, event: []byte(`{"kind":"x"}`)}))
	f.Add([]byte(`{"v":1,"seq":0,`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var r raw
		if parseLine(line, &r) == nil && !bytes.Equal(appendLine(nil, &r), line) {
			t.Errorf("%q is a second way to write a record", line)
		}
	})
}
