package hold

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"
)

func mustSpool(t testing.TB, c Config) *Spool {
	t.Helper()
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	s, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustHold(t testing.TB, s *Spool, r io.Reader, o Options) *Body {
	t.Helper()
	b, err := s.Hold(t.Context(), r, o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// idle waits until nothing is held any more: what Hold left behind ends in its
// own time.
func idle(t *testing.T, s *Spool) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		st := s.Stats()
		if st.Bodies == 0 && st.Memory == 0 && st.Disk == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still held: %+v", st)
		}
		time.Sleep(time.Millisecond)
	}
}

// noise returns n bytes without a pattern, not to be changed.
func noise(n int) []byte {
	if n > len(noiseBytes) {
		return bytes.Repeat(noiseBytes, n/len(noiseBytes)+1)[:n]
	}
	return noiseBytes[:n:n]
}

var noiseBytes = func() []byte {
	b := make([]byte, 2<<20)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}()

// hidden keeps a reader's other methods from being used.
type hidden struct{ io.Reader }

func TestRoundTrip(t *testing.T) {
	key := []byte("a key of this test")
	for name, c := range map[string]Config{
		"memory":    {MemoryPerBody: 8 << 20},
		"both":      {MemoryPerBody: 200 << 10},
		"disk":      {MemoryPerBody: 1},
		"no memory": {TotalMemory: 1},
		"short":     {TotalMemory: 20 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			c.DigestKey = key
			s := mustSpool(t, c)
			for _, n := range []int{0, 1, 4095, 4096, 10 << 10, 16<<10 - 1, 16 << 10, chunk - 1, chunk, chunk + 1, 3*chunk - 5, 1<<20 + 17} {
				want := noise(n)
				for _, expect := range []int64{-1, int64(n), 7, int64(n) + 100} {
					var r io.Reader = hidden{bytes.NewReader(want)}
					switch n % 3 {
					case 1:
						r = iotest.DataErrReader(r)
					case 2:
						r = iotest.HalfReader(r)
					}
					b := mustHold(t, s, r, Options{Expect: expect})
					check(t, b, want)
					mac := hmac.New(sha256.New, key)
					mac.Write(want)
					if d, err := b.Digest(); err != nil || !bytes.Equal(d[:], mac.Sum(nil)) {
						t.Errorf("%d bytes: wrong digest", n)
					}
					b.Close()
					b.Close()
				}
			}
			idle(t, s)
		})
	}
}

func check(t *testing.T, b *Body, want []byte) {
	t.Helper()
	if b.Size() != int64(len(want)) {
		t.Fatalf("size %d, want %d", b.Size(), len(want))
	}
	if got, ok := b.Bytes(); ok && !bytes.Equal(got, want) {
		t.Fatalf("%d bytes: Bytes differ", len(want))
	}
	for range 2 {
		r := b.NewReader()
		if len(want) <= 4096 { // it reads byte by byte
			if err := iotest.TestReader(r, want); err != nil {
				t.Fatalf("%d bytes: %v", len(want), err)
			}
		}
		r.Close()
		var all bytes.Buffer
		if _, err := b.NewReader().WriteTo(&all); err != nil || !bytes.Equal(all.Bytes(), want) {
			t.Fatalf("%d bytes: WriteTo differs, error %v", len(want), err)
		}
	}
	for range 20 {
		off := rand.IntN(len(want) + 1)
		p := make([]byte, rand.IntN(len(want)-off+1))
		if n, err := b.ReadAt(p, int64(off)); err != nil || n != len(p) || !bytes.Equal(p, want[off:off+n]) {
			t.Fatalf("%d bytes: ReadAt(%d, %d) gave %d, %v", len(want), len(p), off, n, err)
		}
	}
	if n, err := b.ReadAt(make([]byte, 2), int64(len(want))-1); err != io.EOF && len(want) > 0 {
		t.Errorf("ReadAt over the end gave %d, %v", n, err)
	}
}

