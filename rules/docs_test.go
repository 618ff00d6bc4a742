package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

var documents = []string{"../docs/rules.md", "../docs/rules.ja.md"}

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDocumentedRules loads the examples of each document as one rule file and
// runs their tests.
func TestDocumentedRules(t *testing.T) {
	block := regexp.MustCompile("(?s)```toml\n(.*?)```")
	for _, name := range documents {
		var src strings.Builder
		for _, m := range block.FindAllStringSubmatch(document(t, name), -1) {
			src.WriteString(m[1] + "\n")
		}
		file := filepath.Join(t.TempDir(), "documented.toml")
		write(t, file, src.String())
		s, err := Load([]string{file}, Options{})
		if err != nil {
			t.Errorf("%s:\n%v", name, err)
			continue
		}
		if n := s.Notes(); len(n) > 0 {
			t.Errorf("%s: %v", name, n)
		}
	}
}

// TestRulesInOtherDocuments loads each example of a rule that stands elsewhere.
func TestRulesInOtherDocuments(t *testing.T) {
	names, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range append(names, "../README.md", "../README.ja.md") {
		for _, m := range regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(document(t, name), -1) {
			if !strings.Contains(m[1], "[[rule]]") || slices.Contains(documents, name) {
				continue
			}
			seen++
			f, err := tomlfile.Parse(name, []byte(m[1]))
			if err == nil {
				_, err = build(append(builtin(), source{file: f, dir: t.TempDir()}), Options{Untested: true}, nil)
			}
			if err != nil {
				t.Errorf("%s:\n%v\n%s", name, err, m[1])
			}
		}
	}
	if seen < 3 {
		t.Errorf("only %d examples", seen)
	}
}

// TestEveryKeyIsDocumented writes the English reference from the keys' own
// descriptions, and looks for each key in the Japanese one.
func TestEveryKeyIsDocumented(t *testing.T) {
	var table strings.Builder
	table.WriteString("| key | meaning |\n|---|---|\n")
	var keys []string
	var walk func(t reflect.Type, prefix string)
	walk = func(t reflect.Type, prefix string) {
		for i := range t.NumField() {
			f := t.Field(i)
			key, _ := tomlfile.Tag(f)
			if key == "" || f.Tag.Get("doc") == "" {
				continue
			}
			keys = append(keys, prefix+key)
			fmt.Fprintf(&table, "| `%s%s` | %s |\n", prefix, key, strings.ReplaceAll(f.Tag.Get("doc"), "|", `\|`))
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct && inner != reflect.TypeFor[textsTOML]() && strings.HasPrefix(inner.PkgPath(), "github.com/sekimori-dlp") {
				walk(inner, key+".")
			}
		}
	}
	for _, b := range []struct {
		heading string
		of      any
	}{
		{"at the top of a file", fileTOML{}}, {"`[[rule]]`", ruleTOML{}}, {"`[rule.what]`", whatTOML{}}, {"`[rule.where]`", whereTOML{}},
		{"`[rule.who]`", whoTOML{}}, {"`[rule.when]`", whenTOML{}}, {"`[rule.over]`", overTOML{}}, {"`[[rule.test]]`, `[[test]]`", testTOML{}},
		{"`[[detector]]`", detectorTOML{}}, {"`[[keywords]]`", keywordsTOML{}}, {"`[[stream]]`", streamTOML{}},
	} {
		fmt.Fprintf(&table, "| **%s** | |\n", b.heading)
		walk(reflect.TypeOf(b.of), "")
	}
	words := "`class`: " + code(Classes) + "\n\n`operation`: " + code(Operations) + "\n\n`types`: " + code(Types) + "\n\n`not_inspected`: " + code(reasonWords()) +
		"\n\n`check`: " + code(detect.CheckNames) + "\n"

	text := document(t, documents[0])
	want := between(between(text, "reference", table.String()), "vocabulary", words)
	if *update {
		write(t, documents[0], want)
	} else if text != want {
		t.Errorf("%s: the reference is not that of the keys; run with -update", documents[0])
	}
	for _, k := range keys {
		if !strings.Contains(document(t, documents[1]), "`"+k+"`") {
			t.Errorf("%s: key %q is missing", documents[1], k)
		}
	}
}

func code(words []string) string { return "`" + strings.Join(words, "` `") + "`" }

// between replaces what stands between the comments that bear name.
func between(text, name, with string) string {
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	head, rest, ok := strings.Cut(text, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return text
	}
	return head + begin + with + end + tail
}

func TestEveryBuiltInRuleIsDocumented(t *testing.T) {
	opt := Options{Untested: true}
	s, err := Load(nil, opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range documents {
		text := document(t, name)
		for _, i := range s.List() {
			line := regexp.MustCompile(fmt.Sprintf("(?m)^\\| `%s` \\| %s", regexp.QuoteMeta(i.ID), i.Action))
			if !line.MatchString(text) {
				t.Errorf("%s: rule %s (%s) is missing", name, i.ID, i.Action)
			}
			if len(i.Title) != 2 || i.Tests == 0 {
				t.Errorf("built-in rule %s: titles %v, %d tests", i.ID, i.Title, i.Tests)
			}
		}
	}
}
