package audit

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
)

var long = flag.Bool("long", false, "TestTamper works on 100,000 events instead of 2,000")

func testKey(t testing.TB, dir string) *checkpoint.Key {
	t.Helper()
	k, err := checkpoint.OpenLogKey(filepath.Join(dir, "keys", "audit"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// contents reads the files that are evidence.
func contents(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if e.Type().IsRegular() && e.Name() != "lock" {
			b, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			files[e.Name()] = b
		}
	}
	return files
}

// waitFor lets the goroutine that packs and deletes do its work.
func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for range 4000 {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

func packedCount(t testing.TB, dir string) (packed, plain int) {
	t.Helper()
	segs, err := segments(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range segs {
		if s.packed != nil {
			packed++
		} else {
			plain++
		}
	}
	return packed, plain
}

// richLog makes a log that has everything: packed segments, expired ones,
// checkpoints in several numbers, and what was written last.
func richLog(t testing.TB, events int, segment int64) (dir string, key *checkpoint.Key) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "audit")
	key = testKey(t, filepath.Dir(dir))
	o := Options{SegmentBytes: segment, Pack: true, Key: key, Checkpoint: 20 * time.Millisecond, Keep: 24 * time.Hour,
		Trouble: func(err error) { t.Error(err) }}
	l := mustOpen(t, dir, o)
	add := func(n int, at time.Time) {
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for i := w; i < n; i += 8 {
					ev := decision(i)
					ev.Time = at
					if _, err := l.Append(t.Context(), ev); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	old := time.Now().Add(-48 * time.Hour)
	add(events/4, old)
	time.Sleep(30 * time.Millisecond) // a checkpoint among them
	add(events-events/4, time.Now())
	waitFor(t, "packed and expired segments", func() bool {
		packed, plain := packedCount(t, dir)
		gone, err := readExpired(dir)
		return err == nil && plain == 1 && packed > 0 && gone.size > 0
	})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, key
}

func verifyWith(t testing.TB, dir string, key *checkpoint.Key) Result {
	t.Helper()
	res, err := Check{Keys: []note.Verifier{key.Verifier}}.Verify(dir)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestRichLog(t *testing.T) {
	dir, key := richLog(t, 400, 20_000)
	res := verifyWith(t, dir, key)
	if res.Bad != nil {
		t.Fatal(res.Bad)
	}
	if res.First <= 1 || res.Checkpoints < 2 || res.Checkpoint.Size != res.Last.Seq || res.Unsigned {
		t.Errorf("%+v", res)
	}
	var seqs []uint64
	expire := 0
	if err := Read(dir, Filter{}, func(r Record) error {
		seqs = append(seqs, r.Seq)
		if r.Event.Kind == KindExpire {
			expire++
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if uint64(len(seqs)) != res.Records || seqs[0] != res.First || expire == 0 {
		t.Errorf("read %d records from %d, %d expirations", len(seqs), seqs[0], expire)
	}
	for _, to := range []uint64{res.Last.Seq, res.Last.Seq - 7} {
		for _, from := range []uint64{0, 1, 50, res.First, to - 1, to} {
			p, err := ProveGrowth(dir, from, to)
			if err != nil {
				t.Fatal(err)
			}
			at := func(n uint64) checkpoint.Checkpoint {
				var f frontier
				if err := (&Log{dir: dir}).stored(func(r hashes) (err error) { f, err = readFrontier(r, n); return err }); err != nil {
					t.Fatal(err)
				}
				return checkpoint.Checkpoint{Origin: "x", Size: n, Root: f.root()}
			}
			if err := checkpoint.CheckGrowth(p, at(from), at(to)); err != nil {
				t.Errorf("%d to %d: %v", from, to, err)
			}
			if from > 0 && from < to {
				wrong := at(from)
				wrong.Root[3] ^= 1
				if err := checkpoint.CheckGrowth(p, wrong, at(to)); !errors.Is(err, checkpoint.ErrInconsistent) {
					t.Errorf("a fork is taken for growth: %v", err)
				}
			}
		}
	}
	// It goes on after a restart.
	l := mustOpen(t, dir, Options{Key: key, Pack: true, SegmentBytes: 20_000})
	mustAppend(t, l, 60)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	after := verifyWith(t, dir, key)
	if after.Bad != nil || after.Last.Seq != res.Last.Seq+60 {
		t.Errorf("%+v", after)
	}
}

// TestEveryByteOfEverything changes each byte of each file of a log that has
// packed, expired and signed parts, cuts each file at each length and removes it.
func TestEveryByteOfEverything(t *testing.T) {
	dir, key := richLog(t, 40, 8_000)
	files := contents(t, dir)
	tried := 0
	step := 7
	if raceEnabled {
		step = 97
	}
	for name, whole := range files {
		path := filepath.Join(dir, name)
		noticed := func(what string) {
			tried++
			if res := verifyWith(t, dir, key); res.Bad == nil {
				t.Errorf("%s: %s was not noticed", name, what)
			}
		}
		for i := rand.IntN(step); i < len(whole); i += step {
			b := slices.Clone(whole)
			if b[i] ^= 1; whole[i] >= 'A' && i%2 == 0 {
				b[i] ^= 1 | 0x20
			}
			write(t, path, b)
			noticed(fmt.Sprintf("byte %d from %q to %q", i, whole[i], b[i]))
			if i%4 == 0 {
				write(t, path, whole[:i])
				noticed(fmt.Sprintf("cut at %d", i))
			}
			if i%64 == 0 {
				write(t, path, slices.Concat(whole[:i], []byte{'0'}, whole[i:]))
				noticed(fmt.Sprintf("insertion at %d", i))
				write(t, path, slices.Concat(whole[:i], whole[i+1:]))
				noticed(fmt.Sprintf("removal at %d", i))
			}
		}
		write(t, path, append(slices.Clone(whole), '\n'))
		noticed("a byte more")
		os.Remove(path)
		noticed("removal")
		write(t, path, whole)
	}
	if res := verifyWith(t, dir, key); res.Bad != nil {
		t.Fatal(res.Bad)
	}
	t.Logf("%d changes of %d files tried, all noticed", tried, len(files))
}

// TestTamper samples changes over a large log; with -long 100,000 events.
func TestTamper(t *testing.T) {
	events, each := 2_000, 25
	if *long {
		events, each = 100_000, 120
	}
	if raceEnabled {
		each = 3
	}
	dir, key := richLog(t, events, int64(events)*100)
	if res := verifyWith(t, dir, key); res.Bad != nil {
		t.Fatal(res.Bad)
	}
	files := contents(t, dir)
	var names []string
	for name, b := range files {
		if len(b) > 1000 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	type change func(whole []byte) []byte
	lineAt := func(b []byte) (from, to int) {
		from = bytes.LastIndexByte(b[:rand.IntN(len(b))], '\n') + 1
		if to = bytes.IndexByte(b[from:], '\n'); to < 0 {
			return from, len(b)
		}
		return from, from + to + 1
	}
	kinds := map[string]change{
		"byte": func(b []byte) []byte {
			b = slices.Clone(b)
			b[rand.IntN(len(b))] ^= byte(1 + rand.IntN(255))
			return b
		},
		"line removed":  func(b []byte) []byte { from, to := lineAt(b); return slices.Concat(b[:from], b[to:]) },
		"line repeated": func(b []byte) []byte { from, to := lineAt(b); return slices.Concat(b[:to], b[from:to], b[to:]) },
		"lines swapped": func(b []byte) []byte {
			from, to := lineAt(b)
			if next := bytes.IndexByte(b[to:], '\n'); next >= 0 {
				return slices.Concat(b[:from], b[to:to+next+1], b[from:to], b[to+next+1:])
			}
			return b[:from]
		},
		"cut":             func(b []byte) []byte { return b[:rand.IntN(len(b))] },
		"byte inserted":   func(b []byte) []byte { i := rand.IntN(len(b)); return slices.Concat(b[:i], []byte("7"), b[i:]) },
		"bytes put aside": func(b []byte) []byte { i := rand.IntN(len(b)); return slices.Concat(b[i:], b[:i]) },
	}
	total, missed := 0, 0
	for kind, do := range kinds {
		n := 0
		for range each {
			name := names[rand.IntN(len(names))]
			whole := files[name]
			changed := do(whole)
			if bytes.Equal(changed, whole) {
				continue
			}
			write(t, filepath.Join(dir, name), changed)
			if res := verifyWith(t, dir, key); res.Bad == nil {
				missed++
				t.Errorf("%s in %s was not noticed", kind, name)
			} else if strings.HasSuffix(name, segmentSuffix) && res.Bad.Segment == "" {
				t.Errorf("%s in %s: does not say where: %v", kind, name, res.Bad)
			}
			write(t, filepath.Join(dir, name), whole)
			n++
		}
		t.Logf("%-16s %4d tried", kind, n)
		total += n
	}
	// Every file but head, key and lock removed in turn.
	for name, whole := range files {
		os.Remove(filepath.Join(dir, name))
		if res := verifyWith(t, dir, key); res.Bad == nil {
			missed++
			t.Errorf("%s removed: not noticed", name)
		}
		write(t, filepath.Join(dir, name), whole)
		total++
	}
	t.Logf("%d events, %d files, %d changes tried, %d missed", events, len(files), total, missed)
}

// TestRewrittenWithTheNodesOwnKeys is what root on the box can do: make a log
// anew, with the same keys. Only a checkpoint that others hold tells.
func TestRewrittenWithTheNodesOwnKeys(t *testing.T) {
	top := t.TempDir()
	key := testKey(t, top)
	run := func(dir, user string) *Signed {
		l := mustOpen(t, dir, Options{Key: key})
		for i := range 50 {
			ev := decision(i)
			if i == 20 {
				ev.User = user
			}
			if _, err := l.Append(t.Context(), ev); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return l.Checkpoint()
	}
	held := run(filepath.Join(top, "true"), "insider")
	forged := filepath.Join(top, "forged")
	run(forged, "nobody")
	if res := verifyWith(t, forged, key); res.Bad != nil {
		t.Fatalf("by itself the forgery is whole: %v", res.Bad)
	}
	for dir, bad := range map[string]bool{"true": false, "forged": true} {
		res, err := Check{Keys: []note.Verifier{key.Verifier}, Outside: []checkpoint.Checkpoint{held.Checkpoint}}.Verify(filepath.Join(top, dir))
		if err != nil || (res.Bad != nil) != bad {
			t.Errorf("%s: %v %v", dir, res.Bad, err)
		}
	}
	// One cut back to before the checkpoint.
	short := filepath.Join(top, "short")
	l := mustOpen(t, short, Options{Key: key})
	mustAppend(t, l, 3)
	l.Close()
	res, err := Check{Outside: []checkpoint.Checkpoint{held.Checkpoint}}.Verify(short)
	if err != nil || res.Bad == nil || res.Bad.Seq != 4 {
		t.Errorf("short: %v %v", res.Bad, err)
	}
}

// TestAppendedFromOutside: a record that fits, but that no node acknowledged.
func TestAppendedFromOutside(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, dir, Options{})
	last := mustAppend(t, l, 3)
	l.Close()
	r := raw{seq: 4, prev: last.Hash, event: []byte(`{"kind":"decision","time":"2026-11-21T09:00:00Z"}`)}
	r.hash = newHasher().record(&r)
	segs, _ := segments(dir)
	name := filepath.Join(dir, segs[0].name)
	write(t, name, appendLine(read(t, name), &r))
	res, err := Verify(dir, nil)
	if err != nil || res.Bad == nil || !res.Bad.Pending || res.Bad.Seq != 4 || res.Bad.Line != 4 {
		t.Fatalf("%+v %v", res.Bad, err)
	}
	mustOpen(t, dir, Options{})
	n := 0
	if err := Read(dir, Filter{Kind: "gap"}, func(r Record) error {
		n++
		if !strings.Contains(r.Event.Reason, "4 to 4") {
			t.Errorf("gap says %q", r.Event.Reason)
		}
		return nil
	}); err != nil || n != 1 {
		t.Errorf("%d gap events, %v", n, err)
	}
}
