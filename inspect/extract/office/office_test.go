package office

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/decode"
	"github.com/sekimori-dlp/sekimori/inspect/extract/table"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

// archive is a reader of zip for these tests, which are of documents.
type archive struct{}

func (archive) Name() string                  { return "zip" }
func (archive) Match(*part.Part, []byte) bool { return false }
func (archive) failed(e part.Emitter, err error) error {
	e.Skip(part.DecodeError, true, err.Error())
	return nil
}

func (a archive) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	all, err := io.ReadAll(p.Body)
	if err != nil {
		return a.failed(e, err)
	}
	z, err := zip.NewReader(bytes.NewReader(all), int64(len(all)))
	if err != nil {
		return a.failed(e, err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return a.failed(e, err)
		}
		m := part.NewMeter(ctx, b, "zip", r)
		if err := e.Child(part.Part{Path: f.Name, Name: f.Name, Body: m, Size: int64(f.UncompressedSize64)}); err != nil {
			return err
		}
	}
	return nil
}

func readers() []part.Reader {
	return append(append(Readers(archive{}), table.Reader{}), decode.Readers()...)
}

// packed returns a zip archive of files, given by name and contents in turn.
func packed(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		m, err := w.CreateHeader(&zip.FileHeader{Name: files[i], Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(m, files[i+1])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read reads a document of such files.
func read(t testing.TB, files ...string) *parttest.Tree {
	t.Helper()
	body := packed(t, files...)
	return parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(body), Size: int64(len(body))}, part.Limits{})
}

// texts returns what was read, by path without the root.
func textsOf(x *parttest.Tree) map[string]string {
	all := map[string]string{}
	for _, p := range x.Parts {
		path := strings.TrimPrefix(strings.TrimPrefix(p.Path, "upload"), part.Separator)
		all[path] += p.Text()
	}
	return all
}

const relation0 = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`

func rel(id, kind, target string) string {
	return `<Relationship Id="` + id + `" Type="http://purl.oclc.org/ooxml/officeDocument/relationships/` + kind + `" Target="` + target + `"/>`
}

func TestStrictPackage(t *testing.T) {
	x := read(t,
		"[Content_Types].xml", "<Types/>",
		"_rels/.rels", relation0+rel("a", "officeDocument", `\parts\book.xml`)+"</Relationships>",
		"parts/book.xml", `<x:workbook xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main" xmlns:q="urn:r"><x:sheets><x:sheet name="一覧" sheetId="1" state="veryHidden" q:id="s"/></x:sheets></x:workbook>`,
		"parts/_rels/book.xml.rels", relation0+rel("s", "worksheet", "../other/one.xml")+rel("t", "sharedStrings", "./words.xml")+rel("u", "styles", "/parts/s.xml")+"</Relationships>",
		"parts/s.xml", `<x:styleSheet><x:numFmts><x:numFmt numFmtId="200" formatCode="0##-####-####"/></x:numFmts><x:cellXfs><x:xf numFmtId="0"/><x:xf numFmtId="200"/></x:cellXfs></x:styleSheet>`,
		"parts/words.xml", `<x:sst><x:si><x:t>関守 太郎</x:t></x:si></x:sst>`,
		"other/one.xml", `<x:worksheet><x:sheetData><x:row r="2"><x:c r="B2" t="s"><x:v>0</x:v></x:c><x:c r="C2" s="1"><x:v>9000000001</x:v></x:c></x:row></x:sheetData><x:drawing r:id="d"/></x:worksheet>`,
		"other/_rels/one.xml.rels", relation0+rel("d", "drawing", "d.xml")+rel("h", "hyperlink", `mailto:taro@example.jp" TargetMode="External`)+"</Relationships>",
		"other/d.xml", `<xdr:wsDr><xdr:sp><xdr:txBody><a:p><a:r><a:t>図の</a:t></a:r><a:r><a:t>文字</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:wsDr>`,
	)
	got := textsOf(x)
	for path, want := range map[string]string{
		"一覧":         "\n\t関守 太郎\t090-0000-0001\n",
		"一覧 drawing": "図の文字\n",
		"一覧 links":   "mailto:taro@example.jp\n",
	} {
		if !strings.HasPrefix(got[path], want) {
			t.Errorf("%s: %q, not %q\n%s", path, got[path], want, x)
		}
	}
	if s := x.Skips(); len(s) > 0 {
		t.Errorf("skipped: %v", s)
	}
}

