// Package load measures a proxy from outside, as an ops team would: an origin
// and clients on loopback, the proxies as processes of their own, their
// processor time and memory read from the operating system. Sekimori is measured
// beside bare goproxy interception (which streams and inspects nothing), and
// beside squid, squid with c-icap, and mitmproxy where they are installed: in
// turn, in the same run, since these figures are ratios first. A proxy that is
// deployed already can be driven in Sekimori's place.
//
// Linux only (it reads /proc). All traffic stays on loopback unless Options.Mine
// says otherwise, and is bounded in count and time.
package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What a run can be limited to by Options.Only.
const (
	Small      = "small"      // small uploads on kept-alive connections, as fast as they go
	Handshakes = "handshakes" // a fresh connection for each small upload
	Large      = "large"      // one large upload
	Sizes      = "sizes"      // time added by size, one upload at a time
	Half       = "half"       // time added at half of the greatest load
	Memory     = "memory"     // of idle tunnels and of uploads at once
)

// Parts lists what a run measures.
var Parts = []string{Small, Handshakes, Large, Sizes, Half, Memory}

// Options say what to run. Zero fields take the defaults.
type Options struct {
	Self        string   // the sekimori binary to measure
	PeerCommand []string // takes the origin's address, prints its own and a CA, as Peer does
	Against     *Against // a deployed proxy to measure in place of Self
	Mine        bool     // the proxy and the origin may be other than loopback
	Origin      Origin   // where uploads go
	Beside      []string // of Peers; nil for all of them, or for none with Against
	Only        []string // of Parts; nil for all

	Rounds      int           // each subject in turn; medians are reported; default 5
	Requests    int           // small uploads a round; default 4000
	Connections int           // kept alive, at once; default 32
	BodyBytes   int           // of a small upload; default 10 KiB
	Kind        string        // of a small upload, one of Kinds; default text
	LargeBytes  int64         // of a large upload; default 256 MiB, 0 < skips when negative
	Handshakes  int           // fresh connections a round; default 300
	Sizes       []int64       // of uploads whose added time is told; default 1 KiB to 100 MiB
	Samples     int           // uploads of each size, at most; large sizes get fewer; default 2000
	Half        time.Duration // for how long half of the greatest load is kept up; default 10 s
	Idle        int           // idle intercepted tunnels for memory; default 500
	Uploads     int           // uploads at once for memory; default 8
	UploadBytes int64         // of each of those; default 64 MiB
	Progress    func(step string)
}

