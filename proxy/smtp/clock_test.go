package smtp

import (
	"testing"
	"time"
)

// TestMailOverClockJumps: a clock that was ahead and is set back does not keep
// mail from being tried again.
func TestMailOverClockJumps(t *testing.T) {
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	for next, want := range map[time.Duration]bool{
		-time.Hour: true, 0: true, time.Second: false, pause(0): false, pause(100): false,
		24 * time.Hour: true, // no pause is that long
	} {
		p := &parcel{Stage: stageWaiting, Next: now.Add(next)}
		if got := p.ready(now, time.Hour); got != want {
			t.Errorf("the next try is due in %v: ready is %v", next, got)
		}
	}
}
