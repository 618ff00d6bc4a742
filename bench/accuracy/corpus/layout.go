package corpus

import (
	"html"
	"strconv"
	"strings"
)

// join writes a table with a separator.
func join(sep, end string, quote func(string) string) layout {
	return func(_ *gen, head []string, body [][]string) string {
		var b strings.Builder
		write := func(row []string) {
			for i, c := range row {
				if i > 0 {
					b.WriteString(sep)
				}
				b.WriteString(quote(c))
			}
			b.WriteString(end)
		}
		if head != nil {
			write(head)
		}
		for _, row := range body {
			write(row)
		}
		return b.String()
	}
}

func same(s string) string { return s }

var (
	csv        = join(",", "\n", same)
	quoted     = join(",", "\r\n", func(s string) string { return `"` + s + `"` })
	tsv        = join("\t", "\n", same)
	semicolons = join(";", "\r\n", same)
)

// fixed pads every column to its widest cell, as reports of host computers do.
func fixed(g *gen, head []string, body [][]string) string {
	all := body
	if head != nil {
		all = append([][]string{head}, body...)
	}
	width := make([]int, len(all[0]))
	for _, row := range all {
		for i, c := range row {
			width[i] = max(width[i], columns(c))
		}
	}
	gap := strings.Repeat(" ", g.n(2, 3))
	var b strings.Builder
	for _, row := range all {
		for i, c := range row {
			if i < len(row)-1 {
				c = pad(c, width[i]) + gap
			}
			b.WriteString(c)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func markdown(g *gen, head []string, body [][]string) string {
	line := func(row []string) string { return "| " + strings.Join(row, " | ") + " |\n" }
	var b strings.Builder
	b.WriteString(line(head))
	b.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, row := range body {
		b.WriteString(line(row))
	}
	return b.String()
}

func htmlTable(g *gen, head []string, body [][]string) string {
	var b strings.Builder
	b.WriteString("<table class=\"list\">\n<thead><tr>")
	for _, h := range head {
		b.WriteString("<th>" + html.EscapeString(h) + "</th>")
	}
	b.WriteString("</tr></thead>\n<tbody>\n")
	for _, row := range body {
		b.WriteString("<tr>")
		for _, c := range row {
			b.WriteString("<td>" + outside(c, html.EscapeString) + "</td>")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody></table>\n")
	return b.String()
}

func sqlInsert(g *gen, head []string, body [][]string) string {
	var b strings.Builder
	b.WriteString("INSERT INTO `" + g.pick("t_data", "m_list", "export") + "` (`" + strings.Join(head, "`, `") + "`) VALUES\n")
	for i, row := range body {
		b.WriteString("(")
		for k, c := range row {
			if k > 0 {
				b.WriteString(", ")
			}
			if _, err := strconv.Atoi(c); err == nil {
				b.WriteString(c)
			} else {
				b.WriteString("'" + strings.ReplaceAll(c, "'", "''") + "'")
			}
		}
		if i == len(body)-1 {
			b.WriteString(");\n")
		} else {
			b.WriteString("),\n")
		}
	}
	return b.String()
}
