package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/extract/archive"
	"github.com/sekimori-dlp/sekimori/inspect/extract/office"
	"github.com/sekimori-dlp/sekimori/inspect/extract/table"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// book is a workbook as Excel writes it, in small.
func book(extra ...file) []file {
	return append([]file{
		{"[Content_Types].xml", `<?xml version="1.0"?><Types/>`},
		{"xl/workbook.xml", `<workbook><workbookPr/><sheets><sheet name="顧客&amp;会員" sheetId="1" r:id="rId1"/><sheet name="裏" sheetId="2" state="hidden" r:id="rId2"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Target="/xl/worksheets/sheet2.xml"/></Relationships>`},
		{"xl/worksheets/sheet1.xml", `<worksheet><sheetData>
<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="D1" t="inlineStr"><is><t>生年月日</t></is></c></row>
<row r="2" hidden="1"><c r="A2" t="s"><v>2</v></c><c r="B2" t="str"><f>A1&amp;"x"</f><v>090-0000-0001</v></c><c r="C2"/><c r="D2" s="1"><v>32874</v></c><c r="E2"><v>1.2345678901E10</v></c><c r="F2" s="2"><v>59.5</v></c></row>
</sheetData></worksheet>`},
		{"xl/worksheets/sheet2.xml", `<worksheet><sheetData><row><c t="inlineStr"><is><r><t>隠れ</t></r><r><t xml:space="preserve"> 花子</t></r></is></c><c t="b"><v>1</v></c></row></sheetData></worksheet>`},
		{"xl/styles.xml", `<styleSheet><numFmts><numFmt numFmtId="170" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/></cellXfs></styleSheet>`},
		{"xl/sharedStrings.xml", `<sst><si><t>氏名</t></si><si><t>電話</t></si><si><r><t>門番 </t></r><r><t>花子</t></r><rPh sb="0" eb="2"><t>モンバン</t></rPh><rPh sb="3" eb="5"><t>ハナコ</t></rPh></si><si><t>消した 人</t></si></sst>`},
		{"docProps/core.xml", `<cp:coreProperties><dc:creator>作成 太郎</dc:creator></cp:coreProperties>`},
	}, extra...)
}

func TestWorkbook(t *testing.T) {
	x := inspect(t, zipped(t, zip.Deflate, book()...))
	if len(x.Skips()) > 0 {
		t.Errorf("skipped: %v", x.Skips())
	}
	s := x.Find(person)
	want := "氏名\t電話\t\t生年月日\n門番 花子\t090-0000-0001\t\t1990/1/1\t12345678901\t1900年2月 1900/2/28\n"
	if s.Path != "upload » 顧客&会員" || s.Layout != part.Table || s.Text() != want {
		t.Errorf("%s: %q", s.Path, s.Text())
	}
	if s := x.Find("隠れ 花子\tTRUE\n"); s.Path != "upload » 裏" {
		t.Errorf("hidden sheet in %s", s.Path)
	}
	for text, path := range map[string]string{
		"消した 人":    "upload » other strings",
		"モンバン ハナコ": "upload » other strings",
		"作成 太郎":    "upload » docProps/core.xml",
	} {
		if s := x.Find(text); s.Path != path {
			t.Errorf("%q is in %s", text, s.Path)
		}
	}
	x = inspect(t, zipped(t, zip.Deflate, book(file{"xl/sharedStrings.xml", "<sst><si><t>二重 花子</t></si></sst>"})...))
	if !x.Has("二重 花子") || !x.Has(person) && len(x.Skips()) == 0 {
		t.Errorf("two members of one name:\n%s", x)
	}
}

