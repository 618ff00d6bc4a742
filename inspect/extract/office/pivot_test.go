package office

import "testing"

func TestPivot(t *testing.T) {
	got := textsOf(read(t,
		"xl/workbook.xml", "<workbook/>",
		"xl/_rels/workbook.xml.rels", relation0+rel("p", "pivotCacheDefinition", "pivotCache/d1.xml")+"</Relationships>",
		"xl/pivotCache/d1.xml", `<pivotCacheDefinition><cacheFields><cacheField name="氏名"><sharedItems><s v="関守 太郎"/><s v="門番 花子"/></sharedItems></cacheField><cacheField name="電話"><sharedItems/></cacheField></cacheFields></pivotCacheDefinition>`,
		"xl/pivotCache/_rels/d1.xml.rels", relation0+rel("r", "pivotCacheRecords", "r1.xml")+"</Relationships>",
		"xl/pivotCache/r1.xml", `<pivotCacheRecords><r><x v="1"/><s v="090-0000-0001"/></r><r><x v="0"/><m/></r><r><x v="9"/></r></pivotCacheRecords>`,
	))
	if want := "氏名\t電話\n門番 花子\t090-0000-0001\n関守 太郎\n9\n"; got["r1"] != want {
		t.Errorf("%q, not %q", got["r1"], want)
	}
}
