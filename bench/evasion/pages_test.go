package evasion

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/text/encoding/japanese"
)

// pdfFile writes objects from number 1 on, which is the catalogue.
func pdfFile(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	x := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, a := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", a)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, x)
	return b.Bytes()
}

func stream(dict, data string) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(data), data)
}

func deflated(dict, data string) string {
	return stream(dict+" /Filter /FlateDecode", string(zlibbed([]byte(data))))
}

// onPage writes a file of one page with a font and a content.
func onPage(font, content, page string, more ...string) []byte {
	return pdfFile(append([]string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 2000] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> " + page + " >>",
		content, font,
	}, more...)...)
}

func composite(encoding, order string) string {
	return "<< /Type /Font /Subtype /Type0 /BaseFont /MS-Gothic /Encoding /" + encoding +
		" /DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /MS-Gothic /CIDSystemInfo << /Registry (Adobe) /Ordering (" + order + ") /Supplement 2 >> >>] >>"
}

// shown writes lines one below the other, their codes in hexadecimal.
func shown(s, state string, codes func(string) []byte) string {
	var b strings.Builder
	b.WriteString("BT /F 10 Tf " + state + " 12 TL 20 1980 Td\n")
	for line := range strings.Lines(s) {
		fmt.Fprintf(&b, "<%x> Tj T*\n", codes(strings.TrimSuffix(line, "\n")))
	}
	return b.String() + "ET"
}

func wide(s string) []byte { return utf16ed(binary.BigEndian, false)([]byte(s)) }
func cp932(s string) []byte {
	return charset(japanese.ShiftJIS)([]byte(s))
}

func textPDF(l list) []byte {
	return onPage(composite("UniJIS-UTF16-H", "Japan1"), deflated("", shown(l.csv(), "", wide)), "")
}

func pdf(f func(l list) []byte) func(list) upload {
	return func(l list) upload { return file("application/pdf", f(l), "a.pdf") }
}

// pdfString is a text string in UTF-16.
func pdfString(s string) string { return fmt.Sprintf("<FEFF%x>", wide(s)) }