func TestSmallBodiesLieInOnePiece(t *testing.T) {
	s := mustSpool(t, Config{})
	for _, n := range []int{0, 100, 10 << 10, chunk - 1} {
		b := mustHold(t, s, hidden{bytes.NewReader(noise(n))}, Options{Expect: int64(n)})
		if _, ok := b.Bytes(); !ok {
			t.Errorf("a body of %d bytes is in pieces", n)
		}
		if m := s.Stats().Memory; m > max(int64(4*n), 16<<10) {
			t.Errorf("a body of %d bytes takes %d", n, m)
		}
		b.Close()
		if _, ok := b.Bytes(); ok {
			t.Error("Bytes after Close")
		}
	}
}

func TestTooLarge(t *testing.T) {
	s := mustSpool(t, Config{Max: 1000, MemoryPerBody: 500})
	for name, c := range map[string]struct {
		n int64
		o Options
		e error
	}{
		"fits":              {1000, Options{}, nil},
		"one more":          {1001, Options{}, ErrTooLarge},
		"declared":          {0, Options{Expect: 1001}, ErrTooLarge},
		"own limit":         {101, Options{Max: 100}, ErrTooLarge},
		"own limit greater": {1001, Options{Max: 2000}, ErrTooLarge},
		"endless":           {1 << 50, Options{Expect: 3}, ErrTooLarge},
	} {
		b, err := s.Hold(t.Context(), io.LimitReader(endless{}, c.n), c.o)
		if !errors.Is(err, c.e) {
			t.Errorf("%s: %v, want %v", name, err, c.e)
		}
		if b != nil {
			b.Close()
		}
	}
	idle(t, s)
	if st := s.Stats(); st.Held != 1 || st.TooLarge != 5 {
		t.Errorf("counted %+v", st)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestSenderFails(t *testing.T) {
	s := mustSpool(t, Config{MemoryPerBody: 1})
	cut := errors.New("connection reset")
	_, err := s.Hold(t.Context(), io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(cut)), Options{})
	if !errors.Is(err, cut) {
		t.Errorf("got %v, want the sender's error", err)
	}
	_, err = s.Hold(t.Context(), readerFunc(func([]byte) (int, error) { return 0, nil }), Options{})
	if !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("got %v, want no progress", err)
	}
	_, err = s.Hold(t.Context(), readerFunc(func([]byte) (int, error) { panic("no") }), Options{})
	if err == nil {
		t.Error("a panicking reader gave a body")
	}
	idle(t, s)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestStalledSender(t *testing.T) {
	s := mustSpool(t, Config{})
	// What a Read answers to the interruption does not matter: not even that
	// it was the last one.
	for _, answer := range []error{io.ErrUnexpectedEOF, io.EOF} {
		t.Run(answer.Error(), func(t *testing.T) {
			stuck := make(chan struct{})
			r := io.MultiReader(strings.NewReader("abc"), readerFunc(func([]byte) (int, error) {
				<-stuck
				return 0, answer
			}))
			interrupts := 0
			_, err := s.Hold(t.Context(), r, Options{Idle: 20 * time.Millisecond, Interrupt: func() { interrupts++; close(stuck) }})
			if !errors.Is(err, ErrStalled) {
				t.Errorf("got %v, want ErrStalled", err)
			}
			if interrupts != 1 {
				t.Errorf("interrupted %d times", interrupts)
			}
			idle(t, s)
		})
	}
	t.Run("without an interrupt", func(t *testing.T) {
		r := readerFunc(func([]byte) (int, error) {
			time.Sleep(4 * tick)
			return 0, io.EOF
		})
		if _, err := s.Hold(t.Context(), r, Options{Idle: tick}); !errors.Is(err, ErrStalled) {
			t.Errorf("got %v, want ErrStalled", err)
		}
	})
	t.Run("slow but alive", func(t *testing.T) {
		left := 8
		b := mustHold(t, s, readerFunc(func(p []byte) (int, error) {
			time.Sleep(10 * time.Millisecond)
			if left--; left < 0 {
				return 0, io.EOF
			}
			return 1, nil
		}), Options{Idle: 60 * time.Millisecond})
		if b.Size() != 8 {
			t.Errorf("%d bytes", b.Size())
		}
		b.Close()
	})
	t.Run("context", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		pr, pw := io.Pipe()
		_, err := s.Hold(ctx, pr, Options{Interrupt: func() { pw.Close() }})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline", err)
		}
		if _, err := s.Hold(ctx, pr, Options{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline", err)
		}
	})
	idle(t, s)
	time.Sleep(3 * tick)
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	if s.watch.running || len(s.watch.fillers) != 0 {
		t.Error("the watch goes on with nothing to look after")
	}
}

