package speed

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/bench/inspect/corpus"
	"github.com/sekimori-dlp/sekimori/bench/plot"
)

// SVG draws the result: for each corpus the limits, matching of all patterns
// and whole inspection as bars on one logarithmic scale, then the curves.
func (r *Result) SVG(w io.Writer) error {
	p := plot.New(fmt.Sprintf("Sekimori: million bytes a second on one core, %s", r.Run.Date.Format("2006-01-02")),
		fmt.Sprintf("%s, %s of each corpus, medians of %d rounds, lines from the slowest to the fastest", r.Run.CPU, plot.Bytes(int64(r.Run.Bytes)), r.Run.Rounds))
	r.bars(p)
	r.curve(p, "length", "Whole inspection by length of the text", "bytes", 2, func(m *Measurement) float64 { return float64(m.Bytes) }, func(v float64) string { return plot.Bytes(int64(v)) })
	r.curve(p, "literals", "Matching by number of literals", "literals", 1, func(m *Measurement) float64 { return float64(m.Literals) }, func(v float64) string { return fmt.Sprintf("%.0f", v) })
	return p.Write(w)
}

// bars draws a panel for each corpus.
func (r *Result) bars(p *plot.Page) {
	var panels []plot.Panel
	for _, c := range r.corpora("limit", "matching", "whole") {
		g := plot.Panel{Title: titleOf(c)}
		for _, m := range r.find(func(m *Measurement) bool { return m.Corpus == c && barClass(m) != "" }) {
			g.Bars = append(g.Bars, plot.Bar{Label: barLabel(m), Value: m.MBs, Min: m.Min, Max: m.Max, Class: barClass(m)})
		}
		if len(g.Bars) > 0 {
			panels = append(panels, g)
		}
	}
	p.Bars(panels...)
}

// barClass says how a measurement is drawn among the bars, "" if not at all.
func barClass(m *Measurement) plot.Class {
	switch {
	case m.Kind == "limit":
		return plot.Limit
	case m.Kind == "whole":
		return plot.Whole
	case m.Kind == "matching" && m.Set == "ALL":
		if isPeer(m.Engine) {
			return plot.Peer
		}
		return plot.Ours
	case m.Kind == "matching" && (m.Set == "P1" || m.Set == "P3") && !isPeer(m.Engine) && !strings.HasPrefix(m.Engine, "sekimori"):
		return plot.Peer
	}
	return ""
}

// titleOf is a corpus's name with what it is.
func titleOf(name string) string {
	if c, err := corpus.Find(name); err == nil {
		return name + " " + c.Title
	}
	return name
}

func barLabel(m *Measurement) string {
	switch {
	case m.Kind == "whole":
		return "whole, " + m.Engine
	case m.Kind == "matching" && m.Set != "ALL":
		return m.Engine + ", " + m.Set + " only"
	}
	return m.Engine
}

// curve draws the measurements of one kind as lines, MB/s over x.
func (r *Result) curve(p *plot.Page, kind, title, unit string, every int, x func(*Measurement) float64, tick func(float64) string) {
	var series []plot.Series
	for _, m := range r.find(func(m *Measurement) bool { return m.Kind == kind }) {
		name := m.Corpus + ", " + m.Engine
		i := slices.IndexFunc(series, func(s plot.Series) bool { return s.Name == name })
		if i < 0 {
			i, series = len(series), append(series, plot.Series{Name: name})
		}
		series[i].X, series[i].Y = append(series[i].X, x(m)), append(series[i].Y, m.MBs)
	}
	p.Curve(title+", MB/s", unit, every, tick, series...)
}