func TestSlides(t *testing.T) {
	slide := func(s string) string {
		return `<p:sld show="0"><a:p><a:r><a:t>` + s + `</a:t></a:r><a:br/><a:r><a:t>次</a:t></a:r></a:p></p:sld>`
	}
	got := textsOf(read(t,
		"_rels/.rels", relation0+rel("a", "officeDocument", "ppt/presentation.xml")+"</Relationships>",
		"ppt/presentation.xml", `<p:presentation><p:sldIdLst><p:sldId id="256" r:id="r2"/><p:sldId id="257" r:id="r1"/></p:sldIdLst></p:presentation>`,
		"ppt/_rels/presentation.xml.rels", relation0+rel("r1", "slide", "slides/slide1.xml")+rel("r2", "slide", "slides/slide2.xml")+"</Relationships>",
		"ppt/slides/slide1.xml", slide("後"), "ppt/slides/slide2.xml", slide("先"),
		"ppt/slides/_rels/slide2.xml.rels", relation0+rel("n", "notesSlide", "../notesSlides/n.xml")+rel("c", "comments", "../c.xml")+"</Relationships>",
		"ppt/notesSlides/n.xml", `<p:notes><a:p><a:t>覚え</a:t></a:p></p:notes>`,
		"ppt/c.xml", `<p:cmLst><p:cm authorId="0"><p:text>意見</p:text></p:cm></p:cmLst>`,
	))
	for path, want := range map[string]string{"Slide 1": "先\n次\n", "Slide 2": "後\n次\n", "Slide 1 notes": "覚え\n", "Slide 1 comments": "意見\n\n"} {
		if got[path] != want {
			t.Errorf("%s: %q, not %q", path, got[path], want)
		}
	}
}

func TestFaults(t *testing.T) {
	book := `<workbook><sheets><sheet name="S" r:id="s"/></sheets></workbook>`
	links := relation0 + rel("s", "worksheet", "worksheets/sheet1.xml") + "</Relationships>"
	cell := `<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>関守 太郎</t></is></c></row>`
	for name, c := range map[string]struct {
		files  []string
		find   string
		reason part.Reason
	}{
		"sheet cut off":   {[]string{"xl/workbook.xml", book, "xl/_rels/workbook.xml.rels", links, "xl/worksheets/sheet1.xml", cell}, "関守 太郎\n", part.DecodeError},
		"strings cut off": {[]string{"xl/workbook.xml", book, "xl/_rels/workbook.xml.rels", links, "xl/sharedStrings.xml", "<sst><si><t>関守 太郎"}, "関守 太郎", part.DecodeError},
		"strings missing": {[]string{"xl/workbook.xml", book, "xl/_rels/workbook.xml.rels", links, "xl/worksheets/sheet1.xml", `<worksheet><c t="s"><v>3</v></c><c><v>0120</v></c></worksheet>`}, "\t0120\n", ""},
		"story cut off":   {[]string{"word/document.xml", "<w:document><w:p><w:t>関守 太郎"}, "関守 太郎", part.DecodeError},
		"table cut off":   {[]string{"word/document.xml", "<w:document><w:tbl><w:tr><w:tc><w:p><w:t>関守 太郎"}, "関守 太郎", part.DecodeError},
		"encrypted": {[]string{"mimetype", "application/vnd.oasis.opendocument.text", "content.xml", "\x8a\x01\xff\x9c???????", "META-INF/manifest.xml",
			`<m:manifest><m:file-entry m:full-path="/" m:media-type="application/vnd.oasis.opendocument.text"/><m:file-entry m:full-path="content.xml"><m:encryption-data m:checksum="x"/></m:file-entry></m:manifest>`}, "", part.Encrypted},
	} {
		x := read(t, c.files...)
		if c.find != "" && !x.Has(c.find) {
			t.Errorf("%s: not found:\n%s", name, x)
		}
		if s := x.Skips(); c.reason != "" && (len(s) == 0 || s[0] != string(c.reason)) || c.reason == "" && len(s) > 0 {
			t.Errorf("%s: %v, not %s", name, s, c.reason)
		}
	}
}

