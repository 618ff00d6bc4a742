package data

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
)

func TestSQL(t *testing.T) {
	x := inspect(t, "", "-- MySQL dump\nCREATE TABLE `customers` (\n  `id` int NOT NULL,\n  `name` varchar(50),\n  `tel` varchar(20),\n  PRIMARY KEY (`id`)\n);\n"+
		"INSERT INTO `customers` VALUES (1,'"+person+"','090-0000-0001'),(2,'O\\'Hara, (x)',NULL);\nINSERT INTO `customers` VALUES\n (3,'it''s',0x6162),(-4.5,concat('a','b'),_binary 'c\\\\');\n"+
		"UPDATE x SET y = '関守';\nINSERT INTO public.\"users\" (id, 氏名, memo) VALUES (1, N'見張 次郎', 'a\tb\nc') ON CONFLICT DO NOTHING;\n"+
		"COPY public.people (id, name, phone) FROM stdin;\n1\t四谷 史郎\t090-0000-0004\n2\ta\\tb\\\\\t\\N\n\\.\n-- end\n")
	if x.Parts[0].Format != "sql" || len(x.Skips()) > 0 {
		t.Errorf("%s", x)
	}
	holds(t, x, "upload » customers", "id\tname\ttel\t\n1\t"+person+"\t090-0000-0001\n2\tO'Hara, (x)\t\n3\tit's\tab\n-4.5\tconcat(a,b)\tc\\\n")
	holds(t, x, "upload » users", "id\t氏名\tmemo\t\n1\t見張 次郎\ta b c\n")
	holds(t, x, "upload » people", "id\tname\tphone\t\n1\t四谷 史郎\t090-0000-0004\n2\ta b\\\t\n")
	holds(t, x, "upload » statements", "UPDATE x SET y = '関守';", "ON CONFLICT DO NOTHING;", "-- end", "CREATE TABLE `customers`")

	var b strings.Builder
	b.WriteString("CREATE TABLE t(a text, b text);\nINSERT INTO t VALUES ('x','y')")
	for i := range 5000 {
		fmt.Fprintf(&b, ",('row %d','%s')", i, person)
	}
	x = inspect(t, "", b.String())
	if n := strings.Count(x.Find(person).Text(), person); n != 5000 {
		t.Errorf("%d of 5000 rows", n)
	}
	b.Reset()
	for i := range 3000 { // one table after another
		fmt.Fprintf(&b, "INSERT INTO t%d VALUES ('row %d','%s');\n%s", i/1000, i, person, strings.Repeat(" ", i%5))
		if i%7 == 0 {
			fmt.Fprintf(&b, "INSERT INTO t%d (x, y) VALUES ('row %d','%s');\n\n\n", i/1000, i, person)
		}
	}
	x = inspect(t, "", b.String())
	n := 0
	for _, s := range x.Parts {
		if s.Format == "table" {
			n += strings.Count(s.Text(), person)
		}
	}
	if want := strings.Count(b.String(), person); n != want {
		t.Errorf("%d of %d rows", n, want)
	}
	for _, odd := range []string{"INSERT INTO t VALUES", "INSERT INTO t VALUES (", "INSERT INTO t VALUES ('", "INSERT INTO t VALUES (1,", "INSERT INTO t (", "COPY t FROM stdin;\n1",
		"INSERT INTO t SELECT '" + person + "';", "CREATE TABLE t(", "INSERT INTO t VALUES (1) x (2);"} {
		inspect(t, "", odd)
	}
	inspect(t, "", "INSERT INTO t SELECT '"+person+"';\n").Find(person)
}

func TestWARC(t *testing.T) {
	record := func(kind, block string) string {
		return fmt.Sprintf("WARC/1.0\r\nWARC-Type: response\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n", kind, len(block), block)
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write([]byte(person))
	w.Close()
	body := record("application/warc-fields", "operator: 関守\r\n") +
		record("application/http; msgtype=request", "POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{\"name\":\""+person+"\"}") +
		record("application/http; msgtype=response", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"+fmt.Sprintf("5\r\n%s\r\n%x;x=y\r\n%s\r\n0\r\n\r\n", z.String()[:5], z.Len()-5, z.String()[5:]))
	x := inspect(t, "", body)
	if x.Parts[0].Format != "warc" || len(x.Skips()) > 0 {
		t.Errorf("%s", x)
	}
	holds(t, x, "upload » record 1", "関守")
	holds(t, x, "upload » record 2", person)
	holds(t, x, "upload » record 3 » gzip", person)
	holds(t, x, "upload » record 3 http", "200 OK")
	for n := 1; n < len(body); n += 37 {
		inspect(t, "", body[:n])
	}
	if got := strings.Join(inspect(t, "", body[:len(body)-30]).Skips(), " "); !strings.Contains(got, "truncated") {
		t.Errorf("cut off: %q", got)
	}
}

func TestEscaped(t *testing.T) {
	x := inspect(t, "", `customer.name=\u9580\u756a \u82b1\u5b50`+"\n"+`x=\\u82b1 \ud83d\ude00 \u00 \`)
	holds(t, x, "upload » characters", person+"\nx=\\\\u82b1 😀 \\u00 \\")
	if x := inspect(t, "", `C:\users\u\\u9580\\u756a`); x.Parts[0].Format == "escaped" {
		t.Error("escaped backslashes are taken for escapes")
	}
}
