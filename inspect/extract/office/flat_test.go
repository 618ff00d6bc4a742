package office

import (
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

func readFlat(t *testing.T, body string) *parttest.Tree {
	t.Helper()
	return parttest.Read(t, readers(), part.Part{Body: strings.NewReader(body), Size: int64(len(body))}, part.Limits{})
}

func TestFlatSheets(t *testing.T) {
	x := readFlat(t, `<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"><office:meta><dc:creator>作者</dc:creator></office:meta><office:body>`+openSheets+`</office:body></office:document>`)
	got := textsOf(x)
	if got["名簿"] != openTable || !strings.Contains(got["document"], "作者") || len(x.Skips()) > 0 {
		t.Errorf("%s", x)
	}
}

func TestExcelXML(t *testing.T) {
	x := readFlat(t, `<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<DocumentProperties><Author>作者</Author></DocumentProperties>
<Worksheet ss:Name="名簿"><Table><Row><Cell><Data ss:Type="String">氏名</Data></Cell><Cell><Data ss:Type="String">生年月日</Data></Cell></Row>
<Row ss:Index="4"><Cell ss:Formula="=&quot;式文字&quot;"><ss:Data ss:Type="String"><B>関守</B> 太郎</ss:Data><Comment ss:Author="評者"><ss:Data>注記</ss:Data></Comment></Cell><Cell ss:Index="3"><Data ss:Type="DateTime">1990-01-01T00:00:00.000</Data></Cell></Row></Table></Worksheet></Workbook>`)
	got := textsOf(x)
	for path, want := range map[string]string{"名簿": "氏名\t生年月日\n\n\n関守 太郎\t\t1990-01-01\n", "名簿 notes": "式文字\n注記\n", "properties": "作者\n"} {
		if got[path] != want {
			t.Errorf("%s: %q, not %q\n%s", path, got[path], want, x)
		}
	}
}

func TestWordXML(t *testing.T) {
	for _, body := range []string{
		`<?xml version="1.0"?><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"><w:body><w:p><w:r><w:t>090-</w:t></w:r><w:r><w:t>0000</w:t></w:r></w:p></w:body></w:wordDocument>`,
		`<pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"><pkg:part pkg:name="/word/document.xml"><pkg:xmlData><w:document><w:body><w:p><w:r><w:t>090-</w:t></w:r><w:r><w:t>0000</w:t></w:r></w:p></w:body></w:document></pkg:xmlData></pkg:part></pkg:package>`,
	} {
		if got := textsOf(readFlat(t, body))["document"]; got != "090-0000\n" {
			t.Errorf("%q", got)
		}
	}
}
