package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"
)

// subject is one proxy, its process and its figures.
type subject struct {
	name     string
	start    func(context.Context) (*process, error)
	optional bool // left out where it fails
	deployed bool // not ours to start again
	process  *process
	client   *client
	rounds   []round
	figures  Figures // what is not of rounds
	broken   atomic.Int64
}

// persist sends an upload again that a peer has broken off, and counts it, since
// squid 5 breaks off some that are large and come fast. Ours must not.
func (s *subject) persist(ctx context.Context, send func() error) error {
	for tries := 0; ; tries++ {
		err := send()
		if err == nil || !s.optional || tries == 20 || ctx.Err() != nil {
			return err
		}
		s.broken.Add(1)
	}
}

// stream sends a large upload.
func (s *subject) stream(ctx context.Context, r *run, size int64) error {
	return s.client.upload(ctx, s.client.transport, newStream(r.block, size), size)
}

// round is one subject's figures of one round; 0 for what was not measured.
type round struct {
	rps             float64
	latency         Latency
	cpu, shake, gib float64 // processor seconds: a thousand uploads, a thousand handshakes, a GiB
}

func (s *subject) median(of func(round) float64) float64 {
	var v []float64
	for _, r := range s.rounds {
		v = append(v, of(r))
	}
	return median(v)
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	if len(v) == 0 {
		return 0
	}
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func (s *subject) warm(ctx context.Context, r *run) error {
	n := r.Connections
	if r.wants(Small) || r.wants(Half) {
		n += r.Requests / 4
	}
	_, err := s.client.many(ctx, n, r.Connections, false)
	return err
}

// explain says what a deployed proxy may lack if its first uploads failed.
func (r *run) explain(s *subject, err error) error {
	if !s.deployed {
		return fmt.Errorf("warm up: %w", err)
	}
	trust := "trust its certificate; --origin-folder keeps the own origin's CA between runs"
	if r.origin.trust != "" {
		trust = "trust the CA in " + r.origin.trust
	}
	return fmt.Errorf("first uploads: %w (the proxy has to reach %s, also if that is loopback, and to %s)", err, r.origin.url, trust)
}

// round measures small uploads, handshakes and a large upload once.
func (s *subject) round(ctx context.Context, r *run) (f round, err error) {
	if r.wants(Small) {
		start := time.Now()
		var ms []float64
		f.cpu, err = s.process.cost(func() (err error) {
			ms, err = s.client.many(ctx, r.Requests, r.Connections, false)
			return err
		})
		if err != nil {
			return f, err
		}
		f.rps = float64(len(ms)) / time.Since(start).Seconds()
		f.latency = latencyOf(ms)
		f.cpu *= 1000 / float64(len(ms))
	}
	if r.wants(Handshakes) {
		f.shake, err = s.process.cost(func() error {
			_, err := s.client.many(ctx, r.Options.Handshakes, min(8, r.Connections), true)
			return err
		})
		if err != nil {
			return f, fmt.Errorf("fresh handshakes: %w", err)
		}
		f.shake *= 1000 / float64(r.Options.Handshakes)
	}
	if r.wants(Large) && r.LargeBytes > 0 {
		err := s.persist(ctx, func() (err error) {
			f.gib, err = s.process.cost(func() error { return s.stream(ctx, r, r.LargeBytes) })
			return err
		})
		if err != nil {
			return f, fmt.Errorf("large upload: %w", err)
		}
		f.gib /= float64(r.LargeBytes) / (1 << 30)
	}
	return f, nil
}

// memory measures what a large upload takes, then what idle tunnels and uploads
// at once take, each in a process that has done nothing else: what earlier load
// left in its heap would hide it. A deployed proxy is taken as it is.
func (s *subject) memory(ctx context.Context, r *run) error {
	if !s.process.measured() {
		return nil
	}
	f := &s.figures
	if err := s.again(ctx, r); err != nil {
		return err
	}
	var err error
	if f.IdleMiB, err = s.process.resident(); err != nil {
		return err
	}
	if r.LargeBytes > 0 {
		peak, err := s.process.peak(func() error {
			return s.persist(ctx, func() error { return s.stream(ctx, r, r.LargeBytes) })
		})
		if err != nil {
			return fmt.Errorf("large upload: %w", err)
		}
		f.LargeMiB = max(0, peak-f.IdleMiB)
	}
	if err := s.again(ctx, r); err != nil {
		return err
	}
	before, err := s.process.resident()
	if err != nil {
		return err
	}
	var idle []*http.Transport
	defer func() {
		for _, t := range idle {
			t.CloseIdleConnections()
		}
	}()
	for range r.Idle {
		t := s.client.transport.Clone()
		if err := s.idle(ctx, t); err != nil {
			return fmt.Errorf("idle tunnels: %w", err)
		}
		idle = append(idle, t)
	}
	after, err := s.process.resident()
	if err != nil {
		return err
	}
	f.TunnelKiB = max(0, (after-before)*1024/float64(r.Idle))
	f.UploadsMiB, err = s.process.peak(func() error { return s.atOnce(ctx, r) })
	if err != nil {
		return fmt.Errorf("uploads at once: %w", err)
	}
	return nil
}

// again starts the subject anew, if it is ours, and lets one connection come
// and go.
func (s *subject) again(ctx context.Context, r *run) error {
	s.client.transport.CloseIdleConnections()
	if !s.deployed {
		s.process.stop()
		var err error
		if s.process, err = s.start(ctx); err != nil {
			return fmt.Errorf("start again: %w", err)
		}
		s.client = r.newClient(s.process)
	}
	if err := s.idle(ctx, s.client.transport); err != nil {
		return err
	}
	s.client.transport.CloseIdleConnections()
	time.Sleep(300 * time.Millisecond)
	return nil
}

// idle sends a few bytes by t, and leaves its connection open.
func (s *subject) idle(ctx context.Context, t *http.Transport) error {
	body := []byte("idle")
	return s.client.upload(ctx, t, bytes.NewReader(body), int64(len(body)))
}

// atOnce sends several large uploads at the same time.
func (s *subject) atOnce(ctx context.Context, r *run) error {
	errs := make(chan error)
	for range r.Uploads {
		go func() {
			errs <- s.persist(ctx, func() error { return s.stream(ctx, r, r.UploadBytes) })
		}()
	}
	var all []error
	for range r.Uploads {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}
