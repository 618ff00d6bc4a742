package hold

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"
)

// Whoever fills the spool leaves room for others, and waits for his own.
func TestShares(t *testing.T) {
	const size = 4 << 20
	s := mustSpool(t, Config{MemoryPerBody: 1, Max: size, TotalDisk: 100 << 20, PerSender: 2 * onDisk(size), Wait: time.Millisecond})
	hold := func(sender string, o Options) (*Body, error) {
		o.Sender = sender
		return s.Hold(context.Background(), bytes.NewReader(noise(size)), o)
	}
	var held []*Body
	for range 2 {
		b, err := hold("greedy", Options{})
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, b)
	}
	if _, err := hold("greedy", Options{}); !errors.Is(err, ErrFull) {
		t.Errorf("more than his share: %v", err)
	}
	for sender, o := range map[string]Options{"other": {}, "": {}, "greedy": {Most: 50 << 20}} {
		b, err := hold(sender, o)
		if err != nil {
			t.Errorf("%q %+v: %v", sender, o, err)
			continue
		}
		b.Close()
	}
	// What he gives back somebody may be waiting for.
	s.c.Wait = time.Minute
	waits := make(chan error)
	go func() {
		b, err := hold("greedy", Options{})
		if err == nil {
			b.Close()
		}
		waits <- err
	}()
	held[0].Close()
	if err := <-waits; err != nil {
		t.Errorf("when there is room again: %v", err)
	}
	held[1].Close()
	idle(t, s)
	if len(s.parts.of) != 0 {
		t.Errorf("%d shares are kept", len(s.parts.of))
	}
}
