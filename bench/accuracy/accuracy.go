// Package accuracy measures detectors against texts with gold spans: precision,
// recall and F1 by type, language and set, and false findings per megabyte on
// texts that hold nothing.
//
// A set is a file of JSON lines, one document each:
//
//	{"id","lang","source","text","spans":[{"start","end","type"}]}
//
// Offsets count Unicode code points, the end exclusive. A span of type OTHER is
// no finding. Sets whose file name begins with "clean_" hold nothing to find.
package accuracy

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Span is a stretch of a document's text, in code points.
type Span struct {
	Start      int          `json:"start"`
	End        int          `json:"end"`
	Type       inspect.Type `json:"type"`
	Confidence float32      `json:"confidence,omitempty"`
}

// Document is one text with its gold.
type Document struct {
	ID    string `json:"id"`
	Lang  string `json:"lang"`
	Text  string `json:"text"`
	Spans []Span `json:"spans"`
}

// Options say what to count.
type Options struct {
	Confidence float32        // findings below are not counted
	Only       []inspect.Type // nil: every type that the set's gold has
	Misses     int            // how many misses to list a set and type
}

// Score counts one type in one set. TP, FP and FN go by overlap: a finding is
// right if it shares a code point with a gold span of its type; a gold span is
// found likewise.
type Score struct {
	Set       string       `json:"set"`
	Lang      string       `json:"lang"`
	Type      inspect.Type `json:"type"`
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

func (s *Score) finish() {
	ratio := func(a, b int) float64 {
		if b == 0 {
			return 0
		}
		return float64(a) / float64(b)
	}
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

// Clean is what was found in a set that holds nothing.
type Clean struct {
	Set     string               `json:"set"`
	MB      float64              `json:"mb"`
	False   map[inspect.Type]int `json:"false_findings"`
	PerMB   float64              `json:"false_per_mb"` // all types
	Records int                  `json:"records"`
}

// Bin is one row of the reliability table: of the findings with a confidence in
// [From, To), the share that is right.
type Bin struct {
	From  float32 `json:"from"`
	To    float32 `json:"to"`
	Found int     `json:"found"`
	Right int     `json:"right"`
}

// Miss is one difference between finding and gold. Text is from the set, so
// misses are shown only for sets that may be shown.
type Miss struct {
	Set, ID string
	Kind    string // "missed" or "false"
	Span    Span
	Text    string
}

// Result is the outcome of a run.
type Result struct {
	Scores []Score                `json:"scores"`
	Clean  []Clean                `json:"clean"`
	Bins   map[inspect.Type][]Bin `json:"reliability"`
	Misses []Miss                 `json:"-"`
}

// Run inspects every set (files, or folders of *.jsonl) and counts.
func Run(ctx context.Context, s *inspect.Scanner, paths []string, o Options) (*Result, error) {
	var files []string
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil && info.IsDir() {
			found, err := filepath.Glob(filepath.Join(p, "*.jsonl"))
			if err != nil {
				return nil, err
			}
			files = append(files, found...)
			continue
		}
		files = append(files, p)
	}
	if len(files) == 0 {
		return nil, errors.New("no sets: name files of JSON lines, or a folder of them")
	}
	res := &Result{Bins: map[inspect.Type][]Bin{}}
	for _, f := range files {
		docs, err := read(f)
		if err != nil {
			return nil, err
		}
		res.set(ctx, s, strings.TrimSuffix(filepath.Base(f), ".jsonl"), docs, o)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	res.total()
	return res, nil
}

func read(path string) ([]Document, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var docs []Document
	for d := json.NewDecoder(bufio.NewReader(f)); ; {
		var doc Document
		if err := d.Decode(&doc); errors.Is(err, io.EOF) {
			return docs, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: document %d: %w", path, len(docs)+1, err)
		}
		docs = append(docs, doc)
	}
}

// Find returns what the scanner finds in a text, in code points.
func Find(ctx context.Context, s *inspect.Scanner, text string) (spans []Span, records int) {
	r := s.Scan(ctx, []part.Part{{Path: "text", Body: strings.NewReader(text), Size: int64(len(text))}}, inspect.ScanOptions{
		OnFinding: func(p *inspect.PartReport, f *inspect.Finding) {
			if strings.Contains(p.Path, part.Separator) {
				return // found inside an encoded value: no place in the text
			}
			spans = append(spans, Span{int(f.Start), int(f.End), f.Type, f.Confidence})
		},
	})
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Or(a.Start-b.Start, a.End-b.End) })
	// Byte offsets to code points, in one walk.
	at := make([]int, len(text)+1)
	n := 0
	for i := range text {
		at[i] = n
		n++
	}
	at[len(text)] = n
	last := 0
	for i := range at { // offsets within a character mean its start
		if i > 0 && at[i] == 0 {
			at[i] = last
		}
		last = at[i]
	}
	for i := range spans {
		spans[i].Start, spans[i].End = at[clamp(spans[i].Start, len(text))], at[clamp(spans[i].End, len(text))]
	}
	return spans, r.Records
}

