package inspect_test

import (
	"archive/zip"
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// workbook makes an XLSX file with one sheet.
func workbook(t *testing.T, rows [][]string) string {
	t.Helper()
	var sheet strings.Builder
	for _, row := range rows {
		sheet.WriteString("<row>")
		for _, v := range row {
			sheet.WriteString(`<c t="inlineStr"><is><t>` + v + `</t></is></c>`)
		}
		sheet.WriteString("</row>")
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range [][2]string{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`},
		{"xl/workbook.xml", `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>`},
		{"xl/worksheets/sheet1.xml", "<worksheet><sheetData>" + sheet.String() + "</sheetData></worksheet>"},
	} {
		w, err := z.Create(f[0])
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(f[1]))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestWhere wants each telephone number to be told by its place.
func TestWhere(t *testing.T) {
	s, err := inspect.New(inspect.Spec{}, inspect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, body string
		want       []string
	}{
		{"顧客.xlsx", workbook(t, [][]string{{"氏名", "住所", "電話番号"}, {"山田 太郎", "", "090-1234-5601"}, {"佐藤 花子", "", "080-2345-6702"}}),
			[]string{"顧客.xlsx » Sheet1!C2", "顧客.xlsx » Sheet1!C3"}},
		{"list.csv", "氏名,備考,電話番号\n山田 太郎,,090-1234-5601\n佐藤 花子,x,080-2345-6702\n", []string{"list.csv:2:3", "list.csv:3:3"}},
		{"notes.txt", "こんにちは。\nお電話は 090-1234-5601 まで。\n", []string{"notes.txt:2"}},
		{"members.json", `{"members":[{"name":"山田 太郎","contact":{"phone":"090-1234-5601"}},{"name":"佐藤 花子","contact":{"phone":"080-2345-6702"}}]}`,
			[]string{"members.json » $.members[0].contact.phone", "members.json » $.members[1].contact.phone"}},
		{"rows.json", `[["山田 太郎","090-1234-5601"],["佐藤 花子","080-2345-6702"]]`, []string{"rows.json » $[0][1]", "rows.json » $[1][1]"}},
		{"keys.json", `{"山田 太郎":{"電話番号":"090-1234-5601"},"TaroYamada":{"phone":"080-2345-6702"}}`,
			[]string{"keys.json » $.*.電話番号", "keys.json » $.*.phone"}},
	} {
		r := s.Scan(context.Background(), []part.Part{{Path: c.name, Name: c.name, Body: strings.NewReader(c.body), Size: int64(len(c.body))}}, inspect.ScanOptions{})
		var got []string
		for i := range r.Findings {
			if f := &r.Findings[i]; f.Type == "PHONE" {
				got = append(got, inspect.Where(r.Place(f.Part), f))
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
	}
}
