package index

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Others are the records of other nodes, which are taken in beside the own
// one.
type Others interface {
	// Nodes are the names of those that there are.
	Nodes() []string
	// Of gives the record of one: the same Source each time.
	Of(node string) Source
}

// A number in the index is that of a record with its node's above it: 0 for the
// own record, whose numbers are the same here and there.
const (
	nodeShift = 48
	maxSeq    = 1<<nodeShift - 1
	maxNodes  = 1000 // 1<<15 would fit
)

// place is how far a record was taken in.
type place struct {
	id      uint64 // of its node; 0: the own one
	name    string
	last    uint64
	hash    string
	checked bool // that it is the record that was taken in before
	caught  bool // it was read to its end since
}

// number gives a record's number in the index.
func (p *place) number(seq uint64) int64 { return int64(p.id<<nodeShift | seq) }

// Beside makes Run take in the records of other nodes too. own is the name of
// this one. It must be called before Run.
func (x *Index) Beside(own string, others Others) error {
	x.own.name, x.others = own, others
	rows, err := x.write.Query(`SELECT id, name, seq, hash FROM node ORDER BY id`)
	if err != nil {
		return fmt.Errorf("read the nodes of the index: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		p := &place{}
		if err := rows.Scan(&p.id, &p.name, &p.last, &p.hash); err != nil {
			return fmt.Errorf("read the nodes of the index: %w", err)
		}
		p.checked = p.last == 0
		x.nodes = append(x.nodes, p)
	}
	return rows.Err()
}

// Resolve tells of which node the record of a number is, and its number there;
// "" is the own one where there are no others.
func (x *Index) Resolve(number uint64) (node string, seq uint64, own bool) {
	id, seq := number>>nodeShift, number&maxSeq
	if id == 0 {
		return x.own.name, seq, true
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, p := range x.nodes {
		if p.id == id {
			return p.name, seq, false
		}
	}
	return "?", seq, false
}

// place finds that of a node, making it if it is not known yet.
func (x *Index) place(node string) (*place, error) {
	if p := x.known(node); p != nil {
		return p, nil
	}
	made := &place{name: node, checked: true}
	if err := x.write.QueryRow(`INSERT INTO node (name) VALUES (?) ON CONFLICT DO UPDATE SET name = name RETURNING id`, node).Scan(&made.id); err != nil {
		return nil, fmt.Errorf("keep a node's name: %w", err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, p := range x.nodes { // made by another meanwhile
		if p.name == node {
			return p, nil
		}
	}
	if len(x.nodes) >= maxNodes {
		return nil, fmt.Errorf("there are more than %d nodes", maxNodes)
	}
	x.nodes = append(x.nodes, made)
	return made, nil
}

// known finds a node's place, nil if there is none.
func (x *Index) known(node string) *place {
	if node == x.own.name || node == "" {
		return &x.own
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, p := range x.nodes {
		if p.name == node {
			return p
		}
	}
	return nil
}

// Nodes are the names of those that there are, the own one first; none where
// there can be no others.
func (x *Index) Nodes() (names []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.others == nil {
		return nil
	}
	for _, p := range x.nodes {
		names = append(names, p.name)
	}
	slices.Sort(names)
	return append([]string{x.own.name}, names...)
}

// Taken is the number of a node's last record that was taken in.
func (x *Index) Taken(node string) uint64 {
	p := x.known(node)
	if p == nil {
		return 0
	}
	at := x.at(p)
	return at.last
}

// FeedOthers takes in what is there of other nodes, one after the other. What
// cannot be reached does not keep the rest out.
func (x *Index) FeedOthers(ctx context.Context) (err error) {
	if x.others == nil {
		return nil
	}
	x.feedingOthers.Lock()
	defer x.feedingOthers.Unlock()
	for _, name := range x.others.Nodes() {
		p, e := x.place(name)
		if e == nil && p != &x.own {
			src := x.others.Of(name)
			if at := x.at(p); src.Acknowledged() > at.last {
				e = x.feed(ctx, src, p)
			}
		}
		if errors.Is(e, errStale) { // sums cannot be taken back: all is made anew
			return errors.Join(err, x.empty())
		}
		if e != nil {
			err = errors.Join(err, fmt.Errorf("index the record of %s: %w", name, e))
		}
	}
	return err
}

// follow takes in the records of other nodes until ctx is done: a twentieth of a
// processor at most while nobody looks.
func (x *Index) follow(ctx context.Context, every time.Duration) {
	for {
		began := time.Now()
		err := x.FeedOthers(ctx)
		x.set(func(s *Status) { s.Others = err })
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(every, min(x.share()*time.Since(began), time.Minute))):
		}
	}
}
