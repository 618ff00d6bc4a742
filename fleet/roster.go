package fleet

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// Node is what a heartbeat says of a node.
type Node struct {
	Name    string        `json:"name"`
	At      time.Time     `json:"at"`    // of the heartbeat, by the node's clock
	Every   time.Duration `json:"every"` // the next is to come after this
	Began   time.Time     `json:"began"`
	Version string        `json:"version,omitempty"`
	RuleSet string        `json:"ruleset,omitempty"` // digest of the rules in force
	Mode    string        `json:"mode,omitempty"`
	Key     string        `json:"key"` // public, of its record

	Records  uint64 `json:"records"`          // in its log
	Shipped  uint64 `json:"shipped"`          // of these in the stream
	Lost     uint64 `json:"lost,omitempty"`   // of these expired before
	Untold   int64  `json:"untold,omitempty"` // bytes that wait to be told to the others
	Behind   uint64 `json:"behind,omitempty"` // messages of the others that it has not taken in
	Unkept   uint64 `json:"unkept,omitempty"` // things that the others will not be told
	Rules    uint64 `json:"rules,omitempty"`  // number of the fleet's set in force
	Refused  string `json:"refused,omitempty"`
	Trouble  string `json:"trouble,omitempty"` // with shipping or telling
	Released int    `json:"waiting,omitempty"` // requests for a release that wait

	Away time.Time `json:"-"` // of this node: since when its engine is away
}

// Lag is how many records are not shipped yet.
func (n *Node) Lag() uint64 { return n.Records - min(n.Shipped, n.Records) }

// lostAfter is after how many heartbeats without one a node counts as gone.
const lostAfter = 6

// Silent reports whether nothing was heard of a node for too long.
func (n *Node) Silent(now time.Time) bool { return now.Sub(n.At) > lostAfter*max(n.Every, time.Second) }

// roster tells the others that this node lives, and hears of them.
type roster struct {
	f     *Fleet
	began time.Time

	mu    sync.Mutex
	nodes map[string]Node // by name; not this one
}

// own is this node as it stands.
func (r *roster) own() Node {
	f := r.f
	n := Node{Name: f.cfg.Node, At: time.Now().UTC(), Every: f.cfg.heartbeat, Began: r.began, Key: f.deps.AuditKey.Public, Records: f.deps.Audit.Acknowledged()}
	var errs [2]error
	n.Shipped, _, n.Lost, errs[0] = f.ships.stands()
	n.Untold, n.Behind, n.Unkept, errs[1] = f.shares.stands()
	for _, err := range errs {
		if err != nil {
			n.Trouble = err.Error()
			break
		}
	}
	n.Rules, _, n.Refused = f.rules.stands()
	if f.deps.Standing != nil {
		f.deps.Standing(&n)
	}
	n.Away, _ = f.engine.Away()
	return n
}

// beat sends heartbeats; what becomes of them tells whether the engine is there.
func (r *roster) beat(ctx context.Context) {
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		err := r.send(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			r.f.engine.lost(err)
			pause(ctx, firstPause)
		default:
			r.f.engine.found()
		}
		wait := r.f.cfg.heartbeat
		if err != nil { // sooner, until it is there
			wait = min(time.Second, wait)
		}
		next.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-r.f.engine.back:
		case <-next.C:
		}
	}
}

func (r *roster) send(ctx context.Context) error {
	r.f.shares.look(ctx)
	b, err := json.Marshal(r.own())
	if err == nil {
		_, err = r.f.engine.publish(ctx, r.f.cfg.nodesStream(), r.f.cfg.nodesSubject(r.f.cfg.Node), b, nil)
	}
	return err
}

// follow hears of the others.
func (r *roster) follow(ctx context.Context) {
	r.f.engine.following(ctx, r.f.cfg.nodesStream(), r.f.cfg.nodesSubject("*"), func() (uint64, error) { return 1, nil }, func(m message, err error) error {
		var n Node
		if err != nil || json.Unmarshal(m.plain, &n) != nil || r.f.cfg.nodesSubject(n.Name) != m.subject {
			return nil // not of this fleet, or of a later version
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if n.Name != r.f.cfg.Node {
			r.nodes[n.Name] = n
		}
		return nil
	})
}

// Nodes tells of every node that was heard of, this one as it stands now; by
// name.
func (f *Fleet) Nodes() []Node {
	all := []Node{f.roster.own()}
	f.roster.mu.Lock()
	for _, n := range f.roster.nodes {
		all = append(all, n)
	}
	f.roster.mu.Unlock()
	slices.SortFunc(all, func(a, b Node) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Name is this node's.
func (f *Fleet) Name() string { return f.cfg.Node }

// Own is this node.
func (f *Fleet) Own() Node { return f.roster.own() }

// Away tells since when this node is alone, zero if it is not, and why.
func (f *Fleet) Away() (since time.Time, why error) { return f.engine.Away() }