// TestManySendersAreToldApart: among many that go on, those that stall are
// interrupted, and only they.
func TestManySendersAreToldApart(t *testing.T) {
	s := mustSpool(t, Config{})
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			stuck := make(chan struct{})
			left := 10 + i
			r := readerFunc(func(p []byte) (int, error) {
				if left--; left > 0 {
					select {
					case <-time.After(10 * time.Millisecond):
						return 1, nil
					case <-stuck:
						return 0, io.ErrUnexpectedEOF
					}
				}
				if i%3 > 0 {
					return 0, io.EOF
				}
				<-stuck
				return 0, io.ErrUnexpectedEOF
			})
			b, err := s.Hold(t.Context(), r, Options{Idle: 5 * tick, Interrupt: func() { close(stuck) }})
			if want := i%3 == 0; errors.Is(err, ErrStalled) != want {
				t.Errorf("sender %d: %v, stalled is %t", i, err, want)
			}
			if b != nil {
				b.Close()
			}
		})
	}
	wg.Wait()
	idle(t, s)
}

func TestAbandon(t *testing.T) {
	s := mustSpool(t, Config{})
	want := noise(10 << 10)
	b := mustHold(t, s, bytes.NewReader(want), Options{Expect: int64(len(want))})
	held, ok := b.Bytes()
	if !ok {
		t.Fatal("not in one piece")
	}
	r := b.NewReader()
	pr, pw := io.Pipe()
	done := make(chan struct{})
	go func() { r.WriteTo(pw); close(done) }()
	pr.Read(make([]byte, 1))
	b.Abandon()
	pr.Close()
	<-done
	b.Close()
	idle(t, s)
	if _, err := r.Read(make([]byte, 10)); !errors.Is(err, ErrClosed) {
		t.Errorf("Read afterwards: %v", err)
	}
	for range 100 { // nobody gets that memory
		mustHold(t, s, bytes.NewReader(bytes.Repeat([]byte{1}, 10<<10)), Options{Expect: 10 << 10}).Close()
	}
	if !bytes.Equal(held, want) {
		t.Error("what was abandoned has changed")
	}
	for _, n := range []int{0, chunk, 3 << 20} {
		mustHold(t, s, bytes.NewReader(noise(n)), Options{Expect: int64(n)}).Abandon()
	}
	idle(t, s)
}

func TestHealthy(t *testing.T) {
	s := mustSpool(t, Config{MemoryPerBody: 1, TotalDisk: 4 * (chunk + tag)})
	if err := s.Healthy(); err != nil {
		t.Error(err)
	}
	b := mustHold(t, s, bytes.NewReader(noise(3*chunk)), Options{})
	if err := s.Healthy(); !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	b.Close()
	if err := s.Healthy(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(s.c.Dir); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
	if err := os.RemoveAll(s.c.Dir); err != nil {
		t.Fatal(err)
	}
	if err := s.Healthy(); err == nil {
		t.Error("healthy without its folder")
	}
}

// TestRealDiskFull needs a place that is full; /dev/full gives the same error.
func TestRealDiskFull(t *testing.T) {
	err := explain("write temporary file", &os.PathError{Op: "write", Err: syscall.ENOSPC})
	if !errors.Is(err, ErrFull) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no /dev/full here")
	}
	s := mustSpool(t, Config{MemoryPerBody: 1})
	b := newBody(s)
	if _, err := b.space(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	b.file.f.Close()
	b.file.f = full
	f := filler{b: b, ctx: t.Context(), limit: 1 << 20}
	if err := f.run(bytes.NewReader(noise(100<<10)), 0); !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	b.Close()
	idle(t, s)
}

// TestNothingInClearOnDisk looks into the file while it is held.
func TestNothingInClearOnDisk(t *testing.T) {
	s := mustSpool(t, Config{MemoryPerBody: 1})
	secret := []byte("山田太郎 090-0000-0000\n")
	b := mustHold(t, s, bytes.NewReader(bytes.Repeat(secret, 20000)), Options{})
	defer b.Close()
	if runtime.GOOS != "windows" {
		if left, _ := os.ReadDir(s.c.Dir); len(left) > 0 {
			t.Errorf("the file still has a name: %v", left)
		}
	}
	raw := make([]byte, b.Size())
	if _, err := b.file.f.ReadAt(raw, 0); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, secret[:8]) {
		t.Error("clear text on disk")
	}
	if slices.Equal(raw[:1000], raw[chunk+tag:chunk+tag+1000]) {
		t.Error("equal chunks look equal on disk")
	}
}

