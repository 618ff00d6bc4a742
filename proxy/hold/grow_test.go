package hold

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"
)

// readGrowing reads a body to its end while it comes in.
func readGrowing(g *Growing) ([]byte, error) {
	t := g.NewTrail()
	defer t.Close()
	var all []byte
	buf := make([]byte, 30_000)
	for {
		ready, ended, changed, err := g.State()
		switch {
		case err != nil:
			return all, err
		case int64(len(all)) < ready:
			n, err := t.ReadAt(buf, int64(len(all)))
			if err != nil {
				return all, err
			}
			all = append(all, buf[:n]...)
		case ended:
			return all, nil
		default:
			<-changed
		}
	}
}

func TestGrowingIsReadWhileItComes(t *testing.T) {
	want := make([]byte, 1_000_003)
	for i := range want {
		want[i] = byte(i * 7 >> 3)
	}
	for name, c := range map[string]struct {
		memory, expect int64
		piece          int
	}{
		"in memory":           {8 << 20, int64(len(want)), 10_000},
		"from memory to disk": {200 << 10, -1, 64 << 10},
		"on disk":             {1 << 10, -1, 7},
		"in large pieces":     {100 << 10, int64(len(want)), 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(Config{Dir: t.TempDir(), MemoryPerBody: c.memory})
			if err != nil {
				t.Fatal(err)
			}
			r, w := io.Pipe()
			go func() {
				for rest := want; len(rest) > 0; {
					n := min(c.piece, len(rest))
					w.Write(rest[:n])
					rest = rest[n:]
				}
				w.Close()
			}()
			body, g, err := s.Begin(context.Background(), r, Options{Expect: c.expect}, 300_000)
			if err != nil || body != nil || g == nil {
				t.Fatalf("%v %v %v", body, g, err)
			}
			if ready, _, _, _ := g.State(); ready <= 300_000 {
				t.Errorf("%d bytes are there", ready)
			}
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() {
					if got, err := readGrowing(g); err != nil || !bytes.Equal(got, want) {
						t.Errorf("%d bytes, %v", len(got), err)
					}
				})
			}
			all.Wait()
			if body, err = g.Wait(); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(body.NewReader())
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("the whole: %d bytes, %v", len(got), err)
			}
			if again, err := readGrowing(g); err != nil || !bytes.Equal(again, want) {
				t.Errorf("afterwards: %d bytes, %v", len(again), err)
			}
			body.Close()
			if _, err := g.NewTrail().ReadAt(make([]byte, 1), 0); !errors.Is(err, ErrClosed) {
				t.Errorf("when it is closed: %v", err)
			}
			if st := s.Stats(); st.Bodies != 0 || st.Memory != 0 || st.Disk != 0 || st.Held != 1 {
				t.Errorf("left behind: %+v", st)
			}
		})
	}
}

func TestBeginHoldsWhatIsSmall(t *testing.T) {
	s, err := Open(Config{Dir: t.TempDir(), Max: 1000})
	if err != nil {
		t.Fatal(err)
	}
	body, g, err := s.Begin(context.Background(), bytes.NewReader(make([]byte, 500)), Options{Expect: -1}, 500)
	if err != nil || g != nil || body.Size() != 500 {
		t.Fatalf("%v %v %v", body, g, err)
	}
	body.Close()
	if body, g, err = s.Begin(context.Background(), bytes.NewReader(nil), Options{Expect: 2000}, 500); body != nil || g != nil || !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v %v %v", body, g, err)
	}
}

// trickle writes until nobody reads any more.
func trickle(w io.Writer) {
	for {
		if _, err := w.Write(make([]byte, 10)); err != nil {
			return
		}
	}
}

func TestGrowingFails(t *testing.T) {
	broken := errors.New("sender broke")
	for name, c := range map[string]struct {
		more func(g *Growing, w *io.PipeWriter, cancel func())
		want error
	}{
		"its sender breaks":   {func(_ *Growing, w *io.PipeWriter, _ func()) { w.CloseWithError(broken) }, broken},
		"it grows too large":  {func(_ *Growing, w *io.PipeWriter, _ func()) { go w.Write(make([]byte, 2<<20)) }, ErrTooLarge},
		"there is no room":    {func(_ *Growing, w *io.PipeWriter, _ func()) { go w.Write(make([]byte, 900<<10)) }, ErrFull},
		"it is not wanted":    {func(g *Growing, w *io.PipeWriter, _ func()) { go g.Stop(); go trickle(w) }, nil},
		"its sender stalls":   {func(*Growing, *io.PipeWriter, func()) {}, ErrStalled},
		"its context is over": {func(_ *Growing, _ *io.PipeWriter, cancel func()) { cancel() }, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			conf := Config{Dir: t.TempDir(), Max: 1 << 20, MemoryPerBody: 64 << 10, Wait: 1}
			if errors.Is(c.want, ErrFull) {
				conf.TotalDisk = 512 << 10
			}
			s, err := Open(conf)
			if err != nil {
				t.Fatal(err)
			}
			r, w := io.Pipe()
			defer r.Close()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			go w.Write(make([]byte, 300<<10))
			o := Options{Expect: -1, Interrupt: func() { r.CloseWithError(io.ErrClosedPipe) }}
			if errors.Is(c.want, ErrStalled) {
				o.Idle = 50 * time.Millisecond
			}
			_, g, err := s.Begin(ctx, r, o, 100<<10)
			if g == nil {
				t.Fatal(err)
			}
			read := make(chan error, 1)
			go func() {
				_, err := readGrowing(g)
				read <- err
			}()
			c.more(g, w, cancel)
			_, err = g.Wait()
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("failed with %v, want %v", err, c.want)
			}
			if <-read == nil {
				t.Error("who read it took it for the whole")
			}
			if st := s.Stats(); st.Bodies != 0 || st.Memory != 0 || st.Disk != 0 {
				t.Errorf("left behind: %+v", st)
			}
		})
	}
}
