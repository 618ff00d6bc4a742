package isolate

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// odd reads parts that say in their first line what is to happen. It is named
// like a complex format, so that it is kept apart.
type odd struct{}

func (odd) Name() string                  { return "pdf" }
func (odd) Match(*part.Part, []byte) bool { return true }

func (odd) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	at, size, err := part.Anywhere(p, 0)
	if err != nil {
		return part.Stop(ctx, e, err, false)
	}
	all, _ := io.ReadAll(io.NewSectionReader(at, 0, size))
	what, rest, _ := strings.Cut(string(all), "\n")
	e.Format("pdf", "utf-8")
	switch what {
	case "text":
		for len(rest) > 0 {
			n := min(len(rest), 64<<10)
			if err := e.Text(part.Text{Bytes: []byte(rest[:n]), Layout: part.Table}); err != nil {
				return err
			}
			rest = rest[n:]
		}
	case "children":
		for i := range 3 {
			body := strings.Repeat(fmt.Sprint(i), 100_000)
			if err := e.Child(part.Part{Path: fmt.Sprint("child ", i), Name: "a.txt", Size: -1, Body: io.MultiReader(strings.NewReader(body))}); err != nil {
				return err
			}
		}
		return e.Child(part.Part{Path: "seekable", Body: strings.NewReader(rest), Size: int64(len(rest))})
	case "lazy children": // made of the part's own bytes while they are read
		for _, from := range []int64{14, 15} {
			r := io.NewSectionReader(at, from, size-from)
			if err := e.Child(part.Part{Path: "lazy", Body: bufio.NewReader(r), Size: -1}); err != nil {
				return err
			}
			r = io.NewSectionReader(at, from, size-from)
			if err := e.Child(part.Part{Path: "lazy", Body: r, Size: r.Size()}); err != nil {
				return err
			}
		}
	case "damaged child":
		return e.Child(part.Part{Path: "half", Size: -1, Body: io.MultiReader(strings.NewReader("half"), broken{})})
	case "spend":
		for range 100 {
			if err := b.Spend(ctx, 1<<20); err != nil {
				return part.Stop(ctx, e, err, true)
			}
		}
	case "error":
		return &part.Fault{Reason: part.Encrypted, Detail: "locked"}
	case "panic":
		panic("parser fault")
	case "exit":
		os.Exit(9)
	case "loop":
		for {
			spun++
		}
	case "eat":
		for {
			eaten = append(eaten, bytes.Repeat([]byte("x"), 64<<20))
		}
	case "write":
		if err := os.WriteFile(rest, []byte("leak"), 0o600); err == nil {
			if b, _ := os.ReadFile(rest); len(b) > 0 {
				e.Skip(part.EngineError, false, "it wrote a file")
			}
		}
	}
	return nil
}

// What a parser that has lost its way does.
var (
	spun  int
	eaten [][]byte
)

type broken struct{}

func (broken) Read([]byte) (int, error) {
	return 0, &part.Fault{Reason: part.DecodeError, Detail: "damaged"}
}

// plain is a reader that is not kept apart.
type plain struct{ odd }

