package tomlfile

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func parse(t testing.TB, src string) *File {
	t.Helper()
	f, err := Parse("a.toml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// walk follows a path of string keys and int indices.
func walk(n Node, path ...any) Node {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			n = n.Key(p)
		case int:
			n = n.Elem(p)
		}
	}
	return n
}

func TestPositions(t *testing.T) {
	const src = "# [[rule]] in a comment\n" + // 1
		"\"あ\" = '''\n[[rule]]\n'''''\n" + // 2-4
		"[[rule]]\n" + // 5
		"id = 'one'\n" + // 6
		"what.people = { at_least = 10, with = [\"NAME\",\n   \"PHONE\"] }\n" + // 7-8
		"  [rule.where]\n" + // 9
		"  class = [ # all of them\n    'a', 'b',\n  ]\n" + // 10-12
		"[[rule]]\r\n" + // 13
		"id = \"\"\"\n[rule.who]\n\\\"\"\"\"\"\"\n" + // 14-16
		"  [[rule.test]]\n" + // 17
		"  text = '日本' # '\n" + // 18
		"  [[rule.test]]\n" + // 19
		"  日付 = 1\n" // 20
	f, err := Parse("a.toml", []byte(strings.ReplaceAll(src, "日付", `"日付"`)))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path       []any
		key, value string
	}{
		{[]any{"あ"}, "2:1", "2:7"},
		{[]any{"rule", 0}, "5:1", "5:1"},
		{[]any{"rule", 0, "id"}, "6:1", "6:6"},
		{[]any{"rule", 0, "what"}, "7:1", "7:1"},
		{[]any{"rule", 0, "what", "people"}, "7:6", "7:15"},
		{[]any{"rule", 0, "what", "people", "at_least"}, "7:17", "7:28"},
		{[]any{"rule", 0, "what", "people", "with", 1}, "8:4", "8:4"},
		{[]any{"rule", 0, "where"}, "9:3", "9:3"},
		{[]any{"rule", 0, "where", "class", 1}, "11:10", "11:10"},
		{[]any{"rule", 0, "where", "missing"}, "9:3", "9:3"},
		{[]any{"rule", 1, "id"}, "14:1", "14:6"},
		{[]any{"rule", 1, "test", 0, "text"}, "18:3", "18:10"},
		{[]any{"rule", 1, "test", 1, "日付"}, "20:3", "20:10"},
		{[]any{"rule", 1, "test", 7}, "17:10", "17:10"},
	} {
		n := walk(f.Root(), c.path...)
		if got := strings.TrimPrefix(n.KeyPos().String(), "a.toml:"); got != c.key {
			t.Errorf("%v: key at %s, want %s", c.path, got, c.key)
		}
		if got := strings.TrimPrefix(n.Pos().String(), "a.toml:"); got != c.value {
			t.Errorf("%v: value at %s, want %s", c.path, got, c.value)
		}
	}
}

func TestSyntaxErrorHasPosition(t *testing.T) {
	for src, want := range map[string]string{
		"a = 1\nb = [1, 2\nc = 3\n":                 "a.toml:3:",
		"a = 1\n\n[[rule]]\nid = 'x'\nid = 'y'\n":   "a.toml:5:1: ",
		"a = 1\nb = \"\x8e\x81\"":                   "a.toml:2:6: the file is not UTF-8 from here on; save",
		"[[rule]]\n[[rule]]\n\n[rule.what\nx = 1\n": "a.toml:4:11: ",
	} {
		_, err := Parse("a.toml", []byte(src))
		var e Errors
		if !errors.As(err, &e) || len(e) != 1 || !strings.HasPrefix(e.Error(), want) {
			t.Errorf("%q: got %v, want one fault at %s", src, err, want)
		}
	}
}

