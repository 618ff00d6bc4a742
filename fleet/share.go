package fleet

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/sekimori-dlp/sekimori/history"
	"github.com/sekimori-dlp/sekimori/release"
)

// share tells the others what happened here, and takes in what they tell.
//
// Each thing counts once, whatever is killed when: what happens here goes into
// the outbox and then into the history under its number there; what the others
// tell, under theirs. The history keeps, together with what it counts, up to
// which number of each node that is, and how far the stream was read.
type share struct {
	f     *Fleet
	woken chan struct{}

	adding sync.Mutex // an outbox number and its place in the history go together

	mu     sync.Mutex
	to     uint64 // in the stream
	lost   uint64 // could not be kept for the others
	err    error
	behind uint64 // messages of the stream that were not taken in, when last looked
}

// confirmation is an itemConfirm.
type confirmation struct {
	Sum   string `json:"sum"` // hex
	Until int64  `json:"until"`
}

// gatherTime is how long an item waits for others to go with it.
const gatherTime = 50 * time.Millisecond

// maxShared bounds the items of a message, before they are compressed.
const maxShared = 1 << 20

// openShare counts what the outbox has and the history, after a crash, has not.
func openShare(f *Fleet) (*share, error) {
	s := &share{f: f, woken: make(chan struct{}, 1)}
	for after := f.deps.Past.Kept(f.cfg.Node); ; {
		lines, _, last, err := f.out.read(after, maxShared)
		if err != nil {
			return nil, fmt.Errorf("read what is to be told: %w", err)
		}
		if last == 0 {
			return s, nil
		}
		if err := s.each(lines, func(it item) error {
			if it.Kind != itemPast {
				return nil
			}
			return s.count(f.cfg.Node, it)
		}); err != nil {
			return nil, fmt.Errorf("read what is to be told: %w", err)
		}
		f.deps.Past.Note(f.cfg.Node, last)
		after = last
	}
}

// errItem: an item cannot be read.
var errItem = errors.New("an item is not understood")

func (s *share) each(lines []byte, fn func(item) error) error {
	for line := range bytes.Lines(lines) {
		var it item
		if err := json.Unmarshal(line, &it); err != nil {
			return fmt.Errorf("%w: %w", errItem, err)
		}
		if err := fn(it); err != nil {
			return err
		}
	}
	return nil
}

func (s *share) count(node string, it item) error {
	var e history.Entry
	if err := json.Unmarshal(it.Data, &e); err != nil {
		return fmt.Errorf("entry of the history: %w: %w", errItem, err)
	}
	s.f.deps.Past.AddOnce(node, it.N, e)
	return nil
}

// Past is the history of all nodes, in which what leaves here is entered for
// all.
type Past struct {
	*history.History
	s *share
}

// Past returns it.
func (f *Fleet) Past() Past { return Past{f.deps.Past, f.shares} }

// Add remembers an upload or a try. It counts here at once, and on the other
// nodes as soon as it reaches them.
func (p Past) Add(e history.Entry) {
	if p.s.f.cfg.single() {
		p.History.Add(e)
		return
	}
	data, err := json.Marshal(e)
	if err == nil {
		p.s.adding.Lock()
		var n uint64
		if n, err = p.s.f.out.put(itemPast, data, false); err == nil {
			p.AddOnce(p.s.f.cfg.Node, n, e)
		}
		p.s.adding.Unlock()
	}
	if err != nil { // it counts here at least
		p.History.Add(e)
		p.s.unkept(err)
		return
	}
	p.s.wakeUp()
}

// Released tells the others a step of a release, as package release words it.
func (f *Fleet) Released(news []byte) { f.shares.tell(itemRelease, news) }

// Confirmed tells the others that a warning was confirmed.
func (f *Fleet) Confirmed(sum [32]byte, until time.Time) {
	b, err := json.Marshal(confirmation{hex.EncodeToString(sum[:]), until.Unix()})
	if err == nil {
		f.shares.tell(itemConfirm, b)
	}
}

func (s *share) tell(kind string, data []byte) {
	if s.f.cfg.single() {
		return
	}
	if _, err := s.f.out.put(kind, data, true); err != nil {
		s.unkept(err)
		return
	}
	s.wakeUp()
}

// unkept counts what the others will not be told.
func (s *share) unkept(err error) {
	s.mu.Lock()
	s.lost++
	first := s.lost == 1
	s.mu.Unlock()
	s.f.log.Error("fleet: not kept for the other nodes", "error", err)
	if first {
		s.f.tell("fleet-not-kept", "high", err)
	}
}

