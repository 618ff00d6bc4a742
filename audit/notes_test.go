package audit

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
)

// TestHeartbeats: checkpoints come while nothing is written, and not more often
// than they have to.
func TestHeartbeats(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	key := testKey(t, filepath.Dir(dir))
	l := mustOpen(t, dir, Options{Key: key, Checkpoint: 5 * time.Millisecond, Heartbeat: 3 * time.Second})
	mustAppend(t, l, 3)
	waitFor(t, "a first checkpoint", func() bool { return l.Checkpoint() != nil && l.Checkpoint().Size == 3 })
	number := l.Checkpoint().Number
	time.Sleep(200 * time.Millisecond)
	if n := l.Checkpoint().Number; n != number {
		t.Errorf("%d checkpoints over nothing new in 200 ms", n-number)
	}
	waitFor(t, "a heartbeat", func() bool { return l.Checkpoint().Number > number })
	if c := l.Checkpoint(); c.Size != 3 {
		t.Errorf("the heartbeat is over %d records", c.Size)
	}
	last := mustAppend(t, l, 2)
	if err := l.CheckpointNow(t.Context()); err != nil || l.Checkpoint().Size != last.Seq {
		t.Errorf("at once: over %d records, %v", l.Checkpoint().Size, err)
	}
	if got, _, err := checkpoint.Open(l.Checkpoint().Note, key.Verifier); err != nil || got != l.Checkpoint().Checkpoint {
		t.Errorf("%+v %v", got, err)
	}
}

