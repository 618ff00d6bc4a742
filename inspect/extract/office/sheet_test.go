package office

import (
	"io"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/extract/numfmt"
)

func readSheet(t *testing.T, xml string) (cells, notes string) {
	t.Helper()
	book := &workbook{formats: []*numfmt.Format{nil, numfmt.Builtin(14), numfmt.Compile("000-0000"), numfmt.Compile(`@"様"`)}}
	if err := book.readStrings(newScanner(strings.NewReader(`<sst><si><t>関守</t><rPh><t>セキモリ</t></rPh></si><si><r><t>a</t></r><r><t xml:space="preserve"> b</t></r></si><si/></sst>`))); err != nil {
		t.Fatal(err)
	}
	s := &sheet{x: newScanner(strings.NewReader(xml)), book: book}
	s.written.more = s.more
	b, err := io.ReadAll(&s.written)
	if err != nil && strings.Count(xml, "<c ") == strings.Count(xml, "</c>") {
		t.Fatal(err)
	}
	return string(b), string(s.aside.text)
}

func TestSheet(t *testing.T) {
	for name, c := range map[string]struct{ xml, cells, notes string }{
		"kinds of cells": {`<c r="A1" t="s"><v>0</v></c><c r="B1" t="s" s="3"><v> 1 </v></c><c r="C1" t="b"><v>0</v></c><c r="D1" t="e"><v>#REF!</v></c><c r="E1" t="d"><v>1990-01-01</v></c><c r="F1" t="inlineStr"><is><t>x</t><rPh><t>y</t></rPh></is></c>`,
			"関守\ta b様\tFALSE\t#REF!\t1990-01-01\tx\n", "y\n"},
		"numbers":                  {`<c><v>4111111111111111</v></c><c><v>1.2E3</v></c><c s="1"><v>32874</v></c><c s="2"><v>1000001</v></c><c><v>0.30000000000000004</v></c><c><v>-5</v></c>`, "4111111111111111\t1200\t1990/1/1\t100-0001\t0.3\t-5\n", ""},
		"escapes":                  {`<c t="str"><v>a_x000D_b_x0031_c_x12_&#x9;&lt;d</v></c>`, "a b1c_x12_ <d\n", ""},
		"formulas":                 {`<c t="str"><f>IF(A1="関守""様","隠す言葉")</f><v>x</v></c><c><f>SUM(A1)</f></c>`, "x\t=SUM(A1)\n", "関守\n様\n隠す言葉\n"},
		"without places":           {`<row><c><v>1</v></c><c/><c><v>3</v></c></row><row><c><v>4</v></c></row>`, "1\t\t3\n4\n", ""},
		"places":                   {`<row r="2"><c r="B2"><v>1</v></c></row><row r="4"><c r="A4"><v>2</v></c></row>`, "\n\t1\n\n2\n", ""},
		"out of order":             {`<c r="B3"><v>1</v></c><c r="A1"><v>2</v></c>`, "\n\n\t1\t2\n", ""},
		"beyond the sheet":         {`<c r="XFE1"><v>1</v></c><c r="A9999999"><v>2</v></c>`, "1\t2\n", ""},
		"cells that do not end":    {`<row r="1"><c r="A1"><v>1</v><c r="B1"><v>2</v></c></row>`, "1\t2\n", ""},
		"single quotes, remarks":   {`<c r='A1' t='str'><!-- 覚え --><v>a&gt;<![CDATA[<b>]]></v></c>`, "a><b>\n", "覚え\n"},
		"headers and hints":        {`<c><v>1</v></c></sheetData><oddHeader>&amp;L&amp;"ＭＳ,B"&amp;12極秘&amp;C&amp;KFF0000甲&amp;&amp;乙</oddHeader><dataValidation prompt="入力" sqref="A1"><formula1>"甲,乙"</formula1></dataValidation><sheetData>`, "1\n", "極秘 甲&乙\n入力\n\"甲,乙\"\n"},
		"attributes with brackets": {`<c r="A1" x="a>b" t="str"><v>1</v></c>`, "1\n", ""},
	} {
		cells, notes := readSheet(t, "<worksheet><sheetData>"+c.xml+"</sheetData></worksheet>")
		if cells != c.cells || notes != c.notes {
			t.Errorf("%s: %q, %q", name, cells, notes)
		}
	}
}

// TestSparse checks that few cells far apart keep their places, and that many
// are no flood of tabs.
func TestSparse(t *testing.T) {
	cells, _ := readSheet(t, `<worksheet><c r="XFD1048576"><v>1</v></c></worksheet>`)
	if strings.Count(cells, "\n") != maxRows || strings.Count(cells, "\t") != maxColumns-1 {
		t.Errorf("%d lines, %d tabs", strings.Count(cells, "\n"), strings.Count(cells, "\t"))
	}
	cells, _ = readSheet(t, "<worksheet>"+strings.Repeat(`<row><c r="XFD1"><v>1</v></c></row>`, 10000)+"</worksheet>")
	if len(cells) > 4<<20 || strings.Count(cells, "1") != 10000 {
		t.Errorf("%d bytes", len(cells))
	}
}

func TestTexts(t *testing.T) {
	var w texts
	want := make([]string, 200000)
	for i := range want {
		want[i] = strings.Repeat(string(rune('ぁ'+i%80)), i%37)
		if i == 1000 {
			want[i] = strings.Repeat("長い", 50000)
		}
		if err := w.add([]byte(want[i])); err != nil {
			t.Fatal(err)
		}
	}
	w.done()
	if w.kept-plainBytes > (w.size-plainBytes)/2 {
		t.Errorf("%d bytes kept of %d", w.kept, w.size)
	}
	for i := range 20000 {
		k := i * 7919 % len(want)
		if got := string(w.get(k)); got != want[k] {
			t.Fatalf("string %d is %d bytes, not %d", k, len(got), len(want[k]))
		}
	}
	if w.get(-1) != nil || w.get(len(want)) != nil {
		t.Error("a string that is not there")
	}
	n := 0
	for i := range want {
		if len(w.unused(i)) > 0 {
			n++
		}
	}
	if n < 170000 || n > 190000 {
		t.Errorf("%d strings were not asked for", n)
	}
}
