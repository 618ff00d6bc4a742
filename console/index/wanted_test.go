package index

import (
	"context"
	"testing"
	"time"
)

// TestWhoWaitsIsNotKeptWaiting: a rest that is long because nobody looked ends soon
// once somebody waits for the index.
func TestWhoWaitsIsNotKeptWaiting(t *testing.T) {
	x := new(Index)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan struct{})
	go func() { x.rest(ctx, 500*time.Millisecond); close(done) }() // nearly ten seconds by its share
	time.Sleep(10 * time.Millisecond)
	select {
	case <-done:
		t.Fatal("it takes more than its share while nobody looks")
	default:
	}
	began := time.Now()
	x.Wanted()
	<-done
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it rests for %v", took)
	}
}