func TestEncodings(t *testing.T) {
	var b strings.Builder
	b.WriteString("\xff\xfe")
	for _, r := range `<?xml version="1.0" encoding="UTF-16"?><w:document><w:p><w:t>関守</w:t></w:p></w:document>` {
		b.WriteByte(byte(r))
		b.WriteByte(byte(r >> 8))
	}
	for _, body := range []string{
		b.String(),
		"<?xml version='1.0' encoding='Shift_JIS'?><w:document><w:p><w:t>\x8a\xd6\x8e\xe7</w:t></w:p></w:document>",
		"<?xml version=\"1.0\" encoding=\"UTF-16\"?><w:document><w:p><w:t>関守</w:t></w:p></w:document>",
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document><w:p><w:t>関守</w:t></w:p></w:document>",
	} {
		if got := textsOf(read(t, "word/document.xml", body))["document"]; got != "関守\n" {
			t.Errorf("%.60q: %q", body, got)
		}
	}
}

// TestCustomXML checks that all is read of XML that is none of the document's.
func TestCustomXML(t *testing.T) {
	x := read(t, "word/document.xml", "<document/>", "customXml/item1.xml", `<settings owner="Taro" tel="0312345678"><n/></settings>`)
	if !x.Has("owner=Taro") || !x.Has("tel=0312345678") {
		t.Errorf("%s", x)
	}
}

// TestAnyOrder checks that a document is known whatever stands first in it.
func TestAnyOrder(t *testing.T) {
	for _, names := range [][]string{{"decoy.txt", "[Content_Types].xml"}, {"[Content_Types].xml", "decoy.txt"}} {
		x := read(t, names[0], "<Types/>", names[1], "<Types/>", "word/document.xml", "<w:document><w:p><w:t>090-</w:t><w:t>0000</w:t></w:p></w:document>")
		if !x.Has("090-0000\n") {
			t.Errorf("%v:\n%s", names, x)
		}
	}
	b := packed(t, "a.txt", "[Content_Types].xml")
	if p := (part.Part{Body: bytes.NewReader(b), Size: int64(len(b))}); (document{}).Match(&p, b) {
		t.Error("a text about documents is none")
	}
}

// TestStream checks what can be read of a workbook that cannot be read ahead.
func TestStream(t *testing.T) {
	b := packed(t, "xl/worksheets/sheet1.xml", `<worksheet><sheetData><row r="1"><c t="inlineStr"><is><t>関守 太郎</t></is></c><c t="s"><v>0</v></c><c><v>5</v></c></row></sheetData></worksheet>`,
		"xl/sharedStrings.xml", `<sst><si><r><t>門番</t></r><r><t> 花子</t></r></si></sst>`)
	d := &pack{ctx: t.Context(), b: part.NewBudget(part.Limits{}, int64(len(b)))}
	x := parttest.Read(t, append([]part.Reader{streamed{d}, table.Reader{}}, decode.Readers()...), part.Part{Body: bytes.NewReader(b), Size: int64(len(b))}, part.Limits{})
	if !x.Has("関守 太郎\t\t5\n") || !x.Has("門番 花子\n") {
		t.Errorf("%s", x)
	}
}

