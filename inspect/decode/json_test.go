package decode

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func TestJSON(t *testing.T) {
	escaped, _ := json.Marshal(map[string]any{"name": person, "quote": `a "b" \ c`})
	ascii := []byte(`{"name":"` + strings.Trim(fmt.Sprintf("%+q", person), `"`) + `","tel":"090\u002d0000-0001","e":"\ud83d\ude00","bad":"\ud83d \x"}`)
	x := inspect(t, part.Part{MediaType: "application/json"}, string(escaped))
	x.Find(`"quote":"a 'b' \ c"`)
	x = inspect(t, part.Part{}, string(ascii))
	s := x.Find(`"name":"` + person + `"`)
	if got := string(s.Bytes(person)); got != strings.Trim(fmt.Sprintf("%+q", person), `"`) {
		t.Errorf("the value leads to %q", got)
	}
	if s := x.Find("090-0000-0001"); s.Layout != part.JSON {
		t.Errorf("layout %v", s.Layout)
	}
	x.Find(`"e":"😀"`)
}

func TestJSONChildren(t *testing.T) {
	long := strings.Repeat(customers, 2000)
	for name, value := range map[string]string{
		"lines":       customers,
		"long":        long,
		"base64":      base64.StdEncoding.EncodeToString([]byte(customers)),
		"base64url":   base64.RawURLEncoding.EncodeToString([]byte(customers)),
		"MIME base64": strings.ReplaceAll(wrap(base64.StdEncoding.EncodeToString([]byte(long)), 76), "\n", "\r\n"),
		"long base64": base64.StdEncoding.EncodeToString([]byte(long)),
		"gzip base64": base64.StdEncoding.EncodeToString([]byte(compress(t, "gzip", long))),
		"data URL":    "data:text/csv;base64," + base64.StdEncoding.EncodeToString([]byte(encode(t, japanese.ShiftJIS, long))),
		"data URL %":  "data:text/csv;charset=utf-8," + url.PathEscape(customers),
		"json":        `{"a":[{"n":"` + person + `"}]}`,
		"short":       base64.StdEncoding.EncodeToString([]byte("氏名 " + person + " 様")),
		"markup":      "<p>氏名</p><p>&#x9580;番 <b>花</b>子</p>",
		"utf-16":      base64.StdEncoding.EncodeToString([]byte(encode(t, encodings["utf-16le"], customers))),
	} {
		for _, slashes := range []bool{false, true} {
			b, _ := json.Marshal(map[string]any{"a": 1, "files": []any{"x", map[string]string{"content": value}}, "z": "the end"})
			if slashes {
				b = bytes.ReplaceAll(b, []byte("/"), []byte(`\/`))
			}
			x := inspect(t, part.Part{MediaType: "application/json"}, string(b))
			s := x.Find(person)
			if !strings.HasPrefix(s.Path, "upload » $.files[1].content") || len(x.Skips()) > 0 {
				t.Errorf("%s:\n%s", name, x)
			}
			if root := x.Parts[0].Text(); !strings.HasSuffix(root, `"content":""}],"z":"the end"}`) {
				t.Errorf("%s: what is left ends %q", name, root[max(0, len(root)-200):])
			}
		}
	}
}

func TestJSONFaults(t *testing.T) {
	for name, body := range map[string]string{
		"deep":         strings.Repeat("[", 1000000) + `"` + person + `"`,
		"deep object":  strings.Repeat(`{"a":`, 200000) + `"` + person + `"`,
		"not closed":   `{"a": "` + person,
		"a stray mark": `{"a": "x" y", "b": "` + person + `"}`,
		"ndjson":       strings.Repeat(`{"a":1}`+"\n", 10000) + `{"n":"` + person + `"}` + "\n",
		"markup":       "<p>氏名</p><p>&#x9580;番 <b>花</b>子</p>",
		"utf-16":       encode(t, encodings["utf-16 bom"], `{"n":"`+person+`"}`),
		"cp932":        encode(t, japanese.ShiftJIS, `{"n":"`+person+`", "m":"表示"}`),
		"not json":     `{"` + customers,
	} {
		x := inspect(t, part.Part{MediaType: "application/json"}, body)
		if x.Find(person); len(x.Skips()) > 0 {
			t.Errorf("%s: %v", name, x.Skips())
		}
	}
}
