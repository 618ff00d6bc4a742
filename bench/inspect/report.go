package speed

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/bench/plot"
)

// Markdown writes the report for people.
func (r *Result) Markdown(w io.Writer) {
	i := r.Run
	fmt.Fprintf(w, "# How fast\n\n%s, %s, one core of %d, %s, %s%s.\n%s of each corpus; medians of %d rounds in million bytes a second by %s, with the slowest and the fastest round where they differ by more than a tenth.\n",
		i.Date.Format("2006-01-02"), i.CPU, i.Cores, i.System, i.Go, prefixed(", ", i.Version), plot.Bytes(int64(i.Bytes)), i.Rounds, i.Clock)
	r.ratioTable(w)
	r.table(w, "Whole inspection", "The default rules with every detector; persons are those of \"exact\".", "whole")
	r.table(w, "Limits", "", "limit")
	for _, set := range r.setNames() {
		r.matchTable(w, set)
	}
	r.lengthTable(w)
	r.literalTable(w)
	r.otherCurves(w)
	if len(r.Skipped) > 0 {
		fmt.Fprint(w, "\n## Not measured\n\n")
		for _, s := range r.Skipped {
			fmt.Fprintf(w, "- %s: %s\n", s.What, s.Why)
		}
	}
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// paragraph is s with an empty line behind it.
func paragraph(s string) string {
	if s == "" {
		return ""
	}
	return s + "\n\n"
}

// row writes a row of a table.
func row(w io.Writer, cells []string) {
	fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
}

// head writes the head of a table, its columns but the first to the right.
func head(w io.Writer, cells []string) {
	row(w, cells)
	line := slices.Repeat([]string{"---:"}, len(cells))
	line[0] = "---"
	row(w, line)
}

// ratioTable sets the comparisons side by side.
func (r *Result) ratioTable(w io.Writer) {
	var what, corpora []string
	cells := map[[2]string]*Ratio{}
	for i := range r.Ratios {
		x := &r.Ratios[i]
		if !slices.Contains(what, x.What) {
			what = append(what, x.What)
		}
		if !slices.Contains(corpora, x.Corpus) {
			corpora = append(corpora, x.Corpus)
		}
		cells[[2]string{x.What, x.Corpus}] = x
	}
	if len(what) == 0 {
		return
	}
	fmt.Fprint(w, "\n## Ratios\n\nEach the median of the rounds' own ratios; the best of the others is chosen anew for each corpus.\n\n")
	head(w, append([]string{""}, corpora...))
	for _, x := range what {
		line := []string{x}
		for _, c := range corpora {
			v := cells[[2]string{x, c}]
			switch {
			case v == nil:
				line = append(line, "")
			case v.Median < 1:
				line = append(line, "1/"+plot.Number(1/v.Median))
			default:
				line = append(line, plot.Number(v.Median))
			}
		}
		row(w, line)
	}
}

// speed is a median with its extremes, if they matter.
func (m *Measurement) speed() string {
	s := plot.Number(m.MBs)
	if m.Min < .9*m.MBs || m.Max > 1.1*m.MBs {
		s += fmt.Sprintf(" (%s-%s)", plot.Number(m.Min), plot.Number(m.Max))
	}
	return s
}

// table writes measurements of one kind: engines by corpora.
func (r *Result) table(w io.Writer, title, words, kind string) {
	corpora := r.corpora(kind)
	if len(corpora) == 0 {
		return
	}
	fmt.Fprintf(w, "\n## %s\n\n%s", title, paragraph(words))
	head(w, append([]string{""}, corpora...))
	r.engineRows(w, corpora, kind, "", false)
	if kind != "whole" {
		return
	}
	for _, x := range []struct {
		name string
		cell func(m *Measurement) string
	}{
		{"persons", func(m *Measurement) string { return fmt.Sprint(m.Count) }},
		{"verdict", func(m *Measurement) string { return m.Verdict }},
	} {
		line := []string{x.name}
		for _, c := range corpora {
			cell := ""
			for _, m := range r.find(func(m *Measurement) bool { return m.Kind == kind && m.Corpus == c && m.Engine == "exact" }) {
				cell = x.cell(m)
			}
			line = append(line, cell)
		}
		row(w, line)
	}
}

// engineRows writes a row an engine.
func (r *Result) engineRows(w io.Writer, corpora []string, kind, set string, costs bool) {
	var engines []string
	for _, m := range r.find(func(m *Measurement) bool { return m.Kind == kind && m.Set == set }) {
		if !slices.Contains(engines, m.Engine) {
			engines = append(engines, m.Engine)
		}
	}
	for _, e := range engines {
		line := []string{e}
		var any *Measurement
		for _, c := range corpora {
			cell := ""
			for _, m := range r.find(func(m *Measurement) bool {
				return m.Kind == kind && m.Set == set && m.Engine == e && m.Corpus == c
			}) {
				cell, any = m.speed(), m
			}
			line = append(line, cell)
		}
		if costs {
			tables := ""
			if any.Tables > 0 {
				tables = plot.Bytes(any.Tables)
			}
			line = append(line, string(any.Counts), tables, fmt.Sprintf("%.3g", any.Compile*1000))
		}
		row(w, line)
	}
}

func (r *Result) setNames() []string {
	var names []string
	for i := range r.Measurements {
		if n := r.Measurements[i].Set; n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

func (r *Result) matchTable(w io.Writer, set string) {
	corpora := r.corpora("matching")
	fmt.Fprintf(w, "\n## Matching %s\n\n", set)
	head(w, append(append([]string{""}, corpora...), "tells", "tables", "compile ms"))
	r.engineRows(w, corpora, "matching", set, true)
	line := []string{"*found*"}
	for _, c := range corpora {
		cell := ""
		for _, m := range r.find(func(m *Measurement) bool {
			return m.Kind == "matching" && m.Set == set && m.Corpus == c && m.Counts == Occurrences
		}) {
			if cell == "" {
				cell = fmt.Sprintf("*%d*", m.Count)
			}
		}
		line = append(line, cell)
	}
	row(w, append(line, string(Occurrences), "", ""))
}

func (r *Result) lengthTable(w io.Writer) {
	corpora := r.corpora("length")
	if len(corpora) == 0 {
		return
	}
	fmt.Fprint(w, "\n## Whole inspection by length, streamed\n\nBytes allocated are those of one scan, in all.\n\n")
	cells := []string{"length"}
	for _, c := range corpora {
		cells = append(cells, c+" MB/s", c+" ns a byte", c+" allocated")
	}
	head(w, cells)
	for _, m := range r.find(func(m *Measurement) bool { return m.Kind == "length" && m.Corpus == corpora[0] }) {
		line := []string{plot.Bytes(int64(m.Bytes))}
		for _, c := range corpora {
			for _, x := range r.find(func(x *Measurement) bool { return x.Kind == "length" && x.Corpus == c && x.Bytes == m.Bytes }) {
				line = append(line, x.speed(), fmt.Sprintf("%.3g", 1000/x.MBs), plot.Bytes(x.Allocated))
			}
		}
		row(w, line)
	}
}

func (r *Result) literalTable(w io.Writer) {
	all := r.find(func(m *Measurement) bool { return m.Kind == "literals" })
	if len(all) == 0 {
		return
	}
	fmt.Fprint(w, "\n## Matching by number of literals\n\n")
	head(w, []string{"engine", "corpus", "literals", "MB/s", "ns a byte", "found", "tables", "compile ms"})
	for _, m := range all {
		row(w, []string{m.Engine, m.Corpus, fmt.Sprint(m.Literals), m.speed(), fmt.Sprintf("%.3g", 1000/m.MBs),
			fmt.Sprint(m.Count), plot.Bytes(m.Tables), fmt.Sprintf("%.3g", m.Compile*1000)})
	}
}

func (r *Result) otherCurves(w io.Writer) {
	if cores := r.find(func(m *Measurement) bool { return m.Kind == "cores" }); len(cores) > 0 {
		fmt.Fprint(w, "\n## Whole inspection side by side, by the time on the wall\n\n")
		head(w, []string{"corpus", "scans and cores", "MB/s in all"})
		for _, m := range cores {
			row(w, []string{m.Corpus, fmt.Sprint(m.Cores), m.speed()})
		}
	}
	for _, m := range r.find(func(m *Measurement) bool { return m.Kind == "start-up" }) {
		fmt.Fprintf(w, "\n## Start-up\n\n%s in a fresh process: %.0f ms.\n", strings.ToUpper(m.Engine[:1])+m.Engine[1:], 1000*m.Seconds)
	}
}