// TestSyntaxErrorsTellTheRemedy: the mistakes that are made most, with what to
// write instead, in each block of a file at once.
func TestSyntaxErrorsTellTheRemedy(t *testing.T) {
	for src, want := range map[string][]string{
		"action = block\n":       {`1:10: `, `; write a text in quotes: "…"`},
		"pattern = \"\\d{5}\"\n": {`1:12: `, `; a backslash is written twice in "…"; write patterns in single quotes, such as '\d+'`},
		"［［rule］］\n":             {`1:1: `, "; '［' is a full-width or curly character: write ["},
		"id\u3000= 3\n":          {`1:3: `, `; '\u3000' is a full-width or curly character: write a space`},
		"a = “x”\n":              {`1:5: `, "; '“' is a full-width or curly character: write \""},
		"a = [\"x\" \"y\"]\n":    {`1:10: `, "; put a comma between two values"},
		"a = 1\na = 2\n":         {`2:1: `, "; leave one out, or begin another [[table]]"},
		"id: x\n":                {`1:3: `, "; write key = value"},
		"名前 = 1\n":               {`1:1: `, "; a key is made of Latin letters"},
		"a = \"x\n":              {`1:7: `, "; close the quote on the same line"},
		"a = 10MB\n":             {`1:7: `, `; one key = value stands on a line`},
		"a = 09:00-18:00\n":      {`1:5: `, `; write a text in quotes: "…"`},
	} {
		_, err := Parse("a.toml", []byte(src))
		if err == nil || !strings.HasPrefix(err.Error(), "a.toml:"+want[0]) || !strings.Contains(err.Error(), want[1]) {
			t.Errorf("%q: %v, want %s … %s", src, err, want[0], want[1])
		}
	}
	_, err := Parse("a.toml", []byte("[[rule]]\nid = x\n[[rule]]\nid = \"y\"\n[rule.what]\na = “b”\n[[rule.test]]\ntext = \"\"\"\n[[rule]]\n\"\"\"\n[[rule]]\nid = \"\\d\""))
	var e Errors
	if !errors.As(err, &e) || len(e) != 3 || e[0].Line != 2 || e[1].Line != 6 || e[2].Line != 12 {
		t.Errorf("three blocks: %v", err)
	}
	if _, err := Parse("a.toml", []byte(strings.Repeat("[[rule]]\nid = x\n", 500))); !errors.As(err, &e) || len(e) != maxSyntax+1 {
		t.Errorf("%d faults of 500", len(e))
	}
}

type inner struct {
	At Node    `toml:",self"`
	N  int     `toml:"n"`
	F  float32 `toml:"f"`
}

type outer struct {
	Name  string            `toml:"name"`
	On    bool              `toml:"on"`
	List  []string          `toml:"list"`
	In    []inner           `toml:"in"`
	Map   map[string]string `toml:"map"`
	Small uint8             `toml:"small"`
	Size  Size              `toml:"size"`
	Wait  time.Duration     `toml:"wait"`
	Day   *time.Time        `toml:"day"`
	Raw   Node              `toml:"raw"`
	Any   any               `toml:"any"`
	Own   string
}

func TestDecode(t *testing.T) {
	var o outer
	var e Errors
	f := parse(t, `name = "x"
on = true
list = "one"
in = { n = 3, f = 1 }
map = { ja = "あ" }
small = 255
size = "1.5 KiB"
wait = "1m30s"
day = 2026-11-21
raw = [1, 2]
any = 5
`)
	f.Root().Decode(&o, e.Report)
	if e.Err() != nil {
		t.Fatal(e)
	}
	if o.Name != "x" || !o.On || !reflect.DeepEqual(o.List, []string{"one"}) || len(o.In) != 1 ||
		o.In[0].N != 3 || o.In[0].F != 1 || o.In[0].At.Key("n").Pos().Line != 4 || o.Map["ja"] != "あ" ||
		o.Small != 255 || o.Size != 1536 || o.Wait != 90*time.Second || o.Day.Day() != 21 ||
		o.Raw.Len() != 2 || o.Any != int64(5) {
		t.Errorf("decoded %+v", o)
	}
}

