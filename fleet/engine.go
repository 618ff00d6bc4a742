package fleet

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// engine is the way to JetStream, wherever it runs. Nobody but the fleet's own
// goroutines waits for it.
type engine struct {
	cfg  Config
	log  *slog.Logger
	seal *sealer

	mu       sync.Mutex
	own      *embedded // nil if it runs elsewhere
	conn     *nats.Conn
	js       jetstream.JetStream
	streams  map[string]jetstream.Stream
	sinceOne time.Time // since when it is away; zero: it is not
	why      error
	quit     chan struct{}
	back     chan struct{} // it was connected again
	wg       sync.WaitGroup
}

// Times of the engine.
const (
	callTime   = 5 * time.Second // one call
	firstPause = 100 * time.Millisecond
	lastPause  = 2 * time.Second
	pingEvery  = 3 * time.Second // a connection that answers no ping for two of these is dead
)

var errNotYet = errors.New("not reached yet")

func newEngine(c Config, log *slog.Logger) (*engine, error) {
	s, err := newSealer(c.Keys.Seal)
	if err != nil {
		return nil, err
	}
	return &engine{cfg: c, log: log, seal: s, streams: map[string]jetstream.Stream{}, sinceOne: time.Now(), why: errNotYet, quit: make(chan struct{}), back: make(chan struct{}, 1)}, nil
}

// start connects, and goes on trying.
func (e *engine) start() {
	e.wg.Go(func() {
		for wait := firstPause; ; wait = min(2*wait, lastPause) {
			err := e.connect()
			if err == nil {
				return
			}
			e.lost(err)
			select {
			case <-e.quit:
				return
			case <-time.After(wait):
			}
		}
	})
}

// connect starts the engine in this process, or dials the cluster; from then on
// the client's own reconnecting takes over.
func (e *engine) connect() error {
	options, err := e.cfg.options()
	if err != nil {
		return err
	}
	options = append(options,
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err == nil {
				err = errors.New("the connection was closed")
			}
			e.lost(err)
		}),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { e.lost(err) }),
		nats.ReconnectHandler(func(*nats.Conn) {
			select {
			case e.back <- struct{}{}:
			default:
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			e.log.Warn("fleet: the engine says", "error", err)
		}),
	)
	var own *embedded
	servers := strings.Join(e.cfg.Servers, ",")
	if servers == "" {
		if own, err = startEmbedded(e.cfg, e.log); err != nil {
			return err
		}
		options = append(options, nats.InProcessServer(own))
	}
	conn, err := nats.Connect(servers, options...)
	if err == nil {
		var js jetstream.JetStream
		if js, err = jetstream.New(conn, jetstream.WithDefaultTimeout(callTime)); err == nil {
			e.mu.Lock()
			e.own, e.conn, e.js = own, conn, js
			e.mu.Unlock()
			return nil
		}
		conn.Close()
	}
	if own != nil {
		own.close()
	}
	return fmt.Errorf("connect to the engine: %w", err)
}

func (e *engine) close() error {
	close(e.quit)
	e.wg.Wait()
	e.mu.Lock()
	conn, own := e.conn, e.own
	e.mu.Unlock()
	if conn != nil {
		conn.Close()
	}
	if own != nil {
		own.close()
	}
	return nil
}

// options are those of a connection, wherever it goes.
func (c *Config) options() ([]nats.Option, error) {
	options := []nats.Option{
		nats.Name("sekimori " + c.Node), nats.CustomInboxPrefix("_INBOX_" + c.Node),
		nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true), nats.ReconnectWait(500 * time.Millisecond), nats.ReconnectJitter(200*time.Millisecond, 500*time.Millisecond),
		nats.Timeout(callTime), nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(2), nats.ReconnectBufSize(-1), nats.IgnoreDiscoveredServers(),
	}
	if c.CA != "" || c.Cert != "" {
		options = append(options, nats.Secure(&tls.Config{MinVersion: tls.VersionTLS12}))
	}
	if c.CA != "" {
		options = append(options, nats.RootCAs(c.CA))
	}
	if c.Cert != "" {
		options = append(options, nats.ClientCert(c.Cert, c.Key))
	}
	if c.Credentials != "" {
		options = append(options, nats.UserCredentials(c.Credentials))
	}
	if c.NKey != "" {
		o, err := nats.NkeyOptionFromSeed(c.NKey)
		if err != nil {
			return nil, fmt.Errorf("read the NKey: %w", err)
		}
		options = append(options, o)
	}
	return options, nil
}

