package trace

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// Config says where spans go and of what.
type Config struct {
	URL    string         // of the collector, such as "http://127.0.0.1:4318/v1/traces"
	Header http.Header    // sent along; may be nil
	Roots  *x509.CertPool // to verify the collector with; nil: the system's
	// Sample is the share of exchanges, 0 to 1, that is traced.
	Sample float64
	// Join goes on with the trace that a client names, and follows its word on
	// whether to; else the exchange has a trace of its own, with a link.
	Join              bool
	Version, Instance string // of this program, as the resource names them
	Log               *slog.Logger
}

// Bounds of sending.
const (
	queued  = 2048            // exchanges that wait, at most; further ones are dropped
	batched = 256             // exchanges of one request
	linger  = 2 * time.Second // until a batch goes that is not full
	within  = 10 * time.Second
	tries   = 4
)

// Tracer sends what happened. Safe for concurrent use; a nil *Tracer traces
// nothing.
type Tracer struct {
	c             Config
	client        *http.Client
	queue         chan *Exchange
	quit, done    chan struct{}
	pause         time.Duration // before the second try
	sent, dropped atomic.Uint64 // exchanges
	failing       bool          // of run
}

// New returns a Tracer; end it with Close.
func New(c Config) *Tracer {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	t := &Tracer{c: c, queue: make(chan *Exchange, queued), quit: make(chan struct{}), done: make(chan struct{}), pause: time.Second}
	t.client = &http.Client{
		Timeout: within,
		// Not by the environment's proxy, which may be this one.
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12}, MaxIdleConns: 1, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	go t.run()
	return t
}

// Stats tells how many exchanges a collector has taken, and how many were dropped
// because it was slow, away, or refused them.
func (t *Tracer) Stats() (sent, dropped uint64) { return t.sent.Load(), t.dropped.Load() }

// Close sends what waits, each batch once, until ctx ends. Nothing may be traced
// any more.
func (t *Tracer) Close(ctx context.Context) error {
	close(t.quit)
	select {
	case <-t.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	for len(t.queue) > 0 && ctx.Err() == nil {
		var batch []*Exchange
		for len(t.queue) > 0 && len(batch) < batched {
			batch = append(batch, <-t.queue)
		}
		t.send(ctx, batch, 1)
	}
	t.client.CloseIdleConnections()
	return ctx.Err()
}

func (t *Tracer) run() {
	defer close(t.done)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-t.quit:
			cancel()
		case <-ctx.Done():
		}
	}()
	tick := time.NewTicker(linger)
	defer tick.Stop()
	var batch []*Exchange
	for {
		due := false
		select {
		case e := <-t.queue:
			batch = append(batch, e)
			due = len(batch) == batched
		case <-tick.C:
			due = len(batch) > 0
		case <-t.quit:
			for _, e := range batch { // Close takes over
				select {
				case t.queue <- e:
				default:
					t.dropped.Add(1)
				}
			}
			return
		}
		if due {
			t.send(ctx, batch, tries)
			batch = batch[:0]
		}
	}
}

// send delivers a batch or drops it.
func (t *Tracer) send(ctx context.Context, batch []*Exchange, tries int) {
	body, err := t.encode(batch)
	for n, pause := 1, t.pause; err == nil; n, pause = n+1, 2*pause {
		var again time.Duration
		if again, err = t.post(ctx, body); err == nil || again < 0 || n == tries {
			break
		}
		select {
		case <-time.After(max(again, pause)):
			err = nil
		case <-ctx.Done():
		}
	}
	if err == nil {
		t.sent.Add(uint64(len(batch)))
	} else {
		t.dropped.Add(uint64(len(batch)))
	}
	if failing := err != nil; failing != t.failing {
		if t.failing = failing; failing {
			t.c.Log.Warn("traces are not delivered; they are dropped", "error", err)
		} else {
			t.c.Log.Info("traces are delivered again")
		}
	}
}

// longest is how long a collector can have its next try put off.
const longest = 30 * time.Second

// post tries once. If it fails, again tells how long the collector wants to be
// left alone, below 0 if for ever.
func (t *Tracer) post(ctx context.Context, body []byte) (again time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.c.URL, bytes.NewReader(body))
	if err != nil {
		return -1, err
	}
	for k, v := range t.c.Header {
		r.Header[k] = v
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := t.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	switch resp.StatusCode {
	case http.StatusOK:
		var partial struct {
			Success struct {
				Rejected json.Number `json:"rejectedSpans"`
			} `json:"partialSuccess"`
		}
		if err == nil && json.Unmarshal(answer, &partial) == nil {
			if n, _ := partial.Success.Rejected.Int64(); n > 0 {
				return -1, errors.New("the collector refused some of the spans")
			}
		}
		return 0, nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return min(max(0, time.Duration(seconds)*time.Second), longest), fmt.Errorf("the collector answers %s", resp.Status)
	}
	return -1, fmt.Errorf("the collector answers %s", resp.Status)
}
