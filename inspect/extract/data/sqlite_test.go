package data

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestSQLite(t *testing.T) {
	for _, name := range []string{"utf8.sqlite", "utf16le.sqlite", "utf16be.sqlite"} {
		x := inspect(t, "", example(t, name))
		if got := strings.Join(x.Skips(), " "); got != "unknown-format" { // of the blob
			t.Errorf("%s: skipped %q", name, got)
		}
		holds(t, x, "upload » 顧客", "id\t氏名\t電話\tsalary\tmemo\tphoto\t\n", "9000\t"+person+"\t090-0000-0009\t13.5\t\t\n",
			strings.Repeat("長い", 300)+"末尾\t\n", "\tmemo in a blob\n", "12000\t関守 12郎")
		holds(t, x, "upload » codes", "code\tname\tnote\t\n", "11\t名前11\t注\n")
		holds(t, x, "upload » schema", "CREATE TABLE \"顧客\"")
		holds(t, x, "upload » 顧客.photo row 4000", "")
		if name == "utf8.sqlite" {
			holds(t, x, "upload » deleted rows", "消去 済男")
		}
		if n := strings.Count(x.Find(person).Text(), "\n"); n != 13 {
			t.Errorf("%s: %d rows", name, n)
		}
	}
}

func TestSQLiteFaults(t *testing.T) {
	whole := example(t, "utf8.sqlite")
	loop := strings.Clone(whole)
	for n := 512; n+512 <= len(loop); n += 512 { // every page's right-most child is the root
		if loop[n] == tableInterior {
			loop = loop[:n+8] + "\x00\x00\x00\x02" + loop[n+12:]
		}
	}
	for _, c := range []struct{ name, body, reason string }{
		{"cut off", whole[:len(whole)-2048], "truncated"},
		{"header only", whole[:100], "truncated"},
		{"no page size", whole[:16] + "\x00\x07" + whole[18:], "decode-error"},
		{"loop", loop, "decode-error"},
	} {
		if x := inspect(t, "", c.body); !slices.Contains(x.Skips(), c.reason) {
			t.Errorf("%s: skipped %v", c.name, x.Skips())
		}
	}
}

func TestColumns(t *testing.T) {
	for sql, want := range map[string]string{
		"CREATE TABLE t (a, b text default ',', \"c d\" int(1,2), [e], `f`, 'g', PRIMARY KEY (a, b), CHECK (a > 0))": "[a b c d e f g] -1",
		"CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT,x)":                                                     "[id x] 0",
		"CREATE TABLE t(x, id INTEGER, PRIMARY KEY(id))":                                                             "[x id] 1",
		"CREATE TABLE t(a, b PRIMARY KEY) WITHOUT ROWID":                                                             "[b a] -1",
		"CREATE TABLE t(": "[] -1",
		"":                "[] -1",
	} {
		names, rowid := columnsOf(sql)
		if got := fmt.Sprint(names, rowid); got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
}
