package export

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

// Item is a record on its way.
type Item struct {
	Seq   uint64 // of a checkpoint: of the last record under it
	Note  uint64 // of a checkpoint: its number; 0 for records
	Time  time.Time
	Kind  string
	Level string // severity
	Line  []byte // formatted
}

// sink takes items. When send returns nil they have arrived, as far as the
// sink's protocol can tell; else all of them are sent again.
type sink interface {
	send(ctx context.Context, items []Item) error
	close() error
}

// Log is where records come from.
type Log interface {
	Acknowledged() uint64
}

// Status is how far a sink has come.
type Status struct {
	Name string
	Sent uint64    // the last record that arrived, or was not to be sent
	Lag  uint64    // records behind it
	Lost uint64    // records that expired before they could be sent
	Err  error     // why the last try failed; nil if it did not
	At   time.Time // of the last success
}

// Pump sends the records of one log to one sink, each at least once, from
// where it was when the program ended.
type Pump struct {
	cfg    Config
	dir    string
	log    Log
	sink   sink
	format Format
	cursor string
	at     cursorState // as kept; Run's

	mu sync.Mutex
	st Status
}

// The bounds of one send.
const (
	maxItems  = 500
	maxBatch  = 1 << 20
	poll      = 250 * time.Millisecond
	sendTime  = 30 * time.Second
	firstWait = time.Second
	lastWait  = time.Minute
)

// cursorState is what the cursor file says.
type cursorState struct {
	Sent     uint64    `json:"sent"`
	Note     uint64    `json:"checkpoint,omitempty"` // the last one that went out
	NoteTime time.Time `json:"checkpoint_time,omitzero"`
}

// New makes a pump for the log in dir whose progress is kept in state.
func New(cfg Config, dir, state string, log Log) (*Pump, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("audit export %q: %w", cfg.Name, err)
	}
	s, err := cfg.open()
	if err != nil {
		return nil, fmt.Errorf("audit export %q: %w", cfg.Name, err)
	}
	p := &Pump{cfg: cfg, dir: dir, log: log, sink: s, format: Formats[cfg.Format], cursor: filepath.Join(state, cfg.Name+".json")}
	p.st.Name = cfg.Name
	if err := os.MkdirAll(state, 0o700); err != nil {
		return nil, fmt.Errorf("audit export %q: %w", cfg.Name, err)
	}
	var at cursorState
	b, err := os.ReadFile(p.cursor)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if cfg.OnlyNew {
			at.Sent = log.Acknowledged()
		}
	case err != nil:
		return nil, fmt.Errorf("audit export %q: %w", cfg.Name, err)
	case json.Unmarshal(b, &at) != nil:
		at = cursorState{} // all again is better than some never
	}
	p.st.Sent, p.at = at.Sent, at
	return p, nil
}

// Status may be called at any time.
func (p *Pump) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.st
	if acked := p.log.Acknowledged(); acked > s.Sent {
		s.Lag = acked - s.Sent
	}
	return s
}

// Run sends until ctx is done.
func (p *Pump) Run(ctx context.Context) {
	defer p.sink.close()
	from := audit.Follow(p.dir, p.st.Sent+1)
	defer func() { from.Close() }()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		batch, last, lost, err := p.collect(from)
		next := p.at
		next.Sent = max(next.Sent, last)
		if n, due := p.note(); err == nil && due {
			if len(batch) > 0 { // each in a batch of its own
				p.deliver(ctx, batch, next, lost)
				batch, lost = nil, 0
			}
			next.Note, next.NoteTime = n.Note, n.Time
			batch, last = append(batch, n), max(last, 1)
		}
		if err == nil && last == 0 {
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
			continue
		}
		if err == nil {
			p.deliver(ctx, batch, next, lost)
			continue
		}
		p.failed(err)
		from.Close()
		from = audit.Follow(p.dir, p.Status().Sent+1)
		pause(ctx, firstWait)
	}
}

// collect takes the next records, up to the bounds. last is 0 if there is none.
func (p *Pump) collect(from *audit.Follower) (batch []Item, last, lost uint64, err error) {
	acked, bytes := p.log.Acknowledged(), 0
	prev := p.Status().Sent
	for len(batch) < maxItems && bytes < maxBatch && last < prev+100*maxItems {
		r, ok, err := from.Next(acked)
		if err != nil {
			return nil, 0, 0, err
		}
		if !ok {
			break
		}
		if r.Seq > max(prev, last)+1 {
			lost += r.Seq - max(prev, last) - 1
		}
		last = r.Seq
		if p.cfg.wants(&r.Event) {
			line := p.format(&r)
			bytes += len(line)
			batch = append(batch, Item{Seq: r.Seq, Time: r.Event.Time, Kind: r.Event.Kind, Level: severity(&r.Event), Line: line})
		}
	}
	return batch, last, lost, nil
}

// deliver sends one batch until it has arrived or ctx is done.
func (p *Pump) deliver(ctx context.Context, batch []Item, next cursorState, lost uint64) {
	wait := firstWait
	for len(batch) > 0 {
		try, cancel := context.WithTimeout(ctx, sendTime)
		err := p.sink.send(try, batch)
		cancel()
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return
		}
		p.failed(err)
		pause(ctx, wait)
		wait = min(2*wait, lastWait)
	}
	if ctx.Err() != nil && len(batch) > 0 {
		// It arrived, but whether it did may not be known; again then.
		return
	}
	err := p.save(next)
	p.at = next
	p.mu.Lock()
	p.st.Sent, p.st.Err, p.st.At = next.Sent, err, time.Now()
	p.st.Lost += lost
	p.mu.Unlock()
}

func (p *Pump) failed(err error) {
	p.mu.Lock()
	p.st.Err = err
	p.mu.Unlock()
}

// save keeps the cursor. If it cannot, some records are sent twice later.
func (p *Pump) save(at cursorState) error {
	b := marshal(at)
	temp := p.cursor + ".new"
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		_, err = f.Write(append(b, '\n'))
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err == nil {
		err = os.Rename(temp, p.cursor)
	}
	if err != nil {
		return fmt.Errorf("keep export cursor: %w", err)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func (c *Config) wants(ev *audit.Event) bool {
	return (len(c.Kinds) == 0 || slices.Contains(c.Kinds, ev.Kind)) &&
		(len(c.Actions) == 0 || slices.Contains(c.Actions, ev.Action))
}
