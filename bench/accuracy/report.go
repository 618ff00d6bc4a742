package accuracy

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect"
)

// Result is the outcome of a run.
type Result struct {
	Scores []Score  // by type, set and language
	Kinds  []Score  // by kind of document, all types together
	Clean  []Clean  // texts without persons
	People []People // how persons were counted
	Bins   []Bin    // reliability
	Misses []Miss
}

// Score counts findings against gold. TP, FP and FN go by overlap: a finding is
// right if it shares a code point with a gold span of its type; a gold span is
// found likewise. Set "all" sums the sets, of one language or, if Lang is
// empty, of all.
type Score struct {
	Set       string       `json:"set"`
	Lang      string       `json:"lang,omitempty"`
	Kind      string       `json:"kind,omitempty"`
	Type      inspect.Type `json:"type,omitempty"`
	Gold      int          `json:"gold"`
	Found     int          `json:"found"`
	Right     int          `json:"right"`     // findings that overlap gold
	Recalled  int          `json:"recalled"`  // gold that findings overlap
	Exact     int          `json:"exact"`     // gold that a finding matches to the code point
	Precision float64      `json:"precision"` // by overlap
	Recall    float64      `json:"recall"`
	F1        float64      `json:"f1"`
	ExactF1   float64      `json:"exact_f1"`
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

func (s *Score) finish() {
	f1 := func(p, r float64) float64 {
		if p+r == 0 {
			return 0
		}
		return 2 * p * r / (p + r)
	}
	s.Precision, s.Recall = ratio(s.Right, s.Found), ratio(s.Recalled, s.Gold)
	s.F1 = f1(s.Precision, s.Recall)
	s.ExactF1 = f1(ratio(s.Exact, s.Found), ratio(s.Exact, s.Gold))
}

// Clean is what was found in texts that hold nothing of a person.
type Clean struct {
	Set       string               `json:"set"`
	MB        float64              `json:"mb"`
	False     map[inspect.Type]int `json:"false_findings"`
	PerMB     float64              `json:"false_per_mb"` // all types
	Sure      int                  `json:"sure"`         // of them, with a confidence of .8 or more
	SurePerMB float64              `json:"sure_per_mb"`
	Records   int                  `json:"records"` // persons counted where there is none
}

// listSize is from how many persons on a text is a list.
const listSize = 5

// People compares counts of distinct persons.
type People struct {
	Set       string `json:"set"`
	Lists     int    `json:"lists"`      // texts with five persons or more
	Within    int    `json:"within_20"`  // of them, counted right within 20%
	Few       int    `json:"few"`        // texts with one to four persons
	FewExact  int    `json:"few_exact"`  // of them, counted right
	None      int    `json:"none"`       // texts without any value
	NoneRight int    `json:"none_right"` // of them, in which nobody was counted
}

// Bin is one row of the reliability table: of the findings with a confidence in
// [From, To), the share that is right.
type Bin struct {
	Type  inspect.Type `json:"type"`
	From  float32      `json:"from"`
	To    float32      `json:"to"`
	Found int          `json:"found"`
	Right int          `json:"right"`
}

// Miss is one difference between finding and gold. Text is from the set, so
// misses are shown only for sets that may be shown.
type Miss struct {
	Set, ID   string
	What      string // "missed", "false" or "people"
	Span      Span
	Text      string
	Want, Got int // persons
}

// Markdown writes the tables for people; the one of kinds if asked for.
func (r *Result) Markdown(w io.Writer, kinds bool) {
	fmt.Fprintln(w, "| type | set | language | gold | found | precision | recall | F1 | exact F1 |\n|---|---|---|---|---|---|---|---|---|")
	for _, s := range r.Scores {
		fmt.Fprintf(w, "| %s | %s | %s | %d | %d | %.3f | %.3f | %.3f | %.3f |\n", s.Type, s.Set, s.Lang, s.Gold, s.Found, s.Precision, s.Recall, s.F1, s.ExactF1)
	}
	if len(r.Clean) > 0 {
		fmt.Fprintln(w, "\n| texts without persons | MB | false findings per MB | of confidence .8 or more | persons counted | by type |\n|---|---|---|---|---|---|")
		for _, c := range r.Clean {
			var by []string
			for t, n := range c.False {
				by = append(by, fmt.Sprintf("%s %d", t, n))
			}
			slices.Sort(by)
			fmt.Fprintf(w, "| %s | %.2f | %.2f | %.2f | %d | %s |\n", c.Set, c.MB, c.PerMB, c.SurePerMB, c.Records, strings.Join(by, ", "))
		}
	}
	if len(r.People) > 0 {
		fmt.Fprintln(w, "\n| persons | lists | within 20% | few | exact | none | none counted |\n|---|---|---|---|---|---|---|")
		for _, p := range r.People {
			fmt.Fprintf(w, "| %s | %d | %.3f | %d | %.3f | %d | %.3f |\n", p.Set, p.Lists, ratio(p.Within, p.Lists), p.Few, ratio(p.FewExact, p.Few), p.None, ratio(p.NoneRight, p.None))
		}
	}
	if kinds && len(r.Kinds) > 0 {
		fmt.Fprintln(w, "\n| kind of document | set | gold | found | precision | recall | F1 | exact F1 |\n|---|---|---|---|---|---|---|---|")
		for _, s := range r.Kinds {
			fmt.Fprintf(w, "| %s | %s | %d | %d | %.3f | %.3f | %.3f | %.3f |\n", s.Kind, s.Set, s.Gold, s.Found, s.Precision, s.Recall, s.F1, s.ExactF1)
		}
	}
	fmt.Fprintln(w, "\nReliability: of the findings with that confidence, the share that is right.\n\n| type | confidence | findings | right |\n|---|---|---|---|")
	for _, b := range r.Bins {
		fmt.Fprintf(w, "| %s | %.1f to %.1f | %d | %.2f |\n", b.Type, b.From, b.To, b.Found, ratio(b.Right, b.Found))
	}
	if len(r.Misses) > 0 {
		fmt.Fprintln(w, "\nDifferences:")
		for _, m := range r.Misses {
			if m.What == "people" {
				fmt.Fprintf(w, "%s %s people: %d, counted %d\n", m.Set, m.ID, m.Want, m.Got)
				continue
			}
			fmt.Fprintf(w, "%s %s %s %s %.2f: %s\n", m.Set, m.ID, m.What, m.Span.Type, m.Span.Confidence, m.Text)
		}
	}
}

// JSON writes one object a line, its key "what" telling which: "score", "kind",
// "clean", "people" or "reliability". docs/accuracy.md lists the other keys.
func (r *Result) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	var err error
	put := func(row any) {
		if err == nil {
			err = e.Encode(row)
		}
	}
	type what struct {
		What string `json:"what"`
	}
	for _, s := range r.Scores {
		put(struct {
			what
			Score
		}{what{"score"}, s})
	}
	for _, s := range r.Kinds {
		put(struct {
			what
			Score
		}{what{"kind"}, s})
	}
	for _, s := range r.Clean {
		put(struct {
			what
			Clean
		}{what{"clean"}, s})
	}
	for _, s := range r.People {
		put(struct {
			what
			People
		}{what{"people"}, s})
	}
	for _, s := range r.Bins {
		put(struct {
			what
			Bin
		}{what{"reliability"}, s})
	}
	return err
}
