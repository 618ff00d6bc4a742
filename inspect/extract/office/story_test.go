package office

import (
	"strings"
	"testing"
)

func TestStory(t *testing.T) {
	table := func(rows ...string) string {
		var b strings.Builder
		b.WriteString("<w:tbl>")
		for _, r := range rows {
			b.WriteString("<w:tr>")
			for c := range strings.SplitSeq(r, "|") {
				b.WriteString("<w:tc><w:p><w:r><w:t>" + c + "</w:t></w:r></w:p></w:tc>")
			}
			b.WriteString("</w:tr>")
		}
		return b.String() + "</w:tbl>"
	}
	for name, c := range map[string]struct{ xml, prose, table string }{
		"runs":      {`<w:p> <w:r> <w:t>090-</w:t> </w:r> <w:r><w:t>0000</w:t></w:r><w:r><w:t xml:space="preserve"> </w:t><w:tab/><w:t>x</w:t><w:br/></w:r></w:p>`, "090-0000 \tx\n\n", ""},
		"tab stops": {`<w:p><w:pPr><w:tabs><w:tab w:val="left" w:pos="720"/></w:tabs></w:pPr><w:t>a</w:t></w:p>`, "a\n", ""},
		"special":   {`<w:p><w:t>03</w:t><w:noBreakHyphen/><w:t>12</w:t><w:softHyphen/><w:t>34</w:t><w:sym w:font="Wingdings" w:char="F035"/></w:p>`, "03-12345\n", ""},
		"changes":   {`<w:p><w:t>090-</w:t><w:del><w:delText>1111</w:delText></w:del><w:ins><w:t>2222</w:t></w:ins><w:t>-3333</w:t></w:p>`, "090-2222-3333\n090-1111-3333\n", ""},
		"ruby":      {`<w:p><w:ruby><w:rt><w:t>もんばん</w:t></w:rt><w:rubyBase><w:t>門番</w:t></w:rubyBase></w:ruby><w:t>花子</w:t></w:p>`, "門番花子\nもんばん門番\n", ""},
		"strings":   {`<si><t>関守</t><rPh sb="0" eb="2"><t>セキモリ</t></rPh></si><si><r><t>門</t></r><r><t>番</t></r></si>`, "関守\nセキモリ\n門番\n", ""},
		"fields":    {`<w:p><w:instrText> HYPERLINK "mailto:</w:instrText><w:instrText>a@example.jp"</w:instrText><w:t>こちら</w:t></w:p>`, "こちら\n HYPERLINK \"mailto:a@example.jp\"\n", ""},
		"boxes":     {`<w:p><w:t>0</w:t><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:t>箱</w:t></w:p></w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent><w:p><w:t>箱</w:t></w:p></w:txbxContent></mc:Fallback></mc:AlternateContent><w:t>90</w:t></w:p>`, "090\n箱\n", ""},
		"fallback":  {`<w:p><mc:AlternateContent><mc:Choice><w:t>表</w:t></mc:Choice><mc:Fallback><w:t>裏</w:t></mc:Fallback></mc:AlternateContent></w:p>`, "表\n裏\n", ""},
		"authors":   {`<w:p><w:ins w:author="編集者"><w:t>a</w:t></w:ins><w:ins w:author="編集者"><w:t>b</w:t></w:ins><w:bookmarkStart w:name="_GoBack"/></w:p>`, "ab\n編集者\n\n", ""},
		"pictures":  {`<w:p><wp:docPr id="1" name="図 12" descr="写真 &amp; 説明"/><w:t>a</w:t></w:p>`, "a\n写真 & 説明\n", ""},
		"tables":    {`<w:p><w:t>前</w:t></w:p>` + table("氏名|電話", "関守|090") + `<w:p><w:t>後</w:t></w:p>`, "前\n後\n", "氏名\t電話\n関守\t090\n"},
		"one cell":  {table("枠の中"), "枠の中\n", ""},
		"in a cell": {`<w:tbl><w:tr><w:tc><w:p><w:t>枠</w:t></w:p><w:p><w:t>内</w:t></w:p>` + table("甲|乙", "丙|丁") + `</w:tc></w:tr></w:tbl>`, "枠\n内\n甲\t乙\t\n丙\t丁\t\n\n", ""},
		"spans":     {`<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p><w:t>広</w:t></w:p></w:tc><w:tc><w:p><w:t>三</w:t></w:p></w:tc></w:tr><w:tr><w:tc><w:p><w:t>一</w:t></w:p></w:tc><w:tc><w:p/></w:tc><w:tc><w:p><w:t>二</w:t></w:p><w:p><w:t>行</w:t></w:p></w:tc></w:tr></w:tbl>`, "", "広\t\t三\n一\t\t二 行\n"},
		"charts":    {`<c:pt idx="0"><c:v>区分甲</c:v></c:pt><c:pt idx="1"><c:v>区分乙</c:v></c:pt>`, "区分甲\n\n区分乙\n\n", ""},
		"not UTF-8": {"<w:p><w:t>a\xffb</w:t></w:p>", "a\ufffdb\n", ""},
	} {
		got := textsOf(read(t, "word/document.xml", "<w:document><w:body>"+c.xml+"</w:body></w:document>"))
		if got["document"] != c.prose || got["document table"] != c.table {
			t.Errorf("%s: %q, %q", name, got["document"], got["document table"])
		}
	}
}

// TestLongTable checks that a table of any length comes through, and that its
// rows stay whole.
func TestLongTable(t *testing.T) {
	row := `<w:tr><w:tc><w:p><w:t>関守 太郎</w:t></w:p></w:tc><w:tc><w:p><w:t>090-0000-0001</w:t></w:p></w:tc></w:tr>`
	for n, path := range map[int]string{2: "document table", 10000: "document table"} {
		got := textsOf(read(t, "word/document.xml", "<w:document><w:tbl>"+strings.Repeat(row, n)+"</w:tbl></w:document>"))
		if want := strings.Repeat("関守 太郎\t090-0000-0001\n", n); got[path] != want {
			t.Errorf("%d rows: %d bytes, not %d", n, len(got[path]), len(want))
		}
	}
	one := `<w:tr><w:tc><w:p><w:t>関守 太郎</w:t></w:p></w:tc></w:tr>`
	got := textsOf(read(t, "word/document.xml", "<w:document><w:tbl>"+strings.Repeat(one, 20000)+"</w:tbl></w:document>"))
	if n := strings.Count(got["document"], "関守 太郎\n"); n != 20000 {
		t.Errorf("one column: %d rows", n)
	}
	many := strings.Repeat("<w:tbl>"+row+row+"</w:tbl>", maxTables+50)
	got = textsOf(read(t, "word/document.xml", "<w:document>"+many+"</w:document>"))
	if n := strings.Count(got["document"], "関守"); n != 100 {
		t.Errorf("many tables: %d in prose", n)
	}
}
