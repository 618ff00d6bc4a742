package accuracy

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// counter gathers the figures of a run.
type counter struct {
	o      Options
	scores map[scoreKey]*Score
	kinds  map[string]*Score
	clean  []Clean
	people []People
	bins   map[inspect.Type][]Bin
	misses map[missKey][]Miss
}

type scoreKey struct {
	set, lang string
	kind      inspect.Type
}

type missKey struct {
	set, kind, what string
	of              inspect.Type
}

func newCounter(o Options) *counter {
	return &counter{o: o, scores: map[scoreKey]*Score{}, kinds: map[string]*Score{}, bins: map[inspect.Type][]Bin{}, misses: map[missKey][]Miss{}}
}

// set counts one set.
func (c *counter) set(s *Set, all []found) {
	if strings.HasPrefix(s.Name, "clean_") {
		c.nothing(s.Name, s, all, func(*Document) bool { return true })
		c.persons(s, all)
		return
	}
	if slices.ContainsFunc(s.Documents, func(d Document) bool { return d.Twin != "" }) {
		c.nothing(s.Name+" (twins)", s, all, func(d *Document) bool { return d.Twin != "" })
	}
	named := map[inspect.Type]bool{}
	for _, d := range s.Documents {
		for _, g := range d.Spans {
			named[g.Type] = named[g.Type] || g.Type != "OTHER" && !g.Optional
		}
	}
	for i := range s.Documents {
		d := &s.Documents[i]
		covered := func(t inspect.Type) bool {
			return t != "OTHER" && (named[t] || d.Gold == GoldAll) && (len(c.o.Only) == 0 || slices.Contains(c.o.Only, t))
		}
		c.document(s.Name, d, all[i].spans, covered)
	}
	c.persons(s, all)
}

// each calls f for the rows that a type in a document counts in.
func (c *counter) each(set string, d *Document, t inspect.Type, f func(*Score)) {
	for _, k := range [...]scoreKey{{set, d.Lang, t}, {"all", d.Lang, t}, {"all", "", t}} {
		s := c.scores[k]
		if s == nil {
			s = &Score{Set: k.set, Lang: k.lang, Type: t}
			c.scores[k] = s
		}
		f(s)
	}
	if d.Kind != "" {
		s := c.kinds[d.Kind]
		if s == nil {
			s = &Score{Set: set, Lang: d.Lang, Kind: d.Kind}
			c.kinds[d.Kind] = s
		}
		f(s)
	}
}

func (c *counter) document(set string, d *Document, spans []Span, covered func(inspect.Type) bool) {
	for _, g := range d.Spans {
		if g.Optional || !covered(g.Type) {
			continue
		}
		hit, exact := false, false
		for _, f := range spans {
			if f.Type == g.Type && f.Confidence >= c.o.Confidence && overlap(f, g) {
				hit, exact = true, exact || f.Start == g.Start && f.End == g.End
			}
		}
		c.each(set, d, g.Type, func(s *Score) {
			s.Gold++
			if hit {
				s.Recalled++
			}
			if exact {
				s.Exact++
			}
		})
		if !hit {
			c.miss(set, d, "missed", g)
		}
	}
	for _, f := range spans {
		if !covered(f.Type) {
			continue
		}
		right, open := false, false
		for _, g := range d.Spans {
			if g.Type == f.Type && overlap(f, g) {
				right, open = right || !g.Optional, open || g.Optional
			}
		}
		if open && !right {
			continue
		}
		c.bin(f, right)
		if f.Confidence < c.o.Confidence {
			continue
		}
		c.each(set, d, f.Type, func(s *Score) {
			s.Found++
			if right {
				s.Right++
			}
		})
		if !right {
			c.miss(set, d, "false", f)
		}
	}
}

