package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
)

// NewAccount makes an NKey by which a node is known to the engine's servers: the
// seed, which the node keeps, and the public key.
func NewAccount() (seed, public string, err error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return "", "", fmt.Errorf("make an NKey: %w", err)
	}
	s, err := pair.Seed()
	if err != nil {
		return "", "", fmt.Errorf("make an NKey: %w", err)
	}
	if public, err = pair.PublicKey(); err != nil {
		return "", "", fmt.Errorf("make an NKey: %w", err)
	}
	return string(s), public, nil
}

// Client is what a command does in the fleet without being a node. Not safe
// for concurrent use.
type Client struct {
	cfg    Config
	engine *engine
}

// Connect reaches the engine: the cluster, the one of the node that runs on
// this machine, or, if none does, that node's engine in this process.
func Connect(c Config) (*Client, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	e, err := newEngine(c, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	if err := e.dial(); err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	return &Client{c, e}, nil
}

// dial is connect for commands: it does not go on trying.
func (e *engine) dial() error {
	socket := socketFile(e.cfg.Dir)
	if len(e.cfg.Servers) == 0 {
		if c, err := (unixDialer{socket}).Dial("", ""); err != nil {
			if _, err := os.Stat(e.cfg.Dir); errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("there is no engine: no node has run with the folder %s", e.cfg.Dir)
			}
			return e.connect()
		} else {
			c.Close()
		}
	}
	options, err := e.cfg.options()
	if err != nil {
		return err
	}
	servers := strings.Join(e.cfg.Servers, ",")
	if servers == "" {
		options = append(options, nats.SetCustomDialer(unixDialer{socket}))
	}
	options = append(options, nats.RetryOnFailedConnect(false), nats.Name("sekimori command"))
	if e.conn, err = nats.Connect(servers, options...); err != nil {
		return fmt.Errorf("connect to the engine: %w", err)
	}
	e.js, err = jetstream.New(e.conn, jetstream.WithDefaultTimeout(callTime))
	return err
}

// Close lets go of the engine.
func (c *Client) Close() error { return c.engine.close() }

