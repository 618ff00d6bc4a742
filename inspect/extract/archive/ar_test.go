package archive

import (
	"fmt"
	"strings"
	"testing"
)

func arMember(name, body string) string {
	s := fmt.Sprintf("%-16s%-12d%-6d%-6d%-8o%-10d`\n", name, 0, 0, 0, 0o100600, len(body)) + body
	return s + strings.Repeat("\n", len(body)%2)
}

func TestAr(t *testing.T) {
	long := "門番花子の長い名前のファイル.csv"
	for _, c := range []struct{ name, body, path, skips string }{
		{"plain", arMember("a.csv/", customers), "a.csv", ""},
		{"second, after an odd one", arMember("a/", "odd") + arMember("b.csv/", customers), "b.csv", ""},
		{"GNU, long name", arMember("//", long+"/\n") + arMember("/0", customers), long, ""},
		{"BSD, long name", arMember("#1/"+fmt.Sprint(len(long)), long+customers), long, ""},
		{"symbols", arMember("/", "\x00\x00\x00\x00") + arMember("b/", customers), "b", ""},
		{"text behind", arMember("a/", "x") + "\n\n" + strings.Repeat(customers, 2), "trailing data", ""},
		{"cut off", arMember("a/", customers+customers)[:70+len(customers)], "a", "truncated"},
	} {
		x := inspect(t, []byte(arMagic+c.body))
		if s := x.Find(person); s.Path != "upload » "+c.path || !strings.Contains(skips(x), c.skips) || c.skips == "" && skips(x) != "" {
			t.Errorf("%s: found in %s, skipped %q:\n%s", c.name, s.Path, skips(x), x)
		}
	}
}
