package audit

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

var kills = flag.Int("kills", 20, "how many times TestKill kills the writer")

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
	l, err := Open(dir, Options{SegmentBytes: 100 << 10})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 1_000_000 {
				r, err := l.Append(context.Background(), decision(i))
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
// again on the same log: every receipt it gave is for a record that is there.
func TestKill(t *testing.T) {
	dir := t.TempDir()
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
		if res, err := Verify(dir, nil); err != nil || res.Bad != nil {
			t.Fatalf("round %d, before recovery: %v %v", round, err, res.Bad)
		}
	}
	l := mustOpen(t, dir, Options{})
	mustAppend(t, l, 1)
	res, err := Verify(dir, nil)
	if err != nil || res.Bad != nil {
		t.Fatalf("%v %v", err, res.Bad)
	}
	err = Read(dir, Filter{}, func(r Record) error {
		if want, ok := acked[r.Seq]; ok && want != r.Hash.String() {
			t.Errorf("record %d is not the one acknowledged", r.Seq)
		}
		delete(acked, r.Seq)
		return nil
	})
	if err != nil || len(acked) > 0 {
		t.Errorf("%d acknowledged records are missing, error %v", len(acked), err)
	}
	t.Logf("%d kills, %d records in %d segments", *kills, res.Records, res.Segments)
}
