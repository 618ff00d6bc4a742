package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/bench/plot"
)

// Figures are the medians of one subject. What was not measured is 0, and absent
// in JSON.
type Figures struct {
	Kind              string  `json:"kind"` // "subject"
	Subject           string  `json:"subject"`
	RequestsPerSecond float64 `json:"requests_per_second,omitempty"`
	P50               float64 `json:"p50_ms,omitempty"`
	P99               float64 `json:"p99_ms,omitempty"`
	P999              float64 `json:"p99_9_ms,omitempty"`
	CPUPer1000        float64 `json:"cpu_s_per_1000_uploads,omitempty"`
	HandshakeCPU      float64 `json:"cpu_s_per_1000_handshakes,omitempty"`
	CPUPerGiB         float64 `json:"cpu_s_per_gib,omitempty"`
	IdleMiB           float64 `json:"idle_rss_mib,omitempty"`
	LargeMiB          float64 `json:"large_upload_rss_above_idle_mib,omitempty"`
	TunnelKiB         float64 `json:"idle_tunnel_kib,omitempty"`
	UploadsMiB        float64 `json:"tunnels_and_uploads_rss_mib,omitempty"` // at most, in all
	Broken            int64   `json:"uploads_broken_off,omitempty"`          // and sent again
}

// SizeFigures are the times of a subject's uploads of one size.
type SizeFigures struct {
	Kind    string `json:"kind"` // "size"
	Subject string `json:"subject"`
	Bytes   int64  `json:"bytes"`
	Samples int    `json:"samples"`
	Latency
	Added *Latency `json:"added,omitempty"` // to direct uploads; nil for those themselves
}

// HalfFigures are the times of a subject's small uploads at half of its greatest
// load.
type HalfFigures struct {
	Kind    string  `json:"kind"` // "half"
	Subject string  `json:"subject"`
	Most    float64 `json:"most_per_second"`
	Rate    float64 `json:"driven_per_second"`
	Samples int     `json:"samples"`
	Latency
	Direct Latency `json:"direct"` // at the same rate
	Added  Latency `json:"added"`
}