func clamp(i, n int) int { return max(0, min(i, n)) }

func overlap(a, b Span) bool { return a.Start < b.End && b.Start < a.End }

func (res *Result) set(ctx context.Context, s *inspect.Scanner, name string, docs []Document, o Options) {
	types := map[inspect.Type]bool{}
	for _, d := range docs {
		for _, sp := range d.Spans {
			if sp.Type != "OTHER" {
				types[sp.Type] = true
			}
		}
	}
	if len(o.Only) > 0 {
		for t := range types {
			if !slices.Contains(o.Only, t) {
				delete(types, t)
			}
		}
	}
	found, records := make([][]Span, len(docs)), make([]int, len(docs))
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				found[i], records[i] = Find(ctx, s, docs[i].Text)
			}
		})
	}
	for i := range docs {
		next <- i
	}
	close(next)
	wg.Wait()

	if strings.HasPrefix(name, "clean_") {
		c := Clean{Set: name, False: map[inspect.Type]int{}}
		for i, d := range docs {
			c.MB += float64(len(d.Text)) / 1e6
			c.Records += records[i]
			for _, f := range found[i] {
				if f.Confidence >= o.Confidence {
					c.False[f.Type]++
					c.PerMB++
					res.miss(o, name, d, "false", f)
				}
			}
		}
		c.PerMB /= max(c.MB, 1e-9)
		res.Clean = append(res.Clean, c)
		return
	}
	scores := map[inspect.Type]*Score{}
	for t := range types {
		scores[t] = &Score{Set: name, Type: t, Lang: docs[0].Lang}
	}
	for i, d := range docs {
		for _, g := range d.Spans {
			sc := scores[g.Type]
			if sc == nil {
				continue
			}
			sc.Gold++
			hit, exact := false, false
			for _, f := range found[i] {
				if f.Type == g.Type && f.Confidence >= o.Confidence && overlap(f, g) {
					hit, exact = true, exact || f.Start == g.Start && f.End == g.End
				}
			}
			if hit {
				sc.Recalled++
			} else {
				res.miss(o, name, d, "missed", g)
			}
			if exact {
				sc.Exact++
			}
		}
		for _, f := range found[i] {
			sc := scores[f.Type]
			if sc == nil {
				continue
			}
			right := slices.ContainsFunc(d.Spans, func(g Span) bool { return g.Type == f.Type && overlap(f, g) })
			res.bin(f, right)
			if f.Confidence < o.Confidence {
				continue
			}
			sc.Found++
			if right {
				sc.Right++
			} else {
				res.miss(o, name, d, "false", f)
			}
		}
	}
	for _, sc := range scores {
		sc.finish()
		res.Scores = append(res.Scores, *sc)
	}
}