func pdfs() []evasion {
	greeting := deflated("", shown("こんにちは。本日の議事録を共有いたします。", "", wide))
	uni := composite("UniJIS-UTF16-H", "Japan1")
	identity := func(l list) (string, string, string) {
		codes := map[rune]int{}
		var order []rune
		for _, r := range l.csv() {
			if codes[r] == 0 && r != '\n' {
				codes[r] = len(codes) + 1
				order = append(order, r)
			}
		}
		var m strings.Builder
		m.WriteString("/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange\n")
		for i := 0; i < len(order); i += 100 {
			some := order[i:min(i+100, len(order))]
			fmt.Fprintf(&m, "%d beginbfchar\n", len(some))
			for _, r := range some {
				fmt.Fprintf(&m, "<%04x> <%x>\n", codes[r], wide(string(r)))
			}
			m.WriteString("endbfchar\n")
		}
		m.WriteString("endcmap end")
		text := shown(l.csv(), "", func(s string) []byte {
			var b []byte
			for _, r := range s {
				b = binary.BigEndian.AppendUint16(b, uint16(codes[r]))
			}
			return b
		})
		return strings.TrimSuffix(composite("Identity-H", "Identity"), ">>") + " /ToUnicode 6 0 R >>", text, m.String()
	}
	return append([]evasion{
		{name: "text", make: pdf(textPDF)},
		{name: "text in 90ms-RKSJ-H", make: pdf(func(l list) []byte {
			return onPage(composite("90ms-RKSJ-H", "Japan1"), deflated("", shown(l.csv(), "", cp932)), "")
		})},
		{name: "text in EUC-H", make: pdf(func(l list) []byte {
			return onPage(composite("EUC-H", "Japan1"), deflated("", shown(l.csv(), "", func(s string) []byte { return charset(japanese.EUCJP)([]byte(s)) })), "")
		})},
		{name: "text in Identity-H with its table", make: pdf(func(l list) []byte {
			font, text, table := identity(l)
			return onPage(font, deflated("", text), "", deflated("", table))
		})},
		{name: "text in Identity-H without a table", make: pdf(func(l list) []byte {
			_, text, _ := identity(l)
			return onPage(composite("Identity-H", "Identity"), deflated("", text), "")
		}), opaque: true},
		{name: "invisible text", make: pdf(func(l list) []byte { return onPage(uni, deflated("", shown(l.csv(), "3 Tr", wide)), "") })},
		{name: "white text of half a point", make: pdf(func(l list) []byte {
			return onPage(uni, deflated("", "1 1 1 rg "+strings.Replace(shown(l.csv(), "", wide), "/F 10 Tf", "/F 0.5 Tf", 1)), "")
		})},
		{name: "text outside the page", make: pdf(func(l list) []byte {
			return onPage(uni, deflated("", strings.Replace(shown(l.csv(), "", wide), "20 1980 Td", "9000 9000 Td", 1)), "")
		})},
		{name: "each character placed by itself", make: pdf(func(l list) []byte {
			var b strings.Builder
			b.WriteString("BT /F 10 Tf\n")
			for i, r := range l.table() {
				for k, c := range []rune(strings.Join(r, ",")) {
					fmt.Fprintf(&b, "1 0 0 1 %d %d Tm <%x> Tj\n", 20+k*10, 1980-i*14, wide(string(c)))
				}
			}
			return onPage(uni, deflated("", b.String()+"ET"), "")
		})},
		{name: "characters placed from right to left, written in any order", make: pdf(func(l list) []byte {
			var b strings.Builder
			b.WriteString("BT /F 10 Tf\n")
			for i, r := range l.table() {
				c := []rune(strings.Join(r, ","))
				for k := len(c) - 1; k >= 0; k-- {
					fmt.Fprintf(&b, "1 0 0 1 %d %d Tm <%x> Tj\n", 20+k*10, 1980-i*14, wide(string(c[k])))
				}
			}
			return onPage(uni, deflated("", b.String()+"ET"), "")
		})},
		{name: "columns written one after the other", make: pdf(func(l list) []byte {
			var b strings.Builder
			b.WriteString("BT /F 8 Tf\n")
			for c := range l.head {
				for i, r := range l.table() {
					fmt.Fprintf(&b, "1 0 0 1 %d %d Tm <%x> Tj\n", 20+c*220, 1980-i*14, wide(r[c]))
				}
			}
			return onPage(uni, deflated("", b.String()+"ET"), "")
		})},
		{name: "objects in compressed streams only", make: pdf(compressedPDF)},
		{name: "content through three filters", make: pdf(func(l list) []byte {
			data := ascii85ed(hexed(zlibbed([]byte(shown(l.csv(), "", wide)))))[2:]
			return onPage(uni, stream("/Filter [/ASCII85Decode /ASCIIHexDecode /FlateDecode]", string(data)), "")
		})},
		{name: "a note on the page", make: pdf(func(l list) []byte {
			return onPage(uni, greeting, "/Annots [<< /Type /Annot /Subtype /Text /Rect [0 0 1 1] /Contents "+pdfString(l.csv())+" >>]")
		})},
		{name: "values of form fields", make: pdf(func(l list) []byte {
			fields := l.each(func(i int, r []string) string {
				return fmt.Sprintf("<< /T (f%d) /FT /Tx /V %s >> ", i, pdfString(strings.Join(r, " ")))
			})
			b := onPage(uni, greeting, "")
			return bytes.Replace(b, []byte("/Pages 2 0 R >>"), []byte("/Pages 2 0 R /AcroForm << /Fields ["+fields+"] >> >>"), 1)
		})},
		{name: "a file attached", make: pdf(func(l list) []byte {
			b := onPage(uni, greeting, "", "<< /Type /Filespec /F (list.xlsx) /EF << /F 7 0 R >> >>", deflated("/Type /EmbeddedFile", string(workbook(l))))
			return bytes.Replace(b, []byte("/Pages 2 0 R >>"), []byte("/Pages 2 0 R /Names << /EmbeddedFiles << /Names [(list.xlsx) 6 0 R] >> >> >>"), 1)
		})},
		{name: "a stream that nothing refers to", make: pdf(func(l list) []byte { return onPage(uni, greeting, "", deflated("", l.csv())) })},
		{name: "a comment", make: pdf(func(l list) []byte {
			return onPage(uni, greeting, "\n%"+strings.ReplaceAll(l.csv(), "\n", "\n%")+"\n")
		})},
		{name: "XMP metadata", make: pdf(func(l list) []byte {
			b := onPage(uni, greeting, "", stream("/Type /Metadata /Subtype /XML", xmp(l.csv())))
			return bytes.Replace(b, []byte("/Pages 2 0 R >>"), []byte("/Pages 2 0 R /Metadata 6 0 R >>"), 1)
		})},
		{name: "titles of bookmarks", make: pdf(func(l list) []byte {
			b := onPage(uni, greeting, "", "<< /First 7 0 R /Last 7 0 R >>", "<< /Parent 6 0 R /Title "+pdfString(l.csv())+" >>")
			return bytes.Replace(b, []byte("/Pages 2 0 R >>"), []byte("/Pages 2 0 R /Outlines 6 0 R >>"), 1)
		})},
		{name: "a script", make: pdf(func(l list) []byte {
			b := onPage(uni, greeting, "")
			return bytes.Replace(b, []byte("/Pages 2 0 R >>"), []byte("/Pages 2 0 R /OpenAction << /S /JavaScript /JS "+pdfString("var x='"+l.csv()+"'")+" >> >>"), 1)
		})},
		{name: "a page that an update took away", make: pdf(func(l list) []byte {
			b := textPDF(l)
			at := len(b)
			b = fmt.Appendf(b, "2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n")
			x := len(b)
			return fmt.Appendf(b, "xref\n2 1\n%010d 00000 n \ntrailer\n<< /Size 6 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n", at, bytes.Index(b, []byte("xref\n")), x)
		})},
		{name: "optional content that is off", make: pdf(func(l list) []byte {
			return onPage(uni, deflated("", "/OC /MC0 BDC "+shown(l.csv(), "", wide)+" EMC"), "")
		})},
		{name: "without its cross-reference table", make: pdf(func(l list) []byte {
			b := textPDF(l)
			return b[:bytes.LastIndex(b, []byte("xref\n0"))]
		})},
		{name: "vertical text", make: pdf(func(l list) []byte {
			return onPage(composite("UniJIS-UTF16-V", "Japan1"), deflated("", shown(l.csv(), "", wide)), "")
		})},
		{name: "a picture of a page", make: pdf(func(l list) []byte {
			return onPage(uni, deflated("", "q 600 0 0 800 0 0 cm /I Do Q"), "/Group << >> /Resources << /XObject << /I 6 0 R >> >>", deflated("/Type /XObject /Subtype /Image /Width 600 /Height 800 /BitsPerComponent 8 /ColorSpace /DeviceGray", strings.Repeat("\x80", 480000)))
		}), opaque: true},
		{name: "pixels of a picture that are the text", make: pdf(func(l list) []byte {
			return onPage(uni, deflated("", shown("こんにちは。", "", wide)+"q 60 0 0 80 0 0 cm /I Do Q"), "/Group << >> /Resources << /XObject << /I 6 0 R >> >>", deflated(pixelsOf(l.csv()), l.csv()))
		})},
		{name: "pixels of a picture that no page shows", make: pdf(func(l list) []byte {
			return onPage(uni, greeting, "", deflated(pixelsOf(l.csv()), l.csv()))
		})},
		{name: "pixels of a picture amid the content of a page", make: pdf(func(l list) []byte {
			return onPage(uni, deflated("", shown("こんにちは。", "", wide)+fmt.Sprintf("BI /W %d /H 1 /BPC 8 /CS /G ID %s EI", len(l.csv()), l.csv())), "")
		})},
	}, kept("pdf-password", "pdf-owner-password")...)
}

