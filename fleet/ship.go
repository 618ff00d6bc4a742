package fleet

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/sekimori-dlp/sekimori/audit"
)

// ship is the source of the node's own records. Only what a checkpoint covers is
// sent, and that checkpoint ends the last of its batches, so that all that
// stands in the stream before one is signed.
type ship struct {
	f *Fleet

	follow *audit.Follower
	goal   *audit.Signed // the checkpoint that is being sent up to
	gap    uint64        // records that expired before the batch on its way

	mu      sync.Mutex
	shipped uint64
	lost    uint64 // expired before they could be shipped
	err     error
}

// maxLines bounds the records of a message, before they are compressed. A
// single record may be larger.
const maxLines = 512 << 10

// errFork is why nothing is shipped any more until somebody has looked.
var errFork = errors.New("the stream holds other records of this node than its log does: the log was changed or put back, or another node has this one's name")

func (s *ship) failed(err error) {
	s.mu.Lock()
	forked := errors.Is(err, errFork) && !errors.Is(s.err, errFork)
	s.err = err
	s.mu.Unlock()
	if forked {
		s.f.log.Error("fleet: records are not shipped", "error", err)
		s.f.tell("fleet-records-disagree", "critical", err)
	}
}

// begin implements source.
func (s *ship) begin(last *batch) (uint64, error) {
	if s.follow != nil {
		s.follow.Close()
		s.follow = nil
	}
	s.goal, s.gap = nil, 0
	if last == nil {
		return 0, nil
	}
	r, err := replayed(last)
	if err != nil {
		return 0, fmt.Errorf("%w (%w)", errFork, err)
	}
	at := r.Last()
	if at.Seq > s.f.deps.Audit.Acknowledged() || last.Key != s.f.deps.AuditKey.Public {
		return 0, errFork
	}
	// What was shipped last may have expired here since; then nobody can say.
	if _, here, err := audit.Line(s.f.deps.AuditDir, at.Seq); err == nil && here != at.Hash {
		return 0, errFork
	}
	return at.Seq, nil
}

// replayed checks the records of a batch by themselves.
func replayed(b *batch) (*audit.Replay, error) {
	if b.Base == nil || b.Base.Size+1 != b.First {
		return nil, errors.New("the batch does not say what comes before it")
	}
	r, err := audit.NewReplay(*b.Base)
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(b.lines) {
		if _, err := r.Add(line); err != nil {
			return nil, err
		}
	}
	if r.Last().Seq != b.Last {
		return nil, fmt.Errorf("the batch ends with record %d, not %d", r.Last().Seq, b.Last)
	}
	return r, nil
}

// next implements source.
func (s *ship) next(after uint64) (*batch, error) {
	if s.goal == nil || s.goal.Size <= after {
		s.goal = s.f.deps.Audit.Checkpoint()
	}
	if s.goal == nil || s.goal.Size <= after {
		return nil, nil
	}
	if s.follow == nil {
		s.follow = audit.Follow(s.f.deps.AuditDir, after+1)
	}
	b := &batch{First: after + 1, Last: after, Key: s.f.deps.AuditKey.Public}
	for b.Last < s.goal.Size && len(b.lines) < maxLines {
		seq, line, ok, err := s.follow.NextLine(s.goal.Size)
		if err != nil {
			s.follow.Close()
			s.follow = nil
			return nil, err
		}
		if !ok {
			break
		}
		if seq != b.Last+1 {
			// Those between have expired before they could be shipped.
			if b.Last >= b.First {
				s.follow.Close()
				s.follow = nil
				break
			}
			s.gap = seq - b.First
			b.First = seq
		}
		if b.Last < b.First {
			prev, err := audit.PrevHash(line)
			if err != nil {
				return nil, err
			}
			base, err := audit.BaseAt(s.f.deps.AuditDir, seq-1, prev)
			if err != nil {
				return nil, err
			}
			b.Base = &base
		}
		b.Last = seq
		b.lines = append(b.lines, line...)
	}
	if b.Base == nil {
		return nil, nil
	}
	if b.Last == s.goal.Size {
		b.Note = string(s.goal.Note)
	}
	return b, nil
}

// sent implements source.
func (s *ship) sent(upTo uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shipped = upTo
	s.lost, s.gap = s.lost+s.gap, 0
}

// wake implements source: records are shipped as checkpoints are made.
func (s *ship) wake() <-chan struct{} { return nil }

// stands tells how far shipping is.
func (s *ship) stands() (shipped, lag, lost uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if acked := s.f.deps.Audit.Acknowledged(); acked > s.shipped {
		lag = acked - s.shipped
	}
	return s.shipped, lag, s.lost, s.err
}
