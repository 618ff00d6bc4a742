package evasion

import (
	"fmt"
	"strings"
)

func columns(l list) string {
	var b strings.Builder
	for c := range l.head {
		b.WriteString(l.head[c])
		for _, r := range l.rows {
			b.WriteString("," + r[c])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func separated(sep string) func(list) upload {
	return func(l list) upload { return plain(l.joined(sep)) }
}

func layouts() []evasion {
	return []evasion{
		{name: "rows as columns", make: func(l list) upload { return plain(columns(l)) }},
		{name: "separated by tabs", make: separated("\t")},
		{name: "separated by semicolons", make: separated(";")},
		{name: "separated by bars", make: separated("|")},
		{name: "separated by carets", make: separated("^")},
		{name: "separated by tildes", make: separated("~")},
		{name: "separated by unit separators", make: separated("\x1f")},
		{name: "separated by NUL", make: separated("\x00")},
		{name: "separated by several characters", make: separated("<=>")},
		{name: "separated by Japanese commas", make: separated("、")},
		{name: "separated by middle dots", make: separated("・")},
		{name: "separated by spaces, in columns of fixed width", make: func(l list) upload {
			var b strings.Builder
			for _, r := range l.table() {
				for _, c := range r {
					b.WriteString(c + strings.Repeat(" ", max(1, 30-2*len([]rune(c)))))
				}
				b.WriteByte('\n')
			}
			return plain(b.String())
		}},
		{name: "nothing between the cells", make: separated("")},
		{name: "all in quotes, with quotes in quotes", make: func(l list) upload {
			var b strings.Builder
			for _, r := range l.table() {
				for _, c := range r {
					b.WriteString(`"""` + c + `""",`)
				}
				b.WriteString("\r\n")
			}
			return plain(b.String())
		}},
		{name: "no header", make: func(l list) upload {
			_, rows, _ := strings.Cut(l.csv(), "\n")
			return plain(rows)
		}},
		{name: "a header that lies", make: func(l list) upload {
			l.head = []string{"code", "lot", "memo", "note", "rev"}
			return plain(l.csv())
		}},
		{name: "all on one line", make: with(func(s string) string { return strings.ReplaceAll(s, "\n", ";") })},
		{name: "one field a line", make: func(l list) upload {
			return plain(l.each(func(_ int, r []string) string { return strings.Join(r, "\n") + "\n" }))
		}},
		{name: "one field a line with labels", make: func(l list) upload {
			return plain(l.each(func(_ int, r []string) string { return l.fields(r, "", ": ", "\n") + "\n" }))
		}},
		{name: "one character a line", make: with(func(s string) string {
			return strings.Join(strings.Split(s, ""), "\n")
		})},
		{name: "old Macintosh line ends", make: with(replaced("\n", "\r"))},
		{name: "Unicode line separators", make: with(replaced("\n", "\u2028"))},
		{name: "form feeds for line ends", make: with(replaced("\n", "\f"))},
		{name: "prose", make: func(l list) upload {
			return plain(l.each(func(_ int, r []string) string { return l.prose(r) }))
		}},
		{name: "prose, broken into lines of twenty characters", make: func(l list) upload {
			s := []rune(l.each(func(_ int, r []string) string { return l.prose(r) }))
			var b strings.Builder
			for ; len(s) > 20; s = s[20:] {
				b.WriteString(string(s[:20]) + "\n")
			}
			return plain(b.String() + string(s))
		}},
		{name: "a Markdown table", make: func(l list) upload {
			return plain("| " + strings.ReplaceAll(strings.Join(strings.Split(strings.TrimSpace(l.joined(" | ")), "\n"), " |\n| "), "\x00", "") + " |\n")
		}},
		{name: "a Markdown table with code and emphasis", make: func(l list) upload {
			return plain(l.each(func(_ int, r []string) string {
				return fmt.Sprintf("| **%s** | `%s` | _%s_ |\n", r[0], r[1], r[3])
			}))
		}},
		{name: "LaTeX", make: func(l list) upload {
			return plain(`\begin{tabular}{lllll}` + "\n" + l.each(func(_ int, r []string) string {
				return strings.Join(r, " & ") + ` \\ \hline` + "\n"
			}) + `\end{tabular}`)
		}},
		{name: "source code", make: func(l list) upload {
			return plain("var rows = []row{\n" + l.each(func(_ int, r []string) string {
				return "\t{\"" + strings.Join(r, `", "`) + "\"},\n"
			}) + "}\n")
		}},
		{name: "strings joined in source code", make: func(l list) upload {
			return plain(l.each(func(_ int, r []string) string {
				s := []rune(strings.Join(r, ","))
				return `s += "` + string(s[:len(s)/2]) + `" + "` + string(s[len(s)/2:]) + "\"\n"
			}))
		}},
		{name: "names first, numbers later", make: func(l list) upload {
			var b strings.Builder
			for c := range l.head {
				for i, r := range l.rows {
					fmt.Fprintf(&b, "%d. %s\n", i+1, r[c])
				}
				b.WriteByte('\n')
			}
			return plain(b.String())
		}},
		{name: "numbers cut into columns", make: func(l list) upload {
			return plain(l.each(func(_ int, r []string) string {
				return r[0] + "," + strings.ReplaceAll(r[1], "-", ",") + "," + r[3] + "\n"
			}))
		}},
		{name: "family and given names in columns of their own", make: func(l list) upload {
			return plain("姓,名,電話\n" + l.each(func(_ int, r []string) string {
				return strings.Replace(r[0], " ", ",", 1) + "," + r[1] + "\n"
			}))
		}},
		{name: "a long row of junk between rows", make: func(l list) upload {
			return plain(l.each(func(i int, r []string) string {
				return strings.Join(r, ",") + "\n" + strings.Repeat("lorem ipsum ", 200) + "\n"
			}))
		}},
	}
}