// Ratio is the first subject over another, the median of the rounds' own ratios
// with the smallest and the largest.
type Ratio struct {
	Kind   string  `json:"kind"` // "ratio"
	What   string  `json:"what"`
	Than   string  `json:"than"`
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// Skipped is a peer that was not measured, and why.
type Skipped struct {
	Kind string `json:"kind"` // "skipped"
	What string `json:"what"`
	Why  string `json:"why"`
}

// Result is the outcome of a run. The first of Subjects is Sekimori, or the
// deployed proxy.
type Result struct {
	Kind     string        `json:"kind"` // "run"
	Date     time.Time     `json:"date"`
	CPU      string        `json:"cpu"`
	Options  string        `json:"options"`
	Subjects []Figures     `json:"-"`
	Sizes    []SizeFigures `json:"-"`
	Half     []HalfFigures `json:"-"`
	Ratios   []Ratio       `json:"-"`
	Skipped  []Skipped     `json:"-"`
}

// JSON writes one object a line: the run, the subjects, the sizes, half load,
// the ratios, what was skipped.
func (r *Result) JSON(w io.Writer) error {
	rows := []any{r}
	for _, v := range r.Subjects {
		rows = append(rows, v)
	}
	for _, v := range r.Sizes {
		rows = append(rows, v)
	}
	for _, v := range r.Half {
		rows = append(rows, v)
	}
	for _, v := range r.Ratios {
		rows = append(rows, v)
	}
	for _, v := range r.Skipped {
		rows = append(rows, v)
	}
	e := json.NewEncoder(w)
	for _, v := range rows {
		if err := e.Encode(v); err != nil {
			return err
		}
	}
	return nil
}

// Write leaves the result as proxy.md, proxy.json and proxy.svg in a folder,
// which it makes if need be.
func (r *Result) Write(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, write := range map[string]func(io.Writer) error{
		"proxy.json": r.JSON, "proxy.svg": r.SVG,
		"proxy.md": func(w io.Writer) error { r.Markdown(w); return nil },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// cell writes v, or a dash for what was not measured.
func cell(format string, v float64) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf(format, v)
}

func (l Latency) cells() string {
	return fmt.Sprintf("%s | %s | %s", cell("%.2f", l.P50), cell("%.2f", l.P99), cell("%.2f", l.P999))
}

// Markdown writes the tables for people.
func (r *Result) Markdown(w io.Writer) {
	fmt.Fprintf(w, "%s, %s\n%s\n\n", r.Date.Format(time.DateOnly), r.CPU, r.Options)
	fmt.Fprintln(w, "| | uploads/s | p50 ms | p99 ms | p99.9 ms | CPU s per 1,000 | handshake CPU s per 1,000 | CPU s per GiB | idle RSS MiB | RSS above idle during a large upload MiB | KiB per idle tunnel | RSS at those tunnels and uploads at once MiB |")
	fmt.Fprintln(w, "|---"+strings.Repeat("|---:", 11)+"|")
	for _, s := range r.Subjects {
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", s.Subject,
			cell("%.0f", s.RequestsPerSecond), cell("%.1f", s.P50), cell("%.1f", s.P99), cell("%.1f", s.P999), cell("%.3f", s.CPUPer1000),
			cell("%.2f", s.HandshakeCPU), cell("%.2f", s.CPUPerGiB), cell("%.0f", s.IdleMiB), cell("%.0f", s.LargeMiB), cell("%.0f", s.TunnelKiB), cell("%.0f", s.UploadsMiB))
	}
	for _, s := range r.Subjects {
		if s.Broken > 0 {
			fmt.Fprintf(w, "\n%s broke off %d large uploads, which were sent again.\n", s.Subject, s.Broken)
		}
	}
	than := ""
	for _, q := range r.Ratios {
		if q.Than != than {
			than = q.Than
			fmt.Fprintf(w, "\n| %s over %s | median | min | max |\n|---|---|---|---|\n", title(r.Subjects[0].Subject), shortName(than))
		}
		fmt.Fprintf(w, "| %s | %.2f | %.2f | %.2f |\n", q.What, q.Median, q.Min, q.Max)
	}
	r.sizeTable(w)
	if len(r.Half) > 0 {
		fmt.Fprint(w, "\nAdded at half load, in milliseconds: small uploads at independent moments, at half of the most that each carried, beyond direct ones at the same rate.\n\n")
		fmt.Fprintln(w, "| | most a second | driven a second | uploads | p50 | p99 | p99.9 |\n|---|---:|---:|---:|---:|---:|---:|")
		for _, h := range r.Half {
			fmt.Fprintf(w, "| %s | %.0f | %.0f | %d | %s |\n", h.Subject, h.Most, h.Rate, h.Samples, h.Added.cells())
		}
	}
	if len(r.Skipped) > 0 {
		fmt.Fprint(w, "\nNot measured:\n\n")
		for _, s := range r.Skipped {
			fmt.Fprintf(w, "- %s: %s\n", s.What, s.Why)
		}
	}
}

func (r *Result) sizeTable(w io.Writer) {
	if len(r.Sizes) == 0 {
		return
	}
	fmt.Fprint(w, "\nAdded by size, in milliseconds: one upload at a time, beyond direct ones. A quantile needs 100 or 1,000 uploads.\n\n")
	fmt.Fprintln(w, "| size | | uploads | p50 | p99 | p99.9 |\n|---|---|---:|---:|---:|---:|")
	for _, s := range r.Sizes {
		if s.Added == nil {
			fmt.Fprintf(w, "| %s | *direct, in all* | %d | %s |\n", plot.Bytes(s.Bytes), s.Samples, s.Latency.cells())
		} else {
			fmt.Fprintf(w, "| | %s | %d | %s |\n", s.Subject, s.Samples, s.Added.cells())
		}
	}
}

// title is how our own subject is called in headings.
func title(subject string) string {
	if subject == "sekimori" {
		return "Sekimori"
	}
	return subject
}

// shortName is a peer's name without what is said of it.
func shortName(subject string) string {
	name, _, _ := strings.Cut(subject, " MITM")
	return name
}

// SVG draws what is added by size as curves, and the rest as bars.
func (r *Result) SVG(w io.Writer) error {
	p := plot.New(fmt.Sprintf("%s: what a proxy costs, %s", title(r.Subjects[0].Subject), r.Date.Format(time.DateOnly)), r.CPU+"; "+r.Options)
	for _, q := range []struct {
		name string
		of   func(Latency) float64
	}{
		{"p50", func(l Latency) float64 { return l.P50 }},
		{"p99", func(l Latency) float64 { return l.P99 }},
		{"p99.9", func(l Latency) float64 { return l.P999 }},
	} {
		var series []plot.Series
		for _, s := range r.Subjects {
			line := plot.Series{Name: shortName(s.Subject)}
			for _, x := range r.Sizes {
				if x.Subject == s.Subject && x.Added != nil && q.of(*x.Added) > 0 {
					line.X, line.Y = append(line.X, float64(x.Bytes)), append(line.Y, q.of(*x.Added))
				}
			}
			if len(line.X) > 0 {
				series = append(series, line)
			}
		}
		p.Curve("Added to an upload, "+q.name+", ms", "size", 1, func(v float64) string { return plot.Bytes(int64(v)) }, series...)
	}
	half := func(name string) float64 {
		for _, h := range r.Half {
			if h.Subject == name {
				return h.Added.P99
			}
		}
		return 0
	}
	for _, q := range []struct {
		title string
		of    func(Figures) float64
	}{
		{"Processor seconds for 1,000 small uploads", func(f Figures) float64 { return f.CPUPer1000 }},
		{"Processor seconds for 1,000 fresh handshakes", func(f Figures) float64 { return f.HandshakeCPU }},
		{"Processor seconds for a GiB", func(f Figures) float64 { return f.CPUPerGiB }},
		{"Added at half load, p99, ms", func(f Figures) float64 { return half(f.Subject) }},
		{"Memory of an idle tunnel, KiB", func(f Figures) float64 { return f.TunnelKiB }},
		{"Memory at idle tunnels and uploads at once, MiB", func(f Figures) float64 { return f.UploadsMiB }},
	} {
		panel := plot.Panel{Title: q.title}
		for i, s := range r.Subjects {
			class := plot.Peer
			if i == 0 {
				class = plot.Ours
			}
			if v := q.of(s); v > 0 {
				panel.Bars = append(panel.Bars, plot.Bar{Label: shortName(s.Subject), Value: v, Class: class})
			}
		}
		if len(panel.Bars) > 0 {
			p.Bars(panel)
		}
	}
	return p.Write(w)
}
