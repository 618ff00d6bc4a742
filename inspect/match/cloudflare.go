package match

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/cloudflare/ahocorasick"
)

// cloudflare lets cloudflare/ahocorasick say which literals occur in a text
// and finds their offsets one literal after the other. It has no case folding:
// where a pattern folds, a lowered copy of the text is searched.
type cloudflare struct {
	patterns   []Pattern
	opts       Options
	folded     []string // distinct literals, lowered if any pattern folds
	users      [][]int  // patterns by index into folded
	automaton  *ahocorasick.Matcher
	lowersText bool
}

func newCloudflare(p []Pattern, o Options) *cloudflare {
	c := &cloudflare{patterns: p, opts: o}
	for i := range p {
		c.lowersText = c.lowersText || p[i].Fold
	}
	index := make(map[string]int, len(p))
	for i := range p {
		lit := p[i].Literal
		if c.lowersText {
			b := []byte(lit)
			lower(b)
			lit = string(b)
		}
		k, ok := index[lit]
		if !ok {
			k = len(c.folded)
			index[lit] = k
			c.folded = append(c.folded, lit)
			c.users = append(c.users, nil)
		}
		c.users[k] = append(c.users[k], i)
	}
	c.automaton = ahocorasick.NewStringMatcher(c.folded)
	return c
}

func (c *cloudflare) scan(text []byte, ev *Evidence) {
	hay := text
	if c.lowersText {
		hay = bytes.Clone(text)
		lower(hay)
	}
	for _, k := range c.automaton.MatchThreadSafe(hay) {
		lit := []byte(c.folded[k])
		for from := 0; ; {
			i := bytes.Index(hay[from:], lit)
			if i < 0 {
				break
			}
			from += i + 1
			for _, u := range c.users[k] {
				if hasPrefix(text[from-1:], c.patterns[u]) {
					ev.Hits = append(ev.Hits, Hit{int32(from - 1), int32(from - 1 + len(lit)), c.patterns[u].Payload})
				}
			}
		}
	}
	sortHits(ev.Hits)
	naiveShapes(text, ev, c.opts)
}

// sortHits orders by Start, then End, and keeps the order of equals, which is
// that of the patterns.
func sortHits(h []Hit) {
	slices.SortStableFunc(h, func(a, b Hit) int {
		if c := cmp.Compare(a.Start, b.Start); c != 0 {
			return c
		}
		return cmp.Compare(a.End, b.End)
	})
}
