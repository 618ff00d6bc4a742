package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

func TestCollectorLeavesHeadroom(t *testing.T) {
	for live, want := range map[uint64]int{0: 1000, 1 << 20: 1000, headroom / 2: 200, headroom: 100, 8 * headroom: 100} {
		if got := percent(live); got < want-1 || got > want+1 {
			t.Errorf("%d MiB live: %d percent, want %d", live>>20, got, want)
		}
	}
	inForce := func() uint64 {
		s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	defer debug.SetGCPercent(debug.SetGCPercent(70))
	t.Setenv("GOGC", "70")
	tuneCollector()
	if got := inForce(); got != 70 {
		t.Errorf("%d percent although GOGC is set", got)
	}
	t.Setenv("GOGC", "")
	tuneCollector()
	for range 2 { // and again after every collection
		debug.SetGCPercent(70)
		for deadline := time.Now().Add(5 * time.Second); inForce() == 70; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("not tuned after a collection")
			}
			runtime.GC()
		}
	}
}