// unixDialer reaches the engine of a node that runs on this machine.
type unixDialer struct{ file string }

// Dial implements nats.CustomDialer.
func (d unixDialer) Dial(string, string) (net.Conn, error) {
	return net.DialTimeout("unix", d.file, callTime)
}

// Away tells since when the engine cannot be reached, zero if it can, and why.
func (e *engine) Away() (time.Time, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.sinceOne, e.why
}

func (e *engine) lost(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.why == nil || !errors.Is(err, nats.ErrReconnectBufExceeded) { // that only says that there is no connection
		e.why = err
	}
	if e.sinceOne.IsZero() {
		e.sinceOne = time.Now()
	}
}

func (e *engine) found() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sinceOne, e.why = time.Time{}, nil
}

// stream returns one of the fleet's, making it if need be.
func (e *engine) stream(ctx context.Context, name string) (jetstream.Stream, error) {
	e.mu.Lock()
	js, s := e.js, e.streams[name]
	e.mu.Unlock()
	if js == nil {
		return nil, errNotYet
	}
	if s != nil {
		return s, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	s, err := js.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if s, err = js.CreateStream(ctx, e.cfg.streams()[name]); errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			s, err = js.Stream(ctx, name) // another node was faster
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open stream %s: %w", name, err)
	}
	e.mu.Lock()
	e.streams[name] = s
	e.mu.Unlock()
	return s, nil
}

// forget makes the next call look for a stream anew: it may be gone.
func (e *engine) forget(stream string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.streams, stream)
}

// streams are what the fleet keeps in the engine. Records are kept in the
// stream even from who may change streams; a full one takes no more rather than
// lose what it has.
func (c *Config) streams() map[string]jetstream.StreamConfig {
	make := func(name, subject, about string) jetstream.StreamConfig {
		return jetstream.StreamConfig{Name: name, Subjects: []string{subject}, Description: about, Storage: jetstream.FileStorage,
			Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew, Replicas: c.Replicas, MaxMsgSize: maxPayload}
	}
	audit := make(c.auditStream(), c.auditSubject("*"), "records of all nodes, by node, with their checkpoints")
	audit.MaxAge, audit.DenyDelete, audit.DenyPurge = c.Records, true, true
	share := make(c.shareStream(), c.shareSubject("*"), "what left over time, releases and confirmations of all nodes")
	share.MaxAge = c.Keep
	nodes := make(c.nodesStream(), c.nodesSubject("*"), "the last heartbeat of each node")
	nodes.MaxMsgsPerSubject, nodes.MaxAge, nodes.Discard = 1, 30*24*time.Hour, jetstream.DiscardOld
	rules := make(c.rulesStream(), c.rulesSubject(), "signed sets of rules")
	rules.MaxMsgsPerSubject, rules.Discard = 20, jetstream.DiscardOld
	all := map[string]jetstream.StreamConfig{}
	for _, s := range []jetstream.StreamConfig{audit, share, nodes, rules} {
		all[s.Name] = s
	}
	return all
}

// publish puts a message on a subject if the last one there is number last of
// the stream; anyway, if last is nil. It returns the message's number.
func (e *engine) publish(ctx context.Context, stream, subject string, plain []byte, last *uint64) (uint64, error) {
	if _, err := e.stream(ctx, stream); err != nil {
		return 0, err
	}
	e.mu.Lock()
	js, conn := e.js, e.conn
	e.mu.Unlock()
	m := &nats.Msg{Subject: subject, Data: e.seal.seal(subject, plain)}
	if n := conn.MaxPayload(); n > 0 && int64(len(m.Data)) > n {
		return 0, fmt.Errorf("publish: a message of %d bytes is over the %d that the engine takes; raise its max_payload to 8MB", len(m.Data), n)
	}
	options := []jetstream.PublishOpt{jetstream.WithExpectStream(stream), jetstream.WithRetryAttempts(0)}
	if last != nil {
		options = append(options, jetstream.WithExpectLastSequencePerSubject(*last))
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	ack, err := js.PublishMsg(ctx, m, options...)
	if err != nil {
		e.forget(stream)
		return 0, fmt.Errorf("publish: %w", err)
	}
	return ack.Sequence, nil
}

// end is the number of a stream's last message.
func (e *engine) end(ctx context.Context, stream string) (uint64, error) {
	s, err := e.stream(ctx, stream)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	info, err := s.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("ask for the end of stream %s: %w", stream, err)
	}
	return info.State.LastSeq, nil
}

