package console

import (
	"fmt"
	"math"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/sekimori-dlp/sekimori/console/page"
)

type figure struct{ Key, Value string }

type checkBody struct {
	Name string
	Err  error
}

type healthBody struct {
	Ready    bool
	Checks   []checkBody
	LoadedAt time.Time
	Digest   string
	RulesErr error
	Figures  []figure
	Nodes    []Node
	Version  string
}

func (c *Console) health(q *request) {
	s := c.cfg.Rules.Status()
	b := healthBody{Ready: true, LoadedAt: s.LoadedAt, Digest: s.Digest, RulesErr: s.Err, Version: c.cfg.Version}
	for _, k := range c.cfg.Checks {
		err := k.Probe()
		b.Ready = b.Ready && err == nil
		b.Checks = append(b.Checks, checkBody{k.Name, err})
	}
	b.Checks = append(b.Checks, checkBody{"console", c.Healthy()})
	if c.cfg.Elsewhere != nil {
		b.Checks = append(b.Checks, checkBody{"console-nodes", c.index.Status().Others})
	}
	b.Figures = append(b.Figures, figure{"uptime", time.Since(c.began).Round(time.Second).String()})
	if c.cfg.Metrics != nil {
		families, err := c.cfg.Metrics.Gather()
		if err != nil {
			c.cfg.Log.Warn("metrics not gathered whole", "error", err)
		}
		b.Figures = append(b.Figures, figures(families)...)
	}
	if c.cfg.Nodes != nil {
		b.Nodes = c.cfg.Nodes()
	}
	q.draw("health", q.view(q.t("nav.health"), b))
}

// shownFigures are the metrics that tell most, and how to read each.
var shownFigures = []struct {
	key, metric string
	read        func(*dto.MetricFamily) string
}{
	{"verdicts", "sekimori_verdicts_total", whole},
	{"inspected", "sekimori_inspected_bytes_total", amount},
	{"connections", "sekimori_connections", whole},
	{"added-50", "sekimori_added_seconds", quantile(0.5)},
	{"added-99", "sekimori_added_seconds", quantile(0.99)},
	{"append-99", "sekimori_audit_append_seconds", quantile(0.99)},
	{"append-failures", "sekimori_audit_failures_total", whole},
	{"held", "sekimori_held_bodies", whole},
	{"held-memory", "sekimori_held_memory_bytes", amount},
	{"held-disk", "sekimori_held_disk_bytes", amount},
	{"panics", "sekimori_panics_total", whole},
	{"memory", "process_resident_memory_bytes", amount},
	{"goroutines", "go_goroutines", whole},
}

func figures(families []*dto.MetricFamily) (all []figure) {
	for _, f := range shownFigures {
		for _, m := range families {
			if m.GetName() == f.metric {
				all = append(all, figure{f.key, f.read(m)})
			}
		}
	}
	return all
}

func sum(f *dto.MetricFamily) (n float64) {
	for _, m := range f.GetMetric() {
		n += m.GetCounter().GetValue() + m.GetGauge().GetValue()
	}
	return n
}

func whole(f *dto.MetricFamily) string { return page.Number(int64(sum(f))) }

func amount(f *dto.MetricFamily) string { return page.Size(int64(sum(f))) }

// quantile reads the bound of the bucket that share of the observations lie
// in or below, over all labels.
func quantile(share float64) func(*dto.MetricFamily) string {
	return func(f *dto.MetricFamily) string {
		var total uint64
		upTo := map[float64]uint64{}
		for _, m := range f.GetMetric() {
			h := m.GetHistogram()
			total += h.GetSampleCount()
			for _, b := range h.GetBucket() {
				upTo[b.GetUpperBound()] += b.GetCumulativeCount()
			}
		}
		if total == 0 {
			return "–"
		}
		var bounds []float64
		for b := range upTo {
			bounds = append(bounds, b)
		}
		slices.Sort(bounds)
		for _, b := range bounds {
			if float64(upTo[b]) >= share*float64(total) && !math.IsInf(b, 1) {
				return "≤ " + time.Duration(b*float64(time.Second)).String()
			}
		}
		return fmt.Sprintf("> %v", time.Duration(bounds[len(bounds)-1]*float64(time.Second)))
	}
}