func TestChangedOrCutFileIsNoticed(t *testing.T) {
	s := mustSpool(t, Config{MemoryPerBody: 1})
	for name, harm := range map[string]func(f *os.File){
		"byte":    func(f *os.File) { f.WriteAt([]byte{0}, chunk+tag+100); f.WriteAt([]byte{1}, chunk+tag+101) },
		"cut":     func(f *os.File) { f.Truncate(chunk + tag + 500) },
		"swapped": func(f *os.File) { p := make([]byte, chunk+tag); f.ReadAt(p, 0); f.WriteAt(p, chunk+tag) },
	} {
		b := mustHold(t, s, bytes.NewReader(noise(3*chunk)), Options{})
		harm(b.file.f)
		if n, err := io.Copy(io.Discard, b.NewReader()); err == nil || n != chunk {
			t.Errorf("%s: %d bytes, error %v", name, n, err)
		}
		if _, err := b.Digest(); err == nil {
			t.Errorf("%s: it has a digest", name)
		}
		b.Close()
	}
	idle(t, s)
}

func TestOpenRemovesWhatAKilledProcessLeft(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, "body-123.sealed")
	other := filepath.Join(dir, "notes.txt")
	for _, name := range []string{left, other} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mustSpool(t, Config{Dir: dir})
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Error("left-over file was not removed")
	}
	if _, err := os.Stat(other); err != nil {
		t.Error("somebody else's file was removed")
	}
	for name, c := range map[string]Config{"no folder": {}, "negative": {Dir: dir, Max: -1}, "a file": {Dir: other}} {
		if _, err := Open(c); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

// TestCloseWhileReading: readers get their bytes or ErrClosed, never another
// body's bytes.
func TestCloseWhileReading(t *testing.T) {
	s := mustSpool(t, Config{MemoryPerBody: 2 * chunk})
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			want := bytes.Repeat([]byte{byte(i + 1)}, 5*chunk+i)
			for range 5 {
				b, err := s.Hold(t.Context(), bytes.NewReader(want), Options{})
				if err != nil {
					t.Error(err)
					return
				}
				var readers sync.WaitGroup
				for range 3 {
					readers.Go(func() {
						p := make([]byte, 5000)
						r := b.NewReader()
						defer r.Close()
						for {
							n, err := r.Read(p)
							if bytes.Count(p[:n], []byte{byte(i + 1)}) != n {
								t.Error("bytes of another body")
							}
							if err != nil {
								if err != io.EOF && !errors.Is(err, ErrClosed) {
									t.Error(err)
								}
								return
							}
							if _, err := b.ReadAt(p[:10], int64(len(want)-10)); err == nil && p[0] != byte(i+1) {
								t.Error("bytes of another body")
							}
						}
					})
				}
				runtime.Gosched()
				b.Close()
				readers.Wait()
			}
		})
	}
	wg.Wait()
	idle(t, s)
}

