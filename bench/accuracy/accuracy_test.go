package accuracy

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// TestCount counts made-up findings against made-up gold.
func TestCount(t *testing.T) {
	none, one := 0, 1
	set := &Set{Name: "s", Documents: []Document{
		{ID: "a", Lang: "ja", Kind: "k", Gold: GoldAll, Text: strings.Repeat("あ", 40), People: &one, Spans: []Span{
			{Start: 0, End: 4, Type: detect.Name}, {Start: 10, End: 20, Type: detect.Phone}, {Start: 30, End: 33, Type: detect.Address, Optional: true}}},
		{ID: "b", Lang: "ja", Kind: "k", Gold: GoldAll, Twin: "a", Text: strings.Repeat("x", 1000), People: &none},
	}}
	c := newCounter(Options{Confidence: .5, Misses: 5})
	c.set(set, []found{
		{records: 1, spans: []Span{
			{Start: 0, End: 4, Type: detect.Name, Confidence: .9},
			{Start: 12, End: 20, Type: detect.Phone, Confidence: .7},
			{Start: 22, End: 25, Type: detect.Name, Confidence: .4}, // below what counts
			{Start: 30, End: 33, Type: detect.Address, Confidence: .9},
		}},
		{records: 2, spans: []Span{
			{Start: 0, End: 4, Type: detect.Name, Confidence: .85},
			{Start: 5, End: 9, Type: detect.Corporate, Confidence: .9}, // nothing of a person
		}},
	})
	r := c.result()
	row := func(set, lang string, of inspect.Type) Score {
		i := slices.IndexFunc(r.Scores, func(s Score) bool { return s.Set == set && s.Lang == lang && s.Type == of })
		if i < 0 {
			t.Fatalf("no row for %s %s %s", set, lang, of)
		}
		return r.Scores[i]
	}
	name := row("s", "ja", detect.Name)
	if name.Gold != 1 || name.Found != 2 || name.Right != 1 || name.Exact != 1 || name.Precision != .5 || name.Recall != 1 {
		t.Errorf("names: %+v", name)
	}
	if p := row("all", "", detect.Phone); p.Recalled != 1 || p.Exact != 0 || p.F1 != 1 || p.ExactF1 != 0 {
		t.Errorf("telephones: %+v", p)
	}
	if slices.ContainsFunc(r.Scores, func(s Score) bool { return s.Type == detect.Address }) {
		t.Error("an optional span was counted")
	}
	if len(r.Clean) != 1 || r.Clean[0].Sure != 1 || r.Clean[0].PerMB != 1000 || r.Clean[0].Records != 2 {
		t.Errorf("clean: %+v", r.Clean)
	}
	if len(r.People) != 1 || r.People[0].Few != 1 || r.People[0].FewExact != 1 || r.People[0].None != 1 || r.People[0].NoneRight != 0 {
		t.Errorf("people: %+v", r.People)
	}
	if len(r.Misses) != 3 || r.Misses[0].What != "people" || r.Misses[1].Span.Type != detect.Corporate || r.Misses[2].Span.Confidence != .85 {
		t.Errorf("misses: %+v", r.Misses)
	}
	var md, js bytes.Buffer
	r.Markdown(&md, true)
	if err := r.JSON(&js); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| NAME | s | ja | 1 | 2 | 0.500 | 1.000 | 0.667 | 0.667 |", "| s (twins) | 0.00 | 1000.00 |", "| k | s | 2 |"} {
		if !strings.Contains(md.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, md.String())
		}
	}
	for _, want := range []string{`{"what":"score","set":"all"`, `{"what":"kind"`, `{"what":"clean"`, `{"what":"people"`, `{"what":"reliability","type":"NAME"`} {
		if !strings.Contains(js.String(), want) {
			t.Errorf("the JSON lacks %s", want)
		}
	}
}

// TestFind checks that findings come back in code points, from every encoding
// and from parts inside.
func TestFind(t *testing.T) {
	s, err := inspect.New(inspect.Spec{}, inspect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	list := "氏名,電話番号\n山田太郎,090-1234-5678\n鈴木花子,080-8765-4321\n"
	mail := "From: a <a@example.jp>\nTo: b <b@example.jp>\nSubject: x\nDate: Tue, 14 Oct 2025 10:00:00 +0900\n\n電話番号：０９０－１２３４－５６７８\n"
	for _, c := range []struct{ name, text, charset, value string }{
		{"UTF-8", list, "", "080-8765-4321"},
		{"CP932", list, "shift_jis", "080-8765-4321"},
		{"EUC", list, "euc-jp", "080-8765-4321"},
		{"UTF-16", list, "utf-16", "080-8765-4321"},
		{"mail", mail, "", "０９０－１２３４－５６７８"},
	} {
		spans, _, err := Find(t.Context(), s, c.text, c.charset)
		if err != nil {
			t.Fatal(err)
		}
		runes := []rune(c.text)
		if !slices.ContainsFunc(spans, func(f Span) bool {
			return f.Type == detect.Phone && string(runes[f.Start:f.End]) == c.value
		}) {
			t.Errorf("%s: %v", c.name, spans)
		}
	}
	if _, _, err := Find(t.Context(), s, "😀", "shift_jis"); err == nil {
		t.Error("a character that the encoding lacks is no error")
	}
	if _, _, err := Find(t.Context(), s, "x", "no-such"); err == nil {
		t.Error("an unknown encoding is no error")
	}
}

func TestReadWrite(t *testing.T) {
	dir := t.TempDir()
	n := 2
	sets := []Set{{Name: "x", Documents: []Document{{ID: "1", Text: "山<田>", Spans: []Span{{Start: 0, End: 1, Type: detect.Name}}, People: &n}}}}
	if err := Write(dir, sets); err != nil {
		t.Fatal(err)
	}
	got, err := Read(dir)
	if err != nil || len(got) != 1 || got[0].Name != "x" || got[0].Documents[0].Text != "山<田>" || *got[0].Documents[0].People != 2 {
		t.Errorf("%v %+v", err, got)
	}
	for name, line := range map[string]string{
		"outside": `{"id":"1","text":"ab","spans":[{"start":1,"end":3,"type":"NAME"}]}`,
		"empty":   `{"id":"1","text":"ab","spans":[{"start":1,"end":1,"type":"NAME"}]}`,
		"broken":  `{"id":`,
	} {
		p := filepath.Join(t.TempDir(), "bad.jsonl")
		if err := os.WriteFile(p, []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(p); err == nil || !strings.Contains(err.Error(), "document 1") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
