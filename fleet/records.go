package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

// Records are what one node has shipped, as the stream holds it. Each is
// checked, as [Client.Verify] does, before it is given: that it follows the one
// before, and is of the node's checkpoints. Safe for concurrent use.
type Records struct {
	f    *Fleet
	node string

	mu   sync.Mutex
	v    *verifier // where the last Read ended; nil: nowhere
	at   uint64    // message of the stream after that
	next uint64    // record after that
}

// Others are the names of the other nodes that were heard of; none where no
// other can be.
func (f *Fleet) Others() (names []string) {
	f.roster.mu.Lock()
	defer f.roster.mu.Unlock()
	for name := range f.roster.nodes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Records gives those of a node. What its own node has not shipped yet, or what
// the stream keeps no more, is not among them.
func (f *Fleet) Records(node string) *Records { return &Records{f: f, node: node} }

// Acknowledged is the number of the last that the node says it has shipped; 0
// as long as nothing was heard of it. It costs nothing.
func (r *Records) Acknowledged() uint64 {
	r.f.roster.mu.Lock()
	defer r.f.roster.mu.Unlock()
	return r.f.roster.nodes[r.node].Shipped
}

func (r *Records) verifier() *verifier {
	v := &verifier{Verified: Verified{Node: r.node}}
	if key := r.f.cfg.Pinned[r.node]; key != "" {
		v.Key, v.Pinned = key, true
	}
	return v
}

// take checks a message and gives fn its records.
func (r *Records) take(v *verifier, m message, fn func(audit.Record) error) error {
	v.fn = func(rec audit.Record, _ []byte) error { return fn(rec) }
	err := v.take(m)
	if errors.Is(err, errBadRecord) {
		return fmt.Errorf("records of %s: %s", r.node, v.Bad)
	}
	return err
}

// Read calls fn for each record from number from on, in order, and ends with
// fn's error. To go on where the last Read ended costs little.
func (r *Records) Read(from uint64, fn func(audit.Record) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	ctx := context.Background() // each call has its own time
	v, at := r.v, r.at
	r.v = nil // until all went well
	if v == nil || r.next != from {
		m, err := r.seek(ctx, from)
		if err != nil {
			return err
		}
		v, at = r.verifier(), max(m.seq, 1)
	}
	for {
		m, err := r.f.engine.after(ctx, r.f.cfg.auditStream(), r.f.cfg.auditSubject(r.node), at)
		if err != nil {
			return fmt.Errorf("read the records of %s: %w", r.node, err)
		}
		if m.seq == 0 {
			break
		}
		if err := r.take(v, m, func(rec audit.Record) error {
			if rec.Seq < from || rec.Event.Kind == audit.KindExpire && r.f.cfg.Records == 0 {
				return nil // what has expired there is kept in the stream all the same
			}
			return fn(rec)
		}); err != nil {
			return err
		}
		at = m.seq + 1
	}
	r.v, r.at, r.next = v, at, max(v.Last+1, from)
	return nil
}

// getTime bounds Get.
const getTime = 20 * time.Second

// Get reads one record; ok is false if the stream does not hold it.
func (r *Records) Get(seq uint64) (found audit.Record, ok bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), getTime)
	defer cancel()
	m, err := r.seek(ctx, seq)
	if err != nil || m.seq == 0 {
		return found, false, err
	}
	err = r.take(r.verifier(), m, func(rec audit.Record) error {
		if rec.Seq == seq {
			found, ok = rec, true
			found.Raw = bytes.Clone(rec.Raw)
		}
		return nil
	})
	return found, ok && err == nil, err
}

// seek finds the node's last message that begins with record n or an earlier
// one; seq 0 if there is none.
func (r *Records) seek(ctx context.Context, n uint64) (found message, err error) {
	if n <= 1 {
		n = 1
	}
	end, err := r.f.engine.end(ctx, r.f.cfg.auditStream())
	if err != nil {
		return found, err
	}
	for low, high := uint64(1), end+1; low < high; {
		mid := low + (high-low)/2
		m, err := r.f.engine.after(ctx, r.f.cfg.auditStream(), r.f.cfg.auditSubject(r.node), mid)
		if err != nil {
			return found, fmt.Errorf("look for record %d of %s: %w", n, r.node, err)
		}
		var b *batch
		if m.seq > 0 {
			if b, err = decodeBatch(m.plain); err != nil {
				return found, err
			}
		}
		switch {
		case b == nil || b.First > n:
			high = mid
		case b.Last >= n:
			return m, nil
		default:
			found, low = m, m.seq+1
		}
	}
	return found, nil
}