// TestCloseReaderFromAnotherGoroutine does what http.Transport does.
func TestCloseReaderFromAnotherGoroutine(t *testing.T) {
	s := mustSpool(t, Config{MemoryPerBody: 1})
	want := bytes.Repeat([]byte{7}, 3*chunk)
	b := mustHold(t, s, bytes.NewReader(want), Options{})
	other := mustHold(t, s, bytes.NewReader(bytes.Repeat([]byte{9}, 3*chunk)), Options{})
	defer other.Close()
	var wg sync.WaitGroup
	for range 50 {
		r := b.NewReader()
		wg.Go(func() {
			p := make([]byte, 1000)
			for {
				n, err := r.Read(p)
				if bytes.Count(p[:n], []byte{7}) != n {
					t.Error("bytes of another body")
				}
				if err != nil {
					return
				}
			}
		})
		wg.Go(func() { io.Copy(io.Discard, other.NewReader()) })
		wg.Go(func() { r.Close() })
	}
	wg.Wait()
	// Close does not wait for a write that hangs.
	pr, pw := io.Pipe()
	r := b.NewReader()
	wg.Go(func() {
		if _, err := r.WriteTo(pw); !errors.Is(err, ErrClosed) && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("WriteTo: %v", err)
		}
	})
	if _, err := io.ReadFull(pr, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	r.Close()
	b.Close()
	if st := s.Stats(); st.Bodies != 2 {
		t.Errorf("%d bodies while one is still being read", st.Bodies)
	}
	pr.Close()
	wg.Wait()
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, ErrClosed) {
		t.Errorf("Read after Close: %v", err)
	}
	if st := s.Stats(); st.Bodies != 1 {
		t.Errorf("%d bodies, want the other one", st.Bodies)
	}
}

// TestMemoryIsWiped looks at the buffers after Close.
func TestMemoryIsWiped(t *testing.T) {
	s := mustSpool(t, Config{})
	for name, hold := range map[string]func() *Body{
		"held": func() *Body { return mustHold(t, s, bytes.NewReader(noise(10<<10)), Options{}) },
		"too large": func() *Body {
			b := newBody(s)
			f := filler{b: b, ctx: t.Context(), limit: 100}
			if err := f.run(bytes.NewReader(noise(10<<10)), 0); !errors.Is(err, ErrTooLarge) {
				t.Fatal(err)
			}
			return b
		},
	} {
		b := hold()
		m := b.mem[0]
		b.Close()
		if bytes.Count(m, []byte{0}) != len(m) {
			t.Errorf("%s: bytes are left in memory", name)
		}
	}
	idle(t, s)
}

// TestLargeBodyTakesLittleMemory holds a large body and looks at the heap.
func TestLargeBodyTakesLittleMemory(t *testing.T) {
	size := int64(128 << 20)
	if raceEnabled {
		size = 32 << 20
	}
	s := mustSpool(t, Config{})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b := mustHold(t, s, io.LimitReader(endless{}, size), Options{Expect: size})
	defer b.Close()
	n, err := io.Copy(io.Discard, hidden{b.NewReader()})
	if err != nil || n != size {
		t.Fatalf("read %d, error %v", n, err)
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.Sys - before.Sys); grown > 32<<20 {
		t.Errorf("process grew by %d MiB", grown>>20)
	}
	if m := s.Stats().Memory; m > 2<<20 {
		t.Errorf("%d bytes of memory held", m)
	}
}

func BenchmarkHold(b *testing.B) {
	for _, n := range []int{1 << 10, 10 << 10, 1 << 20, 64 << 20} {
		b.Run(fmt.Sprintf("%dKiB", n>>10), func(b *testing.B) {
			s := mustSpool(b, Config{})
			data := noise(n)
			r := bytes.NewReader(data)
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				r.Reset(data)
				body, err := s.Hold(b.Context(), r, Options{Expect: int64(n), Idle: time.Minute})
				if err != nil {
					b.Fatal(err)
				}
				body.Close()
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for name, c := range map[string]Config{"memory": {MemoryPerBody: 64 << 20}, "disk": {MemoryPerBody: 1}} {
		b.Run(name, func(b *testing.B) {
			s := mustSpool(b, c)
			body := mustHold(b, s, bytes.NewReader(noise(16<<20)), Options{})
			defer body.Close()
			b.SetBytes(16 << 20)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := io.Copy(io.Discard, hidden{body.NewReader()}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