func (res *Result) bin(f Span, right bool) {
	bins := res.Bins[f.Type]
	if bins == nil {
		for i := range 10 {
			bins = append(bins, Bin{From: float32(i) / 10, To: float32(i+1) / 10})
		}
		res.Bins[f.Type] = bins
	}
	b := &bins[min(9, int(f.Confidence*10+1e-4))]
	b.Found++
	if right {
		b.Right++
	}
}

func (res *Result) miss(o Options, set string, d Document, kind string, sp Span) {
	n := 0
	for _, m := range res.Misses {
		if m.Set == set && m.Kind == kind && m.Span.Type == sp.Type {
			n++
		}
	}
	if n >= o.Misses {
		return
	}
	runes := []rune(d.Text)
	from, to := max(0, sp.Start-25), min(len(runes), sp.End+15)
	text := string(runes[from:sp.Start]) + "[" + string(runes[sp.Start:sp.End]) + "]" + string(runes[sp.End:to])
	res.Misses = append(res.Misses, Miss{set, d.ID, kind, sp, strings.Join(strings.Fields(text), " ")})
}

// total adds a row over all sets for each type and orders the rows.
func (res *Result) total() {
	sum := map[inspect.Type]*Score{}
	for _, s := range res.Scores {
		t := sum[s.Type]
		if t == nil {
			t = &Score{Set: "all", Type: s.Type}
			sum[s.Type] = t
		}
		t.Gold, t.Found, t.Right = t.Gold+s.Gold, t.Found+s.Found, t.Right+s.Right
		t.Recalled, t.Exact = t.Recalled+s.Recalled, t.Exact+s.Exact
	}
	for _, t := range sum {
		t.finish()
		res.Scores = append(res.Scores, *t)
	}
	slices.SortFunc(res.Scores, func(a, b Score) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), strings.Compare(a.Set, b.Set))
	})
}

// Markdown writes the tables for people.
func (res *Result) Markdown(w io.Writer) {
	fmt.Fprintln(w, "| type | set | gold | found | precision | recall | F1 | exact F1 |\n|---|---|---|---|---|---|---|---|")
	for _, s := range res.Scores {
		fmt.Fprintf(w, "| %s | %s | %d | %d | %.3f | %.3f | %.3f | %.3f |\n", s.Type, s.Set, s.Gold, s.Found, s.Precision, s.Recall, s.F1, s.ExactF1)
	}
	if len(res.Clean) > 0 {
		fmt.Fprintln(w, "\n| clean set | MB | false findings per MB | records | by type |\n|---|---|---|---|---|")
		for _, c := range res.Clean {
			var by []string
			for t, n := range c.False {
				by = append(by, fmt.Sprintf("%s %d", t, n))
			}
			slices.Sort(by)
			fmt.Fprintf(w, "| %s | %.2f | %.2f | %d | %s |\n", c.Set, c.MB, c.PerMB, c.Records, strings.Join(by, ", "))
		}
	}
	fmt.Fprintln(w, "\nReliability: of the findings with that confidence, the share that is right.\n\n| type | confidence | findings | right |\n|---|---|---|---|")
	var types []inspect.Type
	for t := range res.Bins {
		types = append(types, t)
	}
	slices.Sort(types)
	for _, t := range types {
		for _, b := range res.Bins[t] {
			if b.Found > 0 {
				fmt.Fprintf(w, "| %s | %.1f to %.1f | %d | %.2f |\n", t, b.From, b.To, b.Found, float64(b.Right)/float64(b.Found))
			}
		}
	}
	if len(res.Misses) > 0 {
		fmt.Fprintln(w, "\nDifferences:")
		for _, m := range res.Misses {
			fmt.Fprintf(w, "%s %s %s %s %.2f: %s\n", m.Set, m.ID, m.Kind, m.Span.Type, m.Span.Confidence, m.Text)
		}
	}
}

// JSON writes one object a line: the scores, then the clean sets.
func (res *Result) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	for _, s := range res.Scores {
		if err := e.Encode(s); err != nil {
			return err
		}
	}
	for _, c := range res.Clean {
		if err := e.Encode(c); err != nil {
			return err
		}
	}
	return nil
}
