// Package accuracy measures detectors against texts with gold spans: precision,
// recall and F1 by type, language and set, how many persons are counted, and
// false findings per megabyte on texts that hold nothing.
//
// What is counted and how is told in docs/accuracy.md. Sub-package corpus makes
// sets of the project's own.
package accuracy

import (
	"context"
	"runtime"
	"sync"

	"github.com/sekimori-dlp/sekimori/inspect"
)

// Set is documents that are counted together. Sets whose name begins with
// "clean_" hold nothing to find.
type Set struct {
	Name      string
	Documents []Document
}

// Document is one text with its gold.
type Document struct {
	ID      string `json:"id"`
	Lang    string `json:"lang"`
	Source  string `json:"source,omitempty"`
	Kind    string `json:"kind,omitempty"`    // the form: "csv-header"
	Gold    string `json:"gold,omitempty"`    // GoldAll, or "": the types that the set's spans name
	Twin    string `json:"twin,omitempty"`    // the document whose benign twin this is
	Charset string `json:"charset,omitempty"` // WHATWG label of the encoding to scan it in; "": UTF-8
	Text    string `json:"text"`
	Spans   []Span `json:"spans"`
	People  *int   `json:"people,omitempty"` // distinct persons, if known
}

// GoldAll as a document's Gold says that every value of every type is marked,
// so that whatever else is found is false.
const GoldAll = "all"

// Span is a stretch of a document's text, in code points, the end exclusive.
type Span struct {
	Start      int          `json:"start"`
	End        int          `json:"end"`
	Type       inspect.Type `json:"type"`               // "OTHER" is no finding
	Optional   bool         `json:"optional,omitempty"` // neither found nor missed does it count
	Confidence float32      `json:"confidence,omitempty"`
}

// Options say what to count.
type Options struct {
	Confidence float32        // findings below are not counted
	Only       []inspect.Type // nil: every type that the gold covers
	Misses     int            // how many misses to list a set, kind of document and type
}

// Run inspects every set and counts.
func Run(ctx context.Context, s *inspect.Scanner, sets []Set, o Options) (*Result, error) {
	c := newCounter(o)
	for i := range sets {
		found, err := scan(ctx, s, sets[i].Documents)
		if err != nil {
			return nil, err
		}
		c.set(&sets[i], found)
	}
	return c.result(), nil
}

// found is what a scan says of a document.
type found struct {
	spans   []Span
	records int
}

func scan(ctx context.Context, s *inspect.Scanner, docs []Document) ([]found, error) {
	all := make([]found, len(docs))
	errs := make([]error, len(docs))
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				all[i].spans, all[i].records, errs[i] = Find(ctx, s, docs[i].Text, docs[i].Charset)
			}
		})
	}
	for i := range docs {
		next <- i
	}
	close(next)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return all, ctx.Err()
}
