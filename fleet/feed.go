package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

// batch is what a node says at once on a subject of its own: the items first
// to last, which follow those that it said before. In a message it is a line of
// JSON and then the items, a line each.
type batch struct {
	First uint64 `json:"first"` // last+1 if there are none
	Last  uint64 `json:"last"`
	Prev  uint64 `json:"prev,omitempty"` // last of the batch before it in the stream, 0 if there is none

	// Of records only.
	Base *audit.Base `json:"base,omitempty"` // what comes before First
	Key  string      `json:"key,omitempty"`  // by which checkpoints are checked
	Note string      `json:"note,omitempty"` // the checkpoint over all to Last, if one is there

	lines []byte
}

func (b *batch) encode() ([]byte, error) {
	head, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	return append(append(head, '\n'), b.lines...), nil
}

func decodeBatch(plain []byte) (*batch, error) {
	head, lines, ok := bytes.Cut(plain, []byte{'\n'})
	b := &batch{lines: lines}
	if err := json.Unmarshal(head, b); !ok || err != nil || b.First == 0 || b.Last+1 < b.First {
		return nil, fmt.Errorf("the message is no batch: %w", errSeal)
	}
	return b, nil
}

// source is what a feed takes from. Its methods are called by one goroutine.
type source interface {
	// begin tells where the stream stands: the last batch that it holds of this
	// node, nil if none. It returns the number after which to go on.
	begin(last *batch) (uint64, error)
	// next returns the batch after a number, nil if there is none yet.
	next(after uint64) (*batch, error)
	// sent tells that everything up to a number is in the stream.
	sent(upTo uint64)
	// wake tells that there is something to send.
	wake() <-chan struct{}
}

// feed puts a source's items onto a subject, once and in order: a message is
// only taken after the one that this node knows as its last, and when it is not
// known whether one was taken, the stream is asked.
type feed struct {
	*engine
	stream, subject string
	source          source
	gather          time.Duration // after a wake, so that more goes at once
	trouble         func(error)   // told of a failure, and of nil after one
}

func (f *feed) run(ctx context.Context) {
	for wait := firstPause; ctx.Err() == nil; {
		n, err := f.pump(ctx)
		if ctx.Err() != nil {
			return
		}
		if f.trouble(err); n > 0 {
			wait = firstPause
		}
		pause(ctx, wait)
		wait = min(2*wait, lastPause)
	}
}

// pump sends until something fails; n is how many messages went.
func (f *feed) pump(ctx context.Context) (n int, err error) {
	m, err := f.last(ctx, f.stream, f.subject)
	if err != nil {
		return 0, err
	}
	var b *batch
	if m.seq > 0 {
		if b, err = decodeBatch(m.plain); err != nil {
			return 0, err
		}
	}
	at, err := f.source.begin(b)
	if err != nil {
		return 0, err
	}
	f.trouble(nil)
	f.source.sent(at)
	tick := time.NewTicker(f.cfg.every)
	defer tick.Stop()
	prev := uint64(0)
	if b != nil {
		prev = b.Last
	}
	for last := m.seq; ctx.Err() == nil; {
		b, err := f.source.next(at)
		if err != nil {
			return n, err
		}
		if b == nil {
			select {
			case <-f.source.wake():
				pause(ctx, f.gather)
			case <-tick.C:
			case <-ctx.Done():
			}
			continue
		}
		b.Prev = prev
		plain, err := b.encode()
		if err != nil {
			return n, err
		}
		if last, err = f.publish(ctx, f.stream, f.subject, plain, &last); err != nil {
			return n, err
		}
		n++
		at, prev = b.Last, b.Last
		f.source.sent(at)
		if f.cfg.rest > 0 {
			pause(ctx, f.cfg.rest)
		}
	}
	return n, ctx.Err()
}
