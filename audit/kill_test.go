package audit

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
)

var kills = flag.Int("kills", 12, "how many times TestKill kills the writer")

// TestMain lets the test binary be the process that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("SEKIMORI_AUDIT_VICTIM"); dir != "" {
		victim(dir)
		return
	}
	os.Exit(m.Run())
}

// victim appends for ever and prints each receipt once it has it.
func victim(dir string) {
	o := Options{SegmentBytes: 100 << 10, Pack: true, Keep: time.Second, Checkpoint: 3 * time.Millisecond,
		Trouble: func(err error) { fmt.Println("error", err) }}
	var err error
	if o.Key, err = checkpoint.OpenLogKey(filepath.Join(filepath.Dir(dir), "keys", "audit")); err != nil {
		fmt.Println("error", err)
		return
	}
	l, err := Open(dir, o)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 1_000_000 {
				ev := decision(i)
				ev.Time = time.Now()
				r, err := l.Append(context.Background(), ev)
				mu.Lock()
				if err != nil {
					fmt.Println("error", err)
				} else {
					fmt.Println(r.Seq, r.Hash)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// TestKill kills a writing process with SIGKILL at a random moment, again and
// again on the same log, while segments are begun, packed and deleted and
// checkpoints are made: every receipt it gave is for a record that is there, or
// has expired.
func TestKill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	key := testKey(t, filepath.Dir(dir))
	acked := map[uint64]string{}
	for round := range *kills {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "SEKIMORI_AUDIT_VICTIM="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		n := 0
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if n++; n == 1 {
				time.AfterFunc(time.Duration(rand.IntN(40_000))*time.Microsecond, func() { cmd.Process.Kill() })
			}
			var seq uint64
			var hash string
			if _, err := fmt.Sscan(lines.Text(), &seq, &hash); err != nil || len(hash) != 64 {
				if strings.HasPrefix(lines.Text(), "error") {
					t.Errorf("round %d: %s", round, lines.Text())
				}
				continue // the last line may be cut off
			}
			acked[seq] = hash
		}
		cmd.Wait()
		if n == 0 {
			t.Fatalf("round %d: the writer did not start", round)
		}
		if res := verifyWith(t, dir, key); res.Bad != nil && !res.Bad.Pending {
			t.Fatalf("round %d, before recovery: %v", round, res.Bad)
		}
	}
	l := mustOpen(t, dir, Options{Key: key})
	mustAppend(t, l, 1)
	res := verifyWith(t, dir, key)
	if res.Bad != nil {
		t.Fatal(res.Bad)
	}
	for seq := range acked {
		if seq < res.First {
			delete(acked, seq)
		}
	}
	err := Read(dir, Filter{}, func(r Record) error {
		if want, ok := acked[r.Seq]; ok && want != r.Hash.String() {
			t.Errorf("record %d is not the one acknowledged", r.Seq)
		}
		delete(acked, r.Seq)
		return nil
	})
	if err != nil || len(acked) > 0 {
		t.Errorf("%d acknowledged records are missing, error %v", len(acked), err)
	}
	t.Logf("%d kills, %d records in %d segments, those before record %d expired, %d checkpoints",
		*kills, res.Records, res.Segments, res.First, res.Checkpoints)
}