// pixelsOf describes a picture whose pixels are the bytes of s.
func pixelsOf(s string) string {
	return fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray", len(s))
}

// compressedPDF keeps all objects but streams in one object stream, and the
// table of objects in a stream too.
func compressedPDF(l list) []byte {
	objects := []string{"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 2000] /Contents 6 0 R /Resources << /Font << /F 4 0 R >> >> >>",
		composite("UniJIS-UTF16-H", "Japan1")}
	var index, body strings.Builder
	for i, o := range objects {
		fmt.Fprintf(&index, "%d %d ", i+1, body.Len())
		body.WriteString(o + "\n")
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	at5 := b.Len()
	fmt.Fprintf(&b, "5 0 obj\n%s\nendobj\n", deflated(fmt.Sprintf("/Type /ObjStm /N 4 /First %d", index.Len()), index.String()+body.String()))
	at6 := b.Len()
	fmt.Fprintf(&b, "6 0 obj\n%s\nendobj\n", deflated("", shown(l.csv(), "", wide)))
	at7 := b.Len()
	var table []byte
	row := func(kind byte, at int, gen byte) { table = append(table, kind, byte(at>>8), byte(at), gen) }
	row(0, 0, 0)
	for i := range 4 {
		row(2, 5, byte(i))
	}
	row(1, at5, 0)
	row(1, at6, 0)
	row(1, at7, 0)
	fmt.Fprintf(&b, "7 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n", deflated("/Type /XRef /Size 8 /W [1 2 1] /Root 1 0 R", string(table)), at7)
	return b.Bytes()
}

func xmp(s string) string {
	return `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description>` +
		x(s) + `</dc:description></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`
}

// exif is an APP1 segment with one text.
func exif(tag uint16, s string) []byte {
	t := []byte("II*\x00\x08\x00\x00\x00\x01\x00")
	t = binary.LittleEndian.AppendUint16(t, tag)
	t = append(t, 2, 0)
	t = binary.LittleEndian.AppendUint32(t, uint32(len(s)+1))
	t = append(t, 26, 0, 0, 0, 0, 0, 0, 0)
	t = append(append(t, s...), 0)
	return segment(0xE1, "Exif\x00\x00"+string(t))
}

func segment(kind byte, s string) []byte {
	return append([]byte{0xff, kind, byte((len(s) + 2) >> 8), byte(len(s) + 2)}, s...)
}

// jpeg is the picture with segments of one's own.
func jpeg(segments ...[]byte) []byte {
	b := bytes.Clone(picture[:2])
	for _, s := range segments {
		b = append(b, s...)
	}
	return append(b, picture[2:]...)
}

func htmlPage(f func(l list) string) func(list) upload {
	return func(l list) upload {
		return upload{media: "text/html", body: []byte("<!DOCTYPE html><html><body>" + f(l) + "</body></html>")}
	}
}

func pictures() []evasion {
	return []evasion{
		{name: "EXIF description", make: func(l list) upload { return file("image/jpeg", jpeg(exif(0x10E, l.csv())), "") }},
		{name: "a comment in JPEG", make: func(l list) upload { return file("image/jpeg", jpeg(segment(0xFE, l.csv())), "") }},
		{name: "XMP in JPEG", make: func(l list) upload {
			return file("image/jpeg", jpeg(segment(0xE1, "http://ns.adobe.com/xap/1.0/\x00"+xmp(l.csv()))), "")
		}},
		{name: "an application segment of one's own in JPEG", make: func(l list) upload { return file("image/jpeg", jpeg(segment(0xEF, l.csv())), "") }},
		{name: "a text chunk in PNG", make: func(l list) upload { return file("image/png", png("tEXt", "Comment\x00"+l.csv()), "") }},
		{name: "a compressed text chunk in PNG", make: func(l list) upload {
			return file("image/png", png("zTXt", "Comment\x00\x00"+string(zlibbed([]byte(l.csv())))), "")
		}},
		{name: "an international text chunk in PNG", make: func(l list) upload {
			return file("image/png", png("iTXt", "Comment\x00\x01\x00ja\x00\x00"+string(zlibbed([]byte(l.csv())))), "")
		}},
		{name: "a chunk of one's own in PNG", make: func(l list) upload { return file("image/png", png("prVt", l.csv()), "") }},
		{name: "a ZIP file in a chunk of one's own in PNG", make: func(l list) upload {
			return file("image/png", png("prVt", string(zipped("list.csv", l.csv()))), "")
		}},
		{name: "a comment in GIF", make: func(l list) upload {
			b := []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00")
			b = append(b, 0x21, 0xFE)
			for s := l.csv(); s != ""; s = s[min(255, len(s)):] {
				b = append(append(b, byte(min(255, len(s)))), s[:min(255, len(s))]...)
			}
			return file("image/gif", append(b, "\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"...), "")
		}},
		{name: "pixels of a bitmap that are the text", make: func(l list) upload {
			s := l.csv()
			for len(s)%300 != 0 {
				s += " "
			}
			b := append([]byte("BM"), make([]byte, 52)...)
			binary.LittleEndian.PutUint32(b[2:], uint32(54+len(s)))
			b[10], b[14], b[26], b[28] = 54, 40, 1, 24
			binary.LittleEndian.PutUint32(b[18:], 100)
			binary.LittleEndian.PutUint32(b[22:], uint32(len(s)/300))
			return file("image/bmp", append(b, s...), "")
		}},
		{name: "pixels of a PNG picture that are the text", make: func(l list) upload {
			return file("image/png", pixels([]byte(l.csv())), "")
		}},
		{name: "text in SVG", make: func(l list) upload {
			return file("image/svg+xml", []byte(`<svg xmlns="http://www.w3.org/2000/svg">`+l.each(func(i int, r []string) string {
				return fmt.Sprintf(`<text x="0" y="%d">%s</text>`, i*12, x(strings.Join(r, ",")))
			})+`</svg>`), "")
		}},
		{name: "text in SVG, one character an element", make: func(l list) upload {
			return file("image/svg+xml", []byte(`<svg xmlns="http://www.w3.org/2000/svg">`+l.each(func(i int, r []string) string {
				s := ""
				for _, c := range strings.Join(r, ",") {
					s += `<tspan>` + x(string(c)) + `</tspan>`
				}
				return fmt.Sprintf(`<text y="%d">%s</text>`, i*12, s)
			})+`</svg>`), "")
		}},
		{name: "a page, not displayed", make: htmlPage(func(l list) string {
			return `<div style="display:none">` + strings.ReplaceAll(x(l.csv()), "&#xA;", "<br>") + `</div>`
		})},
		{name: "a page, attributes", make: htmlPage(func(l list) string {
			return l.each(func(_ int, r []string) string {
				return `<i data-a="` + x(r[0]) + `" data-b="` + x(r[1]) + `" title="` + x(r[3]) + `"></i>`
			})
		})},
		{name: "a page, comments", make: htmlPage(func(l list) string { return "<!--" + l.csv() + "-->" })},
		{name: "a page, a script", make: htmlPage(func(l list) string {
			return "<script>const rows = [" + l.each(func(_ int, r []string) string { return `["` + strings.Join(r, `","`) + `"],` }) + "]</script>"
		})},
		{name: "a page, a style sheet", make: htmlPage(func(l list) string {
			return "<style>" + l.each(func(i int, r []string) string {
				return fmt.Sprintf(".a%d:before{content:\"%s\"}\n", i, strings.Join(r, " "))
			}) + "</style>"
		})},
		{name: "a page, a data: URI in base64", make: htmlPage(func(l list) string {
			return `<a href="data:application/zip;base64,` + string(base64ed(zipped("list.csv", l.csv()))) + `">a</a>`
		})},
		{name: "a page, a data: URI in percent encoding", make: htmlPage(func(l list) string {
			return `<a href="data:text/csv,` + string(allPercented([]byte(l.csv()))) + `">a</a>`
		})},
		{name: "a page, a tag between all characters", make: htmlPage(func(l list) string {
			return strings.ReplaceAll(between("<b></b>")(l.csv()), "\n", "<br>")
		})},
		{name: "a page, a comment between all characters", make: htmlPage(func(l list) string {
			return strings.ReplaceAll(between("<!-- -->")(l.csv()), "\n", "<br>")
		})},
		{name: "a page, entities of every character", make: htmlPage(func(l list) string { return string(escaped("&#%d;", true)([]byte(l.csv()))) })},
		{name: "a page, a table", make: htmlPage(func(l list) string {
			return "<table>" + l.each(func(_ int, r []string) string { return "<tr><td>" + strings.Join(r, "</td><td>") + "</td></tr>" }) + "</table>"
		})},
		{name: "a page, values of fields", make: htmlPage(func(l list) string {
			return l.each(func(_ int, r []string) string {
				return `<input name="a" value="` + r[0] + `"><input name="b" value="` + r[1] + `"><br>`
			})
		})},
		{name: "a page in a frame's srcdoc", make: htmlPage(func(l list) string {
			return `<iframe srcdoc="` + x("<p>"+x(l.csv())+"</p>") + `"></iframe>`
		})},
		{name: "a page, strings of a script by escapes", make: htmlPage(func(l list) string {
			return "<script>var s=\"" + string(escaped(`\u%04x`, false)([]byte(strings.ReplaceAll(l.csv(), "\n", `\n`)))) + "\"</script>"
		})},
		{name: "a page, strings of a script by atob", make: htmlPage(func(l list) string {
			return "<script>var s=atob('" + string(base64ed([]byte(l.csv()))) + "')</script>"
		})},
	}
}

// pixels makes a grey PNG picture of bytes.
func pixels(data []byte) []byte {
	const across = 100
	var rows []byte
	n := 0
	for ; len(data) > 0; n++ {
		k := min(across, len(data))
		rows = append(rows, 0)
		rows = append(rows, data[:k]...)
		rows = append(rows, make([]byte, across-k)...)
		data = data[k:]
	}
	b := png()
	head := bytes.Index(b, []byte("IHDR"))
	binary.BigEndian.PutUint32(b[head+4:], across)
	binary.BigEndian.PutUint32(b[head+8:], uint32(n))
	at := bytes.Index(b, []byte("IDAT")) - 4
	z := zlibbed(rows)
	out := binary.BigEndian.AppendUint32(bytes.Clone(b[:at]), uint32(len(z)))
	out = append(append(out, "IDAT"...), z...)
	return append(out, 0, 0, 0, 0, 0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82)
}