func TestDecodeReportsEveryFault(t *testing.T) {
	var o outer
	var e Errors
	parse(t, `nmae = "x"
on = "yes"
list = ["a", 2]
small = 256
size = "ten"
wait = 5
day = "tomorrow"
[[in]]
n = "3"
[[in]]
m = 3
f = "0.8"
`).Root().Decode(&o, e.Report)
	want := []string{
		`a.toml:1:1: unknown key "nmae"; did you mean "name"?`,
		`a.toml:2:6: on is a text; write true or false, without quotes`,
		`a.toml:3:14: list is a whole number; write a text in quotes`,
		`a.toml:4:9: small: the number does not fit; write one from 0 to 255`,
		`a.toml:5:8: size: not a size; write a whole number of bytes or a text such as "10 MB" or "64 MiB"`,
		`a.toml:6:8: wait is no span of time; write a text such as "500ms", "30s" or "1h30m"`,
		`a.toml:7:7: day is a text; write a date such as 2026-04-01, without quotes`,
		`a.toml:9:5: n is a text; write a whole number, without quotes`,
		`a.toml:11:1: unknown key "m"; did you mean "f"?`,
		`a.toml:12:5: f is a text; write a number such as 0.8, without quotes`,
	}
	got := strings.Split(e.Err().Error(), "\n")
	if len(got) != len(want) {
		t.Fatalf("got %d faults, want %d:\n%s", len(got), len(want), e)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("fault %d\n got %s\nwant %s", i, got[i], want[i])
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"cloud-storage", "web-mail", "paste"}
	for word, want := range map[string]string{
		"cloudstorage": "cloud-storage", "Webmail": "web-mail", "apste": "paste", "fax": "", "": "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]Size{"10": 10, "10MB": 1e7, "1.5 GiB": 3 << 29, " 2 kib ": 2048, "3 B": 3} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%q: got %d, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "MB", "-1", "nan", "1e30 GB", "10 MBit"} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: read as %d", text, s)
		}
	}
	if got := fmt.Sprint(Size(64<<20), Size(1e7), Size(1001), Size(0)); got != "64 MiB 10 MB 1001 B 0 B" {
		t.Error(got)
	}
}

// FuzzIndex checks that of every file the decoder accepts, each key and each
// element is found in the index, at a place where that key stands.
func FuzzIndex(f *testing.F) {
	for _, s := range []string{
		"a.b.'c d' = [1, {x = 2}, [3]]\n[t]\n[[t.u]]\nv=\"\"\"\n\"\"\"\"\"\n[[t.u]]\n\"\\u0041\" = 2026-01-01 10:00:00\n",
		"\xef\xbb\xbfa = { b = 1, # c\n c = '''x''''', }\n[ d . e ]\n", "x = [\n]\r\n[a.b]\n[a]\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		file, err := Parse("f", src)
		if err != nil {
			return
		}
		check(t, file, file.Root(), 0)
	})
}

func check(t *testing.T, f *File, n Node, depth int) {
	if depth > maxDepth/2 {
		return
	}
	if table, ok := n.value.(map[string]any); ok {
		for k := range table {
			e := n.entry.keys[k]
			if e == nil {
				t.Fatalf("no position for key %q", k)
			}
			if c := f.src[e.key]; c != '"' && c != '\'' && c != '[' && !strings.HasPrefix(string(f.src[e.key:]), k) {
				t.Fatalf("key %q said to stand at %q", k, f.src[e.key:])
			}
			check(t, f, n.Key(k), depth+1)
		}
	}
	if l, ok := list(n.value); ok {
		if len(n.entry.elems) != len(l) {
			t.Fatalf("%d elements indexed, %d decoded", len(n.entry.elems), len(l))
		}
		for i := range l {
			check(t, f, n.Elem(i), depth+1)
		}
	}
}
