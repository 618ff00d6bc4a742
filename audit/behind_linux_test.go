package audit

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// Syncs come back, of several files at once, and one of what cannot be synced is
// not taken or fails: it is never said to be done.
func TestSyncsBehindOnesBack(t *testing.T) {
	s := behind()
	if s == nil {
		t.Skip("this kernel does not take io_setup: syncs block instead")
	}
	var wait sync.WaitGroup
	for k := range 4 {
		wait.Go(func() {
			f, err := os.Create(filepath.Join(t.TempDir(), string(rune('a'+k))))
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			for range 50 {
				if _, err := f.Write(make([]byte, 700)); err != nil {
					t.Error(err)
				}
				if taken, err := s.sync(f); !taken || err != nil {
					t.Errorf("taken %v, %v", taken, err)
				}
			}
		})
	}
	wait.Wait()

	var ends [2]int
	if err := unix.Pipe(ends[:]); err != nil {
		t.Fatal(err)
	}
	pipe := os.NewFile(uintptr(ends[1]), "pipe")
	defer pipe.Close()
	defer unix.Close(ends[0])
	if taken, err := s.sync(pipe); taken && err == nil {
		t.Error("a pipe is on disk")
	}
	if dataSync(pipe) == nil {
		t.Error("a pipe is on disk")
	}
}

// An answer that did not come is never taken for that of a later sync.
func TestSyncerWithoutAnAnswerIsNotUsedAgain(t *testing.T) {
	s := newSyncer()
	if s == nil {
		t.Skip("this kernel does not take io_setup: syncs block instead")
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if taken, err := s.sync(f); !taken || err != nil {
		t.Fatalf("taken %v, %v", taken, err)
	}
	done := s.done
	if s.done, err = os.Open(os.DevNull); err != nil { // ends at once
		t.Fatal(err)
	}
	if taken, err := s.sync(f); !taken || err == nil {
		t.Errorf("a sync without an answer: taken %v, %v", taken, err)
	}
	_ = s.done.Close()
	s.done = done
	if taken, _ := s.sync(f); taken {
		t.Error("it goes on with an answer outstanding")
	}
	_ = done.Close()
}
