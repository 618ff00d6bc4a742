package inspect_test

import (
	"bytes"
	"context"
	"io"
	"sync/atomic"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// reads counts what is read of a body.
type reads struct {
	io.Reader
	n atomic.Int64
}

func (r *reads) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.n.Add(int64(n))
	return n, err
}

// What is in a text is known soon after it was read, without its end.
func TestLiveTellsWhatIsFoundSoFar(t *testing.T) {
	for name, f := range map[string]struct{ begin, line, card string }{
		"prose":         {"", "2026-01-07 the quick brown fox jumps over the lazy dog\n", "card 4539 1488 0343 6467\n"},
		"table":         {"when,what,number\n", "2026-01-07,fox,17\n", "2026-01-07,card,4539148803436467\n"},
		"JSON":          {"{\"all\":[\n", "{\"what\":\"fox\",\"number\":\"17\"},\n", "{\"what\":\"card\",\"number\":\"4539148803436467\"},\n"},
		"lines of JSON": {"", "{\"what\":\"fox\",\"number\":\"17\"}\n", "{\"what\":\"card\",\"number\":\"4539148803436467\"}\n"},
	} {
		t.Run(name, func(t *testing.T) { liveFinds(t, f.begin, f.line, f.card) })
	}
}

func liveFinds(t *testing.T, begin, line, card string) {
	const before, size = 2 << 20, 6 << 20
	text := append([]byte(begin), bytes.Repeat([]byte(line), before/len(line))...)
	at := int64(len(text))
	text = append(text, card...)
	text = append(text, bytes.Repeat([]byte(line), (size-before)/len(line))...)
	s, err := inspect.New(inspect.Spec{Queries: []inspect.Query{{With: [][]inspect.Type{{"CARD"}}, Confidence: .8, AtLeast: 1}}}, inspect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	body := &reads{Reader: bytes.NewReader(text)}
	found := int64(-1)
	live := &inspect.Live{SoFar: func(sum func() *inspect.Report) {
		r := sum()
		if found < 0 && r.Answers[0] > 0 {
			found = body.n.Load()
		}
		if len(r.Answers) != 1 || r.Coverage.Inspected != 1 {
			t.Fatalf("so far: %+v", r)
		}
	}}
	r := s.Scan(context.Background(), []part.Part{{Path: "body", Body: body, Size: int64(len(text))}}, inspect.ScanOptions{Live: live})
	if r.Answers[0] != 1 || live.Ended {
		t.Fatalf("answers %v", r.Answers)
	}
	if found < at || found > at+256<<10 {
		t.Errorf("what stands at %d was known after %d bytes", at, found)
	}
}