// TestSilenceIsTold makes checkpoints with times of our own, by the node's key.
func TestSilenceIsTold(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	key := testKey(t, filepath.Dir(dir))
	l := mustOpen(t, dir, Options{Key: key})
	mustAppend(t, l, 2)
	if _, err := l.Append(t.Context(), Event{Kind: "stop"}); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, l, 2)
	l.Close()
	last := l.Checkpoint().Checkpoint
	roots := map[uint64]checkpoint.Checkpoint{5: last}
	for _, n := range []uint64{2} {
		err := l.stored(func(r hashes) error {
			f, err := readFrontier(r, n)
			c := last
			c.Size, c.Root = n, f.root()
			roots[n] = c
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	var all []byte
	for i, c := range []struct {
		size  uint64
		after time.Duration
	}{{2, 0}, {2, time.Minute}, {2, time.Hour}, {5, time.Minute + 20*time.Second}, {5, 24 * time.Hour}, {5, -time.Minute}} {
		at = at.Add(c.after)
		n := roots[c.size]
		n.Number, n.Time = uint64(i+1), at
		b, err := n.Sign(key)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	files, err := noteFiles(dir)
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	write(t, filepath.Join(dir, files[0].name), all)
	res := verifyWith(t, dir, key)
	if res.Bad != nil || res.Checkpoints != 6 {
		t.Fatalf("%+v", res)
	}
	var got []string
	for _, s := range res.Silences {
		got = append(got, s.To.Sub(s.From).String()+map[bool]string{true: " stopped"}[s.Stopped])
	}
	if strings.Join(got, ", ") != "1h0m0s, 24h0m0s, -1m0s" {
		t.Errorf("silences: %s", got)
	}

	// The stop stands between the records of two checkpoints far apart.
	all = all[:0]
	for i, size := range []uint64{2, 5} {
		n := roots[size]
		n.Number, n.Time = uint64(i+1), at.Add(time.Duration(i)*time.Hour)
		b, err := n.Sign(key)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	write(t, filepath.Join(dir, files[0].name), all)
	if res := verifyWith(t, dir, key); res.Bad != nil || len(res.Silences) != 1 || !res.Silences[0].Stopped || res.Silences[0].Record != 2 {
		t.Errorf("%+v", res)
	}
}

// TestCheckpointsOfAnotherKey: neither verified nor gone on with.
func TestCheckpointsOfAnotherKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	key, other := testKey(t, filepath.Dir(dir)), testKey(t, t.TempDir())
	l := mustOpen(t, dir, Options{Key: key})
	mustAppend(t, l, 2)
	l.Close()
	if res := verifyWith(t, dir, other); res.Bad == nil || !strings.HasPrefix(res.Bad.Segment, notesPrefix) {
		t.Errorf("%v", res.Bad)
	}
	if _, err := Open(dir, Options{Key: other}); err == nil || !strings.Contains(err.Error(), "not of this node's key") {
		t.Errorf("opened with another key: %v", err)
	}
	if res, err := Verify(dir, nil); err != nil || res.Bad != nil || !res.Unsigned {
		t.Errorf("without a key: %+v %v", res, err)
	}
}

// TestOpenRefusesWhatTheCheckpointIsNotOf: the records were changed with the
// head's key while the program stood still.
func TestOpenRefusesWhatTheCheckpointIsNotOf(t *testing.T) {
	top := t.TempDir()
	key := testKey(t, top)
	for _, dir := range []string{"a", "b"} {
		l := mustOpen(t, filepath.Join(top, dir), Options{Key: key})
		mustAppend(t, l, 5)
		l.Close()
	}
	files, _ := noteFiles(filepath.Join(top, "a"))
	write(t, filepath.Join(top, "b", files[0].name), read(t, filepath.Join(top, "a", files[0].name)))
	if l, err := Open(filepath.Join(top, "b"), Options{Key: key}); err == nil || !strings.Contains(err.Error(), "checkpoint") {
		if err == nil {
			l.Close()
		}
		t.Errorf("opened: %v", err)
	}
}

// TestTreeIsMadeAnew when it is lost or damaged.
func TestTreeIsMadeAnew(t *testing.T) {
	dir, key := richLog(t, 200, 8_000)
	name := filepath.Join(dir, treeFile)
	whole := read(t, name)
	gone, err := readExpired(dir)
	if err != nil {
		t.Fatal(err)
	}
	for what, b := range map[string][]byte{"lost": nil, "cut": whole[:len(whole)/2], "damaged": bytes.Repeat([]byte{1}, len(whole))} {
		if b == nil {
			os.Remove(name)
		} else {
			write(t, name, b)
		}
		l := mustOpen(t, dir, Options{Key: key})
		r := mustAppend(t, l, 1)
		l.Close()
		for _, from := range []uint64{gone.size, gone.size + 5} {
			p, err := ProveGrowth(dir, from, r.Seq)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			var old frontier
			if err := l.stored(func(h hashes) (err error) { old, err = readFrontier(h, from); return err }); err != nil {
				t.Fatal(err)
			}
			c := checkpoint.Checkpoint{Origin: key.Name(), Size: from, Root: old.root()}
			if err := checkpoint.CheckGrowth(p, c, l.Checkpoint().Checkpoint); err != nil {
				t.Errorf("%s: growth from %d: %v", what, from, err)
			}
		}
	}
}

func TestInbox(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	for _, who := range []string{"first", "second"} {
		if err := Leave(dir, Event{Kind: "ca", Details: map[string]string{"author": who}}); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(Inbox(dir), "x"+inboxSuffix), []byte(`{"kind":"expire"}`))
	if err := Leave(dir, Event{}); err == nil {
		t.Error("an event without a kind was taken")
	}
	l := mustOpen(t, dir, Options{})
	if !InUse(dir) || InUse(t.TempDir()) {
		t.Error("it is not told whether the log is in use")
	}
	if err := l.takeIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := Read(dir, Filter{}, func(r Record) error {
		got = append(got, r.Event.Kind+" "+r.Event.Details["author"])
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if strings.Join(got, ", ") != "ca first, ca second, gap " {
		t.Errorf("recorded: %q", got)
	}
	if left, _ := os.ReadDir(Inbox(dir)); len(left) != 0 {
		t.Errorf("%d files are left", len(left))
	}
}

func TestDailySegments(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, dir, Options{Daily: true})
	mustAppend(t, l, 2)
	l.Close()
	l = mustOpen(t, dir, Options{Daily: true})
	l.segDay-- // as if it were the next day
	mustAppend(t, l, 2)
	l.Close()
	segs, err := segments(dir)
	if err != nil || len(segs) != 2 && decisionDay() == today() {
		t.Errorf("%d segments, %v", len(segs), err)
	}
	mustVerify(t, dir, 4)
}

func decisionDay() int64 { return decision(0).Time.Unix() / (24 * 60 * 60) }

func FuzzReadNote(f *testing.F) {
	f.Add([]byte("sekimori/x\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nnumber 1\ntime 2026-11-21T09:00:00Z\n\n— sekimori/x AAAA\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := readNote(b)
		if err != nil {
			return
		}
		again, err := checkpoint.Parse(c.Text())
		if err != nil || again != c {
			t.Errorf("%+v became %+v, %v", c, again, err)
		}
	})
}

func FuzzFooter(f *testing.F) {
	one := footer{first: 1, last: 9, size: 100}
	f.Add(one.encode())
	f.Add(bytes.Replace(one.encode(), []byte(`"sha256":"00`), []byte(`"sha256":"0 `), 1))
	f.Add(bytes.Replace(one.encode(), []byte(strings.Repeat("0", 20)+`"}`), []byte(strings.Repeat(" ", 20)+`"}`), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := readFooter(bytes.NewReader(b), int64(len(b)))
		if err == nil && !bytes.HasSuffix(b, got.encode()) {
			t.Errorf("%q reads as %+v", b, got)
		}
	})
}

// TestTreeThatCannotBeWritten stops the log like a segment: without the tree
// there are no checkpoints.
func TestTreeThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	broken := new(atomic.Pointer[failure])
	l := mustOpen(t, dir, Options{open: func(name string, flag int) (file, error) {
		f, err := openFile(name, flag)
		if err != nil || filepath.Base(name) != treeFile {
			return f, err
		}
		return flaky{f, broken}, nil
	}})
	mustAppend(t, l, 2)
	broken.Store(&failure{write: syscall.ENOSPC, short: 5})
	waitFor(t, "the failure", func() bool {
		_, err := l.Append(t.Context(), decision(0))
		return errors.Is(err, ErrDiskFull)
	})
	broken.Store(nil)
	if err := l.Reopen(t.Context()); err != nil {
		t.Fatal(err)
	}
	last := mustAppend(t, l, 3)
	l.Close()
	mustVerify(t, dir, last.Seq)
	if p, err := ProveGrowth(dir, 2, last.Seq); err != nil || len(p) == 0 {
		t.Errorf("%v %v", p, err)
	}
}
