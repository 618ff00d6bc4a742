package detect

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/match"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// Custom is a rule author's own detector: a pattern or a list of words, and
// what makes it surer.
type Custom struct {
	ID      string
	Type    Type
	Pattern string   // RE2; its borders are digit- and letter-aware
	Words   []string // or literals, ASCII case folded, width folded
	Near    []string // words that raise the confidence
	Within  int      // in characters; 0 means 40
	Check   string   // name of a check function, "" for none
	Alone   float32  // confidence without a near word; 0 means .7, or .3 with Near
	Beside  float32  // confidence with one; 0 means .9
}

// customs runs all the detectors of rule authors in one pass over the hits.
type customs struct {
	list []custom
	pool sync.Pool // *customScratch
}

// custom is a Custom compiled.
type custom struct {
	Custom
	check func(digits []byte) bool
	words []string // folded
	near  []string
	index uint32
}

// What a keyword hit stands for.
const (
	hitWord = iota
	hitNear
)

// newCustoms compiles list. All faults are joined into the error.
func newCustoms(list []Custom) (*customs, error) {
	d := &customs{}
	var errs []error
	for i, c := range list {
		k, err := compileCustom(c, uint32(i))
		if err != nil {
			errs = append(errs, fmt.Errorf("detector %q: %w", c.ID, err))
			continue
		}
		d.list = append(d.list, k)
	}
	d.pool.New = func() any { return &customScratch{} }
	return d, errors.Join(errs...)
}

func compileCustom(c Custom, index uint32) (custom, error) {
	k := custom{Custom: c, index: index}
	if c.ID == "" || c.Type == "" {
		return k, errors.New("has no id or no type")
	}
	if (c.Pattern == "") == (len(c.Words) == 0) {
		return k, errors.New("needs either a pattern or words")
	}
	if k.Within == 0 {
		k.Within = nearChars
	}
	if k.Alone == 0 {
		k.Alone = 0.7
		if len(c.Near) > 0 {
			k.Alone = 0.3
		}
	}
	if k.Beside == 0 {
		k.Beside = max(0.9, k.Alone)
	}
	if c.Check != "" && c.Check != "none" {
		check, ok := Check(c.Check)
		if !ok {
			return k, fmt.Errorf("no check named %q; the names are %v", c.Check, CheckNames)
		}
		k.check = check
	}
	for _, w := range c.Words {
		if w = normal.String(w); w == "" {
			return k, errors.New("has an empty word")
		}
		k.words = append(k.words, w)
	}
	for _, w := range c.Near {
		if w = normal.String(w); w == "" {
			return k, errors.New("has an empty near word")
		}
		k.near = append(k.near, w)
	}
	if c.Pattern == "" {
		return k, nil
	}
	re, err := regexp.Compile(c.Pattern)
	if err != nil {
		return k, fmt.Errorf("pattern: %w", err)
	}
	if re.MatchString("") {
		return k, errors.New("the pattern matches an empty text")
	}
	return k, nil
}

// ID implements Detector; findings carry the ID of their Custom.
func (d *customs) ID() string { return "custom" }

// Types implements Detector.
func (d *customs) Types() []Type {
	var t []Type
	for _, c := range d.list {
		if !slices.Contains(t, c.Type) {
			t = append(t, c.Type)
		}
	}
	return t
}

// Patterns implements Vocabulary.
func (d *customs) Patterns() []match.Pattern {
	var p []match.Pattern
	for _, c := range d.list {
		add := func(words []string, kind uint32) {
			for _, w := range words {
				p = append(p, match.Pattern{Literal: w, Fold: true, Payload: Payload(ClassKeyword, c.index<<2|kind)})
			}
		}
		add(c.words, hitWord)
		add(c.near, hitNear)
	}
	return p
}

// exprs are the patterns to look for.
func (d *customs) exprs() []match.Expr {
	var e []match.Expr
	for _, c := range d.list {
		if c.Pattern != "" {
			e = append(e, match.Expr{Pattern: c.Pattern, Payload: c.index})
		}
	}
	return e
}

// reach is the farthest that a detector looks for near words, in bytes.
func (d *customs) reach() int {
	n := 0
	for _, c := range d.list {
		if len(c.near) > 0 {
			n = max(n, c.Within*utf8.UTFMax)
		}
	}
	return n
}

// customScratch is what one Find needs, pooled.
type customScratch struct {
	hits   []match.Hit // of keywords, ascending
	digits []byte
}

// Find implements Detector.
func (d *customs) Find(b *Block, emit func(Finding)) {
	s := d.pool.Get().(*customScratch)
	defer d.pool.Put(s)
	s.hits = s.hits[:0]
	for _, h := range b.Hits {
		if c, n := Unpack(h.Payload); c == ClassKeyword {
			s.hits = append(s.hits, match.Hit{Start: h.Start, End: h.End, Payload: n})
		}
	}
	for _, h := range s.hits {
		if h.Payload&3 == hitWord {
			d.list[h.Payload>>2].emit(b, s, int(h.Start), int(h.End), emit)
		}
	}
	for _, m := range b.Matches {
		d.list[m.Payload].emit(b, s, int(m.Start), int(m.End), emit)
	}
}

// bordered reports whether text[start:end] is not the middle of a longer number
// or ASCII word.
func bordered(text []byte, start, end int) bool {
	if start > 0 && (isDigit(text[start]) && isDigit(text[start-1]) || isLetter(text[start]) && isLetter(text[start-1])) {
		return false
	}
	return end >= len(text) || !(isDigit(text[end]) && isDigit(text[end-1]) || isLetter(text[end]) && isLetter(text[end-1]))
}

func (c *custom) emit(b *Block, s *customScratch, start, end int, emit func(Finding)) {
	if !bordered(b.Text, start, end) {
		return
	}
	value := b.Text[start:end]
	if c.check != nil {
		s.digits = s.digits[:0]
		for _, ch := range value {
			if isDigit(ch) || c.Check == "mod97" && isLetter(ch) {
				s.digits = append(s.digits, ch)
			}
		}
		if !c.check(bytes.ToUpper(s.digits)) {
			return
		}
	}
	f := Finding{Type: c.Type, Detector: c.ID, Start: start, End: end, Confidence: c.Alone, Validated: c.check != nil, Canon: string(value), Asked: true}
	if c.beside(b, s, start, end) {
		f.Confidence = c.Beside
	}
	emit(f)
}

// beside reports whether a near word stands within reach of text[start:end].
func (c *custom) beside(b *Block, s *customScratch, start, end int) bool {
	if len(c.near) == 0 {
		return false
	}
	reach := int32(c.Within * utf8.UTFMax)
	k, _ := slices.BinarySearchFunc(s.hits, int32(start)-reach, func(h match.Hit, at int32) int { return int(h.End - at) })
	for ; k < len(s.hits); k++ {
		h := s.hits[k]
		if h.Start > int32(end)+reach {
			return false
		}
		if h.Payload != c.index<<2|hitNear || !bordered(b.Text, int(h.Start), int(h.End)) {
			continue
		}
		gap := 0
		switch {
		case int(h.End) <= start:
			gap = utf8.RuneCount(b.Text[h.End:start])
		case int(h.Start) >= end:
			gap = utf8.RuneCount(b.Text[end:h.Start])
		}
		if gap <= c.Within {
			return true
		}
	}
	return false
}
