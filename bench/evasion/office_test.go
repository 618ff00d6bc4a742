package evasion

import (
	"encoding/xml"
	"fmt"
	"strings"
)

const (
	wordSpace  = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml"`
	slideSpace = `xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	relations  = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
)

func x(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s))
	return b.String()
}

func rels(kindsAndTargets ...string) string {
	var b strings.Builder
	b.WriteString(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for i := 0; i < len(kindsAndTargets); i += 2 {
		fmt.Fprintf(&b, `<Relationship Id="rId%d" Type="%s%s" Target="%s"/>`, i/2+1, relations, kindsAndTargets[i], kindsAndTargets[i+1])
	}
	return b.String() + `</Relationships>`
}

// types declares the parts of a package by their paths.
func types(kinds ...string) string {
	var b strings.Builder
	b.WriteString(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>`)
	for i := 0; i < len(kinds); i += 2 {
		fmt.Fprintf(&b, `<Override PartName="/%s" ContentType="application/vnd.openxmlformats-officedocument.%s+xml"/>`, kinds[i], kinds[i+1])
	}
	return b.String() + `</Types>`
}

// docx makes a document of a body in WordprocessingML and more parts.
func docx(body string, more ...string) []byte {
	return zipped(append([]string{
		"[Content_Types].xml", types("word/document.xml", "wordprocessingml.document.main"),
		"_rels/.rels", rels("officeDocument", "word/document.xml"),
		"word/document.xml", `<w:document ` + wordSpace + `><w:body>` + body + `</w:body></w:document>`,
	}, more...)...)
}

func paragraph(s string) string {
	return `<w:p><w:r><w:t xml:space="preserve">` + x(s) + `</w:t></w:r></w:p>`
}

func paragraphs(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(paragraph(strings.TrimSuffix(line, "\n")))
	}
	return b.String()
}

// document is a plain document of a text.
func document(s string) []byte { return docx(paragraphs(s)) }

// inRuns puts every n characters into a run of their own.
func inRuns(s string, n int, props string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(`<w:p>`)
		for r := []rune(strings.TrimSuffix(line, "\n")); len(r) > 0; r = r[min(n, len(r)):] {
			b.WriteString(`<w:r>` + props + `<w:t xml:space="preserve">` + x(string(r[:min(n, len(r))])) + `</w:t></w:r>`)
		}
		b.WriteString(`</w:p>`)
	}
	return b.String()
}

func cells(rows [][]string, cell func(r, c int, v string) string) string {
	var b strings.Builder
	b.WriteString(`<sheetData>`)
	for r, row := range rows {
		fmt.Fprintf(&b, `<row r="%d">`, r+1)
		for c, v := range row {
			b.WriteString(cell(r, c, v))
		}
		b.WriteString(`</row>`)
	}
	return b.String() + `</sheetData>`
}

func inline(r, c int, v string) string {
	return fmt.Sprintf(`<c r="%c%d" t="inlineStr"><is><t>%s</t></is></c>`, 'A'+c, r+1, x(v))
}

