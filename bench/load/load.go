// Package load measures a proxy from outside, as an ops team would: an origin
// and clients on loopback, the proxies as processes of their own, their
// processor time and memory read from the operating system. Sekimori is always
// measured beside bare goproxy interception (which streams and inspects
// nothing), in turn, in the same run: these figures are ratios first.
//
// Linux only (it reads /proc). All traffic stays on loopback and is bounded in
// count and time.
package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Options say what to run. Zero fields take the defaults.
type Options struct {
	Self        string   // the sekimori binary to measure
	PeerCommand []string // takes the origin's address, prints its own and a CA, as Peer does
	Rounds      int      // each subject in turn; medians are reported; default 5
	Requests    int      // small uploads a round; default 4000
	Connections int      // kept alive, at once; default 32
	BodyBytes   int      // of a small upload; default 10 KiB
	Kind        string   // of a small upload: text, json, random; default text
	LargeBytes  int64    // of a large upload; default 256 MiB, 0 < skips when negative
	Handshakes  int      // fresh connections a round; default 300
	Idle        int      // idle intercepted tunnels for memory; default 500
	Progress    func(step string)
}

func (o Options) withDefaults() Options {
	def := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	def(&o.Rounds, 5)
	def(&o.Requests, 4000)
	def(&o.Connections, 32)
	def(&o.BodyBytes, 10<<10)
	def(&o.Handshakes, 300)
	def(&o.Idle, 500)
	if o.LargeBytes == 0 {
		o.LargeBytes = 256 << 20
	}
	if o.Kind == "" {
		o.Kind = "text"
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	return o
}

// Figures are the medians of one subject.
type Figures struct {
	Subject           string  `json:"subject"`
	RequestsPerSecond float64 `json:"requests_per_second"`
	P50               float64 `json:"p50_ms"`
	P99               float64 `json:"p99_ms"`
	CPUPer1000        float64 `json:"cpu_s_per_1000_uploads"`
	HandshakeCPU      float64 `json:"cpu_s_per_1000_handshakes"`
	CPUPerGiB         float64 `json:"cpu_s_per_gib"`
	IdleMiB           float64 `json:"idle_rss_mib"`
	LargeMiB          float64 `json:"large_upload_rss_above_idle_mib"`
	TunnelKiB         float64 `json:"idle_tunnel_kib"`
}

// Ratios are Sekimori over goproxy, each the median of the rounds' own ratios
// with the smallest and the largest.
type Ratio struct {
	What   string  `json:"what"`
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// Result is the outcome of a run.
type Result struct {
	Date     time.Time `json:"date"`
	CPU      string    `json:"cpu"`
	Options  string    `json:"options"`
	Subjects []Figures `json:"subjects"`
	Ratios   []Ratio   `json:"ratios"`
}

// round is one subject's figures of one round.
type round struct{ rps, p50, p99, cpu, shake, gib float64 }

// Run measures Sekimori and the peer in turn.
func Run(ctx context.Context, o Options) (*Result, error) {
	o = o.withDefaults()
	origin, err := startOrigin()
	if err != nil {
		return nil, err
	}
	defer origin.close()

	subjects := []*subject{
		{name: "sekimori", start: func(ctx context.Context) (*process, error) { return startSekimori(ctx, o.Self, origin) }},
		{name: "goproxy MITM, streaming", start: func(ctx context.Context) (*process, error) { return startPeer(ctx, o.PeerCommand, origin) }},
	}
	res := &Result{Date: time.Now().UTC().Truncate(time.Second), CPU: cpuName(),
		Options: fmt.Sprintf("%d rounds of %d uploads of %d bytes (%s) on %d connections, %d handshakes, one upload of %d MiB",
			o.Rounds, o.Requests, o.BodyBytes, o.Kind, o.Connections, o.Handshakes, o.LargeBytes>>20)}
	for _, s := range subjects {
		o.Progress("start " + s.name)
		p, err := s.start(ctx)
		if err != nil {
			return nil, fmt.Errorf("start %s: %w", s.name, err)
		}
		s.process = p
		defer func() { s.process.stop() }()
		s.client, err = newClient(p, origin, o)
		if err != nil {
			return nil, err
		}
		if err := s.warm(ctx, o); err != nil {
			return nil, fmt.Errorf("warm up %s: %w", s.name, err)
		}
	}
	for i := range o.Rounds {
		for _, s := range subjects {
			o.Progress(fmt.Sprintf("round %d of %d: %s", i+1, o.Rounds, s.name))
			r, err := s.round(ctx, o)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			s.rounds = append(s.rounds, r)
		}
	}
	for _, s := range subjects {
		o.Progress("memory: " + s.name)
		f, err := s.memory(ctx, o, origin)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		f.Subject = s.name
		f.RequestsPerSecond = s.median(func(r round) float64 { return r.rps })
		f.P50, f.P99 = s.median(func(r round) float64 { return r.p50 }), s.median(func(r round) float64 { return r.p99 })
		f.CPUPer1000 = s.median(func(r round) float64 { return r.cpu })
		f.HandshakeCPU = s.median(func(r round) float64 { return r.shake })
		f.CPUPerGiB = s.median(func(r round) float64 { return r.gib })
		res.Subjects = append(res.Subjects, f)
	}
	for _, q := range []struct {
		what string
		of   func(round) float64
	}{
		{"CPU per small upload", func(r round) float64 { return r.cpu }},
		{"CPU per fresh handshake", func(r round) float64 { return r.shake }},
		{"CPU per byte of a large upload", func(r round) float64 { return r.gib }},
		{"p99 of a small upload", func(r round) float64 { return r.p99 }},
	} {
		var all []float64
		for i := range subjects[0].rounds {
			if d := q.of(subjects[1].rounds[i]); d > 0 {
				all = append(all, q.of(subjects[0].rounds[i])/d)
			}
		}
		if len(all) > 0 {
			res.Ratios = append(res.Ratios, Ratio{q.what, median(all), slices.Min(all), slices.Max(all)})
		}
	}
	return res, nil
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	if len(v) == 0 {
		return 0
	}
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// JSON writes one object a line: each subject, then each ratio.
func (r *Result) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	var errs []error
	for _, s := range r.Subjects {
		errs = append(errs, e.Encode(s))
	}
	for _, q := range r.Ratios {
		errs = append(errs, e.Encode(q))
	}
	return errors.Join(errs...)
}

// Markdown writes the tables for people.
func (r *Result) Markdown(w io.Writer) {
	fmt.Fprintf(w, "%s, %s\n%s\n\n", r.Date.Format(time.DateOnly), r.CPU, r.Options)
	fmt.Fprintln(w, "| | uploads/s | p50 ms | p99 ms | CPU s per 1,000 | handshake CPU s per 1,000 | CPU s per GiB | idle RSS MiB | RSS above idle during a large upload MiB | KiB per idle tunnel |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|")
	for _, s := range r.Subjects {
		fmt.Fprintf(w, "| %s | %.0f | %.1f | %.1f | %.3f | %.2f | %.2f | %.0f | %.0f | %.0f |\n", s.Subject,
			s.RequestsPerSecond, s.P50, s.P99, s.CPUPer1000, s.HandshakeCPU, s.CPUPerGiB, s.IdleMiB, s.LargeMiB, s.TunnelKiB)
	}
	fmt.Fprintln(w, "\n| Sekimori over goproxy | median | min | max |\n|---|---|---|---|")
	for _, q := range r.Ratios {
		fmt.Fprintf(w, "| %s | %.2f | %.2f | %.2f |\n", q.What, q.Median, q.Min, q.Max)
	}
}
