package corpus

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"testing"

	"github.com/sekimori-dlp/sekimori/bench/accuracy"
	"github.com/sekimori-dlp/sekimori/inspect"
)

var update = flag.Bool("update", false, "record floors a little under the present figures")

const floorFile = "floors.json"

// floors are what the detectors must reach on the corpus with the given digest.
type floors struct {
	Corpus string                              `json:"corpus"`
	F1     map[string]map[inspect.Type]float64 `json:"f1"`    // by language
	Sure   map[string]float64                  `json:"sure"`  // set of texts without persons: at most so many false findings of confidence .8 a megabyte
	Lists  map[string]float64                  `json:"lists"` // set: share of lists whose persons are counted within 20%
}

const (
	slack     = 0.02 // what a floor lies under the figure that it was recorded at
	sureSlack = 1.1
)

// TestFloors fails when a detector has become worse on the corpus. After an
// improvement, or a change of the corpus, record anew:
//
//	go test ./bench/accuracy/corpus -run Floors -update
func TestFloors(t *testing.T) {
	s, err := inspect.New(inspect.Spec{}, inspect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sets := benchmark()
	res, err := accuracy.Run(t.Context(), s, sets, accuracy.Options{Confidence: .5})
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		record(t, Digest(sets), res)
		return
	}
	b, err := os.ReadFile(floorFile)
	if err != nil {
		t.Fatal(err)
	}
	var f floors
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		t.Fatalf("%s: %v", floorFile, err)
	}
	if f.Corpus != Digest(sets) {
		t.Fatalf("the floors were recorded on corpus %s, this is %s: record them anew (-update)", f.Corpus, Digest(sets))
	}
	met := 0
	for _, sc := range res.Scores {
		least, ok := f.F1[sc.Lang][sc.Type]
		if sc.Set != "all" || !ok {
			continue
		}
		met++
		if sc.F1 < least {
			t.Errorf("%s %s: F1 is %.3f (P %.3f, R %.3f), the floor %.3f", sc.Lang, sc.Type, sc.F1, sc.Precision, sc.Recall, least)
		}
	}
	for _, types := range f.F1 {
		met -= len(types)
	}
	if met != 0 {
		t.Errorf("%d floors have no figure", -met)
	}
	for _, c := range res.Clean {
		if most, ok := f.Sure[c.Set]; !ok || c.SurePerMB > most {
			t.Errorf("%s: %.1f false findings of confidence .8 or more a MB, at most %.1f are allowed: %v", c.Set, c.SurePerMB, most, c.False)
		}
	}
	for _, p := range res.People {
		if least, ok := f.Lists[p.Set]; p.Lists > 0 && (!ok || share(p) < least) {
			t.Errorf("%s: persons are counted within 20%% in %.3f of the lists, the floor is %.3f", p.Set, share(p), least)
		}
	}
}

func share(p accuracy.People) float64 { return float64(p.Within) / float64(max(1, p.Lists)) }

// record writes the floors.
func record(t *testing.T, digest string, res *accuracy.Result) {
	places := func(v float64, n float64) float64 { return math.Floor(v*n) / n }
	f := floors{Corpus: digest, F1: map[string]map[inspect.Type]float64{"": {}, "ja": {}, "en": {}}, Sure: map[string]float64{}, Lists: map[string]float64{}}
	for _, sc := range res.Scores {
		if sc.Set == "all" && sc.Gold >= 10 {
			f.F1[sc.Lang][sc.Type] = max(0, places(sc.F1-slack, 1000))
		}
	}
	for _, c := range res.Clean {
		f.Sure[c.Set] = math.Ceil(c.SurePerMB*sureSlack + 1)
	}
	for _, p := range res.People {
		if p.Lists > 0 {
			f.Lists[p.Set] = max(0, places(share(p)-slack, 1000))
		}
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(floorFile, append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
