package speed

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"github.com/sekimori-dlp/sekimori/bench/inspect/corpus"
)

var update = flag.Bool("update", false, "count everything anew and write counts.toml; takes minutes")

// TestCounts makes the counts of counts.toml again, without any of the engines:
// those of the smallest size always, with -update all of them.
func TestCounts(t *testing.T) {
	d, err := readDefinitions()
	if err != nil {
		t.Fatal(err)
	}
	sets, err := d.sets("")
	if err != nil {
		t.Fatal(err)
	}
	have, err := readCounts()
	if err != nil {
		t.Fatal(err)
	}
	declared := map[[2]string]countTOML{}
	for _, c := range have {
		declared[[2]string{c.Corpus + fmt.Sprint(c.Bytes), c.Set}] = c
	}
	var made struct {
		Count []countTOML `toml:"count"`
	}
	for _, size := range []string{"tiny", "slow", "quick", "full"} {
		n, err := ParseSize(d.Sizes[size])
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range corpus.All() {
			if !*update && size != "tiny" {
				for _, s := range sets {
					if _, ok := declared[[2]string{c.Name + fmt.Sprint(n), s.name}]; !ok {
						t.Errorf("%s of %s: no count for %s", size, c.Name, s.name)
					}
				}
				continue
			}
			text := c.Text(n)
			expressions := map[string]found{} // counted once, as they take long
			for _, s := range sets {
				key := strings.Join(s.expressions, "\n")
				if _, ok := expressions[key]; !ok {
					expressions[key] = countExpressions(text, s.expressions)
				}
				x := countTOML{c.Name, n, s.name, countLiterals(text, s.literals).plus(expressions[key])}
				made.Count = append(made.Count, x)
				if want := declared[[2]string{c.Name + fmt.Sprint(n), x.Set}]; x != want && !*update {
					t.Errorf("counted %+v, declared %+v", x, want)
				}
			}
		}
	}
	if *update {
		var b bytes.Buffer
		b.WriteString("# What has to be found in the corpora, counted by reference.go:\n# go test ./bench/inspect -run TestCounts -update\n\n")
		e := toml.NewEncoder(&b)
		e.Indent = ""
		if err := e.Encode(made); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("counts.toml", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReference holds the reference to counts made by hand, and to a search
// that tries everything everywhere.
func TestReference(t *testing.T) {
	if got, want := countLiterals([]byte("aaa東京都東"), []string{"a", "aa", "東京", "東京都", "京都", "x"}), (found{8, 8, 5}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, c := range []struct {
		expression, text  string
		occurrences, ends int
	}{
		{`\d{3}-\d{4}`, "123-4567 1234-56789", 2, 2},
		{`a+`, "aaa b aa", 2, 5},
		{`\b\d{2,4}\b`, "123 12345 99", 2, 2},
		{`(?:昭和|S)\d{1,2}年`, "昭和48年 S9年", 2, 2},
		{`ab|abcd`, "abcd", 1, 2},
		{`x(?:y|z$)`, "xz xy xz", 2, 2},
		{`q`, "", 0, 0},
	} {
		f := countExpressions([]byte(c.text), []string{c.expression})
		if f.Occurrences != c.occurrences || f.Ends != c.ends {
			t.Errorf("%s in %q: %+v, want %d, %d", c.expression, c.text, f, c.occurrences, c.ends)
		}
	}
	text := customersText(t, 4<<10)
	literals := corpus.Names()[:3000]
	want := 0
	for _, l := range literals {
		for i := range text {
			if bytes.HasPrefix(text[i:], []byte(l)) {
				want++
			}
		}
	}
	if got := countLiterals(text, literals); got.Occurrences != want {
		t.Errorf("%d occurrences, want %d", got.Occurrences, want)
	}
}

func customersText(t *testing.T, n int) []byte {
	t.Helper()
	c, err := corpus.Find("C2")
	if err != nil {
		t.Fatal(err)
	}
	return c.Text(n)
}

// TestRun measures everything in a tiny form, with its checks.
func TestRun(t *testing.T) {
	res, err := Run(t.Context(), Options{Quick: true, Size: 64 << 10, Rounds: 2, Only: []string{"limit", "matching", "whole"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range corpus.All() {
		for _, want := range []string{"limit byte sum", "matching P1 sekimori portable", "matching ALL sekimori portable",
			"matching P1 cloudflare/ahocorasick", "matching P3 Go regexp", "matching P3 go-re2 find", "matching P3 go-re2 set",
			"whole exact", "whole until decided"} {
			found := res.find(func(m *Measurement) bool {
				return m.Corpus == c.Name && (&job{Measurement: *m}).label() == want
			})
			if len(found) != 1 {
				t.Errorf("%s: %d measurements of %q", c.Name, len(found), want)
				continue
			}
			m := found[0]
			if m.MBs <= 0 || m.Min > m.MBs || m.Max < m.MBs || m.Bytes < 1000 {
				t.Errorf("%s: %s: %+v", c.Name, want, m)
			}
			if m.Kind == "matching" && m.Checked != byDeclaration {
				t.Errorf("%s: %s was checked by %q", c.Name, want, m.Checked)
			}
		}
	}
	rows := bytes.Count(customersText(t, 64<<10), []byte("\n"))
	for _, m := range res.find(func(m *Measurement) bool { return m.Kind == "whole" && m.Corpus == "C2" && m.Engine == "exact" }) {
		if m.Count < rows*9/10 || m.Count > rows {
			t.Errorf("%d persons in %d rows", m.Count, rows)
		}
	}
	outputs(t, res)
}

// outputs checks what is written of a result.
func outputs(t *testing.T, res *Result) {
	t.Helper()
	var js, md, svg bytes.Buffer
	if err := res.JSON(&js); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for d := json.NewDecoder(&js); d.More(); lines++ {
		var m map[string]any
		if err := d.Decode(&m); err != nil || m["kind"] == nil {
			t.Fatalf("line %d: %v, %v", lines, m, err)
		}
	}
	if want := 1 + len(res.Measurements) + len(res.Ratios) + len(res.Skipped); lines != want {
		t.Errorf("%d lines of JSON, want %d", lines, want)
	}
	res.Markdown(&md)
	for _, want := range []string{res.Run.CPU, "byte sum", "go-re2 set", "C6"} {
		if !strings.Contains(md.String(), want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if err := res.SVG(&svg); err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(&svg); ; {
		if _, err := d.Token(); err != nil {
			if err.Error() != "EOF" {
				t.Errorf("the plot is not well-formed: %v", err)
			}
			break
		}
	}
}

// TestCurves measures the curves in a small form.
func TestCurves(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	res, err := Run(t.Context(), Options{Quick: true, Rounds: 1, Only: []string{"literals", "C2"}})
	if err != nil {
		t.Fatal(err)
	}
	least, most := 0, 0
	for _, m := range res.Measurements {
		least, most = min(least, m.Literals), max(most, m.Literals)
		if m.Count == 0 && m.Literals >= 10_000 || m.Checked != byReference {
			t.Errorf("%+v", m)
		}
	}
	if most != 100_000 {
		t.Errorf("up to %d literals", most)
	}
	outputsOfCurves(t, res)
}

func outputsOfCurves(t *testing.T, res *Result) {
	t.Helper()
	var svg bytes.Buffer
	if err := res.SVG(&svg); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(svg.String(), "<polyline") {
		t.Error("the plot has no curve")
	}
}

// TestMiscountFails holds a run to what is declared: an engine that counts
// differently must fail it.
func TestMiscountFails(t *testing.T) {
	r := &run{Options: Options{Size: 64 << 10}, ctx: t.Context(), result: &Result{}, judge: judge{known: map[asked]answer{}}}
	if err := r.prepare(); err != nil {
		t.Fatal(err)
	}
	for i := range r.judge.declared {
		r.judge.declared[i].Occurrences++
	}
	r.Only = []string{"matching", "P1", "C2"}
	subjects, err := r.subjects()
	if err != nil {
		t.Fatal(err)
	}
	r.made = map[string]*compiled{}
	if err := r.corpora(subjects); !errors.Is(err, errMiscount) {
		t.Errorf("got %v, want a miscount", err)
	}
}

// TestOwnFiles measures a file with patterns of the user's own, which may match
// across line ends.
func TestOwnFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write("own.txt", strings.Repeat("alpha 12\n34 beta\n", 5_000))
	write("P1.txt", "alpha\nbet\n")
	write("P2.txt", "beta\r\n")
	write("P3.txt", `\d\d\s\d\d`+"\n")
	res, err := Run(t.Context(), Options{Files: []string{file}, Patterns: dir, Rounds: 1, Only: []string{"matching"}})
	if err != nil {
		t.Fatal(err)
	}
	for set, want := range map[string]int{"P1": 10_000, "P2": 5_000, "P3": 5_000, "ALL": 20_000} {
		n := 0
		for _, m := range res.Measurements {
			if m.Set == set && m.Counts == Occurrences {
				if n++; m.Count != want || m.Checked != byReference {
					t.Errorf("%s %s: %d (%s), want %d", set, m.Engine, m.Count, m.Checked, want)
				}
			}
		}
		if n == 0 {
			t.Errorf("%s was not measured", set)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []Options{
		{Only: []string{"C9"}},
		{Rounds: -1},
		{Size: maxText + 1},
		{Files: []string{filepath.Join(t.TempDir(), "absent")}},
		{Patterns: t.TempDir()},
	} {
		if _, err := Run(t.Context(), o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	for in, want := range map[string]int{"64MiB": 64 << 20, "4 k": 4096, "7": 7, "1GiB": 1 << 30, "": 0, "2GiB": 0, "-1": 0, "x": 0} {
		if got, err := ParseSize(in); got != want || (err == nil) != (want > 0) {
			t.Errorf("ParseSize(%q) = %d, %v", in, got, err)
		}
	}
}

func TestEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, Options{Size: 64 << 10, Rounds: 1, Only: []string{"P3", "C1"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestByteSum(t *testing.T) {
	for _, n := range []int{0, 1, 31, 32, 33, 2047, 2048, 100_001} {
		b := bytes.Repeat([]byte{0xff}, n)
		if got := byteSum(b); got != 255*n {
			t.Errorf("%d bytes: %d", n, got)
		}
	}
}

func TestLibraryName(t *testing.T) {
	for v, want := range map[string]string{"5.4.0": "Hyperscan 5.4.0", "5.4.9": "Vectorscan 5.4.9", "5.4.2": "Hyperscan 5.4.2", "6.0.1": "Vectorscan 6.0.1"} {
		if got := libraryName(v); got != want {
			t.Errorf("%s: %s", v, got)
		}
	}
}
