package evasion

import (
	"archive/tar"
	"bytes"
	"fmt"
	"html"
	"strings"
)

// eachRune writes each character of the list in a way of its own, with what stands
// before, between and behind them.
func eachRune(media, before, between, behind string, write func(r rune) string) func(list) upload {
	return func(l list) upload {
		var all []string
		for _, r := range l.csv() {
			all = append(all, write(r))
		}
		return upload{media: media, body: []byte(before + strings.Join(all, between) + behind)}
	}
}

func escapedRune(r rune) string { return html.EscapeString(string(r)) }

// numbered writes a character's number.
func numbered(format string) func(r rune) string {
	return func(r rune) string { return fmt.Sprintf(format, r) }
}

// eachCell writes the rows with each cell in a way of its own.
func eachCell(media, rowBefore, between, rowBehind string, write func(cell string) string) func(list) upload {
	return func(l list) upload {
		return upload{media: media, body: []byte(l.each(func(_ int, r []string) string {
			var cells []string
			for _, c := range r {
				cells = append(cells, write(c))
			}
			return rowBefore + strings.Join(cells, between) + rowBehind
		}))}
	}
}

// inStrings cuts a text into strings of n characters with an operator between them.
func inStrings(n int, quote, operator string) func(s string) string {
	return func(s string) string {
		var all []string
		for r := []rune(s); len(r) > 0; r = r[min(n, len(r)):] {
			all = append(all, quote+strings.ReplaceAll(string(r[:min(n, len(r))]), "\n", `\n`)+quote)
		}
		return strings.Join(all, operator)
	}
}

// inCalls writes each character of a text as a call with its number.
func inCalls(format, operator string) func(s string) string {
	return func(s string) string {
		var all []string
		for _, r := range s {
			all = append(all, fmt.Sprintf(format, r))
		}
		return strings.Join(all, operator)
	}
}

// inMembers puts pieces of the list into members of a ZIP file, one each.
func inMembers(cut func(l list) []string) func(list) upload {
	return func(l list) upload {
		var files []string
		for i, s := range cut(l) {
			files = append(files, fmt.Sprintf("%05d", i), s)
		}
		return binaryFile(zipped(files...))
	}
}

func pieces() []evasion {
	const sqlBegin, sqlEnd = "INSERT INTO t VALUES(", ");\n"
	whole := func(media, before, behind string, write func(s string) string) func(list) upload {
		return func(l list) upload { return upload{media: media, body: []byte(before + write(l.csv()) + behind)} }
	}
	return []evasion{
		{name: "XML, an element a character", make: eachRune("text/xml", "<a><c>", "</c><c>", "</c></a>", escapedRune)},
		{name: "XML, an attribute a character", make: eachRune("text/xml", "<a><c v='", "'/><c v='", "'/></a>", escapedRune)},
		{name: "XML, a CDATA section a character", make: eachRune("text/xml", "<a><![CDATA[", "]]><![CDATA[", "]]></a>", func(r rune) string { return string(r) })},
		{name: "a page, soft hyphens and places to break between all characters", make: eachRune("text/html", "<p>", "<wbr>&shy;", "</p>", escapedRune)},
		{name: "a page, a reading over each character", make: eachRune("text/html", "<ruby>", "<rt>x</rt></ruby><ruby>", "<rt>x</rt></ruby>", escapedRune)},
		{name: "a page, junk that is not displayed between all characters", make: eachRune("text/html", "<p>", "<span style='display:none'>junk</span>", "</p>", escapedRune)},
		{name: "a page, references without their ends", make: eachRune("text/html", "&#", "&#", "", numbered("%d"))},
		{name: "LaTeX, a group a character", make: eachRune("text/x-tex", "{", "}{", "}", func(r rune) string { return string(r) })},
		{name: "LaTeX, numbers of characters", make: eachRune("text/x-tex", "", " ", "", numbered(`\char%d`))},
		{name: "a program, strings of three characters joined", make: whole("text/javascript", "var s = ", ";", inStrings(3, `"`, "+"))},
		{name: "a program, strings of one character joined", make: whole("text/javascript", "var s = ", ";", inStrings(1, `'`, " + "))},
		{name: "Python, chr()", make: eachCell("text/plain", "s += ", "+chr(44)+", "\n", inCalls("chr(%d)", "+"))},
		{name: "PowerShell, [char]", make: eachCell("text/plain", "$s += ", "+[char]44+", "\n", inCalls("[char]%d", "+"))},
		{name: "PowerShell, [char], hexadecimal", make: eachCell("text/plain", "$s += ", "+[char]0x2C+", "\n", inCalls("[char]0x%04X", "+"))},
		{name: "Visual Basic, ChrW()", make: eachCell("text/plain", "s = s & ", " & ChrW(44) & ", "\n", inCalls("ChrW(%d)", " & "))},
		{name: "CSV, strings joined by formulas", make: eachCell("text/csv", "", ",", "\n", func(s string) string { return "=" + inStrings(4, `"`, "&")(s) })},
		{name: "CSV, characters made by formulas", make: eachCell("text/csv", "", ",", "\n", func(s string) string { return "=" + inCalls("UNICHAR(%d)", "&")(s) })},
		{name: "SQL, strings joined", make: eachCell("application/sql", sqlBegin, ",", sqlEnd, inStrings(2, "'", "||"))},
		{name: "SQL, CHR() joined", make: eachCell("application/sql", sqlBegin, ",", sqlEnd, inCalls("CHR(%d)", "||"))},
		{name: "SQL, CHAR() of bytes", make: eachCell("application/sql", sqlBegin, ",", sqlEnd, func(s string) string {
			return "CHAR(" + strings.Trim(strings.ReplaceAll(fmt.Sprint([]byte(s)), " ", ","), "[]") + ")"
		})},
		{name: "base64url of zlib", make: by(zlibbed, base64url)},
		{name: "base64 of raw deflate", make: by(func(b []byte) []byte { z := zlibbed(b); return z[2 : len(z)-4] }, base64ed)},
		{name: "a ZIP file, a cell a member", make: inMembers(func(l list) (s []string) {
			for _, r := range l.rows {
				s = append(s, r...)
			}
			return s
		})},
		{name: "a ZIP file, a character a member", make: inMembers(func(l list) (s []string) {
			for _, r := range l.cut(0, 15).csv() {
				s = append(s, string(r))
			}
			return s
		})},
		{name: "tar, names of owners", make: func(l list) upload {
			var b bytes.Buffer
			w := tar.NewWriter(&b)
			for i, r := range l.rows {
				w.WriteHeader(&tar.Header{Name: fmt.Sprint(i), Uname: r[0] + " " + r[1], Gname: r[3]})
			}
			w.Close()
			return binaryFile(b.Bytes())
		}},
		{name: "PNG, in place of the profile of colours", make: func(l list) upload {
			return file("image/png", png("iCCP", "x\x00\x00"+string(zlibbed([]byte(l.csv())))), "")
		}},
		{name: "PNG, more pixels than it says", make: func(l list) upload {
			return file("image/png", png("IDAT", string(zlibbed(append([]byte{0, 128}, l.csv()...)))), "")
		}},
	}
}