// message is one of a stream, opened.
type message struct {
	subject string
	seq     uint64
	plain   []byte
}

// last returns the last message on a subject; seq 0 if there is none. It asks
// the stream's leader.
func (e *engine) last(ctx context.Context, stream, subject string) (message, error) {
	s, err := e.stream(ctx, stream)
	if err != nil {
		return message{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	m, err := s.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return message{}, nil
	}
	if err != nil {
		e.forget(stream)
		return message{}, fmt.Errorf("ask for the last message of %s: %w", subject, err)
	}
	plain, err := e.seal.open(subject, m.Data)
	if err != nil {
		return message{}, fmt.Errorf("message %d of %s: %w", m.Sequence, stream, err)
	}
	return message{subject, m.Sequence, plain}, nil
}

// after returns the first message of a stream on a subject from number from on;
// seq 0 if there is none yet. It asks the stream's leader and leaves nothing
// there, so a failure anywhere costs no more than asking again. An error that
// comes with a number is of the message.
func (e *engine) after(ctx context.Context, stream, subject string, from uint64) (message, error) {
	s, err := e.stream(ctx, stream)
	if err != nil {
		return message{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	m, err := s.GetMsg(ctx, max(from, 1), jetstream.WithGetMsgSubject(subject))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return message{}, nil
	}
	if err != nil {
		e.forget(stream)
		return message{}, fmt.Errorf("read stream %s: %w", stream, err)
	}
	at := message{subject: m.Subject, seq: m.Sequence}
	if at.plain, err = e.seal.open(m.Subject, m.Data); err != nil {
		return at, fmt.Errorf("message %d of %s: %w", m.Sequence, stream, err)
	}
	return at, nil
}

// How often a stream is looked at: often after something was heard of it, since
// it is heard before all servers have it, and ever less often from then on.
const (
	lookSoon  = 10 * time.Millisecond
	lookEvery = 2 * time.Second
)

// following gives fn each message of a stream on a subject, in order, whatever
// happens, until ctx is done. from says where to go on, at first and after fn
// or the engine has failed. fn is told of a message that cannot be opened by
// its error.
func (e *engine) following(ctx context.Context, stream, subject string, from func() (uint64, error), fn func(message, error) error) {
	heard := make(chan struct{}, 1)
	var ear *nats.Subscription
	defer func() {
		if ear != nil {
			_ = ear.Unsubscribe()
		}
	}()
	for wait := firstPause; ctx.Err() == nil; {
		if ear == nil {
			ear = e.listen(subject, heard)
		}
		look := lookSoon
		next, err := from()
		for err == nil && ctx.Err() == nil {
			var m message
			m, err = e.after(ctx, stream, subject, next)
			if err == nil && m.seq == 0 {
				wait = firstPause
				select {
				case <-heard:
					look = lookSoon
				case <-time.After(look):
					look = min(2*look, lookEvery)
				case <-ctx.Done():
				}
				continue
			}
			if m.seq > 0 {
				err = fn(m, err)
			}
			next = m.seq + 1
		}
		e.log.Debug("fleet: reading goes on in a moment", "stream", stream, "error", err)
		pause(ctx, wait)
		wait = min(2*wait, lastPause)
	}
}

// listen hears that there is something on a subject, which is then read from
// the stream; nil if that cannot be.
func (e *engine) listen(subject string, heard chan<- struct{}) *nats.Subscription {
	e.mu.Lock()
	conn := e.conn
	e.mu.Unlock()
	if conn == nil {
		return nil
	}
	s, err := conn.Subscribe(subject, func(*nats.Msg) {
		select {
		case heard <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return nil
	}
	return s
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
