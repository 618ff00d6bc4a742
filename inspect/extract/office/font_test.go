package office

import (
	"strings"
	"testing"
)

// TestFonts tells fonts that are hidden as what they are, and reads what only says
// so.
func TestFonts(t *testing.T) {
	table := func(name string) string { return name + strings.Repeat("\x01", 12) }
	font := strings.Repeat("\x9c", 32) + strings.Repeat("\x01", 12) + table("OS/2") + table("cmap") + table("glyf") + table("head") + strings.Repeat("\xf7\x02", 400)
	x := read(t, "[Content_Types].xml", "<Types/>", "word/fonts/font1.odttf", font,
		"word/fonts/font2.odttf", "氏名,電話\n関守 太郎,090-0000-0001\n門番 花子,080-0000-0002\n関守 次郎,070-0000-0003\n")
	format := ""
	for _, p := range x.Parts {
		if strings.HasSuffix(p.Path, "font1.odttf") {
			format = p.Format
		}
	}
	if format != "truetype" || !x.Has("関守 太郎") {
		t.Errorf("the font is taken for %q:\n%s", format, x)
	}
}