func (s *share) wakeUp() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

func (s *share) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// begin implements source.
func (s *share) begin(last *batch) (uint64, error) {
	if last == nil {
		return 0, nil
	}
	return last.Last, nil
}

// next implements source.
func (s *share) next(after uint64) (*batch, error) {
	lines, first, last, err := s.f.out.read(after, maxShared)
	if err != nil || last == 0 {
		return nil, err
	}
	return &batch{First: first, Last: last, lines: lines}, nil
}

// sent implements source. What is in the stream and in the history's files need
// not be kept here.
func (s *share) sent(upTo uint64) {
	s.mu.Lock()
	s.to = upTo
	s.mu.Unlock()
	if err := s.f.out.trim(min(upTo, s.f.deps.Past.Kept(s.f.cfg.Node))); err != nil {
		s.f.log.Error("fleet: what was told is not removed", "error", err)
	}
}

// wake implements source.
func (s *share) wake() <-chan struct{} { return s.woken }

// place is under which name the history keeps how far the stream was read. A
// stream that was made anew is another one.
func (s *share) place(ctx context.Context) (string, error) {
	st, err := s.f.engine.stream(ctx, s.f.cfg.shareStream())
	if err != nil {
		return "", err
	}
	return "@" + strconv.FormatInt(st.CachedInfo().Created.UnixMicro(), 36), nil
}

// follow takes in what the others tell.
func (s *share) follow(ctx context.Context) {
	var place string
	s.f.engine.following(ctx, s.f.cfg.shareStream(), s.f.cfg.shareSubject("*"), func() (next uint64, err error) {
		place, err = s.place(ctx)
		return s.f.deps.Past.Seen(place) + 1, err
	}, func(m message, err error) error {
		if err == nil {
			err = s.take(m)
		}
		if errors.Is(err, errSeal) || errors.Is(err, errItem) || errors.Is(err, release.ErrNews) {
			// Not of this fleet, or not understood: it would stop all that follows.
			s.f.log.Error("fleet: a message is passed over", "subject", m.subject, "number", m.seq, "error", err)
			err = nil
		}
		if err == nil {
			s.f.deps.Past.Note(place, m.seq)
		}
		return err
	})
}

func (s *share) take(m message) error {
	node := m.subject[len(s.f.cfg.shareSubject("")):]
	if node == s.f.cfg.Node {
		return nil
	}
	b, err := decodeBatch(m.plain)
	if err != nil {
		return err
	}
	if seen := s.f.deps.Past.Seen(node); seen > 0 && b.Prev > seen {
		s.f.log.Error("fleet: something that a node told is not in the stream any more", "node", node, "from", seen, "to", b.Prev)
		s.f.tell("fleet-missed", "high", fmt.Errorf("what %s told before is not in the stream any more: this node was away for longer than fleet.keep, or the engine has lost it", node))
	}
	err = s.each(b.lines, func(it item) error {
		switch it.Kind {
		case itemPast:
			return s.count(node, it)
		case itemRelease:
			return s.f.deps.Releases.Take(it.Data)
		case itemConfirm:
			var c confirmation
			if err := json.Unmarshal(it.Data, &c); err != nil {
				return fmt.Errorf("confirmation: %w: %w", errItem, err)
			}
			sum, err := hex.DecodeString(c.Sum)
			if err != nil || len(sum) != 32 {
				return fmt.Errorf("confirmation: %w", errItem)
			}
			s.f.deps.Confirmed([32]byte(sum), time.Unix(c.Until, 0))
		}
		return nil // kinds of later versions are theirs
	})
	if err != nil {
		return fmt.Errorf("take in what %s tells: %w", node, err)
	}
	s.f.deps.Past.Note(node, b.Last)
	return nil
}

// look sees how far behind the others this node is.
func (s *share) look(ctx context.Context) {
	if s.f.cfg.single() {
		return
	}
	place, err := s.place(ctx)
	if err != nil {
		return // it is as far behind as it was, or farther
	}
	last, err := s.f.engine.end(ctx, s.f.cfg.shareStream())
	if err != nil {
		return
	}
	seen := s.f.deps.Past.Seen(place)
	s.mu.Lock()
	s.behind = last - min(seen, last)
	s.mu.Unlock()
}

// stands tells how far telling is.
func (s *share) stands() (waiting int64, behind, lost uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if bytes, last := s.f.out.waits(); last > s.to {
		waiting = bytes
	}
	return waiting, s.behind, s.lost, s.err
}
