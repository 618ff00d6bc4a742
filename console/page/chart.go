package page

import (
	"fmt"
	"html/template"
	"strings"
)

// Series is one colour of a chart.
type Series struct {
	Class  string // of the style sheet: "block", "hold", …
	Name   string
	Values []int64
}

// Chart is stacked columns over labels. The numbers stand in a table beside it
// for whoever does not see it.
type Chart struct {
	Title  string
	Labels []string // as long as the values of each series
	Series []Series
	Format func(int64) string
	Links  []string // where a column leads; nil: nowhere
}

// The chart's own measures; it is scaled to the width of the page.
const (
	chartWidth  = 520
	chartHeight = 190
	chartLeft   = 48
	chartRight  = 14
	chartTop    = 10
	chartBottom = 22
)

func (c *Chart) sums() (sums []int64, most int64) {
	sums = make([]int64, len(c.Labels))
	for _, s := range c.Series {
		for i, v := range s.Values {
			sums[i] += v
		}
	}
	for _, v := range sums {
		most = max(most, v)
	}
	return sums, most
}

// ceiling rounds up to a number whose half is as easy to read.
func ceiling(n int64) int64 {
	for _, m := range []int64{1, 2, 4, 6, 8} {
		if n <= m {
			return m
		}
	}
	for p := int64(1); ; p *= 10 {
		for _, m := range []int64{10, 12, 16, 20, 30, 40, 60, 80} {
			if n <= m*p || p > 1e16 {
				return m * p
			}
		}
	}
}

// SVG draws the chart.
func (c *Chart) SVG() template.HTML {
	var b strings.Builder
	esc := template.HTMLEscapeString
	sums, most := c.sums()
	top := ceiling(max(most, 1))
	plot := float64(chartHeight - chartTop - chartBottom)
	role := "img"
	if c.Links != nil {
		role = "group" // its columns can be reached one by one
	}
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %d %d" role="%s" aria-label="%s">`, chartWidth, chartHeight, role, esc(c.Title))
	for _, g := range []int64{0, top / 2, top} {
		y := chartTop + plot*(1-float64(g)/float64(top))
		fmt.Fprintf(&b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><text class="axis" x="%d" y="%.1f" text-anchor="end">%s</text>`,
			chartLeft, chartWidth-chartRight, y, y, chartLeft-6, y+4, esc(c.Format(g)))
	}
	n := max(len(c.Labels), 1)
	step := float64(chartWidth-chartLeft-chartRight) / float64(n)
	width := max(step*0.72, 1)
	every := max(1, (n+6)/7)
	for i, label := range c.Labels {
		x := chartLeft + step*float64(i) + (step-width)/2
		if c.Links != nil {
			fmt.Fprintf(&b, `<a href="%s" aria-label="%s: %s">`, esc(c.Links[i]), esc(label), esc(c.Format(sums[i])))
		}
		fmt.Fprintf(&b, `<g class="column"><title>%s: %s</title><rect class="hit" x="%.1f" y="%d" width="%.1f" height="%.1f"/>`,
			esc(label), esc(c.tip(i, sums[i])), chartLeft+step*float64(i), chartTop, step, plot)
		y := chartTop + plot
		for _, s := range c.Series {
			if s.Values[i] == 0 {
				continue
			}
			h := max(plot*float64(s.Values[i])/float64(top), 1)
			y -= h
			fmt.Fprintf(&b, `<rect class="fill-%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, esc(s.Class), x, y, width, h)
		}
		b.WriteString(`</g>`)
		if c.Links != nil {
			b.WriteString(`</a>`)
		}
		if (n-1-i)%every == 0 {
			fmt.Fprintf(&b, `<text class="axis" x="%.1f" y="%d" text-anchor="middle">%s</text>`, x+width/2, chartHeight-6, esc(label))
		}
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

// tip is what a column comes to.
func (c *Chart) tip(i int, sum int64) string {
	if len(c.Series) == 1 {
		return c.Format(sum)
	}
	var w []string
	for _, s := range c.Series {
		if s.Values[i] > 0 {
			w = append(w, s.Name+" "+c.Format(s.Values[i]))
		}
	}
	if len(w) == 0 {
		return c.Format(0)
	}
	return strings.Join(w, ", ")
}

// ChartRow is a line of the table.
type ChartRow struct {
	Label string
	Cells []string
}

// Rows gives the table.
func (c *Chart) Rows() []ChartRow {
	rows := make([]ChartRow, len(c.Labels))
	for i, l := range c.Labels {
		rows[i].Label = l
		for _, s := range c.Series {
			rows[i].Cells = append(rows[i].Cells, c.Format(s.Values[i]))
		}
	}
	return rows
}

// Bar draws how much n is of most, beside a number in a table.
func Bar(n, most int64, class string) template.HTML {
	if most <= 0 {
		most = 1
	}
	w := float64(n) / float64(most) * 100
	if n > 0 {
		w = max(w, 1)
	}
	return template.HTML(fmt.Sprintf(`<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="6"/><rect class="fill-%s" width="%.1f" height="6"/></svg>`,
		template.HTMLEscapeString(class), w))
}

// Number and Size are formats of a chart.
func Number(n int64) string { return number(n) }

// Size formats bytes.
func Size(n int64) string { return size(n) }
