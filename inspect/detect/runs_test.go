package detect

import (
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

func TestOutside(t *testing.T) {
	blob := strings.Repeat("aB3x", 20)
	for _, c := range []struct {
		name, text string
		want       string // the runs that are kept
	}{
		{"digits alone", "4111 22", "4111|22"},
		{"glued on one side", "a1 2b", "1|2"},
		{"an identifier", "AB12345678CD and NL91ABNA0417164300", "12345678|91|0417164300"},
		{"encoded data", blob, ""},
		{"beside encoded data", "090-1234 " + blob + " 5678 " + blob + "9", "090|1234|5678|9"},
		{"a path with letters", "/users/4111111111111111/" + strings.Repeat("name/", 20), "4111111111111111"},
	} {
		set, err := match.Compile([]match.Pattern{{Literal: "zzzz"}}, match.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var ev match.Evidence
		set.Scan([]byte(c.text), &ev)
		var got []string
		for _, r := range outside([]byte(c.text), ev.Runs) {
			got = append(got, c.text[r.Start:r.End])
		}
		if g := strings.Join(got, "|"); g != c.want {
			t.Errorf("%s: kept %q, want %q", c.name, g, c.want)
		}
	}
}
