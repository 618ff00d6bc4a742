package speed

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/bench/inspect/corpus"
)

// SVG draws the result: for each corpus the limits, matching of all patterns
// and whole inspection as bars on one logarithmic scale, then the curves. It
// follows the reader's choice of a light or dark page.
func (r *Result) SVG(w io.Writer) {
	p := &plot{width: 860}
	p.text(24, 30, "title", fmt.Sprintf("Sekimori: million bytes a second on one core, %s", r.Run.Date.Format("2006-01-02")))
	p.text(24, 48, "note", fmt.Sprintf("%s, %s of each corpus, medians of %d rounds, lines from the slowest to the fastest", r.Run.CPU, bytesText(r.Run.Bytes), r.Run.Rounds))
	p.y = 64
	r.bars(p)
	r.curve(p, "length", "Whole inspection by length of the text", "bytes", func(m *Measurement) float64 { return float64(m.Bytes) }, bytesTick)
	r.curve(p, "literals", "Matching by number of literals", "literals", func(m *Measurement) float64 { return float64(m.Literals) }, func(v float64) string { return fmt.Sprintf("%.0f", v) })
	p.write(w, "Speed of Sekimori and its peers")
}

func bytesTick(v float64) string { return bytesText(int(v)) }

// plot collects the drawing from top to bottom.
type plot struct {
	b     strings.Builder
	width float64
	y     float64
}

func (p *plot) text(x, y float64, class, s string) {
	fmt.Fprintf(&p.b, `<text x="%.1f" y="%.1f" class="%s">`, x, y, class)
	_ = xml.EscapeText(&p.b, []byte(s)) // a Builder takes everything
	p.b.WriteString("</text>\n")
}

func (p *plot) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&p.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`+"\n", x1, y1, x2, y2, class)
}

func (p *plot) write(w io.Writer, title string) {
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">`+"\n", p.width, p.y+16, title)
	io.WriteString(w, style)
	fmt.Fprintf(w, `<rect class="page" width="%.0f" height="%.0f"/>`+"\n", p.width, p.y+16)
	io.WriteString(w, p.b.String())
	io.WriteString(w, "</svg>\n")
}

// style has colours that can be told apart without seeing red or green.
const style = `<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 } .panel { font-weight: 600 }
.note, .tick { fill: #59636e; font-size: 11px } .end { text-anchor: end } .mid { text-anchor: middle }
.page { fill: #ffffff } .grid { stroke: #d1d9e0 } .spread { stroke: #1f2328; stroke-width: 1.5 }
.ours { fill: #0969da } .peer { fill: #bc4c00 } .whole { fill: #1a7f37 } .limit { fill: #8c959f }
.s0 { stroke: #0969da; fill: none; stroke-width: 2 } .s1 { stroke: #bc4c00; fill: none; stroke-width: 2 }
.s2 { stroke: #1a7f37; fill: none; stroke-width: 2 } .s3 { stroke: #8250df; fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .note, .tick { fill: #9198a1 }
.page { fill: #0d1117 } .grid { stroke: #3d444d } .spread { stroke: #e6edf3 }
.ours { fill: #4493f8 } .peer { fill: #db6d28 } .whole { fill: #3fb950 } .limit { fill: #656c76 }
.s0 { stroke: #4493f8 } .s1 { stroke: #db6d28 } .s2 { stroke: #3fb950 } .s3 { stroke: #ab7df8 }
}
</style>
`

// scale maps values to a stretch, logarithmically.
type scale struct{ from, to, start, end float64 }

func (s scale) at(v float64) float64 {
	v = min(max(v, s.from), s.to)
	return s.start + (s.end-s.start)*math.Log(v/s.from)/math.Log(s.to/s.from)
}

// decades lists the powers of ten within the scale.
func (s scale) decades() (out []float64) {
	for v := s.from; v <= s.to*1.001; v *= 10 {
		out = append(out, v)
	}
	return out
}

// around returns the powers of ten around values.
func around(values []float64) (from, to float64) {
	low, high := slices.Min(values), slices.Max(values)
	from = math.Pow(10, math.Floor(math.Log10(max(low, 1e-3))))
	to = math.Pow(10, math.Ceil(math.Log10(max(high, 1e-3))))
	return from, max(to, from*10)
}

