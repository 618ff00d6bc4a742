package load

import (
	"context"
	"fmt"
	"slices"

	"github.com/sekimori-dlp/sekimori/bench/plot"
)

// Latency is how long uploads took, or how much longer, in milliseconds. A
// quantile is 0 where there were too few to tell it.
type Latency struct {
	P50  float64 `json:"p50_ms"`
	P99  float64 `json:"p99_ms,omitempty"`   // of 100 and more
	P999 float64 `json:"p99_9_ms,omitempty"` // of 1000 and more
}

// latencyOf sorts ms and takes its quantiles by the nearest rank.
func latencyOf(ms []float64) Latency {
	slices.Sort(ms)
	rank := func(perMille, least int) float64 {
		if len(ms) < max(1, least) {
			return 0
		}
		return ms[(len(ms)*perMille+999)/1000-1]
	}
	return Latency{rank(500, 1), rank(990, 100), rank(999, 1000)}
}

// beyond is what l has more than direct uploads had: the difference of
// quantiles, since no upload goes both ways.
func (l Latency) beyond(direct Latency) Latency {
	minus := func(a, b float64) float64 {
		if a == 0 || b == 0 {
			return 0
		}
		return a - b
	}
	return Latency{minus(l.P50, direct.P50), minus(l.P99, direct.P99), minus(l.P999, direct.P999)}
}

const (
	atLeast = 3         // uploads of each size
	budget  = 256 << 20 // bytes after which no more uploads of a size are sent
	turns   = 5         // in which the subjects send them
)

// sizes measures how much time is added to uploads of each size. They go one
// at a time, so that nothing waits for anything else.
func (r *run) sizes(ctx context.Context) error {
	if !r.wants(Sizes) {
		return nil
	}
	for _, size := range r.Options.Sizes {
		n := max(min(int64(r.Samples), budget/size), min(int64(r.Samples), atLeast))
		took := map[*subject][]float64{}
		clients := map[*subject]*client{r.direct: r.direct.client.sized(r.Kind, size)}
		for _, s := range r.subjects {
			clients[s] = s.client.sized(r.Kind, size)
		}
		send := func(s *subject, n int64) error {
			for range n {
				err := s.persist(ctx, func() error {
					ms, err := clients[s].timed(ctx, size)
					if err == nil {
						took[s] = append(took[s], ms)
					}
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		}
		for turn := range int64(turns + 1) {
			part := n*turn/turns - n*max(0, turn-1)/turns
			if turn == 0 {
				part = 1 // opens the connection, and does not count
			}
			if err := send(r.direct, part); err != nil {
				return fmt.Errorf("upload %s without a proxy: %w", plot.Bytes(size), err)
			}
			if err := r.each(fmt.Sprintf("%s, turn %d of %d:", plot.Bytes(size), turn, turns), func(s *subject) error { return send(s, part) }); err != nil {
				return err
			}
			if turn == 0 {
				clear(took)
			}
		}
		direct := latencyOf(took[r.direct])
		r.result.Sizes = append(r.result.Sizes, SizeFigures{Kind: "size", Subject: r.direct.name, Bytes: size, Samples: len(took[r.direct]), Latency: direct})
		for _, s := range r.subjects {
			l := latencyOf(took[s])
			added := l.beyond(direct)
			r.result.Sizes = append(r.result.Sizes, SizeFigures{"size", s.name, size, len(took[s]), l, &added})
		}
	}
	return nil
}

// half drives each subject at half of the most it carried, at moments of their
// own, and compares with direct uploads at the same rate.
func (r *run) half(ctx context.Context) error {
	if !r.wants(Half) {
		return nil
	}
	return r.each("half load:", func(s *subject) error {
		now := &run{Options: Options{Only: []string{Small}, Requests: r.Requests, Connections: r.Connections}}
		closed, err := s.round(ctx, now) // right before, as other work on the machine changes what it carries
		if err != nil {
			return err
		}
		most := closed.rps
		f := HalfFigures{Kind: "half", Subject: s.name, Most: most, Rate: most / 2}
		var went, direct []float64
		for range 2 { // in turn, so that a slow moment meets both
			for _, x := range []struct {
				c  *client
				to *[]float64
			}{{r.direct.client, &direct}, {s.client, &went}} {
				ms, err := x.c.steady(ctx, f.Rate, r.Options.Half/2, r.Connections)
				if err != nil {
					return err
				}
				*x.to = append(*x.to, ms...)
			}
		}
		f.Samples = len(went)
		if f.Samples == 0 || len(direct) == 0 {
			return fmt.Errorf("no upload was due within %s: give it longer", r.Options.Half)
		}
		f.Latency, f.Direct = latencyOf(went), latencyOf(direct)
		f.Added = f.Latency.beyond(f.Direct)
		r.result.Half = append(r.result.Half, f)
		return nil
	})
}