func (plain) Name() string { return "text" }

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "reader-process" {
		if err := Serve([]part.Reader{plain{}, odd{}}, os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// sink notes what a reader emits.
type sink struct {
	text   strings.Builder
	layout part.Layout
	kids   []string
	skips  []string
	format string
	refuse error
	seek   bool
}

func (s *sink) Text(t part.Text) error {
	s.text.Write(t.Bytes)
	s.layout = t.Layout
	return s.refuse
}

func (s *sink) Child(p part.Part) error {
	b, err := io.ReadAll(p.Body)
	if at, ok := p.Body.(io.ReaderAt); ok && s.seek {
		x := make([]byte, 3)
		at.ReadAt(x, 1)
		b = x
	}
	why := ""
	if err != nil {
		reason, _ := part.ReasonOf(err)
		why = " " + string(reason)
	}
	s.kids = append(s.kids, fmt.Sprintf("%s %s %d%s", p.Path, p.Name, len(b), why))
	return s.refuse
}

func (s *sink) Format(name, charset string) { s.format = name + " " + charset }

func (s *sink) Skip(why part.Reason, partly bool, detail string) {
	s.skips = append(s.skips, fmt.Sprint(why, " ", partly))
}

func newPool(t *testing.T) *Pool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPool(Config{Command: []string{self, "reader-process"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// readApart has a part read apart.
func readApart(t *testing.T, p *Pool, content string, l part.Limits, s *sink) (*part.Budget, error) {
	t.Helper()
	r := p.Readers([]part.Reader{plain{}, odd{}})[1]
	if _, ok := r.(remote); !ok {
		t.Fatal("the reader is not kept apart")
	}
	b := part.NewBudget(l, int64(len(content)))
	return b, r.Read(context.Background(), &part.Part{Path: "x", Body: strings.NewReader(content), Size: int64(len(content))}, s, b)
}

func TestReadsApart(t *testing.T) {
	p := newPool(t)
	if r := p.Readers([]part.Reader{plain{}}); r[0] != part.Reader(plain{}) {
		t.Error("a simple reader is kept apart")
	}
	long := strings.Repeat("氏名\t電話\n", 50_000)
	s := &sink{}
	if _, err := readApart(t, p, "text\n"+long, part.Limits{}, s); err != nil || s.text.String() != long || s.layout != part.Table || s.format != "pdf utf-8" {
		t.Errorf("%d of %d bytes, layout %v, format %q, %v", s.text.Len(), len(long), s.layout, s.format, err)
	}
	for _, seek := range []bool{false, true} {
		s = &sink{seek: seek}
		_, err := readApart(t, p, "children\nabcdef", part.Limits{}, s)
		want := []string{"child 0 a.txt 100000", "child 1 a.txt 100000", "child 2 a.txt 100000", "seekable  6"}
		if seek {
			want[3] = "seekable  3"
		}
		if err != nil || strings.Join(s.kids, "|") != strings.Join(want, "|") {
			t.Errorf("%q %v", s.kids, err)
		}
	}
	s = &sink{}
	if _, err := readApart(t, p, "lazy children\n"+strings.Repeat("x", 200_000), part.Limits{}, s); err != nil ||
		strings.Join(s.kids, "|") != "lazy  200000|lazy  200000|lazy  199999|lazy  199999" {
		t.Errorf("%q %v", s.kids, err)
	}
	s = &sink{}
	if _, err := readApart(t, p, "damaged child\n", part.Limits{}, s); err != nil || len(s.kids) != 1 || !strings.HasSuffix(s.kids[0], "decode-error") {
		t.Errorf("%q %v", s.kids, err)
	}
	if p.Started() != 1 {
		t.Errorf("%d processes for well-behaved parts", p.Started())
	}
}

func TestBudgetIsShared(t *testing.T) {
	p := newPool(t)
	s := &sink{}
	b, err := readApart(t, p, "spend\n", part.Limits{Bytes: 10 << 20}, s)
	if err != nil || len(s.skips) != 1 || s.skips[0] != "too-large true" {
		t.Errorf("%q %v", s.skips, err)
	}
	if b.Share().Out <= 10<<20 {
		t.Errorf("%d bytes are noted", b.Share().Out)
	}
}

func TestErrorsComeBack(t *testing.T) {
	p := newPool(t)
	_, err := readApart(t, p, "error\n", part.Limits{}, &sink{})
	if reason, detail := part.ReasonOf(err); reason != part.Encrypted || detail != "locked" {
		t.Errorf("%v", err)
	}
	enough := errors.New("enough")
	if _, err := readApart(t, p, "text\nabc", part.Limits{}, &sink{refuse: enough}); err != enough {
		t.Errorf("%v", err)
	}
	if _, err := readApart(t, p, "children\n", part.Limits{}, &sink{refuse: enough}); err != enough {
		t.Errorf("%v", err)
	}
}

// A parser that fails in whatever way takes nobody with it.
func TestFaultsStayApart(t *testing.T) {
	p := newPool(t)
	for what, c := range map[string]struct {
		limits part.Limits
		want   string
	}{
		"panic": {part.Limits{}, "engine-error false"},
		"exit":  {part.Limits{}, "engine-error false"},
		"eat":   {part.Limits{}, "engine-error false"},
		"loop":  {part.Limits{Time: 100 * time.Millisecond}, "timed-out false"},
	} {
		t.Run(what, func(t *testing.T) {
			start := time.Now()
			s := &sink{}
			if _, err := readApart(t, p, what+"\n", c.limits, s); err != nil || len(s.skips) != 1 || s.skips[0] != c.want {
				t.Errorf("%q %v, want %s", s.skips, err, c.want)
			}
			if d := time.Since(start); d > 30*time.Second {
				t.Errorf("it took %v", d)
			}
			s = &sink{}
			if _, err := readApart(t, p, "text\nnext", part.Limits{}, s); err != nil || s.text.String() != "next" {
				t.Errorf("the next part: %q %q %v", s.text.String(), s.skips, err)
			}
		})
	}
}

func TestWritesNoFiles(t *testing.T) {
	p := newPool(t)
	s := &sink{}
	name := t.TempDir() + "/leak"
	readApart(t, p, "write\n"+name, part.Limits{}, s)
	if b, err := os.ReadFile(name); err == nil && len(b) > 0 && confines {
		t.Errorf("it wrote %d bytes", len(b))
	}
}

func TestManyAtOnce(t *testing.T) {
	p := newPool(t)
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			s := &sink{}
			want := strings.Repeat(fmt.Sprint(i, ","), 1000)
			if _, err := readApart(t, p, "text\n"+want, part.Limits{}, s); err != nil || s.text.String() != want {
				t.Errorf("%d: %d bytes, %v", i, s.text.Len(), err)
			}
		})
	}
	wg.Wait()
}

// While all processes are taken, a part waits until the upload's time is over.
func TestWaitingEnds(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPool(Config{Command: []string{self, "reader-process"}, Most: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	w, err := p.take(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{}
	if _, err := readApart(t, p, "text\nabc", part.Limits{Time: 50 * time.Millisecond}, s); err != nil || len(s.skips) != 1 || s.skips[0] != "timed-out false" {
		t.Errorf("%q %v", s.skips, err)
	}
	p.put(w, true)
	s = &sink{}
	if _, err := readApart(t, p, "text\nabc", part.Limits{}, s); err != nil || s.text.String() != "abc" {
		t.Errorf("%q %q %v", s.text.String(), s.skips, err)
	}
}

func TestAProgramThatIsNoReader(t *testing.T) {
	if _, err := NewPool(Config{Command: []string{"/nonexistent/reader"}}); err == nil {
		t.Error("a pool without processes")
	}
}

func BenchmarkSmallPart(b *testing.B) {
	self, _ := os.Executable()
	p, err := NewPool(Config{Command: []string{self, "reader-process"}})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	r := p.Readers([]part.Reader{plain{}, odd{}})[1]
	content := "text\n" + strings.Repeat("x", 10<<10)
	for b.Loop() {
		budget := part.NewBudget(part.Limits{}, int64(len(content)))
		r.Read(context.Background(), &part.Part{Path: "x", Body: strings.NewReader(content), Size: int64(len(content))}, &sink{}, budget)
	}
}
