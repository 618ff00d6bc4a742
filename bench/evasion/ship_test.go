package evasion

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// maxShipped is the size up to which a case is kept as a file.
const maxShipped = 48 << 10

var (
	filesDir  = filepath.Join("..", "..", "testdata", "evasion", "files")
	listFile  = filepath.Join("..", "..", "testdata", "evasion", "list.csv")
	unfitName = regexp.MustCompile(`[^a-z0-9]+`)
)

// shipped is the name of the file of a case, "" if a file alone would not be it.
func shipped(family string, c evasion, u upload) string {
	if len(u.body) == 0 || len(u.body) > maxShipped || u.header != nil || u.trailer != nil || u.drops || u.coding != "" {
		return ""
	}
	name := func(s string) string { return strings.Trim(unfitName.ReplaceAllString(strings.ToLower(s), "-"), "-") }
	return name(family) + "--" + name(c.name) + filepath.Ext(u.path)
}

// clearFiles begins testdata/evasion anew.
func clearFiles(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll(filesDir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filesDir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(listFile, []byte("file,family,case,content-type\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// ship writes a case into testdata/evasion.
func ship(t *testing.T, family string, c evasion) {
	t.Helper()
	u := c.make(people())
	name := shipped(family, c, u)
	if name == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(filesDir, name), u.body, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(listFile, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(f)
	w.Write([]string{name, family, c.name, u.media})
	w.Flush()
	if err := w.Error(); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// TestShipped inspects the files in testdata/evasion, of which the list says
// what they are: the same becomes of them as of the cases made now.
func TestShipped(t *testing.T) {
	f, err := os.Open(listFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	open := map[string]bool{}
	for _, f := range families() {
		for _, c := range f.cases {
			open[c.name] = c.open != ""
		}
	}
	h := build(t)
	of := len(people().rows)
	for i, row := range rows[1:] {
		if testing.Short() && i%shortStep != 0 {
			continue
		}
		body, err := os.ReadFile(filepath.Join(filesDir, row[0]))
		if err != nil {
			t.Error(err)
			continue
		}
		o, err := h.send(upload{media: row[3], body: body})
		if err != nil {
			t.Fatal(err)
		}
		r := result{outcome: o}
		if o.report != nil {
			r.people = o.report.Answers[h.people]
		}
		if !r.closed() && !open[row[2]] {
			t.Errorf("%s: %d of %d people, verdict %s, not read: %q", row[0], r.people, of, o.verdict.Action, reasons(o.report))
		}
	}
	if len(rows) < 100 {
		t.Errorf("only %d files", len(rows)-1)
	}
}
