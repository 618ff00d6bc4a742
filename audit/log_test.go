package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func decision(i int) Event {
	return Event{
		Kind: "decision", Time: time.Date(2026, 11, 21, 9, 0, i, 0, time.UTC),
		Incident: fmt.Sprintf("SK-%06d", i), User: "hanako", Groups: []string{"sales"},
		Address: "192.0.2.7", How: "basic", Method: "POST", Scheme: "https", Host: "www.dropbox.com",
		Port: 443, Path: "/upload", Service: "Dropbox", Classes: []string{"cloud-storage"}, Protocol: "h2",
		Bytes: 10240, Content: strings.Repeat("ab", 32), Action: "block", Rule: "customer-list-outside",
		Severity: "high", Clause: "12 people with NAME and PHONE", Counts: map[string]int{"NAME": 12, "PHONE": 12},
		Records: 12, RuleSet: strings.Repeat("cd", 32), Milliseconds: 1.25,
	}
}

func mustOpen(t testing.TB, dir string, o Options) *Log {
	t.Helper()
	l, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func mustAppend(t testing.TB, l *Log, n int) (last Receipt) {
	t.Helper()
	for i := range n {
		r, err := l.Append(t.Context(), decision(i))
		if err != nil {
			t.Fatal(err)
		}
		last = r
	}
	return last
}

func mustVerify(t testing.TB, dir string, records uint64) Result {
	t.Helper()
	res, err := Verify(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.Bad != nil {
		t.Fatalf("bad record: %v", res.Bad)
	}
	if res.Records != records {
		t.Fatalf("%d records, want %d", res.Records, records)
	}
	return res
}

func TestAppendReopenVerify(t *testing.T) {
	dir := t.TempDir()
	var last Receipt
	for round := range 3 {
		l := mustOpen(t, dir, Options{SegmentBytes: 2000})
		last = mustAppend(t, l, 7)
		if want := uint64(7 * (round + 1)); last.Seq != want {
			t.Fatalf("sequence number %d, want %d", last.Seq, want)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	res := mustVerify(t, dir, 21)
	if res.Last != last {
		t.Errorf("last record %v, want %v", res.Last, last)
	}
	if res.Segments < 5 {
		t.Errorf("%d segments: no rotation", res.Segments)
	}
}

func TestSaltsDiffer(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, dir, Options{})
	mustAppend(t, l, 200)
	segs, err := segments(dir)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[salt]bool{{}: true}
	for _, line := range bytes.SplitAfter(read(t, filepath.Join(dir, segs[0].name)), []byte("\n"))[:200] {
		var r raw
		if err := parseLine(line, &r); err != nil {
			t.Fatal(err)
		}
		if seen[r.salt] {
			t.Fatalf("record %d has a salt that was used before, or none", r.seq)
		}
		seen[r.salt] = true
	}
}

func TestOneProcessWrites(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, dir, Options{})
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrInUse) {
		t.Fatalf("second Open: %v, want ErrInUse", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), decision(0)); !errors.Is(err, ErrClosed) {
		t.Errorf("Append after Close: %v, want ErrClosed", err)
	}
	if err := l.Healthy(); !errors.Is(err, ErrClosed) {
		t.Errorf("Healthy after Close: %v, want ErrClosed", err)
	}
	mustOpen(t, dir, Options{})
}

func TestConcurrentAppends(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, dir, Options{SegmentBytes: 20000})
	const workers, each = 32, 40
	var seen sync.Map
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				r, err := l.Append(t.Context(), decision(w*each+i))
				if err != nil {
					t.Error(err)
					return
				}
				if _, twice := seen.LoadOrStore(r.Seq, r.Hash); twice {
					t.Errorf("sequence number %d given twice", r.Seq)
				}
				if i == 20 {
					if res, err := Verify(dir, nil); err != nil || res.Bad != nil {
						t.Errorf("verify beside the writer: %v %v", err, res.Bad)
					}
				}
			}
		})
	}
	wg.Wait()
	mustVerify(t, dir, workers*each)
	n := 0
	err := Read(dir, Filter{}, func(r Record) error {
		n++
		if h, ok := seen.Load(r.Seq); !ok || h != r.Hash {
			t.Errorf("record %d is not the one acknowledged", r.Seq)
		}
		return nil
	})
	if err != nil || n != workers*each {
		t.Errorf("read %d records, error %v", n, err)
	}
}

