package hold

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// shares bound what each sender's bodies take of the disk, and messages of the memory,
// so that nobody's leave no room for those of others. A sender has one while some of it is in use.
type shares struct {
	each int64 // bytes
	mu   sync.Mutex
	of   map[string]*share
}

type share struct {
	*semaphore.Weighted
	owner string
	users int // bodies, or rooms
}

// join returns the share of a sender for one more body or room.
func (s *shares) join(owner string) *share {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[string]*share{}
	}
	sh := s.of[owner]
	if sh == nil {
		sh = &share{Weighted: semaphore.NewWeighted(s.each), owner: owner}
		s.of[owner] = sh
	}
	sh.users++
	return sh
}

// leave ends that, and gives back n bytes.
func (s *shares) leave(sh *share, n int64) {
	sh.Release(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	if sh.users--; sh.users == 0 {
		delete(s.of, sh.owner)
	}
}

// take reserves n bytes of whose, waiting for others to leave.
func take(ctx context.Context, of *semaphore.Weighted, n int64, wait time.Duration, whose string) error {
	if of.TryAcquire(n) {
		return nil
	}
	patient, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	if of.Acquire(patient, n) == nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return fmt.Errorf("%w: the %s is used up", ErrFull, whose)
}
