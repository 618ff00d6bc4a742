// Package plot draws the benchmarks' results as SVG: bars and curves from top to
// bottom of one page, on logarithmic scales, in colours that follow the reader's
// choice of a light or dark page. It draws what our reports need and no more.
package plot

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Page collects a drawing from top to bottom. It is 860 units wide and as long as
// what is drawn on it. Not for concurrent use.
type Page struct {
	title string
	b     strings.Builder
	y     float64
}

const width = 860

// New begins a page with a title and a line of notes below it.
func New(title, note string) *Page {
	p := &Page{title: title}
	p.text(24, 30, "title", title)
	p.text(24, 48, "note", note)
	p.y = 64
	return p
}

// Write writes the page as a whole SVG document.
func (p *Page) Write(w io.Writer) error {
	var title strings.Builder
	_ = xml.EscapeText(&title, []byte(p.title)) // a Builder takes everything
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %.0f" role="img" aria-label="%s">`+"\n%s"+
		`<rect class="page" width="%[1]d" height="%.0[2]f"/>`+"\n%[5]s</svg>\n", width, p.y+16, title.String(), style, p.b.String())
	return err
}

func (p *Page) text(x, y float64, class, s string) {
	fmt.Fprintf(&p.b, `<text x="%.1f" y="%.1f" class="%s">`, x, y, class)
	_ = xml.EscapeText(&p.b, []byte(s)) // a Builder takes everything
	p.b.WriteString("</text>\n")
}

func (p *Page) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&p.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`+"\n", x1, y1, x2, y2, class)
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

// Class colours a bar.
type Class string

// Colours of bars.
const (
	Ours  Class = "ours"
	Peer  Class = "peer"
	Whole Class = "whole"
	Limit Class = "limit"
)

// Bar is a value with the least and the greatest it was measured as; Min and Max
// of 0 are not drawn.
type Bar struct {
	Label           string
	Value, Min, Max float64
	Class           Class
}

// Panel is a titled group of bars.
type Panel struct {
	Title string
	Bars  []Bar
}

// Bars draws panels one below the other, on one scale.
func (p *Page) Bars(panels ...Panel) {
	const left, right, height = 220, 120, 17
	var values []float64
	for _, g := range panels {
		for _, b := range g.Bars {
			values = append(values, b.Value)
		}
	}
	if len(values) == 0 {
		return
	}
	from, to := around(values)
	s := scale{from, to, left, width - right}
	for i, g := range panels {
		if i > 0 {
			p.y += 22
		}
		p.y += 20
		p.text(24, p.y, "panel", g.Title)
		p.y += 8
		top := p.y
		for _, b := range g.Bars {
			p.text(left-8, p.y+12, "end", b.Label)
			fmt.Fprintf(&p.b, `<rect x="%d" y="%.1f" width="%.1f" height="%d" class="%s"/>`+"\n", left, p.y+2, s.at(b.Value)-left, height-4, b.Class)
			if b.Max > 0 {
				p.line(s.at(b.Min), p.y+height/2, s.at(b.Max), p.y+height/2, "spread")
			}
			p.text(s.at(max(b.Value, b.Max))+6, p.y+12, "tick", Number(b.Value))
			p.y += height
		}
		for _, v := range s.decades() {
			p.line(s.at(v), top, s.at(v), p.y, "grid")
			p.text(s.at(v), p.y+13, "tick mid", Number(v))
		}
	}
	p.y += 26
}

// Series is a named line; X and Y go together and are above 0.
type Series struct {
	Name string
	X, Y []float64
}

// Curve draws lines in one panel. unit is that of x, tick writes its values, and
// every is 2 where only every second value of x has room for a tick.
func (p *Page) Curve(title, unit string, every int, tick func(float64) string, series ...Series) {
	const left, right, height = 70, 200, 190
	var xs, ys []float64
	for _, s := range series {
		xs, ys = append(xs, s.X...), append(ys, s.Y...)
	}
	slices.Sort(xs)
	if xs = slices.Compact(xs); len(xs) < 2 { // no line goes through one point
		return
	}
	low, high := around(ys)
	p.y += 20
	p.text(24, p.y, "panel", title)
	p.y += 12
	h := scale{xs[0], xs[len(xs)-1], left, width - right}
	v := scale{low, high, p.y + height, p.y}
	for _, d := range v.decades() {
		p.line(left, v.at(d), width-right, v.at(d), "grid")
		p.text(left-8, v.at(d)+4, "tick end", Number(d))
	}
	for i, t := range xs {
		if i%every == 0 {
			p.text(h.at(t), p.y+height+16, "tick mid", tick(t))
		}
	}
	labels := p.y + 12
	for i, s := range series {
		fmt.Fprintf(&p.b, `<polyline class="s%d" points="`, i%4)
		for k := range s.X {
			fmt.Fprintf(&p.b, "%.1f,%.1f ", h.at(s.X[k]), v.at(s.Y[k]))
		}
		p.b.WriteString("\"/>\n")
		p.line(width-right+14, labels-4, width-right+30, labels-4, fmt.Sprintf("s%d", i%4))
		p.text(width-right+36, labels, "tick", s.Name)
		labels += 18
	}
	p.text(width-right+36, p.y+height+16, "tick", unit)
	p.y += height + 34
}

// Number writes v in three digits.
func Number(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// Bytes writes a number of bytes in the largest unit it fills: 64 MiB.
func Bytes(n int64) string {
	for _, u := range []struct {
		shift int
		name  string
	}{{30, "GiB"}, {20, "MiB"}, {10, "KiB"}} {
		if n >= 1<<u.shift {
			return fmt.Sprintf("%.4g %s", float64(n)/float64(int64(1)<<u.shift), u.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}