func TestRefusedEvents(t *testing.T) {
	l := mustOpen(t, t.TempDir(), Options{})
	if _, err := l.Append(t.Context(), Event{}); err == nil {
		t.Error("event without a kind was taken")
	}
	if _, err := l.Append(t.Context(), Event{Kind: "x", Reason: strings.Repeat("x", maxEvent)}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("giant event: %v, want ErrTooLarge", err)
	}
	if _, err := l.Append(t.Context(), Event{Kind: "x", Findings: make(chan int)}); err == nil {
		t.Error("event that cannot be encoded was taken")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Append(ctx, decision(0)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if r := mustAppend(t, l, 1); r.Seq != 1 {
		t.Errorf("a refused event took a number: next is %d", r.Seq)
	}
}

// flaky is a file that fails when told to.
type flaky struct {
	file
	fail *atomic.Pointer[failure]
}

type failure struct {
	write, sync error
	short       int           // bytes that a failing write still writes
	stall       chan struct{} // sync waits for it
}

func (f flaky) Write(p []byte) (int, error) {
	if why := f.fail.Load(); why != nil && why.write != nil {
		n, _ := f.file.Write(p[:min(why.short, len(p))])
		return n, why.write
	}
	return f.file.Write(p)
}

func (f flaky) Sync() error {
	if why := f.fail.Load(); why != nil {
		if why.stall != nil {
			<-why.stall
		}
		if why.sync != nil {
			return why.sync
		}
	}
	return f.file.Sync()
}

func flakyOptions() (Options, *atomic.Pointer[failure]) {
	p := new(atomic.Pointer[failure])
	return Options{open: func(name string, flag int) (file, error) {
		f, err := openFile(name, flag)
		if base := filepath.Base(name); err != nil || base == headFile || base == treeFile {
			return f, err
		}
		return flaky{f, p}, nil
	}}, p
}

func TestFailureIsStickyUntilReopened(t *testing.T) {
	full := &os.PathError{Op: "write", Err: syscall.ENOSPC}
	for name, c := range map[string]struct {
		failure failure
		want    error
		gap     bool
	}{
		"write":        {failure{write: io.ErrClosedPipe}, io.ErrClosedPipe, false},
		"short write":  {failure{write: io.ErrClosedPipe, short: 100}, io.ErrClosedPipe, true},
		"disk full":    {failure{write: full, short: 7}, ErrDiskFull, true},
		"sync":         {failure{sync: syscall.EIO}, syscall.EIO, true}, // the record is there, but was never acknowledged
		"full at sync": {failure{sync: syscall.ENOSPC}, ErrDiskFull, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			o, p := flakyOptions()
			l := mustOpen(t, dir, o)
			mustAppend(t, l, 3)
			p.Store(&c.failure)
			if _, err := l.Append(t.Context(), decision(3)); !errors.Is(err, c.want) {
				t.Fatalf("Append: %v, want %v", err, c.want)
			}
			p.Store(nil) // the disk is well again, but what it holds is not known
			if _, err := l.Append(t.Context(), decision(4)); !errors.Is(err, c.want) {
				t.Fatalf("next Append: %v, want %v", err, c.want)
			}
			if err := l.Healthy(); !errors.Is(err, c.want) {
				t.Fatalf("Healthy: %v, want %v", err, c.want)
			}
			l.Close()
			l = mustOpen(t, dir, Options{})
			if err := l.Healthy(); err != nil {
				t.Fatal(err)
			}
			gaps := 0
			err := Read(dir, Filter{Kind: "gap"}, func(r Record) error {
				gaps++
				if !strings.Contains(r.Event.Reason, "recovered") && !strings.Contains(r.Event.Reason, "are kept") {
					t.Errorf("gap says %q", r.Event.Reason)
				}
				return nil
			})
			if err != nil || (gaps == 1) != c.gap {
				t.Errorf("%d gap events, error %v", gaps, err)
			}
			last := mustAppend(t, l, 1)
			mustVerify(t, dir, last.Seq)
		})
	}
}

func TestReopen(t *testing.T) {
	dir := t.TempDir()
	o, p := flakyOptions()
	l := mustOpen(t, dir, o)
	if err := l.Reopen(t.Context()); err != nil {
		t.Errorf("a healthy log: %v", err)
	}
	mustAppend(t, l, 3)
	p.Store(&failure{write: &os.PathError{Op: "write", Err: syscall.ENOSPC}, short: 50})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := l.Append(t.Context(), decision(0)); !errors.Is(err, ErrDiskFull) {
				t.Errorf("Append: %v", err)
			}
		})
	}
	wg.Wait()
	if err := l.Reopen(t.Context()); !errors.Is(err, ErrDiskFull) {
		t.Errorf("Reopen on a full disk: %v", err)
	}
	if err := l.Healthy(); !errors.Is(err, ErrDiskFull) {
		t.Errorf("Healthy on a full disk: %v", err)
	}
	p.Store(nil)
	if err := l.Reopen(t.Context()); err != nil {
		t.Fatal(err)
	}
	last := mustAppend(t, l, 2)
	mustVerify(t, dir, last.Seq)
	n := 0
	err := Read(dir, Filter{Kind: "gap"}, func(r Record) error {
		n++
		if !strings.Contains(r.Event.Reason, "reopened after") || !strings.Contains(r.Event.Reason, "full") {
			t.Errorf("gap says %q", r.Event.Reason)
		}
		return nil
	})
	if err != nil || n == 0 {
		t.Errorf("%d gap events, error %v", n, err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Reopen(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("Reopen after Close: %v", err)
	}
}

func TestContextEndsTheWaitOnAStalledDisk(t *testing.T) {
	dir := t.TempDir()
	o, p := flakyOptions()
	l := mustOpen(t, dir, o)
	mustAppend(t, l, 1)
	stall := make(chan struct{})
	p.Store(&failure{stall: stall})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := l.Append(ctx, decision(1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Append: %v, want the deadline", err)
	}
	// Behind a stalled disk memory stays bounded.
	big := Event{Kind: "x", Reason: strings.Repeat("x", maxEvent-200)}
	var err error
	for range 2 * maxPending / maxEvent {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		if _, err = l.Append(ctx, big); errors.Is(err, ErrBehind) {
			cancel()
			break
		}
		cancel()
	}
	if !errors.Is(err, ErrBehind) {
		t.Errorf("last error %v, want ErrBehind", err)
	}
	close(stall)
	p.Store(nil)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if res, err := Verify(dir, nil); err != nil || res.Bad != nil {
		t.Errorf("%v %v", err, res.Bad)
	}
}

func TestReadFilters(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, dir, Options{SegmentBytes: 3000})
	mustAppend(t, l, 20)
	if _, err := l.Append(t.Context(), Event{Kind: "start", Reason: "<&> 起動\n二行目"}); err != nil {
		t.Fatal(err)
	}
	at := func(s int) time.Time { return time.Date(2026, 11, 21, 9, 0, s, 0, time.UTC) }
	for name, c := range map[string]struct {
		f    Filter
		want int
	}{
		"all":      {Filter{}, 21},
		"kind":     {Filter{Kind: "start"}, 1},
		"time":     {Filter{From: at(5), To: at(8)}, 3},
		"from":     {Filter{FromSeq: 19}, 3},
		"user":     {Filter{User: "hanako"}, 20},
		"host":     {Filter{Host: "example.com"}, 0},
		"rule":     {Filter{Rule: "customer-list-outside", Action: "block"}, 20},
		"incident": {Filter{Incident: "SK-000007"}, 1},
	} {
		n := 0
		if err := Read(dir, c.f, func(Record) error { n++; return nil }); err != nil || n != c.want {
			t.Errorf("%s: %d records, want %d, error %v", name, n, c.want, err)
		}
	}
	stop := errors.New("enough")
	if err := Read(dir, Filter{}, func(Record) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("fn's error: got %v", err)
	}
	err := Read(dir, Filter{Kind: "start"}, func(r Record) error {
		if r.Event.Reason != "<&> 起動\n二行目" || r.Seq != 21 {
			t.Errorf("read back %d %q", r.Seq, r.Event.Reason)
		}
		if !strings.Contains(string(r.Raw), "<&> 起動") {
			t.Errorf("recorded as %s", r.Raw)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	var told []int64
	p := func(done, total int64) { told = append(told, done, total) }
	if err := Read(dir, Filter{Progress: p}, func(Record) error { return nil }); err != nil {
		t.Error(err)
	}
	if len(told) < 2 || told[len(told)-2] != told[len(told)-1] {
		t.Errorf("progress %v does not end at the whole", told)
	}
}

// BenchmarkAppend has everything on, with more checkpoints than by default.
func BenchmarkAppend(b *testing.B) {
	for _, workers := range []int{1, 32, 256} {
		b.Run(fmt.Sprint(workers), func(b *testing.B) {
			dir := b.TempDir()
			l, err := Open(filepath.Join(dir, "audit"), Options{Key: testKey(b, dir), Checkpoint: time.Second, Pack: true, Daily: true})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			ev := decision(1)
			var next atomic.Int64
			var wg sync.WaitGroup
			b.ReportAllocs()
			cpu := processCPU()
			b.ResetTimer()
			for range workers {
				wg.Go(func() {
					for next.Add(1) <= int64(b.N) {
						if _, err := l.Append(context.Background(), ev); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
			b.ReportMetric(float64((processCPU()-cpu).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	dir := b.TempDir()
	l := mustOpen(b, dir, Options{})
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() { mustAppend(b, l, 300) })
	}
	wg.Wait()
	for b.Loop() {
		res := mustVerify(b, dir, 64*300)
		b.SetBytes(res.Bytes)
	}
}
