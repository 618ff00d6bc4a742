package decode

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

// TestJSONPaths hides documents in JSON of any form, larger than the window, and
// compares where they are said to be with where they were put.
func TestJSONPaths(t *testing.T) {
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 7))
		want := map[string]string{} // by path
		serial := 0
		unique := func() string {
			serial++
			return fmt.Sprint("k", serial)
		}
		filler := func() string {
			return []string{"", "short", `"quoted", {[ \`, strings.Repeat("long words ", r.IntN(9)), "0971b7c4-97b1-442f-b44f-8a834d645fa6", "関守"}[r.IntN(6)]
		}
		var value func(path string, depth int) string
		value = func(path string, depth int) string {
			quoted := func(s string) string { b, _ := json.Marshal(s); return string(b) }
			gap := []string{"", "", " ", "\n  "}[r.IntN(4)]
			switch kind := r.IntN(10); {
			case kind < 3 && depth < 6 || depth == 0:
				var list []string
				for i := range 1 + r.IntN(5) + 400/(1+400*depth) {
					list = append(list, gap+value(fmt.Sprintf("%s[%d]", path, i), depth+1))
				}
				return "[" + strings.Join(list, ",") + gap + "]"
			case kind < 6 && depth < 6:
				var list []string
				for range 1 + r.IntN(5) {
					key := unique()
					list = append(list, gap+quoted(key)+":"+gap+value(path+"."+key, depth+1))
				}
				return "{" + strings.Join(list, ",") + gap + "}"
			case kind == 6:
				document := fmt.Sprintf("%s, document %d: %s", person, len(want), customers)
				want["upload » "+path] = document
				return quoted(base64.StdEncoding.EncodeToString([]byte(document)))
			case kind == 7:
				return "12.5"
			}
			return quoted(filler())
		}
		body := value("$", 0)
		x := parttest.Read(t, []part.Reader{jsonText{}, text{}}, part.Part{Body: strings.NewReader(body), Size: int64(len(body))}, part.Limits{})
		got := map[string]string{}
		for _, p := range x.Parts[1:] {
			got[p.Path] = p.Text()
		}
		if !maps.Equal(got, want) {
			t.Fatalf("seed %d, %d bytes: %d documents, want %d, among them %q, want %q", seed, len(body), len(got), len(want),
				slices.Sorted(maps.Keys(got))[:min(3, len(got))], slices.Sorted(maps.Keys(want))[:min(3, len(want))])
		}
	}
}
