package smtp

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func base64Of(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

type zone struct{}

func (zone) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	switch name {
	case "outside.example":
		return []*net.MX{{Host: "127.0.0.1."}}, nil
	case "null.example":
		return []*net.MX{{Host: "."}}, nil
	}
	return nil, &net.DNSError{Err: "time-out", IsTimeout: true}
}

func TestJournalOutlivesAKill(t *testing.T) {
	name := filepath.Join(t.TempDir(), "journal")
	now := time.Unix(1_800_000_000, 0)
	clock := func() time.Time { return now }
	j, err := openJournal(name, clock)
	if err != nil {
		t.Fatal(err)
	}
	sent, _, _ := j.begin(key{1}, "")
	_ = sent
	if _, _, err := j.begin(key{1}, ""); err != errBusy {
		t.Errorf("the same at once: %v", err)
	}
	had, _, _ := j.begin(key{2}, "")
	j.accept(had)
	told, _, _ := j.begin(key{3}, "")
	j.accept(told)
	j.heard(told)
	not, _, _ := j.begin(key{4}, "")
	j.forget(not)
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, "a 0102") // cut short
	f.Close()

	j, err = openJournal(name, clock)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range map[byte]byte{1: sending, 2: accepted, 3: 0, 4: 0} {
		e, before, err := j.begin(key{k}, "")
		if before != want || err != nil || e == nil {
			t.Errorf("message %d: %q %v, want %q", k, before, err, want)
		}
	}
	now = now.Add(keep + time.Second)
	if j, err = openJournal(name, clock); err != nil || len(j.live) != 0 {
		t.Errorf("old entries live on: %v, %v", j.live, err)
	}
}

// What a kill cut off before the client was answered is told once.
func TestJournalTellsWhatWasCutOff(t *testing.T) {
	name := filepath.Join(t.TempDir(), "journal")
	j, err := openJournal(name, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	try := func(n byte, id string) *entry {
		e, _, err := j.begin(key{n}, id)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	try(1, "underway")
	j.accept(try(2, "unanswered"))
	told := try(3, "told")
	j.accept(told)
	j.told(told)
	j.leave(try(4, "open"), true) // told as doubtful by then
	j.forget(try(5, "refused"))
	try(6, "")
	for _, want := range []string{"[unanswered underway]", "[]"} {
		if j, err = openJournal(name, time.Now); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(j.cut()); got != want {
			t.Errorf("cut off: %s, want %s", got, want)
		}
	}
	for n, want := range map[byte]byte{1: sending, 2: accepted, 3: accepted, 4: sending, 5: 0} {
		if _, before, _ := j.begin(key{n}, "x"); before != want {
			t.Errorf("message %d: %q, want %q", n, before, want)
		}
	}
}

func TestJournalStaysSmall(t *testing.T) {
	name := filepath.Join(t.TempDir(), "journal")
	j, err := openJournal(name, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for i := range slackLines {
		e := &entry{key: key{byte(i), byte(i >> 8)}, state: accepted, at: time.Now()}
		j.live[e.key] = e
		j.forget(e)
	}
	j.lines = slackLines + 1
	e, _, _ := j.begin(key{9, 9, 9}, "")
	j.forget(e)
	if info, err := os.Stat(name); err != nil || info.Size() > 200 {
		t.Errorf("%v %v", info.Size(), err)
	}
	if err := j.close(); err != nil {
		t.Error(err)
	}
	if _, _, err := j.begin(key{1}, ""); err == nil {
		t.Error("a closed journal took an entry")
	}
}
