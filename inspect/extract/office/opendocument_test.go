package office

import "testing"

const openSheets = `<office:spreadsheet><table:tracked-changes><table:deletion><table:change-track-table-cell><text:p>消した値</text:p></table:change-track-table-cell></table:deletion></table:tracked-changes>
<table:table table:name="名簿"><table:shapes><draw:frame><draw:text-box><text:p>図の文字</text:p></draw:text-box></draw:frame></table:shapes>
<table:table-row><table:table-cell office:value-type="string"><text:p>氏名</text:p></table:table-cell><table:table-cell table:number-columns-repeated="2"><text:p>電話</text:p></table:table-cell></table:table-row>
<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>
<table:table-row><table:table-cell><text:p>関守<text:s/><text:span>太郎</text:span></text:p><text:p>様</text:p></table:table-cell><table:table-cell office:value-type="float" office:value="4111111111111111"><text:p>4.11E+015</text:p></table:table-cell><table:covered-table-cell office:value-type="date" office:date-value="1990-05-06"><text:p>5月6日</text:p></table:covered-table-cell>
<table:table-cell table:formula="of:=&quot;式の文字&quot;" office:value-type="string" office:string-value="値"><office:annotation><dc:creator>評者</dc:creator><text:p>注釈</text:p></office:annotation></table:table-cell></table:table-row>
<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row></table:table></office:spreadsheet>`

const openTable = "氏名\t電話\t電話\n\n\n関守 太郎 様\t4.11E+015 4111111111111111\t5月6日 1990-05-06\t値\n"

func TestOpenSheets(t *testing.T) {
	got := textsOf(read(t,
		"mimetype", "application/vnd.oasis.opendocument.spreadsheet",
		"content.xml", "<office:document-content><office:body>"+openSheets+"</office:body></office:document-content>",
		"META-INF/manifest.xml", `<m:manifest><m:file-entry m:full-path="/" m:media-type="application/vnd.oasis.opendocument.spreadsheet"/></m:manifest>`))
	for path, want := range map[string]string{"名簿": openTable, "名簿 notes": "図の文字\n式の文字\n評者\n注釈\n", "document notes": "消した値\n"} {
		if got[path] != want {
			t.Errorf("%s: %q, not %q", path, got[path], want)
		}
	}
}

func TestOpenText(t *testing.T) {
	for name, c := range map[string]struct{ xml, prose, table string }{
		"spans":       {"<text:h>題</text:h>\n <text:p>090-<text:span>0000</text:span>\n<text:s text:c=\"2\"/><text:tab/><text:line-break/>x</text:p>", "題\n090-0000   \t\nx\n", ""},
		"notes":       {`<text:p>本<text:note><text:note-body><text:p>脚注</text:p></text:note-body></text:note>文<office:annotation><dc:creator>評者</dc:creator><text:p>注釈</text:p></office:annotation></text:p>`, "本文\n脚注\n評者\n注釈\n", ""},
		"ruby":        {`<text:p><text:ruby><text:ruby-base>門番</text:ruby-base><text:ruby-text>もんばん</text:ruby-text></text:ruby>花子</text:p>`, "門番花子\n門番もんばん\n", ""},
		"slides":      {`<draw:page><draw:frame><draw:text-box><text:p>題</text:p></draw:text-box></draw:frame><draw:frame><table:table><table:table-row><table:table-cell><text:p>氏名</text:p></table:table-cell><table:table-cell><text:p>電話</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell/><table:table-cell/></table:table-row></table:table></draw:frame></draw:page>`, "題\n", "氏名\t電話\n\t\n"},
		"links":       {`<text:p><text:a xlink:href="mailto:a@example.jp">こちら</text:a></text:p>`, "こちら\nmailto:a@example.jp\n", ""},
		"tables":      {`<table:table><table:table-row><table:table-cell><text:p>氏名</text:p></table:table-cell><table:table-cell><text:p>電話</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell table:number-columns-repeated="2"/></table:table-row></table:table>`, "", "氏名\t電話\n\t\n"},
		"deletions":   {`<text:tracked-changes><text:changed-region><text:deletion><text:p>前の文</text:p></text:deletion></text:changed-region></text:tracked-changes><text:p>今の文</text:p>`, "前の文\n今の文\n", ""},
		"form fields": {`<form:text form:current-value="入力値"/><text:p>a</text:p>`, "a\n入力値\n", ""},
	} {
		got := textsOf(read(t, "content.xml", "<office:document-content><office:body>"+c.xml+"</office:body></office:document-content>"))
		if got["document"] != c.prose || got["document table"] != c.table {
			t.Errorf("%s: %q, %q", name, got["document"], got["document table"])
		}
	}
}
