package office

import "testing"

func TestMachinery(t *testing.T) {
	got := textsOf(read(t, "word/document.xml", "<document/>",
		"word/theme/theme1.xml", `<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" name="Office テーマ"><a:font script="Yiii" typeface="Microsoft Yi Baiti"/><a:gs pos="9144000"/><!-- 覚え --><a:ext uri="{05A4C25C}"/></a:theme>`,
		"word/settings.xml", `<w:settings><w:docVar w:name="担当" w:val="0312345678"/><w:attachedTemplate r:id="x@example.jp"/><w:x>文字</w:x></w:settings>`,
	))
	for path, want := range map[string]string{"theme1": "覚え\n", "settings": "担当\n0312345678\nx@example.jp\n文字\n"} {
		if got[path] != want {
			t.Errorf("%s: %q, not %q", path, got[path], want)
		}
	}
}