// nothing counts false findings in documents that hold none of a person. Marked
// values, such as a company's own address, are not false; types that say
// nothing of a person are not counted.
func (c *counter) nothing(name string, s *Set, all []found, of func(*Document) bool) {
	row := Clean{Set: name, False: map[inspect.Type]int{}}
	n := 0
	for i := range s.Documents {
		d := &s.Documents[i]
		if !of(d) {
			continue
		}
		row.MB += float64(len(d.Text)) / 1e6
		if d.People == nil || len(d.Spans) == 0 {
			row.Records += all[i].records
		}
		for _, f := range all[i].spans {
			if f.Confidence < c.o.Confidence || !detect.Personal(f.Type) || len(c.o.Only) > 0 && !slices.Contains(c.o.Only, f.Type) ||
				slices.ContainsFunc(d.Spans, func(g Span) bool { return g.Type == f.Type && overlap(f, g) }) {
				continue
			}
			row.False[f.Type]++
			n++
			if f.Confidence >= .8 {
				row.Sure++
			}
			if strings.HasPrefix(name, "clean_") {
				c.miss(name, d, "false", f)
			}
		}
	}
	row.PerMB, row.SurePerMB = float64(n)/max(row.MB, 1e-9), float64(row.Sure)/max(row.MB, 1e-9)
	c.clean = append(c.clean, row)
}

// persons compares how many persons were counted.
func (c *counter) persons(s *Set, all []found) {
	row := People{Set: s.Name}
	for i, d := range s.Documents {
		if d.People == nil {
			continue
		}
		want, got := *d.People, all[i].records
		off := max(want-got, got-want)
		switch {
		case want >= listSize:
			row.Lists++
			if 5*off <= want {
				row.Within++
			}
		case want > 0:
			row.Few++
			if off == 0 {
				row.FewExact++
			}
		case len(d.Spans) == 0:
			row.None++
			if off == 0 {
				row.NoneRight++
			}
		}
		if 5*off > want && (want > 0 || len(d.Spans) == 0) && c.o.Misses > 0 {
			k := missKey{s.Name, d.Kind, "people", ""}
			c.misses[k] = append(c.misses[k], Miss{Set: s.Name, ID: d.ID, What: "people", Want: want, Got: got})
		}
	}
	if row.Lists+row.Few+row.None > 0 {
		c.people = append(c.people, row)
	}
}

func (c *counter) bin(f Span, right bool) {
	bins := c.bins[f.Type]
	if bins == nil {
		for i := range 10 {
			bins = append(bins, Bin{Type: f.Type, From: float32(i) / 10, To: float32(i+1) / 10})
		}
		c.bins[f.Type] = bins
	}
	b := &bins[min(9, int(f.Confidence*10+1e-4))]
	b.Found++
	if right {
		b.Right++
	}
}

func (c *counter) miss(set string, d *Document, what string, s Span) {
	if c.o.Misses > 0 {
		k := missKey{set, d.Kind, what, s.Type}
		c.misses[k] = append(c.misses[k], Miss{Set: set, ID: d.ID, What: what, Span: s, Text: around(d.Text, s)})
	}
}

// result closes the count. The misses kept are the worst: false findings by
// confidence.
func (c *counter) result() *Result {
	r := &Result{Clean: c.clean, People: c.people}
	for _, s := range c.scores {
		s.finish()
		r.Scores = append(r.Scores, *s)
	}
	slices.SortFunc(r.Scores, func(a, b Score) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), strings.Compare(a.Set, b.Set), strings.Compare(a.Lang, b.Lang))
	})
	for _, k := range slices.Sorted(maps.Keys(c.kinds)) {
		c.kinds[k].finish()
		r.Kinds = append(r.Kinds, *c.kinds[k])
	}
	for _, t := range slices.Sorted(maps.Keys(c.bins)) {
		for _, b := range c.bins[t] {
			if b.Found > 0 {
				r.Bins = append(r.Bins, b)
			}
		}
	}
	for _, all := range c.misses {
		slices.SortStableFunc(all, func(a, b Miss) int {
			return cmp.Or(cmp.Compare(b.Span.Confidence, a.Span.Confidence), strings.Compare(a.ID, b.ID))
		})
		r.Misses = append(r.Misses, all[:min(len(all), c.o.Misses)]...)
	}
	slices.SortStableFunc(r.Misses, func(a, b Miss) int {
		return cmp.Or(cmp.Compare(a.Span.Type, b.Span.Type), strings.Compare(a.What, b.What), strings.Compare(a.Set, b.Set), strings.Compare(a.ID, b.ID))
	})
	return r
}
