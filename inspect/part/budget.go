package part

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Limits bound what one upload may cost. Zero fields take the default.
type Limits struct {
	Bytes   int64         // bytes out of all decoders together; default 4 GiB
	Ratio   int64         // bytes out per byte in, above RatioFloor; default 200
	Depth   int           // nesting; default 8
	Entries int           // parts in all; default 20,000
	Time    time.Duration // wall time of one scan; default 60 s
}

// RatioFloor is the number of bytes out below which the ratio is not judged:
// small, highly repetitive bodies are no bombs.
const RatioFloor = 16 << 20

// WithDefaults fills the zero fields.
func (l Limits) WithDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = 4 << 30
	}
	if l.Ratio == 0 {
		l.Ratio = 200
	}
	if l.Depth == 0 {
		l.Depth = 8
	}
	if l.Entries == 0 {
		l.Entries = 20000
	}
	if l.Time == 0 {
		l.Time = 60 * time.Second
	}
	return l
}

// Budget is what is left for one upload, shared by all nested parts. Not safe
// for concurrent use: one scan, one goroutine.
type Budget struct {
	limits  Limits
	in, out int64
	rounds  int64
	entries int
	dead    time.Time
}

// ErrBudget is returned, wrapped in an Exhausted, when a budget has run out.
var ErrBudget = errors.New("inspection budget exhausted")

// Exhausted says which limit was met.
type Exhausted struct{ Reason Reason }

func (e *Exhausted) Error() string { return ErrBudget.Error() + ": " + string(e.Reason) }

// Unwrap makes errors.Is(err, ErrBudget) hold.
func (e *Exhausted) Unwrap() error { return ErrBudget }

// NewBudget starts a budget now. in is the size of the upload as sent.
func NewBudget(l Limits, in int64) *Budget {
	l = l.WithDefaults()
	return &Budget{limits: l, in: max(in, 1), dead: time.Now().Add(l.Time)}
}

// Took tells of n more bytes of the upload, where its size was not known.
func (b *Budget) Took(n int) { b.in += int64(n) }

// Spend takes n decoded bytes from the budget and looks at the clock. Decoders
// call it for each block they put out.
func (b *Budget) Spend(ctx context.Context, n int) error {
	b.out += int64(n)
	switch {
	case b.out > b.limits.Bytes:
		return &Exhausted{TooLarge}
	case b.out > RatioFloor && b.out/b.in > b.limits.Ratio:
		return &Exhausted{Bomb}
	case ctx.Err() != nil || time.Now().After(b.dead):
		return &Exhausted{TimedOut}
	}
	return nil
}

// Bounds of trying passwords: how many on one lock, and the rounds of hashing that
// deriving keys from them may cost in one upload, some fifteen seconds of SHA-512.
const (
	maxTries  = 32
	maxRounds = 1 << 24
)

// Tries yields the passwords that may be tried on a lock whose key takes so many
// rounds of hashing to derive: the first of them, as long as there is budget. What
// is locked beyond stays so.
func (b *Budget) Tries(ctx context.Context, passwords []string, rounds int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, p := range passwords[:min(len(passwords), maxTries)] {
			if rounds < 0 || b.rounds+int64(rounds) > maxRounds || b.Spend(ctx, 0) != nil {
				return
			}
			if b.rounds += int64(rounds); !yield(p) {
				return
			}
		}
	}
}

// Enter takes one part at the given depth from the budget.
func (b *Budget) Enter(depth int) error {
	b.entries++
	switch {
	case depth > b.limits.Depth:
		return &Exhausted{TooDeep}
	case b.entries > b.limits.Entries:
		return &Exhausted{TooMany}
	}
	return nil
}

// Share is a budget as it stands, to go on with in another process. Where the
// two take turns, each joins the other's.
type Share struct {
	Limits  Limits
	In, Out int64
	Rounds  int64
	Dead    time.Time
}

// Share returns the budget as it stands. Entries are not in it: whoever
// implements Emitter counts them.
func (b *Budget) Share() Share { return Share{b.limits, b.in, b.out, b.rounds, b.dead} }

// Budget goes on with a share.
func (s Share) Budget() *Budget {
	return &Budget{limits: s.Limits.WithDefaults(), in: s.In, out: s.Out, rounds: s.Rounds, dead: s.Dead}
}

// Join takes over what was spent elsewhere.
func (b *Budget) Join(s Share) { b.in, b.out, b.rounds = s.In, s.Out, s.Rounds }
