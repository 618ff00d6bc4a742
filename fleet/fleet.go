// Package fleet makes several nodes act as one: each ships its record to a
// stream, once and in order; what left over time, releases and confirmed
// warnings of one node count on all; and rules that two people have signed
// reach every node.
//
// Underneath is NATS JetStream: in this process and without a port, or a
// cluster of its own, through the same calls. Nothing that is sent waits for
// it. A node that cannot reach it goes on alone, says so, and catches up; what
// it has to tell the others waits on its disk.
//
// Everything but who says how much and when is encrypted and authenticated with
// a key that only the nodes have. Nodes trust each other: whoever has the key
// can speak for all. What one node has recorded, the others check against the
// checkpoints that only it can sign.
//
// Uploads in pieces are best kept on one node by the load balancer. Where they
// are not, a node fetches what came to the others, and says what it could not
// get.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
	"github.com/sekimori-dlp/sekimori/history"
)

// Log is the node's own record; *audit.Log in production.
type Log interface {
	Acknowledged() uint64
	Checkpoint() *audit.Signed
}

// Releases take what was decided on other nodes; *release.Store in production.
type Releases interface {
	Take(news []byte) error
}

// Deps is what a Fleet works with. All are needed but Log, Record and those
// that say so.
type Deps struct {
	Audit    Log
	AuditDir string
	AuditKey *checkpoint.Key
	Past     *history.History
	Releases Releases
	// Confirmed takes a confirmation of a warning given on another node: the
	// sum of what was confirmed, and until when it holds.
	Confirmed func(sum [32]byte, until time.Time)
	// CheckRules loads the rules of a folder as the node would and tells what
	// is wrong with them. TakeRules is called when the folder has become the
	// one in force.
	CheckRules func(folder string) error
	TakeRules  func()
	// Standing fills in what a heartbeat says of the node.
	Standing func(*Node)
	Record   func(audit.Event)
	Log      *slog.Logger
}

// Fleet is this node's part in it. Open it, wire what it gives, Run it, Close
// it. Safe for concurrent use.
type Fleet struct {
	cfg    Config
	deps   Deps
	log    *slog.Logger
	engine *engine
	out    *outbox
	ships  *ship
	shares *share
	rules  *ruleKeeper
	roster *roster
	pieces *Pieces

	stop context.CancelFunc
	wg   sync.WaitGroup
}

// Open opens what the node keeps of its own. It does not wait for the engine.
func Open(c Config, d Deps) (*Fleet, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	if d.Audit == nil || d.AuditKey == nil || d.Past == nil || d.Releases == nil || c.Dir == "" {
		return nil, errors.New("fleet: it needs a record with its key, a history, releases and a folder")
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Record == nil {
		d.Record = func(audit.Event) {}
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("fleet: make its folder: %w", err)
	}
	f := &Fleet{cfg: c, deps: d, log: d.Log}
	var err error
	if f.engine, err = newEngine(c, d.Log); err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	if f.out, err = openOutbox(filepath.Join(c.Dir, "outbox"), c.Outbox); err != nil {
		return nil, fmt.Errorf("fleet: open what is to be told: %w", err)
	}
	f.ships = &ship{f: f}
	f.roster = &roster{f: f, began: time.Now().UTC(), nodes: map[string]Node{}}
	f.pieces = &Pieces{f: f, mute: map[string]time.Time{}}
	if f.rules, err = openRules(f); err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	if f.shares, err = openShare(f); err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	return f, nil
}

// Run begins; Close ends it.
func (f *Fleet) Run() {
	ctx, stop := context.WithCancel(context.Background())
	f.stop = stop
	f.engine.start()
	parts := []func(context.Context){
		(&feed{engine: f.engine, stream: f.cfg.auditStream(), subject: f.cfg.auditSubject(f.cfg.Node), source: f.ships, trouble: f.ships.failed}).run,
		f.rules.follow, f.roster.beat, f.watch,
	}
	if !f.cfg.single() {
		parts = append(parts, f.roster.follow, f.shares.follow, f.pieces.run, (&feed{engine: f.engine, stream: f.cfg.shareStream(), subject: f.cfg.shareSubject(f.cfg.Node),
			source: f.shares, gather: gatherTime, trouble: f.shares.failed}).run)
	}
	for _, part := range parts {
		f.wg.Go(func() { part(ctx) })
	}
}

// Close ends it. What has not been told waits on disk.
func (f *Fleet) Close() error {
	if f.stop != nil {
		f.stop()
		f.wg.Wait()
	}
	return errors.Join(f.engine.close(), f.out.close())
}

// watchEvery is how often watch looks.
const watchEvery = time.Second

// watch says, in the log at once and in the record after a while, that the
// engine is away, and that it is back.
func (f *Fleet) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	said, alarmed := false, false
	var since time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		away, why := f.engine.Away()
		switch {
		case !away.IsZero() && !said && time.Since(away) > 2*watchEvery:
			said, since = true, away
			f.log.Warn("fleet: the engine is away; this node goes on alone and catches up later", "error", why)
		case away.IsZero() && said:
			said = false
			f.log.Info("fleet: the engine is back", "away", time.Since(since).Round(time.Second).String())
		}
		switch {
		case !away.IsZero() && !alarmed && time.Since(away) > f.cfg.Late:
			alarmed = true
			f.tell("fleet-engine-away", "high", why)
		case away.IsZero() && alarmed:
			alarmed = false
			f.tell("fleet-engine-away-ended", "info", nil)
		}
	}
}

// tell records an alarm.
func (f *Fleet) tell(about, severity string, why error) {
	ev := audit.Event{Kind: "alarm", Severity: severity, Details: map[string]string{"about": about, "node": f.cfg.Node}}
	if why != nil {
		ev.Reason = why.Error()
	}
	f.deps.Record(ev)
}

// Ready returns an error if the node is to take no more work while it is alone,
// which configuration may ask for; nil otherwise.
func (f *Fleet) Ready() error {
	if !f.cfg.Unready {
		return nil
	}
	if away, why := f.engine.Away(); !away.IsZero() && time.Since(away) > f.cfg.Late {
		return fmt.Errorf("the fleet's engine is away since %s: %w", away.UTC().Format(time.RFC3339), why)
	}
	return nil
}
