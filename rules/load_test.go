package rules

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

var update = flag.Bool("update", false, "write the golden files")

// checked are options under which everything that can be checked is.
var checked = Options{
	NoDefaults: true, Untested: true, Services: []string{"Dropbox", "Box"}, Groups: []string{"sales", "payroll"},
	Now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC),
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look, then run with -update\ngot:\n%s", name, got)
	}
}

func fixtures(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures %s: %v", pattern, err)
	}
	return files
}

// TestGood loads every good fixture and compares what was understood.
func TestGood(t *testing.T) {
	for _, name := range fixtures(t, "testdata/*.good.toml") {
		s, err := Load([]string{name}, checked)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var b strings.Builder
		for _, i := range s.List() {
			b.WriteString(i.ID + " " + i.Action.String() + " " + i.Severity + " " + i.At + "\n")
			for _, n := range i.Needs {
				b.WriteString("  " + n + "\n")
			}
		}
		for _, n := range s.Notes() {
			b.WriteString("note " + n.Error() + "\n")
		}
		golden(t, strings.TrimSuffix(name, ".toml")+".txt", b.String())
	}
}

// TestBad loads every bad fixture and compares the faults. Lines that are
// wrong end in "#!", so the positions are judged by more than the golden file.
func TestBad(t *testing.T) {
	line := regexp.MustCompile(`\.toml:(\d+):\d+: `)
	for _, name := range fixtures(t, "testdata/*.bad.toml") {
		_, err := Load([]string{name}, checked)
		faults, ok := err.(tomlfile.Errors)
		if !ok {
			t.Errorf("%s: error is %T: %v", name, err, err)
			continue
		}
		golden(t, strings.TrimSuffix(name, ".toml")+".txt", faults.Error()+"\n")

		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var marked, told []int
		for i, l := range strings.Split(string(src), "\n") {
			if strings.HasSuffix(strings.TrimSpace(l), "#!") {
				marked = append(marked, i+1)
			}
		}
		for _, f := range faults {
			if !line.MatchString(f.Error()) {
				t.Errorf("%s: no position in %q", name, f.Error())
			}
			if !strings.Contains(f.Message, ";") && !strings.Contains(f.Message, "not valid TOML") {
				t.Errorf("%s: does not say what to write instead: %q", name, f.Message)
			}
			told = append(told, f.Line)
		}
		told = slices.Compact(told)
		if !slices.Equal(marked, told) {
			t.Errorf("%s: lines %v are wrong, faults are told at %v", name, marked, told)
		}
	}
}

// from makes a set of a rule file's text.
func from(t testing.TB, src string) *Set {
	t.Helper()
	s, err := parse(src, checked)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// parse compiles all but the scanner, which takes far longer than the rules.
func parse(src string, opt Options) (*Set, error) {
	f, err := tomlfile.Parse("rules.toml", []byte(src))
	if err != nil {
		return nil, err
	}
	var faults tomlfile.Errors
	b := newBuilder(opt, &faults)
	b.add(source{file: f, dir: "testdata"})
	return b.set(), faults.Err()
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("b.toml", "[[rule]]\nid='b'\naction='log'\n")
	write("a.toml", "[[rule]]\nid='a'\naction='log'\n")
	write(".a.toml.swp", "not TOML")
	write(".hidden.toml", "not TOML")
	write("readme.txt", "not TOML")
	s, err := Load([]string{dir, filepath.Join(dir, "a.toml"), dir + "/"}, checked) // each file once
	if err != nil {
		t.Fatal(err)
	}
	if l := s.List(); len(l) != 2 || l[0].ID != "a" || l[1].ID != "b" {
		t.Errorf("read %+v", l)
	}
	s, err = Load([]string{t.TempDir()}, checked)
	if err != nil || !strings.Contains(s.Notes().Error(), "there is no rule file here") {
		t.Errorf("an empty folder: %v", err)
	}
	write("c.toml", "[[rule]]\nid='a'\naction='nothing'\n")
	write("d.toml", "x = \n")
	_, err = Load([]string{dir, filepath.Join(dir, "none")}, checked)
	for _, want := range []string{"c.toml:2:4: rule \"a\": the id is already taken at ", "d.toml:1:", "none: no such file"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in %v", want, err)
		}
	}
}

func TestReplaceAndDisableBuiltIn(t *testing.T) {
	opt := checked
	opt.NoDefaults = false
	file := filepath.Join(t.TempDir(), "own.toml")
	text := "disable = ['few-customers-outside']\n[[rule]]\nid='card-outside'\naction='log'\nwhat={findings={types='CARD'}}\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	before, err := Load(nil, opt)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Load([]string{file}, opt)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(s.List()), len(before.List())-1; got != want {
		t.Errorf("%d rules, want %d", got, want)
	}
	for _, i := range s.List() {
		if i.ID == "card-outside" && (i.Action != Log || i.BuiltIn) {
			t.Errorf("not replaced: %+v", i)
		}
	}
	if n := s.Notes().Error(); !strings.Contains(n, `rule "card-outside" replaces the built-in one`) {
		t.Errorf("no note of the replacement in %q", n)
	}
	if s.Digest() == before.Digest() {
		t.Error("the digest is the same")
	}
}

func TestDigest(t *testing.T) {
	const src = "[[rule]]\nid='a'\naction='block'\nwhat={people={with=['NAME'],at_least=3}}\n"
	base := from(t, src).Digest()
	for _, same := range []string{
		"# a comment\n\n" + src,
		"[[rule]]\naction = \"block\"\nid = \"a\"\nmode = 'live'\nseverity = 'info'\n[[rule.what]]\npeople = { at_least = 3, with = ['NAME'] }\n",
		src + "[[rule.test]]\nname='t'\ntext='x'\nexpect='no match'\n",
	} {
		if from(t, same).Digest() != base {
			t.Errorf("another digest, though it means the same:\n%s", same)
		}
	}
	for _, other := range []string{
		strings.Replace(src, "3", "4", 1),
		strings.Replace(src, "'a'", "'b'", 1),
		src + "[[keywords]]\nid='k'\nwords=['w']\n",
		src + "say='x'\n",
	} {
		if from(t, other).Digest() == base {
			t.Errorf("the same digest, though it means something else:\n%s", other)
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/*.toml", "defaults/*.toml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range files {
			src, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(src))
		}
	}
	f.Fuzz(func(t *testing.T, src string) {
		file, err := tomlfile.Parse("rules.toml", []byte(src))
		if err != nil {
			return
		}
		// Compiled as a built-in file, which may name no others.
		var faults tomlfile.Errors
		b := newBuilder(checked, &faults)
		b.add(source{file: file, builtin: true})
		s := b.set()
		for _, fault := range faults {
			if fault.Line == 0 {
				t.Errorf("fault without a position: %s", fault.Message)
			}
		}
		if len(faults) > 0 {
			return
		}
		tr := sent(s, nil)
		if v := s.Decide(tr); v.Action < Allow || v.Action > Block {
			t.Errorf("verdict %v", v.Action)
		}
		_ = s.Explain(tr).String()
	})
}