// bars draws a panel for each corpus.
func (r *Result) bars(p *plot) {
	const left, right, height = 220, 120, 17
	var shown []*Measurement
	for _, c := range r.corpora("limit", "matching", "whole") {
		shown = append(shown, r.find(func(m *Measurement) bool { return m.Corpus == c && barClass(m) != "" })...)
	}
	if len(shown) == 0 {
		return
	}
	var values []float64
	for _, m := range shown {
		values = append(values, m.MBs)
	}
	from, to := around(values)
	s := scale{from, to, left, p.width - right}
	current := ""
	top := 0.0
	grid := func() {
		for _, v := range s.decades() {
			if current != "" {
				p.line(s.at(v), top, s.at(v), p.y, "grid")
				p.text(s.at(v), p.y+13, "tick mid", short(v))
			}
		}
	}
	for _, m := range shown {
		if m.Corpus != current {
			grid()
			if current != "" {
				p.y += 22
			}
			current = m.Corpus
			p.y += 20
			p.text(24, p.y, "panel", titleOf(current))
			p.y += 8
			top = p.y
		}
		p.text(left-8, p.y+12, "end", barLabel(m))
		fmt.Fprintf(&p.b, `<rect x="%d" y="%.1f" width="%.1f" height="%d" class="%s"/>`+"\n", left, p.y+2, s.at(m.MBs)-left, height-4, barClass(m))
		p.line(s.at(m.Min), p.y+height/2, s.at(m.Max), p.y+height/2, "spread")
		p.text(s.at(max(m.MBs, m.Max))+6, p.y+12, "tick", short(m.MBs))
		p.y += height
	}
	grid()
	p.y += 26
}

// barClass says how a measurement is drawn among the bars, "" if not at all.
func barClass(m *Measurement) string {
	switch {
	case m.Kind == "limit":
		return "limit"
	case m.Kind == "whole":
		return "whole"
	case m.Kind == "matching" && m.Set == "ALL":
		if isPeer(m.Engine) {
			return "peer"
		}
		return "ours"
	case m.Kind == "matching" && (m.Set == "P1" || m.Set == "P3") && !isPeer(m.Engine) && !strings.HasPrefix(m.Engine, "sekimori"):
		return "peer"
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
func (r *Result) curve(p *plot, kind, title, unit string, x func(*Measurement) float64, tick func(float64) string) {
	all := r.find(func(m *Measurement) bool { return m.Kind == kind })
	if len(all) == 0 {
		return
	}
	const left, right, height = 70, 200, 190
	var xs, ys []float64
	var series []string
	for _, m := range all {
		xs, ys = append(xs, x(m)), append(ys, m.MBs)
		if n := m.Corpus + ", " + m.Engine; !slices.Contains(series, n) {
			series = append(series, n)
		}
	}
	low, high := around(ys)
	p.y += 20
	p.text(24, p.y, "panel", title+", MB/s")
	p.y += 12
	h := scale{slices.Min(xs), slices.Max(xs), left, p.width - right}
	v := scale{low, high, p.y + height, p.y}
	for _, d := range v.decades() {
		p.line(left, v.at(d), p.width-right, v.at(d), "grid")
		p.text(left-8, v.at(d)+4, "tick end", short(d))
	}
	slices.Sort(xs)
	for i, t := range slices.Compact(xs) {
		if kind == "literals" || i%2 == 0 {
			p.text(h.at(t), p.y+height+16, "tick mid", tick(t))
		}
	}
	labels := p.y + 12
	for i, n := range series {
		fmt.Fprintf(&p.b, `<polyline class="s%d" points="`, i%4)
		for _, m := range all {
			if m.Corpus+", "+m.Engine == n {
				fmt.Fprintf(&p.b, "%.1f,%.1f ", h.at(x(m)), v.at(m.MBs))
			}
		}
		p.b.WriteString("\"/>\n")
		p.line(p.width-right+14, labels-4, p.width-right+30, labels-4, fmt.Sprintf("s%d", i%4))
		p.text(p.width-right+36, labels, "tick", n)
		labels += 18
	}
	p.text(p.width-right+36, p.y+height+16, "tick", unit)
	p.y += height + 34
}