func (o Options) withDefaults() (Options, error) {
	o.Rounds, o.Requests, o.Connections = cmp.Or(o.Rounds, 5), cmp.Or(o.Requests, 4000), cmp.Or(o.Connections, 32)
	o.BodyBytes, o.Handshakes, o.Idle = cmp.Or(o.BodyBytes, 10<<10), cmp.Or(o.Handshakes, 300), cmp.Or(o.Idle, 500)
	o.LargeBytes, o.Kind, o.Samples = cmp.Or(o.LargeBytes, 256<<20), cmp.Or(o.Kind, "text"), cmp.Or(o.Samples, 2000)
	o.Half, o.Uploads, o.UploadBytes = cmp.Or(o.Half, 10*time.Second), cmp.Or(o.Uploads, 8), cmp.Or(o.UploadBytes, 64<<20)
	if o.Sizes == nil {
		o.Sizes = []int64{1 << 10, 10 << 10, 100 << 10, 1 << 20, 10 << 20, 100 << 20}
	}
	if o.Only == nil {
		o.Only = Parts
	}
	if o.Beside == nil && o.Against == nil {
		o.Beside = Peers
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	for _, x := range []struct {
		list, known []string
	}{{o.Only, Parts}, {o.Beside, Peers}} {
		for _, n := range x.list {
			if !slices.Contains(x.known, n) {
				return o, fmt.Errorf("nothing is called %q; there are %s", n, strings.Join(x.known, ", "))
			}
		}
	}
	switch {
	case min(o.Rounds, o.Requests, o.Connections, o.Handshakes, o.Idle, o.Samples, o.Uploads) < 1:
		return o, errors.New("counts have to be 1 or more")
	case o.BodyBytes < 1 || o.UploadBytes < 1 || o.Half < 0 || slices.ContainsFunc(o.Sizes, func(n int64) bool { return n < 1 }):
		return o, errors.New("sizes and times have to be above 0")
	case !slices.Contains(Kinds, o.Kind):
		return o, fmt.Errorf("uploads of kind %q: write one of %s", o.Kind, strings.Join(Kinds, ", "))
	}
	return o, nil
}

func (o *Options) wants(part string) bool { return slices.Contains(o.Only, part) }

// run is one benchmark under way.
type run struct {
	Options
	origin   *origin
	small    *bodies // small uploads
	block    []byte  // what large uploads repeat
	direct   *subject
	subjects []*subject
	result   *Result
}

// Run measures the subjects in turn. A peer that does not start or fails is left
// out and told in Result.Skipped.
func Run(ctx context.Context, o Options) (*Result, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	r := &run{Options: o, small: newBodies(o.Kind, o.BodyBytes), block: Body(o.Kind, 1<<20)}
	if r.origin, err = openOrigin(o); err != nil {
		return nil, err
	}
	defer r.origin.close()
	r.result = &Result{Kind: "run", Date: time.Now().UTC().Truncate(time.Second), CPU: cpuName(), Options: o.String()}
	defer func() {
		for _, s := range r.subjects {
			s.process.stop()
		}
	}()
	if err := r.start(ctx); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{r.rounds, r.sizes, r.half, r.memory} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	r.figures()
	return r.result, nil
}

// String tells what is measured, in one line.
func (o Options) String() string {
	large := ""
	if o.LargeBytes > 0 {
		large = fmt.Sprintf(", one upload of %d MiB", o.LargeBytes>>20)
	}
	return fmt.Sprintf("%d rounds of %d uploads of %d bytes (%s) on %d connections, %d handshakes%s; memory at %d idle tunnels and %d uploads of %d MiB",
		o.Rounds, o.Requests, o.BodyBytes, o.Kind, o.Connections, o.Handshakes, large, o.Idle, o.Uploads, o.UploadBytes>>20)
}

// start brings up all subjects and warms them.
func (r *run) start(ctx context.Context) error {
	r.direct = &subject{name: "direct", client: r.newClient(nil)}
	r.Progress("warm up direct")
	if err := r.direct.warm(ctx, r); err != nil {
		return fmt.Errorf("reach the origin without a proxy: %w", err)
	}
	main := &subject{name: "sekimori", start: func(ctx context.Context) (*process, error) { return startSekimori(ctx, r.Self, r.origin, r.Idle) }}
	if r.Against != nil {
		main = &subject{name: r.Against.Address, start: func(context.Context) (*process, error) { return r.Against.process() }, deployed: true}
	}
	r.subjects = []*subject{main}
	for _, n := range r.Beside {
		r.subjects = append(r.subjects, &subject{name: peers[n].name, optional: n != Goproxy,
			start: func(ctx context.Context) (*process, error) { return peers[n].start(ctx, &r.Options, r.origin) }})
	}
	return r.each("start", func(s *subject) error {
		var err error
		if s.process, err = s.start(ctx); err != nil {
			return err
		}
		s.client = r.newClient(s.process)
		if err := s.warm(ctx, r); err != nil {
			return r.explain(s, err)
		}
		return nil
	})
}

// each does one step with each subject. Peers that may be missing are left out
// from their first error on.
func (r *run) each(step string, do func(s *subject) error) error {
	for _, s := range slices.Clone(r.subjects) {
		r.Progress(step + " " + s.name)
		err := do(s)
		switch {
		case err == nil:
		case s.optional && !errors.Is(err, context.Canceled):
			s.process.stop()
			r.subjects = slices.DeleteFunc(r.subjects, func(x *subject) bool { return x == s })
			r.result.Skipped = append(r.result.Skipped, Skipped{"skipped", s.name, err.Error()})
		default:
			return fmt.Errorf("%s %s: %w", step, s.name, err)
		}
	}
	return nil
}

// rounds measures each subject in turn, again and again, so that a slow moment
// of the machine meets all of them.
func (r *run) rounds(ctx context.Context) error {
	for i := range r.Rounds {
		err := r.each(fmt.Sprintf("round %d of %d:", i+1, r.Rounds), func(s *subject) error {
			f, err := s.round(ctx, r)
			s.rounds = append(s.rounds, f)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *run) memory(ctx context.Context) error {
	if !r.wants(Memory) {
		return nil
	}
	return r.each("memory of", func(s *subject) error {
		err := s.memory(ctx, r)
		if s.deployed && err != nil && ctx.Err() == nil { // another user's process may not be looked into
			r.result.Skipped = append(r.result.Skipped, Skipped{"skipped", "memory of " + s.name, err.Error()})
			return nil
		}
		return err
	})
}

// figures sums up the rounds.
func (r *run) figures() {
	for _, s := range r.subjects {
		f := s.figures
		f.Kind, f.Subject = "subject", s.name
		f.RequestsPerSecond = s.median(func(r round) float64 { return r.rps })
		f.P50, f.P99 = s.median(func(r round) float64 { return r.latency.P50 }), s.median(func(r round) float64 { return r.latency.P99 })
		f.P999 = s.median(func(r round) float64 { return r.latency.P999 })
		f.CPUPer1000 = s.median(func(r round) float64 { return r.cpu })
		f.HandshakeCPU = s.median(func(r round) float64 { return r.shake })
		f.CPUPerGiB = s.median(func(r round) float64 { return r.gib })
		f.Broken = s.broken.Load()
		r.result.Subjects = append(r.result.Subjects, f)
	}
	for _, s := range r.subjects[1:] {
		for _, q := range []struct {
			what string
			of   func(round) float64
		}{
			{"CPU per small upload", func(r round) float64 { return r.cpu }},
			{"CPU per fresh handshake", func(r round) float64 { return r.shake }},
			{"CPU per byte of a large upload", func(r round) float64 { return r.gib }},
			{"p99 of a small upload", func(r round) float64 { return r.latency.P99 }},
		} {
			var all []float64
			for i, ours := range r.subjects[0].rounds {
				if a, b := q.of(ours), q.of(s.rounds[i]); a > 0 && b > 0 {
					all = append(all, a/b)
				}
			}
			if len(all) > 0 {
				r.result.Ratios = append(r.result.Ratios, Ratio{"ratio", q.what, s.name, median(all), slices.Min(all), slices.Max(all)})
			}
		}
	}
}