// xlsx makes a workbook of one sheet's elements; state is the sheet's.
func xlsx(state, sheet string, more ...string) []byte {
	const space = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	return zipped(append([]string{
		"[Content_Types].xml", types("xl/workbook.xml", "spreadsheetml.sheet.main", "xl/worksheets/sheet1.xml", "spreadsheetml.worksheet", "xl/sharedStrings.xml", "spreadsheetml.sharedStrings"),
		"_rels/.rels", rels("officeDocument", "xl/workbook.xml"),
		"xl/workbook.xml", `<workbook ` + space + `><sheets><sheet name="Sheet1" sheetId="1" ` + state + ` r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", rels("worksheet", "worksheets/sheet1.xml", "sharedStrings", "sharedStrings.xml"),
		"xl/worksheets/sheet1.xml", `<worksheet ` + space + `>` + sheet + `</worksheet>`,
	}, more...)...)
}

func workbook(l list) []byte { return xlsx("", cells(l.table(), inline)) }

// pptx makes slides of texts in DrawingML and more parts.
func pptx(slide string, more ...string) []byte {
	return zipped(append([]string{
		"[Content_Types].xml", types("ppt/presentation.xml", "presentationml.presentation.main", "ppt/slides/slide1.xml", "presentationml.slide"),
		"_rels/.rels", rels("officeDocument", "ppt/presentation.xml"),
		"ppt/presentation.xml", `<p:presentation ` + slideSpace + `><p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst></p:presentation>`,
		"ppt/_rels/presentation.xml.rels", rels("slide", "slides/slide1.xml"),
		"ppt/slides/slide1.xml", `<p:sld ` + slideSpace + slide + `</p:sld>`,
	}, more...)...)
}

func shapes(s string) string {
	var b strings.Builder
	b.WriteString(`<p:cSld><p:spTree>`)
	for line := range strings.Lines(s) {
		b.WriteString(`<p:sp><p:txBody><a:p><a:r><a:t>` + x(strings.TrimSuffix(line, "\n")) + `</a:t></a:r></a:p></p:txBody></p:sp>`)
	}
	return b.String() + `</p:spTree></p:cSld>`
}

func wordFile(f func(l list) []byte) func(list) upload {
	return func(l list) upload {
		return file("application/vnd.openxmlformats-officedocument.wordprocessingml.document", f(l), "a.docx")
	}
}

func sheetFile(f func(l list) []byte) func(list) upload {
	return func(l list) upload {
		return file("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", f(l), "a.xlsx")
	}
}

func slideFile(f func(l list) []byte) func(list) upload {
	return func(l list) upload {
		return file("application/vnd.openxmlformats-officedocument.presentationml.presentation", f(l), "a.pptx")
	}
}

func offices() []evasion {
	wordPart := func(kind, name, element string) func(list) upload {
		return wordFile(func(l list) []byte {
			return docx(paragraph("こんにちは"), "word/_rels/document.xml.rels", rels(kind, name+".xml"),
				"word/"+name+".xml", `<w:`+element+` `+wordSpace+`>`+paragraphs(l.csv())+`</w:`+element+`>`)
		})
	}
	inNote := func(kind, name, outer, inner string) func(list) upload {
		return wordFile(func(l list) []byte {
			return docx(paragraph("こんにちは"), "word/_rels/document.xml.rels", rels(kind, name+".xml"),
				"word/"+name+".xml", `<w:`+outer+` `+wordSpace+`><w:`+inner+` w:id="1">`+paragraphs(l.csv())+`</w:`+inner+`></w:`+outer+`>`)
		})
	}
	return append([]evasion{
		{name: "a document", make: wordFile(func(l list) []byte { return document(l.csv()) })},
		{name: "a document, one character a run", make: wordFile(func(l list) []byte { return docx(inRuns(l.csv(), 1, "")) })},
		{name: "a document, runs of three characters with revisions", make: wordFile(func(l list) []byte {
			return docx(strings.ReplaceAll(inRuns(l.csv(), 3, ""), `</w:r><w:r>`, `</w:r><w:proofErr w:type="spellStart"/><w:bookmarkStart w:id="0" w:name="x"/><w:r>`))
		})},
		{name: "a document, hidden text", make: wordFile(func(l list) []byte { return docx(inRuns(l.csv(), 1000, `<w:rPr><w:vanish/></w:rPr>`)) })},
		{name: "a document, white text of one point", make: wordFile(func(l list) []byte {
			return docx(inRuns(l.csv(), 1000, `<w:rPr><w:color w:val="FFFFFF"/><w:sz w:val="2"/></w:rPr>`))
		})},
		{name: "a document, deleted text still there", make: wordFile(func(l list) []byte {
			return docx(strings.NewReplacer(`<w:r>`, `<w:del w:id="1"><w:r>`, `</w:r>`, `</w:r></w:del>`, `w:t `, `w:delText `, `/w:t>`, `/w:delText>`).Replace(paragraphs(l.csv())))
		})},
		{name: "a document, a table", make: wordFile(func(l list) []byte {
			var b strings.Builder
			for _, r := range l.table() {
				b.WriteString(`<w:tr>`)
				for _, c := range r {
					b.WriteString(`<w:tc>` + paragraph(c) + `</w:tc>`)
				}
				b.WriteString(`</w:tr>`)
			}
			return docx(`<w:tbl>` + b.String() + `</w:tbl>`)
		})},
		{name: "a document, text boxes", make: wordFile(func(l list) []byte {
			return docx(`<w:p><w:r><w:pict><v:shape><v:textbox><w:txbxContent>` + paragraphs(l.csv()) + `</w:txbxContent></v:textbox></v:shape></w:pict></w:r></w:p>`)
		})},
		{name: "a document, header", make: wordPart("header", "header1", "hdr")},
		{name: "a document, footer", make: wordPart("footer", "footer1", "ftr")},
		{name: "a document, footnotes", make: inNote("footnotes", "footnotes", "footnotes", "footnote")},
		{name: "a document, comments", make: inNote("comments", "comments", "comments", "comment")},
		{name: "a document, glossary", make: wordPart("glossaryDocument", "glossary/document", "glossaryDocument")},
		{name: "a document, a part that nothing refers to", make: wordFile(func(l list) []byte {
			return docx(paragraph("こんにちは"), "word/unused.dat", l.csv())
		})},
		{name: "a document, field codes", make: wordFile(func(l list) []byte {
			return docx(strings.NewReplacer(`w:t `, `w:instrText `, `/w:t>`, `/w:instrText>`).Replace(paragraphs(l.csv())))
		})},
		{name: "a document, alternative texts of pictures", make: wordFile(func(l list) []byte {
			return docx(l.each(func(i int, r []string) string {
				return fmt.Sprintf(`<w:p><w:r><w:drawing><wp:inline><wp:docPr id="%d" name="p" descr="%s"/></wp:inline></w:drawing></w:r></w:p>`, i, x(strings.Join(r, ",")))
			}))
		})},
		{name: "a document, targets of links", make: wordFile(func(l list) []byte {
			var b strings.Builder
			for i, r := range l.rows {
				fmt.Fprintf(&b, `<Relationship Id="rId%d" Type="%shyperlink" Target="https://e.example/?n=%s&amp;t=%s" TargetMode="External"/>`, i, relations, percented([]byte(r[0])), r[1])
			}
			return docx(paragraph("こんにちは"), "word/_rels/document.xml.rels",
				`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`+b.String()+`</Relationships>`)
		})},
		{name: "a document, core properties", make: wordFile(func(l list) []byte {
			return docx(paragraph("こんにちは"), "docProps/core.xml", `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description>`+x(l.csv())+`</dc:description></cp:coreProperties>`)
		})},
		{name: "a document, properties of its own", make: wordFile(func(l list) []byte {
			return docx(paragraph("こんにちは"), "docProps/custom.xml", `<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">`+
				l.each(func(i int, r []string) string {
					return fmt.Sprintf(`<property pid="%d" name="p%d"><vt:lpwstr>%s</vt:lpwstr></property>`, i+2, i, x(strings.Join(r, " ")))
				})+`</Properties>`)
		})},
		{name: "a document, custom XML", make: wordFile(func(l list) []byte {
			return docx(paragraph("こんにちは"), "customXml/item1.xml", `<rows>`+l.each(func(_ int, r []string) string {
				return `<row a="` + x(r[0]) + `" b="` + x(r[1]) + `"/>`
			})+`</rows>`)
		})},
		{name: "a document, a workbook in a document in it", make: wordFile(func(l list) []byte {
			inner := docx(paragraph("こんにちは"), "word/embeddings/sheet.xlsx", string(workbook(l)))
			return docx(paragraph("こんにちは"), "word/embeddings/inner.docx", string(inner))
		})},
		{name: "a document, a ZIP file as a picture in it", make: wordFile(func(l list) []byte {
			return docx(paragraph("こんにちは"), "word/media/image1.png", string(zipped("list.csv", l.csv())))
		})},
		{name: "a document, a page to be taken in", make: wordFile(func(l list) []byte {
			return docx(`<w:altChunk r:id="rId1"/>`, "word/afchunk.htm", `<html><body><p>`+x(l.csv())+`</p></body></html>`)
		})},
		{name: "a workbook", make: sheetFile(workbook)},
		{name: "a workbook, a hidden sheet", make: sheetFile(func(l list) []byte { return xlsx(`state="hidden"`, cells(l.table(), inline)) })},
		{name: "a workbook, a very hidden sheet", make: sheetFile(func(l list) []byte { return xlsx(`state="veryHidden"`, cells(l.table(), inline)) })},
		{name: "a workbook, hidden rows and columns", make: sheetFile(func(l list) []byte {
			return xlsx("", `<cols><col min="1" max="5" width="0" hidden="1"/></cols>`+strings.ReplaceAll(cells(l.table(), inline), `<row `, `<row hidden="1" `))
		})},
		{name: "a workbook, shared strings that no cell uses", make: sheetFile(func(l list) []byte {
			return xlsx("", cells([][]string{{"こんにちは"}}, inline), "xl/sharedStrings.xml", `<sst>`+l.each(func(_ int, r []string) string {
				return `<si><t>` + x(strings.Join(r, ",")) + `</t></si>`
			})+`</sst>`)
		})},
		{name: "a workbook, strings in runs of one character", make: sheetFile(func(l list) []byte {
			return xlsx("", cells(l.table(), func(r, c int, v string) string {
				runs := ""
				for _, ch := range v {
					runs += `<r><t xml:space="preserve">` + x(string(ch)) + `</t></r>`
				}
				return fmt.Sprintf(`<c r="%c%d" t="inlineStr"><is>%s</is></c>`, 'A'+c, r+1, runs)
			}))
		})},
		{name: "a workbook, one character a cell", make: sheetFile(func(l list) []byte {
			var rows [][]string
			for _, r := range l.rows {
				rows = append(rows, strings.Split(strings.Join(r[:3], " "), ""))
			}
			return xlsx("", cells(rows, func(r, c int, v string) string {
				return fmt.Sprintf(`<c t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>`, x(v))
			}))
		})},
		{name: "a workbook, rows as columns", make: sheetFile(func(l list) []byte {
			rows := make([][]string, len(l.head))
			for c := range l.head {
				for _, r := range l.table() {
					rows[c] = append(rows[c], r[c])
				}
			}
			return xlsx("", cells(rows, func(r, c int, v string) string { return `<c t="inlineStr"><is><t>` + x(v) + `</t></is></c>` }))
		})},
		{name: "a workbook, numbers as numbers with a format", make: sheetFile(func(l list) []byte {
			return xlsx("", cells(l.table(), func(r, c int, v string) string {
				if n := strings.ReplaceAll(v, "-", ""); c == 1 && r > 0 && len(n) == 11 {
					return fmt.Sprintf(`<c r="B%d"><v>%s</v></c>`, r+1, strings.TrimPrefix(n, "0"))
				}
				return inline(r, c, v)
			}))
		})},
		{name: "a workbook, formulas", make: sheetFile(func(l list) []byte {
			return xlsx("", cells(l.table(), func(r, c int, v string) string {
				h := []rune(v)
				return fmt.Sprintf(`<c r="%c%d" t="str"><f>"%s"&amp;"%s"</f></c>`, 'A'+c, r+1, x(string(h[:len(h)/2])), x(string(h[len(h)/2:])))
			}))
		})},
		{name: "a workbook, formulas that hold the whole value", make: sheetFile(func(l list) []byte {
			return xlsx("", cells(l.table(), func(r, c int, v string) string {
				return fmt.Sprintf(`<c r="%c%d"><f>"%s"</f><v>0</v></c>`, 'A'+c, r+1, x(v))
			}))
		})},
		{name: "a workbook, comments", make: sheetFile(func(l list) []byte {
			return xlsx("", cells([][]string{{"こんにちは"}}, inline), "xl/worksheets/_rels/sheet1.xml.rels", rels("comments", "../comments1.xml"), "xl/comments1.xml",
				`<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><commentList>`+l.each(func(i int, r []string) string {
					return fmt.Sprintf(`<comment ref="A%d" authorId="0"><text><r><t>%s</t></r></text></comment>`, i+1, x(strings.Join(r, " ")))
				})+`</commentList></comments>`)
		})},
		{name: "a workbook, defined names", make: sheetFile(func(l list) []byte {
			return xlsx("", cells([][]string{{"こんにちは"}}, inline), "xl/extra.xml", `<definedNames>`+l.each(func(i int, r []string) string {
				return fmt.Sprintf(`<definedName name="n%d">"%s"</definedName>`, i, x(strings.Join(r, " ")))
			})+`</definedNames>`)
		})},
		{name: "a workbook, header of the printed page", make: sheetFile(func(l list) []byte {
			return xlsx("", cells([][]string{{"こんにちは"}}, inline)+`<headerFooter><oddHeader>`+x(l.csv())+`</oddHeader></headerFooter>`)
		})},
		{name: "a workbook, messages of validation", make: sheetFile(func(l list) []byte {
			return xlsx("", cells([][]string{{"こんにちは"}}, inline)+`<dataValidations>`+l.each(func(i int, r []string) string {
				return fmt.Sprintf(`<dataValidation sqref="A%d" prompt="%s"/>`, i+1, x(strings.Join(r, " ")))
			})+`</dataValidations>`)
		})},
		{name: "slides", make: slideFile(func(l list) []byte { return pptx(`>` + shapes(l.csv())) })},
		{name: "slides, a hidden one", make: slideFile(func(l list) []byte { return pptx(` show="0">` + shapes(l.csv())) })},
		{name: "slides, one character a run", make: slideFile(func(l list) []byte {
			var b strings.Builder
			b.WriteString(`><p:cSld><p:spTree><p:sp><p:txBody>`)
			for _, r := range l.table() {
				b.WriteString(`<a:p>`)
				for _, c := range strings.Join(r, ",") {
					b.WriteString(`<a:r><a:rPr/><a:t>` + x(string(c)) + `</a:t></a:r>`)
				}
				b.WriteString(`</a:p>`)
			}
			return pptx(b.String() + `</p:txBody></p:sp></p:spTree></p:cSld>`)
		})},
		{name: "slides, one row a slide's notes", make: slideFile(func(l list) []byte {
			return pptx(`>`+shapes("こんにちは"), "ppt/slides/_rels/slide1.xml.rels", rels("notesSlide", "../notesSlides/notesSlide1.xml"),
				"ppt/notesSlides/notesSlide1.xml", `<p:notes `+slideSpace+`>`+shapes(l.csv())+`</p:notes>`)
		})},
		{name: "slides, names of shapes", make: slideFile(func(l list) []byte {
			return pptx(`><p:cSld><p:spTree>` + l.each(func(i int, r []string) string {
				return fmt.Sprintf(`<p:sp><p:nvSpPr><p:cNvPr id="%d" name="s" descr="%s"/></p:nvSpPr></p:sp>`, i, x(strings.Join(r, " ")))
			}) + `</p:spTree></p:cSld>`)
		})},
		{name: "an OpenDocument text", make: func(l list) upload {
			return binaryFile(zipped("mimetype", "application/vnd.oasis.opendocument.text", "content.xml",
				`<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text>`+
					l.each(func(_ int, r []string) string {
						return `<text:p><text:span>` + x(r[0][:3]) + `</text:span>` + x(r[0][3:]) + `,<text:span>` + x(strings.Join(r[1:], ",")) + `</text:span></text:p>`
					})+`</office:text></office:body></office:document-content>`))
		}},
		{name: "an OpenDocument sheet, hidden", make: func(l list) upload {
			var b strings.Builder
			for _, r := range l.table() {
				b.WriteString(`<table:table-row table:visibility="collapse">`)
				for _, c := range r {
					b.WriteString(`<table:table-cell office:value-type="string"><text:p>` + x(c) + `</text:p></table:table-cell>`)
				}
				b.WriteString(`</table:table-row>`)
			}
			return binaryFile(zipped("mimetype", "application/vnd.oasis.opendocument.spreadsheet", "content.xml",
				`<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body><office:spreadsheet><table:table table:name="S">`+
					b.String()+`</table:table></office:spreadsheet></office:body></office:document-content>`))
		}},
		{name: "RTF with hidden text", make: func(l list) upload {
			return file("application/rtf", []byte(`{\rtf1\ansi\ansicpg932{\v `+rtf(l.csv())+`}}`), "a.rtf")
		}},
		{name: "RTF, a group between all characters", make: func(l list) upload {
			return file("application/rtf", []byte(`{\rtf1\ansi `+rtf(between("\x00")(l.csv()))+`}`), "a.rtf")
		}},
	}, kept("xls", "xlsx-password", "docx-password")...)
}

// rtf writes a text by \u; NUL stands for an empty group.
func rtf(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == 0:
			b.WriteString(`{\b}`)
		case r == '\n':
			b.WriteString("\\par\n")
		case r < 0x80:
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u%d?`, int16(r))
		}
	}
	return b.String()
}