func TestDocuments(t *testing.T) {
	x := inspect(t, zipped(t, zip.Deflate,
		file{"[Content_Types].xml", "<Types/>"},
		file{"word/document.xml", `<w:document><w:body><w:p><w:r><w:t>門番</w:t></w:r><w:r><w:t xml:space="preserve"> 花</w:t></w:r><w:r><w:t>子</w:t></w:r></w:p><w:p><w:del><w:delText>消した</w:delText></w:del></w:p>
<w:tbl><w:tr><w:tc><w:p><w:t>氏名</w:t></w:p></w:tc><w:tc><w:p><w:t>電話</w:t></w:p></w:tc></w:tr></w:tbl><wp:docPr id="1" descr="写真の説明"/></w:body></w:document>`},
		file{"word/header1.xml", `<w:hdr><w:p><w:t>&#x6A5F;密</w:t></w:p></w:hdr>`},
		file{"word/comments.xml", `<w:comments><w:comment w:author="評者"><w:p><w:t>注記</w:t></w:p></w:comment></w:comments>`},
		file{"word/embeddings/in.xlsx", string(zipped(t, zip.Deflate, book()...))},
		file{"word/media/image1.png", "\x89PNG\r\n\x1a\n\x00\x00"},
	))
	if s := x.Find(person); s.Path != "upload » document" {
		t.Errorf("%s: %q", s.Path, s.Text())
	}
	for _, want := range []string{"消した", "写真の説明", "機密", "注記", "1990/1/1"} {
		x.Find(want)
	}
	if got := x.Skips(); len(got) != 1 || got[0] != "unknown-format" {
		t.Errorf("skipped: %v", got)
	}
	x = inspect(t, zipped(t, zip.Deflate, file{"ppt/slides/slide1.xml", `<p:sld><a:p><a:r><a:t>門番 花子</a:t></a:r></a:p></p:sld>`}, file{"ppt/notesSlides/notesSlide1.xml", `<p:notes><a:p><a:t>発表者メモ</a:t></a:p></p:notes>`}))
	x.Find(person)
	x.Find("発表者メモ")
}

func TestOfficeFaults(t *testing.T) {
	whole := zipped(t, zip.Deflate, book()...)
	for name, body := range map[string][]byte{
		"cut off":          whole[:len(whole)-400],
		"strings cut off":  zipped(t, zip.Deflate, append(book()[:6], file{"xl/sharedStrings.xml", "<sst><si><t>門番 花子"})...),
		"index beyond":     zipped(t, zip.Deflate, append(book()[:6], file{"xl/sharedStrings.xml", "<sst/>"}, file{"a.txt", person})...),
		"utf-16 sheet":     zipped(t, zip.Deflate, file{"[Content_Types].xml", "<Types/>"}, file{"word/document.xml", "\xff\xfe<\x00a\x00>\x00\x80\x95\x6a\x75\x20\x00\xb1\x82\x50\x5b<\x00/\x00a\x00>\x00"}),
		"far to the right": zipped(t, zip.Deflate, append(book()[:3], file{"xl/worksheets/sheet1.xml", strings.Repeat(`<row><c r="XFD1"><v>1</v></c></row>`, 1000)}, file{"a.txt", person})...),
	} {
		x := inspect(t, body)
		if !x.Has(person) && len(x.Skips()) == 0 {
			t.Errorf("%s: neither found nor told:\n%s", name, x)
		}
	}
}

// BenchmarkWorkbook reads some 50 MB of text in cells.
func BenchmarkWorkbook(b *testing.B) {
	var rows, shared strings.Builder
	shared.WriteString("<sst>")
	n := 0
	for i := range 100000 {
		fmt.Fprintf(&rows, `<row r="%d">`, i+2)
		for j, v := range []string{"1001", "関守 太郎", "東京都千代田区架空町一丁目2番3号 関所ビル五階", "090-0000-0001"} {
			fmt.Fprintf(&shared, `<si><t>%s %d</t></si>`, v, i)
			fmt.Fprintf(&rows, `<c r="%c%d" t="s" s="1"><v>%d</v></c>`, 'A'+j, i+2, n)
			n++
		}
		rows.WriteString("</row>")
	}
	shared.WriteString("</sst>")
	files := book()
	files[3].body = "<worksheet><sheetData>" + rows.String() + "</sheetData></worksheet>"
	files[6].body = shared.String()
	body := zipped(b, zip.Deflate, files...)
	b.SetBytes(int64(rows.Len() + shared.Len()))
	b.ReportAllocs()
	for b.Loop() {
		e := &sink{}
		p := part.Part{Body: bytes.NewReader(body), Size: int64(len(body))}
		if err := office.Readers(archive.Zip{})[0].Read(b.Context(), &p, e, part.NewBudget(part.Limits{}, int64(len(body)))); err != nil {
			b.Fatal(err)
		}
		if e.n < shared.Len()/2 {
			b.Fatalf("%d bytes of text", e.n)
		}
	}
}

// sink is an Emitter that reads tables and drops the rest.
type sink struct{ n int }

func (s *sink) Text(t part.Text) error         { s.n += len(t.Bytes); return nil }
func (s *sink) Format(string, string)          {}
func (s *sink) Skip(part.Reason, bool, string) {}
func (s *sink) Child(p part.Part) error {
	if p.MediaType != table.Type {
		return nil
	}
	return table.Reader{}.Read(context.Background(), &p, s, part.NewBudget(part.Limits{}, 1<<30))
}
