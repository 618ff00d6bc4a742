package gate

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/history"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/rules"
)

// peopled finds a person in each byte of a body.
type peopled struct{}

func (peopled) Scan(ctx context.Context, roots []part.Part, o inspect.ScanOptions) *inspect.Report {
	b := make([]byte, roots[0].Size)
	n, _ := roots[0].Body.Read(b)
	for _, p := range b[:n] {
		o.OnPerson(uint64(p))
	}
	return readAll(ctx, nil)
}

// atOnce sends uploads at the same time: none is recorded until the rules were asked
// about all of them.
func atOnce(t *testing.T, f *fixture, bodies []string, decide decideFunc) (passed int) {
	t.Helper()
	var asked sync.WaitGroup
	asked.Add(len(bodies))
	var calls atomic.Int64
	f.policy.Rules = decideFunc(func(tx rules.Transaction) rules.Verdict {
		v := decide(tx)
		if calls.Add(1) <= int64(len(bodies)) {
			asked.Done()
			asked.Wait()
		}
		return v
	})
	var passes atomic.Int64
	var done sync.WaitGroup
	for _, b := range bodies {
		done.Go(func() {
			if o := f.Check(t.Context(), upload(b)); o.Passes() {
				passes.Add(1)
				o.Close()
			}
		})
	}
	done.Wait()
	return int(passes.Load())
}

// What is too much only together is too much at the same time, too.
func TestUploadsAtOnceAreCountedTogether(t *testing.T) {
	past := history.New()
	f := newFixture(t, func(c *Config) { c.Past, c.Exact, c.Observer = past, true, nil })
	f.policy.Scanner = peopled{}
	bodies := []string{"abcdefghij", "klmnopqrst", "uvwxyzABCD", "EFGHIJKLMN"}
	query := func(tx *rules.Transaction) history.Query {
		return history.Query{Scope: history.ByUser, Names: []string{"alice"}, Window: time.Hour, Now: tx.Time, Plus: tx.Persons}
	}
	most := func(tx rules.Transaction) rules.Verdict {
		if tx.History.Count(query(&tx)).People > 25 {
			return rules.Verdict{Action: rules.Block, Rule: "many"}
		}
		return rules.Verdict{Action: rules.Allow}
	}
	if n := atOnce(t, f, bodies, most); n != 2 {
		t.Errorf("%d of four passed, want 2", n)
	}
	stopped := 0
	for _, ev := range f.log.evs {
		if ev.Action == "block" && ev.Rule == "many" {
			stopped++
		}
	}
	if stopped != 2 || len(f.log.evs) != 4 {
		t.Errorf("recorded: %d stopped of %d", stopped, len(f.log.evs))
	}
	now := rules.Transaction{Time: time.Now()}
	if got := past.Count(query(&now)); got != (history.Sums{People: 20, Uploads: 2, Bytes: 20, Stopped: 2}) {
		t.Errorf("remembered: %+v", got)
	}
}

// slow is a record that takes its time.
type slow struct{ release chan struct{} }

func (s slow) Append(context.Context, audit.Event) (audit.Receipt, error) {
	<-s.release
	return audit.Receipt{}, nil
}

// Nobody waits for the record of others: it is written with theirs.
func TestRecordIsNotWaitedForInTurn(t *testing.T) {
	s := slow{make(chan struct{})}
	f := newFixture(t, func(c *Config) { c.Past, c.Exact, c.Observer, c.Audit = history.New(), true, nil, s })
	f.policy.Scanner = peopled{}
	var judged sync.WaitGroup
	judged.Add(2 * 4) // each by itself, and in turn
	go func() {
		judged.Wait()
		close(s.release)
	}()
	n := atOnce(t, f, strings.Fields("a b c d"), func(tx rules.Transaction) rules.Verdict {
		tx.History.Accounts(1, "alice")
		judged.Done()
		return rules.Verdict{Action: rules.Allow}
	})
	if n != 4 {
		t.Errorf("%d passed", n)
	}
}