// streamed is a document whose body is too large to be read ahead.
type streamed struct{ d *pack }

func (streamed) Name() string                      { return "office" }
func (streamed) Match(_ *part.Part, h []byte) bool { return string(h[:2]) == "PK" }
func (s streamed) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	s.d.e = e
	return archive{}.Read(ctx, p, members{e, s.d}, b)
}

func TestPrinter(t *testing.T) {
	b := make([]byte, 220)
	copy(b, "P\x00r\x00i\x00n\x00t\x00e\x00r\x00")
	copy(b[64:], "\x01\x04\x00\x06\xdc\x00")
	copy(b[102:], "u\x00s\x00e\x00r\x00 \x001\x00")
	x := read(t, "xl/workbook.xml", "<workbook/>", "xl/printerSettings/printerSettings1.bin", string(b))
	if !x.Has("Printer\n") || !x.Has("user 1\n") || len(x.Skips()) > 0 {
		t.Errorf("settings of a printer:\n%s", x)
	}
}

// frames are documents with a place for what is fuzzed.
var frames = []func(body string) []string{
	func(body string) []string {
		return []string{"xl/workbook.xml", `<workbook><sheet name="S" r:id="s"/></workbook>`,
			"xl/_rels/workbook.xml.rels", relation0 + rel("s", "worksheet", "a.xml"), "xl/sharedStrings.xml", body, "xl/styles.xml", body, "xl/a.xml", body}
	},
	func(body string) []string { return []string{"word/document.xml", body} },
	func(body string) []string { return []string{"content.xml", body} },
	func(body string) []string {
		return []string{"_rels/.rels", relation0 + rel("a", "officeDocument", "xl/workbook.bin"),
			"xl/workbook.bin", string(rec(brtBundleSh, make([]byte, 8), text("r"), text("S"))),
			"xl/_rels/workbook.bin.rels", relation0 + rel("r", "worksheet", "s.bin"), "xl/sharedStrings.bin", body, "xl/styles.bin", body, "xl/s.bin", body}
	},
	func(body string) []string {
		return []string{"_rels/.rels", body, "xl/workbook.xml", body, "xl/_rels/workbook.xml.rels", body, "a.bin", body}
	},
}

func FuzzDocument(f *testing.F) {
	for i, s := range []string{
		`<worksheet><sst><si><t>a_x0041_</t><rPh><t>b</t></rPh></si></sst><row r="3"><c r="XC40" t="s"><v>0</v></c><c t="str"><f>"x"&amp;A1</f></c></row><oddHeader>&amp;C&amp;"a"b</oddHeader>`,
		`<document><p><t>a</t><del><delText>b</delText></del><ins><t>c</t></ins></p><tbl><tr><tc><p><t>a</t></p></tc><tc/></tr><tr><tc><tbl><tr><tc/></tr></tbl></tc></tr></tbl><AlternateContent><Choice>y</Choice><Fallback>x</Fallback></AlternateContent><ruby><rt>x</rt></ruby><sym char="F041"/>`,
		`<document-content><p>x<note><p>y</p></note></p><table><table-row><table-cell/></table-row></table><spreadsheet><table name="x"><table-row number-rows-repeated="99"><table-cell number-columns-repeated="99" value="1" value-type="float"/><table-cell><annotation><p>z</p></annotation><p>w</p></table-cell></table-row></table></spreadsheet>`,
		string(sheetRecords()),
		relation0 + rel("a", "officeDocument", "../xl/workbook.xml") + `<workbook><sheet name="&lt;" id="a"/></workbook><!-- x --><![CDATA[y]]>`,
	} {
		f.Add(uint8(i), s)
	}
	f.Fuzz(func(t *testing.T, frame uint8, body string) {
		all := packed(t, frames[int(frame)%len(frames)](body)...)
		l := part.Limits{Bytes: 256 << 10, Entries: 200}
		parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(all), Size: int64(len(all))}, l)
	})
}
