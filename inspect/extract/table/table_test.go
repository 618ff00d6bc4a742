package table

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

func read(t *testing.T, body io.Reader) *parttest.Seen {
	t.Helper()
	x := parttest.Read(t, []part.Reader{Reader{}}, part.Part{MediaType: Type, Body: body, Size: -1}, part.Limits{})
	return x.Parts[0]
}

func TestReader(t *testing.T) {
	row := "氏名\t電話番号\n"
	long := strings.Repeat("門", 50000) + "\n" // longer than a piece
	for name, body := range map[string]string{
		"empty": "", "one row": row, "many rows": strings.Repeat(row, 20000), "a long row": row + long + row, "no last line end": row + "x\ty",
	} {
		if s := read(t, strings.NewReader(body)); s.Text() != body || len(s.Skips) > 0 || body != "" && s.Layout != part.Table {
			t.Errorf("%s: %d bytes of %d, %v, %v", name, len(s.Text()), len(body), s.Layout, s.Skips)
		}
	}
	if s := read(t, strings.NewReader("a\xffb\n")); s.Text() != "a?b\n" {
		t.Errorf("not UTF-8: %q", s.Text())
	}
	if s := read(t, io.MultiReader(strings.NewReader(row), broken{})); s.Text() != row || len(s.Skips) != 1 {
		t.Errorf("broken off: %q, %v", s.Text(), s.Skips)
	}
	for _, p := range []part.Part{{MediaType: "text/tab-separated-values"}, {MediaType: Type, Encodings: []string{"gzip"}}} {
		if (Reader{}).Match(&p, []byte(row)) {
			t.Errorf("%v is taken for a sheet", p)
		}
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestCell(t *testing.T) {
	for want, at := range map[string][2]int{"A1": {1, 1}, "Z9": {9, 26}, "AA10": {10, 27}, "XFD1048576": {1048576, 16384}, "": {0, 1}} {
		if got := Cell(at[0], at[1]); got != want {
			t.Errorf("%v: %s, not %s", at, got, want)
		}
	}
}
