package speed

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Result is the outcome of a run.
type Result struct {
	Run          RunInfo
	Measurements []Measurement
	Ratios       []Ratio
	Skipped      []Skipped
}

// RunInfo describes a run. "kind" is "run" in JSON.
type RunInfo struct {
	Kind    string    `json:"kind"`
	Date    time.Time `json:"date"`
	CPU     string    `json:"cpu"`
	Cores   int       `json:"cores"`
	System  string    `json:"system"`
	Go      string    `json:"go"`
	Version string    `json:"version,omitempty"` // of this program
	Clock   string    `json:"clock"`             // what the figures were measured by
	Bytes   int       `json:"bytes"`             // of a corpus
	Rounds  int       `json:"rounds"`
}

// Measurement is one row: what was measured on what, the median and the
// extremes of the rounds.
type Measurement struct {
	Kind   string `json:"kind"`             // limit, matching, whole, length, literals, cores, start-up
	Corpus string `json:"corpus,omitempty"` // C1 to C6, or a file's name
	Set    string `json:"set,omitempty"`    // of patterns: P1, P2, P3, ALL
	Engine string `json:"engine"`           // or the limit's, or the inspection's name
	Bytes  int    `json:"bytes,omitempty"`  // searched in one go

	MBs    float64 `json:"mb_per_s,omitempty"`      // million bytes a second, median
	Min    float64 `json:"mb_per_s_min,omitempty"`  // the slowest round
	Max    float64 `json:"mb_per_s_max,omitempty"`  // the fastest
	WallMB float64 `json:"mb_per_s_wall,omitempty"` // by the time on the wall, median

	Counts  Counting `json:"counts,omitempty"`     // what count counts: occurrences, ends, patterns, persons
	Count   int      `json:"count"`                //
	Checked string   `json:"checked_by,omitempty"` // declared, reference, agreement, exact

	Literals  int     `json:"literals,omitempty"`        // looked for
	Tables    int64   `json:"table_bytes,omitempty"`     // that the compiled set takes
	Compile   float64 `json:"compile_s,omitempty"`       // seconds
	Allocated int64   `json:"allocated_bytes,omitempty"` // by one scan, in all
	Cores     int     `json:"cores,omitempty"`           // scans at once
	Seconds   float64 `json:"seconds,omitempty"`         // start-up, median
	Verdict   string  `json:"verdict,omitempty"`         // whole: action and rule

	rounds []float64 // MB/s by round
}

// Ratio compares measurements of the same rounds.
type Ratio struct {
	Kind   string  `json:"kind"` // "ratio"
	Corpus string  `json:"corpus"`
	What   string  `json:"what"`
	Than   string  `json:"than"` // what it was compared with: the best one there was
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// Skipped is something declared that was not measured.
type Skipped struct {
	Kind string `json:"kind"` // "skipped"
	What string `json:"what"`
	Why  string `json:"why"`
}

// JSON writes one object a line: the run, the measurements, the ratios, what
// was skipped.
func (r *Result) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	if err := e.Encode(r.Run); err != nil {
		return err
	}
	for i := range r.Measurements {
		if err := e.Encode(&r.Measurements[i]); err != nil {
			return err
		}
	}
	for i := range r.Ratios {
		if err := e.Encode(&r.Ratios[i]); err != nil {
			return err
		}
	}
	for i := range r.Skipped {
		if err := e.Encode(&r.Skipped[i]); err != nil {
			return err
		}
	}
	return nil
}

// Write leaves the result as inspect.md, inspect.json and inspect.svg in a
// folder, which it makes if need be.
func (r *Result) Write(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	var js, md, svg bytes.Buffer
	if err := r.JSON(&js); err != nil {
		return err
	}
	r.Markdown(&md)
	if err := r.SVG(&svg); err != nil {
		return err
	}
	for name, b := range map[string]*bytes.Buffer{"inspect.json": &js, "inspect.md": &md, "inspect.svg": &svg} {
		if err := os.WriteFile(filepath.Join(folder, name), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// spread returns the median, the least and the greatest value.
func spread(v []float64) (median, least, most float64) {
	if len(v) == 0 {
		return 0, 0, 0
	}
	s := slices.Sorted(slices.Values(v))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2, s[0], s[n-1]
}

// find returns the measurements for which ok holds.
func (r *Result) find(ok func(m *Measurement) bool) []*Measurement {
	var out []*Measurement
	for i := range r.Measurements {
		if m := &r.Measurements[i]; ok(m) {
			out = append(out, m)
		}
	}
	return out
}

// corpora lists the names of corpora of measurements of that kind, in order.
func (r *Result) corpora(kinds ...string) []string {
	var out []string
	for i := range r.Measurements {
		m := &r.Measurements[i]
		if slices.Contains(kinds, m.Kind) && !slices.Contains(out, m.Corpus) {
			out = append(out, m.Corpus)
		}
	}
	return out
}
