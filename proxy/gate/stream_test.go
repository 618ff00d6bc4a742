package gate

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/rules"
)

// streamsAll streams everything over 300 KiB.
type streamsAll struct{}

func (streamsAll) Stream(rules.Transaction) (rules.Stream, bool) {
	return rules.Stream{ID: "bulk", Above: 300 << 10, Keep: 64 << 10}, true
}

// sent is what a door did with a stream.
type sent struct {
	stream *Stream
	begun  chan bool // closed when there is one
	got    atomic.Int64
	err    chan error // how it ended
}

// until gives what is left of a body when the stream has begun: one that is there
// whole by then is not streamed.
type until struct {
	io.Reader
	begun chan bool
}

func (u until) Read(p []byte) (int, error) {
	<-u.begun
	return u.Reader.Read(p)
}

// door makes a transaction of a body that streams.
func door(body io.Reader) (*Transaction, *sent) {
	t, s := upload(""), &sent{begun: make(chan bool), err: make(chan error, 1)}
	t.Body, t.Length = body, -1
	t.Stream = func(st *Stream) {
		s.stream = st
		close(s.begun)
		go func() {
			buf := make([]byte, 10_000)
			r := st.NewReader()
			defer r.Close()
			for {
				n, err := r.Read(buf)
				s.got.Add(int64(n))
				if err != nil {
					s.err <- err
					return
				}
			}
		}()
	}
	return t, s
}

const streamed = 900 << 10

func text() []byte { return bytes.Repeat([]byte("nothing at all.\n"), streamed/16) }

func TestStreamFailures(t *testing.T) {
	scanning := func(scan func(body []byte, live bool) *inspect.Report) scanFunc {
		return func(_ context.Context, roots []part.Part) *inspect.Report {
			r := &inspect.Report{}
			for _, p := range roots {
				_, live := p.Body.(*liveBody)
				b, err := io.ReadAll(p.Body)
				if err != nil {
					return r
				}
				r = scan(b, live)
			}
			return r
		}
	}
	good := func([]byte, bool) *inspect.Report { return &inspect.Report{} }
	for name, c := range map[string]struct {
		mend     func(f *fixture, t *Transaction)
		failure  Failure
		passes   bool
		complete bool
	}{
		"none": {passes: true, complete: true},
		"the engine, while it comes in": {mend: func(f *fixture, _ *Transaction) {
			f.policy.Scanner = scanning(func(_ []byte, live bool) *inspect.Report {
				if live {
					panic("engine")
				}
				return &inspect.Report{}
			})
		}, passes: true},
		"the engine, always": {mend: func(f *fixture, _ *Transaction) {
			f.policy.Scanner = scanning(func([]byte, bool) *inspect.Report { panic("engine") })
		}, failure: Engine},
		"no turn": {mend: func(f *fixture, _ *Transaction) {
			f.Queue = time.Millisecond
			for range cap(f.large) {
				f.large <- struct{}{}
			}
		}, failure: Busy},
		"no rules at the end": {mend: func(f *fixture, _ *Transaction) {
			n := 0
			f.Gate.Policy = func() *Policy {
				if n++; n > 1 {
					return nil
				}
				return f.policy
			}
		}, failure: NoRules},
		"the record of the beginning": {mend: func(f *fixture, _ *Transaction) { f.log.err = errors.New("disk full") }, failure: Unrecorded},
		"trailers":                    {mend: func(_ *fixture, t *Transaction) { t.Trailer = func() []Header { return []Header{{"X-Sum", "1"}} } }, passes: true},
		"the sender": {mend: func(_ *fixture, t *Transaction) {
			t.Body = io.MultiReader(t.Body, &failing{io.ErrUnexpectedEOF})
		}, failure: Aborted},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, func(c *Config) { c.Scans = 1 })
			f.policy.Streams = streamsAll{}
			f.policy.Scanner = scanning(good)
			tx, s := door(nil)
			tx.Body = io.MultiReader(bytes.NewReader(text()[:500<<10]), until{bytes.NewReader(text()[500<<10:]), s.begun})
			if c.mend != nil {
				c.mend(f, tx)
			}
			if c.failure == Unrecorded {
				close(s.begun)
			}
			o := f.Check(context.Background(), tx)
			defer o.Close()
			if o.Failure != c.failure || o.Passes() != c.passes {
				t.Errorf("%+v, want failure %q", o.Verdict, c.failure)
			}
			if s.stream == nil {
				if c.failure != Unrecorded {
					t.Fatal("it did not begin")
				}
				return
			}
			err := <-s.err
			if c.complete != (err == io.EOF) || c.complete != s.stream.Complete() || c.complete != (s.got.Load() == streamed) {
				t.Errorf("%d bytes went out, %v", s.got.Load(), err)
			}
			if !c.complete && s.got.Load() > streamed-64<<10 {
				t.Errorf("%d bytes went out", s.got.Load())
			}
			last := f.log.last()
			if last.Kind != "decision" || last.Details["stream"] == "" || (last.Details["left"] == "") != c.complete {
				t.Errorf("recorded %+v", last)
			}
			if d := (*f.seen)[len(*f.seen)-1]; d.Streamed == "" || (d.Streamed == StreamPassed) != c.complete || (d.Streamed == StreamAgain) != (c.passes && !c.complete) {
				t.Errorf("observed %+v", d)
			}
		})
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

// Of text nothing leaves that was not inspected; of what is inspected when it is
// whole, all but what is kept.
func TestStreamStaysBehindTheInspection(t *testing.T) {
	for name, c := range map[string]struct {
		begin string
		most  int64
	}{
		"text":           {"", 0},
		"another format": {"\x00", 800<<10 - 64<<10},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, nil)
			f.policy.Streams = streamsAll{}
			going := make(chan bool)
			f.policy.Scanner = scanFunc(func(_ context.Context, roots []part.Part) *inspect.Report {
				if len(roots) > 0 {
					io.ReadFull(roots[0].Body, make([]byte, 500<<10)) // and finds no text in it
					<-going
				}
				return readAll(context.Background(), roots)
			})
			r, w := io.Pipe()
			tx, s := door(r)
			done := make(chan Outcome)
			go func() { done <- f.Check(context.Background(), tx) }()
			body := append([]byte(c.begin), text()...)
			w.Write(body[:800<<10])
			if c.most > 0 {
				for deadline := time.Now().Add(10 * time.Second); s.got.Load() < c.most && time.Now().Before(deadline); {
					time.Sleep(time.Millisecond)
				}
			}
			if n := s.got.Load(); n != c.most {
				t.Errorf("%d bytes went out, want %d", n, c.most)
			}
			close(going)
			w.Write(body[800<<10:])
			w.Close()
			o := <-done
			if err := <-s.err; err != io.EOF || !o.Passes() {
				t.Errorf("%v, %+v", err, o.Verdict)
			}
			o.Close()
		})
	}
}

func TestFrontToBack(t *testing.T) {
	for head, want := range map[string]bool{
		"": true, "name,phone\n": true, "氏名\t電話\r\n": true, "{\"a\":1}": true, "\x1b$B;3ED\x1b(B": true, "\x1f\x8b\x08": true,
		"PK\x03\x04": false, "%PDF-1.7": false, "{\\rtf1": false, "\xd0\xcf\x11\xe0": false, "7z\xbc\xaf\x27\x1c": false, "\xff\xfea\x00": false,
		"\x89PNG\r\n\x1a\n": false, strings.Repeat("a", 4000) + "\x00": false,
	} {
		if got := frontToBack([]byte(head)); got != want {
			t.Errorf("%.20q: %v", head, got)
		}
	}
}
