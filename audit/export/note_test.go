package export

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
)

// signedLog is a log that makes a checkpoint at each chance.
func signedLog(t *testing.T) (*audit.Log, string, *checkpoint.Key) {
	t.Helper()
	top := t.TempDir()
	key, err := checkpoint.OpenLogKey(filepath.Join(top, "keys", "audit"))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(top, "audit")
	l, err := audit.Open(dir, audit.Options{Key: key, Checkpoint: 5 * time.Millisecond, Heartbeat: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, dir, key
}

// TestCheckpointsGoOut: in every format a checkpoint that a sink got can be found
// again and is signed; each goes out once, over restarts too.
func TestCheckpointsGoOut(t *testing.T) {
	l, dir, key := signedLog(t)
	state := t.TempDir()
	for format := range Formats {
		out := filepath.Join(t.TempDir(), "out")
		sizes := func() (all []uint64) {
			t.Helper()
			b, err := os.ReadFile(out)
			if err != nil {
				return nil
			}
			for _, n := range Notes(b) {
				c, _, err := checkpoint.Open(n, key.Verifier)
				if err != nil {
					t.Fatalf("%s: %v\n%s", format, err, b)
				}
				all = append(all, c.Number)
			}
			return all
		}
		rounds := 1
		if format == "jsonl" {
			rounds = 2
		}
		for round := range rounds {
			add(t, l, 100*round, 20)
			p, err := New(Config{Name: format, To: "file:" + out, Format: format, Checkpoints: "1ms"}, dir, state, l)
			if err != nil {
				t.Fatal(err)
			}
			stop := run(t, p)
			before := len(sizes())
			await(t, format+": checkpoints", func() bool { return p.Status().Lag == 0 && len(sizes()) > before })
			stop()
		}
		all := sizes()
		if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
			t.Errorf("%s: checkpoints %v", format, all)
		}
		b, err := os.ReadFile(out)
		if err != nil || strings.Count(string(b), "SK-")+strings.Count(string(b), "SK\\-") == 0 {
			t.Errorf("%s: no records beside them, %v", format, err)
		}
	}
}

// TestCheckpointsToAFolder: a new file each, none of which is ever written again.
func TestCheckpointsToAFolder(t *testing.T) {
	l, dir, key := signedLog(t)
	out := filepath.Join(t.TempDir(), "worm")
	c := Config{Name: "worm", To: "dir:" + out, Kinds: []string{KindCheckpoint}, Checkpoints: "1ms"}
	state := t.TempDir()
	p, err := New(c, dir, state, l)
	if err != nil {
		t.Fatal(err)
	}
	add(t, l, 0, 3)
	stop := run(t, p)
	files := func() []string {
		all, err := filepath.Glob(filepath.Join(out, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	await(t, "two files", func() bool { return len(files()) >= 2 })
	stop()
	first := files()[0]
	b, err := os.ReadFile(first)
	if err != nil || len(Notes(b)) != 1 {
		t.Fatalf("%s: %s %v", first, b, err)
	}
	if _, _, err := checkpoint.Open(Notes(b)[0], key.Verifier); err != nil || strings.Contains(string(b), "SK-") {
		t.Errorf("%v\n%s", err, b)
	}
	if info, err := os.Stat(first); err != nil || info.Mode().Perm() != 0o440 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	// The same again, after a crash before the cursor was kept, and after a write
	// that was cut off.
	s := folder{out, "jsonl"}
	item := Item{Seq: 9, Note: 7_000, Line: []byte("whole")}
	for range 2 {
		if err := s.send(t.Context(), []Item{item}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(out, "checkpoint-0000007001.jsonl"), []byte("who"), 0o440); err != nil {
		t.Fatal(err)
	}
	item.Note++
	if err := s.send(t.Context(), []Item{item}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"checkpoint-0000007000.jsonl": "whole\n", "checkpoint-0000007001.jsonl": "who", "checkpoint-0000007001.1.jsonl": "whole\n"} {
		if b, err := os.ReadFile(filepath.Join(out, name)); err != nil || string(b) != want {
			t.Errorf("%s: %q %v", name, b, err)
		}
	}
	if n, err := filepath.Glob(filepath.Join(out, "checkpoint-00000070*")); err != nil || len(n) != 3 {
		t.Errorf("%q %v", n, err)
	}
}

// TestCheckpointsBySyslog finds them in what a syslog server kept.
func TestCheckpointsBySyslog(t *testing.T) {
	l, dir, key := signedLog(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	var mu sync.Mutex
	var kept []byte
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go readFrames(c, func(b []byte) {
				mu.Lock()
				defer mu.Unlock()
				kept = append(append(append(kept, "Apr  1 12:00:00 host "...), b...), '\n')
			})
		}
	}()
	p, err := New(Config{Name: "s", To: "tcp://" + ln.Addr().String(), Format: "cef", Kinds: []string{KindCheckpoint}}, dir, t.TempDir(), l)
	if err != nil {
		t.Fatal(err)
	}
	add(t, l, 0, 3)
	run(t, p)
	await(t, "a checkpoint", func() bool { mu.Lock(); defer mu.Unlock(); return len(Notes(kept)) == 1 })
	mu.Lock()
	defer mu.Unlock()
	if _, _, err := checkpoint.Open(Notes(kept)[0], key.Verifier); err != nil {
		t.Errorf("%v\n%s", err, kept)
	}
}