// Prepare makes what the fleet keeps in the engine, for where nodes may not.
func (c *Client) Prepare(ctx context.Context) error {
	for name := range c.cfg.streams() {
		if _, err := c.engine.stream(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// Publish gives a set of rules to all nodes, if it is signed as it has to be.
func (c *Client) Publish(ctx context.Context, b *Bundle) (Statement, error) {
	by, err := signers(c.cfg.Signers)
	if err != nil {
		return Statement{}, err
	}
	s, _, err := b.Check(c.cfg.Name, by)
	if err != nil {
		return s, err
	}
	last, err := c.engine.last(ctx, c.cfg.rulesStream(), c.cfg.rulesSubject())
	if err != nil {
		return s, err
	}
	if last.seq > 0 {
		if before, err := ReadBundle(last.plain); err == nil {
			if was, err := before.Statement(); err == nil && was.Number >= s.Number {
				return s, fmt.Errorf("the set has number %d and the fleet has %d already; sign it again with a larger one", s.Number, was.Number)
			}
		}
	}
	data, err := b.Encode()
	if err != nil {
		return s, err
	}
	_, err = c.engine.publish(ctx, c.cfg.rulesStream(), c.cfg.rulesSubject(), data, &last.seq)
	return s, err
}

// Nodes tells of every node that was heard of within a month.
func (c *Client) Nodes(ctx context.Context) (all []Node, err error) {
	err = c.each(ctx, c.cfg.nodesStream(), c.cfg.nodesSubject("*"), func(m message, err error) error {
		var n Node
		if err == nil && json.Unmarshal(m.plain, &n) == nil {
			all = append(all, n)
		}
		return nil
	})
	return all, err
}

// each gives fn every message that a stream holds of a subject now.
func (c *Client) each(ctx context.Context, stream, subject string, fn func(message, error) error) error {
	end, err := c.engine.end(ctx, stream)
	for next := uint64(1); err == nil && next <= end; {
		var m message
		if m, err = c.engine.after(ctx, stream, subject, next); m.seq == 0 {
			break
		}
		err = fn(m, err)
		next = m.seq + 1
	}
	return err
}

// Verified is what Verify found of one node's records.
type Verified struct {
	Node        string    `json:"node"`
	Key         string    `json:"key"`    // public, of its checkpoints
	Pinned      bool      `json:"pinned"` // it is the one that was known before
	First       uint64    `json:"first"`
	Last        uint64    `json:"last"`
	Records     uint64    `json:"records"` // that are as they were written
	Signed      uint64    `json:"signed"`  // the last record under a checkpoint
	Checkpoints int       `json:"checkpoints"`
	At          time.Time `json:"at"`             // of the last checkpoint
	Gaps        []Gap     `json:"gaps,omitempty"` // expired on the node before they could be shipped
	Bad         string    `json:"bad,omitempty"`  // the first thing that is not as it has to be
}

// Gap is records that are not in the stream.
type Gap struct {
	First uint64 `json:"first"`
	Last  uint64 `json:"last"`
}

// Verify checks every record of a node in the stream: that each follows the one
// before, and that they are those of the checkpoints that the node has signed.
// fn, if not nil, is given each good record with its line.
func (c *Client) Verify(ctx context.Context, node string, fn func(r audit.Record, line []byte) error) (Verified, error) {
	v := &verifier{Verified: Verified{Node: node}, fn: fn}
	if key := c.cfg.Pinned[node]; key != "" {
		v.Key, v.Pinned = key, true
	}
	err := c.each(ctx, c.cfg.auditStream(), c.cfg.auditSubject(node), func(m message, err error) error {
		if err == nil {
			err = v.take(m)
		} else {
			err = v.bad("message %d: %v", m.seq, err)
		}
		return err
	})
	if errors.Is(err, errBadRecord) {
		err = nil
	}
	return v.Verified, err
}

var errBadRecord = errors.New("bad")

type verifier struct {
	Verified
	fn     func(audit.Record, []byte) error
	replay *audit.Replay
	notes  uint64 // number of the last checkpoint
}

func (v *verifier) bad(format string, a ...any) error {
	v.Bad = fmt.Sprintf(format, a...)
	return errBadRecord
}

func (v *verifier) take(m message) error {
	b, err := decodeBatch(m.plain)
	if err != nil || b.Base == nil {
		return v.bad("message %d: it is no batch of records", m.seq)
	}
	switch {
	case v.Key == "":
		v.Key = b.Key
	case v.Key != b.Key:
		return v.bad("message %d: its key is %s, not %s", m.seq, b.Key, v.Key)
	}
	if err := v.begin(m, b); err != nil {
		return err
	}
	for line := range bytes.Lines(b.lines) {
		r, err := v.replay.Add(line)
		if err != nil {
			return v.bad("message %d: %v", m.seq, err)
		}
		v.Records++
		if v.fn != nil {
			if err := json.Unmarshal(r.Raw, &r.Event); err != nil {
				return v.bad("record %d: %v", r.Seq, err)
			}
			if err := v.fn(r, line); err != nil {
				return err
			}
		}
	}
	if v.Last = v.replay.Last().Seq; v.Last != b.Last {
		return v.bad("message %d: it ends with record %d instead of %d", m.seq, v.Last, b.Last)
	}
	return v.note(b)
}

// begin looks what comes before a batch.
func (v *verifier) begin(m message, b *batch) error {
	fresh, err := audit.NewReplay(*b.Base)
	if err != nil || b.Base.Size+1 != b.First {
		return v.bad("message %d: it does not say what comes before record %d", m.seq, b.First)
	}
	switch {
	case v.replay == nil:
		v.First = b.First
	case b.First == v.Last+1:
		if fresh.Root() != v.replay.Root() || fresh.Last() != v.replay.Last() {
			return v.bad("record %d: what is said to come before is not what did", b.First)
		}
		return nil
	case b.First <= v.Last:
		return v.bad("record %d is there twice", b.First)
	default:
		v.Gaps = append(v.Gaps, Gap{v.Last + 1, b.First - 1})
	}
	v.replay = fresh
	return nil
}

func (v *verifier) note(b *batch) error {
	if b.Note == "" {
		return nil
	}
	key, err := checkpoint.ParseKey(v.Key)
	if err != nil {
		return v.bad("%v", err)
	}
	c, _, err := checkpoint.Open([]byte(b.Note), key)
	switch {
	case err != nil:
		return v.bad("the checkpoint over %d records: %v", b.Last, err)
	case c.Size != b.Last || c.Root != v.replay.Root():
		return v.bad("checkpoint %d, over %d records, is not of these: one of the records %d to %d was changed", c.Number, c.Size, v.Signed+1, b.Last)
	case c.Number <= v.notes:
		return v.bad("checkpoint %d comes after %d", c.Number, v.notes)
	}
	v.notes, v.Signed, v.At = c.Number, c.Size, c.Time
	v.Checkpoints++
	return nil
}
