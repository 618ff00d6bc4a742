package hold

import (
	"context"
	"fmt"
	"sync"
)

// Room is memory that is kept beside bodies for what cannot go to disk: messages of a
// conversation, while they come in. It counts towards the spool's memory and its
// sender's share of that. One goroutine at a time may Take; Close may be called from any.
type Room struct {
	s  *Spool
	sh *share

	mu   sync.Mutex
	n    int64
	over bool
}

// Room returns room of a sender, none of it taken. The caller closes it.
func (s *Spool) Room(sender string) *Room { return &Room{s: s, sh: s.rooms.join(sender)} }

// Take reserves n more bytes. Where others have them it waits, for as long as Hold does,
// and then fails with ErrFull; where they are more than one sender may have at all, with
// ErrTooLarge.
func (r *Room) Take(ctx context.Context, n int64) error {
	s := r.s
	r.mu.Lock()
	all := r.n + n
	r.mu.Unlock()
	if all > s.c.MessagesPerSender {
		s.tooLarge.Add(1)
		return fmt.Errorf("%w for messages in memory", ErrTooLarge)
	}
	err := take(ctx, r.sh.Weighted, n, s.c.Wait, "sender's share of the memory")
	if err == nil {
		if err = take(ctx, s.messages, n, s.c.Wait, "messages' share of the memory"); err != nil {
			r.sh.Release(n)
		}
	}
	if err != nil {
		s.full.Add(1)
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		r.sh.Release(n)
		s.messages.Release(n)
		return ErrClosed
	}
	r.n += n
	s.inRooms.Add(n)
	return nil
}

// Empty gives back all that was taken.
func (r *Room) Empty() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over {
		r.sh.Release(r.give())
	}
}

// Close gives back everything, for good. It may be called more than once.
func (r *Room) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over {
		r.over = true
		r.s.rooms.leave(r.sh, r.give())
	}
}

// give gives back all but what is the sender's share, which it returns.
func (r *Room) give() (n int64) {
	n, r.n = r.n, 0
	r.s.messages.Release(n)
	r.s.inRooms.Add(-n)
	return n
}
