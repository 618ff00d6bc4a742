package hold

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestRoom(t *testing.T) {
	s, err := Open(Config{Dir: t.TempDir(), TotalMemory: 400, Messages: 100, MessagesPerSender: 60, Wait: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	take := func(r *Room, n int64, want error) {
		t.Helper()
		if err := r.Take(ctx, n); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v, want %v", n, err, want)
		}
	}
	anna, anna2, ben := s.Room("anna"), s.Room("anna"), s.Room("ben")
	take(anna, 40, nil)
	take(anna, 21, ErrTooLarge) // more than one may have
	take(anna2, 21, ErrFull)    // than she has left
	take(anna2, 20, nil)
	take(ben, 41, ErrFull) // than there is
	take(ben, 40, nil)
	if m := s.Stats().Memory; m != 100 {
		t.Errorf("%d bytes of memory", m)
	}
	if s.takeMemory(301) || !s.takeMemory(300) {
		t.Error("bodies and messages take of each other's memory")
	}
	s.memory.Add(-300)
	anna.Empty()
	take(ben, 20, nil)
	anna2.Close()
	anna2.Close()
	anna2.Empty()
	take(anna2, 10, ErrClosed)
	take(anna, 40, nil)
	for _, r := range []*Room{anna, ben} {
		r.Close()
	}
	if st := s.Stats(); st.Memory != 0 || len(s.rooms.of) != 0 || st.Full != 2 || st.TooLarge != 1 {
		t.Errorf("left: %+v, %d senders", st, len(s.rooms.of))
	}
}

// Whoever waits goes on when others are done.
func TestRoomIsWaitedFor(t *testing.T) {
	s, err := Open(Config{Dir: t.TempDir(), TotalMemory: 400, Messages: 100, MessagesPerSender: 100, Wait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	one, other := s.Room("anna"), s.Room("ben")
	if err := one.Take(context.Background(), 80); err != nil {
		t.Fatal(err)
	}
	got := make(chan error)
	go func() { got <- other.Take(context.Background(), 30) }()
	one.Close()
	if err := <-got; err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { got <- other.Take(ctx, 70+1) }()
	cancel()
	if err := <-got; !errors.Is(err, ErrTooLarge) { // it is more than anybody may have
		t.Error(err)
	}
	go func() { got <- s.Room("carl").Take(ctx, 80) }()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
